#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "kit/fixture.h"
#include "kit/lint_parts.h"

namespace assay::kit {
namespace {

namespace fs = std::filesystem;

bool IsAddressByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == '+';
}

bool NobodyOwns(std::string_view domain) {
  const std::string lower = AsciiLower(domain);
  for (const std::string_view reserved :
       {"example", "invalid", "test", "localhost", "example.com", "example.org", "example.net"})
    if (lower == reserved || lower.ends_with("." + std::string(reserved))) return true;
  return false;
}

/// "graph-users.2.json" -> "graph-users".
std::string EndpointOf(const fs::path& file) {
  std::string stem = file.stem().string();
  const size_t dot = stem.rfind('.');
  if (dot != stem.npos && stem.find_first_not_of("0123456789", dot + 1) == stem.npos)
    stem.resize(dot);
  return stem;
}

void LintOne(const fs::path& folder, const std::string& place, const Manifest& manifest,
             std::vector<LintNote>& notes) {
  const auto fixture = LoadFixture(folder, manifest);
  if (!fixture) {
    notes.push_back({true, "fixtures", place, fixture.error().ToString()});
    return;
  }
  const bool described = fs::exists(folder / "fixture.toml");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& file = entry.path();
    const std::string name = place + "/" + file.filename().string();
    const auto text = ReadFile(file);
    if (!text) continue;
    if (const auto real = RealAddresses(AsText(*text)); !real.empty())
      notes.push_back({true, "fixtures", name,
                       fmt::format("holds {} that may be a real person's; use .example",
                                   Quote(real.front(), 80))});
    const std::string endpoint = EndpointOf(file);
    const bool known = std::any_of(manifest.endpoints.begin(), manifest.endpoints.end(),
                                   [&](const EndpointSpec& e) { return e.id == endpoint; });
    if (file.extension() == ".json" && !known && !described)
      notes.push_back({false, "fixtures", name, "answers no endpoint of the manifest"});
  }
}

}  // namespace

std::vector<std::string> RealAddresses(std::string_view text) {
  std::vector<std::string> out;
  for (size_t at = text.find('@'); at != text.npos; at = text.find('@', at + 1)) {
    size_t begin = at, end = at + 1;
    while (begin > 0 && IsAddressByte(text[begin - 1])) --begin;
    while (end < text.size() && IsAddressByte(text[end])) ++end;
    const std::string_view domain = text.substr(at + 1, end - at - 1);
    // "@odata.nextLink" has nothing before it, "user@tenant" no dot behind it.
    if (begin == at || domain.find('.') == domain.npos || NobodyOwns(domain)) continue;
    out.emplace_back(text.substr(begin, end - begin));
  }
  return out;
}

void LintFixtures(const fs::path& folder, const Manifest& manifest, std::vector<LintNote>& notes) {
  std::vector<fs::path> folders;
  std::error_code error;
  bool itself = false;  // answers that lie in fixtures/ are a fixture without a name
  for (const auto& entry : fs::directory_iterator(folder / "fixtures", error)) {
    if (entry.is_directory()) folders.push_back(entry.path());
    itself = itself || entry.path().extension() == ".json";
  }
  if (itself) LintOne(folder / "fixtures", "fixtures", manifest, notes);
  std::sort(folders.begin(), folders.end());
  if (folders.empty() && !itself)
    notes.push_back(
        {false, "fixtures", "fixtures/", "no fixture: nobody can try it without a tenant"});
  for (const fs::path& one : folders)
    LintOne(one, "fixtures/" + one.filename().string(), manifest, notes);
}

}  // namespace assay::kit
