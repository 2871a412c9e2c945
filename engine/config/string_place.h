// From a byte of a string's value back to where it stands in the TOML file: through escapes, line
// ends and the line that opens a multi-line string.
#pragma once

#include "config/document.h"

namespace assay::config {

/// Where byte `offset` of the value of `node`, a string, stands in `document`; the place ends with
/// the word that begins there. The place of the node when the value does not reach so far.
Place PlaceInString(const Document& document, const toml::node& node, size_t offset);

}  // namespace assay::config
