// Host extension assay.read/1: tickets out, pages in, marks and continuation links back.
#pragma once

#include <map>

#include "assay/read.h"
#include "worker/host.h"

namespace assay::worker {

/// A response body mapped read-only from the engine's memory, 64 zero bytes behind it.
class MappedBody {
 public:
  MappedBody() = default;
  MappedBody(MappedBody&& other) noexcept;
  MappedBody& operator=(MappedBody&& other) noexcept;
  ~MappedBody();
  /// kIo; kLimitExceeded when there is no address space left.
  static Result<MappedBody> Map(int fd, uint64_t length);
  const char* data() const { return data_; }

 private:
  const char* data_ = nullptr;
  size_t mapped_ = 0;
};

class ReadExtension : public Extension {
 public:
  explicit ReadExtension(Session& session) : session_(session) {}
  std::string_view id() const override { return ASSAY_EXT_READ; }
  const void* table() const override;

  assay_status_t Request(assay_str_t endpoint, const assay_param_t* params, uint32_t count,
                         uint64_t* ticket);
  assay_status_t Wait(assay_page_t* page);
  assay_status_t Mark(uint32_t page, const assay_range_t* records, uint32_t count);
  assay_status_t Next(uint32_t page, uint64_t offset, uint64_t length);
  assay_status_t Finish(uint32_t page);
  /// True for a page that came in this run, given back or not.
  bool Came(uint32_t page) const { return page > 0 && page <= last_page_; }

 private:
  struct OpenPage {
    MappedBody body;
    uint64_t body_len = 0;
    uint64_t marked_to = 0;  ///< end of the last mark
    uint64_t marks = 0;
    bool continued = false;
    bool wrong = false;  ///< the engine was told of marks that do not hold
    std::string reason;
  };

  const EndpointSpec* Endpoint(std::string_view id) const;
  assay_status_t TakeParams(const EndpointSpec& endpoint, const assay_param_t* params,
                            uint32_t count, ipc::Request& request);
  assay_status_t CountRead();
  assay_status_t CheckMarks(const OpenPage& page, const assay_range_t* records, uint32_t count);
  assay_status_t TellWrongMarks(uint32_t page, OpenPage& open, assay_status_t status);
  assay_status_t Show(ipc::Frame frame, assay_page_t* out);
  OpenPage* Find(uint32_t page);

  Session& session_;
  std::map<uint32_t, OpenPage> pages_;
  uint64_t last_ticket_ = 0;
  uint64_t reads_ = 0;
  uint64_t outstanding_ = 0;  ///< answers that are still to come
  uint32_t last_page_ = 0;
};

}  // namespace assay::worker
