// Reads header, program headers and dynamic section of an untrusted ELF64 file.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sandbox/elf_view.h"

namespace assay::sandbox {
namespace {

constexpr uint64_t kMaxFileBytes = 64ull << 20;  // simdjson and the SDK give 2 MB; debug builds 30
constexpr uint64_t kMaxMemoryBytes = 512ull << 20;  // the default memory limit of a worker
constexpr uint64_t kPage = 4096;
constexpr uint16_t kMaxSegments = 64;
constexpr uint64_t kMaxDynamicEntries = 256;
constexpr uint64_t kMaxTlsBytes = 1u << 20;

uint64_t PageDown(uint64_t n) { return n / kPage * kPage; }
uint64_t PageUp(uint64_t n) { return PageDown(n + kPage - 1); }

Status CheckHeader(ByteSpan file) {
  if (file.size() < sizeof(Elf64_Ehdr)) return Refuse("file is shorter than an ELF header");
  if (file.size() > kMaxFileBytes)
    return Refuse(fmt::format("file is larger than {} bytes", kMaxFileBytes));
  if (AsText(file.first(4)) != "\177ELF") return Refuse("file is not an ELF object");
  if (file[EI_CLASS] != ELFCLASS64) return Refuse("ELF class is not 64 bit");
  if (file[EI_DATA] != ELFDATA2LSB) return Refuse("ELF data is not little endian");
  if (file[EI_VERSION] != EV_CURRENT) return Refuse("ELF version is not 1");
  if (file[EI_OSABI] != ELFOSABI_SYSV && file[EI_OSABI] != ELFOSABI_GNU)
    return Refuse("ELF OS ABI is neither System V nor GNU");
  if (Field<uint16_t>(file, offsetof(Elf64_Ehdr, e_type)) != ET_DYN)
    return Refuse("ELF type is not a shared object");
  const auto machine = Field<uint16_t>(file, offsetof(Elf64_Ehdr, e_machine));
  if (machine != EM_X86_64 && machine != EM_AARCH64)
    return Refuse("ELF machine is neither x86-64 nor AArch64");
  return {};
}

Segment ReadSegment(ByteSpan h) {
  Segment s;
  s.type = Field<uint32_t>(h, offsetof(Elf64_Phdr, p_type));
  s.flags = Field<uint32_t>(h, offsetof(Elf64_Phdr, p_flags));
  s.offset = Field<uint64_t>(h, offsetof(Elf64_Phdr, p_offset));
  s.vaddr = Field<uint64_t>(h, offsetof(Elf64_Phdr, p_vaddr));
  s.file_bytes = Field<uint64_t>(h, offsetof(Elf64_Phdr, p_filesz));
  s.memory_bytes = Field<uint64_t>(h, offsetof(Elf64_Phdr, p_memsz));
  s.align = Field<uint64_t>(h, offsetof(Elf64_Phdr, p_align));
  return s;
}

bool IsKnownType(uint32_t type) {
  switch (type) {
    case PT_NULL:
    case PT_LOAD:
    case PT_DYNAMIC:
    case PT_NOTE:
    case PT_PHDR:
    case PT_TLS:
    case PT_GNU_EH_FRAME:
    case PT_GNU_STACK:
    case PT_GNU_RELRO:
    case PT_GNU_PROPERTY:
      return true;
    default:
      return false;
  }
}

Status CheckSegment(const Segment& s, size_t number, uint64_t file_bytes) {
  const auto refuse = [&](std::string_view words) {
    return Refuse(fmt::format("segment {} {}", number, words));
  };
  if (s.type == PT_INTERP) return refuse("names an interpreter (PT_INTERP)");
  if (!IsKnownType(s.type)) return refuse(fmt::format("has the unknown type {:#x}", s.type));
  if ((s.flags & PF_W) && (s.flags & PF_X)) return refuse("is writable and executable");
  if (s.type == PT_NULL || s.type == PT_GNU_STACK) return {};
  if (s.file_bytes > file_bytes || s.offset > file_bytes - s.file_bytes)
    return refuse("reaches beyond the end of the file");
  if (s.vaddr > kMaxMemoryBytes || s.memory_bytes > kMaxMemoryBytes - s.vaddr)
    return refuse(fmt::format("reaches beyond {} bytes of memory", kMaxMemoryBytes));
  if (s.type == PT_TLS && s.memory_bytes > kMaxTlsBytes)
    return refuse("takes too much thread-local memory");
  if (s.type == PT_GNU_RELRO)
    return {};  // its memory part may be larger than its file part and unaligned
  if (s.file_bytes > s.memory_bytes && s.type != PT_NOTE && s.type != PT_GNU_PROPERTY)
    return refuse("is larger in the file than in memory");
  if (s.align > 1 && !std::has_single_bit(s.align))
    return refuse("has an alignment that is no power of two");
  if (s.type != PT_LOAD) return {};
  if (s.memory_bytes == 0) return refuse("is an empty PT_LOAD");
  if (s.align < kPage || s.align > (1u << 21))
    return refuse("has an alignment that is no page size");
  if (s.vaddr % s.align != s.offset % s.align) return refuse("is not aligned like its file part");
  return {};
}

/// The loader trusts that PT_LOAD entries ascend; a page that two of them share would be mapped
/// twice.
Status CheckLoads(const std::vector<Segment>& segments) {
  uint64_t end = 0;
  bool any = false;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& s = segments[i];
    if (s.type != PT_LOAD) continue;
    if (any && PageDown(s.vaddr) < end)
      return Refuse(fmt::format("segment {} overlaps the PT_LOAD before it", i));
    end = PageUp(s.vaddr + s.memory_bytes);
    any = true;
  }
  return any ? Status{} : Refuse("file has no PT_LOAD segment");
}

Status CheckCounts(const std::vector<Segment>& segments) {
  const auto count = [&](uint32_t type) {
    return std::count_if(segments.begin(), segments.end(), [&](auto& s) { return s.type == type; });
  };
  if (count(PT_GNU_STACK) != 1) return Refuse("file needs exactly one PT_GNU_STACK segment");
  for (const Segment& s : segments)
    if (s.type == PT_GNU_STACK && (s.flags & PF_X))
      return Refuse("stack is executable (PT_GNU_STACK)");
  if (count(PT_DYNAMIC) != 1) return Refuse("file needs exactly one PT_DYNAMIC segment");
  for (uint32_t type : {PT_TLS, PT_PHDR, PT_GNU_RELRO})
    if (count(type) > 1) return Refuse(fmt::format("segment type {:#x} comes twice", type));
  return {};
}

Status ReadSegments(ElfView& elf) {
  const auto count = Field<uint16_t>(elf.file, offsetof(Elf64_Ehdr, e_phnum));
  const auto offset = Field<uint64_t>(elf.file, offsetof(Elf64_Ehdr, e_phoff));
  if (Field<uint16_t>(elf.file, offsetof(Elf64_Ehdr, e_phentsize)) != sizeof(Elf64_Phdr))
    return Refuse("program headers have the wrong size");
  if (count == 0 || count > kMaxSegments)
    return Refuse(fmt::format("file has {} segments; 1 to {} are allowed", count, kMaxSegments));
  const uint64_t bytes = count * sizeof(Elf64_Phdr);
  if (offset % 8 != 0 || offset > elf.file.size() || bytes > elf.file.size() - offset)
    return Refuse("program headers lie outside the file");
  for (uint16_t i = 0; i < count; ++i) {
    const Segment s =
        ReadSegment(elf.file.subspan(offset + i * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr)));
    ASSAY_TRY(CheckSegment(s, i, elf.file.size()));
    elf.segments.push_back(s);
  }
  ASSAY_TRY(CheckCounts(elf.segments));
  return CheckLoads(elf.segments);
}

