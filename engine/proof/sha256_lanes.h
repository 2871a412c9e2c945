// SHA-256 of several messages at once: two that do not wait for each other take little longer than
// one where the processor has SHA extensions (docs/decisions/0061-sha-256-of-two-messages.md).
#pragma once

#include <span>

#include "proof/sha256.h"

namespace assay::proof {

/// A message in two pieces, one put after the other.
struct Message {
  ByteSpan head, body;
};

/// SHA-256 of each message: out[i] that of messages[i]. A long message is best put first, so that
/// the short ones go beside it. `out` is as long as `messages` and overlaps none of them.
/// [any thread]
void Sha256Each(std::span<const Message> messages, std::span<Digest> out);
/// The same without SHA extensions, whatever the processor has.
void Sha256EachPortably(std::span<const Message> messages, std::span<Digest> out);

/// Both hashes of an entry line.
struct LineHashes {
  Digest leaf;   ///< HashEntry
  Digest whole;  ///< SHA-256 of the line: `prev` of the next one
};
LineHashes HashLine(std::string_view line);

/// HashNode of each two neighbours; a last one that has no neighbour is passed on as it is.
std::vector<Digest> HashLevel(TreeKind kind, std::span<const Digest> below);

}  // namespace assay::proof
