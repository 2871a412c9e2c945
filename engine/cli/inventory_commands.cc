// The commands that list what is installed: they open the catalogue and show part of it.
#include "cli/installed.h"
#include "cli/inventory.h"

namespace assay::cli {
namespace {

int WithCatalogue(const Context& context, int (*show)(const Context&, const assess::Catalogue&)) {
  const auto catalogue = OpenFullCatalogue(context);
  return catalogue ? show(context, *catalogue) : context.Fail(catalogue.error());
}

}  // namespace

int RunPluginList(Context& context) { return WithCatalogue(context, ShowPlugins); }
int RunPluginInfo(Context& context) { return WithCatalogue(context, ShowPlugin); }
int RunFrameworkList(Context& context) { return WithCatalogue(context, ShowFrameworks); }
int RunCheckList(Context& context) { return WithCatalogue(context, ShowChecks); }
int RunCheckShow(Context& context) { return WithCatalogue(context, ShowCheck); }

}  // namespace assay::cli
