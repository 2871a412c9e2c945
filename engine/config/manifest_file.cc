// The manifest of a plugin, untrusted TOML, to a Manifest: docs/formats/manifest.md.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/text.h"
#include "config/load.h"
#include "config/manifest_schema.h"
#include "model/limits.h"

namespace assay::config {
namespace {

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Names between braces of a path template, in order; false when braces do not match.
bool ParseTemplate(std::string_view path, std::vector<std::string>& names) {
  while (true) {
    const size_t open = path.find_first_of("{}");
    if (open == std::string_view::npos) return true;
    const size_t close = path.find('}', open);
    if (path[open] == '}' || close == std::string_view::npos) return false;
    names.emplace_back(path.substr(open + 1, close - open - 1));
    path.remove_prefix(close + 1);
  }
}

bool IsPlainPath(std::string_view path) {
  if (path.empty() || path[0] != '/' || path.size() > 512) return false;
  for (char c : path) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && std::string_view("/-._~()=',:@${}").find(c) == std::string_view::npos)
      return false;
  }
  const auto segments = Split(path.substr(1), '/');
  return std::none_of(segments.begin(), segments.end(),
                      [](std::string_view s) { return s.empty() || s == "." || s == ".."; });
}

class ManifestReader {
 public:
  explicit ManifestReader(Report& report) : report_(report) {}

  Manifest Read(const Fields& fields) {
    Manifest manifest;
    manifest.id = fields.Text("id");
    manifest.version = fields.Text("version");
    if (manifest.version.find('*') != std::string::npos)
      Bad(fields.Where("version"), "a plugin has one version, without *");
    manifest.kind =
        fields.Text("kind") == "framework" ? PluginKind::kFramework : PluginKind::kCollector;
    manifest.title = fields.Text("title");
    ReadAbi(fields, manifest);
    manifest.needs = ReadExtensions(fields, "needs");
    manifest.optional = ReadExtensions(fields, "optional");
    for (const Fields& item : fields.Items("dataset"))
      manifest.datasets.push_back(ReadDataset(item));
    for (const Fields& item : fields.Items("endpoint"))
      manifest.endpoints.push_back(ReadEndpoint(item, manifest.datasets));
    CheckCounts(fields, manifest);
    ReadLimits(fields.Sub("limits"), manifest.limits);
    return manifest;
  }

 private:
  void Bad(const Place& place, std::string message) {
    report_.Error("AS-CFG-004", place, std::move(message));
  }
  void NoSuch(const Place& place, std::string message) {
    report_.Error("AS-CFG-009", place, std::move(message));
  }

  void ReadAbi(const Fields& fields, Manifest& manifest) {
    const std::string abi = fields.Text("abi");
    if (abi.empty()) return;
    // Any version is read: whether this host has it is said with AS-PLG-002, after all else.
    const std::vector<std::string_view> parts = Split(abi, '.');
    uint16_t numbers[2] = {0, 0};
    bool ok = parts.size() == 2;
    for (size_t i = 0; ok && i < 2; ++i) {
      const char* end = parts[i].data() + parts[i].size();
      const auto read = std::from_chars(parts[i].data(), end, numbers[i]);
      ok = !parts[i].empty() && parts[i].size() <= 4 && read.ec == std::errc() && read.ptr == end;
    }
    if (!ok)
      return Bad(fields.Where("abi"), fmt::format("abi {} is not \"major.minor\"", Quote(abi, 20)));
    manifest.abi_major = numbers[0];
    manifest.abi_minor = numbers[1];
  }

  std::vector<std::string> ReadExtensions(const Fields& fields, const char* key) {
    const std::vector<std::string> names = fields.Texts(key);
    for (size_t i = 0; i < names.size(); ++i) {
      const size_t slash = names[i].find('/');
      const bool ok = names[i].size() <= 64 && names[i].rfind("assay.", 0) == 0 &&
                      slash != std::string::npos && slash + 1 < names[i].size() &&
                      names[i].find_first_not_of("0123456789", slash + 1) == std::string::npos;
      if (!ok)
        Bad(fields.Where(key, i),
            Quote(names[i], 60) + " is not a host extension such as \"assay.read/1\"");
    }
    return names;
  }

