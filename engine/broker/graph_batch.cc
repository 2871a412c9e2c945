// The form of the body, written and checked apart; the answer cut into answers.
#include "broker/graph_batch.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "broker/json_scan.h"

namespace assay::broker {
namespace {

constexpr std::string_view kBatch = "/$batch";
constexpr size_t kMaxDepth = 100;

tl::unexpected<Error> Deny(const std::string& why) { return Fail(Code::kDenied, "batch: " + why); }

tl::unexpected<Error> Bad(const std::string& why) {
  return Fail(Code::kCorrupt, "answer to a batch: " + why);
}

/// "/v1.0" or "/beta"; empty for any other path.
std::string_view VersionOf(std::string_view path) {
  for (const std::string_view version : {"/v1.0", "/beta"})
    if (path.starts_with(version) && path.substr(version.size()).starts_with('/')) return version;
  return {};
}

bool IsTargetChar(char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '#'; }

/// Takes `word` from the front of `text`.
bool Eat(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// {"headers":{"client-request-id":"GUID"},"id":"1","method":"GET","url":"/users/x"}
bool EatPart(std::string_view& text, size_t number) {
  constexpr size_t kGuid = 36;
  if (!Eat(text, R"({"headers":{"client-request-id":")") || !IsGuid(text.substr(0, kGuid)))
    return false;
  text.remove_prefix(kGuid);
  if (!Eat(text, R"("},"id":")") || !Eat(text, std::to_string(number)) ||
      !Eat(text, R"(","method":"GET","url":")"))
    return false;
  const auto end = std::find_if_not(text.begin(), text.end(), IsTargetChar);
  const std::string_view target = text.substr(0, static_cast<size_t>(end - text.begin()));
  if (!target.starts_with('/') || target.starts_with("//") || target.size() > kMaxUrlBytes)
    return false;
  if (target.substr(0, target.find('?')).find("$batch") != target.npos) return false;
  text.remove_prefix(target.size());
  return Eat(text, "\"}");
}

bool IsBatchBody(std::string_view text) {
  if (!Eat(text, R"({"requests":[)")) return false;
  size_t parts = 0;
  do {
    if (++parts > kMostInBatch || !EatPart(text, parts)) return false;
  } while (Eat(text, ","));
  return text == "]}";
}

bool IsTokenChar(char c) {
  return IsTargetChar(c) && std::string_view("(),/:;<=>?@[]{}").find(c) == std::string_view::npos;
}

/// Fields of an answer inside; those that could not stand in a head are left out.
bool TakeFields(JsonScan& scan, HttpHead& head) {
  return scan.Object([&](const std::string& name) {
    const bool text = scan.Peek() == '"';
    const auto raw = scan.Value();
    if (!raw) return false;
    const std::string value =
        text ? JsonScan(*raw, 1).Text().value_or("\n") : std::string(raw->substr(0, 32));
    const bool fine =
        !name.empty() && std::all_of(name.begin(), name.end(), IsTokenChar) &&
        std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    if (fine && name.size() + value.size() <= kMaxFieldBytes && head.fields.size() < kMaxFields)
      head.fields.emplace_back(name, value);
    return true;
  });
}

/// One element of `responses`.
struct Inner {
  std::optional<std::string> id;
  std::optional<int64_t> status;
  HttpHead head;
  std::optional<std::string_view> body;
};

bool TakeInner(JsonScan& scan, Inner& out) {
  std::set<std::string> seen;
  return scan.Object([&](const std::string& name) {
    if (!seen.insert(name).second) return false;
    if (name == "headers" && scan.Peek() == '{') return TakeFields(scan, out.head);
    const auto raw = scan.Value();
    if (!raw) return false;
    if (name == "id") out.id = JsonScan(*raw, 1).Text();
    if (name == "status") out.status = JsonScan(*raw, 1).Whole();
    if (name == "body") out.body = *raw;
    return true;
  });
}

/// From 0; nothing for an id that was not given.
std::optional<size_t> PlaceOf(const Inner& inner, size_t parts) {
  if (!inner.id) return {};
  for (size_t i = 0; i < parts; ++i)
    if (*inner.id == std::to_string(i + 1)) return i;
  return {};
}

/// What came for one part, as if it had come alone; nothing when that cannot be said exactly: a
/// body that is text stands for bytes in a way that Graph does not document.
std::optional<HttpAnswer> AnswerOf(Inner inner, const HttpAnswer& whole) {
  if (!inner.status || *inner.status < 200 || *inner.status > 599) return {};
  const bool none = !inner.body || *inner.body == "null";
  if (!none && !inner.body->starts_with('{')) return {};
  if (none && *inner.status >= 200 && *inner.status < 300 && *inner.status != 204) return {};
  HttpAnswer out;
  out.head = std::move(inner.head);
  out.head.status = static_cast<uint32_t>(*inner.status);
  if (const auto date = whole.head.Find("Date"); date && !out.head.Find("Date"))
    out.head.fields.emplace_back("Date", *date);
  if (!none) out.body.assign(inner.body->begin(), inner.body->end());
  out.coding = whole.coding;
  out.tls_version = whole.tls_version;
  out.sent = whole.sent;
  out.received = whole.received;
  return out;
}

}  // namespace

Url BatchUrl(const Url& part) {
  Url out = part;
  out.path = std::string(VersionOf(part.path)) + std::string(kBatch);
  out.query.clear();
  return out;
}

Result<std::string> WriteBatch(const Url& batch, const std::vector<BatchPart>& parts) {
  const std::string_view version = VersionOf(batch.path);
  std::string out = R"({"requests":[)";
  for (size_t i = 0; i < parts.size(); ++i) {
    const Url& url = parts[i].url;
    if (version.empty() || VersionOf(url.path) != version || !url.SameOrigin(batch))
      return Deny("a read of another service or version");
    std::string target = url.path.substr(version.size());
    if (!url.query.empty()) target += "?" + url.query;
    out += (i ? "," : "") + std::string(R"({"headers":{"client-request-id":")") +
           parts[i].client_request_id + R"("},"id":")" + std::to_string(i + 1) +
           R"(","method":"GET","url":")" + target + "\"}";
  }
  out += "]}";
  if (!IsBatchBody(out)) return Deny("a read that has no place in one");
  return out;
}

Status CheckBatch(const Cloud& cloud, const HttpRequest& request) {
  ASSAY_ASSIGN(const Url base, ParseBaseUrl(cloud.graph));
  if (request.method != "POST") return Deny("method " + Quote(request.method) + " is not POST");
  if (!request.url.SameOrigin(base)) return Deny("request would leave the configured host");
  const std::string_view version = VersionOf(request.url.path);
  if (version.empty() || request.url.path != std::string(version) + std::string(kBatch) ||
      !request.url.query.empty())
    return Deny("the address is not that of a batch");
  if (!IsBatchBody(request.body)) return Deny("the body holds something that is not a plain GET");
  return {};
}

Result<std::vector<std::optional<HttpAnswer>>> ReadBatch(const HttpAnswer& whole, size_t parts) {
  std::vector<std::optional<HttpAnswer>> out(parts);
  std::vector<bool> seen(parts);
  JsonScan scan(AsText(whole.body), kMaxDepth);
  std::string wrong;
  const auto take = [&] {
    Inner inner;
    if (!TakeInner(scan, inner)) return false;
    const auto place = PlaceOf(inner, parts);
    if (!place || seen[*place]) {
      wrong = place ? "an id stands there twice" : "an id that was not asked for";
      return false;
    }
    seen[*place] = true;
    out[*place] = AnswerOf(std::move(inner), whole);
    return true;
  };
  bool found = false;
  const bool fine = scan.Object([&](const std::string& name) {
    if (name != "responses") return scan.Value().has_value();
    return !std::exchange(found, true) && scan.Array(take);
  });
  if (!wrong.empty()) return Bad(wrong);
  if (!fine || !scan.AtEnd()) return Bad("it is not well-formed");
  if (!found) return Bad("it holds no responses");
  return out;
}

}  // namespace assay::broker
