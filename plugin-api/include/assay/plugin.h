/* The one symbol that a plugin exports, and the life of a plugin.
 *
 * A plugin is a shared object loaded into a confined process of its own: no network, no files, no
 * other process, one channel to the engine. One process serves one plugin, one tenant and one run,
 * then ends; the library is never unloaded. Constructors of the library run under the same
 * confinement as everything else, before create().
 *
 *   create -> (ext)* -> run -> destroy
 *
 * create() is called once; when it fails, neither run() nor destroy() follows. run() is called once
 * and does all the work; destroy() follows whatever run() returned. Any of them may be cut short by
 * the end of the process: keep nothing that needs a clean end.
 */
#ifndef ASSAY_PLUGIN_H
#define ASSAY_PLUGIN_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct assay_plugin_v1 {
  uint32_t magic;     /* ASSAY_ABI_MAGIC */
  uint32_t size;      /* sizeof(assay_plugin_v1_t) */
  uint16_t abi_major; /* ASSAY_ABI_MAJOR the plugin was built with */
  uint16_t abi_minor; /* ASSAY_ABI_MINOR the plugin was built with */
  uint32_t reserved;  /* 0 */
  /* Makes the plugin's state. *state may stay null when there is none. Should not block.
   * Errors: any negative status; the host's set_error says why. Required. [create] */
  assay_status_t (*create)(const assay_host_t* host, void** state);
  /* Does the work: a collector reads and emits, a framework decides. Blocks as long as it needs,
   * within the CPU and wall limits of the run. Required. [run] */
  assay_status_t (*run)(void* state);
  /* Frees the state. Required. [destroy] */
  void (*destroy)(void* state);
  /* Extensions that the plugin itself offers ("assay.framework/1"); null when it has none of that
   * id. Owned by the plugin until destroy(). May be null. [after create] */
  const void* (*ext)(void* state, assay_str_t id);
} assay_plugin_v1_t;

#if defined(__GNUC__)
#define ASSAY_EXPORT __attribute__((visibility("default")))
#else
#define ASSAY_EXPORT
#endif

/* The exported data symbol; its name is its version. */
extern ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1;
#define ASSAY_PLUGIN_SYMBOL "assay_plugin_v1"

#ifdef __cplusplus
} /* extern "C" */
#if defined(__LP64__)
static_assert(sizeof(assay_plugin_v1_t) == 48, "ABI v1");
#endif
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && defined(__LP64__)
_Static_assert(sizeof(assay_plugin_v1_t) == 48, "ABI v1");
#endif

#endif /* ASSAY_PLUGIN_H */
