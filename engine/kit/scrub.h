// Answers without what is personal: for fixtures that leave the place where they were recorded.
// The same value becomes the same invented one everywhere, so that what belongs together still
// does.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace assay::kit {

/// What a recording knows to be personal, and what it needs as it is. Not thread-safe.
class Scrubber {
 public:
  /// `value` stood in a personal column. Of a time the day is kept.
  void AddPersonal(std::string_view value);
  /// `value` stood in a column that is not personal: kept when nothing else says that it must go.
  void AddPlain(std::string_view value);

  /// A body with other strings. GUIDs, mail addresses, IP addresses, tokens and personal values are
  /// always replaced, in names of members too. `strict` (answers that the manifest calls personal,
  /// and everything under --redact): so are texts under names such as displayName, and every text
  /// that is not emitted into a plain column and does not look like a word of the service. Numbers:
  /// those of personal columns, under personal names, and of nine digits and more are invented, in
  /// strict answers fine fractions (places) are 0; a number of a plain column stays. What is no
  /// JSON becomes an empty object.
  std::string Body(std::string_view body, bool strict);
  /// A value outside a body: the parameter of a request.
  std::string Text(std::string_view value);

 private:
  std::string Value(std::string_view key, std::string_view raw, bool strict);
  std::string Number(std::string_view key, std::string_view number, bool strict);
  std::string InventedNumber(std::string_view number);
  std::string Patterns(std::string_view text);
  std::string Invented(std::string_view value);
  std::string Guid(std::string_view guid);

  std::set<std::string> personal_, plain_, times_;
  std::map<std::string, std::string> invented_, guids_, numbers_;
};

}  // namespace assay::kit
