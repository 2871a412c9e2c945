// What an admin (or the build, for built-in plugins) pinned: the files of a plugin and what it may
// read.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace assay {

/// One `[[plugin]]` of assay-plugins.lock. Digests are lower-case hexadecimal SHA-256.
struct LockEntry {
  std::string id, version;
  std::string key;                           ///< author's verifier key; empty: built in
  std::string manifest_sha256;               ///< of the ELF note's text
  std::string grant_sha256;                  ///< of the canonical read set; empty: not granted
  std::vector<std::string> reads;            ///< the lines that were granted
  std::map<std::string, std::string> files;  ///< name within the folder -> digest
};

}  // namespace assay
