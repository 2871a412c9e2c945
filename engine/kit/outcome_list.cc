#include "kit/outcome_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace assay::kit {
namespace {

/// For an attribute or text of XML 1.0; what cannot stand there becomes '?'.
std::string Xml(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = Utf8SequenceLength(std::string_view(text).substr(at));
    const char c = text[at];
    if (length == 0 || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'))
      out += '?';
    else if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out.append(text, at, length);
    at += std::max<size_t>(1, length);
  }
  return out;
}

}  // namespace

void OutcomeList::Pass(std::string group, std::string name, std::string detail, int64_t took_ms) {
  cases_.push_back(
      {std::move(group), std::move(name), TestCase::State::kPassed, std::move(detail), took_ms});
}

void OutcomeList::Fail(std::string group, std::string name, std::string detail, int64_t took_ms) {
  cases_.push_back(
      {std::move(group), std::move(name), TestCase::State::kFailed, std::move(detail), took_ms});
}

void OutcomeList::Skip(std::string group, std::string name, std::string why) {
  cases_.push_back({std::move(group), std::move(name), TestCase::State::kSkipped, std::move(why)});
}

void OutcomeList::Add(std::string group, std::string name, std::string problem, int64_t took_ms) {
  if (problem.empty())
    Pass(std::move(group), std::move(name), "", took_ms);
  else
    Fail(std::move(group), std::move(name), std::move(problem), took_ms);
}

size_t OutcomeList::failed() const {
  return static_cast<size_t>(std::count_if(cases_.begin(), cases_.end(), [](const TestCase& c) {
    return c.state == TestCase::State::kFailed;
  }));
}

std::string FormatJunit(const OutcomeList& list) {
  int64_t total = 0;
  size_t skipped = 0;
  std::string body;
  for (const TestCase& c : list.cases()) {
    total += c.took_ms;
    body += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", Xml(c.group),
                        Xml(c.name), static_cast<double>(c.took_ms) / 1000);
    if (c.state == TestCase::State::kPassed) {
      body += "/>\n";
      continue;
    }
    const bool skip = c.state == TestCase::State::kSkipped;
    skipped += skip ? 1 : 0;
    body += fmt::format("><{0} message=\"{1}\"/></testcase>\n", skip ? "skipped" : "failure",
                        Xml(c.detail));
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" "
      "failures=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n{}</testsuite>\n",
      Xml(list.suite()), list.cases().size(), list.failed(), skipped,
      static_cast<double>(total) / 1000, body);
}

}  // namespace assay::kit
