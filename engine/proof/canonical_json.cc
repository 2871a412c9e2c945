#include "proof/canonical_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace assay::proof {
namespace {

bool IsAsciiText(std::string_view key) {
  return std::all_of(key.begin(), key.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

tl::unexpected<Error> Refuse(const std::string& why) {
  return Fail(Code::kInvalidInput, "canonical json: " + why);
}

class Writer {
 public:
  Status Write(const Json& json, int depth) {
    if (depth > kMaxJsonDepth) return Refuse("nested too deep");
    if (const int64_t* integer = json.integer()) return WriteInteger(*integer);
    if (const std::string* text = json.text()) return WriteText(*text);
    if (const JsonArray* array = json.array()) return WriteArray(*array, depth);
    return WriteObject(*json.object(), depth);
  }
  std::string Take() { return std::move(out_); }

 private:
  Status WriteInteger(int64_t value) {
    if (value < 0 || value > kMaxJsonInteger)
      return Refuse(fmt::format("integer {} is outside 0..2^53-1", value));
    out_ += fmt::format_int(value).str();
    return {};
  }
  Status WriteText(std::string_view text) {
    ASSAY_ASSIGN(const std::string literal, WriteJsonString(text));
    out_ += literal;
    return {};
  }
  Status WriteArray(const JsonArray& array, int depth) {
    out_ += '[';
    for (size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ',';
      ASSAY_TRY(Write(array[i], depth + 1));
    }
    out_ += ']';
    return {};
  }
  Status WriteObject(const JsonObject& object, int depth) {
    char before = '{';
    for (const auto& [key, value] : object) {
      if (!IsAsciiText(key)) return Refuse("key " + Quote(key) + " is not ASCII");
      out_ += std::exchange(before, ',');
      ASSAY_TRY(WriteText(key));
      out_ += ':';
      ASSAY_TRY(Write(value, depth + 1));
    }
    out_ += object.empty() ? "{}" : "}";
    return {};
  }

  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Json> ReadWhole() {
    ASSAY_ASSIGN(Json json, ReadValue(0));
    if (at_ != text_.size()) return Bad("something follows the value");
    return json;
  }

 private:
  tl::unexpected<Error> Bad(std::string_view why) const {
    return Refuse(fmt::format("byte {}: {}", at_, why));
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Result<Json> ReadValue(int depth) {
    if (depth > kMaxJsonDepth) return Bad("nested too deep");
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '{') return ReadObject(depth);
    if (c == '[') return ReadArray(depth);
    if (c == '"') {
      ASSAY_ASSIGN(std::string text, ReadText());
      return Json{std::move(text)};
    }
    return ReadInteger();
  }
  Result<Json> ReadInteger() {
    const size_t begin = at_;
    int64_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && at_ - begin < 17)
      value = value * 10 + (text_[at_++] - '0');
    if (at_ == begin) return Bad("expected an object, array, string or integer");
    if ((text_[begin] == '0' && at_ - begin > 1) || value > kMaxJsonInteger) {
      at_ = begin;
      return Bad("integer has a leading zero or is above 2^53-1");
    }
    return Json{value};
  }
  Result<Json> ReadArray(int depth) {
    JsonArray array;
    ++at_;
    if (Take(']')) return Json{std::move(array)};
    do {
      ASSAY_ASSIGN(Json element, ReadValue(depth + 1));
      array.push_back(std::move(element));
    } while (Take(','));
    if (!Take(']')) return Bad("expected , or ]");
    return Json{std::move(array)};
  }
  Result<Json> ReadObject(int depth) {
    JsonObject object;
    ++at_;
    if (Take('}')) return Json{std::move(object)};
    do {
      if (at_ >= text_.size() || text_[at_] != '"') return Bad("expected a key");
      ASSAY_ASSIGN(std::string key, ReadText());
      if (!IsAsciiText(key)) return Bad("key is not ASCII");
      if (!object.empty() && object.rbegin()->first >= key) return Bad("keys are not in order");
      if (!Take(':')) return Bad("expected :");
      ASSAY_ASSIGN(Json value, ReadValue(depth + 1));
      object.emplace_hint(object.end(), std::move(key), std::move(value));
    } while (Take(','));
    if (!Take('}')) return Bad("expected , or }");
    return Json{std::move(object)};
  }
  Result<std::string> ReadText() {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != '"';) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '\\') {
        ASSAY_ASSIGN(const char escaped, ReadEscape());
        out += escaped;
        continue;
      }
      const size_t n = Utf8SequenceLength(text_.substr(at_));
      if (c < 0x20 || n == 0) return Bad("character must be escaped or is not UTF-8");
      out += text_.substr(at_, n);
      at_ += n;
    }
    if (!Take('"')) return Bad("string has no end");
    return out;
  }
  // The only escapes that RFC 8785 writes: the two-letter ones, and \u00xx for other controls.
  Result<char> ReadEscape() {
    static constexpr std::string_view kLetters = "\"\\bfnrt", kMeanings = "\"\\\b\f\n\r\t";
    const std::string_view rest = text_.substr(at_ + 1, 5);
    const size_t letter = rest.empty() ? std::string_view::npos : kLetters.find(rest[0]);
    if (letter != std::string_view::npos) {
      at_ += 2;
      return kMeanings[letter];
    }
    for (int c = 0; c < 0x20; ++c) {
      if (rest != fmt::format("u{:04x}", c)) continue;
      if (kMeanings.find(static_cast<char>(c)) != std::string_view::npos) break;
      at_ += 6;
      return static_cast<char>(c);
    }
    return Bad("escape is not the canonical one");
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::string> WriteJsonString(std::string_view text) {
  if (!IsUtf8(text)) return Refuse("text " + Quote(text) + " is not UTF-8");
  return JsonString(text);
}

Result<std::string> WriteJson(const Json& json) {
  Writer writer;
  ASSAY_TRY(writer.Write(json, 0));
  return writer.Take();
}

Result<Json> ReadJson(std::string_view text) { return Reader(text).ReadWhole(); }

Result<int64_t> IntegerAt(const JsonObject& object, std::string_view key) {
  const auto it = object.find(key);
  if (it == object.end() || it->second.integer() == nullptr)
    return Fail(Code::kInvalidInput, fmt::format("member {} is missing or no integer", Quote(key)));
  return *it->second.integer();
}

Result<std::string> TextAt(const JsonObject& object, std::string_view key) {
  const auto it = object.find(key);
  if (it == object.end() || it->second.text() == nullptr)
    return Fail(Code::kInvalidInput, fmt::format("member {} is missing or no text", Quote(key)));
  return *it->second.text();
}

}  // namespace assay::proof
