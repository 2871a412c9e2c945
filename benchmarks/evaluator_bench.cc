// Loads policy states into an evaluator and runs checks: rows a second and bytes a row. Usage:
// evaluator_bench [rows]
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "ipc/row.h"
#include "worker/evaluator.h"

using namespace assay;

namespace {

/// Shape of an Azure policy state: long resource ids that repeat for each policy, everything else
/// repeats a lot.
DatasetSpec PolicyState() {
  DatasetSpec d;
  d.id = "policy_state";
  for (const char* name :
       {"resource_id", "policy_assignment_id", "policy_definition_id", "policy_set_definition_id",
        "reference_id", "subscription_id", "resource_type", "resource_location", "resource_group",
        "definition_action", "definition_category", "management_groups", "compliance_state"})
    d.columns.push_back({name, ColumnType::kText, false});
  d.columns.push_back({"time", ColumnType::kTime, false});
  d.columns.push_back({"is_compliant", ColumnType::kBool, false});
  d.key = {"resource_id", "policy_assignment_id", "reference_id"};
  d.subject = "resource_id";
  d.subject_type = "resource";
  return d;
}

void PutText(ipc::Writer& out, const std::string& text) { out.U8(1).Text(text); }

void PutRow(ipc::Writer& out, uint32_t i) {
  const uint32_t resource = i / 20, policy = i % 20;
  out.U32(i / 1000 + 1).U32(i % 1000);
  const auto sub = fmt::format("00000000-0000-0000-0000-{:012x}", resource % 40);
  PutText(out, fmt::format("/subscriptions/{}/resourcegroups/rg-{}/providers/microsoft.storage/"
                           "storageaccounts/account{:08x}",
                           sub, resource % 300, resource * 2654435761u));
  PutText(out,
          fmt::format("/subscriptions/{}/providers/microsoft.authorization/policyassignments/a{}",
                      sub, policy % 4));
  PutText(out,
          fmt::format("/providers/microsoft.authorization/policydefinitions/def-{:032x}", policy));
  PutText(out, "/providers/microsoft.authorization/policysetdefinitions/baseline");
  PutText(out, fmt::format("ref-{}", policy));
  PutText(out, sub);
  PutText(out, "microsoft.storage/storageaccounts");
  PutText(out, "westeurope");
  PutText(out, fmt::format("rg-{}", resource % 300));
  PutText(out, "audit");
  PutText(out, "storage");
  PutText(out, "mg-root,mg-prod");
  PutText(out, i % 17 == 0 ? "NonCompliant" : "Compliant");
  PutText(out, "2026-11-20T02:16:09.123Z");
  out.U8(2).I64(i % 17 == 0 ? 0 : 1);
}

long ResidentKilobytes() {
  long pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

double Since(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
}

CheckSpec Check(const std::string& id, const std::string& subject, const std::string& sql) {
  CheckSpec c;
  c.id = id;
  c.subject = subject;
  c.reads = {"policy_state"};
  c.sql = sql;
  return c;
}

}  // namespace

int main(int argc, char** argv) {
  const auto rows = static_cast<uint32_t>(argc > 1 ? std::stoul(argv[1]) : 1'000'000);
  worker::Evidence evidence;
  auto store = worker::RowStore::Create(PolicyState(), evidence.pools);
  if (!store) return 1;
  const long before = ResidentKilobytes();
  double loading = 0;
  size_t bytes = 0;
  for (uint32_t at = 0; at < rows;) {
    ipc::Writer out;
    uint32_t count = 0;
    for (; at < rows && out.bytes().size() < 250'000; ++at, ++count) PutRow(out, at);
    bytes += out.bytes().size();
    const auto t = std::chrono::steady_clock::now();
    if (!(*store)->Add({0, count, out.bytes()})) return 1;
    loading += Since(t);
  }
  auto t = std::chrono::steady_clock::now();
  (*store)->Seal();
  const double sealing = Since(t);
  std::printf("rows %u (%.0f wire bytes each): load %.2f s, seal %.2f s, %.2f M rows/s\n", rows,
              static_cast<double>(bytes) / rows, loading, sealing,
              rows / (loading + sealing) / 1e6);
  std::printf("store %.1f bytes/row, texts %.1f, resident %.1f bytes/row (%ld MB)\n",
              static_cast<double>((*store)->MemoryBytes()) / rows,
              static_cast<double>(evidence.pools.texts.MemoryBytes()) / rows,
              static_cast<double>(ResidentKilobytes() - before) * 1024 / rows,
              ResidentKilobytes() / 1024);
  auto database = worker::Database::Open(0, evidence.pools);
  if (!database || !(*database)->AddDataset(**store)) return 1;
  evidence.conditions["policy_state"] = {Completeness::kComplete, Reason::kNone, ""};
  evidence.stores["policy_state"] = std::move(*store);
  const CheckSpec checks[] = {
      Check("scan", "tenant",
            "SELECT 'tenant' AS subject, 'fail' AS verdict, count(*) AS detail FROM policy_state "
            "WHERE "
            "compliance_state = 'NonCompliant' OR resource_location LIKE 'north%'"),
      Check("group", "policy_state",
            "SELECT resource_id AS subject, CASE WHEN sum(is_compliant = 0) > 0 THEN 'fail' ELSE "
            "'pass' "
            "END AS verdict, count(*) || ' policies' AS detail FROM policy_state GROUP BY "
            "resource_id"),
      Check("join", "policy_state",
            "SELECT a.resource_id AS subject, 'pass' AS verdict, '' AS detail FROM policy_state a "
            "JOIN "
            "policy_state b ON b.resource_id = a.resource_id AND b.reference_id = 'ref-3' WHERE "
            "a.reference_id = 'ref-7'"),
  };
  for (const CheckSpec& check : checks) {
    uint64_t seen = 0;
    t = std::chrono::steady_clock::now();
    auto result = DecideCheck(**database, evidence, check, {}, [&](Observation) -> Status {
      ++seen;
      return {};
    });
    std::printf("%-6s %.2f s, %llu observations, %s %s\n", check.id.c_str(), Since(t),
                static_cast<unsigned long long>(seen), std::string(Name(result->verdict)).c_str(),
                result->detail.c_str());
  }
  std::printf("resident at end %ld MB\n", ResidentKilobytes() / 1024);
  return 0;
}
