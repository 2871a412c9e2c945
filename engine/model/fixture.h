// What a plugin is tried with: answers of the services, results of checks, and cases of checks.
// Plain values; docs/formats/fixture.md has the files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/check.h"
#include "model/verdict.h"

namespace assay {

/// The pages that one read gets, in order.
struct FixtureAnswer {
  std::string endpoint;
  std::vector<std::pair<std::string, std::string>> params;  ///< empty: whatever the parameters are
  uint32_t status = 200;                                    ///< of the last page; those before: 200
  std::optional<uint32_t> retry_after;                      ///< seconds, sent with `status`
  std::vector<std::string> pages;                           ///< names of files, then their text
};

/// What a dataset must look like at the end; empty members are not looked at.
struct FixtureExpectation {
  std::optional<uint64_t> rows;
  std::string state;  ///< "complete", "partial", "unavailable"
};

struct Fixture {
  std::string name;
  int64_t now_ms = 1'781'524'800'000;  ///< time of the evidence: 2026-06-15T12:00:00Z
  std::vector<FixtureAnswer> answers;  ///< the first that fits a read answers it
  std::map<std::string, FixtureExpectation> expect;
  std::vector<CheckResult> results;             ///< for frameworks
  std::map<std::string, std::string> controls;  ///< for frameworks: control -> state
};

/// A cell of a case: nothing, a number, or a text (lists and tables as JSON).
using CaseCell = std::variant<std::monostate, int64_t, std::string>;
using CaseRow = std::map<std::string, CaseCell>;

/// `[[case]]`: rows in, verdicts out.
struct CheckCase {
  std::string name;
  std::map<std::string, std::vector<CaseRow>> rows;  ///< by dataset
  std::map<std::string, std::string> states;         ///< by dataset; complete when not named
  std::map<std::string, std::string> params;         ///< as CheckSpec::params
  std::optional<std::map<std::string, std::string>> expect;  ///< subject -> verdict, all of them
  std::string check;                                         ///< verdict of the check
  std::string detail;  ///< some subject's detail holds it; may be empty
  std::string trap;    ///< what a careless SQL would get wrong in it; may be empty
};

}  // namespace assay
