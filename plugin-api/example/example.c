/* A complete collector in plain C: asks for one endpoint, marks each record, emits one row for
 * each, follows the continuation link, and says what it knows of the dataset's completeness. */
#include <string.h>

#include "assay/cancel.h"
#include "assay/emit.h"
#include "assay/plugin.h"
#include "assay/read.h"
#include "json.h"

enum { TEXT_BYTES = 1024 };

/* One worker serves one run: the state need not be allocated. */
typedef struct state {
  const assay_host_t* host;
  const assay_read_v1_t* read;
  const assay_emit_v1_t* emit;
  uint32_t dataset;
} state_t;

/* A text column of the row that is being read. */
typedef struct cell {
  char text[TEXT_BYTES];
  size_t len;
  int present;
} cell_t;

typedef struct sku {
  cell_t id, part_number, status;
  int64_t consumed;
  int has_consumed;
} sku_t;

static state_t the_state;

static assay_str_t str(const char* text) {
  assay_str_t s;
  s.ptr = text;
  s.len = strlen(text);
  return s;
}

static assay_status_t fail(const state_t* s, assay_status_t status, const char* why) {
  s->host->set_error(s->host, str(why));
  return status;
}

static int is(const char* key, size_t len, const char* word) {
  return strlen(word) == len && memcmp(key, word, len) == 0;
}

static void read_cell(json_t* in, cell_t* cell) {
  const char* text;
  size_t len;
  json_string(in, &text, &len);
  if (in->bad) return;
  cell->len = json_unescape(text, len, cell->text, sizeof cell->text);
  cell->present = len == 0 || cell->len > 0;
  if (!cell->present) in->bad = 1;
}

static void read_member(json_t* in, const char* key, size_t len, sku_t* sku) {
  if (is(key, len, "id")) {
    read_cell(in, &sku->id);
  } else if (is(key, len, "skuPartNumber")) {
    read_cell(in, &sku->part_number);
  } else if (is(key, len, "capabilityStatus")) {
    read_cell(in, &sku->status);
  } else if (is(key, len, "consumedUnits")) {
    sku->consumed = json_integer(in);
    sku->has_consumed = 1;
  } else {
    json_skip(in);
  }
}

static void read_sku(json_t* in, sku_t* sku) {
  const char* key;
  size_t len;
  memset(sku, 0, sizeof *sku);
  if (!json_take(in, '{')) in->bad = 1;
  if (json_take(in, '}')) return;
  while (!in->bad) {
    json_string(in, &key, &len);
    if (!json_take(in, ':')) in->bad = 1;
    if (!in->bad) read_member(in, key, len, sku);
    if (json_take(in, '}')) return;
    if (!json_take(in, ',')) in->bad = 1;
  }
}

static assay_value_t text_value(const cell_t* cell) {
  assay_value_t v;
  memset(&v, 0, sizeof v);
  v.kind = cell->present ? ASSAY_TEXT : ASSAY_NULL;
  v.text.ptr = cell->text;
  v.text.len = cell->len;
  return v;
}

static assay_status_t emit_sku(const state_t* s, uint32_t page, uint32_t record, const sku_t* sku) {
  assay_value_t row[4];
  row[0] = text_value(&sku->id);
  row[1] = text_value(&sku->part_number);
  row[2] = text_value(&sku->status);
  memset(&row[3], 0, sizeof row[3]);
  row[3].kind = sku->has_consumed ? ASSAY_INT : ASSAY_NULL;
  row[3].integer = sku->consumed;
  return s->emit->row(s->host, s->dataset, page, record, row, 4);
}

