// How many terminal columns a text takes: for carets and tables that stay aligned.
#pragma once

#include <cstddef>
#include <string_view>

namespace assay {

/// Columns of UTF-8 text without control characters: combining marks take none, East Asian wide
/// characters and emoji two, bytes that are not UTF-8 one. [any thread]
size_t DisplayWidth(std::string_view text);

}  // namespace assay
