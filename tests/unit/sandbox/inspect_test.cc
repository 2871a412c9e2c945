// InspectPlugin against real plugins with one field broken, cut files and random damage.

#include "base/files.h"
#include "elf_patch.h"
#include "sandbox/spawner.h"
#include "support/matchers.h"

namespace assay::sandbox {
namespace {

ByteVector Load(const char* path) {
  auto file = ReadFile(path);
  if (!file) FAIL(file.error().ToString());
  return std::move(*file);
}

/// An entry that every linker writes and the loader can do without.
int64_t Spare(ElfPatch& elf) { return elf.Has(DT_RELACOUNT) ? DT_RELACOUNT : DT_FLAGS_1; }

struct Sin {
  const char* words;
  std::function<void(ElfPatch&)> commit;
};

void CheckSins(const std::vector<Sin>& sins) {
  for (const Sin& sin : sins) {
    ElfPatch elf(Load(ASSAY_ATTACK_PLUGIN));
    sin.commit(elf);
    INFO(sin.words);
    CHECK_FAILS(InspectPlugin(elf.bytes), Code::kInvalidInput, sin.words);
  }
}

void ReplaceSpare(ElfPatch& elf, int64_t with, uint64_t value) {
  elf.Replace(Spare(elf), with, value);
}

}  // namespace

TEST_CASE("Inspect: accepts plugins in C and C++ and reads their manifest") {
  for (const char* path : {ASSAY_ATTACK_PLUGIN, ASSAY_PLAIN_PLUGIN}) {
    REQUIRE_OK_AND_ASSIGN(const PluginImage image, InspectPlugin(Load(path)));
    CHECK(image.manifest.starts_with("id = \"attack\""));
    CHECK(image.init_array_bytes >= 8);
    CHECK(image.init_array_offset != 0);
    CHECK(EncodeHex(image.file_digest) != EncodeHex(image.manifest_digest));
  }
}

TEST_CASE("Inspect: takes constructors out of the copy and nothing else") {
  const ByteVector file = Load(ASSAY_PLAIN_PLUGIN);
  REQUIRE_OK_AND_ASSIGN(const PluginImage image, InspectPlugin(file));
  REQUIRE(image.sealed_image.size() == file.size());
  ElfPatch original(file), sealed(image.sealed_image);
  size_t tags = 0;
  for (int64_t tag :
       {DT_INIT, DT_FINI, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_FINI_ARRAY, DT_FINI_ARRAYSZ}) {
    tags += original.Has(tag);
    CHECK_FALSE(sealed.Has(tag));
  }
  CHECK(tags >= 2);
  size_t differing = 0;
  for (size_t i = 0; i < file.size(); ++i) differing += file[i] != image.sealed_image[i];
  CHECK(differing <= tags * 8);
}

TEST_CASE("Inspect: refuses what is no shared object of a known machine") {
  CHECK_FAILS(InspectPlugin({}), Code::kInvalidInput, "shorter than an ELF header");
  CheckSins({
      {"not an ELF object", [](ElfPatch& e) { e.bytes[1] = 'e'; }},
      {"not 64 bit", [](ElfPatch& e) { e.bytes[EI_CLASS] = ELFCLASS32; }},
      {"not little endian", [](ElfPatch& e) { e.bytes[EI_DATA] = ELFDATA2MSB; }},
      {"OS ABI", [](ElfPatch& e) { e.bytes[EI_OSABI] = ELFOSABI_FREEBSD; }},
      {"not a shared object", [](ElfPatch& e) { e.Header().e_type = ET_EXEC; }},
      {"neither x86-64 nor AArch64", [](ElfPatch& e) { e.Header().e_machine = EM_386; }},
      {"program headers have the wrong size", [](ElfPatch& e) { e.Header().e_phentsize = 32; }},
      {"program headers lie outside", [](ElfPatch& e) { e.Header().e_phoff = ~7ull; }},
      {"0 segments", [](ElfPatch& e) { e.Header().e_phnum = 0; }},
      {"65535 segments", [](ElfPatch& e) { e.Header().e_phnum = 65535; }},
  });
}

TEST_CASE("Inspect: refuses segments that break a rule, naming it") {
  CheckSins({
      {"is writable and executable", [](ElfPatch& e) { e.LoadWith(PF_X).p_flags |= PF_W; }},
      {"is writable and executable", [](ElfPatch& e) { e.LoadWith(PF_W).p_flags |= PF_X; }},
      {"exactly one PT_GNU_STACK", [](ElfPatch& e) { e.Segment(PT_GNU_STACK).p_type = PT_NULL; }},
      {"stack is executable", [](ElfPatch& e) { e.Segment(PT_GNU_STACK).p_flags = PF_R | PF_X; }},
      {"names an interpreter", [](ElfPatch& e) { e.Segment(PT_GNU_EH_FRAME).p_type = PT_INTERP; }},
      {"unknown type", [](ElfPatch& e) { e.Segment(PT_GNU_EH_FRAME).p_type = 0x12345678; }},
      {"overlaps the PT_LOAD", [](ElfPatch& e) { e.Segment(PT_LOAD, 0).p_memsz += 1u << 20; }},
      {"overlaps the PT_LOAD",
       [](ElfPatch& e) { std::swap(e.Segment(PT_LOAD, 0), e.Segment(PT_LOAD, 1)); }},
      {"beyond the end of the file", [](ElfPatch& e) { e.LoadWith(PF_X).p_filesz = ~0ull; }},
      {"beyond the end of the file", [](ElfPatch& e) { e.LoadWith(PF_X).p_offset = ~0ull - 4095; }},
      {"bytes of memory", [](ElfPatch& e) { e.LoadWith(PF_X).p_vaddr = ~0ull - 4095; }},
      {"bytes of memory", [](ElfPatch& e) { e.LoadWith(PF_W).p_memsz = 1ull << 40; }},
      {"larger in the file", [](ElfPatch& e) { e.LoadWith(PF_X).p_memsz = 16; }},
      {"no power of two", [](ElfPatch& e) { e.LoadWith(PF_X).p_align = 4097; }},
      {"no page size", [](ElfPatch& e) { e.LoadWith(PF_X).p_align = 16; }},
      {"not aligned like its file part", [](ElfPatch& e) { e.LoadWith(PF_X).p_vaddr += 8; }},
      {"exactly one PT_DYNAMIC", [](ElfPatch& e) { e.Segment(PT_DYNAMIC).p_type = PT_NULL; }},
      {"another place in memory", [](ElfPatch& e) { e.Segment(PT_DYNAMIC).p_offset -= 16; }},
      {"not part of a PT_LOAD", [](ElfPatch& e) { e.Segment(PT_DYNAMIC).p_vaddr = 1u << 28; }},
      {"does not end with DT_NULL", [](ElfPatch& e) { e.Segment(PT_DYNAMIC).p_filesz = 32; }},
  });
}

TEST_CASE("Inspect: refuses dynamic tags that change the loader's ways") {
  CheckSins({
      {"DT_RPATH", [](ElfPatch& e) { ReplaceSpare(e, DT_RPATH, 1); }},
      {"DT_RUNPATH", [](ElfPatch& e) { ReplaceSpare(e, DT_RUNPATH, 1); }},
      {"DT_AUDIT", [](ElfPatch& e) { ReplaceSpare(e, DT_AUDIT, 1); }},
      {"DT_DEPAUDIT", [](ElfPatch& e) { ReplaceSpare(e, DT_DEPAUDIT, 1); }},
      {"DT_FILTER", [](ElfPatch& e) { ReplaceSpare(e, DT_FILTER, 1); }},
      {"DT_AUXILIARY", [](ElfPatch& e) { ReplaceSpare(e, DT_AUXILIARY, 1); }},
      {"DT_TEXTREL", [](ElfPatch& e) { ReplaceSpare(e, DT_TEXTREL, 0); }},
      {"DF_TEXTREL", [](ElfPatch& e) { e.Replace(DT_FLAGS, DT_FLAGS, DF_TEXTREL); }},
      {"DT_FLAGS_1", [](ElfPatch& e) { e.Replace(DT_FLAGS_1, DT_FLAGS_1, DF_1_INITFIRST); }},
      {"DT_FLAGS_1", [](ElfPatch& e) { e.Replace(DT_FLAGS_1, DT_FLAGS_1, DF_1_INTERPOSE); }},
      {"DT_PREINIT_ARRAY", [](ElfPatch& e) { ReplaceSpare(e, DT_PREINIT_ARRAY, 0x1000); }},
      {"DT_REL)", [](ElfPatch& e) { ReplaceSpare(e, DT_REL, 0x1000); }},
      {"is not known", [](ElfPatch& e) { ReplaceSpare(e, 0x60000a55, 0); }},
      {"is not known", [](ElfPatch& e) { ReplaceSpare(e, -5, 0); }},
      {"comes twice", [](ElfPatch& e) { ReplaceSpare(e, DT_STRTAB, 0); }},
      {"comes twice", [](ElfPatch& e) { ReplaceSpare(e, DT_INIT_ARRAY, 0); }},
      {"needs the library \"libz.so.6\"",
       [](ElfPatch& e) { e.ReplaceText("libc.so.6", "libz.so.6"); }},
      {"library name lies outside",
       [](ElfPatch& e) { e.Dynamic(DT_NEEDED).d_un.d_val = 1u << 30; }},
      {"string table", [](ElfPatch& e) { e.Dynamic(DT_STRSZ).d_un.d_val = ~0ull; }},
      {"string table",
       [](ElfPatch& e) { e.Dynamic(DT_STRTAB).d_un.d_ptr = e.LoadWith(PF_W).p_vaddr; }},
      {"DT_INIT_ARRAY", [](ElfPatch& e) { e.Dynamic(DT_INIT_ARRAYSZ).d_un.d_val = 1u << 30; }},
      {"DT_INIT_ARRAY", [](ElfPatch& e) { e.Dynamic(DT_INIT_ARRAY).d_un.d_ptr = ~7ull; }},
      {"version table", [](ElfPatch& e) { e.Dynamic(DT_VERNEED).d_un.d_ptr = 1ull << 50; }},
  });
}

TEST_CASE("Inspect: refuses relocations that call code or write elsewhere") {
  CheckSins({
      {"IRELATIVE",
       [](ElfPatch& e) { e.Relocation(e.Dynamic(DT_RELASZ).d_un.d_val / 24 - 1).r_info = 37; }},
      {"IRELATIVE", [](ElfPatch& e) { e.Relocation(0).r_info = R_X86_64_IRELATIVE; }},
      {"that is not allowed", [](ElfPatch& e) { e.Relocation(0).r_info = R_X86_64_COPY; }},
      {"writes outside", [](ElfPatch& e) { e.Relocation(0).r_offset = ~0ull - 3; }},
      {"writes outside", [](ElfPatch& e) { e.Relocation(0).r_offset = e.LoadWith(PF_X).p_vaddr; }},
      {"writes outside",
       [](ElfPatch& e) { e.Relocation(0).r_offset = e.Segment(PT_DYNAMIC).p_vaddr + 8; }},
      {"writes outside", [](ElfPatch& e) { e.Relocation(0).r_offset = 1ull << 45; }},
      {"broken entry", [](ElfPatch& e) { e.Dynamic(DT_RELASZ).d_un.d_val -= 1; }},
      {"not in constant memory", [](ElfPatch& e) { e.Dynamic(DT_RELA).d_un.d_ptr = ~0ull; }},
      {"DT_RELAENT", [](ElfPatch& e) { e.Dynamic(DT_RELAENT).d_un.d_val = 16; }},
      {"symbol table",
       [](ElfPatch& e) {
         const size_t last = e.Dynamic(DT_RELASZ).d_un.d_val / 24 - 1;
         e.Relocation(last).r_info = ELF64_R_INFO(0xffff0, R_X86_64_GLOB_DAT);
       }},
  });
}

TEST_CASE("Inspect: refuses exports other than the one data symbol") {
  CheckSins({
      {"is not a data object",
       [](ElfPatch& e) { e.Exported().st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC); }},
      {"is an indirect function",
       [](ElfPatch& e) { e.Exported().st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC); }},
      {"does not lie in the plugin's data",
       [](ElfPatch& e) { e.Exported().st_value = e.LoadWith(PF_X).p_vaddr; }},
      {"does not lie in the plugin's data", [](ElfPatch& e) { e.Exported().st_size = 1ull << 40; }},
      {"exports assay_plugin_v1 0 times",
       [](ElfPatch& e) { e.Exported().st_info = ELF64_ST_INFO(STB_LOCAL, STT_OBJECT); }},
      {"only assay_plugin_v1 may be exported",
       [](ElfPatch& e) {
         e.Symbol(1).st_shndx = 1;
         e.Symbol(1).st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
       }},
      {"only assay_plugin_v1 may be exported",
       [](ElfPatch& e) { e.ReplaceText("assay_plugin_v1", "assay_plugin_v2"); }},
      {"a symbol's name lies outside", [](ElfPatch& e) { e.Exported().st_name = ~0u; }},
  });
}

