#include "report/json_writer.h"

#include <fmt/format.h>

#include "base/result.h"
#include "base/text.h"

namespace assay::report {

void JsonWriter::NewLine() {
  if (indent_ > 0) out_ += "\n" + std::string(levels_.size() * static_cast<size_t>(indent_), ' ');
}

void JsonWriter::BeforeValue() {
  if (levels_.empty()) {
    ASSAY_ASSERT(out_.empty(), "a document has one value");
    return;
  }
  Level& level = levels_.back();
  if (level.close == '}') {
    ASSAY_ASSERT(level.has_key, "a value in an object follows a key");
    level.has_key = false;
    return;
  }
  if (!level.empty) out_ += ',';
  level.empty = false;
  NewLine();
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  ASSAY_ASSERT(!levels_.empty() && levels_.back().close == '}' && !levels_.back().has_key,
               "a key stands in an object");
  Level& level = levels_.back();
  if (!level.empty) out_ += ',';
  level.empty = false;
  level.has_key = true;
  NewLine();
  out_ += JsonString(name);
  out_ += indent_ > 0 ? ": " : ":";
  return *this;
}

JsonWriter& JsonWriter::BeginObject() {
  BeforeValue();
  out_ += '{';
  levels_.push_back({'}'});
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  BeforeValue();
  out_ += '[';
  levels_.push_back({']'});
  return *this;
}

void JsonWriter::Close(char close) {
  ASSAY_ASSERT(!levels_.empty() && levels_.back().close == close && !levels_.back().has_key,
               "an end belongs to its begin");
  const bool empty = levels_.back().empty;
  levels_.pop_back();
  if (!empty) NewLine();
  out_ += close;
}

JsonWriter& JsonWriter::EndObject() {
  Close('}');
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  Close(']');
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  BeforeValue();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) { return Raw(JsonString(value)); }
JsonWriter& JsonWriter::Int(int64_t value) { return Raw(fmt::format("{}", value)); }
JsonWriter& JsonWriter::Uint(uint64_t value) { return Raw(fmt::format("{}", value)); }
JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Strings(const std::vector<std::string>& values) {
  BeginArray();
  for (const std::string& value : values) String(value);
  return EndArray();
}

std::string JsonWriter::Take() {
  ASSAY_ASSERT(levels_.empty(), "everything that was begun is ended");
  return std::move(out_);
}

}  // namespace assay::report
