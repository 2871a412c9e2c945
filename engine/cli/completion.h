// Completion scripts, made from the tree of commands.
#pragma once

#include <string>
#include <string_view>

namespace assay::cli {

/// Script for "bash", "zsh" or "fish"; "" for another word. [any thread]
std::string CompletionScript(std::string_view shell);

}  // namespace assay::cli
