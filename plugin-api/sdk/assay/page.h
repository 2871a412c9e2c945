// One page of a read: what came back, or why nothing did.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "assay/error.h"
#include "assay/read.h"

namespace assay {

/// View of a page that the host lent. Valid until it is given back (Context::Done, or the end of
/// the turn of a range-for over Context::Pages). 64 readable zero bytes follow the body.
class Page {
 public:
  Page() = default;
  explicit Page(const assay_page_t& page) : page_(page) {}

  uint64_t ticket() const { return page_.ticket; }
  uint32_t number() const { return page_.page; }
  uint32_t index() const { return page_.index; }
  uint32_t outcome() const { return page_.outcome; }
  uint32_t http_status() const { return page_.http_status; }
  bool ok() const { return page_.outcome == ASSAY_PAGE_OK; }
  std::string_view reason() const { return FromSlice(page_.reason); }
  std::string_view body() const {
    return page_.body_len == 0 ? std::string_view() : std::string_view(page_.body, page_.body_len);
  }
  /// The body for simdjson, padding included; no copy is made.
  simdjson::padded_string_view padded() const {
    return simdjson::padded_string_view(
        page_.body, static_cast<size_t>(page_.body_len),
        static_cast<size_t>(page_.body_len) + simdjson::SIMDJSON_PADDING);
  }

 private:
  assay_page_t page_{};
};

}  // namespace assay