Status ReadDynamic(ElfView& elf) {
  const auto at = std::find_if(elf.segments.begin(), elf.segments.end(),
                               [](const Segment& s) { return s.type == PT_DYNAMIC; });
  const auto bytes = elf.BytesAt(at->vaddr, at->file_bytes);
  if (!bytes || at->vaddr % 8 != 0) return Refuse("dynamic section is not part of a PT_LOAD");
  if (bytes->data() != elf.file.data() + at->offset)
    return Refuse("dynamic section has another place in memory than in the file");
  for (uint64_t i = 0; (i + 1) * sizeof(Elf64_Dyn) <= bytes->size(); ++i) {
    const DynamicEntry entry{Field<int64_t>(*bytes, i * sizeof(Elf64_Dyn)),
                             Field<uint64_t>(*bytes, i * sizeof(Elf64_Dyn) + 8),
                             at->offset + i * sizeof(Elf64_Dyn)};
    if (entry.tag == DT_NULL) return {};
    if (i >= kMaxDynamicEntries) return Refuse("dynamic section has too many entries");
    elf.dynamic.push_back(entry);
  }
  return Refuse("dynamic section does not end with DT_NULL");
}

}  // namespace

tl::unexpected<Error> Refuse(std::string words) {
  return Fail(Code::kInvalidInput, "plugin: " + std::move(words));
}

std::optional<uint64_t> ElfView::Dynamic(int64_t tag) const {
  for (const DynamicEntry& e : dynamic)
    if (e.tag == tag) return e.value;
  return std::nullopt;
}

const Segment* ElfView::LoadAt(uint64_t address, uint64_t bytes) const {
  for (const Segment& s : segments)
    if (s.type == PT_LOAD && s.Holds(address, bytes)) return &s;
  return nullptr;
}

std::optional<ByteSpan> ElfView::BytesAt(uint64_t address, uint64_t bytes) const {
  const Segment* s = LoadAt(address, bytes);
  if (s == nullptr || bytes > s->file_bytes || address - s->vaddr > s->file_bytes - bytes)
    return std::nullopt;
  return file.subspan(s->offset + (address - s->vaddr), bytes);
}

std::optional<ByteSpan> ElfView::ConstantAt(uint64_t address, uint64_t bytes) const {
  const Segment* s = LoadAt(address, bytes);
  if (s == nullptr || (s->flags & PF_W)) return std::nullopt;
  return BytesAt(address, bytes);
}

Result<ElfView> ReadElf(ByteSpan file) {
  ASSAY_TRY(CheckHeader(file));
  ElfView elf;
  elf.file = file;
  elf.machine = Field<uint16_t>(file, offsetof(Elf64_Ehdr, e_machine));
  ASSAY_TRY(ReadSegments(elf));
  ASSAY_TRY(ReadDynamic(elf));
  return elf;
}

}  // namespace assay::sandbox
