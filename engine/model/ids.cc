#include "model/ids.h"

#include "base/text.h"

namespace assay {

bool IsGuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

Result<TenantId> TenantId::Parse(std::string_view text) {
  if (!IsGuid(text))
    return Fail(Code::kInvalidInput, "tenant id " + Quote(text) + ": expected a GUID");
  return TenantId(AsciiLower(text));
}

}  // namespace assay
