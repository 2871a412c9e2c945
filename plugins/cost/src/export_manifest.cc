#include "export_manifest.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

namespace assay::cost {
namespace {

using simdjson::dom::element;

constexpr size_t kMaxFiles = 10'000;

std::string TextAt(const element& object, const char* pointer) {
  std::string_view text;
  return object.at_pointer(pointer).get(text) == simdjson::SUCCESS
             ? std::string(text.substr(0, 1024))
             : std::string();
}

/// A number, or digits in a text.
std::optional<uint64_t> CountAt(const element& object, const char* pointer) {
  uint64_t number = 0;
  if (object.at_pointer(pointer).get(number) == simdjson::SUCCESS) return number;
  const std::string text = TextAt(object, pointer);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  return number;
}

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

/// "20261101-20261130"
bool IsPeriod(std::string_view part) {
  return part.size() == 17 && part[8] == '-' && IsDigits(part.substr(0, 8)) &&
         IsDigits(part.substr(9));
}

/// Where a manifest stands: .../EXPORT/PERIOD/RUN TIME/RUN/manifest.json, where the run time may be
/// missing. Without a period in it: the folder's own.
struct Place {
  std::string_view of_export, period, run_time;
};

Place PlaceOf(std::string_view name) {
  Place place{FolderOf(name), "", ""};
  size_t begin = 0;
  for (size_t slash = name.find('/'); slash != name.npos;
       begin = slash + 1, slash = name.find('/', begin)) {
    const std::string_view part = name.substr(begin, slash - begin);
    if (IsPeriod(part)) {
      place = {name.substr(0, begin), part, ""};
    } else if (!place.period.empty() && place.run_time.empty() && part.size() == 12 &&
               IsDigits(part)) {
      place.run_time = part;
    }
  }
  return place;
}

/// Later runs compare greater.
auto AgeOf(const ListedFile& file) {
  return std::tuple(PlaceOf(file.name).run_time, file.modified, std::string_view(file.name));
}

}  // namespace

std::string_view FolderOf(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == name.npos ? std::string_view() : name.substr(0, slash + 1);
}

std::string_view BaseOf(std::string_view name) { return name.substr(FolderOf(name).size()); }

std::optional<ExportManifest> ParseExportManifest(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (json.starts_with("\xef\xbb\xbf")) json.remove_prefix(3);
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size(), true).get(root) != simdjson::SUCCESS ||
      root.get(object) != simdjson::SUCCESS)
    return std::nullopt;
  ExportManifest out;
  out.rows = CountAt(root, "/dataRowCount");
  out.files = CountAt(root, "/blobCount");
  out.bytes = CountAt(root, "/byteCount");
  out.export_name = TextAt(root, "/exportConfig/exportName");
  out.resource_id = TextAt(root, "/exportConfig/resourceId");
  out.data_version = TextAt(root, "/exportConfig/dataVersion");
  out.type = TextAt(root, "/exportConfig/type");
  out.format = TextAt(root, "/deliveryConfig/fileFormat");
  out.run_id = TextAt(root, "/runInfo/runId");
  out.submitted = TextAt(root, "/runInfo/submittedTime");
  out.start = TextAt(root, "/runInfo/startDate");
  out.end = TextAt(root, "/runInfo/endDate");
  simdjson::dom::array blobs;
  if (root["blobs"].get(blobs) != simdjson::SUCCESS) return std::nullopt;
  for (const element blob : blobs) {
    if (out.blobs.size() == kMaxFiles) return std::nullopt;
    ExportedFile file{TextAt(blob, "/blobName"), CountAt(blob, "/byteCount"),
                      CountAt(blob, "/dataRowCount")};
    if (file.name.empty()) return std::nullopt;
    out.blobs.push_back(std::move(file));
  }
  return out;
}

std::vector<ListedFile> NewestManifests(const std::vector<ListedFile>& files, size_t most) {
  std::map<std::string_view, std::map<std::string_view, const ListedFile*>> by_export;
  for (const ListedFile& file : files) {
    if (BaseOf(file.name) != "manifest.json") continue;
    const Place place = PlaceOf(file.name);
    const ListedFile*& newest = by_export[place.of_export][place.period];
    if (newest == nullptr || AgeOf(*newest) < AgeOf(file)) newest = &file;
  }
  std::vector<ListedFile> out;
  for (const auto& [name, periods] : by_export) {
    size_t skip = periods.size() - std::min(periods.size(), most);
    for (const auto& [period, file] : periods) {
      if (skip > 0) {
        --skip;
        continue;
      }
      out.push_back(*file);
    }
  }
  std::sort(out.begin(), out.end(),
            [](const ListedFile& a, const ListedFile& b) { return a.name < b.name; });
  return out;
}

}  // namespace assay::cost
