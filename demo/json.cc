// Building and writing of ordered JSON values.
#include "demo/json.h"

#include <algorithm>

#include "base/text.h"

namespace assay::demo {

Json Json::Object(std::initializer_list<Member> members) {
  Json json;
  json.kind_ = Kind::kObject;
  json.members_ = members;
  return json;
}

Json Json::Array(std::vector<Json> items) {
  Json json;
  json.kind_ = Kind::kArray;
  json.items_ = std::move(items);
  return json;
}

Json Json::Texts(const std::vector<std::string>& items) {
  return Array(std::vector<Json>(items.begin(), items.end()));
}

Json Json::Raw(std::string text) {
  Json json;
  json.kind_ = Kind::kRaw;
  json.text_ = std::move(text);
  return json;
}

Json& Json::Set(std::string key, Json value) {
  for (auto& [name, old] : members_) {
    if (name == key) {
      old = std::move(value);
      return *this;
    }
  }
  members_.emplace_back(std::move(key), std::move(value));
  return *this;
}

void Json::Erase(std::string_view key) {
  std::erase_if(members_, [&](const Member& member) { return member.first == key; });
}

const Json* Json::Find(std::string_view key) const {
  auto it = std::find_if(members_.begin(), members_.end(),
                         [&](const Member& member) { return member.first == key; });
  return it == members_.end() ? nullptr : &it->second;
}

const std::string& Json::text() const {
  static const std::string kEmpty;
  return kind_ == Kind::kText ? text_ : kEmpty;
}

void Json::Write(std::string& out) const {
  if (kind_ == Kind::kNull) {
    out += "null";
  } else if (kind_ == Kind::kRaw) {
    out += text_;
  } else if (kind_ == Kind::kText) {
    out += JsonString(text_);
  } else if (kind_ == Kind::kArray) {
    out += '[';
    for (size_t i = 0; i < items_.size(); ++i) {
      if (i > 0) out += ',';
      items_[i].Write(out);
    }
    out += ']';
  } else {
    out += '{';
    for (size_t i = 0; i < members_.size(); ++i) {
      if (i > 0) out += ',';
      out += JsonString(members_[i].first);
      out += ':';
      members_[i].second.Write(out);
    }
    out += '}';
  }
}

std::string Json::Dump() const {
  std::string out;
  Write(out);
  return out;
}

}  // namespace assay::demo
