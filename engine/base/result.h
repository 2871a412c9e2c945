// How ordinary failure travels: a Result<T> or Status with a code from a short closed list and a
// message that names the object. A bug aborts (ASSAY_ASSERT); a failed compliance check is neither,
// it is data. No exception leaves a .cc file: the one wrapper file of each library converts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace assay {

/// What the reader does next; chosen by that and nothing else (docs/ARCHITECTURE.md, Errors).
enum class Code {
  kInvalidInput,   ///< fix the file, flag or plugin output; the message names the place
  kNotFound,       ///< correct the reference
  kAlreadyExists,  ///< correct the reference
  kDenied,         ///< ask for a grant or role; the message says which
  kUnavailable,    ///< retry later (throttled, network, lease held)
  kLimitExceeded,  ///< raise a named limit or shrink the work
  kCorrupt,        ///< stop: integrity is broken; never retried, never downgraded
  kUnsupported,    ///< version or platform mismatch
  kIo,             ///< a system call failed; errno text and path
  kCancelled,      ///< nothing
};

/// Lower-case name of a code as it stands in JSON and tests ("invalid_input"). [any thread]
std::string_view CodeName(Code code);

/// One failure. `message` is lower-case, has no full stop and names the object first
/// ("ledger.db: head row is missing"). Never holds a token, a secret or a response body.
struct [[nodiscard]] Error {
  Code code = Code::kInvalidInput;
  std::string message;
  std::vector<std::string> context;  ///< innermost first; added on the way up
  std::string hint;                  ///< smallest fix, empty when unknown
  std::optional<std::chrono::milliseconds> retry_after;
  std::string id;  ///< message code for `assay explain` ("AS-CON-003"), empty when it has none

  Error& Context(std::string line) & {
    context.push_back(std::move(line));
    return *this;
  }
  Error&& Context(std::string line) && {
    context.push_back(std::move(line));
    return std::move(*this);
  }
  Error&& Hint(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
  }
  Error&& Id(std::string text) && {
    id = std::move(text);
    return std::move(*this);
  }
  /// "outer context: inner context: message". [any thread]
  std::string ToString() const;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// Shorthand for `return Fail(Code::kIo, "...")` in any function that returns a Result.
inline tl::unexpected<Error> Fail(Code code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message), {}, {}, {}, {}});
}
inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

/// kIo with `what: strerror(errno)`. Reads errno at the call. [any thread]
Error ErrnoError(std::string_view what);
Error ErrnoError(std::string_view what, int error_number);

/// Untrusted text for a message: control characters escaped, invalid UTF-8 as \xNN, cut at
/// `max_bytes`, in double quotes. [any thread]
std::string Quote(std::string_view untrusted, size_t max_bytes = 200);

[[noreturn]] void AssertFailed(const char* condition, const char* what, const char* file, int line);

}  // namespace assay

/// Aborts with file:line when `cond` does not hold, in release too. For bugs, never outside input.
#define ASSAY_ASSERT(cond, what) \
  ((cond) ? void(0) : ::assay::AssertFailed(#cond, what, __FILE__, __LINE__))

#define ASSAY_CONCAT_(a, b) a##b
#define ASSAY_CONCAT(a, b) ASSAY_CONCAT_(a, b)

/// Returns the error of a Status or Result expression to the caller, else goes on.
#define ASSAY_TRY(expr)                                                       \
  do {                                                                        \
    if (auto assay_try_ = (expr); !assay_try_)                                \
      return ::tl::unexpected<::assay::Error>(std::move(assay_try_.error())); \
  } while (false)

/// `ASSAY_ASSIGN(auto x, F());` declares x from the value or returns the error to the caller.
#define ASSAY_ASSIGN(lhs, expr) ASSAY_ASSIGN_(ASSAY_CONCAT(assay_res_, __LINE__), lhs, expr)
#define ASSAY_ASSIGN_(tmp, lhs, expr)                                        \
  auto tmp = (expr);                                                         \
  if (!tmp) return ::tl::unexpected<::assay::Error>(std::move(tmp.error())); \
  lhs = std::move(*tmp)
