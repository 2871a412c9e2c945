// Finding a person in evidence: every stored body is opened and searched, because what a collector
// marked or named decides nothing about what it holds (docs/admin/privacy.md).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ledger.h"

namespace assay::assess {

/// Text with escapes undone, and from which byte each byte came (empty: not kept).
struct Decoded {
  std::string text;
  std::vector<uint64_t> from;
};

/// What a person is called: mail addresses, object ids, names. Equal without regard to the case of
/// ASCII letters, also when JSON or percent escapes stand for characters. A whole word or value
/// only: it does not begin or end within one. A letter, digit, underscore or non-ASCII character
/// continues a word; a dot, hyphen, apostrophe, plus or at sign does so between two of them.
class SubjectMatcher {
 public:
  using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;
  /// kInvalidInput for none, and for one below 3 bytes: it would match what is not hers.
  static Result<SubjectMatcher> Make(const std::vector<std::string>& identifiers);
  /// First byte and end of each place in `text`, ascending, not overlapping. [any thread]
  Ranges Find(std::string_view text) const;

 private:
  void FindPlain(std::string_view text, Ranges& out) const;
  /// With escapes undone; empty ranges at the end when `text` keeps no places.
  Ranges FindDecoded(Decoded text) const;

  std::vector<std::string> identifiers_;  ///< ASCII letters in lower case
};

/// One body that holds the subject.
struct SubjectBody {
  Digest root{};
  std::string file, scheme;
  std::vector<uint64_t> segments;  ///< ascending; every segment when the request names the subject
};

struct SubjectFind {
  std::vector<SubjectBody> bodies;
  std::map<std::string, uint64_t> others;  ///< addresses and ids in the same records, how often
  uint64_t searched = 0;                   ///< bodies
  uint64_t searched_bytes = 0;             ///< plain bytes
  uint64_t segments() const;
};

/// Opens and searches every body but those that hold a file of a plugin; the admin's own checks are
/// searched. `visit` gets each that matches, with its segments.
Result<SubjectFind> FindSubject(
    ledger::Ledger& ledger, const SubjectMatcher& matcher,
    const std::function<void(const SubjectBody&, const ledger::StoredBody&)>& visit = {});

/// An entry that refers to a body.
struct BodyEntry {
  LeafIndex index{};
  std::string kind, time;
};
/// Entries of each of these bodies, in order. Reads every line once.
Result<std::map<Digest, std::vector<BodyEntry>>> EntriesOf(ledger::Ledger& ledger,
                                                           const std::vector<SubjectBody>& bodies);

}  // namespace assay::assess
