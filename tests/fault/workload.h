// What the faulted process does: a list of named steps, and the story of what it was told.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fault/home.h"

namespace assay::fault {

/// What was asked and what was acknowledged, each with the number of operations at that time.
struct Story {
  struct Entry {
    uint64_t at = 0;
    LeafIndex index{};
    Digest leaf{};
  };
  struct Body {
    uint64_t at = 0;
    Digest root{};
    std::string bytes;
  };
  struct Note {
    uint64_t at = 0;
    uint64_t size = 0;
    std::string text;
  };
  std::vector<uint64_t> submitted;  ///< one for each draft, whose member "page" is its place here
  std::vector<uint64_t> sessions;   ///< first page of each time that the ledger was opened
  std::vector<Entry> entries;
  std::vector<Body> bodies;
  std::vector<Note> notes;
};

class World {
 public:
  explicit World(const Home& home) : home_(home) {}
  /// Goes on where an earlier process of that story was stopped.
  World(const Home& home, Story story) : home_(home), story_(std::move(story)) {}

  Status Open();
  void Close() { ledger_.reset(); }
  void SetTime(std::string_view time) { clock_.Set(*ParseTime(time)); }
  /// Entries one by one, each awaited.
  Status Append(int count, std::optional<ledger::BodyRef> body = {});
  /// Entries that are committed together.
  Status AppendGroup(int count);
  Status Put(const std::string& bytes, const std::vector<ledger::RecordRange>& marks);
  Status PutSegments(const std::vector<std::string>& segments);
  Status Sign();

  const Story& story() const { return story_; }
  const Home& home() const { return home_; }
  /// Told of each acknowledged entry, when set: the child of a kill test reports through it.
  std::function<void(const Story&)> on_progress;

 private:
  ledger::EntryDraft NextDraft(std::optional<ledger::BodyRef> body);
  Status Await(const Result<ledger::Appended>& appended);
  void Tell() const {
    if (on_progress) on_progress(story_);
  }

  const Home& home_;
  GateClock clock_;
  Story story_;
  std::unique_ptr<ledger::Ledger> ledger_;
};

struct Step {
  const char* name;
  Status (*run)(World&);
};

/// Everything that a ledger goes through; a step added here is under every fault at once.
const std::vector<Step>& Steps();
/// All steps until one fails; the ledger is closed in the end. `failed` gets the name of that step.
Status RunSteps(World& world, std::string* failed = nullptr);

/// What was asked and acknowledged up to an operation; a new count begins after it.
Story Before(const Story& story, uint64_t at);

/// Changes with each thing that was asked or acknowledged up to an operation.
uint64_t ProgressAt(const Story& story, uint64_t at);

/// What is wrong with the ledger in `home` after a crash at operation `at` of the story; empty when
/// all that was acknowledged is there and nothing else than what was submitted.
std::string FindViolation(const Home& home, const Story& story, uint64_t at);

}  // namespace assay::fault
