/* Host extension "assay.read/1": reads by endpoint handle, never by URL.
 *
 * The plugin names an endpoint of its manifest and gives the parameters of its path; the broker in
 * the engine builds the URL, checks it against the grant, adds the token, paces, sends and
 * journals. Many tickets may be outstanding: ask for all you know, then take pages as they come.
 *
 *   request() -> ticket;  wait() -> page;  mark(page);  next(page) when there is a link; done(page)
 */
#ifndef ASSAY_READ_H
#define ASSAY_READ_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EXT_READ "assay.read/1"

typedef struct assay_param {
  assay_str_t name;  /* as in the path template: "subscriptionId" */
  assay_str_t value; /* plain text; the broker checks and percent-encodes it by its declared type */
} assay_param_t;

/* What became of one page of a read. */
enum {
  ASSAY_PAGE_OK = 0, /* 2xx: body is the service's answer */
  ASSAY_PAGE_HTTP_ERROR =
      1, /* another final status: body is the service's error body, may be empty */
  ASSAY_PAGE_UNAVAILABLE = 2, /* no usable answer (network, cut body, too large): body is empty */
  ASSAY_PAGE_REFUSED = 3      /* the broker refused the link or the request: body is empty */
};

typedef struct assay_page {
  uint64_t ticket;  /* the ticket that this page answers */
  uint32_t page;    /* number of the page within this run; names it in mark, next, done and rows */
  uint32_t index;   /* 0 for the first page of its ticket */
  uint32_t outcome; /* ASSAY_PAGE_* */
  uint32_t http_status; /* 0 when there was no answer */
  const char* body;     /* read-only; 64 readable zero bytes follow; valid until done(page) */
  uint64_t body_len;
  assay_str_t reason; /* refused or unavailable: one line for people; else empty; valid like body */
} assay_page_t;

typedef struct assay_read_v1 {
  /* Asks for an endpoint. Does not wait for the answer.
   * Errors: NOT_FOUND (no such endpoint), DENIED (not granted), INVALID (a parameter is missing,
   * unknown or does not fit its type), LIMIT (reads, or outstanding tickets and pages that were not
   * given back). */
  assay_status_t (*request)(const assay_host_t* host, assay_str_t endpoint,
                            const assay_param_t* params, uint32_t param_count, uint64_t* ticket);
  /* Takes the next page of any outstanding ticket, in the order in which they arrive. Blocks.
   * ASSAY_END when no ticket is outstanding. Errors: CANCELLED, INTERNAL. */
  assay_status_t (*wait)(const assay_host_t* host, assay_page_t* page);
  /* Marks the records of a page's body: ordered, within the body, not overlapping; each one whole
   * JSON value. May be called several times, ranges ascending over all calls. Marks decide what can
   * be shown or erased alone, never what is kept. Errors: INVALID (the page is then kept as one
   * record, whatever else is marked, and the run warns of it), LIMIT. */
  assay_status_t (*mark)(const assay_host_t* host, uint32_t page, const assay_range_t* records,
                         uint32_t record_count);
  /* Asks for the page that follows by pointing at the continuation link: offset and length of the
   * raw JSON string token, quotes included, in this page's body. Same ticket. At most once a page.
   * Errors: INVALID (range outside the body). Whether the link may be followed shows in the page
   * that comes (ASSAY_PAGE_REFUSED). */
  assay_status_t (*next)(const assay_host_t* host, uint32_t page, uint64_t offset, uint64_t length);
  /* Gives the page back: its body is no longer readable, its marks are final. A page that is never
   * given back is kept whole. */
  assay_status_t (*done)(const assay_host_t* host, uint32_t page);
} assay_read_v1_t;

#ifdef __cplusplus
} /* extern "C" */
#if defined(__LP64__)
static_assert(sizeof(assay_page_t) == 56, "ABI v1");
static_assert(sizeof(assay_read_v1_t) == 40, "ABI v1");
#endif
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && defined(__LP64__)
_Static_assert(sizeof(assay_page_t) == 56, "ABI v1");
_Static_assert(sizeof(assay_read_v1_t) == 40, "ABI v1");
#endif

#endif /* ASSAY_READ_H */
