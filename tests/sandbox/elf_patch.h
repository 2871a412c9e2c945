// Changes single fields of a real shared object, to make files that break one rule each.
#pragma once

#include <elf.h>

#include <cstring>
#include <functional>
#include <stdexcept>

#include "base/bytes.h"

namespace assay::sandbox {

class ElfPatch {
 public:
  explicit ElfPatch(ByteVector file) : bytes(std::move(file)) {}

  template <typename T>
  T& At(uint64_t offset) {
    if (offset + sizeof(T) > bytes.size()) throw std::out_of_range("patch");
    return *reinterpret_cast<T*>(bytes.data() + offset);
  }
  Elf64_Ehdr& Header() { return At<Elf64_Ehdr>(0); }
  /// The nth program header of a type for which `match` holds.
  Elf64_Phdr& Segment(uint32_t type, size_t nth = 0) {
    for (size_t i = 0; i < Header().e_phnum; ++i) {
      auto& p = At<Elf64_Phdr>(Header().e_phoff + i * sizeof(Elf64_Phdr));
      if (p.p_type == type && nth-- == 0) return p;
    }
    throw std::out_of_range("segment");
  }
  Elf64_Phdr& LoadWith(uint32_t flag) {
    for (size_t i = 0;; ++i)
      if (Segment(PT_LOAD, i).p_flags & flag) return Segment(PT_LOAD, i);
  }
  bool Has(int64_t tag) {
    const Elf64_Phdr dynamic = Segment(PT_DYNAMIC);
    for (uint64_t at = 0; at < dynamic.p_filesz; at += sizeof(Elf64_Dyn))
      if (At<Elf64_Dyn>(dynamic.p_offset + at).d_tag == tag) return true;
    return false;
  }
  Elf64_Dyn& Dynamic(int64_t tag) {
    const Elf64_Phdr dynamic = Segment(PT_DYNAMIC);
    for (uint64_t at = 0; at < dynamic.p_filesz; at += sizeof(Elf64_Dyn))
      if (auto& d = At<Elf64_Dyn>(dynamic.p_offset + at); d.d_tag == tag) return d;
    throw std::out_of_range("dynamic tag");
  }
  /// Turns an entry that the loader can do without into another.
  void Replace(int64_t tag, int64_t with, uint64_t value) {
    Elf64_Dyn& d = Dynamic(tag);
    d.d_tag = with;
    d.d_un.d_val = value;
  }
  uint64_t OffsetOf(uint64_t address) {
    for (size_t i = 0;; ++i) {
      const Elf64_Phdr p = Segment(PT_LOAD, i);
      if (address >= p.p_vaddr && address < p.p_vaddr + p.p_filesz)
        return address - p.p_vaddr + p.p_offset;
    }
  }
  Elf64_Rela& Relocation(size_t nth) {
    return At<Elf64_Rela>(OffsetOf(Dynamic(DT_RELA).d_un.d_ptr) + nth * sizeof(Elf64_Rela));
  }
  Elf64_Sym& Symbol(size_t nth) {
    return At<Elf64_Sym>(OffsetOf(Dynamic(DT_SYMTAB).d_un.d_ptr) + nth * sizeof(Elf64_Sym));
  }
  Elf64_Sym& Exported() {
    for (size_t i = 1;; ++i)
      if (Symbol(i).st_shndx != SHN_UNDEF && ELF64_ST_BIND(Symbol(i).st_info) == STB_GLOBAL)
        return Symbol(i);
  }
  /// Overwrites the first occurrence of `from` by `to`, of the same length.
  void ReplaceText(std::string_view from, std::string_view to) {
    const size_t at = AsText(bytes).find(from);
    if (at == std::string_view::npos || from.size() != to.size()) throw std::out_of_range("text");
    std::memcpy(bytes.data() + at, to.data(), to.size());
  }

  ByteVector bytes;
};

}  // namespace assay::sandbox
