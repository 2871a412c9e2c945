/* The sample-plugin collector: domains of the directory. C headers: assay/plugin.h and what it
 * names; json.h is a small reader that you may replace. */
#include <string.h>

#include "assay/emit.h"
#include "assay/plugin.h"
#include "assay/read.h"
#include "json.h"

enum { COLUMNS = 3, TEXT_BYTES = 512 };

typedef struct state {
  const assay_host_t* host;
  const assay_read_v1_t* read;
  const assay_emit_v1_t* emit;
  uint32_t dataset;
} state_t;

/* One row in the order of the manifest, and room for its texts. */
typedef struct row {
  assay_value_t values[COLUMNS];
  char texts[COLUMNS][TEXT_BYTES];
} row_t;

static state_t the_state; /* one process serves one run */

static assay_str_t str(const char* text) {
  assay_str_t s;
  s.ptr = text;
  s.len = strlen(text);
  return s;
}

static int is(const char* key, size_t len, const char* word) {
  return strlen(word) == len && memcmp(key, word, len) == 0;
}

static int take_null(json_t* in) {
  while (in->at < in->end && strchr(" \n\r\t", *in->at) != NULL) ++in->at;
  if (in->end - in->at < 4 || memcmp(in->at, "null", 4) != 0) return 0;
  in->at += 4;
  return 1;
}

static void read_text(json_t* in, row_t* row, int column) {
  const char* raw;
  size_t len;
  if (take_null(in)) return;
  json_string(in, &raw, &len);
  if (in->bad) return;
  row->values[column].kind = ASSAY_TEXT;
  row->values[column].text.ptr = row->texts[column];
  row->values[column].text.len = json_unescape(raw, len, row->texts[column], TEXT_BYTES);
  if (len > 0 && row->values[column].text.len == 0) in->bad = 1;
}

static void read_bool(json_t* in, row_t* row, int column) {
  if (take_null(in)) return;
  row->values[column].kind = ASSAY_INT;
  if (in->end - in->at >= 4 && memcmp(in->at, "true", 4) == 0) {
    row->values[column].integer = 1;
    in->at += 4;
  } else if (in->end - in->at >= 5 && memcmp(in->at, "false", 5) == 0) {
    in->at += 5;
  } else {
    in->bad = 1;
  }
}

static void read_record(json_t* in, row_t* row) {
  const char* key;
  size_t len;
  memset(row, 0, sizeof *row);
  if (!json_take(in, '{')) in->bad = 1;
  if (json_take(in, '}')) return;
  while (!in->bad) {
    json_string(in, &key, &len);
    if (!json_take(in, ':')) in->bad = 1;
    if (in->bad) return;
    if (is(key, len, "id")) {
      read_text(in, row, 0);
    } else if (is(key, len, "isVerified")) {
      read_bool(in, row, 1);
    } else if (is(key, len, "authenticationType")) {
      read_text(in, row, 2);
    } else {
      json_skip(in);
    }
    if (json_take(in, '}')) return;
    if (!json_take(in, ',')) in->bad = 1;
  }
}

/* Marks each record of the list, so that it can be shown or erased alone, and emits its row. */
static assay_status_t read_records(const state_t* s, const assay_page_t* page, json_t* in) {
  uint32_t number = 0;
  row_t row;
  if (!json_take(in, '[')) return ASSAY_E_INVALID;
  if (json_take(in, ']')) return ASSAY_OK;
  while (!in->bad) {
    assay_range_t range;
    assay_status_t status;
    while (in->at < in->end && strchr(" \n\r\t", *in->at) != NULL) ++in->at;
    range.offset = (uint64_t)(in->at - page->body);
    read_record(in, &row);
    if (in->bad) break;
    range.length = (uint64_t)(in->at - page->body) - range.offset;
    status = s->read->mark(s->host, page->page, &range, 1);
    if (status == ASSAY_OK)
      status = s->emit->row(s->host, s->dataset, page->page, number++, row.values, COLUMNS);
    if (status != ASSAY_OK) return status;
    if (json_take(in, ']')) return ASSAY_OK;
    if (!json_take(in, ',')) in->bad = 1;
  }
  return ASSAY_E_INVALID;
}

