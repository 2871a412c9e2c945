/* Host extension "assay.config/1": settings of the tenant that change what a collector reads. The
 * run writes them down, so that a replay gets the same ones. A collector that can do without lists
 * the extension under `optional`: then everything is read, as without a setting. */
#ifndef ASSAY_CONFIG_H
#define ASSAY_CONFIG_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EXT_CONFIG "assay.config/1"

/* Ids or display names of Azure subscriptions, compared without regard to the case of ASCII
 * letters: when any are given, only these are wanted; those excluded are not wanted in any case. */
#define ASSAY_CONFIG_SUBSCRIPTIONS "azure.subscriptions"
#define ASSAY_CONFIG_EXCLUDE_SUBSCRIPTIONS "azure.exclude_subscriptions"

typedef struct assay_config_v1 {
  /* Gives the value number `index`, from 0, of the setting `key`. ASSAY_END after the last value,
   * and at once for a setting that is not configured or not known to this host. `value` is owned by
   * the host and valid until destroy() returned. Does not block. Errors: INVALID (null pointer).
   * [plugin thread; create, run] */
  assay_status_t (*text)(const assay_host_t* host, assay_str_t key, uint32_t index,
                         assay_str_t* value);
} assay_config_v1_t;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ASSAY_CONFIG_H */
