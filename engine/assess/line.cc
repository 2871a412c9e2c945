#include "assess/line.h"

namespace assay::assess {

Result<Line> Line::Decode(std::string_view text) {
  auto json = proof::ReadJson(text);
  if (!json || json->object() == nullptr)
    return Fail(Code::kCorrupt, "ledger line: " + (json ? "not an object" : json.error().message));
  Line line;
  line.members_ = std::move(std::get<proof::JsonObject>(json->value));
  return line;
}

const proof::Json* Line::Find(const std::string& key) const {
  const auto at = members_.find(key);
  return at == members_.end() ? nullptr : &at->second;
}

std::string Line::Text(const std::string& key) const {
  const proof::Json* value = Find(key);
  return value != nullptr && value->text() != nullptr ? *value->text() : "";
}

int64_t Line::Int(const std::string& key) const {
  const proof::Json* value = Find(key);
  return value != nullptr && value->integer() != nullptr ? *value->integer() : 0;
}

std::map<std::string, int64_t> Line::Counts(const std::string& key) const {
  std::map<std::string, int64_t> out;
  const proof::Json* value = Find(key);
  if (value == nullptr || value->object() == nullptr) return out;
  for (const auto& [name, count] : *value->object())
    if (count.integer() != nullptr) out[name] = *count.integer();
  return out;
}

std::map<std::string, std::string> Line::Texts(const std::string& key) const {
  std::map<std::string, std::string> out;
  const proof::Json* value = Find(key);
  if (value == nullptr || value->object() == nullptr) return out;
  for (const auto& [name, text] : *value->object())
    if (text.text() != nullptr) out[name] = *text.text();
  return out;
}

std::vector<std::vector<int64_t>> Line::IntLists(const std::string& key) const {
  std::vector<std::vector<int64_t>> out;
  const proof::Json* value = Find(key);
  if (value == nullptr || value->array() == nullptr) return out;
  for (const proof::Json& item : *value->array()) {
    if (item.array() == nullptr) continue;
    std::vector<int64_t> numbers;
    for (const proof::Json& number : *item.array())
      if (number.integer() != nullptr) numbers.push_back(*number.integer());
    out.push_back(std::move(numbers));
  }
  return out;
}

std::vector<uint64_t> Line::Numbers(const std::string& key) const {
  std::vector<uint64_t> out;
  const proof::Json* value = Find(key);
  if (value == nullptr || value->array() == nullptr) return out;
  for (const proof::Json& item : *value->array())
    if (item.integer() != nullptr) out.push_back(static_cast<uint64_t>(*item.integer()));
  return out;
}

std::string Line::BodyRoot() const {
  const proof::Json* body = Find("body");
  if (body == nullptr || body->object() == nullptr) return "";
  const auto root = body->object()->find("root");
  return root != body->object()->end() && root->second.text() != nullptr ? *root->second.text()
                                                                         : "";
}

}  // namespace assay::assess
