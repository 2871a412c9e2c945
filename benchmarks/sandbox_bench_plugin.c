/* A collector for sandbox_bench: does the work that its one dataset's name orders. Rows of 1 KiB as
 * fast as the host takes them, or bodies that are asked for and looked at once in each page of
 * memory. */
#include <string.h>

#include "assay/emit.h"
#include "assay/plugin.h"
#include "assay/read.h"

enum { ROW_BYTES = 1024, PAGE_BYTES = 4096 };

static const assay_host_t* the_host;

static assay_str_t str(const char* text) {
  assay_str_t s;
  s.ptr = text;
  s.len = strlen(text);
  return s;
}

/* Every row rests on one page. */
static assay_status_t emit_rows(const assay_read_v1_t* read, const assay_emit_v1_t* emit,
                                uint64_t count) {
  static char text[ROW_BYTES];
  assay_value_t row;
  assay_page_t page;
  uint64_t ticket;
  assay_status_t got = read->request(the_host, str("body"), NULL, 0, &ticket);
  if (got == ASSAY_OK) got = read->wait(the_host, &page);
  if (got != ASSAY_OK) return got;
  memset(&row, 0, sizeof row);
  memset(text, 'x', sizeof text);
  row.kind = ASSAY_TEXT;
  row.text.ptr = text;
  row.text.len = sizeof text;
  while (count-- > 0) {
    const assay_status_t status = emit->row(the_host, 1, page.page, ASSAY_NO_RECORD, &row, 1);
    if (status != ASSAY_OK) return status;
  }
  return read->done(the_host, page.page);
}

static assay_status_t read_bodies(const assay_read_v1_t* read, uint64_t count) {
  volatile uint64_t sum = 0;
  while (count-- > 0) {
    uint64_t ticket, at;
    assay_page_t page;
    assay_status_t status = read->request(the_host, str("body"), NULL, 0, &ticket);
    if (status == ASSAY_OK) status = read->wait(the_host, &page);
    if (status != ASSAY_OK) return status;
    for (at = 0; at < page.body_len; at += PAGE_BYTES) sum += (unsigned char)page.body[at];
    status = read->done(the_host, page.page);
    if (status != ASSAY_OK) return status;
  }
  return ASSAY_OK;
}

static assay_status_t create(const assay_host_t* host, void** state) {
  the_host = host;
  *state = NULL;
  return ASSAY_OK;
}

static assay_status_t run(void* state) {
  const assay_emit_v1_t* emit = the_host->extension(the_host, str(ASSAY_EXT_EMIT));
  const assay_read_v1_t* read = the_host->extension(the_host, str(ASSAY_EXT_READ));
  uint32_t number;
  (void)state;
  if (emit->dataset(the_host, str("bench_rows:3000000"), &number) == ASSAY_OK)
    return emit_rows(read, emit, 3000000);
  if (emit->dataset(the_host, str("bench_bodies:256"), &number) == ASSAY_OK)
    return read_bodies(read, 256);
  return ASSAY_OK;
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
