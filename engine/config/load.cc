#include "config/load.h"

#include "config/assay_schema.h"
#include "config/extract.h"
#include "config/files.h"
#include "config/rules.h"

namespace assay::config {

Loaded LoadConfig(const std::filesystem::path& file, const LoadOptions& options) {
  Report report;
  const Documents documents = ReadDocuments(file, report);
  std::vector<const Document*> all;
  std::vector<Fields::Part> parts;
  Walker walker(report);
  bool whole = !documents.empty();
  for (const auto& document : documents) {
    all.push_back(document.get());
    whole = whole && document->valid;
    if (!document->valid) continue;
    parts.push_back({document.get(), &document->root});
    walker.Walk(*document, AssaySchema(), false);
  }
  const Fields root(AssaySchema(), std::move(parts));
  // With a file missing, "not defined" would be said of what stands in that file.
  if (whole) walker.CompleteTables(root, AssaySchema());
  Loaded loaded;
  loaded.config = Extract(root, file, report);
  if (whole) {
    LoadOptions known = options;
    if (options.bring) options.bring(loaded.config, known);
    CheckRules(root, loaded.config, known, report);
  }
  loaded.origins = walker.TakeOrigins();
  loaded.diagnostics = report.Finish(all);
  return loaded;
}

}  // namespace assay::config
