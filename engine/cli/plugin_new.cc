// `assay plugin new`: a project for a plugin, ready to build.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/installed.h"
#include "cli/plugin_kit.h"
#include "kit/scaffold.h"
#include "report/json_writer.h"

namespace assay::cli {

int RunPluginNew(Context& context) {
  const Options& options = context.options;
  auto home = InstalledHome();  // <prefix>/lib/assay
  if (!home) return context.Fail(home.error());
  kit::ScaffoldRequest request;
  request.id = options.argument;
  if (!options.kind.empty()) request.kind = options.kind;
  if (!options.lang.empty()) request.lang = options.lang;
  const std::filesystem::path prefix = home->parent_path().parent_path();
  request.templates = prefix / "share" / "assay" / "plugin-new";
  request.parent = options.directory.empty() ? "." : options.directory;
  auto files = kit::WriteScaffold(request);
  if (!files) return context.Fail(files.error());

  const std::string folder = (request.parent / request.id).lexically_normal().string();
  report::JsonWriter json;
  json.BeginObject().Member("folder", folder).Key("files").Strings(*files).EndObject();
  std::string text = fmt::format("  Wrote {}/ · {} in {}\n", folder, request.kind,
                                 request.lang == "c" ? "C" : "C++");
  for (const std::string& file : *files) text += fmt::format("    {}\n", file);
  text += fmt::format("  Next   cd {}\n", folder);
  text += fmt::format("         cmake -B build -DCMAKE_PREFIX_PATH={} && cmake --build build\n",
                      prefix.string());
  text += "         ctest --test-dir build --output-on-failure\n";
  return context.Finish(text, json.Take());
}

}  // namespace assay::cli
