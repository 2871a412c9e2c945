// Bodies: there, as the entries describe them, erased or absent only as entries say
// (docs/formats/evidence-body.md), and with the master key opened and hashed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "proof/secret.h"
#include "verify/database.h"
#include "verify/facts.h"
#include "verify/options.h"

struct ZSTD_DCtx_s;

namespace assay::verify {

/// Keys of the tenant, unwrapped.
struct TenantKeys {
  std::vector<proof::SecretKey> seal;  ///< newest first; any of them may open a body
  proof::SecretKey index;              ///< keyed digests
};

constexpr size_t kReaders = 2;  ///< threads that look at bodies

/// An evidence file, held at one moment by a connection for each reader and one for CheckFiles;
/// none when it holds nothing.
struct EvidenceFile {
  std::string name;
  std::vector<Database> held;
};

/// What all readers of bodies share. Safe for several threads.
class BodyStore {
 public:
  /// Opens and holds the files; reads the landmarks and, when the options name a master key, the
  /// tenant keys. To be made after the ledger is held, so that the bodies of its entries are there,
  /// and while nobody erases. What is wrong is kept for CheckBodies: other findings come before.
  BodyStore(const Options& options, bool still, const Database& ledger);
  /// Looks at every page of the files, which readers may read meanwhile: what is wrong, by file.
  std::map<std::string, std::string> CheckFiles() const;

  /// True the first time that it is asked for this body of this file.
  bool Claim(size_t file, uint64_t id) const;
  const Erasure* ErasureOf(const Digest& root) const;

  std::filesystem::path directory;
  std::vector<EvidenceFile> files;  ///< by name
  bool still = false;
  std::map<Digest, Erasure> erasures;
  std::string tenant;
  TenantKeys keys;                            ///< empty without a master key
  std::map<std::string, std::string> faults;  ///< of files and keys, by place; the first counts

 private:
  void ReadErasures(const Database& ledger);
  void ListFiles();
  Status HoldFile(EvidenceFile& file) const;
  void LoadKeys(const Options& options, const Database& ledger);

  mutable std::mutex mutex_;
  mutable std::vector<std::vector<bool>> claimed_;
};

/// What was found of the body that a line refers to.
struct BodyVerdict {
  enum class State { kNone, kGood, kMissing, kBad };
  State state = State::kNone;
  bool first = false;  ///< nobody had looked at this body before
  bool opened = false;
  std::string why;
};

/// Findings of bodies by the entry that they are named after, and what is missing.
struct BodyTally {
  uint64_t bodies = 0, opened = 0;
  std::map<uint64_t, std::string> bad;
  std::map<Digest, bool> missing;
};

/// Connections and buffers of one thread.
class BodyReader {
 public:
  /// `number` below kReaders: which of the connections are this thread's.
  BodyReader(const BodyStore& store, size_t number);
  BodyVerdict Check(const Line& line);

 private:
  struct File {
    Query find, parts;
    bool empty = false;
  };
  struct Stored;
  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  Status Prepare(size_t number);
  /// False when no file has it.
  Result<bool> Find(const Line& line, Stored& stored);
  Status Compare(const Line& line, const Stored& stored) const;
  Status CheckErased(const Line& line, const Stored& stored) const;
  Status Open(const Line& line, const Stored& stored);
  Status Decompress(ByteSpan packed, ByteVector& out);

  const BodyStore& store_;
  std::vector<File> files_;
  Status ready_;
  std::unique_ptr<ZSTD_DCtx_s, FreeContext> context_;
};

}  // namespace assay::verify
