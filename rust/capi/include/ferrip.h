/* C interface of ferrip (shared library libferrip). No Python is needed to load or call it.
 *
 * A host checks at run time that the library it loaded speaks the interface it was compiled for:
 *
 *     if (ferrip_abi_version() != FERRIP_ABI_VERSION) { refuse to run }
 */
#ifndef FERRIP_H
#define FERRIP_H

#include <stdint.h>

/* Version of the interface in this header. */
#define FERRIP_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the interface that the loaded library offers. */
uint32_t ferrip_abi_version(void);

/* Version of the loaded library, e.g. "0.1.0": a static string, not to be freed. */
const char *ferrip_version(void);

#ifdef __cplusplus
}
#endif

#endif
