// A folder that becomes visible under its name only when it is whole: made beside it under another
// name, synced, renamed. A killed process leaves a folder that nobody takes for the real one, and
// the next process removes it.
#pragma once

#include <filesystem>

#include "base/files.h"

namespace assay::backup {

class Staging {
 public:
  /// Makes an empty folder (0700) beside `final_path`, in the place of one that a killed process
  /// left. kUnavailable (AS-LED-001) while another process works on it, kIo.
  static Result<Staging> Make(const std::filesystem::path& final_path);
  Staging(Staging&& other) noexcept = default;
  Staging& operator=(Staging&&) = delete;
  /// Removes the folder unless Publish was called.
  ~Staging();

  const std::filesystem::path& path() const { return path_; }
  /// Syncs the folder and gives it its name. An empty folder of that name is replaced; one that
  /// holds the file `keep` and nothing else is replaced too, and the file goes along.
  /// kAlreadyExists when there is anything else, kIo.
  Status Publish(const std::string& keep = {});
  /// What Publish asks of the name: kAlreadyExists unless it could be given now.
  static Status CheckFree(const std::filesystem::path& final_path, const std::string& keep = {});
  /// Removes what killed processes left in `folder`.
  static void Sweep(const std::filesystem::path& folder);

 private:
  Staging(UniqueFd lock, std::filesystem::path final_path, std::filesystem::path path)
      : lock_(std::move(lock)), final_(std::move(final_path)), path_(std::move(path)) {}

  UniqueFd lock_;
  std::filesystem::path final_, path_;
};

}  // namespace assay::backup
