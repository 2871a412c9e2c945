/* A few lines of JSON reading for the example: walks a document in place, allocates nothing. It
 * accepts what it needs and refuses the rest; the host holds every range to the body again. */
#ifndef EXAMPLE_JSON_H
#define EXAMPLE_JSON_H

#include <stddef.h>
#include <stdint.h>

typedef struct json {
  const char* at;
  const char* end;
  int bad; /* set once something did not fit; then nothing moves any more */
} json_t;

/* Skips white space and takes `c` when it comes next. */
int json_take(json_t* in, char c);
/* Skips one value of any kind, at most 64 levels deep. */
void json_skip(json_t* in);
/* Takes a string and gives the raw text between its quotes. */
void json_string(json_t* in, const char** text, size_t* len);
/* Undoes the escapes of a raw string into `out`; bytes written, or 0 when it does not fit or is
 * damaged. */
size_t json_unescape(const char* text, size_t len, char* out, size_t size);
/* Takes an integer. */
int64_t json_integer(json_t* in);

#endif /* EXAMPLE_JSON_H */
