// Cases of a test of a plugin and how they came out; shown to people, or as JUnit XML.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay::kit {

struct TestCase {
  enum class State { kPassed, kFailed, kSkipped };
  std::string group;  ///< "host calls"
  std::string name;   ///< "request 1 gives denied"
  State state = State::kPassed;
  std::string detail;  ///< why it failed or was skipped, or what was seen
  int64_t took_ms = 0;
};

class OutcomeList {
 public:
  explicit OutcomeList(std::string suite) : suite_(std::move(suite)) {}
  void Pass(std::string group, std::string name, std::string detail = "", int64_t took_ms = 0);
  void Fail(std::string group, std::string name, std::string detail, int64_t took_ms = 0);
  void Skip(std::string group, std::string name, std::string why);
  /// Pass when `problem` is empty.
  void Add(std::string group, std::string name, std::string problem, int64_t took_ms = 0);

  const std::vector<TestCase>& cases() const { return cases_; }
  const std::string& suite() const { return suite_; }
  size_t failed() const;

 private:
  std::string suite_;
  std::vector<TestCase> cases_;
};

/// One JUnit XML document. [any thread]
std::string FormatJunit(const OutcomeList& list);

}  // namespace assay::kit
