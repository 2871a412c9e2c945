// Why a dataset is not complete: reason and one line for people, without personal data.
#pragma once

#include <cstdint>
#include <string>

#include "assay/emit.h"

namespace assay {

/// Reasons of product-rules; values are ASSAY_REASON_*.
enum class Why : uint32_t {
  kNone = ASSAY_REASON_NONE,
  kPermission = ASSAY_REASON_PERMISSION,
  kLicence = ASSAY_REASON_LICENCE,
  kThrottled = ASSAY_REASON_THROTTLED,
  kUnavailable = ASSAY_REASON_UNAVAILABLE,
  kPartial = ASSAY_REASON_PARTIAL,
  kPluginFault = ASSAY_REASON_PLUGIN_FAULT,
  kUnsupported = ASSAY_REASON_UNSUPPORTED,
};

/// What went wrong with an answer or a part of it.
struct Problem {
  Why why = Why::kNone;
  std::string detail;

  explicit operator bool() const { return why != Why::kNone; }
};

}  // namespace assay
