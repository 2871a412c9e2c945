#include "fault/tally.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace assay::fault {
namespace {

void PrintPoints(const std::string& name, const std::map<std::string, uint64_t>& points,
                 uint64_t violated) {
  uint64_t all = 0;
  std::string kinds;
  for (const auto& [kind, count] : points) {
    all += count;
    kinds += fmt::format("{} {}, ", kind, count);
  }
  fmt::print("{}: {} points: {}{} violated\n", name, all, kinds, violated);
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
  constexpr uint64_t kShown = 20;
  ++points[kind];
  if (!violation.empty() && ++violated <= kShown)
    fmt::print("violated: {} at {}: {}\n", kind, at, violation);
}

void Tally::AddToMatrix() const {
  Tally& all = Matrix();
  for (const auto& [kind, count] : points) all.points[kind] += count;
  all.violated += violated;
}

void Tally::Print() const { PrintPoints(name, points, violated); }

}  // namespace assay::fault
