// Poco::JSON behind a Result. No exception leaves this file.
#include "broker/json_object.h"

#include <Poco/Dynamic/Var.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxBytes = 256 * 1024;
constexpr size_t kMaxDepth = 16;

void TakeArray(const std::string& name, const Poco::JSON::Array::Ptr& array, JsonObject& out) {
  std::vector<std::string> texts;
  std::vector<int64_t> numbers;
  for (const Poco::Dynamic::Var& item : *array) {
    if (item.isString()) texts.push_back(item.extract<std::string>());
    if (item.isInteger()) numbers.push_back(item.convert<Poco::Int64>());
  }
  if (texts.size() == array->size()) out.lists[name] = std::move(texts);
  if (!array->empty() && numbers.size() == array->size())
    out.number_lists[name] = std::move(numbers);
}

void TakeMember(const std::string& name, const Poco::Dynamic::Var& value, JsonObject& out) {
  if (value.isString())
    out.texts[name] = value.extract<std::string>();
  else if (value.isInteger())
    out.numbers[name] = value.convert<Poco::Int64>();
  else if (value.type() == typeid(Poco::JSON::Array::Ptr))
    TakeArray(name, value.extract<Poco::JSON::Array::Ptr>(), out);
}

}  // namespace

std::string JsonObject::Text(const std::string& name) const {
  const auto at = texts.find(name);
  return at == texts.end() ? std::string() : at->second;
}

bool JsonObject::Has(const std::string& name) const {
  return texts.count(name) || numbers.count(name) || lists.count(name) || number_lists.count(name);
}

Result<JsonObject> ParseJsonObject(std::string_view text) {
  if (text.size() > kMaxBytes) return Fail(Code::kInvalidInput, "JSON is larger than 256 KiB");
  if (!IsUtf8(text)) return Fail(Code::kInvalidInput, "JSON is not UTF-8");
  try {
    Poco::JSON::Parser parser;
    parser.setDepth(kMaxDepth);
    parser.setAllowComments(false);
    const Poco::Dynamic::Var value = parser.parse(std::string(text));
    if (value.type() != typeid(Poco::JSON::Object::Ptr))
      return Fail(Code::kInvalidInput, "JSON is not an object");
    JsonObject out;
    for (const auto& [name, member] : *value.extract<Poco::JSON::Object::Ptr>())
      TakeMember(name, member, out);
    return out;
  } catch (const Poco::Exception&) {
    return Fail(Code::kInvalidInput, "JSON is not well-formed or too deep");
  } catch (const std::exception&) {
    return Fail(Code::kInvalidInput, "JSON is not well-formed");
  }
}

}  // namespace assay::broker
