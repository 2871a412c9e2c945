// The roll-up of product rules: verdicts of checks to one control state.
#include "rollup.h"

#include <string_view>
#include <vector>

#include "assay/emit.h"

namespace assay::frameworks {
namespace {

/// Check ids of one kind, for the line that says why.
struct Group {
  std::vector<std::string> names;
  void Add(const assay_mapped_check_t& check, const std::string& note) {
    std::string name = check.id.len == 0 ? std::string() : std::string(check.id.ptr, check.id.len);
    names.push_back(note.empty() ? name : name + " (" + note + ")");
  }
  /// "3 of 7 checks fail: a, b, c" with at most three names.
  std::string Line(uint64_t total, std::string_view verb) const {
    std::string line = std::to_string(names.size()) + " of " + std::to_string(total) + " checks " +
                       std::string(verb) + ": ";
    for (size_t i = 0; i < names.size() && i < 3; ++i) line += (i > 0 ? ", " : "") + names[i];
    return names.size() > 3 ? line + ", ..." : line;
  }
};

const char* ReasonWord(uint32_t reason) {
  switch (reason) {
    case ASSAY_REASON_PERMISSION:
      return "permission";
    case ASSAY_REASON_LICENCE:
      return "licence";
    case ASSAY_REASON_THROTTLED:
      return "throttled";
    case ASSAY_REASON_UNAVAILABLE:
      return "unavailable";
    case ASSAY_REASON_PARTIAL:
      return "partial";
    case ASSAY_REASON_STALE:
      return "stale";
    case ASSAY_REASON_PLUGIN_FAULT:
      return "plugin_fault";
    case ASSAY_REASON_UNSUPPORTED:
      return "unsupported";
    default:
      return "not assessed";
  }
}

struct Tally {
  Group failing, excepted, open;
  uint64_t passing = 0;
  uint64_t total = 0;

  void Add(const assay_mapped_check_t& check, bool attested) {
    ++total;
    switch (check.verdict) {
      case ASSAY_VERDICT_PASS:
        ++passing;
        break;
      case ASSAY_VERDICT_FAIL:
        if (check.failing == 0 && check.excepted > 0) {
          excepted.Add(check, "");
        } else {
          failing.Add(check, check.failing > 1 ? std::to_string(check.failing) + " subjects" : "");
        }
        break;
      case ASSAY_VERDICT_MANUAL:
        if (!attested) open.Add(check, "manual");
        break;
      case ASSAY_VERDICT_NOT_APPLICABLE:
        break;
      case ASSAY_VERDICT_NOT_ASSESSED:
        open.Add(check, ReasonWord(check.reason));
        break;
      default:  // ABSENT, and any word of a later version
        open.Add(check, "did not run");
    }
  }
};

}  // namespace

Conclusion Conclude(const assay_control_t& control) {
  const bool attested = control.attested != 0;
  if (control.check_count == 0) {
    if (attested) return {ASSAY_CONTROL_SATISFIED, "attested; no check covers this control"};
    return {ASSAY_CONTROL_UNCOVERED, "no check covers this control"};
  }
  Tally tally;
  for (uint64_t i = 0; i < control.check_count; ++i) tally.Add(control.checks[i], attested);
  if (!tally.failing.names.empty()) {
    return {ASSAY_CONTROL_NOT_SATISFIED, tally.failing.Line(tally.total, "fail")};
  }
  if (!tally.open.names.empty())
    return {ASSAY_CONTROL_UNKNOWN, tally.open.Line(tally.total, "are open")};
  if (control.needs_attestation != 0 && !attested) {
    return {ASSAY_CONTROL_UNKNOWN, "the procedural part needs an attestation"};
  }
  if (!tally.excepted.names.empty()) {
    return {ASSAY_CONTROL_EXCEPTED, tally.excepted.Line(tally.total, "fail under an exception")};
  }
  if (tally.passing == 0 && !attested) {
    return {ASSAY_CONTROL_UNKNOWN, "none of the mapped checks applies here"};
  }
  return {ASSAY_CONTROL_SATISFIED,
          std::to_string(tally.passing) + " of " + std::to_string(tally.total) + " checks pass"};
}

}  // namespace assay::frameworks
