// InspectPlugin against real plugins with one field broken, cut files and random damage.

#include "base/files.h"
#include "sandbox/elf_damage.h"
#include "sandbox/spawner.h"
#include "support/matchers.h"

namespace assay::sandbox {
namespace {

ByteVector Load(const char* path) {
  auto file = ReadFile(path);
  if (!file) FAIL(file.error().ToString());
  return std::move(*file);
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

TEST_CASE("Inspect: refuses every kind of damage, naming it") {
  CHECK_FAILS(InspectPlugin({}), Code::kInvalidInput, "shorter than an ELF header");
  for (const Damage& damage : EveryDamage()) {
    ElfPatch elf(Load(ASSAY_ATTACK_PLUGIN));
    damage.commit(elf);
    INFO(damage.name);
    CHECK_FAILS(InspectPlugin(elf.bytes), Code::kInvalidInput, damage.words);
  }
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
