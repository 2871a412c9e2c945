#include "kit/scaffold.h"

#include <algorithm>

#include "base/files.h"
#include "base/text.h"

namespace assay::kit {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxId = 48;
constexpr size_t kMaxTemplate = 256u << 10;

/// The three spellings of the name: "sample-plugin", "sample_plugin", "SamplePlugin".
struct Spellings {
  std::string dashed, underscored, joined;

  explicit Spellings(const std::string& id) : dashed(id), underscored(id) {
    std::replace(underscored.begin(), underscored.end(), '-', '_');
    bool first = true;
    for (const char c : id) {
      if (c != '-') joined += first && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      first = c == '-';
    }
  }
};

std::string ReplaceAll(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string Renamed(std::string text, const Spellings& to) {
  static const Spellings kFrom("sample-plugin");
  text = ReplaceAll(std::move(text), kFrom.dashed, to.dashed);
  text = ReplaceAll(std::move(text), kFrom.underscored, to.underscored);
  return ReplaceAll(std::move(text), kFrom.joined, to.joined);
}

Error IoError(const fs::path& path, const std::error_code& error) {
  return Error{Code::kIo, path.string() + ": " + error.message(), {}, {}, {}, {}};
}

/// Copies one layer of the template over what is there.
Status CopyLayer(const fs::path& layer, const fs::path& target, const Spellings& names,
                 std::vector<std::string>& written) {
  std::error_code error;
  if (!fs::is_directory(layer, error))
    return Fail(
        Error{Code::kNotFound, layer.string() + ": template is not there", {}, {}, {}, {}}.Hint(
            "install assay whole: cmake --install"));
  for (fs::recursive_directory_iterator at(layer, error), end; at != end; at.increment(error)) {
    if (error) return Fail(IoError(layer, error));
    if (!at->is_regular_file()) continue;
    const std::string name = Renamed(fs::relative(at->path(), layer).generic_string(), names);
    ASSAY_ASSIGN(const ByteVector bytes, ReadFile(at->path(), kMaxTemplate));
    fs::create_directories((target / name).parent_path(), error);
    if (error) return Fail(IoError((target / name).parent_path(), error));
    const std::string text = Renamed(std::string(AsText(bytes)), names);
    ASSAY_TRY(WriteFileDurably(target / name, AsBytes(text), 0644));
    written.push_back(name);
  }
  return error ? Status(Fail(IoError(layer, error))) : Status{};
}

}  // namespace

Status CheckScaffoldId(const std::string& id) {
  const bool good = !id.empty() && id.size() <= kMaxId && id[0] >= 'a' && id[0] <= 'z' &&
                    id.back() != '-' && id.find("--") == id.npos &&
                    std::all_of(id.begin(), id.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                    });
  if (good) return {};
  return Fail(Error{
      Code::kInvalidInput, "plugin name " + Quote(id, 64) + ": cannot be an id", {}, {}, {}, {}}
                  .Hint("lower-case letters, digits and single dashes, from a letter on, at most "
                        "48: guest-review"));
}

Result<std::vector<std::string>> WriteScaffold(const ScaffoldRequest& request) {
  ASSAY_TRY(CheckScaffoldId(request.id));
  if (request.kind != "collector" && request.kind != "framework")
    return Fail(Code::kInvalidInput, "kind " + Quote(request.kind, 32) + ": unknown");
  if (request.lang != "cpp" && request.lang != "c")
    return Fail(Code::kInvalidInput, "lang " + Quote(request.lang, 32) + ": unknown");
  const fs::path target = request.parent / request.id;
  if (fs::exists(fs::symlink_status(target)))
    return Fail(
        Error{Code::kAlreadyExists, target.string() + ": is already there", {}, {}, {}, {}}.Hint(
            "choose another name, or another place with --dir"));
  const Spellings names(request.id);
  std::vector<std::string> written;
  for (const std::string& layer :
       {std::string("all"), request.kind, request.kind + "-" + request.lang})
    ASSAY_TRY(CopyLayer(request.templates / layer, target, names, written));
  std::sort(written.begin(), written.end());
  return written;
}

}  // namespace assay::kit
