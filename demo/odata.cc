// Filtering, projecting and paging of the demo tenant's lists.
#include "demo/odata.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace assay::demo {
namespace {

std::vector<std::string> SplitWords(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t at; (at = text.find(separator, from)) != std::string_view::npos;
       from = at + separator.size()) {
    parts.emplace_back(text.substr(from, at - from));
  }
  parts.emplace_back(text.substr(from));
  return parts;
}

const Json* Member(const Json& item, std::string_view name) {
  if (const Json* found = item.Find(name)) return found;
  const Json* properties = item.Find("properties");
  return properties == nullptr ? nullptr : properties->Find(name);
}

Result<bool> Compare(const Json& item, std::string_view clause) {
  clause = Trim(clause);
  if (clause == "atScope()") return true;
  constexpr std::string_view kAssigned = "assignedTo('";
  if (clause.starts_with(kAssigned) && clause.ends_with("')")) {
    const Json* principal = Member(item, "principalId");
    const std::string_view id =
        clause.substr(kAssigned.size(), clause.size() - kAssigned.size() - 2);
    return principal != nullptr && EqualsIgnoreCase(principal->text(), id);
  }
  auto words = SplitWords(clause, " ");
  if (words.size() < 3)
    return Fail(Code::kInvalidInput, "filter clause is not understood: " + Quote(clause));
  std::string wanted = std::string(clause.substr(words[0].size() + words[1].size() + 2));
  if (wanted.size() >= 2 && wanted.front() == '\'' && wanted.back() == '\'') {
    wanted = wanted.substr(1, wanted.size() - 2);
  }
  const Json* member = Member(item, words[0]);
  std::string actual = member == nullptr ? "null" : member->text();
  if (actual.empty() && member != nullptr) actual = member->Dump();
  if (words[1] == "eq") return EqualsIgnoreCase(actual, wanted);
  if (words[1] == "ne") return !EqualsIgnoreCase(actual, wanted);
  if (words[1] == "ge") return actual >= wanted;
  if (words[1] == "le") return actual <= wanted;
  if (words[1] == "lt") return actual < wanted;
  return Fail(Code::kInvalidInput, "filter operator is not understood: " + Quote(words[1]));
}

/// Where the next page starts, hidden in a token that only this tenant can make.
std::string SkipToken(const World& world, const Request& request, size_t offset) {
  uint64_t bits = world.seeded().Bits(fmt::format("skip/{}/{}", AsciiLower(request.path), offset));
  return fmt::format("RFNwdAIAAQAAA{:016x}{:x}", bits, offset);
}

Result<size_t> ReadSkipToken(const World& world, const Request& request, const std::string& token) {
  if (token.empty()) return 0;
  size_t offset = 0;
  constexpr size_t kHead = 13 + 16;
  if (token.size() > kHead) {
    std::from_chars(token.data() + kHead, token.data() + token.size(), offset, 16);
  }
  if (offset == 0 || token != SkipToken(world, request, offset)) {
    return Fail(Code::kInvalidInput, "the skip token is not valid for this request");
  }
  return offset;
}

Result<size_t> PageSize(const Resource& resource, const std::string& top) {
  if (top.empty()) return resource.page;
  size_t value = 0;
  auto [end, error] = std::from_chars(top.data(), top.data() + top.size(), value);
  if (error != std::errc() || end != top.data() + top.size() || value == 0) {
    return Fail(Code::kInvalidInput, "invalid value for $top: " + Quote(top));
  }
  return std::min(value, resource.page);
}

/// The request's own query with a new $skiptoken, absolute, as the services write it.
std::string NextLink(const Request& request, const std::string& base, const std::string& token) {
  std::string link = base + request.path + "?";
  for (auto& [name, value] : ParseQuery(request.query)) {
    if (EqualsIgnoreCase(name, "$skiptoken")) continue;
    link += fmt::format("{}={}&", name, PercentEncode(value));
  }
  return link + "$skiptoken=" + PercentEncode(token);
}

}  // namespace

Json Project(const Json& item, const Resource& resource, std::string_view select,
             std::string_view expand) {
  Json out = item;
  for (const std::string& member : resource.expand) {
    if (expand.find(member) == std::string_view::npos) out.Erase(member);
  }
  if (select.empty()) {
    if (resource.context == "users") out.Erase("signInActivity");  // Graph sends it only on demand
    return out;
  }
  auto wanted = Split(select, ',');
  for (const auto& [name, value] : item.members()) {
    bool keep =
        name.starts_with("@odata.") ||
        std::find(resource.expand.begin(), resource.expand.end(), name) != resource.expand.end() ||
        std::any_of(wanted.begin(), wanted.end(), [&](auto w) { return Trim(w) == name; });
    if (!keep) out.Erase(name);
  }
  return out;
}

