// Arbitrary text as the lock of the installation and as that of the administrator: what is read is
// written the same, and what is granted is the digest of what is shown.
#include "assess/admin_lock.h"
#include "assess/read_set.h"
#include "config/lock_file.h"
#include "proof/note.h"

using namespace assay;

namespace {

bool Same(const LockEntry& a, const LockEntry& b) {
  return a.id == b.id && a.version == b.version && a.key == b.key && a.reads == b.reads &&
         a.manifest_sha256 == b.manifest_sha256 && a.grant_sha256 == b.grant_sha256 &&
         a.files == b.files;
}

void ReadEither(std::string_view text) {
  const auto entries = config::ParseLock(text, "fuzz");
  if (!entries) {
    ASSAY_ASSERT(entries.error().message.starts_with("fuzz:"), "a refusal names its place");
    return;
  }
  const std::string written = config::FormatLock(*entries);
  const auto again = config::ParseLock(written, "fuzz");
  ASSAY_ASSERT(again.has_value(), "what was read can be written and read");
  ASSAY_ASSERT(again->size() == entries->size(), "no entry is lost");
  for (size_t i = 0; i < entries->size(); ++i)
    ASSAY_ASSERT(Same((*again)[i], (*entries)[i]), "and every entry stays what it was");
}

void ReadAdministrators(std::string_view text) {
  const auto entries = assess::ParseAdminLock(text, "fuzz");
  if (!entries) return;
  for (const LockEntry& entry : *entries) {
    ASSAY_ASSERT(proof::Verifier::Parse(entry.key).has_value(), "somebody signed it");
    ASSAY_ASSERT(entry.grant_sha256.empty() ||
                     EncodeHex(assess::GrantDigest(entry.id, entry.reads)) == entry.grant_sha256,
                 "a grant is of what it shows");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ReadEither(AsText({data, size}));
  ReadAdministrators(AsText({data, size}));
  return 0;
}
