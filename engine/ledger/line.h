// Entry lines: what a caller drafts, made canonical before it is queued, completed by the writer
// with what only the writer knows (docs/formats/entry.md).
#pragma once

#include <array>
#include <string>

#include "ledger/ledger.h"
#include "proof/canonical_json.h"

namespace assay::ledger {

constexpr size_t kMaxLine = 4096;

/// The members that only the writer knows, in the order of their keys.
enum class OwnMember { kClockBehind, kEpoch, kIndex, kPrev, kTenant, kTime, kVersion, kCount };

/// Offsets in the text of a prepared line.
struct LineShape {
  std::array<uint16_t, static_cast<size_t>(OwnMember::kCount)> cuts{};  ///< where each of them goes
  uint16_t kind_at = 0, kind_size = 0;

  std::string_view Kind(std::string_view text) const { return text.substr(kind_at, kind_size); }
};

/// A line but for those members.
struct PreparedLine {
  std::string text;  ///< canonical: `"key":value,` for each member, in the order of their keys
  LineShape shape;
};

/// kInvalidInput for a kind, actor, key or value that is not allowed, kLimitExceeded when the line
/// would pass 4 KiB. [any thread]
Result<PreparedLine> PrepareLine(const EntryDraft& draft);

/// What the writer adds.
struct Place {
  uint64_t index = 0;
  uint32_t epoch = 1;
  Digest prev{};
  std::string_view tenant;
  Timestamp time{};
  uint64_t clock_behind_ms = 0;  ///< how far the wall clock was behind the last entry
};
/// Puts the line at the end of `out`.
void CompleteLine(std::string_view prepared, const LineShape& shape, const Place& place,
                  std::string& out);

/// The members of a line that a reader needs again.
struct LineFacts {
  uint64_t index = 0;
  uint32_t epoch = 1;
  Digest prev{};
  std::string tenant;
  std::string kind;
  Timestamp time{};
  std::optional<BodyRef> body;
  proof::JsonObject members;
};
/// kCorrupt unless canonical and with all members that every entry has.
Result<LineFacts> ParseLine(std::string_view line);
/// The same for who reads every line: `members` stays empty for most kinds, whose other members say
/// nothing of the ledger itself. A quarter of ParseLine's time.
Result<LineFacts> ParseLineForAudit(std::string_view line);

}  // namespace assay::ledger
