// From one JSON value to one cell: kinds are checked, never coerced; what does not fit is a fault
// with a name, and the cell stays null.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "assay/row.h"

namespace assay {

/// `raw` without the white space that simdjson leaves behind a token.
inline std::string_view TrimRight(std::string_view raw) {
  while (!raw.empty() &&
         (raw.back() == ' ' || raw.back() == '\n' || raw.back() == '\t' || raw.back() == '\r')) {
    raw.remove_suffix(1);
  }
  return raw;
}

/// Plain decimal digits of a JSON number; false when `token` is none or its exponent is beyond 40.
/// "1.5e-2" becomes "0.015": the column's text has a sign, digits and one point, nothing else.
inline bool PlainDecimal(std::string_view token, std::string& out) {
  std::string digits;
  bool negative = false;
  int point = -1;
  size_t at = 0;
  if (at < token.size() && token[at] == '-') negative = ++at != 0;
  for (; at < token.size() && (token[at] == '.' || (token[at] >= '0' && token[at] <= '9')); ++at) {
    if (token[at] != '.') {
      digits.push_back(token[at]);
    } else if (point >= 0) {
      return false;
    } else {
      point = static_cast<int>(digits.size());
    }
  }
  if (digits.empty() || digits.size() > 200) return false;
  if (point < 0) point = static_cast<int>(digits.size());
  int exponent = 0;
  if (at < token.size()) {
    if (token[at] != 'e' && token[at] != 'E') return false;
    const bool down = ++at < token.size() && token[at] == '-';
    if (at < token.size() && (token[at] == '-' || token[at] == '+')) ++at;
    if (at >= token.size() || token.size() - at > 2) return false;
    for (; at < token.size(); ++at) {
      if (token[at] < '0' || token[at] > '9') return false;
      exponent = exponent * 10 + (token[at] - '0');
    }
    if (exponent > 40) return false;
    if (down) exponent = -exponent;
  }
  point += exponent;
  if (point <= 0) digits.insert(0, static_cast<size_t>(1 - point), '0'), point = 1;
  if (point > static_cast<int>(digits.size())) digits.resize(static_cast<size_t>(point), '0');
  out = negative ? "-" : "";
  out.append(digits, 0, static_cast<size_t>(point));
  if (static_cast<size_t>(point) < digits.size()) out.append(1, '.').append(digits, point);
  return true;
}

/// True when `raw` is one well-formed JSON value of modest depth: SQLite will read it again.
inline bool IsWholeJson(std::string_view raw) {
  static thread_local simdjson::dom::parser parser;  // a plugin may have parsing threads
  if (parser.capacity() < raw.size() &&
      parser.allocate(std::max(raw.size(), size_t{4096}), 200) != simdjson::SUCCESS) {
    return false;
  }
  simdjson::dom::element element;
  return parser.parse(raw.data(), raw.size(), true).get(element) == simdjson::SUCCESS;
}

/// The name of a member; false when it is not well-formed. simdjson unescapes into a buffer that
/// holds the strings of a document once. Names are read twice, for the columns and for the item, so
/// they stay out of it: a plain name is the answer's bytes, one with an escape is made in
/// `scratch`.
inline bool NameOf(simdjson::ondemand::field& field, std::string& scratch, std::string_view& name) {
  const char* raw = field.key().raw();
  size_t length = 0;
  bool escaped = false;
  for (; raw[length] != '"'; ++length) {  // the document's strings are closed: the parser saw to it
    if (raw[length] != '\\') continue;
    escaped = true;
    ++length;
  }
  name = std::string_view(raw, length);
  if (!escaped) return true;
  static thread_local simdjson::dom::parser parser;
  const std::string quoted = "\"" + std::string(name) + "\"";
  if (parser.parse(quoted).get_string().get(name) != simdjson::SUCCESS) return false;
  scratch.assign(name);
  name = scratch;
  return true;
}

/// Bytes of an array or object; consumes the value. Empty on error.
inline std::string_view RawOf(simdjson::ondemand::value& value,
                              simdjson::ondemand::json_type type) {
  std::string_view raw;
  if (type == simdjson::ondemand::json_type::array) {
    simdjson::ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return {};
    if (array.raw_json().get(raw) != simdjson::SUCCESS) return {};
  } else {
    simdjson::ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return {};
    if (object.raw_json().get(raw) != simdjson::SUCCESS) return {};
  }
  return TrimRight(raw);
}

/// True for "2026-06-15T12:00:00Z" with or without a fraction, or with an offset: RFC 3339, a day
/// that exists. Anything else would be no time in a check, and what is no time compares as null.
inline bool IsTime(std::string_view text) {
  const auto number = [&](size_t at, size_t count) {
    int value = 0;
    for (size_t i = at; i < at + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':') {
    return false;
  }
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1) return false;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > kDays[month - 1] + (month == 2 && leap ? 1 : 0)) return false;
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  size_t at = 19;
  if (text[at] == '.') {
    const size_t first = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == first) return false;
  }
  if (at + 1 == text.size()) return text[at] == 'Z';
  if (at + 6 != text.size() || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':') {
    return false;
  }
  const int ahead = number(at + 1, 2), minutes = number(at + 4, 2);
  return ahead >= 0 && ahead <= 23 && minutes >= 0 && minutes <= 59;
}

