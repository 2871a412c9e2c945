/* A gallery of wrong plugins, one sin each (SIN is set by the build). Every one asks for the
 * organisation, as an honest collector would, and then sins. The engine must name what happened and
 * go on without it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/emit.h"
#include "assay/log.h"
#include "assay/plugin.h"
#include "assay/read.h"

#define SIN_CRASH 1
#define SIN_LOOP 2
#define SIN_FLOOD_ROWS 3
#define SIN_FLOOD_REQUESTS 4
#define SIN_BAD_MARKS 5
#define SIN_BAD_LINK 6
#define SIN_EXIT 7
#define SIN_MEMORY 8
#define SIN_CONSTRUCTOR 9
#define SIN_ERROR 10
#define SIN_NULL_KEY 11
#define SIN_HANG 12
#define SIN_RAW_FRAME 13

static const assay_host_t* g_host;

static assay_str_t S(const char* text) {
  assay_str_t out = {text, strlen(text)};
  return out;
}

#if SIN == SIN_CONSTRUCTOR
__attribute__((constructor)) static void Early(void) {
  volatile int* nowhere = 0;
  *nowhere = 1;
}
#endif

static assay_status_t Create(const assay_host_t* host, void** state) {
  g_host = host;
  *state = 0;
  return ASSAY_OK;
}

static void Sin(const assay_read_v1_t* read, const assay_emit_v1_t* emit,
                const assay_page_t* page) {
  uint32_t dataset = 0;
  assay_value_t id;
  memset(&id, 0, sizeof id);
  id.kind = ASSAY_TEXT;
  id.text = S("x");
  (void)emit->dataset(g_host, S("broken_thing"), &dataset);
  (void)read;
  (void)page;
#if SIN == SIN_CRASH
  abort();
#elif SIN == SIN_LOOP
  for (volatile unsigned i = 0;; ++i) {
  }
#elif SIN == SIN_FLOOD_ROWS
  while (emit->row(g_host, dataset, page->page, ASSAY_NO_RECORD, &id, 1) == ASSAY_OK) {
  }
#elif SIN == SIN_FLOOD_REQUESTS
  for (;;) {
    uint64_t ticket;
    assay_page_t more;
    if (read->request(g_host, S("graph-organization"), 0, 0, &ticket) != ASSAY_OK) break;
    if (read->wait(g_host, &more) != ASSAY_OK) break;
    (void)read->done(g_host, more.page);
  }
#elif SIN == SIN_BAD_MARKS
  assay_range_t marks[2] = {{5, 10}, {0, 4}};
  (void)read->mark(g_host, page->page, marks, 2);
  (void)read->done(g_host, page->page);
#elif SIN == SIN_BAD_LINK
  (void)read->next(g_host, page->page, 0, page->body_len < 4 ? 1 : 4);
  (void)read->done(g_host, page->page);
#elif SIN == SIN_EXIT
  _exit(0);
#elif SIN == SIN_MEMORY
  for (size_t i = 0;; ++i) {
    char* block = malloc(1 << 20);
    if (block == 0) abort();
    memset(block, 1, 1 << 20);
  }
#elif SIN == SIN_NULL_KEY
  id.kind = ASSAY_NULL;
  (void)emit->row(g_host, dataset, page->page, ASSAY_NO_RECORD, &id, 1);
#elif SIN == SIN_HANG
  for (;;) sleep(1000);
#elif SIN == SIN_RAW_FRAME
  static const char garbage[64] = {(char)0xff, (char)0xff, (char)0xff, 0x7f, 99};
  (void)!write(3, garbage, sizeof garbage);
#endif
}

static assay_status_t Run(void* state) {
  const assay_read_v1_t* read = g_host->extension(g_host, S(ASSAY_EXT_READ));
  const assay_emit_v1_t* emit = g_host->extension(g_host, S(ASSAY_EXT_EMIT));
  uint64_t ticket;
  assay_page_t page;
  (void)state;
  if (read == 0 || emit == 0) return ASSAY_E_UNSUPPORTED;
  if (read->request(g_host, S("graph-organization"), 0, 0, &ticket) != ASSAY_OK)
    return ASSAY_E_INTERNAL;
  if (read->wait(g_host, &page) != ASSAY_OK) return ASSAY_E_INTERNAL;
  Sin(read, emit, &page);
#if SIN == SIN_ERROR
  g_host->set_error(g_host, S("this plugin always fails"));
  return ASSAY_E_UNAVAILABLE;
#endif
  while (read->wait(g_host, &page) == ASSAY_OK) (void)read->done(g_host, page.page);
  return ASSAY_OK;
}

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
