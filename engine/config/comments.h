// The comments of a TOML text, which the parser drops: found by following its strings, nothing
// more.
#pragma once

#include <string>
#include <vector>

#include "config/document.h"

namespace assay::config {

struct Comment {
  std::string text;  ///< from "#" on
  Place place;       ///< of the "#"
};

struct CommentWord {
  std::string text;
  Place place;
};

/// Every comment in order; also of a text that is not valid TOML, as far as its strings can be
/// followed.
std::vector<Comment> FindComments(const Document& document);
/// Words of a comment without the punctuation that encloses them.
std::vector<CommentWord> WordsOf(const Comment& comment);

}  // namespace assay::config
