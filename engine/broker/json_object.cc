// A parser with a tree of its own would keep copies of tokens that nobody can wipe.
#include "broker/json_object.h"

#include <set>

#include "base/text.h"
#include "broker/json_scan.h"
#include "broker/secret.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxBytes = 256 * 1024;
constexpr size_t kMaxDepth = 16;

bool IsNumber(char first) { return first == '-' || (first >= '0' && first <= '9'); }

bool TakeArray(JsonScan& scan, const std::string& name, JsonObject& out) {
  std::vector<std::string> texts;
  std::vector<int64_t> numbers;
  size_t elements = 0;
  const bool whole = scan.Array([&] {
    ++elements;
    if (scan.Peek() == '"') {
      auto text = scan.Text();
      if (text) texts.push_back(std::move(*text));
      return text.has_value();
    }
    const auto raw = scan.Value();
    const auto number = raw && IsNumber(raw->front()) ? JsonScan(*raw, 1).Whole() : std::nullopt;
    if (number) numbers.push_back(*number);
    return raw.has_value();
  });
  if (!whole) return false;
  if (texts.size() == elements) out.lists[name] = std::move(texts);
  if (elements > 0 && numbers.size() == elements) out.number_lists[name] = std::move(numbers);
  return true;
}

bool TakeMember(JsonScan& scan, const std::string& name, JsonObject& out) {
  const char first = scan.Peek();
  if (first == '[') return TakeArray(scan, name, out);
  if (first == '"') {
    auto text = scan.Text();
    if (text) out.texts.emplace(name, std::move(*text));
    return text.has_value();
  }
  const auto raw = scan.Value();
  if (!raw) return false;
  if (const auto number = JsonScan(*raw, kMaxDepth).Whole()) out.numbers[name] = *number;
  return true;
}

}  // namespace

JsonObject::~JsonObject() {
  for (auto& [name, text] : texts) Wipe(text);
}

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
  JsonScan scan(text, kMaxDepth);
  if (scan.Peek() != '{') return Fail(Code::kInvalidInput, "JSON is not an object");
  JsonObject out;
  std::set<std::string> names;
  const bool whole = scan.Object([&](const std::string& name) {
    return names.insert(name).second && TakeMember(scan, name, out);
  });
  if (!whole || !scan.AtEnd())
    return Fail(Code::kInvalidInput, "JSON is not well-formed, too deep, or names a member twice");
  return out;
}

}  // namespace assay::broker
