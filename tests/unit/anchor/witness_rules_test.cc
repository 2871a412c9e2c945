// What a witness accepts: C2SP tlog-witness, add-checkpoint. [CL-12]
#include <thread>

#include "unit/anchor/outside.h"

namespace assay::witness {
namespace {

using proof::TreeKind;

/// A tree of numbered leaves under one key, and requests about it.
struct Tree {
  proof::SigningKey key = std::move(*proof::SigningKey::Generate());
  std::string origin = "assay.example/contoso";
  char salt = 'a';

  Digest Leaf(uint64_t i) const { return proof::HashEntry(salt + std::to_string(i)); }
  proof::HashReader Reader() const {
    return [this](unsigned level, uint64_t index) -> Result<Digest> {
      proof::Frontier frontier;
      for (uint64_t i = index << level; i < (index + 1) << level; ++i) frontier.Append(Leaf(i));
      return frontier.Root();
    };
  }
  std::string Note(uint64_t size) const {
    const proof::Checkpoint head{origin, size, *proof::RootAt(TreeKind::kEntry, size, Reader())};
    return *proof::SignNote(head.ToText(), origin, key);
  }
  std::string Request(uint64_t from, uint64_t to) const {
    std::string out = "old " + std::to_string(from) + "\n";
    std::vector<Digest> path;
    if (from > 0 && from <= to)
      path = *proof::ConsistencyProof(TreeKind::kEntry, from, to, Reader());
    for (const Digest& hash : path) out += EncodeBase64(hash) + "\n";
    return out + "\n" + Note(to);
  }
  std::string Vkey() const { return proof::Verifier{origin, key.public_key()}.Encode(); }
};

struct Home {
  std::filesystem::path folder = testing::MakeTempFolder();
  Tree tree;
  std::unique_ptr<Witness> witness;

