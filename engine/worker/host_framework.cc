#include "worker/host_framework.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::worker {
namespace {

constexpr size_t kMaxControls = 10'000, kMaxResults = 20'000;

constexpr assay_framework_v1_t kTable{
    [](const assay_host_t* abi) {
      uint32_t count = 0;
      Guarded(abi, [&](Host& h) {
        count = h.framework->Count();
        return ASSAY_OK;
      });
      return count;
    },
    [](const assay_host_t* abi, uint32_t index, const assay_control_t** out) {
      return Called(abi, ipc::HostCall::kControl,
                    [&](Host& h) { return h.framework->Control(index, out); });
    },
    [](const assay_host_t* abi, uint32_t index, uint32_t state, assay_str_t why) {
      return Called(abi, ipc::HostCall::kConclude,
                    [&](Host& h) { return h.framework->Conclude(index, state, why); });
    },
};

assay_str_t Slice(const std::string& text) { return {text.data(), text.size()}; }

assay_mapped_check_t Mapped(const std::string& id, const CheckResult* result) {
  assay_mapped_check_t m{};
  m.id = Slice(id);
  m.verdict = ASSAY_VERDICT_ABSENT;
  if (result == nullptr) return m;
  m.verdict = static_cast<uint32_t>(result->verdict);
  m.reason = static_cast<uint32_t>(result->reason);
  m.subjects = result->subjects();
  m.excepted = std::min(result->excepted, result->fail);
  m.failing = result->fail - m.excepted;
  return m;
}

}  // namespace

const void* FrameworkExtension::table() const { return &kTable; }

Status FrameworkExtension::Take(const ipc::Frame& frame) {
  if (frame.type == static_cast<uint16_t>(ipc::Type::kControls)) {
    ASSAY_ASSIGN(auto controls, ipc::ParseControls(frame.payload));
    framework_ = controls.first;
    for (ControlSpec& c : controls.second) specs_.push_back(std::move(c));
    if (specs_.size() > kMaxControls) return Fail(Code::kLimitExceeded, "too many controls");
    return {};
  }
  if (frame.type == static_cast<uint16_t>(ipc::Type::kCheckResult)) {
    ASSAY_ASSIGN(auto result, ipc::ParseCheckResult(frame.payload));
    if (results_.size() >= kMaxResults) return Fail(Code::kLimitExceeded, "too many check results");
    const std::string id = result.check;
    results_.insert_or_assign(id, std::move(result));
    return {};
  }
  return Fail(Code::kCorrupt, fmt::format("engine sent message {} out of turn", frame.type));
}

Status FrameworkExtension::Load(ipc::Channel& channel) {
  for (;;) {
    ASSAY_ASSIGN(const ipc::Frame frame, channel.Receive());
    if (frame.type == static_cast<uint16_t>(ipc::Type::kConclude)) break;
    if (frame.type == static_cast<uint16_t>(ipc::Type::kCancel))
      return Fail(Code::kCancelled, "the run is being cancelled");
    ASSAY_TRY(Take(frame));
  }
  Arrange();
  return {};
}

/// Lays out the C structs; nothing they point at moves afterwards.
void FrameworkExtension::Arrange() {
  for (const ControlSpec& spec : specs_) {
    auto& list = mapped_.emplace_back();
    for (const std::string& id : spec.checks) {
      const auto it = results_.find(id);
      list.push_back(Mapped(id, it == results_.end() ? nullptr : &it->second));
    }
  }
  for (size_t i = 0; i < specs_.size(); ++i) {
    assay_control_t c{};
    c.id = Slice(specs_[i].id);
    c.title = Slice(specs_[i].title);
    c.needs_attestation = specs_[i].needs_attestation ? 1 : 0;
    c.attested = specs_[i].attested ? 1 : 0;
    c.checks = mapped_[i].data();
    c.check_count = mapped_[i].size();
    controls_.push_back(c);
  }
  concluded_.assign(specs_.size(), false);
}

std::string FrameworkExtension::FirstOpen() const {
  const auto it = std::find(concluded_.begin(), concluded_.end(), false);
  return it == concluded_.end() ? "" : specs_[static_cast<size_t>(it - concluded_.begin())].id;
}

assay_status_t FrameworkExtension::Control(uint32_t index, const assay_control_t** out) {
  if (out == nullptr) return session_.Refuse(ASSAY_E_INVALID, "control: out is null");
  if (index >= controls_.size())
    return session_.Refuse(ASSAY_E_NOT_FOUND, fmt::format("control: no control {}", index));
  *out = &controls_[index];
  return ASSAY_OK;
}

assay_status_t FrameworkExtension::Conclude(uint32_t index, uint32_t state, assay_str_t why) {
  const auto text = TextOf(why);
  if (index >= controls_.size())
    return session_.Refuse(ASSAY_E_NOT_FOUND, fmt::format("conclude: no control {}", index));
  if (state < ASSAY_CONTROL_SATISFIED || state > ASSAY_CONTROL_UNCOVERED || !text)
    return session_.Refuse(ASSAY_E_INVALID, fmt::format("conclude: state {} is unknown", state));
  if (concluded_[index])
    return session_.Refuse(ASSAY_E_INVALID,
                           fmt::format("conclude: {} was concluded already", specs_[index].id));
  concluded_[index] = true;
  return session_.Send(
      ipc::Type::kControlResult,
      ipc::Encode(ControlResult{framework_, specs_[index].id, static_cast<ControlState>(state),
                                std::string(text->substr(0, ipc::kMaxLine))}));
}

}  // namespace assay::worker