enum class CellFault : uint8_t { kNone, kWrongType, kMalformed };

namespace detail {

inline CellFault FillNumber(Row& row, uint32_t column, simdjson::ondemand::value& value) {
  if (row.dataset().columns[column].type == CellType::kInt) {
    int64_t number = 0;
    if (value.get_int64().get(number) != simdjson::SUCCESS) return CellFault::kWrongType;
    row.Int(column, number);
    return CellFault::kNone;
  }
  const std::string_view token = value.raw_json_token();
  std::string plain;
  double checked = 0;
  if (value.get_double().get(checked) != simdjson::SUCCESS) return CellFault::kMalformed;
  if (!PlainDecimal(TrimRight(token), plain)) return CellFault::kWrongType;
  row.TextCopy(column, plain);
  return CellFault::kNone;
}

inline CellFault FillString(Row& row, uint32_t column, simdjson::ondemand::value& value,
                            bool fold) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return CellFault::kMalformed;
  if (row.dataset().columns[column].type == CellType::kTime && !IsTime(text)) {
    return text.empty() ? CellFault::kNone : CellFault::kMalformed;  // "" is how some say null
  }
  if (fold) {
    row.Folded(column, text);
  } else {
    row.Text(column, text);
  }
  return CellFault::kNone;
}

}  // namespace detail

/// Fills `column` from `value`. JSON null leaves it null and is no fault.
inline CellFault FillCell(Row& row, uint32_t column, simdjson::ondemand::value& value, bool fold) {
  using simdjson::ondemand::json_type;
  json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return CellFault::kMalformed;
  const CellType want = row.dataset().columns[column].type;
  const bool textual = want == CellType::kText || want == CellType::kTime;
  if (type == json_type::null) {
    bool null = false;
    return value.is_null().get(null) == simdjson::SUCCESS && null ? CellFault::kNone
                                                                  : CellFault::kMalformed;
  }
  if (type == json_type::string && textual) return detail::FillString(row, column, value, fold);
  if (type == json_type::boolean && want == CellType::kBool) {
    bool flag = false;
    if (value.get_bool().get(flag) != simdjson::SUCCESS) return CellFault::kMalformed;
    row.Int(column, flag ? 1 : 0);
    return CellFault::kNone;
  }
  if (type == json_type::number && (want == CellType::kInt || want == CellType::kDecimal)) {
    return detail::FillNumber(row, column, value);
  }
  if ((type == json_type::array || type == json_type::object) && want == CellType::kJson) {
    const std::string_view raw = RawOf(value, type);
    if (raw.empty() || !IsWholeJson(raw)) return CellFault::kMalformed;
    row.Text(column, raw);
    return CellFault::kNone;
  }
  return CellFault::kWrongType;
}

}  // namespace assay
