// Budgets, holds, lanes.
#include "broker/pacer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;

// Below so many reads left, ARM's bucket is given the time in which it refills.
constexpr uint32_t kFewLeft = 50;
constexpr milliseconds kArmRefill{40};
constexpr double kNearLimit = 0.8;
constexpr milliseconds kMaxSlowDown{2'000};
constexpr milliseconds kMaxQuotaWait{60'000};
constexpr milliseconds kLowerAgainAfter{1'000};
constexpr uint32_t kMostUnits = 1'000;

std::optional<uint32_t> ParseNumber(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<uint32_t> NumberIn(const HttpHead& head, std::string_view name) {
  const auto value = head.Find(name);
  return value ? ParseNumber(*value) : std::nullopt;
}

/// "00:00:04".
std::optional<milliseconds> ParseClock(std::string_view text) {
  if (!HasForm(text, "00:00:00")) return {};
  const auto two = [&](size_t at) { return int64_t{(text[at] - '0') * 10 + (text[at + 1] - '0')}; };
  return milliseconds(1000 * (two(0) * 3600 + two(3) * 60 + two(6)));
}

/// The smallest of "x-ms-ratelimit-remaining-...".
std::optional<uint32_t> ReadsLeft(const HttpHead& head) {
  std::optional<uint32_t> least;
  for (const auto& [name, value] : head.fields) {
    if (!AsciiLower(name).starts_with("x-ms-ratelimit-remaining-")) continue;
    const auto left = ParseNumber(value);
    if (left && (!least || *left < *least)) least = left;
  }
  return least;
}

/// How long the heads of the services ask to be left alone without having refused anything yet.
milliseconds SlowDown(const HttpHead& head) {
  milliseconds out{0};
  if (NumberIn(head, "x-ms-user-quota-remaining") == 0u)
    out = ParseClock(head.Find("x-ms-user-quota-resets-after").value_or("")).value_or(kMaxSlowDown);
  if (const auto left = ReadsLeft(head); left && *left < kFewLeft)
    out = std::max(out, (kFewLeft - *left) * kArmRefill);
  // "0.85", "1.2"; other forms say nothing.
  const std::string share = head.Find("x-ms-throttle-limit-percentage").value_or("");
  if (HasForm(share.substr(0, 3), "0.0")) {
    const double used = (share[0] - '0') + (share[2] - '0') / 10.0;
    if (used >= kNearLimit)
      out = std::max(out,
                     milliseconds(static_cast<int64_t>(std::min(1.0, (used - kNearLimit) / 0.2) *
                                                       static_cast<double>(kMaxSlowDown.count()))));
  }
  return std::min(out, kMaxQuotaWait);
}

milliseconds LongestPeriod(const ThrottleClass& throttle) {
  return std::max(throttle.windows[0].period, throttle.windows[1].period);
}

}  // namespace

Timestamp FreeAt(const std::deque<std::pair<Timestamp, uint32_t>>& taken,
                 const BudgetWindow& window, uint32_t cost, Timestamp now) {
  if (window.count == 0) return now;
  uint64_t used = std::min(cost, window.count);
  for (auto at = taken.rbegin(); at != taken.rend(); ++at) {
    const Timestamp back = at->first + window.period;
    if (back <= now) break;
    used += at->second;
    if (used > window.count) return back;
  }
  return now;
}

PaceAnswer Pacer::WhenFree(const Budget& budget, const PaceKey& key, Timestamp now) const {
  Timestamp free = now;
  if (enforce_budgets_)
    for (const BudgetWindow& window : key.throttle->windows)
      free = std::max(free, FreeAt(budget.taken, window, key.cost, now));
  if (std::max(free, budget.held_until) <= now) return {};
  const bool held = budget.held_until > free;
  const bool refused = held && budget.held_for != WaitReason::kQuota;
  return {PaceAnswer::Kind::kWait, std::max(free, budget.held_until),
          held ? budget.held_for : WaitReason::kBudget,
          refused ? budget.held_until - free : milliseconds(0)};
}

void Pacer::Take(Budget& budget, const PaceKey& key, Timestamp now) const {
  if (!enforce_budgets_) return;
  const Timestamp old = now - LongestPeriod(*key.throttle);
  while (!budget.taken.empty() && budget.taken.front().first <= old) budget.taken.pop_front();
  budget.taken.emplace_back(now, key.cost);
}

PaceAnswer Pacer::Ask(const PaceKey& key, Timestamp now) {
  const std::lock_guard lock(mutex_);
  Budget& budget = BudgetOf(key);
  Lane& lane = LaneOf(key.host);
  const PaceAnswer answer = WhenFree(budget, key, now);
  if (answer.kind != PaceAnswer::Kind::kGo) return answer;
  const bool crowded = enforce_budgets_ && key.throttle->in_flight != 0 &&
                       budget.in_flight >= key.throttle->in_flight;
  if (crowded || lane.in_flight >= static_cast<uint32_t>(lane.limit))
    return {PaceAnswer::Kind::kCrowd, {}, WaitReason::kBudget, {}};
  ++budget.in_flight;
  ++lane.in_flight;
  Take(budget, key, now);
  return answer;
}

PaceAnswer Pacer::AskToJoin(const PaceKey& key, Timestamp now) {
  const std::lock_guard lock(mutex_);
  Budget& budget = BudgetOf(key);
  const PaceAnswer answer = WhenFree(budget, key, now);
  if (answer.kind == PaceAnswer::Kind::kGo) Take(budget, key, now);
  return answer;
}

void Pacer::Done(const PaceKey& key, bool throttled, Timestamp now) {
  const std::lock_guard lock(mutex_);
  Lane& lane = LaneOf(key.host);
  --BudgetOf(key).in_flight;
  --lane.in_flight;
  if (!throttled) {
    lane.limit = std::min(double(most_), lane.limit + 1 / lane.limit);
  } else if (now - lane.lowered >= kLowerAgainAfter) {
    // What was under way together is refused together: that is one sign, not many.
    lane.limit = std::max(1.0, lane.limit / 2);
    lane.lowered = now;
  }
}

void Pacer::HoldLocked(Budget& budget, Timestamp until, WaitReason reason) {
  if (until <= budget.held_until) return;
  budget.held_until = until;
  budget.held_for = reason;
}

void Pacer::Hold(const PaceKey& key, Timestamp until, WaitReason reason) {
  const std::lock_guard lock(mutex_);
  HoldLocked(BudgetOf(key), until, reason);
}

void Pacer::Learn(const PaceKey& key, const HttpHead& head, Timestamp now) {
  const milliseconds slow_down = SlowDown(head);
  const auto units = NumberIn(head, "x-ms-resource-unit");
  const std::lock_guard lock(mutex_);
  Budget& budget = BudgetOf(key);
  if (slow_down.count() > 0) HoldLocked(budget, now + slow_down, WaitReason::kQuota);
  if (enforce_budgets_ && units && *units > key.cost && *units <= kMostUnits)
    budget.taken.emplace_back(now, *units - key.cost);
}

unsigned Pacer::LimitOf(ServiceHost host) const {
  const std::lock_guard lock(mutex_);
  const auto at = lanes_.find(host);
  return at == lanes_.end() ? most_ : static_cast<unsigned>(at->second.limit);
}

}  // namespace assay::broker
