#include "fault/home.h"

#include <stdlib.h>

#include <fstream>
#include <sstream>

namespace assay::fault {
namespace fs = std::filesystem;

Timestamp GateClock::Now() const {
  std::unique_lock lock(mutex_);
  holding_ = shut_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !shut_; });
  holding_ = false;
  return now_;
}

void GateClock::SleepFor(std::chrono::milliseconds duration) const {
  const std::lock_guard lock(mutex_);
  now_ += duration;
}

void GateClock::Set(Timestamp now) {
  const std::lock_guard lock(mutex_);
  now_ = now;
}

void GateClock::Shut() {
  const std::lock_guard lock(mutex_);
  shut_ = true;
}

void GateClock::Open() {
  {
    const std::lock_guard lock(mutex_);
    shut_ = false;
  }
  changed_.notify_all();
}

bool GateClock::IsHolding() const {
  const std::lock_guard lock(mutex_);
  return holding_;
}

namespace {

// Containers often have 64 MiB there, less than the largest ledger of these tests.
bool HasRoom(const fs::path& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  return !error && ::access(folder.c_str(), W_OK) == 0 && space.available > (512u << 20);
}

fs::path Parent() {
  if (const char* asked = std::getenv("ASSAY_FAULT_FOLDER")) return asked;
  return HasRoom("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
}

}  // namespace

Home::Home() {
  std::string pattern = (Parent() / "assay-fault-XXXXXX").string();
  root_ = ::mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
}

Home::~Home() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void Home::Become(const Image& image, const std::string& old_root) {
  std::error_code ignored;
  for (const auto& item : fs::directory_iterator(root_)) fs::remove_all(item.path(), ignored);
  for (const auto& [path, bytes] : image) {
    const fs::path target = root_.string() + path.substr(old_root.size());
    fs::create_directories(target.parent_path());
    if (path.ends_with('/')) continue;
    WriteAllTo(target, bytes);
    fs::permissions(target, fs::perms::owner_read | fs::perms::owner_write);
  }
}

Image Home::Snapshot() const {
  Image out;
  for (const auto& item : fs::recursive_directory_iterator(root_))
    if (item.is_directory())
      out[item.path().string() + "/"];
    else if (!item.path().string().ends_with("-shm"))
      out[item.path().string()] = ReadAll(item.path());
  return out;
}

ledger::OpenOptions OptionsFor(const Home& home, const Clock& clock) {
  ledger::OpenOptions options{.directory = home.directory(),
                              .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                              .origin = "assay.example/contoso",
                              .master_key_file = home.root() + "/master.key",
                              .ledger_key_file = home.root() + "/ledger.pem",
                              .run_lease_holder = "fault test, pid " + std::to_string(::getpid())};
  options.create = true;
  options.clock = &clock;
  return options;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

void WriteAllTo(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace assay::fault
