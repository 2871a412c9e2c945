#include "config/document.h"

#include "base/text.h"

namespace assay::config {
namespace {

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  for (std::string_view line : Split(text, '\n')) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

Place FromRegion(const std::string& file, const toml::source_region& region) {
  Place place{file, region.begin.line, region.begin.column, region.end.line, region.end.column};
  if (place.end_line == place.line && place.end_column <= place.column)
    place.end_column = place.column + 1;
  return place;
}

// toml++ prefixes each message with what it was doing ("Error while parsing ..."); ours are
// lower-case.
std::string OwnForm(std::string_view description) {
  std::string text(description);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

Document ParseDocument(std::string_view text, std::string file, SyntaxError& error) {
  Document document;
  document.file = std::move(file);
  if (text.size() > kMaxDocumentBytes) {
    error = {"file is larger than 8 MiB", {document.file, 1, 1, 1, 2}};
    return document;
  }
  document.lines = SplitLines(text);
  try {
    document.root = toml::parse(text);
    document.valid = true;
  } catch (const toml::parse_error& e) {
    error = {OwnForm(e.description()), FromRegion(document.file, e.source())};
  } catch (const std::exception& e) {
    error = {OwnForm(e.what()), {document.file, 1, 1, 1, 2}};
  }
  return document;
}

Place PlaceOf(const Document& document, const toml::key& key) {
  return FromRegion(document.file, key.source());
}

Place PlaceOf(const Document& document, const toml::node& node) {
  return FromRegion(document.file, node.source());
}

std::string_view LineOf(const Document& document, uint32_t line) {
  if (line == 0 || line > document.lines.size()) return {};
  return document.lines[line - 1];
}

}  // namespace assay::config
