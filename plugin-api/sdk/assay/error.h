// Failures inside a plugin. They are thrown within it and end at the trampolines of export.h, which
// turn them into a status and a sentence: no exception crosses the border.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "assay/types.h"

namespace assay {

/// A call of the host that failed, or a rule of this SDK that the plugin broke.
class PluginError : public std::runtime_error {
 public:
  PluginError(assay_status_t status, const std::string& what)
      : std::runtime_error(what), status_(status) {}
  assay_status_t status() const { return status_; }

 private:
  assay_status_t status_;
};

/// A slice of `text` for the border; valid as long as `text`.
inline assay_str_t ToSlice(std::string_view text) { return {text.data(), text.size()}; }

/// The text of a slice; valid as long as the slice.
inline std::string_view FromSlice(assay_str_t slice) {
  return slice.len == 0 ? std::string_view() : std::string_view(slice.ptr, slice.len);
}

/// The name of a status for people.
inline std::string_view StatusName(assay_status_t status) {
  switch (status) {
    case ASSAY_OK:
      return "ok";
    case ASSAY_END:
      return "end";
    case ASSAY_E_INVALID:
      return "invalid";
    case ASSAY_E_NOT_FOUND:
      return "not found";
    case ASSAY_E_DENIED:
      return "denied";
    case ASSAY_E_UNAVAILABLE:
      return "unavailable";
    case ASSAY_E_LIMIT:
      return "limit";
    case ASSAY_E_CANCELLED:
      return "cancelled";
    case ASSAY_E_UNSUPPORTED:
      return "unsupported";
    default:
      return "internal";
  }
}

}  // namespace assay
