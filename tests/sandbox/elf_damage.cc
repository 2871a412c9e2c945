// Every rule of the ELF pass, broken in a real plugin.
#include "sandbox/elf_damage.h"

namespace assay::sandbox {
namespace {

/// An entry that every linker writes and the loader can do without.
int64_t Spare(ElfPatch& elf) { return elf.Has(DT_RELACOUNT) ? DT_RELACOUNT : DT_FLAGS_1; }

void ReplaceSpare(ElfPatch& elf, int64_t with, uint64_t value) {
  elf.Replace(Spare(elf), with, value);
}

/// Offset of the manifest note's header: type 1 and the owner follow two lengths.
size_t NoteOf(ElfPatch& elf) {
  return AsText(elf.bytes).find(std::string_view("\1\0\0\0assay\0", 10)) - 8;
}

}  // namespace

const std::vector<Damage>& EveryDamage() {
  using enum Loader;
  static const std::vector<Damage> damages = {
    // header
    {"no_magic", "header", "not an ELF object", kNothing, [](ElfPatch& e) { e.bytes[1] = 'e'; }},
    {"class_32", "header", "not 64 bit", kNothing, [](ElfPatch& e) { e.bytes[EI_CLASS] = ELFCLASS32; }},
    {"big_endian", "header", "not little endian", kNothing, [](ElfPatch& e) { e.bytes[EI_DATA] = ELFDATA2MSB; }},
    {"foreign_abi", "header", "OS ABI", kNothing, [](ElfPatch& e) { e.bytes[EI_OSABI] = ELFOSABI_FREEBSD; }},
    {"program", "header", "not a shared object", kNothing, [](ElfPatch& e) { e.Header().e_type = ET_EXEC; }},
    {"other_machine", "header", "neither x86-64 nor AArch64", kNothing, [](ElfPatch& e) { e.Header().e_machine = EM_386; }},
    {"header_size", "header", "program headers have the wrong size", kNothing, [](ElfPatch& e) { e.Header().e_phentsize = 32; }},
    {"headers_outside", "header", "program headers lie outside", kNothing, [](ElfPatch& e) { e.Header().e_phoff = ~7ull; }},
    {"no_segments", "header", "0 segments", kNothing, [](ElfPatch& e) { e.Header().e_phnum = 0; }},
    {"many_segments", "header", "65535 segments", kNothing, [](ElfPatch& e) { e.Header().e_phnum = 65535; }},
    // segments
    {"writable_code", "segments", "is writable and executable", kLoads, [](ElfPatch& e) { e.LoadWith(PF_X).p_flags |= PF_W; }},
    {"executable_data", "segments", "is writable and executable", kLoads, [](ElfPatch& e) { e.LoadWith(PF_W).p_flags |= PF_X; }},
    {"no_stack_header", "segments", "exactly one PT_GNU_STACK", kNothing, [](ElfPatch& e) { e.Segment(PT_GNU_STACK).p_type = PT_NULL; }},
    {"executable_stack", "segments", "stack is executable", kNothing, [](ElfPatch& e) { e.Segment(PT_GNU_STACK).p_flags = PF_R | PF_X; }},
    {"interpreter", "segments", "names an interpreter", kLoads, [](ElfPatch& e) { e.Segment(PT_GNU_EH_FRAME).p_type = PT_INTERP; }},
    {"unknown_segment", "segments", "unknown type", kLoads, [](ElfPatch& e) { e.Segment(PT_GNU_EH_FRAME).p_type = 0x12345678; }},
    {"overlap", "segments", "overlaps the PT_LOAD", kNothing, [](ElfPatch& e) { e.Segment(PT_LOAD, 0).p_memsz += 1u << 20; }},
    {"swapped_segments", "segments", "overlaps the PT_LOAD", kNothing, [](ElfPatch& e) { std::swap(e.Segment(PT_LOAD, 0), e.Segment(PT_LOAD, 1)); }},
    {"code_beyond_file", "segments", "beyond the end of the file", kNothing, [](ElfPatch& e) { e.LoadWith(PF_X).p_filesz = ~0ull; }},
    {"code_offset_wraps", "segments", "beyond the end of the file", kNothing, [](ElfPatch& e) { e.LoadWith(PF_X).p_offset = ~0ull - 4095; }},
    {"code_at_the_end_of_memory", "segments", "bytes of memory", kNothing, [](ElfPatch& e) { e.LoadWith(PF_X).p_vaddr = ~0ull - 4095; }},
    {"huge_memory", "segments", "bytes of memory", kNothing, [](ElfPatch& e) { e.LoadWith(PF_W).p_memsz = 1ull << 40; }},
    {"file_part_larger", "segments", "larger in the file", kNothing, [](ElfPatch& e) { e.LoadWith(PF_X).p_memsz = 16; }},
    {"odd_alignment", "segments", "no power of two", kNothing, [](ElfPatch& e) { e.LoadWith(PF_X).p_align = 4097; }},
    {"small_alignment", "segments", "no page size", kNothing, [](ElfPatch& e) { e.LoadWith(PF_X).p_align = 16; }},
    {"skewed_segment", "segments", "not aligned like its file part", kNothing, [](ElfPatch& e) { e.LoadWith(PF_X).p_vaddr += 8; }},
    {"no_dynamic", "segments", "exactly one PT_DYNAMIC", kNothing, [](ElfPatch& e) { e.Segment(PT_DYNAMIC).p_type = PT_NULL; }},
    {"dynamic_elsewhere", "segments", "another place in memory", kNothing, [](ElfPatch& e) { e.Segment(PT_DYNAMIC).p_offset -= 16; }},
    {"dynamic_not_loaded", "segments", "not part of a PT_LOAD", kNothing, [](ElfPatch& e) { e.Segment(PT_DYNAMIC).p_vaddr = 1u << 28; }},
    {"dynamic_cut", "segments", "does not end with DT_NULL", kNothing, [](ElfPatch& e) { e.Segment(PT_DYNAMIC).p_filesz = 32; }},
    // dynamic
    {"rpath", "dynamic", "DT_RPATH", kLoads, [](ElfPatch& e) { ReplaceSpare(e, DT_RPATH, 1); }},
    {"runpath", "dynamic", "DT_RUNPATH", kLoads, [](ElfPatch& e) { ReplaceSpare(e, DT_RUNPATH, 1); }},
    {"audit", "dynamic", "DT_AUDIT", kLoads, [](ElfPatch& e) { ReplaceSpare(e, DT_AUDIT, 1); }},
    {"dep_audit", "dynamic", "DT_DEPAUDIT", kLoads, [](ElfPatch& e) { ReplaceSpare(e, DT_DEPAUDIT, 1); }},
    {"filter", "dynamic", "DT_FILTER", kNothing, [](ElfPatch& e) { ReplaceSpare(e, DT_FILTER, 1); }},
    {"auxiliary", "dynamic", "DT_AUXILIARY", kNothing, [](ElfPatch& e) { ReplaceSpare(e, DT_AUXILIARY, 1); }},
    {"text_relocations", "dynamic", "DT_TEXTREL", kLoads, [](ElfPatch& e) { ReplaceSpare(e, DT_TEXTREL, 0); }},
    {"text_relocations_flag", "dynamic", "DF_TEXTREL", kLoads, [](ElfPatch& e) { e.Replace(DT_FLAGS, DT_FLAGS, DF_TEXTREL); }},
    {"init_first", "dynamic", "DT_FLAGS_1", kLoads, [](ElfPatch& e) { e.Replace(DT_FLAGS_1, DT_FLAGS_1, DF_1_INITFIRST); }},
    {"interpose", "dynamic", "DT_FLAGS_1", kLoads, [](ElfPatch& e) { e.Replace(DT_FLAGS_1, DT_FLAGS_1, DF_1_INTERPOSE); }},
    {"preinit", "dynamic", "DT_PREINIT_ARRAY", kLoads, [](ElfPatch& e) { ReplaceSpare(e, DT_PREINIT_ARRAY, 0x1000); }},
    {"rel_table", "dynamic", "DT_REL)", kNothing, [](ElfPatch& e) { ReplaceSpare(e, DT_REL, 0x1000); }},
    {"unknown_tag", "dynamic", "is not known", kLoads, [](ElfPatch& e) { ReplaceSpare(e, 0x60000a55, 0); }},
    {"negative_tag", "dynamic", "is not known", kLoads, [](ElfPatch& e) { ReplaceSpare(e, -5, 0); }},
    {"second_string_table", "dynamic", "comes twice", kNothing, [](ElfPatch& e) { ReplaceSpare(e, DT_STRTAB, 0); }},
    {"second_init_array", "dynamic", "comes twice", kNothing, [](ElfPatch& e) { ReplaceSpare(e, DT_INIT_ARRAY, 0); }},
    {"foreign_library", "dynamic", "needs the library \"libz.so.6\"", kNothing, [](ElfPatch& e) { e.ReplaceText("libc.so.6", "libz.so.6"); }},
    {"library_name_outside", "dynamic", "library name lies outside", kNothing, [](ElfPatch& e) { e.Dynamic(DT_NEEDED).d_un.d_val = 1u << 30; }},
    {"string_table_size", "dynamic", "string table", kNothing, [](ElfPatch& e) { e.Dynamic(DT_STRSZ).d_un.d_val = ~0ull; }},
    {"string_table_elsewhere", "dynamic", "string table", kNothing, [](ElfPatch& e) { e.Dynamic(DT_STRTAB).d_un.d_ptr = e.LoadWith(PF_W).p_vaddr; }},
    {"init_array_huge", "dynamic", "DT_INIT_ARRAY", kNothing, [](ElfPatch& e) { e.Dynamic(DT_INIT_ARRAYSZ).d_un.d_val = 1u << 30; }},
    {"init_array_outside", "dynamic", "DT_INIT_ARRAY", kNothing, [](ElfPatch& e) { e.Dynamic(DT_INIT_ARRAY).d_un.d_ptr = ~7ull; }},
    {"version_table", "dynamic", "version table", kNothing, [](ElfPatch& e) { e.Dynamic(DT_VERNEED).d_un.d_ptr = 1ull << 50; }},
    // relocations
    {"indirect_call", "relocations", "IRELATIVE", kNothing, [](ElfPatch& e) { e.Relocation(e.Dynamic(DT_RELASZ).d_un.d_val / 24 - 1).r_info = 37; }},
    {"indirect_call_first", "relocations", "IRELATIVE", kNothing, [](ElfPatch& e) { e.Relocation(0).r_info = R_X86_64_IRELATIVE; }},
    {"copy_relocation", "relocations", "that is not allowed", kNothing, [](ElfPatch& e) { e.Relocation(0).r_info = R_X86_64_COPY; }},
    {"relocates_end_of_memory", "relocations", "writes outside", kNothing, [](ElfPatch& e) { e.Relocation(0).r_offset = ~0ull - 3; }},
    {"relocates_code", "relocations", "writes outside", kNothing, [](ElfPatch& e) { e.Relocation(0).r_offset = e.LoadWith(PF_X).p_vaddr; }},
    {"relocates_dynamic", "relocations", "writes outside", kNothing, [](ElfPatch& e) { e.Relocation(0).r_offset = e.Segment(PT_DYNAMIC).p_vaddr + 8; }},
    {"relocates_far", "relocations", "writes outside", kNothing, [](ElfPatch& e) { e.Relocation(0).r_offset = 1ull << 45; }},
    {"half_relocation", "relocations", "broken entry", kNothing, [](ElfPatch& e) { e.Dynamic(DT_RELASZ).d_un.d_val -= 1; }},
    {"relocations_outside", "relocations", "not in constant memory", kNothing, [](ElfPatch& e) { e.Dynamic(DT_RELA).d_un.d_ptr = ~0ull; }},
    {"relocation_size", "relocations", "DT_RELAENT", kNothing, [](ElfPatch& e) { e.Dynamic(DT_RELAENT).d_un.d_val = 16; }},
    {"symbol_number", "relocations", "symbol table", kNothing, [](ElfPatch& e) {
         const size_t last = e.Dynamic(DT_RELASZ).d_un.d_val / 24 - 1;
         e.Relocation(last).r_info = ELF64_R_INFO(0xffff0, R_X86_64_GLOB_DAT);
       }},
    // exports
    {"export_function", "exports", "is not a data object", kLoads, [](ElfPatch& e) { e.Exported().st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC); }},
    {"export_indirect", "exports", "is an indirect function", kNothing, [](ElfPatch& e) { e.Exported().st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC); }},
    {"export_in_code", "exports", "does not lie in the plugin's data", kNothing, [](ElfPatch& e) { e.Exported().st_value = e.LoadWith(PF_X).p_vaddr; }},
    {"export_huge", "exports", "does not lie in the plugin's data", kLoads, [](ElfPatch& e) { e.Exported().st_size = 1ull << 40; }},
    {"export_none", "exports", "exports assay_plugin_v1 0 times", kNothing, [](ElfPatch& e) { e.Exported().st_info = ELF64_ST_INFO(STB_LOCAL, STT_OBJECT); }},
    {"export_second", "exports", "only assay_plugin_v1 may be exported", kNothing, [](ElfPatch& e) {
         e.Symbol(1).st_shndx = 1;
         e.Symbol(1).st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
       }},
    {"export_renamed", "exports", "only assay_plugin_v1 may be exported", kNothing, [](ElfPatch& e) { e.ReplaceText("assay_plugin_v1", "assay_plugin_v2"); }},
    {"export_name_outside", "exports", "a symbol's name lies outside", kNothing, [](ElfPatch& e) { e.Exported().st_name = ~0u; }},
    // note
    {"note_gone", "note", "0 manifest notes", kLoads, [](ElfPatch& e) {
         for (size_t i = 0; i < e.Header().e_phnum; ++i)
           if (auto& p = e.At<Elf64_Phdr>(e.Header().e_phoff + i * sizeof(Elf64_Phdr));
               p.p_type == PT_NOTE)
             p.p_type = PT_NULL;
       }},
    {"note_other_owner", "note", "0 manifest notes", kLoads, [](ElfPatch& e) { e.bytes[NoteOf(e) + 12] = 'A'; }},
    {"note_other_type", "note", "0 manifest notes", kLoads, [](ElfPatch& e) { e.At<uint32_t>(NoteOf(e) + 8) = 2; }},
    {"note_text_too_long", "note", "reaches beyond its segment", kLoads, [](ElfPatch& e) { e.At<uint32_t>(NoteOf(e) + 4) = ~0u; }},
    {"note_name_too_long", "note", "reaches beyond its segment", kLoads, [](ElfPatch& e) { e.At<uint32_t>(NoteOf(e)) = ~0u - 11; }},
    {"note_not_utf8", "note", "not UTF-8", kLoads, [](ElfPatch& e) { e.bytes[NoteOf(e) + 24] = 0xff; }},
    {"note_with_nul", "note", "not UTF-8", kLoads, [](ElfPatch& e) { e.bytes[NoteOf(e) + 24] = 0; }},
  };
  return damages;
}

}  // namespace assay::sandbox
