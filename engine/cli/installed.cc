#include "cli/installed.h"

#include <fmt/format.h>

namespace assay::cli {

Result<std::filesystem::path> InstalledHome() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Fail(Code::kIo, "/proc/self/exe: " + error.message());
  return self.parent_path().parent_path() / "lib" / "assay";
}

Result<assess::Catalogue> OpenCatalogue(const Context& context) {
  ASSAY_ASSIGN(const std::filesystem::path home, InstalledHome());
  assess::Catalogue catalogue = assess::Catalogue::Scan(home, assess::ReadManifestNote);
  for (const assess::BrokenPackage& broken : catalogue.broken())
    context.Narrate(fmt::format("warning: {} cannot be used: {}\n", broken.folder.string(),
                                broken.error.ToString()));
  return catalogue;
}

config::LoadOptions LoadOptionsFor(const assess::Catalogue& catalogue, bool check_secrets) {
  config::LoadOptions options;
  options.check_secrets = check_secrets;
  options.known_plugins = catalogue.PluginIds();
  options.known_frameworks = catalogue.FrameworkIds();
  options.known_checks = catalogue.CheckIds();
  return options;
}

}  // namespace assay::cli
