// One entry line: refused unless canonical (docs/formats/entry.md), its members as views.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "proof/canonical_json.h"

namespace assay::verify {

/// "body" member of an entry.
struct BodyMember {
  uint64_t len = 0, records = 0;
  Digest root{};
  std::string_view scheme;
  /// Leaves of the record tree.
  uint64_t leaves() const { return records + (scheme == "rec/1" ? 1 : 0); }
};

/// What every entry has. The views point into the text that was read, or into `owned`.
struct Line {
  uint64_t index = 0, epoch = 0;
  std::string_view tenant, kind, prev, time;
  std::string_view raw, erased;  ///< of a `read`, empty when absent
  bool has_body = false;
  BodyMember body;
  std::shared_ptr<const proof::JsonObject> owned;  ///< only when the text has escapes or non-ASCII
};

/// kCorrupt unless `text` is at most 4 KiB, canonical, and has what every entry has. `text` must
/// outlive the result. [any thread]
Result<Line> ReadLine(std::string_view text);

/// All members, for entries that change how others are read. `text` was accepted by ReadLine.
proof::JsonObject MembersOf(std::string_view text);

/// Base64 of exactly `size` bytes. kCorrupt.
Result<ByteVector> ParseBytes(std::string_view base64, size_t size);
/// A member that is base64 of 32 bytes. kCorrupt.
Result<Digest> DigestAt(const proof::JsonObject& object, std::string_view key);

}  // namespace assay::verify
