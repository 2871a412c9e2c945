// InspectPlugin: the whole pass over an untrusted plugin file, and the copy that no constructor
// runs from.
#include <elf.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/text.h"
#include "sandbox/elf_view.h"
#include "sandbox/spawner.h"

namespace assay::sandbox {
namespace {

constexpr std::string_view kNoteOwner{"assay", 6};  // with its zero byte
constexpr uint32_t kNoteType = 1;
constexpr uint64_t kMaxManifestBytes = 256u << 10;
constexpr uint64_t kMaxInitBytes = 64u << 10;
/// A tag of the range for operating systems that no loader gives a meaning; the file held none like
/// it.
constexpr int64_t kNeutralTag = 0x60000a55;

Result<Digest> Sha256(ByteSpan bytes) {
  Digest digest{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1 ||
      length != digest.size())
    return Fail(Code::kIo, "plugin: SHA-256 is not available");
  return digest;
}

uint64_t Align(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

/// Appends the texts of this segment's assay notes to `found`.
Status ReadNotes(ByteSpan notes, uint64_t align, std::vector<std::string>& found) {
  uint64_t at = 0;
  while (notes.size() - at >= 12) {
    const uint64_t owner_bytes = Field<uint32_t>(notes, at),
                   text_bytes = Field<uint32_t>(notes, at + 4);
    const uint32_t type = Field<uint32_t>(notes, at + 8);
    const uint64_t text_at = Align(at + 12 + owner_bytes, align);
    if (text_at > notes.size() || text_bytes > notes.size() - text_at)
      return Refuse("a note reaches beyond its segment");
    if (type == kNoteType && AsText(notes.subspan(at + 12, owner_bytes)) == kNoteOwner) {
      if (text_bytes > kMaxManifestBytes)
        return Refuse(fmt::format("manifest note is larger than {} bytes", kMaxManifestBytes));
      found.emplace_back(AsText(notes.subspan(text_at, text_bytes)));
    }
    at = std::min<uint64_t>(Align(text_at + text_bytes, align), notes.size());
  }
  return {};
}

struct Range {
  uint64_t offset = 0, bytes = 0;
};

Result<Range> FindArray(const ElfView& elf, std::string_view name, int64_t at_tag,
                        int64_t size_tag) {
  const auto at = elf.Dynamic(at_tag), bytes = elf.Dynamic(size_tag);
  if (at.has_value() != bytes.has_value())
    return Refuse(fmt::format("{} has an address without a size or the reverse", name));
  if (!at || *bytes == 0) return Range{};
  if (*bytes % 8 != 0 || *at % 8 != 0 || *bytes > kMaxInitBytes || !elf.BytesAt(*at, *bytes))
    return Refuse(fmt::format("{} does not lie in the plugin's data", name));
  return Range{*at, *bytes};
}

Result<uint64_t> FindFunction(const ElfView& elf, std::string_view name, int64_t tag) {
  const auto at = elf.Dynamic(tag);
  if (!at || *at == 0) return 0;
  const Segment* load = elf.LoadAt(*at, 1);
  if (load == nullptr || !(load->flags & PF_X))
    return Refuse(fmt::format("{} does not lie in the plugin's code", name));
  return *at;
}

void NeutralizeTags(const ElfView& elf, ByteVector& image) {
  for (const DynamicEntry& e : elf.dynamic) {
    switch (e.tag) {
      case DT_INIT:
      case DT_FINI:
      case DT_INIT_ARRAY:
      case DT_INIT_ARRAYSZ:
      case DT_FINI_ARRAY:
      case DT_FINI_ARRAYSZ:
        break;
      default:
        continue;
    }
    for (size_t i = 0; i < 8; ++i)
      image[e.file_offset + i] = static_cast<uint8_t>(kNeutralTag >> (8 * i));
  }
}

}  // namespace

Result<std::string> FindManifest(const ElfView& elf) {
  std::vector<std::string> found;
  for (const Segment& s : elf.segments)
    if (s.type == PT_NOTE)
      ASSAY_TRY(ReadNotes(elf.file.subspan(s.offset, s.file_bytes), s.align == 8 ? 8 : 4, found));
  if (found.size() != 1)
    return Refuse(fmt::format("file holds {} manifest notes (.note.assay); exactly one is needed",
                              found.size()));
  if (!IsUtf8(found[0]) || found[0].find('\0') != std::string::npos)
    return Refuse("manifest note is not UTF-8 text");
  return std::move(found[0]);
}

Result<PluginImage> InspectPlugin(ByteSpan file) {
  ASSAY_ASSIGN(const ElfView elf, ReadElf(file));
  ASSAY_TRY(CheckDynamic(elf));
  ASSAY_ASSIGN(const uint64_t symbols, CheckRelocations(elf));
  ASSAY_TRY(CheckSymbols(elf, symbols));
  PluginImage image;
  ASSAY_ASSIGN(image.manifest, FindManifest(elf));
  ASSAY_ASSIGN(const Range init, FindArray(elf, "DT_INIT_ARRAY", DT_INIT_ARRAY, DT_INIT_ARRAYSZ));
  ASSAY_ASSIGN(const Range fini, FindArray(elf, "DT_FINI_ARRAY", DT_FINI_ARRAY, DT_FINI_ARRAYSZ));
  ASSAY_ASSIGN(image.init_function, FindFunction(elf, "DT_INIT", DT_INIT));
  ASSAY_ASSIGN(image.fini_function, FindFunction(elf, "DT_FINI", DT_FINI));
  image.init_array_offset = init.offset;
  image.init_array_bytes = init.bytes;
  image.fini_array_offset = fini.offset;
  image.fini_array_bytes = fini.bytes;
  ASSAY_ASSIGN(image.file_digest, Sha256(file));
  ASSAY_ASSIGN(image.manifest_digest, Sha256(AsBytes(image.manifest)));
  image.sealed_image.assign(file.begin(), file.end());
  NeutralizeTags(elf, image.sealed_image);
  return image;
}

}  // namespace assay::sandbox
