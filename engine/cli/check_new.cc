// `assay check new`: a check of one's own with cases that pass.
#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "cli/check_files.h"
#include "cli/installed.h"
#include "cli/inventory.h"
#include "config/load.h"
#include "kit/check_scaffold.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsualDataset = "entra_user";

Status WriteNew(const fs::path& file, const std::string& text) {
  std::error_code error;
  if (fs::exists(file, error))
    return Fail(Code::kAlreadyExists, file.string() + " is there already");
  fs::create_directories(file.parent_path(), error);
  return WriteFileDurably(file, AsBytes(text), 0644);
}

const DatasetSpec* FindDataset(const assess::Catalogue& catalogue, const std::string& id,
                               std::vector<std::string>& known) {
  for (const assess::InstalledPlugin& plugin : catalogue.plugins())
    for (const DatasetSpec& dataset : plugin.manifest.datasets) {
      if (dataset.id == id) return &dataset;
      known.push_back(dataset.id);
    }
  return nullptr;
}

}  // namespace

int RunCheckNew(Context& context) {
  const Options& options = context.options;
  auto catalogue = OpenFullCatalogue(context);
  if (!catalogue) return context.Fail(catalogue.error());
  if (catalogue->FindCheck(options.argument) != nullptr)
    return context.Fail(Error{Code::kAlreadyExists,
                              "check " + Quote(options.argument) + " is installed already",
                              {},
                              "ids are for ever: take another one",
                              {},
                              "AS-CHK-001"});
  const std::string wanted = options.reads.empty() ? kUsualDataset : options.reads;
  std::vector<std::string> known;
  const DatasetSpec* dataset = FindDataset(*catalogue, wanted, known);
  if (dataset == nullptr) return context.Fail(NotInstalled("dataset", wanted, known));
  const auto texts = kit::WriteCheckTexts(options.argument, *dataset);
  if (!texts) return context.Fail(texts.error());
  // The loader says what is wrong with an id.
  if (auto parsed = config::ParseChecks(texts->check, "NEW-CHECK", std::string(kOwnChecks));
      !parsed)
    return context.Fail(Error(std::move(parsed.error())).Id("AS-CHK-004"));
  const fs::path folder =
      options.directory.empty() ? OwnChecksFolder(context) : fs::path(options.directory);
  const fs::path check = folder / (options.argument + ".toml");
  const fs::path cases = folder / "cases" / (options.argument + ".toml");
  for (const auto& [file, text] : {std::pair(check, texts->check), std::pair(cases, texts->cases)})
    if (Status written = WriteNew(file, text); !written) return context.Fail(written.error());
  report::JsonWriter json;
  json.BeginObject().Member("check", check.string()).Member("cases", cases.string()).EndObject();
  std::string text = fmt::format("  Wrote {}\n        {}\n", check.string(), cases.string());
  text += fmt::format("  Next   assay check test {}\n", check.string());
  if (folder == "checks.d")
    text += "         checks_dir = \"checks.d\"   in assay.toml, so that runs take it\n";
  return context.Finish(text, json.Take());
}

}  // namespace assay::cli
