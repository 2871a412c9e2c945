// Poco::JSON behind a Result. No exception leaves this file.
#include "broker/json_rows.h"

#include <Poco/Dynamic/Var.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxBytes = 4u << 20;
constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxRows = 20'000;

using Poco::Dynamic::Var;
using Poco::JSON::Array;
using Poco::JSON::Object;

void Flatten(const std::string& name, const Var& value, JsonRow& row) {
  if (value.isString() || value.isEmpty()) {
    // null counts as "": lists of the members of one array stay in step.
    row.texts[name].push_back(value.isEmpty() ? std::string() : value.extract<std::string>());
  } else if (value.type() == typeid(Object::Ptr)) {
    for (const auto& [inner, member] : *value.extract<Object::Ptr>())
      Flatten(name.empty() ? inner : name + "." + inner, member, row);
  } else if (value.type() == typeid(Array::Ptr)) {
    for (const Var& item : *value.extract<Array::Ptr>()) Flatten(name, item, row);
  }
}

Result<JsonRows> TakeRows(const Object& object, const std::string& member) {
  const auto wrong = [] { return Fail(Code::kInvalidInput, "JSON has not the expected form"); };
  JsonRows out;
  for (const char* name : {"@odata.nextLink", "nextLink"})
    if (const Var next = object.get(name); next.isString()) out.next = next.extract<std::string>();
  const Var list = object.get(member);
  if (list.type() != typeid(Array::Ptr)) return wrong();
  const Array::Ptr items = list.extract<Array::Ptr>();
  if (items->size() > kMaxRows) return Fail(Code::kLimitExceeded, "JSON has more than 20,000 rows");
  for (const Var& item : *items) {
    if (item.type() != typeid(Object::Ptr)) return wrong();
    Flatten("", item, out.rows.emplace_back());
  }
  return out;
}

}  // namespace

std::string JsonRow::Text(const std::string& name) const {
  const auto at = texts.find(name);
  return at == texts.end() ? std::string() : at->second.front();
}

std::vector<std::string> JsonRow::All(const std::string& name) const {
  const auto at = texts.find(name);
  return at == texts.end() ? std::vector<std::string>() : at->second;
}

Result<JsonRows> ParseJsonRows(std::string_view text, const std::string& member) {
  if (text.size() > kMaxBytes) return Fail(Code::kLimitExceeded, "JSON is larger than 4 MiB");
  if (!IsUtf8(text)) return Fail(Code::kInvalidInput, "JSON is not UTF-8");
  try {
    Poco::JSON::Parser parser;
    parser.setDepth(kMaxDepth);
    parser.setAllowComments(false);
    const Var value = parser.parse(std::string(text));
    if (value.type() != typeid(Object::Ptr))
      return Fail(Code::kInvalidInput, "JSON is not an object");
    const Object::Ptr object = value.extract<Object::Ptr>();
    if (!member.empty()) return TakeRows(*object, member);
    JsonRows out;
    Flatten("", value, out.rows.emplace_back());
    return out;
  } catch (const Poco::Exception&) {
    return Fail(Code::kInvalidInput, "JSON is not well-formed or too deep");
  } catch (const std::exception&) {
    return Fail(Code::kInvalidInput, "JSON is not well-formed");
  }
}

}  // namespace assay::broker
