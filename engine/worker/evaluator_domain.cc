// SQL functions that say what services mean by their texts: times, versions, addresses,
// certificates. All are pure: NULL or what is not of the form gives NULL.
// docs/formats/check-sql.md.
#include <new>
#include <string>

#include "base/text.h"
#include "worker/certificate_end.h"
#include "worker/evaluator_parts.h"
#include "worker/moment.h"
#include "worker/network.h"
#include "worker/versions.h"

namespace assay::worker {
namespace {

constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
constexpr double kDayUs = 86'400e6;

using Text = std::string_view;

Text TextOf(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_value_bytes(value))};
}

void Give(sqlite3_context* c, const std::optional<double>& value) {
  return value ? sqlite3_result_double(c, *value) : sqlite3_result_null(c);
}
void Give(sqlite3_context* c, const std::optional<int>& value) {
  return value ? sqlite3_result_int(c, *value) : sqlite3_result_null(c);
}
void Give(sqlite3_context* c, const std::optional<std::string>& value) {
  if (!value) return sqlite3_result_null(c);
  sqlite3_result_text64(c, value->data(), value->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// A function of one text. The result is NULL for NULL.
template <auto Function>
void OfText(sqlite3_context* c, int, sqlite3_value** v) {
  if (sqlite3_value_type(v[0]) == SQLITE_NULL) return sqlite3_result_null(c);
  try {
    Give(c, Function(TextOf(v[0])));
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(c);
  }
}

/// A function of two texts. The result is NULL when either is.
template <auto Function>
void OfTexts(sqlite3_context* c, int, sqlite3_value** v) {
  for (int i = 0; i < 2; ++i)
    if (sqlite3_value_type(v[i]) == SQLITE_NULL) return sqlite3_result_null(c);
  try {
    Give(c, Function(TextOf(v[0]), TextOf(v[1])));
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(c);
  }
}

std::optional<double> Over(std::optional<double> value, double by) {
  return value ? std::optional(*value / by) : std::nullopt;
}
std::optional<double> IsoDays(Text t) { return Over(ParseIsoDuration(t), 86'400); }
std::optional<double> IsoHours(Text t) { return Over(ParseIsoDuration(t), 3'600); }

std::optional<double> DaysBetween(Text a, Text b) {
  const auto from = ParseMoment(a), to = ParseMoment(b);
  if (!from || !to) return std::nullopt;
  return static_cast<double>(*to - *from) / kDayUs;
}

std::optional<int> PrefixLength(Text t) {
  const auto prefix = ParsePrefix(t);
  return prefix && prefix->written ? std::optional(prefix->bits) : std::nullopt;
}

std::optional<int> IsPrivatePrefix(Text t) {
  const auto prefix = ParsePrefix(t);
  return prefix ? std::optional(IsPrivate(*prefix) ? 1 : 0) : std::nullopt;
}

/// Words of network rules that mean every address.
bool IsEverywhere(Text t) {
  return t == "*" || EqualsIgnoreCase(t, "internet") || EqualsIgnoreCase(t, "any");
}

void CoversPublic(sqlite3_context* c, int, sqlite3_value** v) {
  for (int i = 0; i < 2; ++i)
    if (sqlite3_value_type(v[i]) == SQLITE_NULL) return sqlite3_result_null(c);
  const Text text = TextOf(v[0]);
  if (IsEverywhere(text)) return sqlite3_result_int(c, 1);
  const auto prefix = ParsePrefix(text);
  const bool covers = prefix && prefix->bits <= sqlite3_value_int64(v[1]) && !IsPrivate(*prefix);
  sqlite3_result_int(c, covers ? 1 : 0);
}

std::optional<std::string> Fold(Text t) { return AsciiLower(t); }

void DaysSinceExact(sqlite3_context* c, int, sqlite3_value** v) {
  if (sqlite3_value_type(v[0]) != SQLITE_TEXT) return sqlite3_result_null(c);
  const auto time = ParseMoment(TextOf(v[0]));
  if (!time) return sqlite3_result_null(c);
  const int64_t now_ms = *static_cast<const int64_t*>(sqlite3_user_data(c));
  sqlite3_result_double(c, static_cast<double>(now_ms * 1000 - *time) / kDayUs);
}

void FreeNow(void* now) { delete static_cast<int64_t*>(now); }

struct Entry {
  const char* name;
  int arguments;
  void (*call)(sqlite3_context*, int, sqlite3_value**);
};
constexpr Entry kEntries[] = {
    {"ascii_fold", 1, OfText<Fold>},
    {"days_between", 2, OfTexts<DaysBetween>},
    {"ip_covers_public", 2, CoversPublic},
    {"ip_is_private", 1, OfText<IsPrivatePrefix>},
    {"ip_prefix_length", 1, OfText<PrefixLength>},
    {"iso_duration_days", 1, OfText<IsoDays>},
    {"iso_duration_hours", 1, OfText<IsoHours>},
    {"timespan_minutes", 1, OfText<ParseTimespan>},
    {"version_cmp", 2, OfTexts<CompareVersions>},
    {"x509_not_after", 1, OfText<CertificateEnd>},
};

}  // namespace

Status AddDomainFunctions(sqlite3* db, int64_t now_ms) {
  int rc = SQLITE_OK;
  for (const Entry& one : kEntries)
    if (rc == SQLITE_OK)
      rc = sqlite3_create_function_v2(db, one.name, one.arguments, kFlags, nullptr, one.call,
                                      nullptr, nullptr, nullptr);
  if (rc == SQLITE_OK)
    rc = sqlite3_create_function_v2(db, "days_since_exact", 1, kFlags, new int64_t(now_ms),
                                    DaysSinceExact, nullptr, nullptr, FreeNow);
  if (rc != SQLITE_OK)
    return Fail(Code::kIo, std::string("sqlite functions: ") + sqlite3_errmsg(db));
  return {};
}

}  // namespace assay::worker
