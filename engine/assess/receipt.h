// Receipt of an erasure: a signed statement that anyone can verify
// (docs/formats/erasure-receipt.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace assay::assess {

struct Receipt {
  std::string id;      ///< "E-" and 16 hexadecimal digits
  std::string scope;   ///< "record", "subject" or "tenant"
  std::string origin;  ///< of the ledger
  std::string tenant, reason, ticket;
  std::string time;               ///< when the last entry was written
  std::vector<uint64_t> entries;  ///< leaf indexes
  uint64_t bodies = 0, records = 0;
  uint64_t size = 0;  ///< signed head that contains the entries
  Digest root{};
  std::optional<std::string> backups_until;  ///< date; none: unknown
  std::string vkey;                          ///< of the ledger key, filled when signed
};

/// A new id. kIo without random bytes.
Result<std::string> NewReceiptId();
/// The signed document, one line of canonical JSON with a newline.
Result<std::string> SignReceipt(ledger::Ledger& ledger, Receipt receipt);
/// Reads and checks a signed document. kCorrupt when the signature does not hold, kInvalidInput
/// when it is no receipt.
Result<Receipt> OpenReceipt(std::string_view document);

}  // namespace assay::assess
