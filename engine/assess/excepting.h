// What exceptions and attestations make of one run: which failing subjects are excepted, which
// controls are attested, and which exceptions the run suspends, resumes and closes. The same in a
// run and in its replay (docs/formats/statements.md, "In a run").
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "assess/statement.h"
#include "model/check.h"
#include "model/framework.h"

namespace assay::assess {

class Excepting {
 public:
  /// `statements` as they stood before the run, which began `at`; outlives it.
  Excepting(const Statements& statements, Timestamp at);

  /// Each observation of the run, in any order.
  void See(const std::string& check, const Observation& observation);
  /// What was seen of a check does not count.
  void Forget(const std::string& check);
  /// When every check is decided: sets `excepted` of each result.
  void Conclude(std::vector<CheckResult>& results);

  /// What the run says of an exception: "exception.suspended", "exception.resumed",
  /// "exception.closed".
  struct Change {
    uint64_t number = 0;
    std::string kind;
  };
  const std::vector<Change>& changes() const { return changes_; }
  /// Checks that any open exception is about.
  const std::set<std::string>& checks() const { return checks_; }

  /// Ids of the framework's controls that are attested.
  std::set<std::string> Attested(const FrameworkSpec& framework,
                                 const std::vector<CheckResult>& results) const;
  /// Numbers of the statements behind a control's state, as a segment of its body; empty when it
  /// rests on none.
  std::string FoundationOf(const std::string& framework, const ControlSpec& control,
                           const ControlResult& result,
                           const std::vector<CheckResult>& results) const;

 private:
  using Numbers = std::vector<uint64_t>;
  void Settle(const std::map<std::string, const CheckResult*>& results);
  bool Closes(const Exception& exception,
              const std::map<std::string, const CheckResult*>& results) const;
  Numbers AttestationsFor(const std::string& framework, const ControlSpec& control,
                          const std::map<std::string, const CheckResult*>& results) const;

  const Statements& statements_;
  const Timestamp at_;
  std::map<std::string, Numbers> open_;  ///< check -> exceptions that may count in this run
  std::set<std::string> checks_;
  std::map<std::string, std::map<Numbers, uint64_t>> failing_;  ///< check -> who covers -> subjects
  std::set<uint64_t> passing_;                                  ///< whose subject passes
  std::set<uint64_t> in_force_;                                 ///< after Settle
  std::map<std::string, std::set<uint64_t>> used_;              ///< check -> exceptions
  std::vector<Change> changes_;
};

/// Lowers, in place, states that rest on statements which hold no more at `now`.
/// `control.result.why` says which. Gives how many were lowered.
struct ControlView;
size_t LowerControls(std::vector<ControlView>& controls, const Statements& statements,
                     Timestamp now);

}  // namespace assay::assess
