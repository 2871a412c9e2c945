// Template filling, type checks and the closed list of methods.
#include "broker/url_policy.h"

#include <algorithm>

#include "base/text.h"
#include "base/utc_time.h"
#include "broker/content_policy.h"
#include "broker/export_source.h"
#include "broker/read_posts.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxParamBytes = 512;
// What services expect unencoded in OData option values; none of it can end or split a parameter.
constexpr std::string_view kQueryKeep = "$,()':=@/*!";

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool AllIn(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return IsAlnum(c) || extra.find(c) != extra.npos; });
}

uint32_t DecodeUtf8(std::string_view sequence) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return at(0);
  uint32_t value = at(0) & (0xffu >> (sequence.size() + 1));
  for (size_t i = 1; i < sequence.size(); ++i) value = value << 6 | (at(i) & 0x3f);
  return value;
}

/// Letters of living scripts. Left out: every block with characters that a service may normalise to
/// a dot, slash or percent sign (full-width forms, punctuation, letter-like symbols).
bool IsPlainLetter(uint32_t c) {
  return (c >= 0xc0 && c <= 0x1fff && c != 0xd7 && c != 0xf7 && c != 0x37e) ||
         (c >= 0x3041 && c <= 0x30fa) || (c >= 0x3400 && c <= 0x9fff) ||
         (c >= 0xac00 && c <= 0xd7a3);
}

Status CheckSegmentText(std::string_view value) {
  constexpr std::string_view kPunctuation = "-._~()@!$',:=+*&";
  while (!value.empty()) {
    const size_t length = Utf8SequenceLength(value);
    if (length == 0) return Fail(Code::kInvalidInput, "it is not UTF-8");
    const bool fine = length == 1
                          ? IsAlnum(value[0]) || kPunctuation.find(value[0]) != kPunctuation.npos
                          : IsPlainLetter(DecodeUtf8(value.substr(0, length)));
    if (!fine)
      return Fail(Code::kInvalidInput, "character " + Quote(value.substr(0, length)) +
                                           " is not allowed in a path segment");
    value.remove_prefix(length);
  }
  return {};
}

std::string Where(const EndpointSpec& spec) { return "endpoint " + Quote(spec.id); }

tl::unexpected<Error> Deny(const EndpointSpec& spec, const std::string& why) {
  return Fail(Code::kDenied, Where(spec) + ": " + why);
}

const std::string* FindParam(const Params& params, std::string_view name) {
  for (const auto& [key, value] : params)
    if (key == name) return &value;
  return nullptr;
}

Status CheckParams(const EndpointSpec& spec, const Params& params) {
  for (size_t i = 0; i < params.size(); ++i) {
    const std::string& name = params[i].first;
    const auto declared = std::find_if(spec.params.begin(), spec.params.end(),
                                       [&](const ParamSpec& p) { return p.name == name; });
    if (declared == spec.params.end())
      return Fail(Code::kInvalidInput, Where(spec) + ": unknown parameter " + Quote(name));
    if (FindParam(params, name) != &params[i].second)
      return Fail(Code::kInvalidInput, Where(spec) + ": parameter " + Quote(name) + " given twice");
    // Names of files and offsets are judged where they are used, beside the configuration.
    if (declared->type == ParamType::kBlob || declared->type == ParamType::kOffset) continue;
    if (Status fits = CheckParam(*declared, params[i].second); !fits)
      return Fail(std::move(fits.error()).Context(Where(spec)));
  }
  for (const ParamSpec& declared : spec.params)
    if (!FindParam(params, declared.name))
      return Fail(Code::kInvalidInput,
                  Where(spec) + ": parameter " + Quote(declared.name) + " is missing");
  return {};
}

const ParamSpec* FindSpec(const EndpointSpec& spec, std::string_view name) {
  for (const ParamSpec& param : spec.params)
    if (param.name == name) return &param;
  return nullptr;
}

/// "{name}" as a whole segment gives name, else nothing.
std::string_view PlaceholderName(std::string_view segment) {
  if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}') return {};
  return segment.substr(1, segment.size() - 2);
}

Status AddSegment(const EndpointSpec& spec, const Params& params, std::string_view segment,
                  Plan& plan) {
  if (const std::string_view name = PlaceholderName(segment); !name.empty()) {
    const std::string* value = FindParam(params, name);
    if (!value)
      return Fail(Code::kInvalidInput, Where(spec) + ": " + Quote(segment) + " has no parameter");
    if (const ParamSpec* declared = FindSpec(spec, name);
        declared && declared->type == ParamType::kTime)
      return Deny(spec, "path template holds a time: " + Quote(segment));
    plan.segments.push_back(*value);
  } else {
    if (segment.empty() || segment == "." || segment == ".." || !AllIn(segment, "-._$()'=@,"))
      return Deny(spec, "path template has a segment that is not plain: " + Quote(segment));
    plan.segments.emplace_back(segment);
  }
  plan.url.path += "/" + PercentEncode(plan.segments.back(), "$()'=@,!:+*&");
  return {};
}

