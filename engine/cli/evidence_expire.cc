// assay evidence expire: removes bodies whose time is over, as [retention] says.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/erasing.h"
#include "cli/expiry_text.h"

namespace assay::cli {

int RunEvidenceExpire(Context& context) {
  int exit = 0;
  auto opened = OpenSelected(context, false, exit);
  if (!opened) return exit;
  const config::Config& config = opened->workspace->config;
  const auto rules = assess::RetentionRules(config);
  if (rules.empty())
    return context.Finish("  nothing expires: [retention] keeps everything forever\n",
                          "{\"classes\":[]}");
  auto done = opened->ledger->Expire(rules, AccountId(), context.options.dry_run);
  if (!done) return Report(context, done.error());
  if (!context.options.dry_run)
    if (auto signed_head = opened->ledger->SignCheckpoint(); !signed_head)
      return Report(context, signed_head.error());
  return context.Finish(ExpiryText(*done, config.retention.legal_basis, context.options.dry_run),
                        ExpiryJson(*done, config.retention.legal_basis));
}

}  // namespace assay::cli
