#include "assess/read_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "model/limits.h"
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

std::string_view TypeName(ParamType type) {
  if (type == ParamType::kBlob) return "blob";
  if (type == ParamType::kTime) return "time";
  if (type == ParamType::kGuids) return "guids";
  return type == ParamType::kGuid ? "guid" : "segment";
}

/// `text` with "{name:type}" for each "{name}" (`encoded`: for each "%7Bname%7D").
std::string Typed(const EndpointSpec& endpoint, std::string text, bool encoded) {
  for (const ParamSpec& param : endpoint.params) {
    const std::string plain = encoded ? "%7B" + Encode(param.name) + "%7D" : "{" + param.name + "}";
    const std::string typed = fmt::format("{{{}:{}}}", param.name, TypeName(param.type));
    for (size_t at = 0; (at = text.find(plain, at)) != std::string::npos; at += typed.size())
      text.replace(at, plain.size(), typed);
  }
  return text;
}

std::string QueryOf(const EndpointSpec& endpoint) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : endpoint.query)
    parts.push_back(Encode(name) + "=" + Typed(endpoint, Encode(value), true));
  std::sort(parts.begin(), parts.end());
  if (!endpoint.api_version.empty())
    parts.insert(parts.begin(), "api-version=" + Encode(endpoint.api_version));
  return parts.empty() ? "" : fmt::format("?{}", fmt::join(parts, "&"));
}

bool Feeds(const EndpointSpec& endpoint, const DatasetSpec& dataset) {
  const auto& fed = endpoint.datasets;
  return std::find(fed.begin(), fed.end(), dataset.id) != fed.end();
}

bool IsPersonal(const DatasetSpec& dataset) {
  return std::any_of(dataset.columns.begin(), dataset.columns.end(),
                     [](const ColumnSpec& column) { return column.personal; });
}

std::string LineOf(const Manifest& manifest, const EndpointSpec& endpoint) {
  const bool graph = endpoint.host == ServiceHost::kGraph;
  std::string line = fmt::format(
      "{} {}{}{}{}", endpoint.read_post.empty() ? "GET" : "POST:" + endpoint.read_post,
      fmt::format("{}:{}", Name(endpoint.host), graph ? "/" : ""), graph ? endpoint.version : "",
      Typed(endpoint, endpoint.path, false), QueryOf(endpoint));
  if (!endpoint.permission.empty()) line += " permission=" + Encode(endpoint.permission);
  std::set<std::string> classes;
  bool personal = endpoint.personal;
  for (const DatasetSpec& dataset : manifest.datasets) {
    if (!Feeds(endpoint, dataset)) continue;
    if (!dataset.data_class.empty()) classes.insert(Encode(dataset.data_class));
    personal = personal || IsPersonal(dataset);
  }
  if (!classes.empty()) line += fmt::format(" data={}", fmt::join(classes, ","));
  return personal ? line + " personal" : line;
}

/// A dataset that no endpoint feeds is filled from what others gave: its class was not said yet.
std::string DataLine(const DatasetSpec& dataset) {
  return fmt::format("DATA {}{}", Encode(dataset.data_class),
                     IsPersonal(dataset) ? " personal" : "");
}

bool Allows(const std::vector<std::string>& granted, const std::string& wanted) {
  const auto limit = LimitOf(wanted);
  if (!limit) return std::binary_search(granted.begin(), granted.end(), wanted);
  return std::any_of(granted.begin(), granted.end(), [&](const std::string& line) {
    const auto most = LimitOf(line);
    return most && most->first == limit->first && most->second >= limit->second;
  });
}

}  // namespace

std::string ReadName(const EndpointSpec& endpoint) {
  const bool graph = endpoint.host == ServiceHost::kGraph;
  return fmt::format("{}:{} {}{}", Name(endpoint.host), endpoint.read_post.empty() ? "GET" : "POST",
                     graph ? "/" + endpoint.version : "", endpoint.path);
}

std::vector<std::string> ReadLines(const Manifest& manifest) {
  std::set<std::string> lines;
  for (const EndpointSpec& endpoint : manifest.endpoints) lines.insert(LineOf(manifest, endpoint));
  for (const DatasetSpec& dataset : manifest.datasets)
    if (!dataset.data_class.empty() &&
        std::none_of(manifest.endpoints.begin(), manifest.endpoints.end(),
                     [&](const EndpointSpec& endpoint) { return Feeds(endpoint, dataset); }))
      lines.insert(DataLine(dataset));
  for (const LimitField& field : LimitFields())
    if (const uint64_t wanted = field.get(manifest.limits); wanted > field.get(WorkerLimits()))
      lines.insert(fmt::format("LIMIT {}={}", field.name, wanted));
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

std::optional<std::pair<std::string_view, uint64_t>> LimitOf(std::string_view line) {
  constexpr std::string_view kWord = "LIMIT ";
  const size_t equals = line.find('=');
  if (!line.starts_with(kWord) || equals == std::string_view::npos) return std::nullopt;
  const std::string_view digits = line.substr(equals + 1);
  uint64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return std::pair{line.substr(kWord.size(), equals - kWord.size()), value};
}

ReadDifference CompareReads(const std::vector<std::string>& granted,
                            const std::vector<std::string>& wanted) {
  ReadDifference out;
  for (const std::string& line : wanted)
    (Allows(granted, line) ? out.kept : out.added).push_back(line);
  std::set_difference(granted.begin(), granted.end(), wanted.begin(), wanted.end(),
                      std::back_inserter(out.removed));
  return out;
}

}  // namespace assay::assess
