#include "assess/excepting.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/history.h"

namespace assay::assess {
namespace {

std::map<std::string, const CheckResult*> ById(const std::vector<CheckResult>& results) {
  std::map<std::string, const CheckResult*> out;
  for (const CheckResult& result : results) out[result.check] = &result;
  return out;
}

Verdict VerdictOf(const std::map<std::string, const CheckResult*>& results,
                  const std::string& check) {
  const auto at = results.find(check);
  return at == results.end() ? Verdict::kNotAssessed : at->second->verdict;
}

std::string Listed(const std::set<uint64_t>& numbers) {
  std::string out;
  for (const uint64_t number : numbers) out += fmt::format("{}{}", out.empty() ? "" : ",", number);
  return "[" + out + "]";
}

bool HoldsUp(ControlState state) {
  return state == ControlState::kSatisfied || state == ControlState::kExcepted;
}

}  // namespace

Excepting::Excepting(const Statements& statements, Timestamp at)
    : statements_(statements), at_(at) {
  for (const auto& [number, one] : statements.exceptions()) {
    if (!one.IsOpen(at) || !one.absent.empty()) continue;
    open_[one.check].push_back(number);
    checks_.insert(one.check);
  }
}

void Excepting::See(const std::string& check, const Observation& observation) {
  const auto at = open_.find(check);
  if (at == open_.end()) return;
  Numbers about;
  for (const uint64_t number : at->second) {
    const Exception& one = *statements_.FindException(number);
    if (!one.IsAbout(check, observation.subject)) continue;
    if (observation.verdict == Verdict::kPass && !one.wildcard) passing_.insert(number);
    about.push_back(number);
  }
  if (observation.verdict == Verdict::kFail && !about.empty()) ++failing_[check][about];
}

void Excepting::Forget(const std::string& check) {
  failing_.erase(check);
  for (const uint64_t number : open_[check]) passing_.erase(number);
}

/// A wildcard is over when nothing of its check fails any more.
bool Excepting::Closes(const Exception& exception,
                       const std::map<std::string, const CheckResult*>& results) const {
  if (!exception.wildcard) return passing_.contains(exception.number);
  return VerdictOf(results, exception.check) == Verdict::kPass;
}

/// What this run says of each exception, and which count in it.
void Excepting::Settle(const std::map<std::string, const CheckResult*>& results) {
  for (const auto& [check, numbers] : open_)
    for (const uint64_t number : numbers) {
      const Exception& one = *statements_.FindException(number);
      ExceptionState state = one.At(at_);
      if (Closes(one, results)) {
        changes_.push_back({number, "exception.closed"});
        continue;
      }
      const Verdict compensating = one.compensating_check.empty()
                                       ? Verdict::kNotAssessed
                                       : VerdictOf(results, one.compensating_check);
      if (state == ExceptionState::kActive && compensating == Verdict::kFail) {
        changes_.push_back({number, "exception.suspended"});
        state = ExceptionState::kSuspended;
      } else if (state == ExceptionState::kSuspended && compensating == Verdict::kPass) {
        changes_.push_back({number, "exception.resumed"});
        state = ExceptionState::kActive;
      }
      if (state == ExceptionState::kActive) in_force_.insert(number);
    }
  std::sort(changes_.begin(), changes_.end(),
            [](const Change& a, const Change& b) { return a.number < b.number; });
}

void Excepting::Conclude(std::vector<CheckResult>& results) {
  Settle(ById(results));
  for (CheckResult& result : results) {
    result.excepted = 0;
    const auto failing = failing_.find(result.check);
    if (failing == failing_.end() || result.verdict != Verdict::kFail) continue;
    for (const auto& [numbers, subjects] : failing->second) {
      const Exception* best = nullptr;
      for (const uint64_t number : numbers) {
        const Exception* one = statements_.FindException(number);
        if (!in_force_.contains(number)) continue;
        if (best == nullptr || one->expires > best->expires) best = one;
      }
      if (best == nullptr) continue;
      result.excepted += subjects;
      used_[result.check].insert(best->number);
    }
    result.excepted = std::min(result.excepted, result.fail);
  }
}

/// Those that make a control attested; empty: it is not.
Excepting::Numbers Excepting::AttestationsFor(
    const std::string& framework, const ControlSpec& control,
    const std::map<std::string, const CheckResult*>& results) const {
  if (const Attestation* own = statements_.Attesting(framework, control.id, at_))
    return {own->number};
  if (control.needs_attestation) return {};
  Numbers out;
  for (const std::string& check : control.checks) {
    if (VerdictOf(results, check) != Verdict::kManual) continue;
    const Attestation* of_check = statements_.Attesting("", check, at_);
    if (of_check == nullptr) return {};
    out.push_back(of_check->number);
  }
  return out;
}

std::set<std::string> Excepting::Attested(const FrameworkSpec& framework,
                                          const std::vector<CheckResult>& results) const {
  const auto by_id = ById(results);
  std::set<std::string> out;
  for (const ControlSpec& control : framework.controls)
    if (!AttestationsFor(framework.id, control, by_id).empty()) out.insert(control.id);
  return out;
}

std::string Excepting::FoundationOf(const std::string& framework, const ControlSpec& control,
                                    const ControlResult& result,
                                    const std::vector<CheckResult>& results) const {
  if (!HoldsUp(result.state)) return "";
  std::set<uint64_t> exceptions;
  for (const std::string& check : control.checks)
    if (const auto at = used_.find(check); at != used_.end())
      exceptions.insert(at->second.begin(), at->second.end());
  const Numbers named = AttestationsFor(framework, control, ById(results));
  const std::set<uint64_t> attestations(named.begin(), named.end());
  if (exceptions.empty() && attestations.empty()) return "";
  return fmt::format("{{\"attestations\":{},\"exceptions\":{}}}", Listed(attestations),
                     Listed(exceptions));
}

size_t LowerControls(std::vector<ControlView>& controls, const Statements& statements,
                     Timestamp now) {
  size_t lowered = 0;
  for (ControlView& control : controls) {
    ControlState& state = control.result.state;
    if (!HoldsUp(state)) continue;
    std::string why;
    for (const uint64_t number : control.attestations) {
      const Attestation* one = statements.FindAttestation(number);
      if (one != nullptr && one->IsValid(now)) continue;
      state = ControlState::kUnknown;
      why = fmt::format("attestation AT-{} is {}", number,
                        one == nullptr ? "not known" : Name(one->At(now)));
    }
    for (const uint64_t number : control.exceptions) {
      const Exception* one = statements.FindException(number);
      // A closed one counts: a later run saw what it was about pass.
      if (one != nullptr && one->absent.empty() &&
          (one->InForce(now) || one->At(now) == ExceptionState::kClosed))
        continue;
      state = ControlState::kNotSatisfied;
      why = fmt::format("exception E-{} is {}", number,
                        one == nullptr ? "not known" : Name(one->At(now)));
    }
    if (why.empty()) continue;
    control.result.why = why;
    ++lowered;
  }
  return lowered;
}

}  // namespace assay::assess
