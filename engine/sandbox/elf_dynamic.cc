// Dynamic tags of an untrusted plugin: a list of those allowed, each at most once; needed
// libraries.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "sandbox/elf_view.h"

namespace assay::sandbox {
namespace {

// elf.h of Debian 12 has no names for these.
constexpr int64_t kRelrSize = 35, kRelr = 36, kRelrEntry = 37;
constexpr int64_t kDepAudit = 0x6ffffefb, kAudit = 0x6ffffefc, kConfig = 0x6ffffefa;

struct Forbidden {
  int64_t tag;
  std::string_view words;
};
constexpr Forbidden kForbidden[] = {
    {DT_RPATH, "has a library search path (DT_RPATH)"},
    {DT_RUNPATH, "has a library search path (DT_RUNPATH)"},
    {kAudit, "names an audit library (DT_AUDIT)"},
    {kDepAudit, "names an audit library (DT_DEPAUDIT)"},
    {kConfig, "names a loader configuration (DT_CONFIG)"},
    {DT_FILTER, "is a filter library (DT_FILTER)"},
    {DT_AUXILIARY, "is a filter library (DT_AUXILIARY)"},
    {DT_TEXTREL, "changes its code when loaded (DT_TEXTREL)"},
    {DT_PREINIT_ARRAY, "has pre-initialisers (DT_PREINIT_ARRAY)"},
    {DT_PREINIT_ARRAYSZ, "has pre-initialisers (DT_PREINIT_ARRAYSZ)"},
    {DT_REL, "has relocations without addend (DT_REL)"},
};

/// What ld and lld and mold write for a C or C++ module. The loader ignores tags it does not know,
/// we refuse them.
constexpr int64_t kAllowed[] = {DT_NEEDED,       DT_PLTRELSZ,    DT_PLTGOT,
                                DT_HASH,         DT_STRTAB,      DT_SYMTAB,
                                DT_RELA,         DT_RELASZ,      DT_RELAENT,
                                DT_STRSZ,        DT_SYMENT,      DT_INIT,
                                DT_FINI,         DT_SONAME,      DT_SYMBOLIC,
                                DT_PLTREL,       DT_JMPREL,      DT_BIND_NOW,
                                DT_INIT_ARRAY,   DT_FINI_ARRAY,  DT_INIT_ARRAYSZ,
                                DT_FINI_ARRAYSZ, DT_FLAGS,       kRelrSize,
                                kRelr,           kRelrEntry,     DT_GNU_HASH,
                                DT_VERSYM,       DT_RELACOUNT,   DT_FLAGS_1,
                                DT_VERDEF,       DT_VERDEFNUM,   DT_VERNEED,
                                DT_VERNEEDNUM,   DT_TLSDESC_PLT, DT_TLSDESC_GOT,
                                0x70000000,      0x70000001,     0x70000003,
                                0x70000005};  // x86-64: PLT; AArch64: BTI, PAC, variant PCS

constexpr std::string_view kLibraries[] = {
    "libc.so.6",
    "libm.so.6",
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
#ifdef ASSAY_SIMDJSON_SONAME
    ASSAY_SIMDJSON_SONAME,
#endif
#ifdef ASSAY_SANITIZED
    "libasan.so.8",
    "libubsan.so.1",
    "libtsan.so.2",
#endif
};

constexpr uint64_t kMaxNeeded = 16;

Status CheckTags(const ElfView& elf) {
  std::set<int64_t> seen;
  for (const DynamicEntry& e : elf.dynamic) {
    for (const Forbidden& f : kForbidden)
      if (f.tag == e.tag) return Refuse(std::string(f.words));
    if (std::find(std::begin(kAllowed), std::end(kAllowed), e.tag) == std::end(kAllowed))
      return Refuse(fmt::format("dynamic tag {:#x} is not known", static_cast<uint64_t>(e.tag)));
    // The loader takes the last of two; we would check the first.
    if (e.tag != DT_NEEDED && !seen.insert(e.tag).second)
      return Refuse(fmt::format("dynamic tag {:#x} comes twice", static_cast<uint64_t>(e.tag)));
  }
  return {};
}

Status CheckFlags(const ElfView& elf) {
  const uint64_t flags = elf.Dynamic(DT_FLAGS).value_or(0);
  if (flags & DF_TEXTREL) return Refuse("changes its code when loaded (DF_TEXTREL)");
  if (flags & ~uint64_t{DF_SYMBOLIC | DF_BIND_NOW | DF_STATIC_TLS})
    return Refuse(fmt::format("has flags {:#x} that are not allowed (DT_FLAGS)", flags));
  const uint64_t flags_1 = elf.Dynamic(DT_FLAGS_1).value_or(0);
  if (flags_1 & ~uint64_t{DF_1_NOW | DF_1_NODELETE})
    return Refuse(fmt::format("has flags {:#x} that are not allowed (DT_FLAGS_1)", flags_1));
  return {};
}

/// The zero-terminated name at `offset` of the string table.
std::optional<std::string_view> NameAt(ByteSpan strings, uint64_t offset) {
  if (offset >= strings.size()) return std::nullopt;
  const std::string_view rest = AsText(strings.subspan(offset));
  const size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

Status CheckNeeded(const ElfView& elf, ByteSpan strings) {
  uint64_t count = 0;
  for (const DynamicEntry& e : elf.dynamic) {
    if (e.tag != DT_NEEDED && e.tag != DT_SONAME) continue;
    const auto name = NameAt(strings, e.value);
    if (!name) return Refuse("a library name lies outside the string table");
    if (e.tag == DT_SONAME) continue;
    if (++count > kMaxNeeded) return Refuse("needs too many libraries");
    if (std::find(std::begin(kLibraries), std::end(kLibraries), *name) == std::end(kLibraries))
      return Refuse(
          fmt::format("needs the library {} (DT_NEEDED); link it statically", Quote(*name)));
  }
  return {};
}

/// Address tags that the loader follows must point into the file's own memory, constant where it
/// matters.
Status CheckAddresses(const ElfView& elf) {
  for (int64_t tag : {DT_VERSYM, DT_VERNEED, DT_VERDEF})
    if (auto at = elf.Dynamic(tag); at && !elf.ConstantAt(*at, 2))
      return Refuse(
          fmt::format("version table {:#x} is not in constant memory", static_cast<uint64_t>(tag)));
  for (int64_t tag : {DT_PLTGOT, DT_TLSDESC_PLT, DT_TLSDESC_GOT})
    if (auto at = elf.Dynamic(tag); at && elf.LoadAt(*at, 8) == nullptr)
      return Refuse(
          fmt::format("dynamic tag {:#x} points outside the plugin", static_cast<uint64_t>(tag)));
  return {};
}

}  // namespace

Status CheckDynamic(const ElfView& elf) {
  ASSAY_TRY(CheckTags(elf));
  ASSAY_TRY(CheckFlags(elf));
  const auto at = elf.Dynamic(DT_STRTAB), bytes = elf.Dynamic(DT_STRSZ);
  if (!at || !bytes) return Refuse("has no string table");
  const auto strings = elf.ConstantAt(*at, *bytes);
  if (!strings || strings->empty() || strings->back() != 0)
    return Refuse("string table is not in constant memory or not terminated");
  ASSAY_TRY(CheckNeeded(elf, *strings));
  return CheckAddresses(elf);
}

}  // namespace assay::sandbox
