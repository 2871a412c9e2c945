// Arbitrary text as the note of a package and as what it states: one form only, and a note that is
// accepted states exactly the files of the package. make_seeds.py signs one that is.
#include "assess/package_note.h"
#include "proof/sha256.h"

using namespace assay;
using namespace assay::assess;

namespace {

/// The package that the seeds are of; what is signed are names and digests, so it needs no bytes.
LoadedPlugin Package() {
  LoadedPlugin out;
  out.manifest.id = "guest-review";
  out.manifest.version = "0.1.0";
  out.image.manifest_digest = proof::Sha256(AsBytes("manifest"));
  out.files = {{"guest-review.so", proof::Sha256(AsBytes("library")), {}},
               {"checks/guests.toml", proof::Sha256(AsBytes("checks")), {}},
               {"views.sql", proof::Sha256(AsBytes("views")), {}}};
  return out;
}

void CheckAccepted(const LoadedPlugin& package, std::string_view note, const proof::Verifier& key) {
  ASSAY_ASSERT(IsAuthorName(key.name), "the author's name can be shown");
  const auto parsed = proof::ParseNote(note);
  ASSAY_ASSERT(parsed.has_value() && parsed->signatures.size() == 1, "one signature");
  const auto said = PackageStatement::Parse(parsed->text);
  ASSAY_ASSERT(said.has_value() && said->id == package.manifest.id, "it is of this package");
  ASSAY_ASSERT(said->files.size() == package.files.size(), "no file more or less");
  for (const PluginFile& file : package.files)
    ASSAY_ASSERT(said->files.at(file.name) == EncodeHex(file.digest), "each file as signed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const LoadedPlugin package = Package();
  const std::string_view text = AsText({data, size});
  if (const auto said = PackageStatement::Parse(text))
    ASSAY_ASSERT(said->ToText() == text, "a statement has one form");
  if (const auto note = proof::ParseNote(text))
    if (const auto said = PackageStatement::Parse(note->text))
      ASSAY_ASSERT(said->ToText() == note->text, "and so has a signed one");
  if (const auto key = VerifyPackage(package, text)) CheckAccepted(package, text, *key);
  return 0;
}
