// A folder with configuration files that goes away with the test.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/load.h"

namespace assay::config {

class ConfigFolder {
 public:
  ConfigFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "assay-config-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~ConfigFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ConfigFolder(const ConfigFolder&) = delete;
  ConfigFolder& operator=(const ConfigFolder&) = delete;

  std::filesystem::path Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The smallest useful file of docs/formats/config.md, line for line.
inline std::string SmallestFile() {
  return R"(schema = 1
[instance]
name = "Contoso"
origin = "assay.contoso.example"
[storage]
default = "main"
[storage.main]
kind = "sqlite"
path = "/var/lib/assay"
region = "eu"
[[tenants]]
id = "contoso"
name = "Contoso B.V."
directory_id = "7f0c1b2e-0000-4000-8000-00000000e21a"
region = "eu"
store = "main"
credential = { kind = "secret", client_id = "51d2a7c0-0000-4000-8000-0000000000aa", ref = "env:CONTOSO_SECRET" }
[[frameworks]]
id = "iso27001-2022"
version = "1"
tenants = ["*"]
)";
}

inline LoadOptions WithoutSecrets() {
  LoadOptions options;
  options.check_secrets = false;
  return options;
}

/// Loads one text as assay.toml of its own folder.
inline Loaded LoadText(const std::string& text, const LoadOptions& options = WithoutSecrets()) {
  const ConfigFolder folder;
  return LoadConfig(folder.Write("assay.toml", text), options);
}

/// "AS-CFG-001 3:5" of every diagnostic, in order, joined with ", ".
inline std::string Codes(const Loaded& loaded) {
  std::string out;
  for (const Diagnostic& d : loaded.diagnostics)
    out += (out.empty() ? "" : ", ") + d.code + " " + std::to_string(d.place.line) + ":" +
           std::to_string(d.place.column);
  return out;
}

}  // namespace assay::config
