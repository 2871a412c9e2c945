// Folders of cost exports: what is shown, and what cannot be reached.
#include "broker/export_folder.h"

#include <sys/stat.h>

#include <fstream>

#include "base/text.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::broker {
namespace {

namespace fs = std::filesystem;

/// A folder of exports that is removed with the test.
class Exports {
 public:
  Exports() : root_(testing::MakeTempFolder()) { fs::create_directories(root() / "in"); }
  ~Exports() { fs::remove_all(root_); }
  fs::path root() const { return root_; }
  fs::path in() const { return root_ / "in"; }
  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories((in() / name).parent_path());
    std::ofstream(in() / name, std::ios::binary) << text;
  }

 private:
  fs::path root_;
};

std::vector<std::string> Names(const std::vector<ExportFile>& files) {
  std::vector<std::string> out;
  for (const ExportFile& file : files) out.push_back(file.name);
  return out;
}

std::string Text(const ExportRange& range) { return std::string(AsText(range.bytes)); }

TEST_CASE("Exports: lists what fits the pattern, in every folder below, by name", "[CM-10]") {
  const Exports exports;
  exports.Write("b/20261101-20261130/part_1.csv.gz", "x");
  exports.Write("a/manifest.json", "{}");
  exports.Write("a/notes.txt", "");
  exports.Write("top.csv.gz", "12345");
  REQUIRE_OK_AND_ASSIGN(const ExportFolder folder, ExportFolder::Open(exports.in() / "*.csv.gz"));
  REQUIRE_OK_AND_ASSIGN(const auto files, folder.List());
  CHECK(Names(files) == std::vector<std::string>{
                            "a/manifest.json", "b/20261101-20261130/part_1.csv.gz", "top.csv.gz"});
  CHECK(files.back().bytes == 5);
  REQUIRE_OK_AND_ASSIGN(const ExportFolder all, ExportFolder::Open(exports.in()));
  REQUIRE_OK_AND_ASSIGN(const auto every, all.List());
  CHECK(every.size() == 4);
}

TEST_CASE("Exports: reads a file in ranges, each with the size of the whole") {
  const Exports exports;
  exports.Write("a.csv", "0123456789");
  REQUIRE_OK_AND_ASSIGN(const ExportFolder folder, ExportFolder::Open(exports.in()));
  REQUIRE_OK_AND_ASSIGN(const ExportRange first, folder.Read("a.csv", 0, 4, ""));
  CHECK(Text(first) == "0123");
  CHECK(first.total == 10);
  REQUIRE_OK_AND_ASSIGN(const ExportRange last, folder.Read("a.csv", 8, 4, first.version));
  CHECK(Text(last) == "89");
  REQUIRE_OK_AND_ASSIGN(const ExportRange beyond, folder.Read("a.csv", 99, 4, first.version));
  CHECK(Text(beyond).empty());
}

TEST_CASE("Exports: a file that changed between two ranges is not one file") {
  const Exports exports;
  exports.Write("a.csv", "0123456789");
  REQUIRE_OK_AND_ASSIGN(const ExportFolder folder, ExportFolder::Open(exports.in()));
  REQUIRE_OK_AND_ASSIGN(const ExportRange first, folder.Read("a.csv", 0, 4, ""));
  exports.Write("a.csv", "9876543210+");
  CHECK_FAILS(folder.Read("a.csv", 4, 4, first.version), Code::kUnavailable,
              "changed while it was read");
}

TEST_CASE("Exports: no name leaves the folder", "[CM-10]") {
  const Exports exports;
  exports.Write("a/x.csv", "x");
  std::ofstream(exports.root() / "secret.csv") << "secret";
  REQUIRE_OK_AND_ASSIGN(const ExportFolder folder, ExportFolder::Open(exports.in() / "*.csv"));
  for (const char* name : {"../secret.csv", "a/../../secret.csv", "/etc/hostname", "", ".", "..",
                           "a/", "a//x.csv", "./a/x.csv", "a/x.txt", "a"}) {
    CAPTURE(name);
    CHECK_FAILS(folder.Read(name, 0, 4, ""), Code::kDenied, "not a name of this source");
  }
  CHECK_FAILS(folder.Read(std::string_view("a/x.csv\0y", 9), 0, 4, ""), Code::kDenied,
              "not a name");
  CHECK_FAILS(folder.Read("a/y.csv", 0, 4, ""), Code::kNotFound, "\"a/y.csv\"");
}

TEST_CASE("Exports: a symbolic link is refused wherever it points", "[CM-10]") {
  const Exports exports;
  exports.Write("a/x.csv", "x");
  std::ofstream(exports.root() / "secret.csv") << "secret";
  fs::create_symlink("../secret.csv", exports.in() / "leaving.csv");
  fs::create_symlink("a", exports.in() / "inside");
  REQUIRE_OK_AND_ASSIGN(const ExportFolder folder, ExportFolder::Open(exports.in() / "*.csv"));
  CHECK_FAILS(folder.Read("leaving.csv", 0, 4, ""), Code::kDenied, "is a symbolic link");
  CHECK_FAILS(folder.Read("inside/x.csv", 0, 4, ""), Code::kDenied, "is a symbolic link");
  CHECK_FAILS(folder.List(), Code::kDenied, "\"leaving.csv\"");
}

TEST_CASE("Exports: what is no regular file is not read, and does not hold the run up") {
  const Exports exports;
  REQUIRE(mkfifo((exports.in() / "pipe.csv").c_str(), 0600) == 0);
  REQUIRE_OK_AND_ASSIGN(const ExportFolder folder, ExportFolder::Open(exports.in()));
  CHECK_FAILS(folder.Read("pipe.csv", 0, 4, ""), Code::kDenied, "not a regular file");
  REQUIRE_OK_AND_ASSIGN(const auto files, folder.List());
  CHECK(files.empty());
}

TEST_CASE("Exports: folders that nest without end are refused") {
  const Exports exports;
  std::string deep;
  for (int i = 0; i < 18; ++i) deep += "d/";
  exports.Write(deep + "x.csv", "x");
  REQUIRE_OK_AND_ASSIGN(const ExportFolder folder, ExportFolder::Open(exports.in()));
  CHECK_FAILS(folder.List(), Code::kLimitExceeded, "16 folders deep");
}

TEST_CASE("Exports: a folder that is not there is named") {
  CHECK_FAILS(ExportFolder::Open("/nonexistent/exports/*.csv"), Code::kNotFound,
              "\"/nonexistent/exports\"");
}

TEST_CASE("Exports: the listing is that of List Blobs, and names cannot break out of it") {
  const std::string xml = FormatListing({{"a/<b>&.csv", 7, FromUnixMs(784'111'777'000)}});
  CHECK(xml ==
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs><Blob>"
        "<Name>a/&lt;b&gt;&amp;.csv</Name><Properties>"
        "<Last-Modified>Sun, 06 Nov 1994 08:49:37 GMT</Last-Modified>"
        "<Content-Length>7</Content-Length></Properties></Blob></Blobs><NextMarker />"
        "</EnumerationResults>");
}

}  // namespace
}  // namespace assay::broker