  DatasetSpec ReadDataset(const Fields& fields) {
    DatasetSpec dataset;
    dataset.id = fields.Text("id");
    if (dataset.id.rfind("sqlite_", 0) == 0)
      Bad(fields.Where("id"), "names that begin with \"sqlite_\" are reserved");
    std::vector<std::string> names;
    for (const Fields& item : fields.Items("columns")) {
      dataset.columns.push_back(ReadColumn(item));
      if (Contains(names, dataset.columns.back().name))
        Bad(item.Where("name"), fmt::format("dataset {} has column {} twice", Quote(dataset.id),
                                            Quote(dataset.columns.back().name)));
      names.push_back(dataset.columns.back().name);
    }
    if (fields.Has("columns") && (names.empty() || names.size() > kMaxColumns))
      Bad(fields.WhereKey("columns"), fmt::format("dataset {} has {} columns; 1 to {} are allowed",
                                                  Quote(dataset.id), names.size(), kMaxColumns));
    dataset.key = fields.Texts("key");
    if (dataset.key.empty() && fields.Has("key"))
      Bad(fields.Where("key"), fmt::format("dataset {} has an empty key", Quote(dataset.id)));
    for (size_t i = 0; i < dataset.key.size(); ++i)
      if (!Contains(names, dataset.key[i]))
        NoSuch(fields.Where("key", i), fmt::format("key {} is not a column of dataset {}",
                                                   Quote(dataset.key[i]), Quote(dataset.id)));
    dataset.subject = fields.Text("subject");
    dataset.label = fields.Text("label");
    for (const char* key : {"subject", "label"})
      if (fields.Has(key) && !Contains(names, fields.Text(key)))
        NoSuch(fields.Where(key), fmt::format("{} {} is not a column of dataset {}", key,
                                              Quote(fields.Text(key)), Quote(dataset.id)));
    dataset.subject_type = fields.Text("subject_type");
    dataset.data_class = fields.Text("data_class");
    return dataset;
  }

  ColumnSpec ReadColumn(const Fields& fields) {
    constexpr std::pair<std::string_view, ColumnType> kTypes[] = {
        {"text", ColumnType::kText}, {"int", ColumnType::kInt},
        {"bool", ColumnType::kBool}, {"time", ColumnType::kTime},
        {"json", ColumnType::kJson}, {"decimal", ColumnType::kDecimal}};
    ColumnSpec column;
    column.name = fields.Text("name");
    column.personal = fields.Bool("personal");
    for (const auto& [word, type] : kTypes)
      if (fields.Text("type") == word) column.type = type;
    column.fields = fields.Texts("fields");
    if (fields.Has("fields")) CheckItem(fields, column);
    return column;
  }

  void CheckItem(const Fields& fields, const ColumnSpec& column) {
    if (column.type != ColumnType::kJson)
      Bad(fields.WhereKey("fields"),
          fmt::format("column {} has fields; they belong to type \"json\"", Quote(column.name)));
    if (column.fields.empty() || column.fields.size() > kMaxFields)
      Bad(fields.WhereKey("fields"),
          fmt::format("column {} has {} fields; 1 to {} are allowed", Quote(column.name),
                      column.fields.size(), kMaxFields));
    for (size_t i = 0; i < column.fields.size(); ++i)
      if (!IsMemberPath(column.fields[i]))
        Bad(fields.Where("fields", i),
            fmt::format("{} is no path of members such as \"properties.rules.name\"",
                        Quote(column.fields[i])));
  }

