#include "sandbox/syscall_filter.h"

#include <fmt/format.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>

#include "sandbox/confine.h"
#include "sandbox/syscall_table.h"

namespace assay::sandbox {
namespace {

/// Calls that came after the newest one we know: no library may take their absence amiss.
constexpr int kFirstNewCall = 451, kLastNewCall = 511;

constexpr uint32_t kRefuse = SCMP_ACT_ERRNO(EACCES);
constexpr uint32_t kUnknown = SCMP_ACT_ERRNO(ENOSYS);
constexpr uint32_t kNoMoreThreads = SCMP_ACT_ERRNO(EAGAIN);

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

/// How calls that are not allowed are refused.
enum class Refuse { kTrace, kNotify, kAlone };

uint32_t DefaultAction(Refuse how) {
  switch (how) {
    case Refuse::kTrace:
      return SCMP_ACT_TRACE(0);
    case Refuse::kNotify:
      return SCMP_ACT_NOTIFY;
    case Refuse::kAlone:
      break;
  }
  return SCMP_ACT_KILL_PROCESS;
}

class Builder {
 public:
  Builder(FilterStage stage, Refuse how, ThreadRule threads)
      : stage_(stage), how_(how), threads_(threads), filter_(seccomp_init(DefaultAction(how))) {}

  Result<UniqueFd> Build() {
    if (!filter_) return Fail(Code::kDenied, Name() + ": no memory");
    Check(seccomp_attr_set(filter_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    Check(seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_NNP, 0));  // set before, checked there
    Check(seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));  // a tree, not a list
    for (const auto& [number, narrow] : Allowed()) AddAllowed(number, narrow);
    if (how_ == Refuse::kAlone) AddRefused();
    if (threads_ != ThreadRule::kNone && stage_ == FilterStage::kRun) AddThreadAnswers();
    if (error_ == 0) Check(seccomp_load(filter_.get()));
    if (error_ == 0)
      return UniqueFd(how_ == Refuse::kNotify ? seccomp_notify_fd(filter_.get()) : -1);
    Error error = ErrnoError(Name(), -error_);
    error.code = Code::kDenied;
    return Fail(std::move(error));
  }

 private:
  void AddRefused() {
    for (int number : RefusedCalls()) {
      if (Allowed().contains(number)) continue;
      if (number == SCMP_SYS(clone) && threads_ == ThreadRule::kNoMore)
        Add(kRefuse, number, {SCMP_A0_64(SCMP_CMP_NE, kThreadFlags)});
      else
        Add(kRefuse, number, {});
    }
    for (int number : UnknownCalls())
      if (!Allowed().contains(number)) Add(kUnknown, number, {});
    for (int number = kFirstNewCall; number <= kLastNewCall; ++number) Add(kUnknown, number, {});
  }

  /// What the filter says by itself to a worker that asked for threads: nothing of it is forbidden,
  /// so none of it is counted. glibc tries clone3 before every clone.
  void AddThreadAnswers() {
    if (how_ == Refuse::kNotify) Add(kUnknown, SCMP_SYS(clone3), {});
    if (threads_ == ThreadRule::kNoMore)
      Add(kNoMoreThreads, SCMP_SYS(clone), {SCMP_A0_64(SCMP_CMP_EQ, kThreadFlags)});
  }

  std::string Name() const { return stage_ == FilterStage::kLoad ? "seccomp A" : "seccomp B"; }

  const std::map<int, Narrow>& Allowed() {
    if (!allowed_.empty()) return allowed_;
    for (const AllowedCall& call : RunCalls()) allowed_[call.number] = call.narrow;
    if (threads_ != ThreadRule::kNone)
      for (const AllowedCall& call : ThreadCalls())
        if (threads_ == ThreadRule::kSome || call.number != SCMP_SYS(clone))
          allowed_[call.number] = call.narrow;
    if (stage_ == FilterStage::kLoad)
      for (const AllowedCall& call : LoadCalls()) allowed_[call.number] = call.narrow;
    return allowed_;
  }

  void Check(int result) {
    if (result < 0 && error_ == 0) error_ = result;
  }

  /// The complement of a condition; the default says it where that is not a kill.
  void AddRefusal(int number, std::initializer_list<scmp_arg_cmp> when) {
    if (how_ == Refuse::kAlone) Add(kRefuse, number, when);
  }

  void Add(uint32_t action, int number, std::initializer_list<scmp_arg_cmp> when) {
    if (number < 0) return;  // this machine's architecture has no such call
    Check(seccomp_rule_add_array(filter_.get(), action, number, static_cast<unsigned>(when.size()),
                                 when.begin()));
  }

