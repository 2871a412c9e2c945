// A time as it may stand in a query of a service: plain, in UTC, with no room for anything else.
#pragma once

#include <string_view>

namespace assay {

/// True for "2026-11-20T02:16:09Z", with or without three digits of a second, on a day that exists.
/// [any thread]
bool IsUtcTime(std::string_view text);

}  // namespace assay