  static bool IsMemberPath(std::string_view path) {
    const auto word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-' || c == '@';
    };
    const auto members = Split(path, '.');
    return path.size() <= 256 &&
           std::all_of(members.begin(), members.end(), [&](std::string_view name) {
             return !name.empty() && std::all_of(name.begin(), name.end(), word);
           });
  }

  EndpointSpec ReadEndpoint(const Fields& fields, const std::vector<DatasetSpec>& datasets) {
    constexpr std::pair<std::string_view, Paging> kPagings[] = {
        {"single", Paging::kSingle},        {"none", Paging::kNone},
        {"odata", Paging::kOdata},          {"arm", Paging::kArm},
        {"odata-post", Paging::kOdataPost}, {"skiptoken-body", Paging::kSkipToken},
        {"marker-xml", Paging::kMarkerXml}};
    EndpointSpec endpoint;
    endpoint.id = fields.Text("id");
    for (const ServiceHost host : {ServiceHost::kGraph, ServiceHost::kArm, ServiceHost::kBlob})
      if (fields.Text("host") == Name(host)) endpoint.host = host;
    endpoint.version = fields.Text("version");
    endpoint.api_version = fields.Text("api_version");
    endpoint.path = fields.Text("path");
    for (const auto& [word, paging] : kPagings)
      if (fields.Text("paging") == word) endpoint.paging = paging;
    endpoint.read_post = fields.Text("read_post");
    endpoint.permission = fields.Text("permission");
    endpoint.also = fields.Texts("also");
    endpoint.arm_action = fields.Text("action");
    endpoint.licence = fields.Text("licence");
    endpoint.datasets = fields.Texts("datasets");
    endpoint.optional = fields.Bool("optional");
    endpoint.personal = fields.Bool("personal");
    endpoint.absent = fields.Bool("absent");
    CheckHost(fields, endpoint);
    ReadParameters(fields, endpoint);
    for (size_t i = 0; i < endpoint.datasets.size(); ++i)
      if (std::none_of(datasets.begin(), datasets.end(),
                       [&](const DatasetSpec& d) { return d.id == endpoint.datasets[i]; }))
        NoSuch(fields.Where("datasets", i),
               fmt::format("endpoint {} names dataset {}, which is not declared",
                           Quote(endpoint.id), Quote(endpoint.datasets[i])));
    return endpoint;
  }

  void CheckHost(const Fields& fields, const EndpointSpec& endpoint) {
    const std::string name = "endpoint " + Quote(endpoint.id);
    if (endpoint.host == ServiceHost::kBlob) return CheckBlob(fields, endpoint, name);
    if (endpoint.paging == Paging::kMarkerXml)
      Bad(fields.Where("paging"), name + ": paging \"marker-xml\" belongs to host \"blob\"");
    if (fields.Text("host") == "graph") {
      if (endpoint.version.empty())
        Bad(fields.Where(), name + ": version \"v1.0\" or \"beta\" is missing");
      if (endpoint.permission.empty()) Bad(fields.Where(), name + ": permission is missing");
      for (const char* key : {"api_version", "action"})
        if (fields.Has(key))
          Bad(fields.WhereKey(key), fmt::format("{}: {} belongs to host \"arm\"", name, key));
    } else if (fields.Text("host") == "arm") {
      if (!IsApiVersion(endpoint.api_version))
        Bad(fields.Where("api_version"),
            name + ": api_version is missing or not a date such as \"2019-10-01\"");
      for (const char* key : {"version", "permission", "also"})
        if (fields.Has(key))
          Bad(fields.WhereKey(key), fmt::format("{}: {} belongs to host \"graph\"", name, key));
    }
    if ((endpoint.paging == Paging::kOdataPost || endpoint.paging == Paging::kSkipToken) &&
        endpoint.read_post.empty())
      Bad(fields.Where("paging"),
          fmt::format("{}: paging \"{}\" needs read_post", name, fields.Text("paging")));
  }

  void CheckBlob(const Fields& fields, const EndpointSpec& endpoint, const std::string& name) {
    if (!IsApiVersion(endpoint.api_version))
      Bad(fields.Where("api_version"),
          name + ": api_version is missing or not a date such as \"2021-12-02\"");
    for (const char* key : {"version", "permission", "also", "read_post"})
      if (fields.Has(key))
        Bad(fields.WhereKey(key),
            fmt::format("{}: {} has no meaning for host \"blob\"", name, key));
    if (endpoint.path != "/{container}" && endpoint.path != "/{container}/{blob}")
      Bad(fields.Where("path"),
          name + ": path of host \"blob\" is \"/{container}\" or \"/{container}/{blob}\"");
    const bool listing = endpoint.path == "/{container}";
    if (endpoint.paging != (listing ? Paging::kMarkerXml : Paging::kNone))
      Bad(fields.Where("paging"),
          name + ": a container is listed with \"marker-xml\", a file is read with \"none\"");
  }

  static bool IsApiVersion(std::string_view text) {
    if (text.size() > 10 && text.substr(10) != "-preview") return false;
    return text.size() >= 10 && ParseDate(text.substr(0, 10)).has_value();
  }

  void ReadParameters(const Fields& fields, EndpointSpec& endpoint) {
    if (!fields.Has("path")) return;
    std::vector<std::string> names;
    if (!IsPlainPath(endpoint.path) || !ParseTemplate(endpoint.path, names))
      return Bad(fields.Where("path"),
                 fmt::format("endpoint {}: path is not a plain absolute path with {{parameters}}",
                             Quote(endpoint.id)));
    const bool blob = endpoint.host == ServiceHost::kBlob;
    if (blob) std::erase(names, "container");  // the configuration's
    const size_t in_path = names.size();
    ReadQuery(fields, endpoint, names);
    const auto [document, node] = fields.Find("params");
    const toml::table* types = node == nullptr ? nullptr : node->as_table();
    // Where a range begins is asked for beside the path.
    if (blob && types != nullptr && types->contains("offset")) names.emplace_back("offset");
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string& name = names[i];
      ParamSpec param{name, ParamType::kSegment};
      if (!kId.check(name).empty())
        Bad(fields.Where(i < in_path ? "path" : "query"),
            fmt::format("endpoint {}: {{{}}} is not a parameter name", Quote(endpoint.id), name));
      if (types != nullptr && types->contains(name))
        param.type = ReadParamType(*document, *types->get(name), blob);
      CheckPlace(fields, endpoint, param, i < in_path);
      const bool twice = std::any_of(endpoint.params.begin(), endpoint.params.end(),
                                     [&](const ParamSpec& p) { return p.name == name; });
      if (!twice) endpoint.params.push_back(std::move(param));
    }
    if (types == nullptr) return;
    for (const auto& [key, value] : *types) {
      if (Contains(names, std::string(key.str()))) continue;
      // The one parameter that is not of the path: it goes into the body that the broker writes.
      if (TextOf(value) == "guids" && endpoint.paging == Paging::kSkipToken)
        endpoint.params.push_back({std::string(key.str()), ParamType::kGuids});
      else
        NoSuch(PlaceOf(*document, key),
               fmt::format("endpoint {}: path and query have no parameter {}", Quote(endpoint.id),
                           Quote(key.str())));
    }
  }

  /// What stands within a value of the query is a time or a GUID: nothing else is sure to add no
  /// condition of its own. A time is no part of a path.
  void CheckPlace(const Fields& fields, const EndpointSpec& endpoint, const ParamSpec& param,
                  bool in_path) {
    if (in_path && param.type == ParamType::kTime)
      Bad(fields.Where("path"),
          fmt::format("endpoint {}: {{{}}} is a time; those stand in the query", Quote(endpoint.id),
                      param.name));
    if (!in_path && (param.type == ParamType::kSegment || param.type == ParamType::kBlob))
      Bad(fields.Where("query"),
          fmt::format("endpoint {}: {{{}}} in the query needs type \"time\" or \"guid\" in params",
                      Quote(endpoint.id), param.name));
  }

  ParamType ReadParamType(const Document& document, const toml::node& node, bool blob) {
    const auto word = TextOf(node);
    if (blob) {
      if (word == "blob") return ParamType::kBlob;
      if (word != "offset")
        Bad(PlaceOf(document, node), "a parameter of host \"blob\" is \"blob\" or \"offset\"");
      return ParamType::kOffset;
    }
    if (!word || (*word != "guid" && *word != "segment" && *word != "time"))
      Bad(PlaceOf(document, node), "a parameter is \"guid\", \"segment\" or \"time\"");
    if (word == "time") return ParamType::kTime;
    return word == "guid" ? ParamType::kGuid : ParamType::kSegment;
  }

  void ReadQuery(const Fields& fields, EndpointSpec& endpoint, std::vector<std::string>& names) {
    const auto [document, node] = fields.Find("query");
    if (node == nullptr || !node->is_table()) return;
    for (const auto& [key, value] : *node->as_table()) {
      const auto* text = value.as_string();
      if (text == nullptr) {
        report_.Error("AS-CFG-004", PlaceOf(*document, value),
                      "expected a string, found " + Found(value));
        continue;
      }
      const bool controls = std::any_of(text->get().begin(), text->get().end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20;
      });
      if (controls || key.str() == "api-version" || key.str().empty() || text->get().size() > 2048)
        Bad(PlaceOf(*document, key), fmt::format("endpoint {}: query {} is not allowed",
                                                 Quote(endpoint.id), Quote(key.str())));
      if (!ParseTemplate(text->get(), names))
        Bad(PlaceOf(*document, value),
            fmt::format("endpoint {}: query {} has a brace without its other", Quote(endpoint.id),
                        Quote(key.str())));
      endpoint.query.emplace_back(std::string(key.str()), text->get());
    }
  }

  void CheckCounts(const Fields& fields, const Manifest& manifest) {
    if (manifest.kind == PluginKind::kFramework &&
        !(manifest.endpoints.empty() && manifest.datasets.empty()))
      Bad(fields.Where("kind"), "a framework reads nothing: it has no endpoints and no datasets");
    if (manifest.endpoints.size() > kMaxEndpoints)
      Bad(fields.Where("endpoint"), fmt::format("more than {} endpoints", kMaxEndpoints));
    if (manifest.datasets.size() > kMaxDatasets)
      Bad(fields.Where("dataset"), fmt::format("more than {} datasets", kMaxDatasets));
  }

  // A plugin may lower its bounds freely.
  void ReadLimits(const Fields& fields, WorkerLimits& limits) {
    for (const LimitField& field : LimitFields()) {
      const std::string key(field.name);
      if (!fields.Has(key)) continue;
      const int64_t wanted = fields.Integer(key);
      const auto most = static_cast<int64_t>(field.get(WorkerLimits()) * kMostTimesDefault);
      if (wanted < 1 || wanted > most)
        Bad(fields.Where(key), fmt::format("limit {} is outside 1 to {}", key, most));
      else
        field.set(limits, static_cast<uint64_t>(wanted));
    }
  }

  Report& report_;
};

}  // namespace

Result<Manifest> ParseManifest(std::string_view toml, const std::string& name) {
  if (toml.size() > kMaxManifestBytes)
    return Fail(Code::kInvalidInput,
                fmt::format("{}: manifest is larger than {} bytes", name, kMaxManifestBytes));
  SyntaxError error;
  const Document document = ParseDocument(toml, name, error);
  Report report;
  if (!document.valid) {
    report.Error("AS-CFG-003", error.place, error.message);
    return tl::unexpected(report.FirstErrors({&document}).error());
  }
  Walker(report).Walk(document, ManifestSchema(), true);
  Manifest manifest =
      ManifestReader(report).Read(Fields(ManifestSchema(), {{&document, &document.root}}));
  ASSAY_TRY(report.FirstErrors({&document}));
  return manifest;
}

}  // namespace assay::config
