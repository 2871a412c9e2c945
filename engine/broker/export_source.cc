// Addresses, names, ranges and markers of host "blob".
#include "broker/export_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "model/manifest.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxName = 1024;    // what the service allows
constexpr size_t kMaxParts = 17;     // as export_folder.h: 16 folders and the file
constexpr size_t kMaxMarker = 4096;  // markers of the service are some hundred bytes
constexpr std::string_view kOpen = "<NextMarker>", kClose = "</NextMarker>";

tl::unexpected<Error> Bad(std::string why) {
  return Fail(Code::kInvalidInput, "cost export: container " + std::move(why));
}

/// What Azure takes for the name of a container.
bool IsContainerName(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '$';
  });
}

std::optional<uint64_t> NumberOf(std::string_view digits) {
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  if (digits.empty() || digits.size() > 15 || (digits.size() > 1 && digits[0] == '0'))
    return std::nullopt;
  const auto read = std::from_chars(digits.data(), end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

tl::unexpected<Error> Short(std::string why) {
  return Fail(Code::kUnavailable, "range: " + std::move(why));
}

/// "bytes 0-99/1000" or "bytes=0-99"; total 0 when it is not said.
struct Span {
  uint64_t first = 0, last = 0, total = 0;
};

std::optional<Span> SpanOf(std::string_view text) {
  text.remove_prefix(std::min<size_t>(text.size(), 6));
  const size_t dash = text.find('-'), slash = std::min(text.find('/'), text.size());
  if (dash == text.npos || dash > slash) return std::nullopt;
  const auto first = NumberOf(text.substr(0, dash));
  const auto last = NumberOf(text.substr(dash + 1, slash - dash - 1));
  const auto total =
      slash == text.size() ? std::optional<uint64_t>(0) : NumberOf(text.substr(slash + 1));
  if (!first || !last || !total || *last < *first) return std::nullopt;
  return Span{*first, *last, *total};
}

}  // namespace

bool IsFolder(const ExportSource& exports) { return !exports.folder.empty(); }

Result<Url> ContainerUrl(const Cloud& cloud) {
  if (IsFolder(cloud.exports)) {
    Url url;
    url.host = kFolderHost;
    url.path = "/local";
    return url;
  }
  const std::string& text = cloud.exports.container;
  if (text.empty())
    return Fail(Error{Code::kUnsupported,
                      "no cost export is configured for this tenant",
                      {},
                      "name it in assay.toml:  cost = { path = \"...\" }  or  cost = { container = "
                      "\"https://...\" }",
                      {},
                      {}});
  const size_t scheme = text.find("://");
  const size_t slash = scheme == text.npos ? text.npos : text.find('/', scheme + 3);
  if (slash == text.npos) return Bad("address has no name of a container at its end");
  ASSAY_ASSIGN(Url url, ParseBaseUrl(text.substr(0, slash)));
  const std::string_view name = std::string_view(text).substr(slash + 1);
  if (!IsContainerName(name)) return Bad(Quote(name, 80) + " is not a container's name");
  if (!cloud.blob.empty()) {
    ASSAY_ASSIGN(const Url own, ParseBaseUrl(cloud.blob));
    if (!url.SameOrigin(own)) return Bad("is not at the storage address of the tenant's cloud");
  } else if (!url.tls || url.port != 443 || !url.host.ends_with("." + cloud.blob_suffix)) {
    return Bad("is not an account of " + cloud.blob_suffix + " over https");
  }
  url.path = "/" + std::string(name);
  return url;
}

void RestoreExports(Cloud& cloud, const std::string& url, const std::string& prefix) {
  cloud.exports = {};
  const size_t slash = url.rfind('/');
  if (slash == url.npos) return;
  if (url.find(kFolderHost) != url.npos) {
    cloud.exports.folder = "local";
    return;
  }
  cloud.blob = url.substr(0, slash);
  cloud.exports.container = url;
  cloud.exports.prefix = prefix;
}

Result<Url> BaseOf(const Cloud& cloud, ServiceHost host) {
  if (host == ServiceHost::kGraph) return ParseBaseUrl(cloud.graph);
  if (host == ServiceHost::kArm) return ParseBaseUrl(cloud.arm);
  ASSAY_ASSIGN(Url url, ContainerUrl(cloud));
  url.path.clear();
  return url;
}

Status CheckBlobName(const ExportSource& exports, std::string_view name) {
  if (name.empty() || name.size() > kMaxName)
    return Fail(Code::kInvalidInput, "name of a file is empty or longer than 1024 bytes");
  if (!IsUtf8(name) || std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
      }))
    return Fail(Code::kInvalidInput, "name of a file holds a character that no export has");
  const auto parts = Split(name, '/');
  if (parts.size() > kMaxParts ||
      std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
        return part.find_first_not_of('.') == part.npos || part.find("..") != part.npos;
      }))
    return Fail(Code::kInvalidInput, "name of a file holds an empty or dot segment");
  if (!IsFolder(exports) && !name.starts_with(exports.prefix))
    return Fail(Code::kDenied, "file is not below the prefix that the configuration names");
  return {};
}

Result<std::string> RangeAt(std::string_view offset) {
  const auto first = NumberOf(offset);
  if (!first || *first % kRangeBytes != 0)
    return Fail(Code::kInvalidInput,
                fmt::format("offset is not a multiple of {} in digits", kRangeBytes));
  return fmt::format("bytes={}-{}", *first, *first + kRangeBytes - 1);
}

Status CheckRangeAnswer(std::string_view range, const HttpHead& head, uint64_t body_bytes) {
  const auto asked = SpanOf(range);
  ASSAY_ASSERT(asked.has_value(), "ranges are written by RangeAt");
  if (head.status == 200) {
    // The whole file, from a server that knows no ranges.
    if (asked->first == 0 && body_bytes <= asked->last + 1) return {};
    return Short("the service sent the whole file instead");
  }
  const auto got = SpanOf(head.Find("Content-Range").value_or(""));
  if (!got || got->total == 0) return Short("the answer does not say which bytes it holds");
  const uint64_t last = std::min(asked->last, got->total - 1);
  if (got->first != asked->first || got->last != last || body_bytes != last - got->first + 1)
    return Short("the answer holds other bytes than were asked for");
  return {};
}

Result<std::string> ExtractMarker(ByteSpan body, uint64_t offset, uint64_t length) {
  const auto refuse = [](const char* why) {
    return Fail(Code::kDenied, std::string("continuation marker: ") + why);
  };
  if (offset > body.size() || length > body.size() - offset)
    return refuse("range is outside the body");
  std::string_view text = AsText(body).substr(offset, length);
  if (!text.starts_with(kOpen) || !text.ends_with(kClose) ||
      text.size() <= kOpen.size() + kClose.size() ||
      text.size() > kMaxMarker + kOpen.size() + kClose.size())
    return refuse("range is not a NextMarker element");
  text = text.substr(kOpen.size(), text.size() - kOpen.size() - kClose.size());
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    size_t taken = 1;
    if (c == '<' || c == '>' || static_cast<unsigned char>(c) <= 0x20)
      return refuse("holds a character that no marker has");
    out += c;
    if (c == '&') {
      const auto at =
          std::find_if(std::begin(kEntities), std::end(kEntities),
                       [&](const auto& entity) { return text.starts_with(entity.first); });
      if (at == std::end(kEntities)) return refuse("holds an unknown entity");
      out.back() = at->second;
      taken = at->first.size();
    }
    text.remove_prefix(taken);
  }
  if (!IsUtf8(out)) return refuse("is not UTF-8");
  return out;
}

}  // namespace assay::broker
