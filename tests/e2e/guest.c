/* The plugins that the trust scenarios sign, install, grant and break: a collector that reads the
 * organisation and gives one row, and a framework. Their manifests come from the scenario. */
#include <string.h>

#include "assay/emit.h"
#include "assay/framework.h"
#include "assay/plugin.h"
#include "assay/read.h"

static const assay_host_t* g_host;

static assay_str_t S(const char* text) {
  assay_str_t out = {text, strlen(text)};
  return out;
}

static assay_status_t Create(const assay_host_t* host, void** state) {
  g_host = host;
  *state = 0;
  return ASSAY_OK;
}

#ifdef FRAMEWORK
static assay_status_t Run(void* state) {
  const assay_framework_v1_t* framework = g_host->extension(g_host, S(ASSAY_EXT_FRAMEWORK));
  (void)state;
  if (framework == 0) return ASSAY_E_UNSUPPORTED;
  for (uint32_t i = 0; i < framework->control_count(g_host); ++i)
    if (framework->conclude(g_host, i, ASSAY_CONTROL_SATISFIED, S(GREETING)) != ASSAY_OK)
      return ASSAY_E_INTERNAL;
  return ASSAY_OK;
}
#else
static assay_status_t Run(void* state) {
  const assay_read_v1_t* read = g_host->extension(g_host, S(ASSAY_EXT_READ));
  const assay_emit_v1_t* emit = g_host->extension(g_host, S(ASSAY_EXT_EMIT));
  uint64_t ticket;
  uint32_t dataset = 0;
  assay_page_t page;
  assay_value_t id;
  (void)state;
  if (read == 0 || emit == 0) return ASSAY_E_UNSUPPORTED;
  memset(&id, 0, sizeof id);
  id.kind = ASSAY_TEXT;
  id.text = S(GREETING);
  if (emit->dataset(g_host, S("guest_thing"), &dataset) != ASSAY_OK) return ASSAY_E_INTERNAL;
  if (read->request(g_host, S("guest-organization"), 0, 0, &ticket) != ASSAY_OK)
    return ASSAY_E_INTERNAL;
  while (read->wait(g_host, &page) == ASSAY_OK) {
    if (page.index == 0) (void)emit->row(g_host, dataset, page.page, ASSAY_NO_RECORD, &id, 1);
    (void)read->done(g_host, page.page);
  }
  return ASSAY_OK;
}
#endif

static void Destroy(void* state) { (void)state; }

ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = {ASSAY_ABI_MAGIC,
                                                        sizeof(assay_plugin_v1_t),
                                                        ASSAY_ABI_MAJOR,
                                                        ASSAY_ABI_MINOR,
                                                        0,
                                                        Create,
                                                        Run,
                                                        Destroy,
                                                        0};