void AddPart(Plan& plan, std::string_view part) {
  plan.segments.emplace_back(part);
  plan.url.path += "/" + PercentEncode(part, "$()'=@,!:+*&");
}

/// The container is the configuration's; of a file only its name is the plugin's to choose.
Status FillBlob(const Cloud& cloud, const EndpointSpec& spec, const Params& params, Plan& plan) {
  if (spec.path != "/{container}" && spec.path != "/{container}/{blob}")
    return Deny(spec, "path of host \"blob\" is not that of a container or of a file in it");
  if (spec.api_version.empty() || !AllIn(spec.api_version, "-"))
    return Deny(spec, "api_version is missing or not plain");
  plan.service_version = spec.api_version;
  ASSAY_ASSIGN(const Url container, ContainerUrl(cloud));
  AddPart(plan, std::string_view(container.path).substr(1));
  for (const ParamSpec& declared : spec.params) {
    const std::string& value = *FindParam(params, declared.name);
    if (declared.type == ParamType::kOffset) {
      Result<std::string> range = RangeAt(value);
      if (!range) return Fail(std::move(range.error()).Context(Where(spec)));
      plan.range = std::move(*range);
    } else if (declared.type != ParamType::kBlob || !spec.path.ends_with("/{blob}")) {
      return Deny(spec, "parameter " + Quote(declared.name) + " is not one of host \"blob\"");
    } else if (Status name = CheckBlobName(cloud.exports, value); !name) {
      return Fail(std::move(name.error()).Context(Where(spec)));
    } else {
      for (const std::string_view part : Split(value, '/')) AddPart(plan, part);
    }
  }
  // A file is read in parts only: whole ones may be larger than memory.
  if (plan.range.empty() != (spec.path == "/{container}"))
    return Deny(spec, "a file is read by its offset, and a listing has none");
  return {};
}

Status FillPath(const EndpointSpec& spec, const Params& params, Plan& plan) {
  if (spec.host == ServiceHost::kGraph) {
    if (spec.version != "v1.0" && spec.version != "beta")
      return Deny(spec, "Graph version must be v1.0 or beta, not " + Quote(spec.version));
    ASSAY_TRY(AddSegment(spec, params, spec.version, plan));
  }
  if (!spec.path.starts_with('/')) return Deny(spec, "path template does not begin with a slash");
  for (const std::string_view segment : Split(std::string_view(spec.path).substr(1), '/'))
    ASSAY_TRY(AddSegment(spec, params, segment, plan));
  return {};
}

/// Fills "{since}" in an option value. Only times and GUIDs may stand there: neither can end a
/// literal or add a condition of its own.
Result<std::string> FillValue(const EndpointSpec& spec, const Params& params,
                              std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    const size_t close = text.find('}');
    if (close == text.npos) return Deny(spec, "query has an open '{'");
    const std::string_view name = text.substr(1, close - 1);
    const ParamSpec* declared = FindSpec(spec, name);
    const std::string* value = FindParam(params, name);
    if (!declared || declared->type == ParamType::kSegment || !value)
      return Deny(spec, Quote(text.substr(0, close + 1)) +
                            " in the query needs a parameter of type time or guid");
    out += *value;
    text.remove_prefix(close + 1);
  }
  return out;
}

Status AddOption(const EndpointSpec& spec, const std::string& name, const std::string& value,
                 Plan& plan) {
  if (name.empty() || !AllIn(name, "$-_."))
    return Deny(spec, "query parameter name is not plain: " + Quote(name));
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(value.begin(), value.end(), control) || !IsUtf8(value))
    return Deny(spec, "query parameter " + Quote(name) + " holds a control character");
  plan.first_query.emplace_back(name, value);
  if (!plan.url.query.empty()) plan.url.query += '&';
  plan.url.query += PercentEncode(name, "$") + "=" + PercentEncode(value, kQueryKeep);
  return {};
}

Status FillQuery(const Cloud& cloud, const EndpointSpec& spec, const Params& params, Plan& plan) {
  if (spec.host == ServiceHost::kArm) {
    if (spec.api_version.empty() || !AllIn(spec.api_version, "-."))
      return Deny(spec, "api_version is missing or not plain");
    ASSAY_TRY(AddOption(spec, "api-version", spec.api_version, plan));
  }
  for (const auto& [name, text] : spec.query) {
    if (EqualsIgnoreCase(name, "api-version"))
      return Deny(spec, "api-version stands in the query; it has its own key");
    ASSAY_ASSIGN(const std::string value, FillValue(spec, params, text));
    ASSAY_TRY(AddOption(spec, name, value, plan));
  }
  if (spec.host == ServiceHost::kBlob && plan.range.empty() && !cloud.exports.prefix.empty())
    return AddOption(spec, "prefix", cloud.exports.prefix, plan);
  return {};
}

bool FitsTemplate(std::string_view path, std::string_view pattern) {
  const auto have = Split(path, '/');
  const auto want = Split(pattern, '/');
  return std::equal(have.begin(), have.end(), want.begin(), want.end(),
                    [](std::string_view a, std::string_view b) {
                      return b == "{}" ? !PlaceholderName(a).empty() : a == b;
                    });
}

