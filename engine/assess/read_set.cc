#include "assess/read_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "proof/sha256.h"

namespace assay::assess {
namespace {

/// Everything that would make a line ambiguous (space, &, =, ?, %, controls) is percent-encoded.
std::string Encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (word || (c != '\0' && std::string_view("-._~!$'()*,:;@/").find(c) != std::string::npos))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string TypedPath(const EndpointSpec& endpoint) {
  std::string path = endpoint.path;
  for (const ParamSpec& param : endpoint.params) {
    const std::string plain = "{" + param.name + "}";
    const std::string typed =
        fmt::format("{{{}:{}}}", param.name, param.type == ParamType::kGuid ? "guid" : "segment");
    for (size_t at = 0; (at = path.find(plain, at)) != std::string::npos; at += typed.size())
      path.replace(at, plain.size(), typed);
  }
  return path;
}

std::string QueryOf(const EndpointSpec& endpoint) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : endpoint.query)
    parts.push_back(Encode(name) + "=" + Encode(value));
  std::sort(parts.begin(), parts.end());
  if (!endpoint.api_version.empty())
    parts.insert(parts.begin(), "api-version=" + Encode(endpoint.api_version));
  return parts.empty() ? "" : fmt::format("?{}", fmt::join(parts, "&"));
}

std::string LineOf(const Manifest& manifest, const EndpointSpec& endpoint) {
  const bool graph = endpoint.host == ServiceHost::kGraph;
  std::string line =
      fmt::format("{} {}{}{}{}", endpoint.read_post.empty() ? "GET" : "POST:" + endpoint.read_post,
                  graph ? "graph:/" : "arm:", graph ? endpoint.version : "", TypedPath(endpoint),
                  QueryOf(endpoint));
  if (!endpoint.permission.empty()) line += " permission=" + Encode(endpoint.permission);
  std::set<std::string> classes;
  bool personal = endpoint.personal;
  for (const DatasetSpec& dataset : manifest.datasets) {
    const auto& fed = endpoint.datasets;
    if (std::find(fed.begin(), fed.end(), dataset.id) == fed.end()) continue;
    if (!dataset.data_class.empty()) classes.insert(Encode(dataset.data_class));
    for (const ColumnSpec& column : dataset.columns) personal = personal || column.personal;
  }
  if (!classes.empty()) line += fmt::format(" data={}", fmt::join(classes, ","));
  return personal ? line + " personal" : line;
}

}  // namespace

std::string ReadName(const EndpointSpec& endpoint) {
  const bool graph = endpoint.host == ServiceHost::kGraph;
  return fmt::format("{}:{} {}{}", graph ? "graph" : "arm",
                     endpoint.read_post.empty() ? "GET" : "POST",
                     graph ? "/" + endpoint.version : "", endpoint.path);
}

std::vector<std::string> ReadLines(const Manifest& manifest) {
  std::set<std::string> lines;
  for (const EndpointSpec& endpoint : manifest.endpoints) lines.insert(LineOf(manifest, endpoint));
  return {lines.begin(), lines.end()};
}

std::string CanonicalReadSet(const std::string& id, const std::vector<std::string>& lines) {
  std::string out = fmt::format("assay grant v1\n{}\n", id);
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

Digest GrantDigest(const std::string& id, const std::vector<std::string>& lines) {
  return proof::Sha256(AsBytes(CanonicalReadSet(id, lines)));
}

ReadDifference CompareReads(const std::vector<std::string>& granted,
                            const std::vector<std::string>& wanted) {
  ReadDifference out;
  std::set_difference(wanted.begin(), wanted.end(), granted.begin(), granted.end(),
                      std::back_inserter(out.added));
  std::set_intersection(wanted.begin(), wanted.end(), granted.begin(), granted.end(),
                        std::back_inserter(out.kept));
  std::set_difference(granted.begin(), granted.end(), wanted.begin(), wanted.end(),
                      std::back_inserter(out.removed));
  return out;
}

}  // namespace assay::assess
