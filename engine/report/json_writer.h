// Writes JSON as it goes: commas, quoting and nesting are its business, so that output is always
// well-formed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::report {

/// Values inside an object follow a Key. Misuse (a value without key, an end without begin) is a
/// bug and aborts. [one thread]
class JsonWriter {
 public:
  /// `indent` 0 writes one line.
  explicit JsonWriter(int indent = 0) : indent_(indent) {}

  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view name);

  JsonWriter& String(std::string_view value);  ///< bytes that are not UTF-8 become U+FFFD
  JsonWriter& Int(int64_t value);
  JsonWriter& Uint(uint64_t value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  /// A value that is JSON already; not checked.
  JsonWriter& Raw(std::string_view json);
  JsonWriter& Strings(const std::vector<std::string>& values);

  JsonWriter& Member(std::string_view name, std::string_view value) {
    return Key(name).String(value);
  }
  JsonWriter& Member(std::string_view name, const char* value) { return Key(name).String(value); }
  JsonWriter& Member(std::string_view name, int64_t value) { return Key(name).Int(value); }
  JsonWriter& Member(std::string_view name, uint64_t value) { return Key(name).Uint(value); }
  JsonWriter& Member(std::string_view name, int value) { return Key(name).Int(value); }
  JsonWriter& Member(std::string_view name, uint32_t value) { return Key(name).Uint(value); }
  JsonWriter& Member(std::string_view name, bool value) { return Key(name).Bool(value); }

  /// The document; everything must be closed.
  std::string Take();

 private:
  struct Level {
    char close;
    bool empty = true, has_key = false;
  };
  void BeforeValue();
  void Close(char close);
  void NewLine();

  int indent_;
  std::string out_;
  std::vector<Level> levels_;
};

}  // namespace assay::report
