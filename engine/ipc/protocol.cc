// Which worker may say what, and text made fit for a bounded line.
#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/text.h"
#include "ipc/messages.h"

namespace assay::ipc {
namespace {

bool In(std::initializer_list<Type> list, uint16_t type) {
  return std::find(list.begin(), list.end(), static_cast<Type>(type)) != list.end();
}

}  // namespace

std::string_view Name(HostCall call) {
  constexpr std::array<std::string_view, kHostCalls> kNames = {
      "none", "extension", "dataset", "request", "wait",    "mark",
      "next", "done",      "row",     "state",   "control", "conclude"};
  const auto number = static_cast<size_t>(call);
  return number < kNames.size() ? kNames[number] : std::string_view();
}

std::string_view Name(Type type) {
  switch (type) {
    case Type::kInit:
      return "init";
    case Type::kHello:
      return "hello";
    case Type::kLog:
      return "log";
    case Type::kDone:
      return "done";
    case Type::kCancel:
      return "cancel";
    case Type::kRequest:
      return "request";
    case Type::kPage:
      return "page";
    case Type::kMarks:
      return "marks";
    case Type::kNextPage:
      return "next_page";
    case Type::kPageDone:
      return "page_done";
    case Type::kDatasetState:
      return "dataset_state";
    case Type::kRows:
      return "rows";
    case Type::kRowMemory:
      return "row_memory";
    case Type::kBatch:
      return "batch";
    case Type::kCounts:
      return "counts";
    case Type::kSeal:
      return "seal";
    case Type::kSealed:
      return "sealed";
    case Type::kSchema:
      return "schema";
    case Type::kViews:
      return "views";
    case Type::kCheck:
      return "check";
    case Type::kEvaluate:
      return "evaluate";
    case Type::kObservations:
      return "observations";
    case Type::kCheckResult:
      return "check_result";
    case Type::kControls:
      return "controls";
    case Type::kConclude:
      return "conclude";
    case Type::kControlResult:
      return "control_result";
  }
  return {};
}

bool WorkerMaySend(Role role, uint16_t type) {
  if (In({Type::kHello, Type::kDone}, type)) return true;
  switch (role) {
    case Role::kCollector:
      return In({Type::kLog, Type::kRequest, Type::kMarks, Type::kNextPage, Type::kPageDone,
                 Type::kDatasetState, Type::kBatch, Type::kCounts},
                type);
    case Role::kEvaluator:
      return In({Type::kObservations, Type::kCheckResult, Type::kSealed}, type);
    case Role::kFramework:
      return In({Type::kLog, Type::kControlResult}, type);
    case Role::kCanary:
      return false;
  }
  return false;
}

bool WorkerMayReceive(Role role, uint16_t type) {
  if (In({Type::kInit, Type::kCancel}, type)) return true;
  switch (role) {
    case Role::kCollector:
      return In({Type::kPage, Type::kRowMemory}, type);
    case Role::kEvaluator:
      return In({Type::kDatasetState, Type::kRows, Type::kSchema, Type::kViews, Type::kCheck,
                 Type::kSeal, Type::kEvaluate},
                type);
    case Role::kFramework:
      return In({Type::kControls, Type::kCheckResult, Type::kConclude}, type);
    case Role::kCanary:
      return false;
  }
  return false;
}

std::string OneLine(std::string_view text, size_t max_bytes) {
  std::string out;
  for (;;) {
    const size_t plain = std::min(PlainLength(text), max_bytes - out.size());
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const size_t n = Utf8SequenceLength(text);
    const auto c = static_cast<unsigned char>(text[0]);
    const std::string_view piece = n == 0                              ? "\xef\xbf\xbd"
                                   : n == 1 && (c < 0x20 || c == 0x7f) ? " "
                                                                       : text.substr(0, n);
    if (out.size() + piece.size() > max_bytes) break;
    out += piece;
    text.remove_prefix(std::max<size_t>(n, 1));
  }
  return out;
}

}  // namespace assay::ipc
