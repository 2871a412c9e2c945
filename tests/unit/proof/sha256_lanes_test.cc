// Several hashes at once against OpenSSL's one after another.
#include "proof/sha256_lanes.h"

#include <fstream>
#include <random>

#include "proof/sha256_rounds.h"
#include "proof/tree.h"
#include "unit/proof/samples.h"

namespace assay::proof {
namespace {

ByteVector MakeBytes(size_t size, std::mt19937& random) {
  ByteVector out(size);
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
  return out;
}

void RequireEach(const std::vector<Message>& messages) {
  std::vector<Digest> fast(messages.size()), slow(messages.size());
  Sha256Each(messages, fast);
  Sha256EachPortably(messages, slow);
  for (size_t i = 0; i < messages.size(); ++i) {
    const Digest wanted = Sha256({messages[i].head, messages[i].body});
    INFO("message " << i << " of " << messages[i].head.size() << " + " << messages[i].body.size());
    REQUIRE(fast[i] == wanted);
    REQUIRE(slow[i] == wanted);
  }
}

TEST_CASE("Lanes: EveryLengthAndCutTo200IsThatOfOpenSsl") {
  std::mt19937 random(1);
  const ByteVector bytes = MakeBytes(201, random);
  for (size_t size = 0; size <= 200; ++size) {
    const ByteSpan whole = ByteSpan(bytes).first(size);
    std::vector<Message> messages;
    for (size_t cut = 0; cut <= size; ++cut)
      messages.push_back({whole.first(cut), whole.subspan(cut)});
    RequireEach(messages);
  }
}

TEST_CASE("Lanes: MessagesOfUnlikeLengthsDoNotMix") {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<ByteVector> pieces;
    const size_t count = 2 * (random() % 8);
    for (size_t i = 0; i < count; ++i)
      pieces.push_back(MakeBytes(random() % (round % 5 == 0 ? 5000 : 150), random));
    std::vector<Message> messages;
    for (size_t i = 0; i < pieces.size(); i += 2) messages.push_back({pieces[i], pieces[i + 1]});
    RequireEach(messages);
  }
}

TEST_CASE("Lanes: ALineHasItsLeafAndItsWhole") {
  for (const size_t size : {0, 1, 54, 55, 56, 63, 64, 65, 281, 4096}) {
    const std::string line(size, 'x');
    const LineHashes hashes = HashLine(line);
    CHECK(hashes.leaf == HashEntry(line));
    CHECK(hashes.whole == Sha256(AsBytes(line)));
  }
}

TEST_CASE("Lanes: ALevelIsItsNodesAndWhatHasNoNeighbour") {
  std::vector<Digest> below;
  for (int i = 0; i < 7; ++i) below.push_back(HashEntry(std::to_string(i)));
  for (const TreeKind kind : {TreeKind::kEntry, TreeKind::kRecord}) {
    const std::vector<Digest> level = HashLevel(kind, below);
    REQUIRE(level.size() == 4);
    for (size_t i = 0; i < 3; ++i)
      CHECK(level[i] == HashNode(kind, below[2 * i], below[2 * i + 1]));
    CHECK(level[3] == below[6]);
  }
  CHECK(HashLevel(TreeKind::kEntry, {}).empty());
}

// Without it a machine that has them would pass every test above by the portable form alone.
TEST_CASE("Lanes: ExtensionsOfThisProcessorAreFound") {
  std::ifstream info("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(info)), {});
  if (text.find("sha_ni") != std::string::npos) CHECK(HasShaExtensions());
}

}  // namespace
}  // namespace assay::proof
