#include "cli/as_of.h"

#include "assess/runs.h"
#include "base/text.h"

namespace assay::cli {

Result<Timestamp> ParseAsOf(std::string_view text, Timestamp now) {
  const auto refuse = [&](std::string_view why) {
    return Fail(Error{Code::kInvalidInput,
                      "--as-of " + Quote(text, 60) + ": " + std::string(why),
                      {},
                      "--as-of 2026-10-01T09:00:00Z, or --as-of 2026-09-30 for the end of "
                      "that day in UTC",
                      {},
                      "AS-CLI-003"});
  };
  const bool is_day = HasForm(text, "0000-00-00");
  const auto moment = ParseTime(is_day ? std::string(text) + "T23:59:59.999Z" : std::string(text));
  if (!moment) return refuse("neither a time with its zone nor a date");
  if (*moment <= now) return *moment;
  return refuse(is_day ? "that day has not ended yet" : "is in the future");
}

Result<TreeSize> SizeShown(const Context& context, ledger::Ledger& ledger) {
  if (context.as_of) return assess::SizeAt(ledger, *context.as_of);
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  return head.size;
}

}  // namespace assay::cli
