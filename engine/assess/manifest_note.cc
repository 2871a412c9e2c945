// The manifest text of a plugin file, read without loading the file.
#include "assess/catalogue.h"
#include "base/files.h"
#include "sandbox/spawner.h"

namespace assay::assess {

Result<std::string> ReadManifestNote(const std::filesystem::path& file) {
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(file));
  auto image = sandbox::InspectPlugin(bytes);
  if (!image) return Fail(std::move(image.error()).Context(file.string()));
  return std::move(image->manifest);
}

}  // namespace assay::assess
