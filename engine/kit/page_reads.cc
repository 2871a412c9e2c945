#include "kit/page_reads.h"

#include "assay/read.h"
#include "base/text.h"
#include "broker/read_posts.h"
#include "broker/url.h"

namespace assay::kit {
namespace {

const EndpointSpec* Find(const Manifest& manifest, const std::string& id) {
  for (const EndpointSpec& endpoint : manifest.endpoints)
    if (endpoint.id == id) return &endpoint;
  return nullptr;
}

/// Path of a URL as it was sent, without the query.
std::string PathOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t slash = url.find('/', scheme == url.npos ? 0 : scheme + 3);
  if (slash == url.npos) return "/";
  return url.substr(slash, url.find('?', slash) - slash);
}

/// The query of a URL as it was sent; empty without one.
std::string_view QueryOf(std::string_view url) {
  const size_t mark = url.find('?');
  return mark == url.npos ? std::string_view() : url.substr(mark + 1);
}

/// What stands in `value` for the "{name}"s of `form`; nothing when it has another form.
std::optional<broker::Params> FitForm(std::string_view form, std::string_view value) {
  broker::Params params;
  for (;;) {
    const size_t open = form.find('{');
    const std::string_view literal = form.substr(0, open);
    if (!value.starts_with(literal)) return std::nullopt;
    value.remove_prefix(literal.size());
    if (open == form.npos) return value.empty() ? std::optional(params) : std::nullopt;
    const size_t close = form.find('}', open);
    if (close == form.npos) return std::nullopt;
    const std::string_view name = form.substr(open + 1, close - open - 1);
    form.remove_prefix(close + 1);
    const std::string_view next = form.substr(0, form.find('{'));
    const size_t end = next.empty() ? value.size() : value.find(next);
    if (end == value.npos) return std::nullopt;
    params.emplace_back(std::string(name), std::string(value.substr(0, end)));
    value.remove_prefix(end);
  }
}

void AddFromQuery(const EndpointSpec& endpoint, std::string_view query, broker::Params& params) {
  const auto given = broker::ParseQuery(query);
  if (!given) return;
  for (const auto& [key, form] : endpoint.query)
    for (const auto& [name, value] : *given) {
      if (name != key || form.find('{') == form.npos) continue;
      if (auto found = FitForm(form, value))
        params.insert(params.end(), found->begin(), found->end());
    }
}

/// "/exports/a/b.csv": everything behind the container is the name of one file.
std::optional<broker::Params> FitBlob(const EndpointSpec& endpoint, const std::string& path) {
  const size_t slash = path.find('/', 1);
  const bool listing = endpoint.path == "/{container}";
  if (listing != (slash == path.npos)) return std::nullopt;
  broker::Params params;
  if (listing) return params;
  const auto name = broker::PercentDecode(std::string_view(path).substr(slash + 1));
  if (!name) return std::nullopt;
  for (const ParamSpec& param : endpoint.params)
    if (param.type == ParamType::kBlob) params.emplace_back(param.name, *name);
  return params;
}

}  // namespace

std::optional<broker::Params> FitPath(const EndpointSpec& endpoint, const std::string& path) {
  if (endpoint.host == ServiceHost::kBlob) return FitBlob(endpoint, path);
  const std::string whole =
      endpoint.host == ServiceHost::kGraph ? "/" + endpoint.version + endpoint.path : endpoint.path;
  const auto wanted = Split(whole, '/'), given = Split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  broker::Params params;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const std::string_view part = wanted[i];
    const auto decoded = broker::PercentDecode(given[i]);
    if (!decoded) return std::nullopt;
    if (part.size() > 2 && part.front() == '{' && part.back() == '}')
      params.emplace_back(std::string(part.substr(1, part.size() - 2)), *decoded);
    else if (!EqualsIgnoreCase(part, *decoded))
      return std::nullopt;
  }
  return params;
}

std::optional<broker::Params> FitRequest(const EndpointSpec& endpoint, const std::string& path,
                                         std::string_view query, std::string_view body) {
  auto params = FitPath(endpoint, path);
  if (params) AddFromQuery(endpoint, query, *params);
  const broker::ReadPost* post = broker::FindReadPost(endpoint.read_post);
  if (!params || post == nullptr) return body.empty() ? params : std::nullopt;
  const auto parts = broker::ReadQuery(*post, body);
  if (!parts) return std::nullopt;
  for (const ParamSpec& param : endpoint.params)
    if (param.type == ParamType::kGuids)
      params->emplace_back(param.name, Join(parts->subscriptions, ","));
  return params;
}

std::string_view PagingKeyOf(Paging paging) {
  if (paging == Paging::kSkipToken) return "$skipToken";
  if (paging == Paging::kArm) return "nextLink";
  return paging == Paging::kOdata || paging == Paging::kOdataPost ? "@odata.nextLink" : "";
}

std::string LinkTo(Paging paging, const std::string& first_url, const std::string& token) {
  if (paging == Paging::kSkipToken) return token;
  return first_url + (first_url.find('?') == first_url.npos ? "?" : "&") + "$skiptoken=" + token;
}

std::vector<ReadPages> ReadsOf(const Manifest& manifest, const Trace& trace) {
  std::vector<ReadPages> out;
  for (const auto& [number, page] : trace.pages) {
    const EndpointSpec* endpoint = Find(manifest, page.endpoint);
    if (endpoint == nullptr || page.outcome == ASSAY_PAGE_REFUSED) continue;
    if (endpoint->host == ServiceHost::kBlob)
      continue;  // whole files of charges: not for a fixture
    const auto params =
        FitRequest(*endpoint, PathOf(page.url), QueryOf(page.url), page.request_body);
    if (!params) continue;
    const auto same = [&](const ReadPages& read) {
      // A continuation does not repeat the parameters of the query; they stand behind the others.
      if (read.endpoint != endpoint || read.params.size() < params->size()) return false;
      if (page.index == 0 && read.params.size() != params->size()) return false;
      for (size_t i = 0; i < params->size(); ++i)
        if (!EqualsIgnoreCase(read.params[i].second, (*params)[i].second)) return false;
      return true;
    };
    ReadPages* found = nullptr;
    for (ReadPages& read : out)
      if (same(read)) found = &read;
    if (found == nullptr) {
      out.push_back({endpoint, *params, {}});
      found = &out.back();
    }
    if (page.index == found->pages.size()) found->pages.push_back(&page);
  }
  return out;
}

}  // namespace assay::kit
