// A folder of this machine behind the face of a container: what asks for exports cannot tell the
// two apart, and everything that is not asked of the folder goes to the network as before.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "broker/export_folder.h"
#include "broker/http_client.h"

namespace assay::broker {

/// Answers requests to kFolderHost as Azure's List Blobs and Get Blob would; passes all else on.
/// [any thread]
class FolderClient final : public HttpClient {
 public:
  /// `folder` as for ExportFolder::Open; it is opened when something is first asked of it. `clock`
  /// must outlive it.
  FolderClient(std::unique_ptr<HttpClient> inner, std::string folder, const Clock& clock)
      : inner_(std::move(inner)), path_(std::move(folder)), clock_(clock) {}

  Result<HttpAnswer> Send(const HttpRequest& request) override;
  void Cancel() override { inner_->Cancel(); }
  bool cancelled() const override { return inner_->cancelled(); }
  std::map<std::string, uint64_t> RequestCounts() const override { return inner_->RequestCounts(); }

 private:
  Result<const ExportFolder*> Folder();
  HttpAnswer Plain(uint32_t status, std::string_view body) const;
  Result<HttpAnswer> List();
  Result<HttpAnswer> Read(const HttpRequest& request);

  const std::unique_ptr<HttpClient> inner_;
  const std::string path_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<ExportFolder> folder_;
};

}  // namespace assay::broker