TEST_CASE("Inspect: refuses a manifest note that is missing, broken or not text") {
  const auto note =
      [](ElfPatch& e) {  // offset of its header: type 1 and the owner follow two lengths
        return AsText(e.bytes).find(std::string_view("\1\0\0\0assay\0", 10)) - 8;
      };
  CheckSins({
      {"0 manifest notes",
       [&](ElfPatch& e) {
         for (size_t i = 0; i < e.Header().e_phnum; ++i)
           if (auto& p = e.At<Elf64_Phdr>(e.Header().e_phoff + i * sizeof(Elf64_Phdr));
               p.p_type == PT_NOTE)
             p.p_type = PT_NULL;
       }},
      {"0 manifest notes", [&](ElfPatch& e) { e.bytes[note(e) + 12] = 'A'; }},
      {"0 manifest notes", [&](ElfPatch& e) { e.At<uint32_t>(note(e) + 8) = 2; }},
      {"reaches beyond its segment", [&](ElfPatch& e) { e.At<uint32_t>(note(e) + 4) = ~0u; }},
      {"reaches beyond its segment", [&](ElfPatch& e) { e.At<uint32_t>(note(e)) = ~0u - 11; }},
      {"not UTF-8", [&](ElfPatch& e) { e.bytes[note(e) + 24] = 0xff; }},
      {"not UTF-8", [&](ElfPatch& e) { e.bytes[note(e) + 24] = 0; }},
  });
}

