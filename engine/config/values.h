// Kinds of values that TOML files of assay hold: what they are called in messages, what is
// accepted, and the smallest fix when something else stands there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay::config {

/// Form in TOML.
enum class Form : uint8_t {
  kText,
  kInteger,
  kBool,
  kDate,
  kTextList,
  kTable,
  kTables,
  kNamedTables,
  kFree,
  kFreeTable
};

/// A type of value. `check` gets the text (dates as YYYY-MM-DD) and returns what is wrong with it,
/// "" when fine.
struct ValueType {
  const char* noun;  ///< "a duration"
  Form form = Form::kText;
  std::string (*check)(std::string_view) = nullptr;
  std::string (*fix)(std::string_view literal) = nullptr;  ///< for a value of another TOML type
};

extern const ValueType kText, kInteger, kBool, kTextList, kTable, kTables, kNamedTables, kFree,
    kFreeTable;
extern const ValueType kName;       ///< [a-z0-9-]{1,64}
extern const ValueType kSqlName;    ///< [a-z][a-z0-9_]{0,62}
extern const ValueType kGroupList;  ///< ids of Azure management groups
extern const ValueType kSqlNameList, kIdList, kNameOrStarList, kDurationList;
extern const ValueType kId;        ///< [A-Za-z0-9][A-Za-z0-9._-]{0,127}
extern const ValueType kPlaceUrl;  ///< http or https with a path, no user, query or fragment
extern const ValueType kGuid, kDuration, kSize, kDate, kUrl, kSha256, kReference, kOrigin, kVersion;
extern const ValueType kProxyUrl;  ///< "http://HOST:PORT"
extern const ValueType kTrust;     ///< "builtin", or the whole fingerprint of an author's key
extern const ValueType kKeepFor;   ///< a duration, or "forever"
extern const ValueType kCount;     ///< integer 0 .. 2^53-1

/// "90d" -> seconds. Units s m h d w y. kInvalidInput. [any thread]
Result<std::chrono::seconds> ParseDuration(std::string_view text);
/// "128MiB" -> bytes. Units B KiB MiB GiB. kInvalidInput. [any thread]
Result<int64_t> ParseSize(std::string_view text);
/// "2027-01-31" -> day. kInvalidInput. [any thread]
Result<std::chrono::sys_days> ParseDate(std::string_view text);
/// Host of an http or https URL, with brackets when an IPv6 address; nothing when it is not a base
/// URL.
struct BaseUrl {
  std::string scheme, host;
};
std::optional<BaseUrl> ParseBaseUrl(std::string_view text);
/// localhost, 127.0.0.0/8, ::1. [any thread]
bool IsLoopbackHost(std::string_view host);

}  // namespace assay::config
