/* A collector with threads: each looks for records in a slice of the body, and the first one emits
 * them in the order of the body, whoever found them. A thread that it does not get is no failure:
 * the first one does that slice. One sin (a macro SIN_...) makes it wrong. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/emit.h"
#include "assay/plugin.h"
#include "assay/read.h"

#define SLICES 4
#define MOST_RECORDS 65536

static const assay_host_t* host;
static const assay_read_v1_t* reader;
static const assay_emit_v1_t* emit;
static uint32_t dataset;
static unsigned threads_had;

static assay_str_t S(const char* text) {
  assay_str_t out;
  out.ptr = text;
  out.len = strlen(text);
  return out;
}

/* What one thread is given, and what it finds. It touches nothing else. */
typedef struct slice {
  const assay_page_t* page;
  uint64_t from, to; /* records that begin here */
  assay_range_t* found;
  uint32_t count;
  int whole; /* every record that began here also ended */
} slice_t;

static void* scan(void* state) {
  slice_t* slice = state;
  const char *body = slice->page->body, *end = body + slice->page->body_len;
  const char* at = body + slice->from;
  slice->whole = 1;
  while ((at = memmem(at, (size_t)(end - at), "{\"id\":\"", 7)) != NULL &&
         (uint64_t)(at - body) < slice->to && slice->count < MOST_RECORDS / SLICES) {
    const char* quote = memchr(at + 7, '"', (size_t)(end - at - 7));
    if (quote == NULL || quote + 1 >= end || quote[1] != '}') {
      slice->whole = 0;
      break;
    }
    slice->found[slice->count].offset = (uint64_t)(at - body);
    slice->found[slice->count++].length = (uint64_t)(quote + 2 - at);
    at = quote + 2;
  }
#ifdef SIN_THREAD_CALLS
  if (slice->count != 0) (void)reader->mark(host, slice->page->page, slice->found, slice->count);
#endif
  return NULL;
}

static void scan_all(slice_t* slices) {
  pthread_t threads[SLICES];
  int made[SLICES] = {0};
  for (int i = 1; i < SLICES; ++i) {
    made[i] = pthread_create(&threads[i], NULL, scan, &slices[i]) == 0;
    threads_had += (unsigned)made[i];
#ifdef SIN_NEEDS_THREADS
    if (!made[i]) abort();
#endif
  }
  (void)scan(&slices[0]);
  for (int i = 1; i < SLICES; ++i) {
    if (made[i])
      (void)pthread_join(threads[i], NULL);
    else
      (void)scan(&slices[i]);
  }
}

static assay_status_t emit_slice(const slice_t* slice, uint32_t* record) {
  for (uint32_t i = 0; i < slice->count; ++i) {
    const assay_range_t* range = &slice->found[i];
    assay_value_t row[3];
    char note[32] = "seen";
    assay_status_t status = reader->mark(host, slice->page->page, range, 1);
    memset(row, 0, sizeof row);
    row[0].kind = row[2].kind = ASSAY_TEXT;
    row[0].text.ptr = slice->page->body + range->offset + 7;
    row[0].text.len = range->length - 9;
#ifdef SIN_THREAD_COUNT
    snprintf(note, sizeof note, "%u threads", threads_had);
#endif
    row[2].text = S(note);
    if (status == ASSAY_OK)
      status = emit->row(host, dataset, slice->page->page, (*record)++, row, 3);
    if (status != ASSAY_OK) return status;
  }
  return slice->whole ? ASSAY_OK : ASSAY_E_INVALID;
}

static assay_status_t read_body(const assay_page_t* page) {
  static assay_range_t found[SLICES][MOST_RECORDS / SLICES];
  slice_t slices[SLICES];
  assay_status_t status = ASSAY_OK;
  uint32_t record = 0;
  for (uint64_t i = 0; i < SLICES; ++i) {
    memset(&slices[i], 0, sizeof slices[i]);
    slices[i].page = page;
    slices[i].from = page->body_len * i / SLICES;
    slices[i].to = page->body_len * (i + 1) / SLICES;
    slices[i].found = found[i];
  }
  scan_all(slices);
  for (int i = 0; i < SLICES && status == ASSAY_OK; ++i) status = emit_slice(&slices[i], &record);
  if (status == ASSAY_OK &&
      (page->body_len < 2 || memcmp(page->body + page->body_len - 2, "]}", 2) != 0))
    status = ASSAY_E_INVALID;
  if (status == ASSAY_E_INVALID)
    status = emit->state(host, dataset, ASSAY_PARTIAL, ASSAY_REASON_PARTIAL, S("not understood"));
  return status;
}

static assay_status_t create(const assay_host_t* h, void** state) {
  host = h;
  *state = NULL;
  reader = (const assay_read_v1_t*)h->extension(h, S(ASSAY_EXT_READ));
  emit = (const assay_emit_v1_t*)h->extension(h, S(ASSAY_EXT_EMIT));
  if (reader == NULL || emit == NULL) return ASSAY_E_UNSUPPORTED;
  return emit->dataset(h, S("gallery_thing"), &dataset);
}

static assay_status_t run(void* state) {
  uint64_t ticket;
  assay_status_t status = reader->request(host, S("gallery-things"), NULL, 0, &ticket);
  (void)state;
  while (status == ASSAY_OK) {
    assay_page_t page;
    status = reader->wait(host, &page);
    if (status != ASSAY_OK) break;
    status = page.outcome == ASSAY_PAGE_OK ? read_body(&page)
                                           : emit->state(host, dataset, ASSAY_UNAVAILABLE,
                                                         ASSAY_REASON_UNAVAILABLE, page.reason);
    if (status == ASSAY_OK) status = reader->done(host, page.page);
  }
  if (status != ASSAY_END) return status;
  return emit->state(host, dataset, ASSAY_COMPLETE, ASSAY_REASON_NONE, S(""));
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
