#include "fault/watch.h"

#include <signal.h>

#include <cerrno>

namespace assay::fault {

const char* NameOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::kSigkill:
      return "sigkill";
    case FaultKind::kDiskFull:
      return "disk full";
    case FaultKind::kIoOnce:
      return "EIO once";
    case FaultKind::kIoStays:
      return "EIO for good";
    case FaultKind::kSyncOnce:
      return "sync fails once";
    case FaultKind::kSyncThenGone:
      return "sync fails, then gone";
    case FaultKind::kSyncUnsure:
      return "failed but stored";
    default:
      return "none";
  }
}

bool Applies(FaultKind kind, OpKind operation) {
  const bool is_sync = operation == OpKind::kSync || operation == OpKind::kSyncDirectory;
  switch (kind) {
    case FaultKind::kDiskFull:
      return operation == OpKind::kWrite;
    case FaultKind::kSyncOnce:
    case FaultKind::kSyncThenGone:
      return is_sync;
    case FaultKind::kSyncUnsure:
      return is_sync || operation == OpKind::kWrite;
    default:
      return true;
  }
}

Watch& Watch::Get() {
  static Watch watch;
  return watch;
}

void Watch::Start(std::string root, Plan plan) {
  const std::lock_guard lock(mutex_);
  on_ = true;
  keeps_ = true;
  root_ = std::move(root);
  plan_ = plan;
  kinds_.clear();
  effects_.clear();
  totals_.clear();
  fds_.clear();
}

void Watch::StartCounting(std::string root) {
  Start(std::move(root));
  const std::lock_guard lock(mutex_);
  keeps_ = false;
}

void Watch::Heal() {
  const std::lock_guard lock(mutex_);
  plan_ = {};
}

std::vector<Op> Watch::Stop() {
  const std::lock_guard lock(mutex_);
  on_ = false;
  plan_ = {};
  return std::move(effects_);
}

uint64_t Watch::count() {
  const std::lock_guard lock(mutex_);
  return kinds_.size();
}

std::vector<OpKind> Watch::kinds() {
  const std::lock_guard lock(mutex_);
  return kinds_;
}

Watch::Total Watch::TotalOf(OpKind kind, const std::string& suffix) {
  const std::lock_guard lock(mutex_);
  Total out;
  for (const auto& [key, total] : totals_) {
    if (key.first != kind || !key.second.ends_with(suffix)) continue;
    out.operations += total.operations;
    out.bytes += total.bytes;
  }
  return out;
}

bool Watch::Covers(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return on_ && path.starts_with(root_) &&
         (path.size() == root_.size() || path[root_.size()] == '/');
}

Act Watch::Decide(OpKind kind, uint64_t number) const {
  const bool here = number == plan_.at;
  const bool from_here = number >= plan_.at;
  const bool is_sync = kind == OpKind::kSync || kind == OpKind::kSyncDirectory;
  switch (plan_.kind) {
    case FaultKind::kSigkill:
      if (here) ::raise(SIGKILL);
      return Act::kPass;
    case FaultKind::kDiskFull:
      return from_here && kind == OpKind::kWrite ? Act::kFailHalf : Act::kPass;
    case FaultKind::kIoOnce:
      return here ? Act::kFail : Act::kPass;
    case FaultKind::kIoStays:
      return from_here ? Act::kFail : Act::kPass;
    case FaultKind::kSyncOnce:
      return here && is_sync ? Act::kFail : Act::kPass;
    case FaultKind::kSyncThenGone:
      return (here && is_sync) || number > plan_.at ? Act::kFail : Act::kPass;
    case FaultKind::kSyncUnsure:
      return here && (is_sync || kind == OpKind::kWrite) ? Act::kFailAfter : Act::kPass;
    default:
      return Act::kPass;
  }
}

Act Watch::Next(OpKind kind, const std::string& path, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!on_) return Act::kPass;
  const uint64_t number = kinds_.size();
  kinds_.push_back(kind);
  Total& total = totals_[{kind, path}];
  ++total.operations;
  total.bytes += bytes;
  const Act act = Decide(kind, number);
  const bool loses = plan_.kind == FaultKind::kSyncOnce || plan_.kind == FaultKind::kSyncThenGone;
  if (act == Act::kFail && loses && number == plan_.at)
    effects_.push_back({kind, path, 0, {}, true, number + 1});
  return act;
}

void Watch::Done(Op op) {
  const std::lock_guard lock(mutex_);
  if (!on_ || !keeps_) return;
  op.number = kinds_.size();
  effects_.push_back(std::move(op));
}

int Watch::error() {
  const std::lock_guard lock(mutex_);
  return plan_.kind == FaultKind::kDiskFull ? ENOSPC : EIO;
}

void Watch::SetPath(int fd, std::string path) {
  const std::lock_guard lock(mutex_);
  if (path.empty())
    fds_.erase(fd);
  else
    fds_[fd] = std::move(path);
}

std::string Watch::PathOf(int fd) {
  const std::lock_guard lock(mutex_);
  const auto it = fds_.find(fd);
  return it == fds_.end() ? std::string() : it->second;
}

}  // namespace assay::fault
