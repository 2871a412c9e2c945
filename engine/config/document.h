// One TOML file in memory: its tree with the place of every key and value, and its lines for
// messages. Parsing is here alone: toml++ throws on a syntax error, and nothing thrown leaves
// document.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The library is linked as a shared object; its header-only form costs seconds in every file.
#ifndef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 0
#endif
#include <toml++/toml.h>

#include "config/config.h"

namespace assay::config {

/// `root` is empty when the text is not valid TOML; Report has the message then.
struct Document {
  std::string file;
  std::vector<std::string> lines;  ///< without line ends
  toml::table root;
  bool valid = false;
};

/// A syntax error as the parser found it; `message` holds no text of the file beyond single
/// characters.
struct SyntaxError {
  std::string message;
  Place place;
};

/// Longest text that is parsed. Enough for ten thousand tenants, small enough for any machine.
inline constexpr size_t kMaxDocumentBytes = 8u << 20;

/// Parses `text`. On a syntax error `valid` is false and `error` is filled. Untrusted input. [any
/// thread]
Document ParseDocument(std::string_view text, std::string file, SyntaxError& error);

/// Where a key stands. [any thread]
Place PlaceOf(const Document& document, const toml::key& key);
/// Where a value stands.
Place PlaceOf(const Document& document, const toml::node& node);
/// Text of a line counted from 1, "" outside the file.
std::string_view LineOf(const Document& document, uint32_t line);

}  // namespace assay::config
