// What the services are known to take before they throttle, as one table: budgets by class of
// request, and which class a request is of. Source: the services' published limits, as collected in
// the endpoint catalogue.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/manifest.h"

namespace assay::broker {

/// At most `count` tokens in any span of `period`; zero: no such bound.
struct BudgetWindow {
  uint32_t count = 0;
  std::chrono::seconds period{0};
};

/// One throttle class. A token comes back one period after it was taken, so that no span of that
/// length ever holds more than the service takes.
struct ThrottleClass {
  std::string_view name;  ///< id of the catalogue's row
  std::array<BudgetWindow, 2> windows;
  uint32_t in_flight = 0;         ///< requests at once, 0: no bound of its own
  bool per_subscription = false;  ///< each Azure subscription has a budget of its own
  std::chrono::milliseconds first_back_off{2'000};  ///< when the service does not say how long
};

/// What a class is found by: decoded path segments (with the version of Graph) and query.
struct RequestShape {
  ServiceHost host;
  const std::vector<std::string>& segments;
  const std::vector<std::pair<std::string, std::string>>& query;
};

/// All classes. [any thread]
const std::vector<ThrottleClass>& ThrottleClasses();
/// The class of a request. Never fails: the common class of the service takes the rest. Lives as
/// long as the process. [any thread]
const ThrottleClass& ThrottleClassOf(const RequestShape& shape);
/// Tokens that one request takes: resource units for Graph's identity services, else 1. [any
/// thread]
uint32_t CostOf(const ThrottleClass& throttle, const RequestShape& shape);
/// Whose budget of the class it is: the subscription's id, or "". [any thread]
std::string BudgetScopeOf(const ThrottleClass& throttle, const RequestShape& shape);

}  // namespace assay::broker
