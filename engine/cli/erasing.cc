#include "cli/erasing.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "base/text.h"

namespace assay::cli {

std::optional<OpenedLedger> OpenSelected(Context& context, bool read_only, int& exit) {
  if (read_only) return OpenOneForReading(context, exit);
  auto out = SelectOne(context, exit);
  if (!out) return std::nullopt;
  ledger::OpenOptions options = assess::LedgerOptions(out->workspace->config, *out->tenant, false);
  options.run_lease_holder = fmt::format("assay {}, pid {}", context.CommandName(), ::getpid());
  auto opened = ledger::Ledger::Open(options);
  if (!opened) {
    exit = Report(context, std::move(opened.error()).Context("tenant " + out->tenant->id));
    return std::nullopt;
  }
  out->ledger = std::move(*opened);
  return out;
}

std::string AccountId() {
  constexpr uint32_t kNobodyLoggedIn = UINT32_MAX;  // a service: then it is who runs it
  uint32_t login = kNobodyLoggedIn;
  std::ifstream("/proc/self/loginuid") >> login;
  return fmt::format("account:{}", login == kNobodyLoggedIn ? ::getuid() : login);
}

assess::ErasureRequest RequestFrom(const Context& context) {
  const Options& options = context.options;
  return {options.reason.empty() ? "privacy" : options.reason, options.ticket, AccountId()};
}

bool Confirm(Context& context, const std::string& question, const std::string& expected) {
  const Options& options = context.options;
  if (options.yes) return true;
  std::string answer;
  if (!options.no_input && !options.json && ::isatty(STDIN_FILENO) == 1) {
    context.err(fmt::format("{}\nType {} to go on: ", question, expected));
    std::getline(std::cin, answer);
  }
  if (answer == expected) return true;
  Report(context, Error{Code::kCancelled,
                        "nothing was done: not confirmed",
                        {},
                        "--dry-run shows what would be done, --yes answers the question",
                        {},
                        {}});
  return false;
}

}  // namespace assay::cli
