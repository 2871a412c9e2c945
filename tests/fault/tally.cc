#include "fault/tally.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace assay::fault {
namespace {

// "drop, ledger key" counts as "drop" in one line for all.
std::string FirstWords(const std::string& kind) { return kind.substr(0, kind.find(" | ")); }

void PrintPoints(const Tally& tally) {
  uint64_t all = 0;
  std::map<std::string, uint64_t> sums;
  for (const auto& [kind, count] : tally.points) {
    all += count;
    sums[FirstWords(kind)] += count;
  }
  std::string kinds;
  for (const auto& [kind, count] : sums) kinds += fmt::format("{} {}, ", kind, count);
  fmt::print("{}: {} points ({} different states): {}{} violated\n", tally.name, all,
             all - tally.repeated, kinds, tally.violated);
  std::fflush(stdout);
}

Tally& Matrix() {
  static Tally& all = *new Tally("crash matrix");
  static const bool printed_at_exit = std::atexit([] { all.Print(); }) == 0;
  (void)printed_at_exit;
  return all;
}

}  // namespace

uint64_t Every(uint64_t usual) {
  const char* text = std::getenv("ASSAY_FAULT_EVERY");
  const uint64_t asked = text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
  return asked > 0 ? asked : usual;
}

void Tally::Add(const std::string& kind, uint64_t at, const std::string& violation) {
  constexpr uint64_t kShown = 60;
  ++points[kind];
  if (!violation.empty() && ++violated <= kShown)
    fmt::print("violated: {} at {}: {}\n", kind, at, violation);
  std::fflush(stdout);
}

void Tally::AddToMatrix() const {
  Tally& all = Matrix();
  for (const auto& [kind, count] : points) all.points[kind] += count;
  all.repeated += repeated;
  all.violated += violated;
}

void Tally::Print() const { PrintPoints(*this); }

}  // namespace assay::fault
