// `assay config check`: every mistake of every file in one pass.
#include "cli/config_report.h"
#include "cli/installed.h"

namespace assay::cli {

int RunConfigCheck(Context& context) {
  const auto file = FindConfigFile(context);
  if (!file) return context.Fail(file.error());
  auto catalogue = OpenCatalogue(context);
  if (!catalogue) return context.Fail(catalogue.error());
  return ReportCheck(
      context, config::LoadConfig(*file, LoadOptionsFor(*catalogue, !context.options.no_secrets)),
      *file);
}

}  // namespace assay::cli
