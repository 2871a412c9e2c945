// Public sample answers, found by the endpoint whose path template their URL fits. For tests only.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "demo/http.h"

namespace assay::demo {

/// A read that collectors know: id, method, service and path with {placeholders}.
struct SampleTemplate {
  std::string id;
  std::string method;
  Host host = Host::kGraph;
  std::string path;  ///< "/v1.0/users", "/subscriptions/{subscriptionId}/..."
  std::vector<std::filesystem::path> bodies;  ///< samples in the order of the manifest
};

/// Lines "endpoint-id TAB method TAB path"; Graph paths begin with /v1.0/ or /beta/. Empty lines
/// and lines that begin with '#' are skipped. kInvalidInput names the line.
Result<std::vector<SampleTemplate>> ParseEndpointTable(std::string_view text);

/// True when `path` (without query) has the segments of `pattern`: case ignored, "{x}" takes any
/// one.
bool FitsTemplate(std::string_view pattern, std::string_view path);

/// The same with less care: Graph versions are not told apart, and an ARM list is known by what
/// follows its last "/providers/", whatever scope it was asked at. Brings shapes that no exact
/// sample has.
bool FitsWidely(std::string_view pattern, std::string_view path);

/// The samples of a folder with MANIFEST.tsv, sorted to the templates. Immutable. [any thread]
class SampleCatalogue {
 public:
  /// kNotFound without the manifest, kInvalidInput when it lacks the columns file, method and url.
  /// `wide` adds, after the exact ones, samples that fit widely.
  static Result<SampleCatalogue> Load(const std::filesystem::path& folder,
                                      std::vector<SampleTemplate> templates, bool wide = false);
  /// The template that a request fits, or nullptr. Several endpoints on one path share the first's
  /// samples.
  const SampleTemplate* Match(Host host, std::string_view method, std::string_view path) const;
  const std::vector<SampleTemplate>& templates() const { return templates_; }
  /// Every file of the manifest in its order, answers to an endpoint or not.
  const std::vector<std::filesystem::path>& files() const { return files_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  SampleCatalogue(std::filesystem::path folder, std::vector<SampleTemplate> templates)
      : folder_(std::move(folder)), templates_(std::move(templates)) {}
  std::filesystem::path folder_;
  std::vector<SampleTemplate> templates_;
  std::vector<std::filesystem::path> files_;
};

}  // namespace assay::demo
