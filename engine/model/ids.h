// Distinct types for things that must not be mixed up. A TenantId is never a bare string: no read
// or write of evidence happens without one (promise 7).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay {

/// The GUID of a Microsoft Entra tenant, lower-case, 36 characters. Made only by Parse.
class TenantId {
 public:
  /// kInvalidInput unless 8-4-4-4-12 hexadecimal digits; upper case is folded. [any thread]
  static Result<TenantId> Parse(std::string_view text);
  const std::string& text() const { return text_; }
  auto operator<=>(const TenantId&) const = default;

 private:
  explicit TenantId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// 0-based position of an entry in its ledger (RFC 9162 leaf_index).
enum class LeafIndex : uint64_t {};
/// Number of leaves that a tree covers (RFC 9162 tree_size).
enum class TreeSize : uint64_t {};
constexpr uint64_t ToNumber(LeafIndex index) { return static_cast<uint64_t>(index); }
constexpr uint64_t ToNumber(TreeSize size) { return static_cast<uint64_t>(size); }

/// True for 8-4-4-4-12 hexadecimal digits of either case. [any thread]
bool IsGuid(std::string_view text);

}  // namespace assay
