// The table of attacks as words, and as the document that people read.
#include <fmt/format.h>

#include <algorithm>

#include "sandbox/elf_damage.h"
#include "sandbox/harness.h"

namespace assay::sandbox {
namespace {

constexpr Entry kEntries[] = {Entry::kRun, Entry::kConstructor, Entry::kDestroy, Entry::kExit,
                              Entry::kThread};

constexpr const char* kHead = R"(# What stops which attack

Written by `tools/sandbox-matrix` from the table that the tests assert (`tests/sandbox/attack_table.cc`); a test fails when
the two differ. Each program is a plugin that tries one thing and reports what it obtained. Nothing obtained, by any of them, in any
tier is the condition for a release. Tricks with URLs and links, and with being told to stop, stand in [a table of their own](request-matrix.md).

* **Tiers**: strict, reduced and minimal, whichever of them the machine offers; the outcome is the same in each, which is asserted. As root,
  as an ordinary user, and from `run` once more inside a runtime that listens to system calls itself (`tools/test full tests`).
* **Entries**: `run` in all tiers, `ctor` (a constructor of the file) in all tiers, `destroy` (the plugin's own last call) and `exit` (a
  handler registered for the end of the process) in the best tier; `thread` (a second thread of a plugin that may have several) in strict, which
  alone gives threads. The group *threads* runs as a plugin that asks for four, in all tiers. Destructors of the file never run at all, which has its own test.
* **Stopped by**: the layer, and for the filter the system call. The filter is the layer that the call meets first; behind it stand
  namespaces, Landlock and empty capability sets ([how workers are confined](decisions/0002-confinement.md)).
* **Without confinement**: the same program in a throwaway process with namespaces and rlimits around it that keep the host safe, and no layer of
  assay. *succeeds*: asserted wherever user namespaces are offered, so that a test that cannot fail would be found out; a call
  or protocol that the kernel says it does not have (ENOSYS, EAFNOSUPPORT and their like) is named and not demanded. *where the host allows*: tried, printed, not
  asserted, since kernels and container runtimes differ. *nothing to show*: the kernel refuses it to anybody, or it harms its own process only.
  *not tried*: it would reach the host.
* **Builds**: all: also where an address sanitizer's runtime is in the worker; gcc: there it could not be told from the runtime's own doings.
  Builds that count coverage (gcov) run every program; what was counted is written before the first filter, so that outcome and layer are those of gcc.

)";

std::string_view Words(Unconfined control) {
  switch (control) {
    case Unconfined::kShown:
      return "succeeds";
    case Unconfined::kDepends:
      return "where the host allows";
    case Unconfined::kNothing:
      return "nothing to show";
    case Unconfined::kUnsafe:
      return "not tried";
  }
  return "";
}

std::string Entries(const AttackCase& attack) {
  std::string words;
  for (Entry entry : kEntries)
    if (Applies(attack, entry)) words += (words.empty() ? "" : ", ") + std::string(Name(entry));
  return words;
}

std::string Row(const AttackCase& attack) {
  return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", attack.name, Describe(attack),
                     Name(attack.expect), Entries(attack), Words(attack.control),
                     attack.builds == Builds::kAll ? "all" : "gcc");
}

std::string DamagedFiles() {
  const auto loads = std::count_if(EveryDamage().begin(), EveryDamage().end(),
                                   [](const Damage& d) { return d.loader == Loader::kLoads; });
  std::string text = fmt::format(
      "\n## damaged plugin files\n\nThe attack plugin with one field changed: {} files. The ELF "
      "pass refuses each before a "
      "process is made for it, with the words below. Each\nwas also given to a worker past that "
      "pass, in all tiers: it obtains "
      "nothing, whether the loader refuses it, crashes or runs it. *runs*: without\nassay the "
      "loader takes it and its "
      "code runs, asserted for {} of them; *nothing to show*: the loader refuses it, crashes, or "
      "luck decides.\n\n"
      "| damage | refused by the ELF pass with | without the pass and confinement "
      "|\n|---|---|---|\n",
      EveryDamage().size(), loads);
  for (const Damage& d : EveryDamage())
    text += fmt::format("| `{}` | {} | {} |\n", d.name, d.words,
                        d.loader == Loader::kLoads ? "runs" : "nothing to show");
  return text;
}

}  // namespace

std::string_view Name(Entry entry) {
  switch (entry) {
    case Entry::kRun:
      return "run";
    case Entry::kConstructor:
      return "ctor";
    case Entry::kDestroy:
      return "destroy";
    case Entry::kExit:
      return "exit";
    case Entry::kThread:
      return "thread";
  }
  return "";
}

std::string_view Name(Expect expect) {
  switch (expect) {
    case Expect::kRefused:
      return "refused, goes on";
    case Expect::kViolation:
      return "violation";
    case Expect::kStopped:
      return "refused or violation";
    case Expect::kCrashed:
      return "crashed";
    case Expect::kCpuLimit:
      return "cpu_limit";
    case Expect::kTimedOut:
      return "timed_out";
    case Expect::kExited:
      return "exited";
    case Expect::kProtocol:
      return "protocol_error";
  }
  return "";
}

std::string Describe(const AttackCase& attack) {
  switch (attack.layer) {
    case Layer::kFilter:
      return fmt::format("seccomp {} {}",
                         attack.expect == Expect::kViolation ? "kills for" : "refuses", attack.by);
    case Layer::kUncounted:
      return fmt::format("seccomp answers {} as an older kernel would", attack.by);
    case Layer::kConvention:
      return fmt::format("seccomp kills for {}", attack.by);
    case Layer::kLimit:
    case Layer::kNothingThere:
      return attack.by;
    case Layer::kSignal:
      return fmt::format("the kernel: {}", attack.by);
    case Layer::kEngine:
      return fmt::format("the engine: {}", attack.by);
  }
  return "";
}

bool Applies(const AttackCase& attack, Entry entry) {
  const bool only_run = attack.expect == Expect::kCpuLimit || attack.expect == Expect::kTimedOut ||
                        attack.expect == Expect::kProtocol;
  if (entry == Entry::kRun) return true;
  if (entry == Entry::kThread) {  // what that profile changes has a group of its own
    const std::string_view name = attack.name;
    return attack.group != std::string_view("threads") && name != "make_thread" && name != "clone3";
  }
  if (entry == Entry::kConstructor) return !only_run;
  return !only_run && attack.expect != Expect::kExited;
}

std::string MatrixDocument() {
  std::string text = kHead;
  std::string group;
  const auto shown =
      std::count_if(EveryAttack().begin(), EveryAttack().end(),
                    [](const AttackCase& a) { return a.control == Unconfined::kShown; });
  text += fmt::format(
      "{} programs on x86-64; {} of them are asserted to succeed without confinement.\n",
      EveryAttack().size(), shown);
  for (const AttackCase& attack : EveryAttack()) {
    if (group != attack.group) {
      group = attack.group;
      text += fmt::format(
          "\n## {}\n\n| attack | stopped by | outcome | entries | without confinement "
          "| builds |\n|---|---|---|---|---|---|\n",
          group);
    }
    text += Row(attack);
  }
  text += DamagedFiles();
  return text;
}

}  // namespace assay::sandbox
