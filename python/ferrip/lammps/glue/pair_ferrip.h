/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pair_style ferrip [precision double|mixed] [threads N]
 * pair_coeff * * FILE.ferrip SYMBOL ...
 *
 * One symbol per atom type; NULL for types that another style of a hybrid serves. Units metal, newton on. */
#ifndef FERRIP_PAIR_FERRIP_H
#define FERRIP_PAIR_FERRIP_H

#include <vector>

#include "libferrip.h"
#include "pair.h"

class PairFerrip : public LAMMPS_NS::Pair {
 public:
  explicit PairFerrip(LAMMPS_NS::LAMMPS *lmp);
  ~PairFerrip() override;
  PairFerrip(const PairFerrip &) = delete;
  PairFerrip &operator=(const PairFerrip &) = delete;

  void settings(int narg, char **arg) override;
  void coeff(int narg, char **arg) override;
  void init_style() override;
  double init_one(int i, int j) override;
  void compute(int eflag, int vflag) override;

 private:
  /* Room for a base class that is larger than the one of the headers: its constructor must not reach our members
   * before the canary has looked. */
  unsigned char reserve[4096];
  ferrip_potential *potential;
  std::vector<int32_t> species_of_type;
  bool mixed;
  int threads;
  uint64_t list_id; /* counts the lists that LAMMPS built */

  void check_base_class();
  void check_atoms();
  void load(const char *file);
  int32_t species_of(const char *symbol);
  void check_masses();
  void fail(const char *text);
};

#endif
