// The configuration that whole runs of these tests have.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "demo/server.h"

namespace assay::testing {

inline constexpr char kGraphAlone[] =
    "[[plugins]]\nid = \"graph\"\ntenants = [\"*\"]\n"
    "[[frameworks]]\nid = \"iso27001-2022\"\nversion = \"1\"\ntenants = [\"*\"]\n";

/// A configuration for one tenant "t" on `server`; `tables` names its plugins and frameworks.
inline std::string ConfigText(const demo::DemoServer& server, const std::filesystem::path& folder,
                              const std::string& tables) {
  const demo::CloudUrls& urls = server.urls();
  std::ostringstream out;
  out << "schema = 1\n[instance]\nname = \"Run\"\norigin = \"run.example\"\n[storage]\n"
         "default = \"main\"\n[storage.main]\nkind = \"sqlite\"\npath = \"data\"\nregion = \"eu\"\n"
      << "[clouds.demo]\nlogin = \"" << urls.login << "\"\ngraph = \"" << urls.graph
      << "\"\narm = \"" << urls.arm << "\"\ngraph_scope = \"" << urls.graph_scope
      << "\"\narm_scope = \"" << urls.arm_scope << "\"\ngraph_audiences = [\""
      << urls.graph_audience << "\"]\narm_audiences = [\"" << urls.arm_audience << "\"]\n"
      << "[[tenants]]\nid = \"t\"\nname = \"T\"\ndirectory_id = \"" << server.tenant_id()
      << "\"\ncloud = \"demo\"\nregion = \"eu\"\nstore = \"main\"\ncredential = { kind = "
         "\"secret\", client_id = \""
      << server.client_id() << "\", ref = \"file:" << (folder / "client.secret").string()
      << "\" }\n"
      << tables;
  return out.str();
}

inline void Write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  std::filesystem::permissions(path, std::filesystem::perms(0600));
}

}  // namespace assay::testing