/* The array of records: each element is marked and becomes a row. */
static assay_status_t read_records(const state_t* s, const assay_page_t* page, json_t* in) {
  uint32_t record = 0;
  sku_t sku;
  if (!json_take(in, '[')) return ASSAY_E_INVALID;
  if (json_take(in, ']')) return ASSAY_OK;
  while (!in->bad) {
    assay_range_t range;
    assay_status_t status;
    while (in->at < in->end && *in->at != '{' && *in->at != ']')
      ++in->at; /* to the record's first byte */
    range.offset = (uint64_t)(in->at - page->body);
    read_sku(in, &sku);
    if (in->bad) break;
    range.length = (uint64_t)(in->at - page->body) - range.offset;
    status = s->read->mark(s->host, page->page, &range, 1);
    if (status == ASSAY_OK) status = emit_sku(s, page->page, record++, &sku);
    if (status != ASSAY_OK) return status;
    if (json_take(in, ']')) return ASSAY_OK;
    if (!json_take(in, ',')) in->bad = 1;
  }
  return ASSAY_E_INVALID;
}

static assay_status_t read_body(const state_t* s, const assay_page_t* page) {
  json_t in;
  const char *key, *link;
  size_t len, link_len;
  in.at = page->body;
  in.end = page->body + page->body_len;
  in.bad = 0;
  if (!json_take(&in, '{')) return ASSAY_E_INVALID;
  while (!in.bad) {
    assay_status_t status = ASSAY_OK;
    json_string(&in, &key, &len);
    if (!json_take(&in, ':')) return ASSAY_E_INVALID;
    if (is(key, len, "value")) {
      status = read_records(s, page, &in);
    } else if (is(key, len, "@odata.nextLink")) {
      /* The link is not read here: the host looks at the same bytes and decides. */
      json_string(&in, &link, &link_len);
      if (!in.bad)
        status =
            s->read->next(s->host, page->page, (uint64_t)(link - 1 - page->body), link_len + 2);
    } else {
      json_skip(&in);
    }
    if (status != ASSAY_OK) return status;
    if (json_take(&in, '}')) return ASSAY_OK;
    if (!json_take(&in, ',')) return ASSAY_E_INVALID;
  }
  return ASSAY_E_INVALID;
}

/* What a page that is no answer says of the dataset. */
static assay_status_t note_failure(const state_t* s, const assay_page_t* page) {
  const uint32_t worst = page->index == 0 ? ASSAY_UNAVAILABLE : ASSAY_PARTIAL;
  uint32_t reason = ASSAY_REASON_UNAVAILABLE;
  if (page->http_status == 401 || page->http_status == 403) reason = ASSAY_REASON_PERMISSION;
  if (page->http_status == 429) reason = ASSAY_REASON_THROTTLED;
  if (page->outcome == ASSAY_PAGE_REFUSED) reason = ASSAY_REASON_PARTIAL;
  return s->emit->state(s->host, s->dataset, worst, reason, page->reason);
}

static assay_status_t take_page(const state_t* s, const assay_page_t* page) {
  assay_status_t status;
  if (page->outcome != ASSAY_PAGE_OK) return note_failure(s, page);
  status = read_body(s, page);
  if (status != ASSAY_E_INVALID) return status;
  return s->emit->state(s->host, s->dataset, ASSAY_PARTIAL, ASSAY_REASON_PLUGIN_FAULT,
                        str("a page was not understood"));
}

static assay_status_t create(const assay_host_t* host, void** state) {
  state_t* s = &the_state;
  s->host = host;
  s->read = (const assay_read_v1_t*)host->extension(host, str(ASSAY_EXT_READ));
  s->emit = (const assay_emit_v1_t*)host->extension(host, str(ASSAY_EXT_EMIT));
  *state = s;
  if (s->read == NULL || s->emit == NULL)
    return fail(s, ASSAY_E_UNSUPPORTED, "the host lacks assay.read/1 or assay.emit/1");
  return s->emit->dataset(host, str("example_sku"), &s->dataset);
}

static assay_status_t run(void* state) {
  const state_t* s = (const state_t*)state;
  uint64_t ticket;
  assay_status_t status = s->read->request(s->host, str("graph-subscribed-skus"), NULL, 0, &ticket);
  while (status == ASSAY_OK) {
    assay_page_t page;
    status = s->read->wait(s->host, &page);
    if (status != ASSAY_OK) break;
    status = take_page(s, &page);
    if (status == ASSAY_OK) status = s->read->done(s->host, page.page);
  }
  if (status != ASSAY_END) return status;
  /* Whatever was said before and is worse stays. */
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
