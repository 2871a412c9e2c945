// Relocations of an untrusted plugin: what the loader may write, where, and that it calls nothing
// for it.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sandbox/elf_view.h"

namespace assay::sandbox {
namespace {

constexpr int64_t kRelrSize = 35, kRelr = 36, kRelrEntry = 37;  // not in Debian 12's elf.h

constexpr uint32_t kX86[] = {R_X86_64_64,       R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT,
                             R_X86_64_RELATIVE, R_X86_64_DTPMOD64, R_X86_64_DTPOFF64,
                             R_X86_64_TPOFF64,  R_X86_64_TLSDESC};
constexpr uint32_t kArm[] = {R_AARCH64_ABS64,     R_AARCH64_GLOB_DAT,   R_AARCH64_JUMP_SLOT,
                             R_AARCH64_RELATIVE,  R_AARCH64_TLS_DTPMOD, R_AARCH64_TLS_DTPREL,
                             R_AARCH64_TLS_TPREL, R_AARCH64_TLSDESC};

struct Rules {
  std::span<const uint32_t> allowed;
  uint32_t indirect, relative, tls_descriptor;
};

Rules RulesFor(uint16_t machine) {
  if (machine == EM_X86_64) return {kX86, R_X86_64_IRELATIVE, R_X86_64_RELATIVE, R_X86_64_TLSDESC};
  return {kArm, R_AARCH64_IRELATIVE, R_AARCH64_RELATIVE, R_AARCH64_TLSDESC};
}

/// A target must be the plugin's own writable memory and not the dynamic section, which was checked
/// before.
bool IsTarget(const ElfView& elf, uint64_t address, uint64_t bytes) {
  const Segment* load = elf.LoadAt(address, bytes);
  if (load == nullptr || !(load->flags & PF_W)) return false;
  for (const Segment& s : elf.segments)
    if (s.type == PT_DYNAMIC && address < s.vaddr + s.memory_bytes && address + bytes > s.vaddr)
      return false;
  return true;
}

struct Table {
  std::string_view name;
  ByteSpan bytes;
};

Result<Table> FindTable(const ElfView& elf, std::string_view name, int64_t at_tag,
                        int64_t size_tag) {
  const auto at = elf.Dynamic(at_tag), bytes = elf.Dynamic(size_tag);
  if (at.has_value() != bytes.has_value())
    return Refuse(fmt::format("{} has an address without a size or the reverse", name));
  if (!at || *bytes == 0) return Table{name, {}};
  const auto table = elf.ConstantAt(*at, *bytes);
  if (!table) return Refuse(fmt::format("{} is not in constant memory", name));
  return Table{name, *table};
}

/// `relative` of the first entries are applied by the loader without a look at their type.
Status CheckTable(const ElfView& elf, const Table& table, uint64_t relative, uint64_t& symbols) {
  const Rules rules = RulesFor(elf.machine);
  if (table.bytes.size() % sizeof(Elf64_Rela) != 0)
    return Refuse(fmt::format("{} has a broken entry", table.name));
  const uint64_t count = table.bytes.size() / sizeof(Elf64_Rela);
  if (relative > count) return Refuse("DT_RELACOUNT is larger than the relocation table");
  for (uint64_t i = 0; i < count; ++i) {
    const auto offset = Field<uint64_t>(table.bytes, i * sizeof(Elf64_Rela));
    const auto info = Field<uint64_t>(table.bytes, i * sizeof(Elf64_Rela) + 8);
    const uint32_t type = ELF64_R_TYPE(info);
    const auto refuse = [&](std::string_view words) {
      return Refuse(fmt::format("relocation {} of {} {}", i, table.name, words));
    };
    if (type == rules.indirect) return refuse("calls a function when loaded (IRELATIVE)");
    if (std::find(rules.allowed.begin(), rules.allowed.end(), type) == rules.allowed.end())
      return refuse(fmt::format("has the type {} that is not allowed", type));
    if (i < relative && type != rules.relative) return refuse("is counted as relative and is not");
    if (!IsTarget(elf, offset, type == rules.tls_descriptor ? 16 : 8))
      return refuse("writes outside the plugin's writable memory");
    symbols = std::max<uint64_t>(symbols, ELF64_R_SYM(info) + 1);
  }
  return {};
}

/// Packed relative relocations: an address, then bitmaps of the 63 words that follow.
Status CheckPacked(const ElfView& elf) {
  if (elf.Dynamic(kRelrEntry).value_or(8) != 8) return Refuse("DT_RELRENT is not 8");
  ASSAY_ASSIGN(const Table table, FindTable(elf, "DT_RELR", kRelr, kRelrSize));
  if (table.bytes.size() % 8 != 0) return Refuse("DT_RELR has a broken entry");
  uint64_t base = 0;
  for (uint64_t i = 0; i < table.bytes.size(); i += 8) {
    uint64_t entry = Field<uint64_t>(table.bytes, i);
    if ((entry & 1) == 0) {
      if (!IsTarget(elf, entry, 8))
        return Refuse("DT_RELR writes outside the plugin's writable memory");
      base = entry + 8;
      continue;
    }
    if (base == 0) return Refuse("DT_RELR begins with a bitmap");
    for (uint64_t bits = entry >> 1; bits != 0; bits &= bits - 1)
      if (!IsTarget(elf, base + 8 * static_cast<uint64_t>(std::countr_zero(bits)), 8))
        return Refuse("DT_RELR writes outside the plugin's writable memory");
    base += 63 * 8;
  }
  return {};
}

}  // namespace

Result<uint64_t> CheckRelocations(const ElfView& elf) {
  if (elf.Dynamic(DT_RELAENT).value_or(sizeof(Elf64_Rela)) != sizeof(Elf64_Rela))
    return Refuse("DT_RELAENT is not 24");
  if (elf.Dynamic(DT_PLTREL).value_or(DT_RELA) != DT_RELA)
    return Refuse("DT_PLTREL is not DT_RELA");
  uint64_t symbols = 0;
  ASSAY_ASSIGN(const Table main, FindTable(elf, "DT_RELA", DT_RELA, DT_RELASZ));
  ASSAY_TRY(CheckTable(elf, main, elf.Dynamic(DT_RELACOUNT).value_or(0), symbols));
  ASSAY_ASSIGN(const Table plt, FindTable(elf, "DT_JMPREL", DT_JMPREL, DT_PLTRELSZ));
  ASSAY_TRY(CheckTable(elf, plt, 0, symbols));
  ASSAY_TRY(CheckPacked(elf));
  return symbols;
}

}  // namespace assay::sandbox
