// Proof bundles: one entry, or one record of one body, shown alone; and one head shown to have
// grown from another (docs/formats/proof-bundle.md). Writing, reading and verifying are pure
// functions.
#pragma once

#include <optional>

#include "base/time.h"
#include "proof/body.h"
#include "proof/cosignature.h"
#include "proof/handovers.h"
#include "proof/tree.h"

namespace assay::proof {

constexpr std::string_view kBundleHeader = "c2sp.org/tlog-proof@v1";
constexpr size_t kMaxPath = 63;

/// One segment of a body with its way to the root.
struct ShownRecord {
  ByteVector bytes;
  ByteVector salt;  ///< kSaltBytes
  uint64_t segment = 0, segments = 0;
  std::vector<Digest> path;
};

/// Content of a .tlog-proof file.
struct Bundle {
  uint64_t index = 0;
  std::string line;
  std::vector<std::string> keys;  ///< Handovers::FromHandovers; the last one signed the note
  std::optional<ShownRecord> record;
  std::vector<Digest> path;
  std::string note;
};

/// Content of a .tlog-consistency file.
struct ConsistencyBundle {
  std::string from, to;  ///< signed notes
  std::vector<Digest> path;
  std::vector<std::string> keys;
};

/// kInvalidInput when a part cannot stand in the format.
Result<std::string> WriteBundle(const Bundle& bundle);
Result<std::string> WriteBundle(const ConsistencyBundle& bundle);
/// kInvalidInput unless WriteBundle would write it so; names the place. [any thread]
Result<Bundle> ParseBundle(std::string_view text);
Result<ConsistencyBundle> ParseConsistencyBundle(std::string_view text);

/// What the reader brings from outside; without a fingerprint nothing says whose ledger it is.
struct Trust {
  std::string fingerprint;  ///< "SHA256:...", of any key that the ledger ever had; may be empty
  std::vector<Cosigner> witnesses;
};

/// What a good bundle shows.
struct BundleFacts {
  Checkpoint head;
  std::string fingerprint;  ///< of the key that signed the head
  std::string first_key;    ///< fingerprint of the ledger's first key
  std::string kind, tenant;
  Timestamp time{};  ///< of the entry, by the clock of the ledger
  std::vector<Cosignature> cosignatures;
};
/// kCorrupt names what does not hold: key history, signature, cosignature, line, path, record.
Result<BundleFacts> VerifyBundle(const Bundle& bundle, const Trust& trust);

struct ConsistencyFacts {
  Checkpoint from, to;
  std::string fingerprint, first_key;
  std::vector<Cosignature> cosignatures;  ///< of the newer head
};
/// kCorrupt as above.
Result<ConsistencyFacts> VerifyBundle(const ConsistencyBundle& bundle, const Trust& trust);

/// Whether a segment may be shown as a record of a body of this scheme: of rec/1 only a whole JSON
/// value, and never the skeleton. kDenied says why not.
Status CheckShownAsRecord(std::string_view scheme, uint64_t segment, ByteSpan bytes);

}  // namespace assay::proof
