#include "base/result.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace assay {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kInvalidInput:
      return "invalid_input";
    case Code::kNotFound:
      return "not_found";
    case Code::kAlreadyExists:
      return "already_exists";
    case Code::kDenied:
      return "denied";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kLimitExceeded:
      return "limit_exceeded";
    case Code::kCorrupt:
      return "corrupt";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kIo:
      return "io";
    case Code::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string Error::ToString() const {
  std::string out;
  for (auto it = context.rbegin(); it != context.rend(); ++it) out += *it + ": ";
  return out + message;
}

Error ErrnoError(std::string_view what) { return ErrnoError(what, errno); }

Error ErrnoError(std::string_view what, int error_number) {
  char buffer[128];
  const char* text = strerror_r(error_number, buffer, sizeof buffer);  // GNU variant
  return Error{Code::kIo, fmt::format("{}: {}", what, text), {}, {}, {}, {}};
}

std::string Quote(std::string_view untrusted, size_t max_bytes) {
  std::string out = "\"";
  const bool cut = untrusted.size() > max_bytes;
  std::string_view shown = untrusted.substr(0, max_bytes);
  while (!shown.empty()) {
    const size_t n = Utf8SequenceLength(shown);
    const auto c = static_cast<unsigned char>(shown[0]);
    if (n == 0) {
      out += fmt::format("\\x{:02x}", c);
      shown.remove_prefix(1);
    } else if (n == 1 && (c < 0x20 || c == 0x7f)) {
      out += fmt::format("\\x{:02x}", c);
      shown.remove_prefix(1);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += shown[0];
      shown.remove_prefix(1);
    } else {
      out += shown.substr(0, n);
      shown.remove_prefix(n);
    }
  }
  return out + (cut ? "\"..." : "\"");
}

void AssertFailed(const char* condition, const char* what, const char* file, int line) {
  std::fprintf(stderr, "assay: bug at %s:%d: %s (%s)\n", file, line, what, condition);
  std::abort();
}

}  // namespace assay
