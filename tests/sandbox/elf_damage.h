// Damaged plugin files: each breaks one rule of the ELF pass. Shared by its unit test and the
// matrix.
#pragma once

#include <functional>
#include <vector>

#include "sandbox/elf_patch.h"

namespace assay::sandbox {

/// What the loader makes of such a file by itself, without the ELF pass and without confinement.
enum class Loader {
  kNothing,  ///< it refuses it, crashes, or makes nothing of what was changed: nothing is demanded
  kLoads,    ///< it loads it and the plugin runs: the test demands it
};

struct Damage {
  const char* name;
  const char* group;
  const char* words;  ///< in the refusal
  Loader loader;
  std::function<void(ElfPatch&)> commit;
};

const std::vector<Damage>& EveryDamage();

}  // namespace assay::sandbox
