// Reads the manifest of the samples and sorts them to endpoints.
#include "demo/sample_catalogue.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/files.h"
#include "base/text.h"

namespace assay::demo {
namespace {

constexpr std::string_view kGraphHost = "graph.microsoft.com";

Host HostOfPath(std::string_view path) {
  std::string lower = AsciiLower(path.substr(0, 6));
  return lower == "/v1.0/" || lower == "/beta/" ? Host::kGraph : Host::kArm;
}

/// A sample's URL: absolute, or only path and query as ARM's examples are noted.
struct SampleUrl {
  Host host = Host::kArm;
  std::string path;
};

SampleUrl ParseSampleUrl(std::string_view url) {
  SampleUrl parsed;
  url = url.substr(0, url.find('?'));
  if (size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    std::string_view rest = url.substr(scheme + 3);
    size_t slash = rest.find('/');
    if (EqualsIgnoreCase(rest.substr(0, slash), kGraphHost)) parsed.host = Host::kGraph;
    url = slash == std::string_view::npos ? "/" : rest.substr(slash);
  }
  parsed.path = std::string(url);
  return parsed;
}

struct Columns {
  size_t file = 0, what = 0, method = 0, url = 0;
};

Result<Columns> FindColumns(std::string_view header, const std::string& name) {
  auto cells = Split(Trim(header), '\t');
  auto find = [&](std::string_view wanted) -> Result<size_t> {
    for (size_t i = 0; i < cells.size(); ++i) {
      if (cells[i] == wanted) return i;
    }
    return Fail(Code::kInvalidInput, fmt::format("{}:1: column {} is missing", name, wanted));
  };
  Columns columns;
  ASSAY_ASSIGN(columns.file, find("file"));
  ASSAY_ASSIGN(columns.method, find("method"));
  ASSAY_ASSIGN(columns.url, find("url"));
  columns.what = columns.file + 1;
  return columns;
}

/// Answers other than 200 say so in the second column.
bool IsSuccess(std::string_view what) {
  size_t at = what.find("HTTP ");
  return at == std::string_view::npos || what.substr(at + 5, 3) == "200";
}

}  // namespace

Result<std::vector<SampleTemplate>> ParseEndpointTable(std::string_view text) {
  std::vector<SampleTemplate> templates;
  size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    line = Trim(line);
    if (line.empty() || line.front() == '#') continue;
    auto cells = Split(line, '\t');
    if (cells.size() != 3 || !cells[2].starts_with('/')) {
      return Fail(Code::kInvalidInput,
                  fmt::format("endpoint table:{}: expected id, method and path with tabs "
                              "between them, got {}",
                              number, Quote(line)));
    }
    templates.push_back({std::string(cells[0]),
                         std::string(cells[1]),
                         HostOfPath(cells[2]),
                         std::string(cells[2]),
                         {}});
  }
  return templates;
}

bool FitsTemplate(std::string_view pattern, std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  auto wanted = Split(pattern, '/'), actual = Split(path, '/');
  if (wanted.size() != actual.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    bool any = wanted[i].starts_with('{') && wanted[i].ends_with('}') && !actual[i].empty();
    if (!any && !EqualsIgnoreCase(wanted[i], actual[i])) return false;
  }
  return true;
}

bool FitsWidely(std::string_view pattern, std::string_view path) {
  auto tail = [](std::string_view text) -> std::string_view {
    if (HostOfPath(text) == Host::kGraph) return text.substr(text.find('/', 1));
    size_t at = AsciiLower(text).rfind("/providers/");
    return at == std::string::npos ? text : text.substr(at);
  };
  return FitsTemplate(tail(pattern), tail(path));
}

Result<SampleCatalogue> SampleCatalogue::Load(const std::filesystem::path& folder,
                                              std::vector<SampleTemplate> templates, bool wide) {
  auto name = (folder / "MANIFEST.tsv").string();
  ASSAY_ASSIGN(ByteVector bytes, ReadFile(name));
  auto lines = Split(AsText(bytes), '\n');
  ASSAY_ASSIGN(Columns columns, FindColumns(lines[0], name));
  SampleCatalogue catalogue(folder, std::move(templates));
  for (size_t i = 1; i < lines.size(); ++i) {
    auto cells = Split(lines[i], '\t');
    if (cells.size() > columns.url) catalogue.files_.push_back(folder / cells[columns.file]);
  }
  auto add = [&](bool exact) {
    for (size_t i = 1; i < lines.size(); ++i) {
      auto cells = Split(lines[i], '\t');
      if (cells.size() <= columns.url || !IsSuccess(cells[columns.what])) continue;
      SampleUrl url = ParseSampleUrl(cells[columns.url]);
      std::string path = PercentDecode(url.path, false);
      for (SampleTemplate& candidate : catalogue.templates_) {
        if (candidate.host != url.host || candidate.method != cells[columns.method]) continue;
        bool fits = FitsTemplate(candidate.path, path);
        if (fits == exact && (exact || FitsWidely(candidate.path, path))) {
          candidate.bodies.push_back(folder / cells[columns.file]);
        }
      }
    }
  };
  add(true);
  if (wide) add(false);
  return catalogue;
}

const SampleTemplate* SampleCatalogue::Match(Host host, std::string_view method,
                                             std::string_view path) const {
  for (const SampleTemplate& candidate : templates_) {
    if (candidate.host == host && candidate.method == method &&
        FitsTemplate(candidate.path, path)) {
      return &candidate;
    }
  }
  return nullptr;
}

}  // namespace assay::demo
