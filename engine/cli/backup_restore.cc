// assay backup restore: a ledger anew in a folder that is not there yet; one that lacks entries
// only when that is accepted, and then as a new epoch.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "backup/restore.h"
#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/summary.h"

namespace assay::cli {
namespace {

bool AskPerson(Context& context) {
  const Options& options = context.options;
  if (options.no_input || options.json || ::isatty(STDIN_FILENO) == 0) return false;
  context.err("  Continue as a new epoch? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

bool AcceptLoss(Context& context, const backup::Loss& loss) {
  Tell(context,
       fmt::format("  restored head: size {}    last checkpoint seen outside: {} ({})\n"
                   "  {} entries are missing from this backup. A restored ledger may not pretend "
                   "they never were.\n",
                   loss.size, loss.known.size, loss.known.where, loss.Entries()));
  const Options& options = context.options;
  return options.accept_loss || options.yes || AskPerson(context);
}

std::string RestoredText(const backup::RestoreRequest& request, const backup::Restored& restored,
                         const Terminal& terminal) {
  const ledger::VerifyReport& now = restored.report;
  std::string out = fmt::format(
      "  {} restored and verified  {} entries · {} bodies, {} opened · {}\n    {}\n"
      "    restored head {}  size {}\n",
      Mark(Verdict::kPass, terminal), ToNumber(now.head.size), now.bodies, now.bodies_opened,
      ShowTook(restored.took), request.to.string(), EncodeHex(restored.head.root),
      ToNumber(restored.head.size));
  if (restored.loss)
    out += fmt::format(
        "    epoch {} begins: entry {} names the checkpoint of {} entries as lost ({} entries)\n",
        now.head.epoch, ToNumber(restored.head.size), restored.loss->known.size,
        restored.loss->Entries());
  if (restored.replayed > 0)
    out += fmt::format("    {} erasures were done again\n", restored.replayed);
  return out + "    next: compare the key with what you wrote down, then point [storage] here\n";
}

std::string RestoredJson(const backup::RestoreRequest& request, const backup::Restored& restored) {
  return fmt::format(
      "{{\"path\":{},\"tree_size\":{},\"root_hash\":\"{}\",\"epoch\":{},\"lost\":{},\"known_size\":"
      "{}"
      ",\"replayed\":{},\"bodies_opened\":{},\"took_ms\":{}}}",
      JsonString(request.to.string()), ToNumber(restored.head.size),
      EncodeBase64(restored.head.root), restored.report.head.epoch,
      restored.loss ? restored.loss->Entries() : 0, restored.loss ? restored.loss->known.size : 0,
      restored.replayed, restored.report.bodies_opened, restored.took.count());
}

backup::Event RestoredEvent(const backup::RestoreRequest& request, const backup::Manifest& manifest,
                            const Result<backup::Restored>& restored) {
  backup::Event event = EventOf("backup.restored", manifest);
  event.notes = {request.backup.string(), request.to.string()};
  if (!restored) {
    event.outcome = CodeName(restored.error().code);
    event.notes.push_back(restored.error().ToString());
    return event;
  }
  event.size = ToNumber(restored->head.size);
  event.root = restored->head.root;
  event.took_ms = static_cast<uint64_t>(restored->took.count());
  event.lost = restored->loss ? restored->loss->Entries() : 0;
  return event;
}

backup::RestoreRequest RequestFor(Context& context, backup::Source in_place) {
  const Options& options = context.options;
  backup::RestoreRequest request(std::move(in_place));
  request.backup = options.argument;
  request.to = std::filesystem::absolute(options.to).lexically_normal();
  if (!request.to.has_filename()) request.to = request.to.parent_path();
  request.to_size = options.to_size;
  request.known.assign(options.known.begin(), options.known.end());
  request.accept_loss = [&context](const backup::Loss& loss) { return AcceptLoss(context, loss); };
  return request;
}

}  // namespace

int RunBackupRestore(Context& context) {
  int exit = 0;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  if (context.options.to.empty()) {
    Report(context, Error{Code::kInvalidInput,
                          "restore: say --to DIR, a folder that is not there",
                          {},
                          {},
                          {},
                          {}});
    return ToInt(ExitCode::kUsage);
  }
  const auto manifest = backup::ReadManifest(context.options.argument);
  if (!manifest) return Report(context, manifest.error());
  const config::TenantConfig* tenant = FindTenant(*workspace, manifest->tenant);
  if (tenant == nullptr)
    return Report(context, Error{Code::kNotFound,
                                 "tenant " + Quote(manifest->tenant) +
                                     " of this backup: not in the configuration",
                                 {},
                                 {},
                                 {},
                                 {}});
  const backup::RestoreRequest request = RequestFor(context, SourceOf(*workspace, *tenant));
  const auto restored = backup::Restore(request);
  const int code = restored ? context.Finish(RestoredText(request, *restored, context.terminal),
                                             RestoredJson(request, *restored))
                            : Report(context, restored.error());
  return RecordEvent(context, *workspace, RestoredEvent(request, *manifest, restored), code);
}

}  // namespace assay::cli
