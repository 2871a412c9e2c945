// assay verify PATH: hands a ledger folder or a proof bundle to assay-verify, the offline verifier
// that shares no storage code with the engine. What an auditor runs and what an administrator runs
// is the same program. A backup is recognised by its manifest and verified as one.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "assess/prepare.h"
#include "assess/receipt.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/command.h"
#include "proof/note.h"

namespace assay::cli {
namespace {

/// A ledger folder: PATH itself, or the only ledger below PATH (a demo folder, a storage path).
Result<std::filesystem::path> FindLedger(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::exists(path / "ledger.db", error)) return path;
  std::vector<std::filesystem::path> found;
  for (auto at = std::filesystem::recursive_directory_iterator(path, error);
       !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    if (at.depth() > 3) at.disable_recursion_pending();
    if (at->path().filename() == "ledger.db") found.push_back(at->path().parent_path());
  }
  if (found.size() == 1) return found.front();
  return Fail(Code::kNotFound,
              fmt::format("{}: {}", path.string(),
                          found.empty() ? "holds no ledger" : "holds several ledgers: name one"));
}

/// By its first bytes (docs/formats/proof-bundle.md); any other file is taken for a receipt.
bool IsBundle(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::string begin(64, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin.starts_with("c2sp.org/tlog-proof@") ||
         begin.starts_with(R"({"format":"assay.consistency/)");
}

/// A receipt of an erasure: its signature holds by itself; whose key it is, the reader compares.
int VerifyFile(Context& context) {
  constexpr uint64_t kMaxReceipt = 1u << 20;
  auto bytes = ReadFile(context.options.argument, kMaxReceipt);
  if (!bytes) return Report(context, bytes.error());
  auto receipt = assess::OpenReceipt(AsText(*bytes));
  if (!receipt) return Report(context, receipt.error());
  const auto verifier = proof::Verifier::Parse(receipt->vkey);
  const std::string fingerprint = verifier ? proof::FingerprintOf(verifier->key) : "";
  std::string entries;
  for (const uint64_t index : receipt->entries)
    entries += fmt::format("{}{}", entries.empty() ? "" : ", ", index);
  return context.Finish(
      fmt::format("  receipt {} verifies: {} erased ({}), {} records in {} bodies\n"
                  "    ledger {}  entries {}  head of {} entries {}\n"
                  "    key {}\n    compare the key with what you wrote down: only you can\n",
                  receipt->id, receipt->scope, receipt->reason, receipt->records, receipt->bodies,
                  receipt->origin, entries, receipt->size, EncodeHex(receipt->root), fingerprint),
      fmt::format("{{\"receipt\":{},\"ok\":true,\"fingerprint\":{}}}", JsonString(receipt->id),
                  JsonString(fingerprint)));
}

}  // namespace

int RunVerify(Context& context) {
  std::error_code ignored;
  const std::filesystem::path argument = context.options.argument;
  const bool bundle = IsBundle(argument);
  if (!bundle && std::filesystem::is_regular_file(argument, ignored)) return VerifyFile(context);
  if (!bundle && backup::IsBackup(argument)) return VerifyBackupAt(context, {});
  auto installation = assess::LocateInstallation();
  if (!installation) return Report(context, installation.error());
  auto folder = bundle ? Result<std::filesystem::path>(argument) : FindLedger(argument);
  if (!folder) return Report(context, folder.error());
  const std::string program = (installation->root / "bin" / "assay-verify").string();
  std::vector<const char*> arguments{program.c_str(), folder->c_str()};
  if (context.options.json) arguments.push_back("--json");
  arguments.push_back(nullptr);
  ::execv(program.c_str(), const_cast<char* const*>(arguments.data()));
  return Report(context, ErrnoError(program));
}

}  // namespace assay::cli
