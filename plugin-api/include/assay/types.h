/* assay plugin ABI v1: value types and status codes. Pure C, C99 to C17 and C++11 to C++20.
 *
 * Rules for the whole ABI (every header below repeats only what differs):
 *  - Integers have fixed width; text is UTF-8 in a slice {ptr, len}, never zero-terminated.
 *  - A pointer that the host passes stays valid until the call returns, unless the text says
 * otherwise.
 *  - A pointer that the plugin passes is copied by the host before the call returns.
 *  - No exception may cross this border; errno means nothing here; nobody registers anything.
 *  - All calls come from, and must be made on, the one thread that entered run(). [plugin thread]
 *  - Structs of a released version never change. Growth is a new extension with a new id.
 */
#ifndef ASSAY_TYPES_H
#define ASSAY_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_ABI_MAGIC 0x59415341u /* "ASAY" read as little-endian bytes */
#define ASSAY_ABI_MAJOR 1
#define ASSAY_ABI_MINOR 0

/* UTF-8 slice. ptr may be null only when len is 0. */
typedef struct assay_str {
  const char* ptr;
  uint64_t len;
} assay_str_t;

/* Result of a call. 0 is success, ASSAY_END is the natural end, negative is failure. */
typedef int32_t assay_status_t;
enum {
  ASSAY_OK = 0,
  ASSAY_END = 1,            /* nothing more will come */
  ASSAY_E_INVALID = -1,     /* an argument is wrong: a bug of the plugin */
  ASSAY_E_NOT_FOUND = -2,   /* no such endpoint, dataset, ticket or extension */
  ASSAY_E_DENIED = -3,      /* not granted */
  ASSAY_E_UNAVAILABLE = -4, /* the service did not answer usefully */
  ASSAY_E_LIMIT = -5,       /* a quota is used up; stop emitting and return */
  ASSAY_E_CANCELLED = -6,   /* the run is being cancelled; return soon */
  ASSAY_E_UNSUPPORTED = -7, /* version or feature not known here */
  ASSAY_E_INTERNAL = -8     /* the host lost its channel; return at once */
};

/* Kind of a value in a row. Must equal the column's declared type or be ASSAY_NULL. */
enum {
  ASSAY_NULL = 0,
  ASSAY_TEXT = 1, /* text, time (RFC 3339), decimal (digits, sign, one point), json columns */
  ASSAY_INT = 2   /* int and bool (0 or 1) columns */
};

typedef struct assay_value {
  uint32_t kind;     /* ASSAY_NULL, ASSAY_TEXT or ASSAY_INT */
  uint32_t reserved; /* 0 */
  int64_t integer;   /* used when ASSAY_INT */
  assay_str_t text;  /* used when ASSAY_TEXT */
} assay_value_t;

/* A range of bytes within a response body. */
typedef struct assay_range {
  uint64_t offset;
  uint64_t length;
} assay_range_t;

/* The host's side of the border. Owned by the host; valid from create() until destroy() returned.
 */
typedef struct assay_host assay_host_t;
struct assay_host {
  uint32_t size; /* sizeof(assay_host_t) */
  uint16_t abi_major;
  uint16_t abi_minor;
  void* impl; /* the host's own; never touched by the plugin */
  /* Looks up a host extension by id ("assay.read/1"). Null when this host has none of that id.
   * The table is owned by the host and valid until destroy() returned. Does not block.
   * [plugin thread; create, run] */
  const void* (*extension)(const assay_host_t* host, assay_str_t id);
  /* Says why the call that is about to return a failure fails; cut at 1,024 bytes; the last one
   * before the return counts. Does not block. [plugin thread; create, run] */
  void (*set_error)(const assay_host_t* host, assay_str_t message);
};

#ifdef __cplusplus
} /* extern "C" */
#if defined(__LP64__)
static_assert(sizeof(assay_str_t) == 16, "ABI v1");
static_assert(sizeof(assay_value_t) == 32, "ABI v1");
static_assert(sizeof(assay_range_t) == 16, "ABI v1");
static_assert(sizeof(assay_host_t) == 32, "ABI v1");
#endif
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && defined(__LP64__)
_Static_assert(sizeof(assay_str_t) == 16, "ABI v1");
_Static_assert(sizeof(assay_value_t) == 32, "ABI v1");
_Static_assert(sizeof(assay_range_t) == 16, "ABI v1");
_Static_assert(sizeof(assay_host_t) == 32, "ABI v1");
#endif

#endif /* ASSAY_TYPES_H */
