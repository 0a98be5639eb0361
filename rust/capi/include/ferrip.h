/* C interface of ferrip (shared library libferrip). No Python is needed to load or call it.
 *
 * A host checks at run time that the library it loaded speaks the interface it was compiled for:
 *
 *     if (ferrip_abi_version() != FERRIP_ABI_VERSION) { refuse to run }
 *
 * Lengths are in Angstrom, energies in eV, forces in eV/Angstrom. Every function that can fail returns a status and
 * writes a text for people into `error`, a buffer of `error_size` bytes (512 are enough) or NULL. The library never
 * ends the process and never prints, except for the text of an internal error (FERRIP_PANIC).
 *
 * A potential may be used by several threads, one call at a time.
 */
#ifndef FERRIP_H
#define FERRIP_H

#include <stddef.h>
#include <stdint.h>

/* Version of the interface in this header. */
#define FERRIP_ABI_VERSION 3

#ifdef __cplusplus
extern "C" {
#endif

/* Status of a call. */
enum {
  FERRIP_OK = 0,
  FERRIP_INVALID = 1, /* an argument is wrong */
  FERRIP_FAILED = 2,  /* the file or the atoms are refused */
  FERRIP_PANIC = 3    /* an error of the library itself */
};

/* A loaded potential. */
typedef struct ferrip_potential ferrip_potential;

/* Arguments of ferrip_compute. Start from zeros, then set abi_version, struct_size and what is needed. */
typedef struct ferrip_compute_args {
  uint32_t abi_version;  /* FERRIP_ABI_VERSION */
  uint32_t struct_size;  /* sizeof(ferrip_compute_args) */
  int32_t num_threads;   /* threads; 0: FERRIP_NUM_THREADS, RAYON_NUM_THREADS, or all cores */
  int32_t nlocal;        /* atoms whose neighbors are known; they come first */
  int32_t nghost;        /* atoms that are neighbors only, such as periodic images */
  int32_t n_types;       /* length of species_of_type */
  const double *x;       /* positions, 3 (nlocal + nghost) */
  const int32_t *type;   /* type of every atom */
  const int32_t *species_of_type; /* element (see ferrip_element) of each type, or -1 where the potential does not see
                                     its atoms; NULL: types are elements */

  /* The list of neighbors: every pair of atoms in both directions (full list), at least all that are nearer than the
   * cutoff; more do no harm. One of two forms. First form: the neighbors of atom i < nlocal are neighbors[k] for
   * offsets[i] <= k < offsets[i + 1]. */
  const int64_t *offsets;   /* nlocal + 1 */
  const int32_t *neighbors; /* offsets[nlocal] */
  /* Second form: the neighbors of the atoms i in ilist are firstneigh[i][k] & index_mask, 0 <= k < numneigh[i]. Only
   * atoms in ilist have energies. */
  int32_t inum;       /* length of ilist */
  int32_t index_mask; /* bits of an entry that are the index; 0: all */
  const int32_t *ilist;
  const int32_t *numneigh;          /* by atom */
  const int32_t *const *firstneigh; /* by atom */

  /* Results, added to what is there; energies and virials may be NULL. */
  double *energies; /* nlocal + nghost: energy of each atom */
  double *forces;   /* 3 (nlocal + nghost), also on ghosts: those belong to the atoms of which they are images */
  double *virials;  /* 6 (nlocal + nghost): -dE_i/d(strain), xx yy zz xy xz yz; takes more time */
  /* Results, overwritten. */
  double energy;    /* sum over atoms */
  double virial[6]; /* -dE/d(strain), xx yy zz xy xz yz */

  /* What makes some potentials faster: a number other than 0 that stays the same for as long as the list does (what
   * is derived from it is then kept with the potential until the next call with another number), and how much shorter
   * distances may become meanwhile: the list reaches so far beyond the cutoff, and no atom moves by more than half
   * of it. 0: the list may be another one in every call. */
  uint64_t list_id;
  double skin;
} ferrip_compute_args;

/* Version of the interface that the loaded library offers. */
uint32_t ferrip_abi_version(void);

/* Version of the loaded library, e.g. "0.1.0": a static string, not to be freed. */
const char *ferrip_version(void);

/* Loads a .ferrip file. `simd` is NULL for the fastest instructions of this machine, "mixed" for mixed precision, or
 * the name of a set of instructions such as "avx2". On failure *potential is NULL. */
int ferrip_load(const char *path, const char *simd, ferrip_potential **potential, char *error, size_t error_size);

/* Frees a potential, or does nothing for NULL. */
void ferrip_free(ferrip_potential *potential);

/* Largest distance at which atoms interact. */
double ferrip_cutoff(const ferrip_potential *potential);

/* Number of elements. */
int32_t ferrip_n_elements(const ferrip_potential *potential);

/* Chemical symbol of element 0, 1, ..., by ascending atomic number; NULL for another index. */
const char *ferrip_element(const ferrip_potential *potential, int32_t species);

/* Standard atomic weight of element 0, 1, ... in g/mol; 0 for another index. */
double ferrip_mass(const ferrip_potential *potential, int32_t species);

/* Energies, forces and virials. After a failure the arrays may hold parts of the results. */
int ferrip_compute(const ferrip_potential *potential, ferrip_compute_args *arguments, char *error, size_t error_size);

#ifdef __cplusplus
}
#endif

#endif
