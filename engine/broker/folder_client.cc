// Listing and ranges of a folder as HTTP answers.
#include "broker/folder_client.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "broker/export_source.h"
#include "model/manifest.h"

namespace assay::broker {
namespace {

/// The file's name in "/local/a%20b/c.csv"; empty for the folder itself.
Result<std::string> NameIn(const std::string& path) {
  std::string name;
  const auto parts = Split(path, '/');
  for (size_t i = 2; i < parts.size(); ++i) {
    ASSAY_ASSIGN(const std::string part, PercentDecode(parts[i]));
    name += (name.empty() ? "" : "/") + part;
  }
  return name;
}

/// First byte of "bytes=N-M"; it was written by RangeAt.
uint64_t OffsetOf(std::string_view range) {
  uint64_t offset = 0;
  range.remove_prefix(std::min(range.size(), range.find('=') + 1));
  std::from_chars(range.data(), range.data() + range.size(), offset);
  return offset;
}

/// Files that changed or went are answers, as a container gives them; the rest is an error. Who
/// asked learns no path of this machine.
std::optional<uint32_t> StatusOf(Code code) {
  if (code == Code::kUnavailable) return 412;
  if (code == Code::kNotFound) return 404;
  return std::nullopt;
}

}  // namespace

Result<const ExportFolder*> FolderClient::Folder() {
  const std::lock_guard lock(mutex_);
  if (folder_) return &*folder_;
  auto opened = ExportFolder::Open(path_);
  if (!opened)
    return Fail(opened.error().code == Code::kUnavailable ? Code::kIo : opened.error().code,
                fmt::format("the folder of cost exports that the configuration names cannot be "
                            "opened ({})",
                            CodeName(opened.error().code)));
  folder_.emplace(std::move(*opened));
  return &*folder_;
}

HttpAnswer FolderClient::Plain(uint32_t status, std::string_view body) const {
  HttpAnswer answer;
  answer.head.status = status;
  answer.body.assign(body.begin(), body.end());
  answer.sent = answer.received = clock_.Now();
  return answer;
}

Result<HttpAnswer> FolderClient::List() {
  ASSAY_ASSIGN(const ExportFolder* folder, Folder());
  auto files = folder->List();
  if (!files) {
    // A retry would find the same: what is refused stays refused.
    if (files.error().code == Code::kUnavailable) files.error().code = Code::kIo;
    return Fail(std::move(files.error()));
  }
  return Plain(200, FormatListing(*files));
}

Result<HttpAnswer> FolderClient::Read(const HttpRequest& request) {
  ASSAY_ASSIGN(const ExportFolder* folder, Folder());
  ASSAY_ASSIGN(const std::string name, NameIn(request.url.path));
  const uint64_t offset = OffsetOf(request.range);
  std::string version = request.if_match;
  if (version.size() >= 2) version = version.substr(1, version.size() - 2);  // without quotes
  auto range = folder->Read(name, offset, kRangeBytes, version);
  if (!range) {
    if (const auto status = StatusOf(range.error().code)) return Plain(*status, "");
    return Fail(std::move(range.error()));
  }
  if (range->bytes.empty()) return Plain(416, "");
  HttpAnswer answer = Plain(206, "");
  answer.head.fields.emplace_back("ETag", "\"" + range->version + "\"");
  answer.head.fields.emplace_back(
      "Content-Range",
      fmt::format("bytes {}-{}/{}", offset, offset + range->bytes.size() - 1, range->total));
  answer.body = std::move(range->bytes);
  return answer;
}

Result<HttpAnswer> FolderClient::Send(const HttpRequest& request) {
  if (request.url.host != kFolderHost) return inner_->Send(request);
  if (inner_->cancelled()) return Fail(Code::kUnavailable, "cancelled");
  if (request.method != "GET" || !request.bearer.empty())
    return Fail(Code::kDenied, "a folder is only read, and takes no token");
  return request.range.empty() ? List() : Read(request);
}

}  // namespace assay::broker
