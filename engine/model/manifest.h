// What a plugin says of itself before it runs: identity, reads, datasets, limits. Plain values,
// made by config/manifest_file.h from the TOML of the ELF note and checked there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

enum class PluginKind : uint8_t { kCollector = 1, kFramework = 2 };

/// Which base URL of the tenant's cloud an endpoint is read from.
/// kBlob: where the tenant's cost exports lie, a container of Azure or a folder of this machine.
enum class ServiceHost : uint8_t { kGraph = 1, kArm = 2, kBlob = 3 };

/// The word of a manifest: "graph", "arm", "blob". [any thread]
constexpr std::string_view Name(ServiceHost host) {
  return host == ServiceHost::kGraph ? "graph" : host == ServiceHost::kArm ? "arm" : "blob";
}

/// How an endpoint continues (plugins.md section 3).
enum class Paging : uint8_t {
  kSingle = 1,     ///< one JSON object
  kNone = 2,       ///< a list, one page only
  kOdata = 3,      ///< "@odata.nextLink"
  kArm = 4,        ///< "nextLink"
  kOdataPost = 5,  ///< "@odata.nextLink", followed by POST again
  kSkipToken = 6,  ///< "$skipToken", put into the body of the next POST by the broker
  kMarkerXml = 7,  ///< <NextMarker> of a listing, given back as "marker"
};

/// Bytes of one read of a file; where it begins is a multiple of it.
inline constexpr uint64_t kRangeBytes = 8u << 20;

/// Type of a parameter: decides what is accepted and where it may stand, path, query or body.
enum class ParamType : uint8_t {
  kGuid = 1,     ///< 8-4-4-4-12 hex
  kSegment = 2,  ///< one path segment, no '/', not "." or ".."
  kTime = 3,     ///< a moment in UTC; stands in values of the query only
  kGuids = 4,    ///< GUIDs with commas between, for the body of a read_post; at most kMaxGuids
  kBlob = 5,     ///< name of a file: segments with '/' between them
  kOffset = 6,   ///< where a range begins; not part of the path
};

/// As many subscriptions as Resource Graph takes in one query.
inline constexpr size_t kMaxGuids = 1000;

struct ParamSpec {
  std::string name;
  ParamType type = ParamType::kSegment;
};

/// A declared read. `[[endpoint]]` of manifest.toml; ids are those of the endpoint catalogue.
struct EndpointSpec {
  std::string id;  ///< "graph-users"
  ServiceHost host = ServiceHost::kGraph;
  std::string version;      ///< Graph: "v1.0" | "beta"; empty for ARM
  std::string api_version;  ///< ARM: value of api-version, blob: x-ms-version; empty for Graph
  std::string path;         ///< "/subscriptions/{subscriptionId}/providers/..."
  std::vector<ParamSpec> params;
  std::vector<std::pair<std::string, std::string>> query;  ///< in order, plain text: {"$top","999"}
  Paging paging = Paging::kSingle;
  std::string read_post;   ///< id in the broker's compiled list when this is a read-only POST
  std::string permission;  ///< least Graph application permission; empty for ARM
  std::vector<std::string> also;      ///< higher read permissions that also work
  std::string arm_action;             ///< RBAC action needed, for messages; empty for Graph
  std::string licence;                ///< service plan needed; empty for none
  std::vector<std::string> datasets;  ///< datasets that it feeds
  bool optional = false;              ///< its failure leaves its datasets complete
  bool personal = false;              ///< answers hold personal data
  bool absent = false;                ///< 404 says that there is none, nothing is missing
};

enum class ColumnType : uint8_t {
  kText = 1,
  kInt = 2,
  kBool = 3,     ///< 0 or 1
  kTime = 4,     ///< RFC 3339 text
  kJson = 5,     ///< JSON text (arrays, objects), read with json_each
  kDecimal = 6,  ///< decimal text, exact
};

struct ColumnSpec {
  std::string name;
  ColumnType type = ColumnType::kText;
  bool personal = false;
  std::vector<std::string> fields = {};  ///< of an item column: members kept, as dotted paths
};

/// A typed table that a collector fills. `[[dataset]]` of manifest.toml.
struct DatasetSpec {
  std::string id;  ///< "entra_user"; SQL name of its view
  std::vector<ColumnSpec> columns;
  std::vector<std::string> key;  ///< columns of the primary key, never null
  std::string subject;           ///< column that names the subject
  std::string label;         ///< column shown to people for a subject; empty: the subject itself
  std::string subject_type;  ///< "user", "device", "subscription", ...
  std::string data_class;    ///< "directory", "device", "policy", "posture"
};

/// The most threads that a manifest may ask for: more would not parse faster on the machines that
/// run audits, and each is one more stack in the memory limit.
inline constexpr uint32_t kMaxWorkerThreads = 8;

/// Upper bounds of one worker. Every number has its reason in docs/decisions/0004-quotas.md.
struct WorkerLimits {
  uint64_t memory_bytes = 512ull << 20;  ///< RLIMIT_AS
  uint32_t cpu_seconds = 600;            ///< RLIMIT_CPU
  uint32_t wall_seconds = 7200;
  uint64_t rows = 20'000'000;
  uint64_t row_bytes = 8ull << 30;
  uint64_t frames = 50'000'000;
  uint64_t reads = 500'000;
  uint32_t outstanding = 64;  ///< tickets at once
  uint64_t log_bytes = 64 << 10;
  uint32_t denied_calls = 100;
  uint32_t records_per_body = 100'000;
  uint32_t threads = 1;  ///< living at once, the first included; what the manifest asks for
  uint32_t threads_at_most = kMaxWorkerThreads;  ///< the administrator's bound on that
};

struct Manifest {
  std::string id;
  std::string version;
  PluginKind kind = PluginKind::kCollector;
  uint16_t abi_major = 1;
  uint16_t abi_minor = 0;
  std::string title;
  std::vector<std::string> needs;     ///< host extensions it cannot do without
  std::vector<std::string> optional;  ///< host extensions it uses when there
  std::vector<EndpointSpec> endpoints;
  std::vector<DatasetSpec> datasets;
  WorkerLimits limits;
};

}  // namespace assay
