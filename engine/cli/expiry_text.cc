#include "cli/expiry_text.h"

#include <fmt/format.h>

#include "base/text.h"

namespace assay::cli {

std::string ExpiryText(const std::vector<ledger::ExpiryDone>& done, const std::string& legal_basis,
                       bool dry_run) {
  std::string out;
  for (const ledger::ExpiryDone& one : done)
    out += fmt::format("  {:<6} {} bodies {}{}\n", one.class_name, one.bodies,
                       dry_run ? "would expire" : "expired",
                       one.held > 0 ? fmt::format(", {} kept under legal hold", one.held) : "");
  return out +
         fmt::format("  kept so long because of: {}\n",
                     legal_basis.empty() ? "(retention.legal_basis is not set)" : legal_basis);
}

std::string ExpiryJson(const std::vector<ledger::ExpiryDone>& done,
                       const std::string& legal_basis) {
  std::string classes;
  for (const ledger::ExpiryDone& one : done)
    classes += fmt::format("{}{{\"class\":{},\"bodies\":{},\"held\":{},\"entry\":{}}}",
                           classes.empty() ? "" : ",", JsonString(one.class_name), one.bodies,
                           one.held, one.entry ? fmt::format("{}", ToNumber(*one.entry)) : "null");
  return fmt::format("{{\"classes\":[{}],\"legal_basis\":{}}}", classes, JsonString(legal_basis));
}

}  // namespace assay::cli
