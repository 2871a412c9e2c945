// A bounded view of an untrusted ELF64 shared object: segments and dynamic entries, and the bytes
// behind an address. Every number in the file is a claim; nothing here reads outside the file or
// overflows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assay::sandbox {

struct Segment {
  uint32_t type = 0, flags = 0;
  uint64_t offset = 0, vaddr = 0, file_bytes = 0, memory_bytes = 0, align = 0;
  bool Holds(uint64_t address, uint64_t bytes) const {
    return address >= vaddr && bytes <= memory_bytes && address - vaddr <= memory_bytes - bytes;
  }
};

struct DynamicEntry {
  int64_t tag = 0;
  uint64_t value = 0;
  uint64_t file_offset = 0;  ///< of the tag
};

/// What ReadElf took out of the file. `file` must outlive it.
struct ElfView {
  ByteSpan file;
  uint16_t machine = 0;
  std::vector<Segment> segments;      ///< as in the program header table
  std::vector<DynamicEntry> dynamic;  ///< up to DT_NULL, which is not in it

  /// First entry with `tag`; entries are unique but for DT_NEEDED.
  std::optional<uint64_t> Dynamic(int64_t tag) const;
  /// The PT_LOAD that holds all of [address, address + bytes), null when none does.
  const Segment* LoadAt(uint64_t address, uint64_t bytes) const;
  /// File bytes that will be seen at `address`; null data when they are not all in one PT_LOAD's
  /// file part.
  std::optional<ByteSpan> BytesAt(uint64_t address, uint64_t bytes) const;
  /// Like BytesAt, and the segment is not writable: relocations cannot change what was checked.
  std::optional<ByteSpan> ConstantAt(uint64_t address, uint64_t bytes) const;
};

/// Little-endian field at `offset`; the caller has checked that it is inside.
template <typename T>
T Field(ByteSpan bytes, uint64_t offset) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(bytes[offset + i]) << (8 * i);
  return value;
}

/// kInvalidInput with the rule's words.
tl::unexpected<Error> Refuse(std::string words);

/// Header, program headers and dynamic section, each rule of shape checked. kInvalidInput. [any
/// thread]
Result<ElfView> ReadElf(ByteSpan file);
/// Dynamic tags, needed libraries and flags. kInvalidInput.
Status CheckDynamic(const ElfView& elf);
/// Relocations: kinds, targets, symbols. Returns one more than the highest symbol number used.
/// kInvalidInput.
Result<uint64_t> CheckRelocations(const ElfView& elf);
/// Dynamic symbols: exactly one exported data object assay_plugin_v1, no indirect functions.
/// kInvalidInput.
Status CheckSymbols(const ElfView& elf, uint64_t symbols_used);
/// Text of the one `.note.assay`. kInvalidInput.
Result<std::string> FindManifest(const ElfView& elf);

}  // namespace assay::sandbox
