// Dynamic symbols of an untrusted plugin: one exported data object, and no indirect function
// anywhere.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sandbox/elf_view.h"

namespace assay::sandbox {
namespace {

constexpr std::string_view kSymbol = "assay_plugin_v1";
constexpr uint64_t kMaxSymbols = 1u << 20;

/// Symbols that DT_HASH speaks of.
Result<uint64_t> CountBySysvHash(const ElfView& elf) {
  const auto at = elf.Dynamic(DT_HASH);
  if (!at) return 0;
  const auto head = elf.ConstantAt(*at, 8);
  if (!head) return Refuse("DT_HASH is not in constant memory");
  const uint64_t buckets = Field<uint32_t>(*head, 0), chains = Field<uint32_t>(*head, 4);
  if (buckets == 0 || buckets > kMaxSymbols || chains > kMaxSymbols ||
      !elf.ConstantAt(*at, 8 + 4 * (buckets + chains)))
    return Refuse("DT_HASH is broken");
  return chains;
}

/// Symbols that DT_GNU_HASH reaches: the highest bucket, then along its chain to the end bit.
Result<uint64_t> CountByGnuHash(const ElfView& elf) {
  const auto at = elf.Dynamic(DT_GNU_HASH);
  if (!at) return 0;
  const auto head = elf.ConstantAt(*at, 16);
  if (!head) return Refuse("DT_GNU_HASH is not in constant memory");
  const uint64_t buckets = Field<uint32_t>(*head, 0), first = Field<uint32_t>(*head, 4);
  const uint64_t bloom = Field<uint32_t>(*head, 8), shift = Field<uint32_t>(*head, 12);
  if (buckets == 0 || buckets > kMaxSymbols || first > kMaxSymbols || !std::has_single_bit(bloom) ||
      bloom > kMaxSymbols || shift >= 64)
    return Refuse("DT_GNU_HASH is broken");
  const uint64_t bucket_at = *at + 16 + 8 * bloom;
  const auto table = elf.ConstantAt(*at, 16 + 8 * bloom + 4 * buckets);
  if (!table) return Refuse("DT_GNU_HASH is broken");
  uint64_t last = 0;
  for (uint64_t i = 0; i < buckets; ++i)
    last = std::max<uint64_t>(last, Field<uint32_t>(*table, 16 + 8 * bloom + 4 * i));
  if (last == 0) return first;  // nothing exported
  if (last < first) return Refuse("DT_GNU_HASH is broken");
  for (; last < kMaxSymbols; ++last) {
    const auto link = elf.ConstantAt(bucket_at + 4 * buckets + 4 * (last - first), 4);
    if (!link) return Refuse("DT_GNU_HASH is broken");
    if (Field<uint32_t>(*link, 0) & 1) return last + 1;
  }
  return Refuse("DT_GNU_HASH names too many symbols");
}

struct Symbol {
  std::string_view name;
  uint8_t type = 0, binding = 0, visibility = 0;
  uint16_t section = 0;
  uint64_t value = 0, bytes = 0;
};

Result<Symbol> ReadSymbol(ByteSpan entry, ByteSpan strings) {
  Symbol s;
  const auto name = Field<uint32_t>(entry, offsetof(Elf64_Sym, st_name));
  if (name >= strings.size()) return Refuse("a symbol's name lies outside the string table");
  s.name = AsText(strings.subspan(name));
  s.name = s.name.substr(0, s.name.find('\0'));  // the table ends with one: CheckDynamic
  const uint8_t info = entry[offsetof(Elf64_Sym, st_info)];
  s.type = ELF64_ST_TYPE(info);
  s.binding = ELF64_ST_BIND(info);
  s.visibility = ELF64_ST_VISIBILITY(entry[offsetof(Elf64_Sym, st_other)]);
  s.section = Field<uint16_t>(entry, offsetof(Elf64_Sym, st_shndx));
  s.value = Field<uint64_t>(entry, offsetof(Elf64_Sym, st_value));
  s.bytes = Field<uint64_t>(entry, offsetof(Elf64_Sym, st_size));
  return s;
}

Status CheckExported(const ElfView& elf, const Symbol& s) {
  if (s.name != kSymbol)
    return Refuse(fmt::format("exports {}; only {} may be exported", Quote(s.name), kSymbol));
  if (s.type != STT_OBJECT) return Refuse(fmt::format("{} is not a data object", kSymbol));
  const Segment* load = elf.LoadAt(s.value, std::max<uint64_t>(s.bytes, 1));
  if (s.section == SHN_ABS || load == nullptr || (load->flags & PF_X))
    return Refuse(fmt::format("{} does not lie in the plugin's data", kSymbol));
  return {};
}

}  // namespace

Status CheckSymbols(const ElfView& elf, uint64_t symbols_used) {
  const auto table_at = elf.Dynamic(DT_SYMTAB);
  if (!table_at) return Refuse("has no symbol table");
  if (elf.Dynamic(DT_SYMENT).value_or(sizeof(Elf64_Sym)) != sizeof(Elf64_Sym))
    return Refuse("DT_SYMENT is not 24");
  ASSAY_ASSIGN(const uint64_t by_sysv, CountBySysvHash(elf));
  ASSAY_ASSIGN(const uint64_t by_gnu, CountByGnuHash(elf));
  const uint64_t count = std::max({by_sysv, by_gnu, symbols_used});
  if (count > kMaxSymbols) return Refuse("has too many symbols");
  const auto table = elf.ConstantAt(*table_at, count * sizeof(Elf64_Sym));
  const auto strings = elf.ConstantAt(*elf.Dynamic(DT_STRTAB), *elf.Dynamic(DT_STRSZ));
  if (!table || !strings) return Refuse("symbol table is not in constant memory");
  uint64_t exported = 0;
  for (uint64_t i = 0; i < count; ++i) {
    ASSAY_ASSIGN(const Symbol s,
                 ReadSymbol(table->subspan(i * sizeof(Elf64_Sym), sizeof(Elf64_Sym)), *strings));
    if (s.section == SHN_UNDEF) continue;
    // The loader calls the resolver of such a symbol when a relocation names it, before any stage
    // B.
    if (s.type == STT_GNU_IFUNC)
      return Refuse(fmt::format("symbol {} is an indirect function", Quote(s.name)));
    if (s.binding == STB_LOCAL || s.visibility == STV_HIDDEN || s.visibility == STV_INTERNAL)
      continue;
    ASSAY_TRY(CheckExported(elf, s));
    ++exported;
  }
  return exported == 1 ? Status{} : Refuse(fmt::format("exports {} {} times", kSymbol, exported));
}

}  // namespace assay::sandbox
