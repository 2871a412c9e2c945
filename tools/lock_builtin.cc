// Build step: pins the built-in plugins. Loads every plugin folder below LIB_DIR the way a run does
// and writes LIB_DIR/assay-plugins.lock. A plugin that a run would refuse fails the build here.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "assess/plugin_set.h"
#include "base/files.h"
#include "config/lock_file.h"

namespace {

namespace fs = std::filesystem;

assay::Status Lock(const fs::path& lib) {
  std::vector<assay::LockEntry> entries;
  for (const char* kind : {"plugins", "frameworks"}) {
    std::vector<fs::path> folders;
    std::error_code error;
    for (const auto& folder : fs::directory_iterator(lib / kind, error))
      if (folder.is_directory()) folders.push_back(folder.path());
    std::sort(folders.begin(), folders.end());
    for (const fs::path& folder : folders) {
      ASSAY_ASSIGN(const auto plugin,
                   assay::assess::LoadPlugin(folder, folder.filename().string()));
      entries.push_back(assay::assess::MakeLockEntry(plugin));
    }
  }
  const std::string text = assay::config::FormatLock(entries);
  return assay::WriteFileDurably(lib / "assay-plugins.lock", assay::AsBytes(text), 0644);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: lock_builtin LIB_DIR   (the lib/assay folder of a build)\n", stderr);
    return 2;
  }
  const assay::Status locked = Lock(argv[1]);
  if (locked) return 0;
  std::fprintf(stderr, "lock_builtin: %s\n", locked.error().ToString().c_str());
  return 1;
}
