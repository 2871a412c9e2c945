#include "json.h"

#include <string.h>

enum { MAX_DEPTH = 64 };

static void skip_space(json_t* in) {
  while (in->at < in->end &&
         (*in->at == ' ' || *in->at == '\n' || *in->at == '\r' || *in->at == '\t'))
    ++in->at;
}

int json_take(json_t* in, char c) {
  skip_space(in);
  if (in->bad || in->at >= in->end || *in->at != c) return 0;
  ++in->at;
  return 1;
}

void json_string(json_t* in, const char** text, size_t* len) {
  *text = in->at;
  *len = 0;
  if (!json_take(in, '"')) {
    in->bad = 1;
    return;
  }
  *text = in->at;
  while (in->at < in->end && *in->at != '"') in->at += *in->at == '\\' ? 2 : 1;
  if (in->at >= in->end) {
    in->at = in->end;
    in->bad = 1;
    return;
  }
  *len = (size_t)(in->at - *text);
  ++in->at;
}

static void skip_word(json_t* in) {
  const char* start = in->at;
  while (in->at < in->end && strchr(",]} \n\r\t", *in->at) == NULL) ++in->at;
  if (in->at == start) in->bad = 1;
}

/* Brackets are counted, not matched by kind: the service's own JSON is well-formed, and a body that
 * is not can only give this plugin wrong rows of its own evidence. */
void json_skip(json_t* in) {
  const char* text;
  size_t len;
  int depth = 0;
  do {
    skip_space(in);
    if (in->bad || in->at >= in->end || depth > MAX_DEPTH) {
      in->bad = 1;
      return;
    }
    if (*in->at == '"') {
      json_string(in, &text, &len);
    } else if (*in->at == '{' || *in->at == '[') {
      ++depth;
      ++in->at;
    } else if (depth > 0 && (*in->at == '}' || *in->at == ']')) {
      --depth;
      ++in->at;
    } else if (depth > 0 && (*in->at == ',' || *in->at == ':')) {
      ++in->at;
    } else {
      skip_word(in);
    }
  } while (depth > 0 && !in->bad);
}

static int hex4(const char* at, uint32_t* out) {
  int i;
  *out = 0;
  for (i = 0; i < 4; ++i) {
    const char c = at[i];
    uint32_t v;
    if (c >= '0' && c <= '9')
      v = (uint32_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
      v = (uint32_t)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      v = (uint32_t)(c - 'A' + 10);
    else
      return 0;
    *out = *out << 4 | v;
  }
  return 1;
}

/* UTF-8 of a code point into `out` (4 bytes of room). */
static size_t utf8(uint32_t c, char* out) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3f));
  out[2] = (char)(0x80 | (c >> 6 & 0x3f));
  out[3] = (char)(0x80 | (c & 0x3f));
  return 4;
}

/* One \uXXXX, or a pair of them for a character beyond the first plane; bytes of input taken, 0
 * when damaged. */
static size_t unicode(const char* text, size_t left, char* out, size_t* written) {
  uint32_t c, low;
  size_t used = 6;
  if (left < 6 || !hex4(text + 2, &c) || (c >= 0xdc00 && c <= 0xdfff)) return 0;
  if (c >= 0xd800 && c <= 0xdbff) {
    if (left < 12 || text[6] != '\\' || text[7] != 'u' || !hex4(text + 8, &low)) return 0;
    if (low < 0xdc00 || low > 0xdfff) return 0;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    used = 12;
  }
  *written = utf8(c, out);
  return used;
}

size_t json_unescape(const char* text, size_t len, char* out, size_t size) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  size_t i = 0, n = 0;
  while (i < len) {
    const char* simple;
    size_t used, written = 0;
    if (size - n < 4) return 0;
    if (text[i] != '\\') {
      out[n++] = text[i++];
      continue;
    }
    if (i + 1 >= len) return 0;
    if (text[i + 1] == 'u') {
      used = unicode(text + i, len - i, out + n, &written);
      if (used == 0) return 0;
      i += used;
      n += written;
      continue;
    }
    simple = strchr(from, text[i + 1]);
    if (simple == NULL || *simple == '\0') return 0;
    out[n++] = to[simple - from];
    i += 2;
  }
  return n;
}

int64_t json_integer(json_t* in) {
  int64_t value = 0;
  int negative, digits = 0;
  skip_space(in);
  negative = in->at < in->end && *in->at == '-';
  if (negative) ++in->at;
  while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && digits < 18) {
    value = value * 10 + (*in->at++ - '0');
    ++digits;
  }
  if (digits == 0 || (in->at < in->end && strchr(",]} \n\r\t", *in->at) == NULL)) in->bad = 1;
  return negative ? -value : value;
}
