// matches(text, expression): search by RE2, whose time grows with the text and never with how often
// an expression could be tried. docs/decisions/0071-re2-for-matches.md.
#include <re2/re2.h>

#include <memory>
#include <new>

#include "worker/evaluator_parts.h"

namespace assay::worker {
namespace {

constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
constexpr int kMostBytes = 1000;          // of an expression
constexpr int kMostInstructions = 4000;   // of its program
constexpr int64_t kMostMemory = 1 << 20;  // for the program and what is remembered of it

void FreeExpression(void* expression) { delete static_cast<RE2*>(expression); }

re2::StringPiece PieceOf(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_value_bytes(value))};
}

/// The compiled expression, or null after an error was set.
std::unique_ptr<RE2> Compile(sqlite3_context* c, sqlite3_value* value) {
  if (sqlite3_value_bytes(value) > kMostBytes) {
    sqlite3_result_error(c, "matches: expression is longer than 1000 bytes", -1);
    return nullptr;
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMostMemory);
  auto expression = std::make_unique<RE2>(PieceOf(value), options);
  if (!expression->ok()) {
    const std::string why = "matches: " + expression->error();
    sqlite3_result_error(c, why.c_str(), -1);
    return nullptr;
  }
  if (expression->ProgramSize() > kMostInstructions) {
    sqlite3_result_error(c, "matches: expression is too large", -1);
    return nullptr;
  }
  return expression;
}

void Search(sqlite3_context* c, sqlite3_value** v) {
  auto* known = static_cast<RE2*>(sqlite3_get_auxdata(c, 1));
  std::unique_ptr<RE2> fresh;
  if (known == nullptr) {
    fresh = Compile(c, v[1]);
    if (fresh == nullptr) return;
  }
  const RE2& expression = known != nullptr ? *known : *fresh;
  sqlite3_result_int(c, RE2::PartialMatch(PieceOf(v[0]), expression) ? 1 : 0);
  if (fresh != nullptr) sqlite3_set_auxdata(c, 1, fresh.release(), FreeExpression);
}

void Matches(sqlite3_context* c, int, sqlite3_value** v) {
  for (int i = 0; i < 2; ++i)
    if (sqlite3_value_type(v[i]) == SQLITE_NULL) return sqlite3_result_null(c);
  try {
    Search(c, v);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(c);
  }
}

}  // namespace

Status AddMatches(sqlite3* db) {
  if (sqlite3_create_function_v2(db, "matches", 2, kFlags, nullptr, Matches, nullptr, nullptr,
                                 nullptr) != SQLITE_OK)
    return Fail(Code::kIo, std::string("sqlite functions: ") + sqlite3_errmsg(db));
  return {};
}

}  // namespace assay::worker
