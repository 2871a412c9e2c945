// The tests that a plugin is put to. `TestFixture` says what an author wants to see at a glance;
// `Examine` tries everything that a run can meet.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "kit/bench.h"
#include "kit/outcome_list.h"

namespace assay::kit {

/// `assay plugin test`: one fixture, three runs. Fails where the plugin does not end well, runs
/// differ, rows do not fit, or what the fixture expects did not come.
void TestFixture(const Bench& bench, const Fixture& fixture, OutcomeList& out);

/// The cases of the plugin's checks, in the real evaluator: every <check>.toml of `folder`.
void TestCases(const Bench& bench, const std::filesystem::path& folder, OutcomeList& out);

/// `assay plugin check`: manifest against host, the clean run, every host call failing, cancel at
/// each, bad answers, endless paging, short memory, quotas, replays.
void Examine(const Bench& bench, const Fixture& fixture, OutcomeList& out);

/// What keeps the plugin from loading in the sandbox: descriptor, ABI against manifest, extensions
/// that it needs and this host lacks. Empty when nothing does.
std::string LoadProblem(const Bench& bench);

/// Why a run did not end as a plugin's run may (crash, time, flood, violation, protocol); empty
/// when it ended well or with an error of its own. [any thread]
std::string BadEnd(const sandbox::WorkerOutcome& outcome, const std::string& detail);

/// A dataset that says it is complete and has other rows than in the clean run: absence of evidence
/// shown as evidence. Empty when there is none. [any thread]
std::string FalseComplete(const Manifest& manifest, const Trace& clean, const Trace& trial);

/// The first place where two traces differ, in words. [any thread]
std::string Difference(const std::string& first, const std::string& second);

}  // namespace assay::kit
