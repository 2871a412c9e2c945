// SHA-256 that costs little beside its blocks, and HMAC over it.
#pragma once

#include <initializer_list>
#include <memory>

#include "base/bytes.h"

namespace assay::proof {

/// SHA-256 of the pieces put one after another. [any thread]
Digest Sha256(std::initializer_list<ByteSpan> pieces);
inline Digest Sha256(ByteSpan bytes) { return Sha256({bytes}); }

/// SHA-256 of bytes that come piece by piece, as those of a large file. One thread at a time.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void Add(ByteSpan bytes);
  /// The digest of all that was added; the stream is at its end then.
  Digest Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// What HMAC-SHA-256 (RFC 2104) puts before its two messages: SHA-256(outer, SHA-256(inner, text)).
struct HmacPads {
  explicit HmacPads(ByteSpan key);
  ~HmacPads();
  HmacPads(const HmacPads&) = delete;
  HmacPads& operator=(const HmacPads&) = delete;
  std::array<uint8_t, 64> inner{}, outer{};
};
/// HMAC-SHA-256 of the pieces put one after another. [any thread]
Digest HmacSha256(ByteSpan key, std::initializer_list<ByteSpan> pieces);

/// Which of the two trees a hash belongs to: other prefixes, so that none can pass for the other.
enum class TreeKind : uint8_t {
  kEntry = 0,   ///< leaf 0x00, node 0x01 (RFC 9162)
  kRecord = 2,  ///< leaf 0x02, node 0x03 (records of one body)
};

/// SHA-256(leaf prefix, content). [any thread]
Digest HashLeaf(TreeKind kind, std::initializer_list<ByteSpan> content);
/// SHA-256(0x00, line): a leaf of the entry tree.
inline Digest HashEntry(std::string_view line) {
  return HashLeaf(TreeKind::kEntry, {AsBytes(line)});
}
/// SHA-256(node prefix, left, right). [any thread]
Digest HashNode(TreeKind kind, const Digest& left, const Digest& right);

}  // namespace assay::proof
