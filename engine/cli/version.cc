// `assay version`.
#include <fmt/format.h>

#include "cli/command.h"
#include "config/assay_schema.h"
#include "report/json_writer.h"

namespace assay::cli {

int RunVersion(Context& context) {
  report::JsonWriter json;
  json.BeginObject()
      .Member("version", ASSAY_VERSION)
      .Member("config_schema", config::kSchemaVersion);
  json.Member("plugin_abi", "1.0").Member("cli", "assay.cli/1").EndObject();
  return context.Finish(
      fmt::format("assay {}\nconfiguration schema {}, plugin ABI 1.0, JSON assay.cli/1\n",
                  ASSAY_VERSION, config::kSchemaVersion),
      json.Take());
}

}  // namespace assay::cli