/// The entry of the compiled list that the manifest names and fully agrees with; null for a GET.
Result<const ReadPost*> PostOf(const EndpointSpec& spec) {
  if (spec.read_post.empty()) {
    if (spec.paging == Paging::kOdataPost || spec.paging == Paging::kSkipToken)
      return Deny(spec, "odata-post and skiptoken-body paging need a read_post of the list");
    return nullptr;
  }
  const ReadPost* post = FindReadPost(spec.read_post);
  const std::string name = "read_post " + Quote(spec.read_post);
  if (!post) return Deny(spec, name + " is not in the compiled list");
  if (post->host != spec.host || !FitsTemplate(spec.path, post->path))
    return Deny(spec, "path differs from that of " + name);
  if (post->api_version != spec.api_version)
    return Deny(spec, "api_version differs from that of " + name);
  if (post->query.empty() == (spec.paging == Paging::kSkipToken))
    return Deny(spec, "paging does not fit " + name);
  return post;
}

/// The subscriptions of a query, from the one parameter that lists them.
Status FillSubscriptions(const EndpointSpec& spec, const Params& params, Plan& plan) {
  for (const ParamSpec& declared : spec.params) {
    if (declared.type != ParamType::kGuids) continue;
    if (!plan.post || plan.post->query.empty() || !plan.subscriptions.empty())
      return Deny(spec, "a list of GUIDs has no place in this request");
    ASSAY_ASSIGN(plan.subscriptions, SplitGuids(*FindParam(params, declared.name)));
  }
  // Without the list the service would answer for all that the identity sees, wanted or not.
  if (plan.post && !plan.post->query.empty() && plan.subscriptions.empty())
    return Deny(spec, "the query needs a parameter that lists its subscriptions");
  return {};
}

}  // namespace

Status CheckParam(const ParamSpec& spec, std::string_view value) {
  const std::string where = "parameter " + Quote(spec.name);
  if (spec.type == ParamType::kGuids) {
    if (const auto list = SplitGuids(value); !list)
      return Fail(Code::kInvalidInput, where + " " + list.error().message);
    return {};
  }
  if (value.empty()) return Fail(Code::kInvalidInput, where + " is empty");
  if (value.size() > kMaxParamBytes)
    return Fail(Code::kInvalidInput, where + " is longer than 512 bytes");
  if (spec.type == ParamType::kGuid) {
    if (!IsGuid(value)) return Fail(Code::kInvalidInput, where + " is not a GUID");
    return {};
  }
  if (spec.type == ParamType::kTime) {
    if (!IsUtcTime(value))
      return Fail(Code::kInvalidInput,
                  where + " is not a time in UTC such as 2026-11-20T00:00:00Z");
    return {};
  }
  // All-dot names mean folders to more servers than just "." and "..".
  if (value.find_first_not_of('.') == value.npos || value.find("..") != value.npos)
    return Fail(Code::kInvalidInput, where + " holds a dot segment");
  if (Status text = CheckSegmentText(value); !text)
    return Fail(Code::kInvalidInput, where + ": " + text.error().message);
  return {};
}

Result<Plan> BuildPlan(const Cloud& cloud, const EndpointSpec& spec, const Params& params) {
  Plan plan;
  plan.endpoint = spec.id;
  plan.host = spec.host;
  plan.paging = spec.paging;
  ASSAY_ASSIGN(plan.post, PostOf(spec));
  plan.method = plan.post ? "POST" : "GET";
  ASSAY_ASSIGN(plan.url, BaseOf(cloud, spec.host));
  ASSAY_TRY(CheckParams(spec, params));
  ASSAY_TRY(spec.host == ServiceHost::kBlob ? FillBlob(cloud, spec, params, plan)
                                            : FillPath(spec, params, plan));
  ASSAY_TRY(FillQuery(cloud, spec, params, plan));
  ASSAY_TRY(FillSubscriptions(spec, params, plan));
  ASSAY_TRY(CheckContent(spec.host, plan.segments, plan.first_query));
  if (plan.url.ToString().size() > kMaxUrlBytes)
    return Fail(Code::kLimitExceeded, Where(spec) + ": url is longer than 16384 bytes");
  return plan;
}

std::string BodyOf(const Plan& plan, const Ask& ask) {
  return plan.post ? WriteQuery(*plan.post, {plan.subscriptions, ask.skip_token}) : std::string();
}

Status CheckOutgoing(const Cloud& cloud, const EndpointSpec& spec, std::string_view method,
                     const Url& url, std::string_view body) {
  ASSAY_ASSIGN(const ReadPost* post, PostOf(spec));
  const std::string_view allowed = post ? "POST" : "GET";
  if (method != allowed)
    return Deny(spec, "method " + Quote(method) + " is not allowed, only " + std::string(allowed));
  if (post ? !ReadQuery(*post, body) : !body.empty())
    return Deny(spec, "the body is not one that the compiled list writes");
  ASSAY_ASSIGN(const Url base, BaseOf(cloud, spec.host));
  if (!url.SameOrigin(base)) return Deny(spec, "request would leave the configured host");
  return {};
}

}  // namespace assay::broker
