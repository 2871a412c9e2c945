// assay ledger prove|consistency: files that show one thing and verify alone.
#include <fmt/format.h>

#include "base/files.h"
#include "cli/command.h"
#include "cli/workspace.h"
#include "ledger/proofs.h"

namespace assay::cli {
namespace {

constexpr size_t kMaxNote = 64 * 1024;

int ShowFile(Context& context, const Result<std::string>& file) {
  if (!file) return Report(context, file.error());
  Say(context, *file);
  if (!context.options.output_file.empty())
    Tell(context,
         fmt::format("{}: {} bytes; verify it with: assay verify {}\n", context.options.output_file,
                     file->size(), context.options.output_file));
  return 0;
}

}  // namespace

int RunLedgerProve(Context& context) {
  int exit = 0;
  const auto index = EntryArgument(context, exit);
  if (!index) return exit;
  auto opened = OpenOneForReading(context, exit);
  if (!opened) return exit;
  auto proofs = opened->ledger->OpenProofs();
  if (!proofs) return Report(context, proofs.error());
  return ShowFile(context, (*proofs)->Prove(*index, context.options.record));
}

int RunLedgerConsistency(Context& context) {
  int exit = 0;
  auto opened = OpenOneForReading(context, exit);
  if (!opened) return exit;
  const auto note = ReadFile(context.options.argument, kMaxNote);
  if (!note) return Report(context, note.error());
  auto proofs = opened->ledger->OpenProofs();
  if (!proofs) return Report(context, proofs.error());
  return ShowFile(context, (*proofs)->ProveConsistency(std::string(AsText(*note))));
}

}  // namespace assay::cli
