/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libferrip, loaded when the first potential is read. FERRIP_LIBRARY is its path, from the folder of the plugin on if it
 * is not absolute. */
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
  const std::string path;
  void *const handle;

  static std::string absolute(const std::string &path)
  {
    static const char here = 0;
    Dl_info plugin;
    if (path[0] == '/' || !dladdr(&here, &plugin)) return path;
    const std::string file = plugin.dli_fname;
    return file.substr(0, file.rfind('/') + 1) + path;
  }

  template <typename Function> void find(Function &function, const char *name)
  {
    function = handle ? reinterpret_cast<Function>(dlsym(handle, name)) : nullptr;
    if (!function && failure.empty()) failure = path + " has no " + name;
  }

  LibFerrip() : path(absolute(FERRIP_LIBRARY)), handle(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
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
      failure = path + " has another interface than this plugin";
    if (!failure.empty()) failure += "; rebuild the plugin with: ferrip lammps build";
  }
};

#endif
