// A check: a named, versioned SQL predicate over datasets. TOML form: docs/formats/check.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"

namespace assay {

/// In place of a plugin: checks that an administrator wrote.
inline constexpr std::string_view kOwnChecks = "checks.d";

/// `[[check]]` of checks/*.toml. The SQL is one SELECT of (subject, verdict, detail); parameters
/// are bound by name (:max_days). Lists are bound as JSON text.
struct CheckSpec {
  std::string id;  ///< "graph-ca-mfa-all-users"
  uint32_t version = 1;
  std::string title;
  Severity severity = Severity::kMedium;
  std::string plugin;                     ///< collector beside which it lives
  std::string subject;                    ///< dataset whose subjects it judges, or "tenant"
  std::vector<std::string> reads;         ///< datasets it looks at, the subject's included
  std::vector<std::string> partial_fail;  ///< datasets on whose partial data a fail still stands
  std::vector<std::string> optional;      ///< of `reads`: treated as empty when unavailable
  std::vector<std::string> licence;       ///< service plans, one of which the tenant must have
  std::optional<Verdict> empty;  ///< of complete datasets without rows: a statement for tests
  /// Of `reads`: what no enabled collector gives, and which collector would. The engine fills it
  /// in.
  std::map<std::string, std::string> elsewhere;
  std::map<std::string, std::string> params;  ///< value as SQL text: integers "2", else JSON text
  std::string rationale;
  std::string remediation;
  std::map<std::string, std::vector<std::string>> references;  ///< "cis-m365" -> {"5.2.2.2"}
  std::string sql;
};

/// Roll-up of one check over its subjects (architecture.md section 4).
struct CheckResult {
  std::string check;
  uint32_t version = 1;
  Verdict verdict = Verdict::kNotAssessed;
  Reason reason = Reason::kNone;
  std::string detail;  ///< why not assessed: dataset and cause; no personal data
  uint64_t pass = 0, fail = 0, manual = 0, not_applicable = 0, not_assessed = 0, excepted = 0;
  uint64_t subjects() const { return pass + fail + manual + not_applicable + not_assessed; }
};

/// A record of the evidence: page of a plugin's run and number of its mark, kNoRecord for the page.
struct RecordRef {
  uint32_t page = 0;
  uint32_t record = 0;
};
inline constexpr uint32_t kNoRecord = 0xffffffffu;

/// Verdict of one check on one subject in one run, with the records behind that subject's rows.
struct Observation {
  std::string subject;  ///< id; "tenant" for tenant-wide checks. Personal: bodies only
  std::string subject_type;
  std::string label;  ///< for people; personal
  Verdict verdict = Verdict::kNotAssessed;
  Reason reason = Reason::kNone;
  std::string detail;  ///< personal
  std::vector<RecordRef> records;
};

}  // namespace assay
