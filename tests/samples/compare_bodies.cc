// Reads every numbered sample back out of a ledger and compares it with the file, byte for byte:
// FOLDER (of the ledger) TENANT ORIGIN MASTER_KEY SAMPLES.
#include <fmt/format.h>

#include <charconv>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "ledger/ledger.h"
#include "proof/canonical_json.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> FilesOf(const fs::path& samples) {
  ASSAY_ASSIGN(const ByteVector manifest, ReadFile(samples / "MANIFEST.tsv"));
  std::vector<fs::path> files;
  for (std::string_view line : Split(AsText(manifest), '\n'))
    if (size_t tab = line.find('\t'); tab != std::string_view::npos)
      files.push_back(samples / line.substr(0, tab));
  files.erase(files.begin());  // the header
  return files;
}

/// The number in {"method":"GET","url":"http://127.0.0.1:1/samples/17?api-version=..."}.
Result<size_t> NumberOf(std::string_view request) {
  constexpr std::string_view kPath = "/samples/";
  const size_t at = request.find(kPath);
  size_t number = 0;
  if (at == std::string_view::npos ||
      std::from_chars(request.data() + at + kPath.size(), request.data() + request.size(), number)
              .ec != std::errc())
    return Fail(Code::kInvalidInput, "no numbered sample: " + Quote(request));
  return number;
}

class Comparison {
 public:
  Comparison(ledger::Ledger& ledger, std::vector<fs::path> files)
      : ledger_(ledger), files_(std::move(files)) {}

  Status Take(std::string_view text) {
    ASSAY_ASSIGN(const proof::Json line, proof::ReadJson(text));
    const proof::JsonObject& entry = *line.object();
    ASSAY_ASSIGN(const std::string kind, proof::TextAt(entry, "kind"));
    if (kind != "read") return {};
    ASSAY_ASSIGN(const int64_t http_status, proof::IntegerAt(entry, "status"));
    if (http_status != 200) return {};
    ASSAY_ASSIGN(const int64_t request_bytes, proof::IntegerAt(entry, "request_len"));
    ASSAY_ASSIGN(const std::string root,
                 proof::TextAt(*entry.find("body")->second.object(), "root"));
    ASSAY_ASSIGN(const ByteVector root_bytes, ParseBase64(root));
    ASSAY_ASSIGN(const Digest digest, ToDigest(root_bytes));
    ASSAY_ASSIGN(const ByteVector body, ledger_.ReadBody(digest));
    const auto cut = static_cast<size_t>(request_bytes);
    const std::string_view all = AsText(body);
    ASSAY_ASSIGN(const size_t number, NumberOf(all.substr(0, cut)));
    if (number >= files_.size()) return Fail(Code::kCorrupt, fmt::format("no file {}", number));
    ASSAY_ASSIGN(const ByteVector file, ReadFile(files_[number]));
    if (all.substr(cut) != AsText(file))
      return Fail(Code::kCorrupt, files_[number].string() + ": the ledger holds other bytes");
    seen_.insert(number);
    bytes_ += file.size();
    return {};
  }

  Status Finish() const {
    fmt::print("{} of {} files read back, {} bytes\n", seen_.size(), files_.size(), bytes_);
    if (seen_.size() == files_.size()) return {};
    return Fail(Code::kNotFound,
                fmt::format("{} files are not in the ledger", files_.size() - seen_.size()));
  }

 private:
  ledger::Ledger& ledger_;
  std::vector<fs::path> files_;
  std::set<size_t> seen_;
  uint64_t bytes_ = 0;
};

Status Compare(char** argv) {
  const auto tenant = TenantId::Parse(argv[2]);
  if (!tenant) return Fail(Code::kInvalidInput, "TENANT is no GUID");
  ledger::OpenOptions options{.directory = argv[1],
                              .tenant = *tenant,
                              .origin = argv[3],
                              .master_key_file = argv[4],
                              .ledger_key_file = (fs::path(argv[1]) / "ledger.key").string(),
                              .run_lease_holder = {}};
  ASSAY_ASSIGN(const auto ledger, ledger::Ledger::OpenReadOnly(options));
  ASSAY_ASSIGN(auto files, FilesOf(argv[5]));
  Comparison comparison(*ledger, std::move(files));
  ASSAY_ASSIGN(const auto head, ledger->ReadHead());
  Status status;
  ASSAY_TRY(ledger->ReadLines(LeafIndex{0}, LeafIndex{ToNumber(head.size)},
                              [&](LeafIndex, std::string_view line) {
                                status = comparison.Take(line);
                                return status.has_value();
                              }));
  ASSAY_TRY(std::move(status));
  return comparison.Finish();
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const assay::Status compared = assay::Compare(argv);
  if (!compared) fmt::print(stderr, "{}\n", compared.error().ToString());
  return compared ? 0 : 1;
}
