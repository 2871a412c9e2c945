/* A collector that reads one list and emits a row for each element, without parsing more than it
 * must; and one sin (a macro SIN_...), that the kit must find and name. Without a sin it is clean.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/cancel.h"
#include "assay/emit.h"
#include "assay/plugin.h"
#include "assay/read.h"

#ifndef MAGIC
#define MAGIC ASSAY_ABI_MAGIC
#endif
#ifndef SIZE
#define SIZE sizeof(assay_plugin_v1_t)
#endif
#ifndef MAJOR
#define MAJOR ASSAY_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR ASSAY_ABI_MINOR
#endif
#ifndef RESERVED
#define RESERVED 0
#endif
#ifndef CREATE
#define CREATE create
#endif
#ifndef RUN
#define RUN run
#endif
#ifndef DESTROY
#define DESTROY destroy
#endif

static const assay_host_t* host;
static const assay_read_v1_t* reader;
static const assay_emit_v1_t* emit;
static uint32_t dataset;

static assay_str_t S(const char* text) {
  assay_str_t out;
  out.ptr = text;
  out.len = strlen(text);
  return out;
}

#ifdef SIN_IFUNC
static int answer(void) { return 42; }
static void* choose(void) { return (void*)answer; }
static int chosen(void) __attribute__((ifunc("choose")));
#endif
#ifdef SIN_TWO_SYMBOLS
ASSAY_EXPORT int second_symbol = 1;
#endif

static assay_value_t text_value(const char* text, uint64_t len) {
  assay_value_t v;
  memset(&v, 0, sizeof v);
  v.kind = ASSAY_TEXT;
  v.text.ptr = text;
  v.text.len = len;
  return v;
}

/* One row of an element: its id, a time, a number of no meaning. */
static assay_status_t emit_row(const assay_page_t* page, uint32_t record, const char* at,
                               uint64_t len) {
  assay_value_t row[3];
  char note[64] = "seen";
  row[0] = text_value(at, len);
  row[1] = text_value("2026-06-01T00:00:00Z", 20);
#ifdef SIN_BAD_TIME
  row[1] = text_value("yesterday", 9);
#endif
#ifdef SIN_CLOCK
  {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(note, sizeof note, "%ld.%ld", (long)now.tv_sec, (long)now.tv_nsec);
  }
#endif
#ifdef SIN_ADDRESS
  snprintf(note, sizeof note, "%p", (void*)&host);
#endif
#ifdef SIN_IFUNC
  note[0] = (char)('a' + chosen() % 2);
#endif
  row[2] = text_value(note, strlen(note));
#ifdef SIN_UNMARKED
  record += 1000;
#endif
  return emit->row(host, dataset, page->page, record, row, 3);
}

/* "id":"..." for each record; braces of the sample hold nothing else. A body that ends early is
 * told from a whole one by its last bracket. */
static assay_status_t read_body(const assay_page_t* page) {
  const char *at = page->body, *end = page->body + page->body_len;
  uint32_t record = 0;
  while ((at = memmem(at, (size_t)(end - at), "{\"id\":\"", 7)) != NULL) {
    const char* id = at + 7;
    const char* quote = memchr(id, '"', (size_t)(end - id));
    assay_range_t range;
    assay_status_t status;
#ifdef SIN_CRASH_ON_CUT
    if (quote == NULL) abort();
#endif
    if (quote == NULL || quote + 1 >= end || quote[1] != '}') return ASSAY_E_INVALID;
    range.offset = (uint64_t)(at - page->body);
    range.length = (uint64_t)(quote + 2 - at);
    status = reader->mark(host, page->page, &range, 1);
    if (status == ASSAY_OK) status = emit_row(page, record++, id, (uint64_t)(quote - id));
    if (status != ASSAY_OK) return status;
    at = quote + 2;
  }
#ifndef SIN_TRUST_CUT
  if (page->body_len < 2 || memcmp(end - 2, "]}", 2) != 0) return ASSAY_E_INVALID;
#endif
  return ASSAY_OK;
}

static assay_status_t create(const assay_host_t* h, void** state) {
  host = h;
  *state = NULL;
  reader = (const assay_read_v1_t*)h->extension(h, S(ASSAY_EXT_READ));
  emit = (const assay_emit_v1_t*)h->extension(h, S(ASSAY_EXT_EMIT));
#ifndef SIN_NO_NULL_CHECK
  if (reader == NULL || emit == NULL) return ASSAY_E_UNSUPPORTED;
#endif
  return emit->dataset(h, S("gallery_thing"), &dataset);
}

static assay_status_t take(const assay_page_t* page) {
  assay_status_t status;
#ifdef SIN_CRASH_ON_429
  if (page->http_status == 429) abort();
#endif
  if (page->outcome != ASSAY_PAGE_OK)
    return emit->state(host, dataset, ASSAY_UNAVAILABLE, ASSAY_REASON_UNAVAILABLE, page->reason);
#ifdef SIN_MALLOC
  {
    volatile char* copy = malloc((size_t)page->body_len + (96u << 20));
    copy[0] = page->body[0];
    free((void*)copy);
  }
#endif
#ifdef SIN_COPY_TO_STACK
  {
    char copy[65536];
    volatile char* to = copy;
    for (uint64_t i = 0; i < page->body_len; ++i) to[i] = page->body[i];
  }
#endif
  status = read_body(page);
  if (status == ASSAY_E_INVALID)
    status = emit->state(host, dataset, ASSAY_PARTIAL, ASSAY_REASON_PARTIAL, S("not understood"));
#ifdef SIN_LAST_STATUS_LOST
  status = ASSAY_OK;
#endif
  return status;
}

static assay_status_t run(void* state) {
  uint64_t ticket;
  assay_status_t status;
  (void)state;
  status = reader->request(host, S("gallery-things"), NULL, 0, &ticket);
#ifdef SIN_IGNORE_REQUEST
  if (status != ASSAY_OK) return emit->state(host, dataset, ASSAY_COMPLETE, 0, S(""));
#endif
#ifdef SIN_RETURN_NUMBER
  return 77;
#endif
  while (status == ASSAY_OK) {
    assay_page_t page;
    status = reader->wait(host, &page);
#ifdef SIN_IGNORE_CANCEL
    while (status == ASSAY_E_CANCELLED) status = reader->wait(host, &page);
#endif
    if (status != ASSAY_OK) break;
    status = take(&page);
    if (status == ASSAY_OK) status = reader->done(host, page.page);
  }
#ifdef SIN_SILENT_ERROR
  if (status != ASSAY_END) return ASSAY_OK;
#endif
  if (status != ASSAY_END) return status;
  return emit->state(host, dataset, ASSAY_COMPLETE, ASSAY_REASON_NONE, S(""));
}

static void destroy(void* state) { (void)state; }

#ifndef SIN_NO_SYMBOL
ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = {MAGIC,  SIZE, MAJOR,   MINOR, RESERVED,
                                                        CREATE, RUN,  DESTROY, NULL};
#else
const void* const kept[] = {(const void*)CREATE, (const void*)RUN, (const void*)DESTROY};
#endif
