// Serves public sample answers byte for byte, one after another, to test collectors against data
// that nobody of this project wrote. Not installed.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "demo/sample_catalogue.h"
#include "demo/server.h"

namespace assay::demo {

/// What an endpoint gives once all its samples were given.
enum class AfterLast { kRepeat, kEmptyList };

/// Token service as the demo's, with every read permission; every GET (or query POST)
/// returns the next sample that fits its endpoint. Bodies are not touched: links in them lead to
/// Microsoft, on purpose. "/samples/N" of ARM is the manifest's file N (from 0), whatever it holds.
class SampleServer {
 public:
  /// `log`: a file that gets "method TAB path?query TAB status TAB sample" for each answer of Graph
  /// and ARM; empty: none.
  static Result<std::unique_ptr<SampleServer>> Start(SampleCatalogue catalogue, DemoOptions options,
                                                     AfterLast after_last, uint16_t port = 0,
                                                     const std::filesystem::path& log = {});

  const CloudUrls& urls() const { return identity_.urls(); }
  const DemoTenant& identity() const { return identity_; }
  const RequestLog& log() const { return log_; }

 private:
  SampleServer(SampleCatalogue catalogue, DemoOptions options, AfterLast after_last,
               ServerTrio trio);
  Answer Handle(Request request);
  /// The file that answers a request; empty: an empty list. kNotFound when no sample fits.
  Result<std::filesystem::path> Choose(const Request& request);
  Answer Give(const Request& request);
  void Note(const Request& request, int status, const std::filesystem::path& sample);

  SampleCatalogue catalogue_;
  AfterLast after_last_;
  RequestLog log_;
  DemoTenant identity_;
  std::mutex mutex_;
  std::ofstream answers_;                          ///< the file named by `log`
  std::map<const SampleTemplate*, size_t> given_;  ///< by endpoint
  ServerTrio trio_;  // last: stops before what its handlers use goes away
};

}  // namespace assay::demo
