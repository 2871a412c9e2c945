// `assay config show [--origin]`: the effective values and where each comes from.
#include "cli/config_report.h"
#include "cli/installed.h"

namespace assay::cli {

int RunConfigShow(Context& context) {
  const auto file = FindConfigFile(context);
  if (!file) return context.Fail(file.error());
  auto catalogue = OpenCatalogue(context);
  if (!catalogue) return context.Fail(catalogue.error());
  // Showing values needs no secret; whether they resolve is what `config check` asks.
  return ReportShow(context, config::LoadConfig(*file, LoadOptionsFor(*catalogue, false)));
}

}  // namespace assay::cli