  /// Allows the call under its condition and refuses it under every other.
  void AddAllowed(int number, Narrow narrow) {
    constexpr uint64_t kWriteExec = PROT_WRITE | PROT_EXEC;
    const auto channel = static_cast<uint64_t>(kChannelFd),
               report = static_cast<uint64_t>(kReportFd);
    const auto self = static_cast<uint64_t>(::getpid());
    switch (narrow) {
      case Narrow::kNone:
        return Add(SCMP_ACT_ALLOW, number, {});
      case Narrow::kNoExec:
        Add(SCMP_ACT_ALLOW, number, {SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
        return AddRefusal(number, {SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)});
      case Narrow::kNoWriteExec:
        for (uint64_t prot : {uint64_t{0}, uint64_t{PROT_WRITE}, uint64_t{PROT_EXEC}})
          Add(SCMP_ACT_ALLOW, number, {SCMP_A2_64(SCMP_CMP_MASKED_EQ, kWriteExec, prot)});
        return AddRefusal(number, {SCMP_A2_64(SCMP_CMP_MASKED_EQ, kWriteExec, kWriteExec)});
      case Narrow::kChannelOnly:
        Add(SCMP_ACT_ALLOW, number, {SCMP_A0_64(SCMP_CMP_EQ, channel)});
        return AddRefusal(number, {SCMP_A0_64(SCMP_CMP_NE, channel)});
      case Narrow::kReportOnly:
        Add(SCMP_ACT_ALLOW, number, {SCMP_A0_64(SCMP_CMP_EQ, channel)});
        Add(SCMP_ACT_ALLOW, number, {SCMP_A0_64(SCMP_CMP_EQ, report)});
        AddRefusal(number, {SCMP_A0_64(SCMP_CMP_GT, report)});
        return AddRefusal(number, {SCMP_A0_64(SCMP_CMP_LT, channel)});
      case Narrow::kAbortSelf:
        Add(SCMP_ACT_ALLOW, number,
            {SCMP_A0_64(SCMP_CMP_EQ, self), SCMP_A2_64(SCMP_CMP_EQ, SIGABRT)});
        AddRefusal(number, {SCMP_A0_64(SCMP_CMP_NE, self)});
        return AddRefusal(number,
                          {SCMP_A0_64(SCMP_CMP_EQ, self), SCMP_A2_64(SCMP_CMP_NE, SIGABRT)});
      case Narrow::kOwnProcess:
        Add(SCMP_ACT_ALLOW, number, {SCMP_A0_64(SCMP_CMP_EQ, self)});
        return AddRefusal(number, {SCMP_A0_64(SCMP_CMP_NE, self)});
      case Narrow::kThreadOnly:
        Add(SCMP_ACT_ALLOW, number, {SCMP_A0_64(SCMP_CMP_EQ, kThreadFlags)});
        return AddRefusal(number, {SCMP_A0_64(SCMP_CMP_NE, kThreadFlags)});
      case Narrow::kRegister:
        Add(SCMP_ACT_ALLOW, number, {SCMP_A2_64(SCMP_CMP_EQ, 0)});
        return AddRefusal(number, {SCMP_A2_64(SCMP_CMP_NE, 0)});
    }
  }

  FilterStage stage_;
  Refuse how_;
  ThreadRule threads_;
  Filter filter_;
  std::map<int, Narrow> allowed_;
  int error_ = 0;
};

}  // namespace

Result<UniqueFd> LoadFilter(FilterStage stage, ThreadRule threads) {
  if (stage == FilterStage::kLoad) return Builder(stage, Refuse::kTrace, threads).Build();
  auto listener = Builder(stage, Refuse::kNotify, threads).Build();
  return listener ? std::move(listener) : Builder(stage, Refuse::kAlone, threads).Build();
}

Refusal JudgeCall(int number) {
  const auto has = [number](std::span<const int> calls) {
    return std::find(calls.begin(), calls.end(), number) != calls.end();
  };
  if (has(UnknownCalls()) || (number >= kFirstNewCall && number <= kLastNewCall))
    return Refusal::kUnknown;
  return has(RefusedCalls()) ? Refusal::kAccess : Refusal::kKill;
}

std::string CallName(int number) {
  std::unique_ptr<char, decltype(&std::free)> name(
      seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number), &std::free);
  return name ? std::string(name.get()) : fmt::format("system call {}", number);
}

}  // namespace assay::sandbox
