/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "pair_ferrip.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "force.h"
#include "library.h"
#include "memory.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "plugin.h"
#include "update.h"
#include "utils.h"

using namespace LAMMPS_NS;

namespace {
const char REBUILD[] = "rebuild the plugin with: ferrip lammps build";
const size_t TEXT = 1024;
const double SAME_MASS = 0.002; /* relative */
}    // namespace

PairFerrip::PairFerrip(LAMMPS *lmp) : Pair(lmp), potential(nullptr), mixed(false), threads(1), list_id(0)
{
  check_base_class();
  single_enable = 0;
  restartinfo = 0;
  one_coeff = 1;
  manybody_flag = 1;
  no_virial_fdotr_compute = 1;
  centroidstressflag = CENTROID_NOTAVAIL;
}

PairFerrip::~PairFerrip()
{
  if (potential) LibFerrip::get().free(potential);
  if (copymode || !allocated) return;
  memory->destroy(setflag);
  memory->destroy(cutsq);
}

/* What the constructor of the base class is known to leave behind, from its first to its last members. */
void PairFerrip::check_base_class()
{
  const bool as_compiled = eng_vdwl == 0.0 && eng_coul == 0.0 && eatom == nullptr && vatom == nullptr &&
      setflag == nullptr && cutsq == nullptr && comm_forward == 0 && comm_reverse == 0 && single_enable == 1 &&
      restartinfo == 1 && one_coeff == 0 && manybody_flag == 0 && no_virial_fdotr_compute == 0 &&
      ghostneigh == 0 && trim_flag == 1 && ncoultablebits == 12 && ndisptablebits == 12 && nextra == 0 &&
      list == nullptr && allocated == 0 && compute_flag == 1 && num_tally_compute == 0 && map == nullptr &&
      elements == nullptr && maxeatom == 0 && maxvatom == 0 && maxcvatom == 0 && copymode == 0;
  if (!as_compiled) error->all(FLERR, "pair style ferrip was compiled for another LAMMPS; {}", REBUILD);
}

/* The arrays of this process as LAMMPS's C library, which does not change, knows them. */
void PairFerrip::check_atoms()
{
  const bool as_compiled = lammps_extract_atom(lmp, "x") == atom->x && lammps_extract_atom(lmp, "f") == atom->f &&
      lammps_extract_atom(lmp, "type") == atom->type && lammps_extract_setting(lmp, "nlocal") == atom->nlocal &&
      lammps_extract_setting(lmp, "nghost") == atom->nghost && lammps_extract_setting(lmp, "ntypes") == atom->ntypes;
  if (!as_compiled) error->all(FLERR, "pair style ferrip was compiled for another LAMMPS; {}", REBUILD);
}

void PairFerrip::settings(int narg, char **arg)
{
  mixed = false;
  threads = 1;
  for (int k = 0; k < narg; k += 2) {
    if (k + 1 == narg) error->all(FLERR, "pair_style ferrip: no value for {}", arg[k]);
    const std::string name = arg[k], value = arg[k + 1];
    if (name == "precision" && (value == "double" || value == "mixed"))
      mixed = value == "mixed";
    else if (name == "threads")
      threads = utils::inumeric(FLERR, value, true, lmp);
    else
      error->all(FLERR, "pair_style ferrip: expected precision double|mixed or threads N, got {} {}", name, value);
  }
  if (threads < 1) error->all(FLERR, "pair_style ferrip: expected at least one thread, got {}", threads);
}

void PairFerrip::coeff(int narg, char **arg)
{
  const int ntypes = atom->ntypes;
  if (!allocated) {
    memory->create(setflag, ntypes + 1, ntypes + 1, "pair:setflag");
    memory->create(cutsq, ntypes + 1, ntypes + 1, "pair:cutsq");
    allocated = 1;
  }
  if (narg != 3 + ntypes)
    error->all(FLERR, "pair_coeff * * FILE SYMBOL ...: expected {} symbols, one per atom type (NULL: none), got {}",
               ntypes, narg < 3 ? 0 : narg - 3);
  if (strcmp(arg[0], "*") != 0 || strcmp(arg[1], "*") != 0)
    error->all(FLERR, "pair style ferrip: expected pair_coeff * * FILE SYMBOL ...");
  load(arg[2]);
  species_of_type.assign(ntypes + 1, -1);
  for (int type = 1; type <= ntypes; type++)
    if (strcmp(arg[2 + type], "NULL") != 0) species_of_type[type] = species_of(arg[2 + type]);
  for (int i = 1; i <= ntypes; i++)
    for (int j = 1; j <= ntypes; j++) setflag[i][j] = species_of_type[i] >= 0 && species_of_type[j] >= 0;
}

/* Ends all processes for an error of this one. Only the first one has a screen, and what the others say must leave
 * before the end. */
