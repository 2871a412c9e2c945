// SQL functions that checks have beyond SQLite's own: exact sums of decimal text and days from the
// evidence's time.
#include <cmath>
#include <new>

#include "worker/decimal.h"
#include "worker/evaluator_parts.h"
#include "worker/moment.h"

namespace assay::worker {
namespace {

constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
constexpr int64_t kDayUs = 86'400'000'000;

std::string_view TextOf(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_value_bytes(value))};
}

/// The decimal in a text or integer value; sets the SQL error and gives nothing for anything else.
std::optional<Decimal> DecimalOf(sqlite3_context* context, sqlite3_value* value) {
  auto decimal = Decimal::Parse(TextOf(value));
  if (!decimal) sqlite3_result_error(context, "not a decimal number", -1);
  return decimal;
}

struct SumState {
  Decimal* sum;
};

void SumStep(sqlite3_context* context, int, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL) return;
  auto* state = static_cast<SumState*>(sqlite3_aggregate_context(context, sizeof(SumState)));
  if (state == nullptr) return sqlite3_result_error_nomem(context);
  try {
    const auto value = DecimalOf(context, values[0]);
    if (!value) return;
    if (state->sum == nullptr) state->sum = new Decimal;
    *state->sum += *value;
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

void SumFinal(sqlite3_context* context) {
  auto* state = static_cast<SumState*>(sqlite3_aggregate_context(context, 0));
  if (state == nullptr || state->sum == nullptr) return sqlite3_result_null(context);
  try {
    const std::string text = state->sum->ToString();
    sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
  delete state->sum;
  state->sum = nullptr;
}

void Compare(sqlite3_context* context, int, sqlite3_value** values) {
  for (int i = 0; i < 2; ++i)
    if (sqlite3_value_type(values[i]) == SQLITE_NULL) return sqlite3_result_null(context);
  try {
    const auto a = DecimalOf(context, values[0]);
    if (!a) return;
    const auto b = DecimalOf(context, values[1]);
    if (!b) return;
    const auto order = *a <=> *b;
    sqlite3_result_int(context, order < 0 ? -1 : order > 0 ? 1 : 0);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

int64_t FloorDays(int64_t us) { return us >= 0 ? us / kDayUs : -((-us + kDayUs - 1) / kDayUs); }

/// Whole days, rounded down, from the time in values[0] to now (sign 1) or the other way round
/// (-1).
void Days(sqlite3_context* context, sqlite3_value** values, int sign) {
  if (sqlite3_value_type(values[0]) != SQLITE_TEXT) return sqlite3_result_null(context);
  try {
    const auto time = ParseMoment(TextOf(values[0]));
    if (!time) return sqlite3_result_null(context);
    const int64_t now_ms = *static_cast<const int64_t*>(sqlite3_user_data(context));
    sqlite3_result_int64(context, FloorDays(sign * (now_ms * 1000 - *time)));
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

void DaysSince(sqlite3_context* c, int, sqlite3_value** v) { Days(c, v, 1); }
void DaysUntil(sqlite3_context* c, int, sqlite3_value** v) { Days(c, v, -1); }

void FreeNow(void* now) { delete static_cast<int64_t*>(now); }

}  // namespace

Status AddFunctions(sqlite3* db, int64_t now_ms) {
  int rc = sqlite3_create_function_v2(db, "decimal_sum", 1, kFlags, nullptr, nullptr, SumStep,
                                      SumFinal, nullptr);
  if (rc == SQLITE_OK)
    rc = sqlite3_create_function_v2(db, "decimal_cmp", 2, kFlags, nullptr, Compare, nullptr,
                                    nullptr, nullptr);
  if (rc == SQLITE_OK)
    rc = sqlite3_create_function_v2(db, "days_since", 1, kFlags, new int64_t(now_ms), DaysSince,
                                    nullptr, nullptr, FreeNow);
  if (rc == SQLITE_OK)
    rc = sqlite3_create_function_v2(db, "days_until", 1, kFlags, new int64_t(now_ms), DaysUntil,
                                    nullptr, nullptr, FreeNow);
  if (rc != SQLITE_OK)
    return Fail(Code::kIo, std::string("sqlite functions: ") + sqlite3_errmsg(db));
  return {};
}

}  // namespace assay::worker
