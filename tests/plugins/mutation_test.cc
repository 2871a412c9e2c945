// Fixtures damaged at random, always by the same seeds: no crash, no breach of the contract, and
// what was lost is said.
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "plugins/fake_host.h"

using namespace assay;
using namespace assay::testing;

namespace {

#ifdef ASSAY_SANITIZED
constexpr int kRounds = 50;  // each takes some sixty times as long
#else
constexpr int kRounds = 250;
#endif

std::string Damage(std::string body, std::mt19937& random) {
  const auto below = [&random](size_t n) { return n == 0 ? 0 : random() % n; };
  switch (below(6)) {
    case 0:
      body.resize(below(body.size()));
      break;
    case 1:
      for (size_t i = 0; i < 1 + below(8); ++i) {
        body[below(body.size())] ^= static_cast<char>(1u << below(8));
      }
      break;
    case 2:
      body.erase(below(body.size()), 1 + below(16));
      break;
    case 3:
      body.insert(below(body.size()), body.substr(below(body.size()), below(64)));
      break;
    case 4: {
      constexpr std::string_view kMarks = "{}[]\",:\\0-e.tfn \n";
      body[below(body.size())] = kMarks[below(kMarks.size())];
      break;
    }
    default:
      body.insert(below(body.size()), std::string(below(3000), "[{\""[below(3)]));
      break;
  }
  return body;
}

}  // namespace

TEST_CASE("Mutations: damaged answers never crash a collector", "[plugins]") {
  const std::string plugin =
      GENERATE("graph", "azure-policy", "intune", "defender", "activity-log");
  const std::filesystem::path folder =
      std::filesystem::path(ASSAY_SOURCE_DIR) / "plugins" / plugin / "fixtures";
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (!name.ends_with(".2")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  std::mt19937 random(20260615);
  for (const std::string& name : names) {
    const std::string body = Fixture(plugin, name);
    for (int i = 0; i < kRounds; ++i) {
      FakeHost host(plugin, SchemaOf(plugin));
      host.ServeElse({R"({"value":[]})"});
      const Answer damaged{Damage(body, random)};
      host.Serve(name, {damaged, damaged});
      INFO(plugin << " " << name << " round " << i << "\n" << damaged.body);
      CHECK(host.Run() == ASSAY_OK);
      for (const std::string& breach : host.breaches()) FAIL_CHECK(breach);
    }
  }
}
