#include "assess/run_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/earlier.h"
#include "assess/run.h"
#include "base/text.h"
#include "broker/export_source.h"
#include "model/limits.h"
#include "proof/canonical_json.h"

namespace assay::assess {
namespace {

using proof::Json;
using proof::JsonArray;
using proof::JsonObject;

Json Text(std::string_view text) { return Json{std::string(text)}; }

Json Texts(const std::map<std::string, std::string>& texts) {
  JsonObject out;
  for (const auto& [name, text] : texts) out.emplace(name, Text(text));
  return Json{std::move(out)};
}

/// Everything that was loaded of a plugin, and with the note who signed what ran: an auditor can
/// tell from the ledger alone.
std::string Provenance(const LoadedPlugin& plugin) {
  std::string files;
  for (const auto& [name, digest] : MakeLockEntry(plugin).files)
    files += fmt::format("{}{}:{}", files.empty() ? "" : ",", JsonString(name), JsonString(digest));
  std::string key, note;
  if (plugin.trust == Trust::kSigned) {
    key = fmt::format("\"key\":{},", JsonString(plugin.vkey));
    note = fmt::format("\"note\":{},", JsonString(plugin.note));
  }
  return fmt::format(
      "{{\"files\":{{{}}},\"grant\":\"{}\",\"id\":{},{}\"manifest\":\"{}\",{}\"trust\":\"{}\","
      "\"version\":{}}}",
      files, EncodeHex(plugin.grant_digest), JsonString(plugin.manifest.id), key,
      EncodeHex(plugin.image.manifest_digest), note, Name(plugin.trust),
      JsonString(plugin.manifest.version));
}

/// Of our own making: text is UTF-8 and numbers are within bounds, as the loaders checked.
std::string Written(JsonObject object) {
  auto text = proof::WriteJson(Json{std::move(object)});
  return text ? std::move(*text) : "{}";
}

std::string LimitsOf(const LoadedPlugin& plugin) {
  JsonObject limits;
  for (const LimitField& field : LimitFields())
    limits.emplace(
        std::string(field.name),
        Json{static_cast<int64_t>(std::min(field.get(plugin.manifest.limits),
                                           static_cast<uint64_t>(proof::kMaxJsonInteger)))});
  return Written({{"limits", Json{std::move(limits)}}, {"plugin", Text(plugin.manifest.id)}});
}

std::string ControlsOf(const LoadedPlugin& plugin) {
  JsonArray controls;
  for (const ControlSpec& control : plugin.framework.controls) controls.push_back(Text(control.id));
  return Written({{"controls", Json{std::move(controls)}}, {"plugin", Text(plugin.manifest.id)}});
}

/// What it compares with is named by its entry and not repeated: an erasure there stays one.
std::string SettingOf(const CheckSpec& check, const std::map<std::string, EarlierCheck>& earlier) {
  std::map<std::string, std::string> params = check.params;
  const auto previous = params.find(std::string(kPreviousParameter));
  if (previous != params.end()) previous->second.clear();
  JsonObject out{{"check", Text(check.id)},
                 {"params", Texts(params)},
                 {"severity", Text(Name(check.severity))}};
  if (const auto at = earlier.find(check.id); at != earlier.end())
    out.emplace("earlier", Json{static_cast<int64_t>(ToNumber(at->second.entry))});
  if (!check.elsewhere.empty()) out.emplace("elsewhere", Texts(check.elsewhere));
  return Written(std::move(out));
}

std::map<std::string, std::string> TextsAt(const JsonObject& object, const char* key) {
  std::map<std::string, std::string> out;
  const auto at = object.find(key);
  if (at == object.end() || at->second.object() == nullptr) return out;
  for (const auto& [name, value] : *at->second.object())
    if (value.text() != nullptr) out.emplace(name, *value.text());
  return out;
}

std::vector<std::string> ListAt(const JsonObject& object, const char* key) {
  std::vector<std::string> out;
  const auto at = object.find(key);
  if (at == object.end() || at->second.array() == nullptr) return out;
  for (const Json& value : *at->second.array())
    if (value.text() != nullptr) out.push_back(*value.text());
  return out;
}

WorkerLimits ReadLimits(const JsonObject& said) {
  WorkerLimits out;
  for (const LimitField& field : LimitFields())
    if (const auto value = proof::IntegerAt(said, std::string(field.name)))
      field.set(out, static_cast<uint64_t>(*value));
  return out;
}

void TakeSegment(const JsonObject& segment, RunSettings& out) {
  const auto text = [&](const char* key) {
    return proof::TextAt(segment, key).value_or(std::string());
  };
  const auto inner = [&](const char* key) {
    const auto at = segment.find(key);
    return at == segment.end() ? nullptr : &at->second;
  };
  if (inner("files") != nullptr) out.plugins.push_back({text("id"), TextsAt(segment, "files")});
  if (inner("check") != nullptr)
    out.checks[text("check")] = {TextsAt(segment, "params"), text("severity"),
                                 TextsAt(segment, "elsewhere")};
  if (const Json* limits = inner("limits"); limits != nullptr && limits->object() != nullptr)
    out.limits[text("plugin")] = ReadLimits(*limits->object());
  if (inner("controls") != nullptr) out.controls[text("plugin")] = ListAt(segment, "controls");
  if (inner("setting") != nullptr) out.settings[text("setting")] = ListAt(segment, "values");
  if (inner("graph") == nullptr) return;
  out.graph = text("graph");
  out.arm = text("arm");
  out.exports = text("exports");
  out.exports_prefix = text("exports_prefix");
  out.complete = true;
}

}  // namespace

std::string DescribeSetting(const std::string& key, const std::vector<std::string>& values) {
  JsonArray list;
  for (const std::string& value : values) list.push_back(Text(value));
  return Written({{"setting", Text(key)}, {"values", Json{std::move(list)}}});
}

std::vector<std::string> DescribeRun(const RunPlan& plan,
                                     const std::map<std::string, EarlierCheck>& earlier) {
  std::vector<std::string> out;
  for (const auto* set : {&plan.collectors, &plan.frameworks})
    for (const LoadedPlugin& plugin : *set) out.push_back(Provenance(plugin));
  if (!plan.own_checks.empty()) {
    std::map<std::string, std::string> files;
    for (const UsedFile& file : plan.own_checks) files.emplace(file.name, file.sha256);
    out.push_back(Written({{"files", Texts(files)}, {"id", Text(kOwnChecks)}}));
  }
  for (const auto* set : {&plan.collectors, &plan.frameworks})
    for (const LoadedPlugin& plugin : *set) out.push_back(LimitsOf(plugin));
  for (const LoadedPlugin& plugin : plan.frameworks) out.push_back(ControlsOf(plugin));
  for (const CheckSpec& check : plan.checks) out.push_back(SettingOf(check, earlier));
  for (const auto& [key, values] : plan.settings) out.push_back(DescribeSetting(key, values));
  JsonObject where{{"arm", Text(plan.broker.cloud.arm)},
                   {"evidence_raw", Text(plan.config->evidence_raw)},
                   {"graph", Text(plan.broker.cloud.graph)}};
  // Of a folder only that it is one: its path is this machine's business.
  if (const auto exports = broker::ContainerUrl(plan.broker.cloud)) {
    where.emplace("exports", Text(exports->ToString()));
    where.emplace("exports_prefix", Text(plan.broker.cloud.exports.prefix));
  }
  out.push_back(Written(std::move(where)));
  return out;
}

Result<RunSettings> ReadRunSettings(const std::vector<std::string>& segments) {
  RunSettings out;
  for (const std::string& segment : segments) {
    auto json = proof::ReadJson(segment);
    if (!json || json->object() == nullptr)
      return Fail(Code::kCorrupt, "body of run.started: a segment is no object");
    TakeSegment(*json->object(), out);
  }
  return out;
}

}  // namespace assay::assess
