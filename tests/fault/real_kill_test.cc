// A real process, ended by SIGKILL at counted operations: what it told us before is there.
#include <sys/wait.h>

#include <cstdio>

#include "fault/tally.h"
#include "fault/watch.h"
#include "fault/workload.h"
#include "support/matchers.h"

namespace assay::fault {
namespace {

// What the child says about its story: enough to know what it was told, in order.
struct Message {
  enum Kind : uint32_t { kSubmitted, kSession, kEntry, kBody, kNote } kind;
  uint32_t size = 0;  ///< bytes that follow
  uint64_t number = 0;
  Digest digest{};
};

void SendMessage(int pipe, Message message, const std::string& bytes = {}) {
  message.size = static_cast<uint32_t>(bytes.size());
  std::string all(reinterpret_cast<const char*>(&message), sizeof message);
  all += bytes;
  if (::write(pipe, all.data(), all.size()) != static_cast<ssize_t>(all.size())) ::_exit(3);
}

// Sends what came to the story since the last call.
class Teller {
 public:
  explicit Teller(int pipe) : pipe_(pipe) {}
  void operator()(const Story& story) {
    for (; sessions_ < story.sessions.size(); ++sessions_)
      SendMessage(pipe_, {Message::kSession, 0, story.sessions[sessions_], {}});
    for (; submitted_ < story.submitted.size(); ++submitted_)
      SendMessage(pipe_, {Message::kSubmitted, 0, 0, {}});
    for (; entries_ < story.entries.size(); ++entries_)
      SendMessage(pipe_, {Message::kEntry, 0, ToNumber(story.entries[entries_].index),
                          story.entries[entries_].leaf});
    for (; bodies_ < story.bodies.size(); ++bodies_)
      SendMessage(pipe_, {Message::kBody, 0, 0, story.bodies[bodies_].root},
                  story.bodies[bodies_].bytes);
    for (; notes_ < story.notes.size(); ++notes_)
      SendMessage(pipe_, {Message::kNote, 0, story.notes[notes_].size, {}},
                  story.notes[notes_].text);
  }

 private:
  int pipe_;
  size_t sessions_ = 0, submitted_ = 0, entries_ = 0, bodies_ = 0, notes_ = 0;
};

bool ReadWhole(int pipe, void* data, size_t size) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t n = ::read(pipe, at, size);
    if (n <= 0) return false;
    at += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

Story Listen(int pipe) {
  Story story;
  Message message{};
  while (ReadWhole(pipe, &message, sizeof message)) {
    std::string bytes(message.size, '\0');
    if (!ReadWhole(pipe, bytes.data(), bytes.size())) break;
    switch (message.kind) {
      case Message::kSubmitted:
        story.submitted.push_back(0);
        break;
      case Message::kSession:
        story.sessions.push_back(message.number);
        break;
      case Message::kEntry:
        story.entries.push_back({0, LeafIndex{message.number}, message.digest});
        break;
      case Message::kBody:
        story.bodies.push_back({0, message.digest, bytes});
        break;
      case Message::kNote:
        story.notes.push_back({0, message.number, bytes});
        break;
    }
  }
  return story;
}

[[noreturn]] void RunAsChild(const Home& home, const Plan& plan, int pipe) {
  RegisterWatchedVfs();
  Watch::Get().Start(home.root(), plan);
  World world(home);
  world.on_progress = Teller(pipe);
  const Status status = RunSteps(world);
  ::_exit(status ? 0 : 1);
}

// The story of a child that was killed at an operation; `signal` says how it ended.
Story KillAt(const Home& home, uint64_t at, int& signal) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    RunAsChild(home, {FaultKind::kSigkill, at}, ends[1]);
  }
  ::close(ends[1]);
  Story story = Listen(ends[0]);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return story;
}

uint64_t CountOperations() {
  Home home;
  RegisterWatchedVfs();
  Watch::Get().Start(home.root());
  World world(home);
  REQUIRE_OK(RunSteps(world));
  const uint64_t count = Watch::Get().count();
  Watch::Get().Stop();
  return count;
}

TEST_CASE("Crash: NoSigkillAtAnyOperationLosesWhatWasAcknowledged [CL-12][CL-13]") {
  const uint64_t count = CountOperations();
  const uint64_t every = Every(13);
  Tally tally("real kills");
  for (uint64_t at = 0; at < count; at += every) {
    Home home;
    int signal = 0;
    const Story story = KillAt(home, at, signal);
    if (signal != SIGKILL) continue;  // the count differs by a few: salts do not compress alike
    tally.Add("SIGKILL", at, FindViolation(home, story, 0));
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
  CHECK(tally.points["SIGKILL"] + 2 >= count / every);
}

}  // namespace
}  // namespace assay::fault
