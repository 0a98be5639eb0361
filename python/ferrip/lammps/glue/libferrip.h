/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libferrip, loaded when the first potential is read. FERRIP_LIBRARY is its path. */
#ifndef FERRIP_LAMMPS_LIBFERRIP_H
#define FERRIP_LAMMPS_LIBFERRIP_H

#include <dlfcn.h>

#include <string>

#include "ferrip.h"

struct LibFerrip {
  decltype(&ferrip_load) load;
  decltype(&ferrip_free) free;
  decltype(&ferrip_cutoff) cutoff;
  decltype(&ferrip_n_elements) n_elements;
  decltype(&ferrip_element) element;
  decltype(&ferrip_mass) mass;
  decltype(&ferrip_compute) compute;
  std::string failure; /* why there is no library; empty if there is */

  static const LibFerrip &get()
  {
    static const LibFerrip library;
    return library;
  }

 private:
  void *handle;

  template <typename Function> void find(Function &function, const char *name)
  {
    function = handle ? reinterpret_cast<Function>(dlsym(handle, name)) : nullptr;
    if (!function && failure.empty()) failure = std::string(FERRIP_LIBRARY) + " has no " + name;
  }

  LibFerrip() : handle(dlopen(FERRIP_LIBRARY, RTLD_NOW | RTLD_LOCAL))
  {
    if (!handle) failure = dlerror();
    decltype(&ferrip_abi_version) version;
    find(version, "ferrip_abi_version");
    find(load, "ferrip_load");
    find(free, "ferrip_free");
    find(cutoff, "ferrip_cutoff");
    find(n_elements, "ferrip_n_elements");
    find(element, "ferrip_element");
    find(mass, "ferrip_mass");
    find(compute, "ferrip_compute");
    if (failure.empty() && version() != FERRIP_ABI_VERSION)
      failure = std::string(FERRIP_LIBRARY) + " has another interface than this plugin";
    if (!failure.empty()) failure += "; rebuild the plugin with: ferrip lammps build";
  }
};

#endif
