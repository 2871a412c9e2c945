// From check verdicts to one control's state, in the words and the order of the product's rules:
// not_satisfied > unknown > excepted > satisfied; uncovered stands apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/emit.h"
#include "assay/error.h"
#include "assay/framework.h"

namespace assay {

/// State of a control and, in one line without personal data, why.
struct Conclusion {
  uint32_t state = ASSAY_CONTROL_UNKNOWN;
  std::string why;
};

namespace detail {

inline std::string_view ReasonName(uint32_t reason) {
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
      return "plugin fault";
    case ASSAY_REASON_UNSUPPORTED:
      return "unsupported";
    default:
      return "no reason given";
  }
}

/// "a, b, c and 2 more".
inline std::string Listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  std::string out;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) out += " and " + std::to_string(names.size() - kShown) + " more";
  return out;
}

/// The mapped checks, sorted by what they mean for the control.
struct Sorted {
  std::vector<std::string> failing, unknown, manual, excepted;
  uint64_t failing_subjects = 0;
  uint64_t excepted_subjects = 0;
  uint64_t passing = 0;
  uint64_t not_applicable = 0;
};

inline void SortFailed(const assay_mapped_check_t& check, const std::string& id, Sorted& sorted) {
  // A failure counts as excepted only when an exception covers every failing subject.
  if (check.failing == 0 && check.excepted > 0) {
    sorted.excepted.push_back(id);
    sorted.excepted_subjects += check.excepted;
    return;
  }
  sorted.failing.push_back(id);
  sorted.failing_subjects += check.failing;
}

inline Sorted Sort(const assay_control_t& control) {
  Sorted sorted;
  for (uint64_t i = 0; i < control.check_count; ++i) {
    const assay_mapped_check_t& check = control.checks[i];
    const std::string id(FromSlice(check.id));
    switch (check.verdict) {
      case ASSAY_VERDICT_PASS:
        ++sorted.passing;
        break;
      case ASSAY_VERDICT_FAIL:
        SortFailed(check, id, sorted);
        break;
      case ASSAY_VERDICT_NOT_APPLICABLE:
        ++sorted.not_applicable;
        break;
      case ASSAY_VERDICT_MANUAL:
        if (control.attested != 0) {
          ++sorted.passing;
        } else {
          sorted.manual.push_back(id);
        }
        break;
      case ASSAY_VERDICT_NOT_ASSESSED:
        sorted.unknown.push_back(id + " (" + std::string(ReasonName(check.reason)) + ")");
        break;
      default:
        sorted.unknown.push_back(id + " (did not run)");
    }
  }
  return sorted;
}

inline std::string Of(size_t part, uint64_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole) + " checks ";
}

}  // namespace detail

/// The default roll-up. Absence of evidence is never `satisfied`: a control whose checks all found
/// nothing to assess is `unknown`.
inline Conclusion RollUp(const assay_control_t& control) {
  const uint64_t total = control.check_count;
  if (total == 0) {
    return {ASSAY_CONTROL_UNCOVERED, control.attested != 0
                                         ? "no check is mapped; a person has attested it"
                                         : "no check is mapped"};
  }
  const detail::Sorted sorted = detail::Sort(control);
  if (!sorted.failing.empty()) {
    return {ASSAY_CONTROL_NOT_SATISFIED, detail::Of(sorted.failing.size(), total) + "failing on " +
                                             std::to_string(sorted.failing_subjects) +
                                             " subjects: " + detail::Listed(sorted.failing)};
  }
  if (!sorted.unknown.empty()) {
    return {ASSAY_CONTROL_UNKNOWN, detail::Of(sorted.unknown.size(), total) +
                                       "not assessed: " + detail::Listed(sorted.unknown)};
  }
  if (!sorted.manual.empty()) {
    return {ASSAY_CONTROL_UNKNOWN,
            detail::Of(sorted.manual.size(), total) +
                "waiting for an attestation: " + detail::Listed(sorted.manual)};
  }
  if (control.needs_attestation != 0 && control.attested == 0) {
    return {ASSAY_CONTROL_UNKNOWN, "no failure found, but a person must attest the rest"};
  }
  if (!sorted.excepted.empty()) {
    return {ASSAY_CONTROL_EXCEPTED, detail::Of(sorted.excepted.size(), total) +
                                        "failing under valid exceptions, on " +
                                        std::to_string(sorted.excepted_subjects) +
                                        " subjects: " + detail::Listed(sorted.excepted)};
  }
  if (sorted.passing == 0) {
    return {ASSAY_CONTROL_UNKNOWN, "nothing to assess: no check applies to this tenant"};
  }
  std::string why = detail::Of(sorted.passing, total) + "passing";
  if (sorted.not_applicable != 0) {
    why += ", " + std::to_string(sorted.not_applicable) + " not applicable";
  }
  if (control.needs_attestation != 0) why += ", attested by a person";
  return {ASSAY_CONTROL_SATISFIED, why};
}

}  // namespace assay
