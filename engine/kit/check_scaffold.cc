#include "kit/check_scaffold.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::kit {
namespace {

/// The column that the new check is about: the first flag, else the first text, beside the key.
const ColumnSpec* ColumnFor(const DatasetSpec& dataset) {
  for (const ColumnType type : {ColumnType::kBool, ColumnType::kText})
    for (const ColumnSpec& column : dataset.columns)
      if (column.type == type && column.name != dataset.subject &&
          std::find(dataset.key.begin(), dataset.key.end(), column.name) == dataset.key.end())
        return &column;
  return nullptr;
}

/// The columns that make a row of a case its own: subject and key.
std::string Named(const DatasetSpec& dataset, int number, const char* text) {
  std::string out = fmt::format("{} = {}", dataset.subject, text);
  for (const ColumnSpec& column : dataset.columns) {
    const bool key =
        std::find(dataset.key.begin(), dataset.key.end(), column.name) != dataset.key.end();
    if (!key || column.name == dataset.subject) continue;
    const bool counts = column.type == ColumnType::kInt || column.type == ColumnType::kBool;
    out += fmt::format(", {} = {}", column.name, counts ? std::to_string(number) : text);
  }
  return out;
}

constexpr const char* kCheck =
    R"(# A check of our own. `assay check lint` explains mistakes, `assay check test` runs its cases.
[[check]]
id = "{id}"
version = 1
title = "{column} is as we want it"
severity = "medium"
subject = "{dataset}"
reads = ["{dataset}"]
partial_fail = ["{dataset}"]
empty = "not_applicable"
{params}rationale = "Say here why it matters, in your own words."
remediation = "Say here what is to be done."
sql = """
SELECT {subject} AS subject,
  CASE WHEN {column} IS NULL THEN 'not_assessed'
       WHEN {good} THEN 'pass' ELSE 'fail' END AS verdict,
  CASE WHEN {column} IS NULL THEN 'partial: the service did not say {column}'
       ELSE '{column} is ' || {column} END AS detail
FROM {dataset}
"""
)";

constexpr const char* kCases = R"([[case]]
name = "passes on what we want"
rows.{dataset} = [{{ {one}, {column} = {yes} }}]
expect = {{ one = "pass" }}
check = "pass"

[[case]]
name = "fails on anything else, and names what it saw"
rows.{dataset} = [
  {{ {one}, {column} = {yes} }},
  {{ {two}, {column} = {no} }},
]
expect = {{ one = "pass", two = "fail" }}
check = "fail"
detail = "{column} is "

[[case]]
name = "does not take a missing value for a good one"
rows.{dataset} = [{{ {one} }}]
expect = {{ one = "not_assessed" }}
check = "not_assessed"
trap = "null"

[[case]]
name = "says nothing while the data cannot be read"
states = {{ {dataset} = "unavailable" }}
check = "not_assessed"

[[case]]
name = "applies to nobody when there is nobody"
rows.{dataset} = []
check = "not_applicable"
)";

}  // namespace

Result<CheckTexts> WriteCheckTexts(const std::string& id, const DatasetSpec& dataset) {
  const ColumnSpec* column = ColumnFor(dataset);
  if (column == nullptr || dataset.subject.empty())
    return Fail(Code::kInvalidInput,
                fmt::format("dataset {} has no flag and no text to begin with", dataset.id));
  const bool flag = column->type == ColumnType::kBool;
  const std::string good =
      flag ? column->name + " = 1"
           : fmt::format("{} IN (SELECT value FROM json_each(:allowed))", column->name);
  CheckTexts out;
  out.check = fmt::format(fmt::runtime(kCheck), fmt::arg("id", id), fmt::arg("dataset", dataset.id),
                          fmt::arg("subject", dataset.subject), fmt::arg("column", column->name),
                          fmt::arg("params", flag ? "" : "params = { allowed = [\"wanted\"] }\n"),
                          fmt::arg("good", good));
  out.cases = fmt::format(
      fmt::runtime(kCases), fmt::arg("dataset", dataset.id),
      fmt::arg("one", Named(dataset, 1, "\"one\"")), fmt::arg("two", Named(dataset, 2, "\"two\"")),
      fmt::arg("column", column->name), fmt::arg("yes", flag ? "1" : "\"wanted\""),
      fmt::arg("no", flag ? "0" : "\"other\""));
  return out;
}

}  // namespace assay::kit