/* ASSAY_E_INVALID when the body is not what the service documents. */
static assay_status_t read_body(const state_t* s, const assay_page_t* page) {
  const char *key, *link;
  size_t len, link_len;
  int found = 0;
  json_t in;
  in.at = page->body;
  in.end = page->body + page->body_len;
  in.bad = 0;
  if (!json_take(&in, '{')) return ASSAY_E_INVALID;
  while (!in.bad) {
    assay_status_t status = ASSAY_OK;
    json_string(&in, &key, &len);
    if (!json_take(&in, ':')) return ASSAY_E_INVALID;
    if (is(key, len, "value")) {
      found = 1;
      status = read_records(s, page, &in);
    } else if (is(key, len, "@odata.nextLink")) {
      /* The host reads the link in its own copy of the page; a plugin only points at it. */
      json_string(&in, &link, &link_len);
      if (!in.bad)
        status =
            s->read->next(s->host, page->page, (uint64_t)(link - 1 - page->body), link_len + 2);
    } else {
      json_skip(&in);
    }
    if (status != ASSAY_OK) return status;
    if (json_take(&in, '}')) return found ? ASSAY_OK : ASSAY_E_INVALID;
    if (!json_take(&in, ',')) return ASSAY_E_INVALID;
  }
  return ASSAY_E_INVALID;
}

/* A page that is no answer, or not understood, makes the dataset less than complete. */
static assay_status_t take_page(const state_t* s, const assay_page_t* page) {
  const uint32_t worst = page->index == 0 ? ASSAY_UNAVAILABLE : ASSAY_PARTIAL;
  uint32_t reason = ASSAY_REASON_UNAVAILABLE;
  assay_status_t status;
  if (page->outcome == ASSAY_PAGE_OK) {
    status = read_body(s, page);
    if (status != ASSAY_E_INVALID) return status;
    return s->emit->state(s->host, s->dataset, ASSAY_PARTIAL, ASSAY_REASON_PARTIAL,
                          str("a page was not understood"));
  }
  if (page->http_status == 401 || page->http_status == 403) reason = ASSAY_REASON_PERMISSION;
  if (page->http_status == 429) reason = ASSAY_REASON_THROTTLED;
  return s->emit->state(s->host, s->dataset, worst, reason, page->reason);
}

static assay_status_t create(const assay_host_t* host, void** state) {
  state_t* s = &the_state;
  s->host = host;
  s->read = (const assay_read_v1_t*)host->extension(host, str(ASSAY_EXT_READ));
  s->emit = (const assay_emit_v1_t*)host->extension(host, str(ASSAY_EXT_EMIT));
  *state = s;
  if (s->read == NULL || s->emit == NULL) {
    host->set_error(host, str("the host lacks assay.read/1 or assay.emit/1"));
    return ASSAY_E_UNSUPPORTED;
  }
  return s->emit->dataset(host, str("sample_plugin_domain"), &s->dataset);
}

static assay_status_t run(void* state) {
  const state_t* s = (const state_t*)state;
  uint64_t ticket;
  assay_status_t status = s->read->request(s->host, str("graph-domains"), NULL, 0, &ticket);
  while (status == ASSAY_OK) {
    assay_page_t page;
    status = s->read->wait(s->host, &page);
    if (status != ASSAY_OK) break;
    status = take_page(s, &page);
    if (status == ASSAY_OK) status = s->read->done(s->host, page.page);
  }
  if (status != ASSAY_END) return status;
  /* The worst that was said of a dataset stays. */
  return s->emit->state(s->host, s->dataset, ASSAY_COMPLETE, ASSAY_REASON_NONE, str(""));
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