void PairFerrip::fail(const char *text)
{
  if (comm->me > 0) {
    fprintf(stderr, "ERROR on proc %d: pair style ferrip: %s\n", comm->me, text);
    fflush(stderr);
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  error->one(FLERR, "pair style ferrip: {}", text);
}

/* Every process reads the file; one that cannot ends them all. */
void PairFerrip::load(const char *file)
{
  const LibFerrip &ferrip = LibFerrip::get();
  if (!ferrip.failure.empty()) fail(ferrip.failure.c_str());
  if (potential) ferrip.free(potential);
  char text[TEXT];
  if (ferrip.load(file, mixed ? "mixed" : nullptr, &potential, text, sizeof text) != FERRIP_OK)
    fail(text);
}

int32_t PairFerrip::species_of(const char *symbol)
{
  const LibFerrip &ferrip = LibFerrip::get();
  std::string known;
  for (int32_t k = 0; k < ferrip.n_elements(potential); k++) {
    if (strcmp(ferrip.element(potential, k), symbol) == 0) return k;
    known += (k ? ", " : "") + std::string(ferrip.element(potential, k));
  }
  error->all(FLERR, "pair_coeff: the potential has no element {}, only {}", symbol, known);
  return -1;
}

/* A type with the mass of another element of the potential than its own: the symbols are in the wrong order. */
void PairFerrip::check_masses()
{
  const LibFerrip &ferrip = LibFerrip::get();
  for (int type = 1; atom->mass && type <= atom->ntypes; type++) {
    const int32_t own = species_of_type[type];
    if (own < 0 || !atom->mass_setflag[type]) continue;
    const double mass = atom->mass[type];
    const auto difference = [&](int32_t k) { return fabs(ferrip.mass(potential, k) - mass); };
    for (int32_t k = 0; k < ferrip.n_elements(potential); k++)
      if (difference(k) < SAME_MASS * mass && difference(k) < difference(own))
        error->all(FLERR, "pair_coeff: type {} has the mass of {} ({:.3f}), not of {}; check the order of the symbols",
                   type, ferrip.element(potential, k), mass, ferrip.element(potential, own));
  }
}

void PairFerrip::init_style()
{
  check_atoms();
  check_masses();
  if (strcmp(update->unit_style, "metal") != 0)
    error->all(FLERR, "pair style ferrip: expected units metal (eV, Angstrom), got units {}", update->unit_style);
  if (!force->newton_pair) error->all(FLERR, "pair style ferrip: expected newton on (forces on ghost atoms)");
  neighbor->add_request(this, NeighConst::REQ_FULL);
}

double PairFerrip::init_one(int i, int j)
{
  if (setflag[i][j] == 0) error->all(FLERR, "pair style ferrip: no elements for the types {} and {}", i, j);
  return LibFerrip::get().cutoff(potential);
}

void PairFerrip::compute(int eflag, int vflag)
{
  ev_init(eflag, vflag);
  if (list->inum == 0) return;
  if (neighbor->ago <= 0) list_id++;
  ferrip_compute_args args = {};
  args.abi_version = FERRIP_ABI_VERSION;
  args.struct_size = sizeof args;
  args.num_threads = threads;
  args.nlocal = atom->nlocal;
  args.nghost = atom->nghost;
  args.n_types = static_cast<int32_t>(species_of_type.size());
  args.x = atom->x[0];
  args.type = atom->type;
  args.species_of_type = species_of_type.data();
  args.inum = list->inum;
  args.index_mask = NEIGHMASK;
  args.ilist = list->ilist;
  args.numneigh = list->numneigh;
  args.firstneigh = list->firstneigh;
  args.energies = eflag_atom ? eatom : nullptr;
  args.forces = atom->f[0];
  args.virials = vflag_atom ? vatom[0] : nullptr;
  args.list_id = list_id;
  args.skin = neighbor->skin;
  char text[TEXT];
  if (LibFerrip::get().compute(potential, &args, text, sizeof text) != FERRIP_OK)
    error->one(FLERR, "pair style ferrip: {}", text);
  if (eflag_global) eng_vdwl += args.energy;
  if (vflag_global)
    for (int k = 0; k < 6; k++) virial[k] += args.virial[k];
}

/* Registers the style if this is the LAMMPS that it was compiled for: nothing of C++ is touched before. */
extern "C" void lammpsplugin_init(void *lmp, void *handle, void *register_function)
{
  const char *found = LAMMPS::git_descriptor();
  const bool same_source = strlen(FERRIP_LAMMPS_SOURCE) == 0 || strcmp(found, FERRIP_LAMMPS_SOURCE) == 0;
  if (lammps_version(lmp) != FERRIP_LAMMPS_NUMBER || !same_source) {
    fprintf(stderr, "ferrip: this LAMMPS (%d, %s) is not the one that the plugin was compiled for (%d, %s); %s\n",
            lammps_version(lmp), found, FERRIP_LAMMPS_NUMBER, FERRIP_LAMMPS_SOURCE, REBUILD);
    return;
  }
  plugin_description description = {};
  description.version = static_cast<LAMMPS *>(lmp)->version;
  description.style = "pair";
  description.name = "ferrip";
  description.info = "potentials of ferrip";
  description.author = "ferrip";
  description.create = [](void *lammps) -> void * { return new PairFerrip(static_cast<LAMMPS *>(lammps)); };
  description.handle = handle;
  reinterpret_cast<register_plugin>(register_function)(&description, lmp);
}
