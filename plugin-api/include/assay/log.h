/* Host extension "assay.log/1": diagnostics for people, bounded by a quota, never evidence. */
#ifndef ASSAY_LOG_H
#define ASSAY_LOG_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EXT_LOG "assay.log/1"

enum {
  ASSAY_LOG_INFO = 0,
  ASSAY_LOG_WARNING = 1,
  ASSAY_LOG_ERROR = 2,
  ASSAY_LOG_HOST_MISBEHAVING = 3 /* the host broke a rule of this ABI */
};

typedef struct assay_log_v1 {
  /* Writes one line; cut at 1,024 bytes; dropped and counted when the quota is used up. Never
   * fails. */
  void (*write)(const assay_host_t* host, uint32_t severity, assay_str_t line);
} assay_log_v1_t;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ASSAY_LOG_H */
