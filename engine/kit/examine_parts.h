// What the files of the examination share among themselves.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kit/examine.h"

namespace assay::kit {

/// Which calls of a kind to fail: the first ones and the last of those that the clean run made.
std::vector<uint32_t> CallNumbers(const std::optional<ipc::Done>& done, ipc::HostCall call,
                                  uint64_t first);
/// Pages whose marks were refused, in words.
std::string WrongMarks(const Trace& trace);

/// What a run over a fair fixture shows to be wrong, though it ended well: marks that do not hold,
/// links that are none, rows that were refused, reads asked for again and again.
std::string CleanProblem(const Trace& trace);

/// Why nothing is told about threads in a tier that gives none.
std::string NoThreadsHere(sandbox::Tier tier);

/// The checks that a framework maps, by id.
std::set<std::string> MappedChecks(const assess::LoadedPlugin& plugin);
/// What a framework concluded, one control a line, or how it ended. [any thread]
std::string TextOf(const FrameworkTrace& trace);
/// Why a framework did not end as one may; empty when it ended well or with an error of its own.
std::string EndOf(const FrameworkTrace& trace);

void ExamineFramework(const Bench& bench, const Fixture& fixture, OutcomeList& out);
void TestFramework(const Bench& bench, const Fixture& fixture, OutcomeList& out);

}  // namespace assay::kit