Result<bool> Matches(const Json& item, std::string_view filter) {
  if (Trim(filter).empty()) return true;
  for (const std::string& alternative : SplitWords(filter, " or ")) {
    bool all = true;
    for (const std::string& clause : SplitWords(alternative, " and ")) {
      ASSAY_ASSIGN(bool one, Compare(item, clause));
      all = all && one;
    }
    if (all) return true;
  }
  return false;
}

Result<std::string> ListBody(const World& world, const Resource& resource, const Request& request,
                             const std::string& base) {
  std::string select = QueryValue(request.query, "$select");
  std::string expand = QueryValue(request.query, "$expand");
  std::vector<Json> chosen;
  for (const Json& item : resource.items) {
    ASSAY_ASSIGN(bool matches, Matches(item, QueryValue(request.query, "$filter")));
    if (matches) chosen.push_back(Project(item, resource, select, expand));
  }
  ASSAY_ASSIGN(size_t from, ReadSkipToken(world, request, QueryValue(request.query, "$skiptoken")));
  ASSAY_ASSIGN(size_t size, PageSize(resource, QueryValue(request.query, "$top")));
  from = std::min(from, chosen.size());
  size_t until = std::min(from + size, chosen.size());
  Json body = Json::Object({});
  std::string next =
      until < chosen.size() ? NextLink(request, base, SkipToken(world, request, until)) : "";
  bool odata = request.host == Host::kGraph || resource.read_post;
  if (odata) {
    std::string context = base + "/" + resource.context;
    if (request.host == Host::kGraph) {
      std::string version = request.path.substr(0, request.path.find('/', 1));
      context = base + version + "/$metadata#" + resource.context;
      if (!select.empty()) context += "(" + select + ")";
    }
    body.Set("@odata.context", context);
    if (resource.read_post) body.Set("@odata.count", static_cast<int64_t>(until - from));
    if (!next.empty()) body.Set("@odata.nextLink", next);
  }
  body.Set("value", Json::Array({chosen.begin() + static_cast<ptrdiff_t>(from),
                                 chosen.begin() + static_cast<ptrdiff_t>(until)}));
  if (!odata && !next.empty()) body.Set("nextLink", next);
  return body.Dump();
}

namespace {

/// What stands between two texts of a body; empty when they do not stand there.
std::string_view Between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t at = text.find(before);
  if (at == text.npos) return {};
  text.remove_prefix(at + before.size());
  return text.substr(0, text.find(after));
}

}  // namespace

std::string ResourceGraphPath(const Request& request) {
  const std::string_view query = Between(request.body, R"("query":")", "\"");
  const size_t type = query.find("'microsoft.");
  std::string about = "all";
  if (type != query.npos) about = query.substr(type + 1, query.find('\'', type + 1) - type - 1);
  return std::string(kResourceGraph) + "/" + about;
}

Result<std::string> ResourceGraphBody(const World& world, const Resource& resource,
                                      const Request& request) {
  std::vector<Json> chosen;
  for (const Json& item : resource.items) {
    const Json* subscription = item.Find("subscriptionId");
    if (subscription != nullptr && request.body.find(subscription->text()) != std::string::npos)
      chosen.push_back(item);
  }
  const std::string token(Between(request.body, R"("$skipToken":")", "\""));
  ASSAY_ASSIGN(size_t from, ReadSkipToken(world, request, token));
  from = std::min(from, chosen.size());
  const size_t until = std::min(from + resource.page, chosen.size());
  Json body = Json::Object({{"totalRecords", static_cast<int64_t>(chosen.size())},
                            {"count", static_cast<int64_t>(until - from)},
                            {"resultTruncated", "false"}});
  if (until < chosen.size()) body.Set("$skipToken", SkipToken(world, request, until));
  body.Set("facets", Json::Array());
  body.Set("data", Json::Array({chosen.begin() + static_cast<ptrdiff_t>(from),
                                chosen.begin() + static_cast<ptrdiff_t>(until)}));
  return body.Dump();
}

}  // namespace assay::demo
