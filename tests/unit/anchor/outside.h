// A ledger, a witness beside it, and what tests of both need.
#pragma once

#include "anchor/monitor.h"
#include "anchor/send.h"
#include "support/matchers.h"
#include "support/test_ledger.h"
#include "witness/server.h"

namespace assay::testing {

/// A ledger that signs a head after each batch.
class GrowingLedger {
 public:
  std::string Grow(int entries, int from = 0) {
    auto ledger = home.Open();
    REQUIRE_OK(ledger);
    for (int i = 0; i < entries; ++i) REQUIRE_OK((*ledger)->Append(Draft(from + i)).get());
    auto note = (*ledger)->SignCheckpoint();
    REQUIRE_OK(note);
    return *note;
  }
  std::vector<anchor::Outcome> Send(const std::vector<anchor::Place>& places,
                                    const anchor::SendOptions& options = {}) {
    auto ledger = home.Open();
    REQUIRE_OK(ledger);
    auto sent = anchor::SendCheckpoint(**ledger, places, options);
    REQUIRE_OK(sent);
    return *sent;
  }
  std::string Vkey() {
    auto ledger = home.OpenReadOnly();
    REQUIRE_OK(ledger);
    auto proofs = (*ledger)->OpenProofs();
    REQUIRE_OK(proofs);
    return (*proofs)->keys().newest().Encode();
  }
  /// The ledger's folder as it is now, to be brought back by Restore.
  std::filesystem::path Snapshot(const std::string& name) {
    const auto copy = home.root() / name;
    std::filesystem::copy(home.directory(), copy, std::filesystem::copy_options::recursive);
    return copy;
  }
  void Restore(const std::filesystem::path& copy, bool with_log = true) {
    const auto log = ReadFile(home.directory() / "checkpoints.log");
    REQUIRE_OK(log);
    std::filesystem::remove_all(home.directory());
    std::filesystem::copy(copy, home.directory(), std::filesystem::copy_options::recursive);
    if (!with_log) REQUIRE_OK(WriteFileDurably(home.directory() / "checkpoints.log", *log));
  }
  anchor::MonitorReport Watch(const std::vector<anchor::Place>& places,
                              std::vector<std::pair<std::string, std::string>> notes = {}) {
    return anchor::Monitor({home.Options(false), places, std::move(notes), &home.clock});
  }

  TestLedger home;
};

/// A witness that serves in this process.
class ServedWitness {
 public:
  explicit ServedWitness(const GrowingLedger& ledger) : folder_(ledger.home.root() / "witness") {
    REQUIRE_OK(witness::Witness::Create(folder_, "witness.example/w1"));
    auto opened = witness::Witness::Open(folder_, clock);
    REQUIRE_OK(opened);
    witness_ = std::move(*opened);
    auto server = witness::Server::Start(*witness_, {});
    REQUIRE_OK(server);
    server_ = std::move(*server);
  }
  void Serve(const std::string& vkey) {
    REQUIRE_OK(WriteFileDurably(folder_ / "ledgers", AsBytes(vkey + "\n")));
  }
  anchor::Place place() const {
    anchor::Place out;
    out.kind = anchor::Place::Kind::kHttp;
    out.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/w1";
    out.vkey = witness_->cosigner().Encode();
    return out;
  }
  witness::Witness& operator*() { return *witness_; }

  HandClock clock;

 private:
  std::filesystem::path folder_;
  std::unique_ptr<witness::Witness> witness_;
  std::unique_ptr<witness::Server> server_;
};

inline anchor::Place FolderPlace(const GrowingLedger& ledger, const std::string& name = "worm") {
  anchor::Place out;
  out.folder = ledger.home.root() / name;
  std::filesystem::create_directory(out.folder);
  return out;
}

inline bool Found(const anchor::MonitorReport& report, const std::string& word,
                  const std::string& place) {
  for (const anchor::Finding& finding : report.findings)
    if (finding.word == word && finding.place.find(place) != std::string::npos) return true;
  return false;
}

}  // namespace assay::testing
