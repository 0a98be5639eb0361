/* Energy, forces and virial of a molecule with libferrip, without Python.
 *
 *     cc host.c -I INCLUDE LIBRARY -o host && ./host potential.ferrip < atoms
 *
 * INCLUDE and LIBRARY are ferrip.capi.include_dir() and ferrip.capi.library_path() of Python. The input is the number of
 * atoms, then a line "symbol x y z" (Angstrom) for each. Prints energy, virial (xx yy zz xy xz yz), then per atom its
 * energy and force.
 */
#include <ferrip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *reason)
{
  fprintf(stderr, "host: %s\n", reason);
  exit(1);
}

static void *room(size_t count, size_t size)
{
  void *memory = calloc(count ? count : 1, size);
  if (!memory) stop("out of memory");
  return memory;
}

static int32_t species_of(const ferrip_potential *potential, const char *symbol)
{
  for (int32_t k = 0; k < ferrip_n_elements(potential); k++)
    if (strcmp(ferrip_element(potential, k), symbol) == 0) return k;
  stop("an element that the potential does not know");
  return -1;
}

int main(int argc, char **argv)
{
  char text[512], symbol[8];
  ferrip_potential *potential;
  int n;
  if (argc != 2) stop("usage: host potential.ferrip < atoms");
  if (ferrip_abi_version() != FERRIP_ABI_VERSION) stop("libferrip is of another version than ferrip.h");
  if (ferrip_load(argv[1], NULL, &potential, text, sizeof text) != FERRIP_OK) stop(text);
  if (scanf("%d", &n) != 1 || n < 1) stop("no number of atoms");

  double *x = room((size_t)n, 3 * sizeof *x);
  int32_t *type = room((size_t)n, sizeof *type);
  for (int i = 0; i < n; i++) {
    if (scanf("%7s %lf %lf %lf", symbol, &x[3 * i], &x[3 * i + 1], &x[3 * i + 2]) != 4) stop("not enough atoms");
    type[i] = species_of(potential, symbol);
  }

  /* every other atom is listed: those beyond the cutoff do no harm */
  int64_t *offsets = room((size_t)n + 1, sizeof *offsets);
  int32_t *neighbors = room((size_t)n * (size_t)n, sizeof *neighbors);
  for (int i = 0; i < n; i++) {
    offsets[i + 1] = offsets[i];
    for (int j = 0; j < n; j++)
      if (j != i) neighbors[offsets[i + 1]++] = j;
  }

  ferrip_compute_args args;
  memset(&args, 0, sizeof args);
  args.abi_version = FERRIP_ABI_VERSION;
  args.struct_size = sizeof args;
  args.num_threads = 1;
  args.nlocal = n;
  args.x = x;
  args.type = type;
  args.offsets = offsets;
  args.neighbors = neighbors;
  args.energies = room((size_t)n, sizeof(double));
  args.forces = room((size_t)n, 3 * sizeof(double));
  if (ferrip_compute(potential, &args, text, sizeof text) != FERRIP_OK) stop(text);

  printf("%.17g\n", args.energy);
  for (int k = 0; k < 6; k++) printf("%.17g%c", args.virial[k], k < 5 ? ' ' : '\n');
  for (int i = 0; i < n; i++)
    printf("%.17g %.17g %.17g %.17g\n", args.energies[i], args.forces[3 * i], args.forces[3 * i + 1],
           args.forces[3 * i + 2]);

  ferrip_free(potential);
  free(x);
  free(type);
  free(offsets);
  free(neighbors);
  free(args.energies);
  free(args.forces);
  return 0;
}
