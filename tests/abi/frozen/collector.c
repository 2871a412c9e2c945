/* The source of collector-x86_64.so, kept beside the binary that was made from it and from the
 * headers of ABI 1.0. It calls everything that a host offers to a collector. The binary is what the
 * test loads; this text is for people who want to know what it does, and is not compiled by the
 * build. */
#include <string.h>

#include "assay/cancel.h"
#include "assay/clock.h"
#include "assay/emit.h"
#include "assay/log.h"
#include "assay/plugin.h"
#include "assay/read.h"

typedef struct state {
  const assay_host_t* host;
  const assay_read_v1_t* read;
  const assay_emit_v1_t* emit;
  const assay_log_v1_t* log;
  const assay_clock_v1_t* clock;
  const assay_cancel_v1_t* cancel;
  uint32_t dataset;
} state_t;

static state_t the_state;

static assay_str_t str(const char* text) {
  assay_str_t s;
  s.ptr = text;
  s.len = strlen(text);
  return s;
}

/* One past the closing quote of the JSON string that begins at `at`; no escapes are read. */
static const char* end_of_string(const char* at, const char* end) {
  const char* quote = at < end ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
  return quote == NULL ? NULL : quote + 1;
}

/* Marks the string and makes a row of it: the text, its length, the time of the run, a null. */
static assay_status_t take_record(const state_t* s, const assay_page_t* page, uint32_t number,
                                  const char* from, const char* to) {
  assay_range_t range;
  assay_value_t row[4];
  assay_status_t status;
  memset(row, 0, sizeof row);
  range.offset = (uint64_t)(from - page->body);
  range.length = (uint64_t)(to - from);
  status = s->read->mark(s->host, page->page, &range, 1);
  if (status != ASSAY_OK) return status;
  row[0].kind = ASSAY_TEXT;
  row[0].text.ptr = from + 1;
  row[0].text.len = (uint64_t)(to - from) - 2;
  row[1].kind = ASSAY_INT;
  row[1].integer = (int64_t)row[0].text.len;
  row[2].kind = ASSAY_INT;
  row[2].integer = s->clock->now_ms(s->host);
  return s->emit->row(s->host, s->dataset, page->page, number, row, 4);
}

/* {"value":["a","b"],"@odata.nextLink":"..."} with strings as records. */
static assay_status_t take_body(const state_t* s, const assay_page_t* page) {
  const char* end = page->body + page->body_len;
  const char* at = memchr(page->body, '[', page->body_len);
  uint32_t number = 0;
  while (at != NULL && at < end && *at != ']') {
    const char* to;
    if (*at != '"') {
      ++at;
      continue;
    }
    to = end_of_string(at, end);
    if (to == NULL) return ASSAY_E_INVALID;
    if (take_record(s, page, number++, at, to) != ASSAY_OK) return ASSAY_E_INTERNAL;
    at = to;
  }
  if (at == NULL || end - at < 4 || at[1] != ',') return ASSAY_OK;
  at = memchr(at, ':', (size_t)(end - at));
  if (at == NULL || end_of_string(at + 1, end) == NULL) return ASSAY_E_INVALID;
  return s->read->next(s->host, page->page, (uint64_t)(at + 1 - page->body),
                       (uint64_t)(end_of_string(at + 1, end) - at - 1));
}

static assay_status_t create(const assay_host_t* host, void** state) {
  state_t* s = &the_state;
  s->host = host;
  s->read = host->extension(host, str(ASSAY_EXT_READ));
  s->emit = host->extension(host, str(ASSAY_EXT_EMIT));
  s->log = host->extension(host, str(ASSAY_EXT_LOG));
  s->clock = host->extension(host, str(ASSAY_EXT_CLOCK));
  s->cancel = host->extension(host, str(ASSAY_EXT_CANCEL));
  *state = s;
  if (host->size != sizeof *host || host->abi_major != ASSAY_ABI_MAJOR || s->read == NULL ||
      s->emit == NULL || s->log == NULL || s->clock == NULL || s->cancel == NULL) {
    host->set_error(host, str("this host is not one of ABI 1"));
    return ASSAY_E_UNSUPPORTED;
  }
  return s->emit->dataset(host, str("frozen_word"), &s->dataset);
}

static assay_status_t run(void* state) {
  const state_t* s = state;
  uint64_t ticket;
  assay_param_t param;
  assay_status_t status;
  param.name = str("groupId");
  param.value = str("00000000-0000-0000-0000-00000000abcd");
  status = s->read->request(s->host, str("graph-words"), &param, 1, &ticket);
  s->log->write(s->host, ASSAY_LOG_WARNING, str("frozen words"));
  while (status == ASSAY_OK && !s->cancel->is_cancelled(s->host)) {
    assay_page_t page;
    status = s->read->wait(s->host, &page);
    if (status != ASSAY_OK) break;
    if (page.outcome == ASSAY_PAGE_OK)
      status = take_body(s, &page);
    else
      status =
          s->emit->state(s->host, s->dataset, ASSAY_PARTIAL, ASSAY_REASON_PARTIAL, page.reason);
    if (status == ASSAY_OK) status = s->read->done(s->host, page.page);
  }
  return status == ASSAY_END ? ASSAY_OK : status;
}

static void destroy(void* state) { (void)state; }

ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = {ASSAY_ABI_MAGIC,
                                                        sizeof(assay_plugin_v1_t),
                                                        ASSAY_ABI_MAJOR,
                                                        ASSAY_ABI_MINOR,
                                                        0,
                                                        create,
                                                        run,
                                                        destroy,
                                                        NULL};
