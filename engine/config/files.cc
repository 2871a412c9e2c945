#include "config/files.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "config/secrets.h"

namespace assay::config {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 2000;

bool HasGlob(const fs::path& path) {
  return path.string().find_first_of("*?[") != std::string::npos;
}

// True when `path`, links resolved, lies in `folder`.
bool LiesIn(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return true;  // reading it will say what is wrong
  const fs::path base = fs::canonical(folder, error);
  const auto [end, rest] = std::mismatch(base.begin(), base.end(), real.begin(), real.end());
  return !error && end == base.end();
}

class Reader {
 public:
  Reader(const fs::path& file, Report& report) : main_(file), report_(report) {
    folder_ = main_.has_parent_path() ? main_.parent_path() : fs::path(".");
  }

  Documents Read() {
    if (!Add(main_, {main_.string(), 0, 0, 0, 0})) return std::move(documents_);
    const toml::node_view<toml::node> include = documents_[0]->root["instance"]["include"];
    if (include.is_array())
      for (const toml::node& item : *include.as_array())
        if (item.is_string()) Include(item.as_string()->get(), PlaceOf(*documents_[0], item));
    for (size_t i = 1; i < documents_.size(); ++i) RefuseInclude(*documents_[i]);
    return std::move(documents_);
  }

 private:
  // False when nothing could be read; a syntax error still gives a document, for its lines.
  bool Add(const fs::path& path, const Place& asked) {
    auto bytes = ReadFile(path, kMaxDocumentBytes);
    if (!bytes) {
      Diagnostic& d = report_.Error("AS-CFG-006", asked, bytes.error().ToString());
      if (asked.line == 0) d.notes.push_back("help: assay init writes one, -C FILE names one");
      return false;
    }
    SyntaxError error;
    documents_.push_back(
        std::make_unique<Document>(ParseDocument(AsText(*bytes), path.string(), error)));
    Document& document = *documents_.back();
    ScanSecrets(document, report_);
    if (!document.valid) ReportSyntax(document, error);
    return true;
  }

  void ReportSyntax(const Document& document, const SyntaxError& error) {
    const bool sensitive = HideSecretsOfLine(document, error.place.line, report_);
    report_.Error("AS-CFG-003", error.place,
                  sensitive ? "this line is not valid TOML" : "not valid TOML: " + error.message);
  }

  void Include(const std::string& pattern, const Place& place) {
    const fs::path relative(pattern);
    const bool up =
        std::any_of(relative.begin(), relative.end(), [](const fs::path& p) { return p == ".."; });
    if (pattern.empty() || relative.is_absolute() || up || HasGlob(relative.parent_path())) {
      report_
          .Error("AS-CFG-007", place,
                 fmt::format("include {} leaves the folder of the configuration", Quote(pattern)))
          .caret_note =
          "write a path below it such as \"conf.d/*.toml\", with * in the file name only";
      return;
    }
    for (const fs::path& path : Matches(relative)) {
      if (!LiesIn(path, folder_)) {
        report_
            .Error("AS-CFG-007", place,
                   fmt::format("include {} leaves the folder of the configuration",
                               Quote(path.string())))
            .caret_note = "it is a link to a place outside";
      } else if (documents_.size() >= kMaxFiles) {
        report_.Error("AS-CFG-007", place,
                      fmt::format("more than {} files are included", kMaxFiles));
        return;
      } else if (seen_.insert(path.string()).second) {
        Add(path, place);
      }
    }
  }

  std::vector<fs::path> Matches(const fs::path& relative) const {
    if (!HasGlob(relative)) return {Below(relative)};
    std::vector<fs::path> out;
    std::error_code error;
    const fs::path folder = folder_ / relative.parent_path();
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename().string();
      if (fnmatch(relative.filename().c_str(), name.c_str(), FNM_PERIOD) == 0)
        out.push_back(Below(relative.parent_path() / name));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  // As people would write it: "tenants.d/a.toml" beside "assay.toml".
  fs::path Below(const fs::path& relative) const {
    return main_.has_parent_path() ? folder_ / relative : relative;
  }

  void RefuseInclude(const Document& document) {
    const toml::table* instance = document.root["instance"].as_table();
    if (instance == nullptr) return;
    for (const auto& [key, node] : *instance)
      if (key.str() == "include")
        report_.Error("AS-CFG-007", PlaceOf(document, key), "include stands in the main file only");
  }

  fs::path main_, folder_;
  Report& report_;
  Documents documents_;
  std::set<std::string> seen_;
};

}  // namespace

Documents ReadDocuments(const fs::path& file, Report& report) {
  return Reader(file, report).Read();
}

}  // namespace assay::config
