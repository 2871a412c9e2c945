// Damaged plugin files: refused before a process is made for them; and what becomes of them in a
// worker that got them all the same.
#include <unistd.h>

#include <iostream>
#include <map>

#include "base/files.h"
#include "sandbox/elf_damage.h"
#include "sandbox/harness.h"
#include "sandbox/unconfined.h"
#include "support/matchers.h"

namespace assay::sandbox {
namespace {

using std::chrono::milliseconds;

/// The attack plugin with one thing broken.
ByteVector Broken(const Damage& damage) {
  static const auto plugin = ReadFile(ASSAY_ATTACK_PLUGIN);
  if (!plugin) FAIL(plugin.error().ToString());
  ElfPatch elf(*plugin);
  damage.commit(elf);
  return std::move(elf.bytes);
}

}  // namespace

TEST_CASE("Sandbox: refuses every damaged file before a process is made for it [CL-5]") {
  for (const Damage& damage : EveryDamage()) {
    INFO(damage.name);
    CHECK_FAILS(InspectPlugin(Broken(damage)), Code::kInvalidInput, damage.words);
  }
}

#ifndef ASSAY_SANITIZED  // its runtime reports what the loader does to itself
TEST_CASE("Sandbox: a damaged file that passed all the same obtains nothing in a worker [CL-5]") {
  for (Tier tier : OfferedTiers()) {
    std::map<std::string, int> ends;
    for (const Damage& damage : EveryDamage()) {
      REQUIRE_OK_AND_ASSIGN(const UniqueFd memfd, SealedMemfd("plugin", Broken(damage)));
      WorkerSpec spec = AttackSpec("open_passwd");
      spec.plugin_memfd = memfd.get();
      const AttackEnd end = RunSpec(spec, tier, milliseconds(20'000));
      INFO(Name(tier) << " " << damage.name << " " << end.refused_start << " "
                      << Name(end.outcome.fate) << " " << end.outcome.detail);
      const bool refused = end.done && end.done->status == 0;
      CHECK((!end.refused_start.empty() || refused || end.outcome.fate == Fate::kCrashed));
      ++ends[!end.refused_start.empty() ? "no start" : std::string(Name(end.outcome.fate))];
    }
    for (const auto& [words, count] : ends)
      std::cout << "damaged files in " << Name(tier) << ": " << words << " " << count << "\n";
  }
}

TEST_CASE("Sandbox: damaged files load and run where nothing looks at them [CL-5]") {
  const std::string path = "/tmp/assay-damaged-" + std::to_string(::getpid()) + ".so";
  size_t demanded = 0;
  if (RunUnconfined(ASSAY_ATTACK_PLUGIN, "open_passwd", milliseconds(20'000)) ==
      Control::kNotOffered) {
    WARN("NOT OFFERED HERE: a box of namespaces for files without confinement");
    return;
  }
  for (const Damage& damage : EveryDamage()) {
    REQUIRE_OK(WriteFileDurably(path, Broken(damage), 0755));
    const Control got = RunUnconfined(path, "open_passwd", milliseconds(20'000));
    std::cout << "damaged file " << damage.name << ": " << Name(got) << "\n";
    if (damage.loader != Loader::kLoads) continue;
    ++demanded;
    INFO(damage.name << ": " << Name(got));
    CHECK(got == Control::kObtained);
  }
  ::unlink(path.c_str());
  CHECK(demanded > 20);
}
#endif

}  // namespace assay::sandbox
