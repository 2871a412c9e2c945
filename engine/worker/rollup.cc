#include "worker/rollup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/result.h"

namespace assay::worker {
namespace {

bool Contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string Describe(const std::string& dataset, const Condition& c) {
  std::string out = fmt::format("{} is {} ({})", dataset, Name(c.completeness), Name(c.reason));
  if (!c.detail.empty()) out += ": " + c.detail;
  return out;
}

/// Datasets of a check in the order of its TOML, the subject's included.
std::vector<std::string> DatasetsOf(const CheckSpec& check) {
  std::vector<std::string> all = check.reads;
  if (check.subject != "tenant" && !Contains(all, check.subject)) all.push_back(check.subject);
  return all;
}

std::string WhyUnknown(const CheckSpec& check, const std::string& dataset) {
  const auto plugin = check.elsewhere.find(dataset);
  if (plugin == check.elsewhere.end())
    return "dataset " + Quote(dataset, 64) + " is unknown: no enabled collector reads it";
  return fmt::format("dataset {} is read by collector {}, which is not enabled for this tenant",
                     dataset, plugin->second);
}

}  // namespace

CheckResult NotAssessed(const CheckSpec& check, Reason reason, std::string detail) {
  CheckResult r;
  r.check = check.id;
  r.version = check.version;
  r.verdict = Verdict::kNotAssessed;
  r.reason = reason;
  r.detail = std::move(detail);
  return r;
}

Standing Stand(const CheckSpec& check, const Conditions& conditions) {
  Standing s;
  const std::vector<std::string> datasets = DatasetsOf(check);
  for (const std::string& id : datasets) {
    s.reads.insert(id);
    if (!conditions.contains(id)) {
      s.refused = NotAssessed(check, Reason::kUnsupported, WhyUnknown(check, id));
      return s;
    }
  }
  for (const std::string& id : datasets) {
    Condition c = conditions.at(id);
    if (c.completeness == Completeness::kComplete) continue;
    const bool unavailable = c.completeness == Completeness::kUnavailable;
    if (c.reason == Reason::kNone) c.reason = unavailable ? Reason::kUnavailable : Reason::kPartial;
    if (unavailable) {
      if (Contains(check.optional, id)) continue;
      s.refused = NotAssessed(check, c.reason, Describe(id, c));
      return s;
    }
    if (!s.incomplete) {
      s.reason = c.reason;
      s.detail = Describe(id, c);
    }
    s.incomplete = true;
    s.fail_stands = s.fail_stands && Contains(check.partial_fail, id);
  }
  return s;
}

RollUp::RollUp(const CheckSpec& check, const Standing& standing) : standing_(standing) {
  result_.check = check.id;
  result_.version = check.version;
}

void RollUp::Adjust(Observation& observation) const {
  if (!standing_.incomplete || observation.verdict == Verdict::kNotAssessed) return;
  if (observation.verdict == Verdict::kFail && standing_.fail_stands) return;
  observation.verdict = Verdict::kNotAssessed;
  observation.reason = standing_.reason;
  observation.detail = standing_.detail;
}

void RollUp::Count(const Observation& observation) {
  switch (observation.verdict) {
    case Verdict::kPass:
      ++result_.pass;
      break;
    case Verdict::kFail:
      ++result_.fail;
      break;
    case Verdict::kManual:
      ++result_.manual;
      break;
    case Verdict::kNotApplicable:
      ++result_.not_applicable;
      break;
    case Verdict::kNotAssessed:
      if (result_.not_assessed++ == 0) first_reason_ = observation.reason;
      break;
  }
}

CheckResult RollUp::Conclude() const {
  CheckResult r = result_;
  if (r.fail > 0) {
    r.verdict = Verdict::kFail;
  } else if (standing_.incomplete) {
    r.verdict = Verdict::kNotAssessed;
    r.reason = standing_.reason;
    r.detail = standing_.detail;
  } else if (r.not_assessed > 0) {
    r.verdict = Verdict::kNotAssessed;
    r.reason = first_reason_;
    r.detail = fmt::format("{} of {} subjects not assessed", r.not_assessed, r.subjects());
  } else if (r.manual > 0) {
    r.verdict = Verdict::kManual;
  } else {
    r.verdict = r.pass > 0 ? Verdict::kPass : Verdict::kNotApplicable;
  }
  return r;
}

}  // namespace assay::worker
