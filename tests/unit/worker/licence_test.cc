// A licence is decided before the SQL of a check: what is not bought is no verdict (promise 6).
#include "evaluation.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kP1 = "41781FB2-BC02-4B7C-BD55-B576C07BB09D";
constexpr const char* kP2 = "eec0eb4f-6444-4f95-aba0-50c24d67f998";
const char* kView = "CREATE VIEW graph_plan AS SELECT plan_id, plan_name FROM sku";
const char* kFail = "SELECT 'tenant' AS subject, 'fail' AS verdict, '' AS detail FROM sku LIMIT 1";

DatasetSpec Skus() {
  return Dataset("sku",
                 {{"plan_id", ColumnType::kText, false}, {"plan_name", ColumnType::kText, false}},
                 {"plan_id"}, "plan_id");
}

struct Setup {
  std::vector<std::pair<const char*, const char*>> plans = {};
  std::vector<std::string> licence = {"AAD_PREMIUM"};
  Completeness completeness = Completeness::kComplete;
  std::string views = kView;
  std::string plugin = "graph";
  std::vector<std::string> reads = {"sku"};
  std::vector<std::string> optional = {};
};

Answer Run(const Setup& s) {
  Evaluation e;
  e.Schema(1, Skus());
  std::vector<TestRow> rows{{1, 0, {"other", "OTHER"}}};
  for (uint32_t i = 0; i < s.plans.size(); ++i)
    rows.push_back({1, i + 1, {s.plans[i].first, s.plans[i].second}});
  e.Rows(1, rows);
  e.State(1, s.completeness,
          s.completeness == Completeness::kComplete ? Reason::kNone : Reason::kThrottled);
  if (!s.views.empty()) e.Views(s.views);
  CheckSpec check = Check("c", kFail, "tenant", s.reads);
  check.plugin = s.plugin;
  check.licence = s.licence;
  check.optional = s.optional;
  check.partial_fail = s.reads;
  e.Add(check);
  return e.Run();
}

std::string ResultOf(const Setup& s) { return Words(Run(s).results.at("c")); }

}  // namespace

TEST_CASE("Licence: runs the check when a plan is there by id, by name, or within a bigger one") {
  CHECK(ResultOf({.plans = {{kP1, "x"}}}) == "fail");
  CHECK(ResultOf({.plans = {{"y", "AAD_PREMIUM"}}}) == "fail");
  CHECK(ResultOf({.plans = {{kP2, "x"}}}) == "fail");
  CHECK(ResultOf({.plans = {{"y", "AAD_PREMIUM_P2"}}}) == "fail");
  CHECK(ResultOf({.plans = {{"y", "ATA"}}, .licence = {"AAD_PREMIUM", "ATA"}}) == "fail");
  CHECK(ResultOf({.licence = {}}) == "fail");
}

TEST_CASE("Licence: says licence, without a subject, when there is no such plan") {
  const Answer answer = Run({.plans = {{kP1, "AAD_PREMIUM"}}, .licence = {"AAD_PREMIUM_P2"}});
  CHECK(Words(answer.results.at("c")) ==
        "not_assessed (licence): the tenant has no plan AAD_PREMIUM_P2");
  CHECK(answer.observations.empty());
  CHECK_THAT(ResultOf({.plans = {{"x", "aad_premium"}}, .licence = {"AAD_PREMIUM", "ATA"}}),
             Contains("no plan AAD_PREMIUM or ATA"));
}

TEST_CASE("Licence: is unknown while the list of plans is incomplete") {
  CHECK(ResultOf({.completeness = Completeness::kPartial}) ==
        "not_assessed (throttled): whether the tenant has AAD_PREMIUM is unknown: sku is partial");
  CHECK(ResultOf({.plans = {{kP1, "x"}}, .completeness = Completeness::kPartial}) == "fail");
  CHECK_THAT(ResultOf({.plans = {{kP1, "x"}}, .completeness = Completeness::kUnavailable}),
             Contains("not_assessed (throttled): sku is unavailable"));
  CHECK_THAT(
      ResultOf(
          {.plans = {{kP1, "x"}}, .completeness = Completeness::kUnavailable, .optional = {"sku"}}),
      Contains("not_assessed (throttled): whether the tenant has AAD_PREMIUM is unknown"));
}

TEST_CASE("Licence: names the collector that has no view of plans") {
  CHECK(ResultOf({.plans = {{kP1, "x"}}, .plugin = "azure-policy"}) ==
        "not_assessed (unsupported): whether the tenant has AAD_PREMIUM is unknown: collector "
        "azure-policy has no view azure_policy_plan");
  CHECK_THAT(ResultOf({.plans = {{kP1, "x"}}, .views = ""}), Contains("no view graph_plan"));
}

TEST_CASE("Licence: keeps the rules on reads for the view of plans") {
  Evaluation e;
  e.Schema(1, Skus());
  e.State(1, Completeness::kComplete);
  e.Views(kView);
  CheckSpec check =
      Check("c", "SELECT 'tenant' AS subject, 'pass' AS verdict, '' AS detail", "tenant", {});
  check.licence = {"AAD_PREMIUM"};
  e.Add(check);
  CHECK_THAT(Words(e.Run().results.at("c")),
             Contains("not_assessed (plugin_fault)") && Contains("dataset sku is not in reads"));
}

TEST_CASE("Licence: an administrator's check asks the view whose datasets it reads") {
  const std::string two = std::string("CREATE VIEW abc_plan AS SELECT * FROM elsewhere;") + kView;
  CHECK(ResultOf({.plans = {{kP1, "x"}}, .views = two, .plugin = "checks.d"}) == "fail");
  CHECK_THAT(ResultOf({.views = "", .plugin = "checks.d"}),
             Contains("not_assessed (unsupported)") && Contains("entra_sku_plan"));
}
