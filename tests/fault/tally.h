// Points of a fault matrix: counted by kind, printed in one line.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace assay::fault {

/// How many points share one that is tried: `usual`, or what ASSAY_FAULT_EVERY says
/// (tools/soak-ledger sets it to 1, which tries them all).
uint64_t Every(uint64_t usual);

struct Tally {
  explicit Tally(std::string title) : name(std::move(title)) {}
  std::string name;
  std::map<std::string, uint64_t> points;
  uint64_t repeated = 0;  ///< points that left the very state that another one left
  uint64_t violated = 0;
  /// An empty `violation` is none; the first sixty are printed.
  void Add(const std::string& kind, uint64_t at, const std::string& violation);
  /// A point whose state was looked at before.
  void AddRepeated(const std::string& kind) {
    ++points[kind];
    ++repeated;
  }
  void Print() const;
  /// Adds all to the sum that the program prints at its end.
  void AddToMatrix() const;
};

}  // namespace assay::fault
