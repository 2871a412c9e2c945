#include "kit/fixture.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "config/fixture_file.h"

namespace assay::kit {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPage = 64u << 20;  // as the broker's own bound
constexpr unsigned kMaxPages = 1000;

Result<std::string> ReadPage(const fs::path& folder, const std::string& name) {
  if (name.empty() || name.find('/') != name.npos || name.starts_with('.'))
    return Fail(Code::kInvalidInput, fmt::format("{}: page {} is not the name of a file beside it",
                                                 folder.string(), Quote(name, 80)));
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(folder / name, kMaxPage));
  return std::string(AsText(bytes));
}

bool Knows(const Manifest& manifest, const std::string& endpoint) {
  return std::any_of(manifest.endpoints.begin(), manifest.endpoints.end(),
                     [&](const EndpointSpec& e) { return e.id == endpoint; });
}

Status CheckNames(const fs::path& folder, const Fixture& fixture, const Manifest& manifest) {
  for (const FixtureAnswer& answer : fixture.answers)
    if (!Knows(manifest, answer.endpoint))
      return Fail(Code::kInvalidInput,
                  fmt::format("{}: endpoint {} is not in the manifest",
                              (folder / "fixture.toml").string(), Quote(answer.endpoint, 80)));
  for (const auto& [dataset, expected] : fixture.expect)
    if (std::none_of(manifest.datasets.begin(), manifest.datasets.end(),
                     [&, id = dataset](const DatasetSpec& d) { return d.id == id; }))
      return Fail(Code::kInvalidInput,
                  fmt::format("{}: dataset {} is not in the manifest",
                              (folder / "fixture.toml").string(), Quote(dataset, 80)));
  return {};
}

/// <endpoint>.json, <endpoint>.2.json, ... (.xml for listings of a container); nothing when the
/// first is not there.
Status AddFiles(const fs::path& folder, const EndpointSpec& spec, Fixture& fixture) {
  const std::string& endpoint = spec.id;
  const char* extension = spec.paging == Paging::kMarkerXml ? "xml" : "json";
  FixtureAnswer answer;
  answer.endpoint = endpoint;
  for (unsigned page = 1; page <= kMaxPages; ++page) {
    const std::string name = page == 1 ? fmt::format("{}.{}", endpoint, extension)
                                       : fmt::format("{}.{}.{}", endpoint, page, extension);
    if (!fs::exists(folder / name)) break;
    ASSAY_ASSIGN(answer.pages.emplace_back(), ReadPage(folder, name));
  }
  if (!answer.pages.empty()) fixture.answers.push_back(std::move(answer));
  return {};
}

}  // namespace

Result<Fixture> LoadFixture(const fs::path& folder, const Manifest& manifest) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return Fail(Code::kNotFound, "fixture " + folder.string() + ": is not a folder");
  Fixture fixture;
  const fs::path file = folder / "fixture.toml";
  if (fs::exists(file, error)) {
    ASSAY_ASSIGN(const ByteVector text, ReadFile(file, 4u << 20));
    ASSAY_ASSIGN(fixture, config::ParseFixture(AsText(text), file.string()));
    ASSAY_TRY(CheckNames(folder, fixture, manifest));
    for (FixtureAnswer& answer : fixture.answers)
      for (std::string& page : answer.pages) {
        ASSAY_ASSIGN(page, ReadPage(folder, page));
      }
  }
  fixture.name = fs::absolute(folder).lexically_normal().filename().string();
  if (fixture.name.empty()) fixture.name = folder.parent_path().filename().string();
  for (const EndpointSpec& endpoint : manifest.endpoints)
    ASSAY_TRY(AddFiles(folder, endpoint, fixture));
  return fixture;
}

Result<std::vector<std::string>> SaveFixture(const fs::path& folder, Fixture fixture,
                                             std::string_view head, std::string_view tail) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Fail(Code::kIo, folder.string() + ": " + error.message());
  std::vector<std::string> names;
  std::map<std::string, int> reads;
  for (FixtureAnswer& answer : fixture.answers) {
    const int number = ++reads[answer.endpoint];
    for (size_t page = 0; page < answer.pages.size(); ++page) {
      const std::string name = fmt::format("{}-{}-{}.json", answer.endpoint, number, page + 1);
      ASSAY_TRY(WriteFileDurably(folder / name, AsBytes(answer.pages[page]), 0644));
      answer.pages[page] = name;
      names.push_back(name);
    }
  }
  const std::string text = fmt::format("{}{}{}", head, config::FormatFixture(fixture), tail);
  ASSAY_TRY(WriteFileDurably(folder / "fixture.toml", AsBytes(text), 0644));
  names.push_back("fixture.toml");
  return names;
}

Fixture EmptyFixture(const Manifest& manifest) {
  Fixture fixture;
  fixture.name = "empty lists";
  for (const EndpointSpec& endpoint : manifest.endpoints) {
    FixtureAnswer answer;
    answer.endpoint = endpoint.id;
    answer.pages.push_back(endpoint.paging == Paging::kMarkerXml
                               ? "<EnumerationResults><Blobs/></EnumerationResults>"
                           : endpoint.paging == Paging::kSingle    ? "{}"
                           : endpoint.paging == Paging::kSkipToken ? R"({"data":[]})"
                                                                   : R"({"value":[]})");
    fixture.answers.push_back(std::move(answer));
  }
  return fixture;
}

}  // namespace assay::kit
