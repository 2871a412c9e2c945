/* The source of tally-x86_64.so, kept beside the binary that was made from it and from the headers
 * of ABI 1.0 (see collector.c). It calls what joined after collector.c was made: settings of the
 * tenant and counts. It asks for one page, emits one row for each subscription that is configured,
 * and counts. */
#include <string.h>

#include "assay/config.h"
#include "assay/counts.h"
#include "assay/emit.h"
#include "assay/plugin.h"
#include "assay/read.h"

typedef struct state {
  const assay_host_t* host;
  const assay_read_v1_t* read;
  const assay_emit_v1_t* emit;
  const assay_config_v1_t* config;
  const assay_counts_v1_t* counts;
  uint32_t dataset;
} state_t;

static state_t the_state;

static assay_str_t str(const char* text) {
  assay_str_t s;
  s.ptr = text;
  s.len = strlen(text);
  return s;
}

static assay_status_t create(const assay_host_t* host, void** plugin) {
  state_t* s = &the_state;
  s->host = host;
  s->read = host->extension(host, str(ASSAY_EXT_READ));
  s->emit = host->extension(host, str(ASSAY_EXT_EMIT));
  s->config = host->extension(host, str(ASSAY_EXT_CONFIG));
  s->counts = host->extension(host, str(ASSAY_EXT_COUNTS));
  if (s->read == NULL || s->emit == NULL || s->config == NULL || s->counts == NULL)
    return ASSAY_E_UNSUPPORTED;
  *plugin = s;
  return s->emit->dataset(host, str("frozen_word"), &s->dataset);
}

static assay_status_t tell(const state_t* s, uint32_t page) {
  assay_str_t setting;
  assay_value_t row[4];
  uint32_t i;
  assay_status_t status = ASSAY_OK;
  memset(row, 0, sizeof row);
  for (i = 0; status == ASSAY_OK; ++i) {
    status = s->config->text(s->host, str(ASSAY_CONFIG_SUBSCRIPTIONS), i, &setting);
    if (status != ASSAY_OK) break;
    row[0].kind = ASSAY_TEXT;
    row[0].text = setting;
    row[1].kind = ASSAY_INT;
    row[1].integer = (int64_t)i;
    status = s->emit->row(s->host, s->dataset, page, ASSAY_NO_RECORD, row, 4);
  }
  if (status != ASSAY_END) return status == ASSAY_OK ? ASSAY_E_INTERNAL : status;
  if (s->config->text(s->host, str("no.such.setting"), 0, &setting) != ASSAY_END)
    return ASSAY_E_INTERNAL;
  status = s->counts->add(s->host, s->dataset, ASSAY_COUNT_DROPPED, 40);
  if (status == ASSAY_OK) status = s->counts->add(s->host, s->dataset, ASSAY_COUNT_DROPPED, 2);
  if (status == ASSAY_OK) status = s->counts->add(s->host, s->dataset, ASSAY_COUNT_RECORDS, i);
  if (status == ASSAY_OK) status = s->counts->add(s->host, s->dataset, ASSAY_COUNT_EXPECTED, 9);
  if (status == ASSAY_OK && s->counts->add(s->host, s->dataset, 77, 1) != ASSAY_E_INVALID)
    return ASSAY_E_INTERNAL;
  return status;
}

static assay_status_t run(void* plugin) {
  const state_t* s = plugin;
  assay_param_t param;
  assay_page_t page;
  uint64_t ticket;
  assay_status_t status;
  param.name = str("groupId");
  param.value = str("00000000-0000-0000-0000-00000000abcd");
  status = s->read->request(s->host, str("graph-words"), &param, 1, &ticket);
  memset(&page, 0, sizeof page);
  if (status == ASSAY_OK) status = s->read->wait(s->host, &page);
  if (status == ASSAY_OK) status = tell(s, page.page);
  return status == ASSAY_OK ? s->read->done(s->host, page.page) : status;
}

static void destroy(void* plugin) { (void)plugin; }

ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = {ASSAY_ABI_MAGIC,
                                                        sizeof(assay_plugin_v1_t),
                                                        ASSAY_ABI_MAJOR,
                                                        ASSAY_ABI_MINOR,
                                                        0,
                                                        create,
                                                        run,
                                                        destroy,
                                                        NULL};
