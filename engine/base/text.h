// Text: UTF-8 validity, splitting, edit distance, JSON string escaping. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// Bytes of the UTF-8 sequence that `text` begins with, 0 when it is not a valid one (overlong,
/// surrogate, above U+10FFFF, cut) or `text` is empty. [any thread]
size_t Utf8SequenceLength(std::string_view text);
/// Bytes at the beginning that need no look: printable ASCII, neither quote nor backslash.
/// [any thread]
size_t PlainLength(std::string_view text);
/// True when every sequence is valid. [any thread]
bool IsUtf8(std::string_view text);
/// ASCII only; other bytes are left alone. [any thread]
std::string AsciiLower(std::string_view text);
/// ASCII case ignored. [any thread]
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
/// Pieces between separators, empty ones kept; "" gives one empty piece. [any thread]
std::vector<std::string_view> Split(std::string_view text, char separator);
/// Without leading and trailing space, tab, CR and LF. [any thread]
std::string_view Trim(std::string_view text);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
/// Damerau-Levenshtein distance (optimal string alignment) of bytes. [any thread]
size_t EditDistance(std::string_view a, std::string_view b);
/// The candidate nearest to `word` within max(1, |word|/3) edits, "" when none is near enough.
std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates);
/// `text` as a JSON string literal with its quotes, RFC 8785 escaping; bytes that are not UTF-8
/// become U+FFFD. [any thread]
std::string JsonString(std::string_view text);
/// The same, behind what `out` holds. [any thread]
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace assay
