// The files of an author's key: <name>.pem (private, 0600) and <name>.vkey beside it.
#pragma once

#include <filesystem>

#include "cli/command.h"
#include "proof/note.h"

namespace assay::cli {

struct AuthorKeyFiles {
  std::filesystem::path pem, vkey;
};
/// Of "<path>", "<path>.pem" or, when empty, author below $XDG_CONFIG_HOME/assay or
/// ~/.config/assay.
AuthorKeyFiles AuthorKeyAt(const Context& context, const std::string& path);

struct AuthorKey {
  std::string name;
  proof::SigningKey key;
};
/// kNotFound, kDenied (others may read it), kInvalidInput when the two files are not of one key.
Result<AuthorKey> LoadAuthorKey(const AuthorKeyFiles& files);

}  // namespace assay::cli