  Home() {
    REQUIRE_OK(Witness::Create(folder / "w", "witness.example/w1"));
    REQUIRE_OK(
        WriteFileDurably(folder / "w" / "ledgers", AsBytes("# ours\n" + tree.Vkey() + "\n")));
    Reopen();
  }
  ~Home() { std::filesystem::remove_all(folder); }
  void Reopen() {
    witness.reset();
    auto opened = Witness::Open(folder / "w");
    REQUIRE_OK(opened);
    witness = std::move(*opened);
  }
};

TEST_CASE("Witness: CosignsWhatGrowsAndKeepsIt [CL-12]") {
  Home home;
  const Answer first = home.witness->AddCheckpoint(home.tree.Request(0, 5));
  REQUIRE(first.status == 200);
  REQUIRE_OK_AND_ASSIGN(const auto found, proof::ReadCosignatureLines(home.tree.Note(5), first.body,
                                                                      home.witness->cosigner()));
  REQUIRE(found.size() == 1);
  CHECK(home.witness->AddCheckpoint(home.tree.Request(5, 5)).status == 200);
  CHECK(home.witness->AddCheckpoint(home.tree.Request(5, 300)).status == 200);
  home.Reopen();
  const Answer kept = home.witness->NewestNote(home.tree.origin);
  CHECK(kept.status == 200);
  CHECK_THAT(kept.body, Catch::Matchers::StartsWith("assay.example/contoso\n300\n"));
  CHECK(home.witness->AddCheckpoint(home.tree.Request(300, 301)).status == 200);
  CHECK(home.witness->NewestNote("assay.example/other").status == 404);
}

TEST_CASE("Witness: AnswersWithTheStatusOfTheSpecification [CL-12]") {
  Home home;
  REQUIRE(home.witness->AddCheckpoint(home.tree.Request(0, 5)).status == 200);
  // 409 with the known size: another old size, or another root of the same size.
  const Answer conflict = home.witness->AddCheckpoint(home.tree.Request(0, 7));
  CHECK(conflict.status == 409);
  CHECK(conflict.type == "text/x.tlog.size");
  CHECK(conflict.body == "5\n");
  CHECK(home.witness->AddCheckpoint(home.tree.Request(4, 7)).status == 409);
  Tree fork;
  fork.key = std::move(*proof::SigningKey::FromPem(*home.tree.key.ToPem()));
  fork.salt = 'b';
  CHECK(home.witness->AddCheckpoint("old 5\n\n" + fork.Note(5)).status == 409);
  // 422: the proof does not lead there.
  CHECK(home.witness->AddCheckpoint(fork.Request(5, 9)).status == 422);
  CHECK(home.witness->AddCheckpoint("old 5\n\n" + home.tree.Note(9)).status == 422);
  // 400: an old size above the head, and what is no request.
  CHECK(home.witness->AddCheckpoint("old 9\n\n" + home.tree.Note(5)).status == 400);
  for (const std::string& bad :
       {std::string(), std::string("old 5"), "old 05\n\n" + home.tree.Note(6),
        "old -1\n\n" + home.tree.Note(6), "new 5\n\n" + home.tree.Note(6),
        "old 5\nAAAA\n\n" + home.tree.Note(6), std::string("old 5\n\nhello\n"),
        "old 5\n\n" + home.tree.Note(6).substr(0, 60)})
    CHECK(home.witness->AddCheckpoint(bad).status == 400);
  std::string long_proof = "old 5\n";
  for (int i = 0; i < 64; ++i) long_proof += EncodeBase64(Digest{}) + "\n";
  CHECK(home.witness->AddCheckpoint(long_proof + "\n" + home.tree.Note(6)).status == 400);
  CHECK(home.witness->AddCheckpoint(std::string(kMaxRequestBytes + 1, 'x')).status == 413);
  // 404: an origin that is not served; 403: a key that is not known.
  Tree other;
  other.origin = "assay.example/other";
  CHECK(home.witness->AddCheckpoint(other.Request(0, 3)).status == 404);
  Tree stranger;
  CHECK(home.witness->AddCheckpoint(stranger.Request(5, 6)).status == 403);
  // After all of that: nothing moved.
  CHECK(home.witness->AddCheckpoint(home.tree.Request(5, 6)).status == 200);
}

TEST_CASE("Witness: RemembersWhatItCosignedWhenItIsStartedAgain [CL-12]") {
  Home home;
  REQUIRE(home.witness->AddCheckpoint(home.tree.Request(0, 9)).status == 200);
  CHECK_FAILS(Witness::Open(home.folder / "w"), Code::kUnavailable, "another process");
  home.Reopen();
  CHECK(home.witness->AddCheckpoint(home.tree.Request(0, 3)).body == "9\n");
  CHECK_FAILS(Witness::Create(home.folder / "w", "witness.example/w1"), Code::kAlreadyExists,
              "holds a witness already");
  CHECK_FAILS(Witness::Create(home.folder / "x", "two words"), Code::kInvalidInput, "space");
}

TEST_CASE("Witness: NeverGoesBackUnderManyAtOnce [CL-12]") {
  Home home;
  REQUIRE(home.witness->AddCheckpoint(home.tree.Request(0, 1)).status == 200);
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (uint64_t size = 2 + static_cast<uint64_t>(t); size < 40; size += 2) {
        const Answer asked = home.witness->AddCheckpoint(home.tree.Request(1, size));
        const uint64_t known = asked.status == 409 ? std::stoull(asked.body) : 1;
        if (known > size) continue;
        if (home.witness->AddCheckpoint(home.tree.Request(known, size)).status == 200) ++good;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good > 0);
  const std::string newest = home.witness->NewestNote(home.tree.origin).body;
  const uint64_t size = std::stoull(newest.substr(newest.find('\n') + 1));
  CHECK(home.witness->AddCheckpoint(home.tree.Request(size, 41)).status == 200);
}

TEST_CASE("Witness: ManySignatureLinesDoNotBlockTheNextHead") {
  Home home;
  std::string note = home.tree.Note(3);
  const auto stranger = proof::SigningKey::Generate();
  REQUIRE_OK(stranger);
  const std::string text = note.substr(0, note.find("\n\n") + 1);
  for (int i = 0; i < 99; ++i)
    note += *proof::Cosign(text, "stranger.example/" + std::to_string(i), *stranger, 5) + "\n";
  REQUIRE(home.witness->AddCheckpoint("old 0\n\n" + note).status == 200);
  CHECK(home.witness->AddCheckpoint(home.tree.Request(3, 4)).status == 200);
}

}  // namespace
}  // namespace assay::witness