TEST_CASE("Inspect: refuses every cut of a plugin within its loaded part") {
  const ByteVector file = Load(ASSAY_ATTACK_PLUGIN);
  ElfPatch elf(file);
  const Elf64_Phdr last = elf.LoadWith(PF_W);
  const size_t loaded = last.p_offset + last.p_filesz;
  for (size_t n = 0; n < loaded; n += n < 4096 ? 7 : 331)
    CHECK_FALSE(InspectPlugin(ByteSpan(file).first(n)));
}

TEST_CASE("Inspect: survives random damage and never leaves a constructor behind") {
  const ByteVector file = Load(ASSAY_ATTACK_PLUGIN);
  ElfPatch elf(file);
  const uint64_t places[] = {0, elf.Segment(PT_DYNAMIC).p_offset,
                             elf.OffsetOf(elf.Dynamic(DT_SYMTAB).d_un.d_ptr),
                             elf.OffsetOf(elf.Dynamic(DT_RELA).d_un.d_ptr)};
  uint64_t state = 0x9e3779b97f4a7c15ull;
  const auto random = [&](uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
  };
  constexpr size_t kRounds =
      20000;  // counted, not timed: a slow machine looks at as much as a fast
  size_t accepted = 0;
  for (size_t round = 0; round < kRounds; ++round) {
    ElfPatch damaged(file);
    for (uint64_t n = random(4) + 1; n > 0; --n) {
      const uint64_t at = random(4) == 0 ? random(file.size()) : places[random(4)] + random(900);
      damaged.bytes[std::min<uint64_t>(at, file.size() - 1)] =
          static_cast<uint8_t>(random(3) == 0 ? 0xff : random(256));
    }
    auto image = InspectPlugin(damaged.bytes);
    if (!image) continue;
    ++accepted;
    ElfPatch sealed(image->sealed_image);
    REQUIRE_FALSE((sealed.Has(DT_INIT) || sealed.Has(DT_INIT_ARRAY) || sealed.Has(DT_FINI_ARRAY)));
  }
  CHECK(accepted > 0);
  CHECK(accepted < kRounds);
}

}  // namespace assay::sandbox
