// Readers of the cost collector against what services, people and attackers write: CSV, gzip,
// listings, numbers, times, manifests.
#include <zlib.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "csv.h"
#include "exact_sum.h"
#include "export_manifest.h"
#include "focus.h"
#include "gunzip.h"
#include "listing.h"

namespace assay::cost {
namespace {

using Table = std::vector<std::vector<std::string>>;

struct Parsed {
  Table rows;
  std::string fault;
};

/// Reads `text` in pieces of `size` bytes.
Parsed Parse(std::string_view text, size_t size) {
  Parsed out;
  CsvReader reader([&](const CsvRecord& record) {
    std::string scratch;
    auto& row = out.rows.emplace_back();
    for (size_t i = 0; i < record.size(); ++i) row.emplace_back(record.Text(i, scratch));
  });
  bool good = true;
  for (size_t at = 0; good && at < text.size(); at += size)
    good = reader.Feed(text.substr(at, size));
  if (good) reader.End();
  out.fault = reader.fault();
  return out;
}

std::string Zip(std::string_view text, int level = 6) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

struct Unzipped {
  std::string text, fault;
  bool good = false;
};

Unzipped Unzip(std::string_view bytes, size_t size, size_t most = SIZE_MAX) {
  Unzipped out;
  Gunzip gunzip([&](std::string_view piece) {
    out.text.append(piece);
    return out.text.size() <= most;
  });
  out.good = true;
  for (size_t at = 0; out.good && at < bytes.size(); at += size)
    out.good = gunzip.Feed(bytes.substr(at, size));
  out.good = out.good && gunzip.End();
  out.fault = gunzip.fault();
  return out;
}

TEST_CASE("Csv: reads the same rows whatever pieces they come in") {
  const std::string text =
      "\xef\xbb\xbf"
      "a,\"b\"\"c\",\r\n\"x\r\ny, z\",,1\n\n\"\",\"q\",\"\"\"\"\r\nlast,2,3";
  const Table want = {
      {"a", "b\"c", ""}, {"x\r\ny, z", "", "1"}, {"", "q", "\""}, {"last", "2", "3"}};
  for (const size_t size : {1u, 2u, 3u, 5u, 7u, 64u, 1000u}) {
    CAPTURE(size);
    const Parsed got = Parse(text, size);
    CHECK(got.fault.empty());
    CHECK(got.rows == want);
  }
}

TEST_CASE("Csv: keeps quotes that do not begin a cell, and ends a lone CR") {
  CHECK(Parse("a b\"c,d\re,f", 4).rows == Table{{"a b\"c", "d"}, {"e", "f"}});
  CHECK(Parse("", 1).rows.empty());
  CHECK(Parse("\"\"", 1).rows == Table{{""}});
  CHECK(Parse("\n\n\r\n", 1).rows.empty());
}

TEST_CASE("Csv: refuses what would move cells, naming the record") {
  CHECK(Parse("a,b\n\"x\" y,2\n", 3).fault == "record 2: text stands behind a closing quote");
  CHECK(Parse("a\n\"x", 1).fault == "record 2: a quoted cell is not closed");
  CHECK(Parse("a\n\"x\"\"", 2).fault == "record 2: a quoted cell is not closed");
  CHECK(Parse("\"" + std::string(2u << 20, 'x'), 64u << 10).fault.find("is a quote missing?") !=
        std::string::npos);
  CHECK(Parse(std::string(3u << 20, 'x'), 64u << 10).fault.find("longer than 1 MiB") !=
        std::string::npos);
  CHECK(Parse(std::string(5000, ','), 100).fault.find("1024 cells") != std::string::npos);
  CHECK(Parse("h\n\"" + std::string((1u << 20) + 9, 'x') + "\"\n", 8u << 20).fault ==
        "record 2: longer than 1 MiB; is a quote missing?");
}

TEST_CASE("Gunzip: takes members one behind the other, in any pieces") {
  const std::string text = "first\n", more(100'000, 'y');
  const std::string bytes = Zip(text) + Zip(more) + Zip("");
  for (const size_t size : {1u, 7u, 100u, 1u << 20}) {
    CAPTURE(size);
    const Unzipped got = Unzip(bytes, size);
    CHECK(got.good);
    CHECK(got.text == text + more);
  }
}

TEST_CASE("Gunzip: says what is wrong with a file that is cut, damaged or none") {
  std::string bytes = Zip(std::string(5000, 'a') + "b");
  CHECK(Unzip(bytes.substr(0, bytes.size() - 1), 9).fault == "gzip: the file ends too early");
  CHECK(Unzip(bytes + "rest", 1000).fault == "gzip: the data is damaged");
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);  // its CRC
  CHECK(Unzip(bytes, 1000).fault == "gzip: the data is damaged");
  CHECK(Unzip("\x1f\x8b nonsense, nonsense", 5).fault == "gzip: the data is damaged");
  CHECK(Unzip("", 1).fault == "gzip: the file ends too early");
}

TEST_CASE("Gunzip: a small file does not become a large one") {
  const std::string bomb = Zip(std::string(64u << 20, '\0'), 9);
  REQUIRE(bomb.size() < 100'000);
  const Unzipped got = Unzip(bomb, 1000);
  CHECK(got.fault == "gzip: it unpacks to more than 400 times its size");
  CHECK(got.text.size() <= (17u << 20) + (1u << 20));
  const Unzipped stopped = Unzip(bomb, 1000, 1000);
  CHECK_FALSE(stopped.good);
  CHECK(stopped.fault.empty());
}

std::string Sum(const std::vector<std::string>& texts) {
  ExactSum sum;
  for (const std::string& text : texts) {
    Amount amount;
    CAPTURE(text);
    REQUIRE(Amount::Parse(text, amount));
    sum.Add(amount);
  }
  return sum.Text();
}

TEST_CASE("ExactSum: adds without rounding") {
  CHECK(Sum({}) == "0");
  CHECK(Sum({"0.1", "0.2"}) == "0.3");
  CHECK(Sum({"-0.00", "0"}) == "0");
  CHECK(Sum({"1", "-1.000000000000000000000000000001"}) == "-0.000000000000000000000000000001");
  CHECK(Sum({"999999999999999999.999999999999999999", "0.000000000000000001"}) ==
        "1000000000000000000");
  CHECK(Sum({"1.5E-05", "2e3", "+3", ".5", "7."}) == "2010.500015");
  CHECK(Sum({"123456789012345678901234567890123456", "-1"}) ==
        "123456789012345678901234567890123455");
  CHECK(Sum({"-5.25", "5"}) == "-0.25");
}

TEST_CASE("ExactSum: what is no number, or too long, is none") {
  for (const char* bad : {"", "-", ".", "1,5", "$1", "1e", "1e1000", "0x1", "1.2.3", " 1", "1 ",
                          "NaN", "1e40", "1e-60", "--1", "1-"}) {
    CAPTURE(bad);
    Amount amount;
    CHECK_FALSE(Amount::Parse(bad, amount));
  }
}

TEST_CASE("Focus: times are RFC 3339 in UTC, or nothing") {
  CHECK(NormalTime("2026-11-01") == "2026-11-01T00:00:00Z");
  CHECK(NormalTime("2026-11-01 05:06") == "2026-11-01T05:06:00Z");
  CHECK(NormalTime("2026-11-01T05:06:07.123Z") == "2026-11-01T05:06:07Z");
  CHECK(NormalTime("2026-11-01T00:30:00+01:00") == "2026-10-31T23:30:00Z");
  for (const char* bad : {"", "4/1/25", "2026-13-01", "2026-02-30", "2026-11-01T25:00:00",
                          "2026-11-01T05:06:07.Z", "2026-11-01X05:06", "20261101", "now"}) {
    CAPTURE(bad);
    CHECK(NormalTime(bad).empty());
  }
}

Focus Add(std::string_view csv, FileFacts& facts, std::string& fault) {
  Focus focus;
  FocusFile file(focus);
  CsvReader reader([&](const CsvRecord& record) { file.Take(record, 7); });
  REQUIRE(reader.Feed(csv));
  REQUIRE(reader.End());
  facts = file.facts();
  fault = file.fault();
  return focus;
}

TEST_CASE("Focus: finds columns by name in any order and adds up by group") {
  FileFacts facts;
  std::string fault;
  const Focus focus =
      Add("EffectiveCost,x_Other,SubAccountId,\"BilledCost\",ChargePeriodStart,ChargeCategory,Tags,"
          "BillingCurrency\n"
          "1.10,z,/subscriptions/"
          "ABC,0,2026-06-01,Usage,\"{\"\"Team\"\":\"\"a\"\",\"\"team\"\":\"\"b\"\"}\",EUR\n"
          "2.05,z,/Subscriptions/abc,1,2026-06-01T00:00:00Z,Usage,\"{\"\"TEAM\"\":\"\"\"\"}\",EUR\n"
          "4,z,,NULL,2026-06-02,Purchase,\"{\"\"team\"\":\"\"a\"\"}\",EUR\n",
          facts, fault);
  CHECK(fault.empty());
  CHECK(facts.rows == 3);
  CHECK(facts.unreadable == 0);
  CHECK(facts.without_billed_cost == 1);
  REQUIRE(focus.groups().size() == 2);
  CHECK(focus.groups()[0].rows == 2);
  CHECK(focus.groups()[0].sum[1].Text() == "3.15");
  CHECK(focus.groups()[0].page == 7);
  REQUIRE(focus.days().size() == 2);
  CHECK(focus.days()[0].key ==
        std::array<std::string, 3>{"/subscriptions/abc", "2026-06-01", "EUR"});
  REQUIRE(focus.tags().size() == 1);  // a name twice in a cell counts once, purchases do not count
  CHECK(focus.tags()[0].key[0] == "team");
  CHECK(focus.tags()[0].sum[0].Text() == "1.1");
}

TEST_CASE("Focus: counts what cannot be read and goes on") {
  FileFacts facts;
  std::string fault;
  const Focus focus =
      Add("BilledCost,EffectiveCost,ChargeCategory,Tags,ChargePeriodEnd\n"
          "\"$10,000.00 \",1,Usage,not json,4/1/25\n2,3,Bonus,,2026-06-01\n",
          facts, fault);
  CHECK(facts.unreadable == 3);
  CHECK(facts.first_unreadable == "ChargePeriodEnd of row 1 cannot be read");
  CHECK(facts.other_category == 1);
  CHECK(facts.without_currency == 2);
  CHECK(facts.last_period_end == "2026-06-01T00:00:00Z");
  CHECK(focus.groups()[0].sum[1].Text() == "1");
}

TEST_CASE("Focus: a table without costs, or with cells that moved, is refused") {
  FileFacts facts;
  std::string fault;
  Add("billedcost,EffectiveCost\n1,2\n", facts, fault);
  CHECK(fault == "its header has no column BilledCost");
  Add("BilledCost,EffectiveCost\n1,2\n1\n5,6\n", facts, fault);
  CHECK(fault == "row 2 has 1 cells, the header 2");
  CHECK(facts.rows == 1);
}

TEST_CASE("Listing: reads names, sizes and the marker as List Blobs writes them") {
  const std::string xml =
      "\xef\xbb\xbf<?xml version=\"1.0\"?><EnumerationResults ContainerName=\"c\"><Blobs>"
      "<Blob><Name>a &amp; b&#47;c.csv</Name><Properties><Last-Modified>Sun, 06 Nov 1994 08:49:37 "
      "GMT</Last-Modified><Content-Length>12</Content-Length></Properties><OrMetadata /></Blob>"
      "<BlobPrefix><Name>folder/</Name></BlobPrefix>"
      "</Blobs><NextMarker>2!x&amp;</NextMarker></EnumerationResults>";
  const Listing got = ReadListing(xml);
  CHECK(got.fault.empty());
  REQUIRE(got.files.size() == 1);
  CHECK(got.files[0].name == "a & b/c.csv");
  CHECK(got.files[0].bytes == 12);
  CHECK(got.files[0].modified == 784'111'777);
  CHECK(xml.substr(got.marker_offset, got.marker_length) == "<NextMarker>2!x&amp;</NextMarker>");
}

TEST_CASE("Listing: what is no listing has a fault, and keeps what came before") {
  for (const char* bad :
       {"", "{}", "<a>", "<a></b>", "<a/><b/>", "<!DOCTYPE x><a/>", "<a><Blob></Blob></a>",
        "<a><Blobs><Blob><Name>x</Name><Properties><Content-Length>-1</Content-Length>"
        "</Properties></Blob></Blobs></a>",
        "<a><Blobs><Blob><Name>&evil;</Name></Blob></Blobs></a>",
        "<a><Blobs><Blob><Name Encoded=\"true\">%00</Name></Blob></Blobs></a>", "<a", "<>",
        "x<a/>y"}) {
    CAPTURE(bad);
    CHECK_FALSE(ReadListing(bad).fault.empty());
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  CHECK(ReadListing(deep).fault.find("too deep") != std::string::npos);
  const Listing cut = ReadListing("<a><Blobs><Blob><Name>x</Name></Blob><Blob><Na");
  CHECK_FALSE(cut.fault.empty());
  CHECK(cut.files.size() == 1);
  CHECK(ReadListing("<a><Blobs/><NextMarker/></a>").fault.empty());
}

TEST_CASE("Manifests: the newest run of each period, and the newest periods only") {
  const std::string june = "root/daily/20260601-20260630/", may = "root/daily/20260501-20260531/";
  const std::vector<ListedFile> files = {{june + "202606150500/r2/manifest.json", 9, 5},
                                         {june + "202606140500/r1/manifest.json", 9, 9},
                                         {may + "r0/manifest.json", 9, 1},
                                         {may + "r9/manifest.json", 9, 3},
                                         {"other/manifest.json", 9, 0},
                                         {june + "202606150500/r2/part.csv", 9, 0}};
  std::vector<std::string> names;
  for (const ListedFile& file : NewestManifests(files, 13)) names.push_back(file.name);
  CHECK(names == std::vector<std::string>{"other/manifest.json", may + "r9/manifest.json",
                                          june + "202606150500/r2/manifest.json"});
  names.clear();
  for (const ListedFile& file : NewestManifests(files, 1)) names.push_back(file.name);
  CHECK(names ==
        std::vector<std::string>{"other/manifest.json", june + "202606150500/r2/manifest.json"});
}

std::optional<ExportManifest> Manifest(std::string json) {
  const size_t length = json.size();
  json.append(64, '\0');
  return ParseExportManifest(std::string_view(json).substr(0, length));
}

TEST_CASE("Manifests: numbers may be texts; what names no files is none") {
  const auto got =
      Manifest(R"({"dataRowCount":"12","blobCount":1,"exportConfig":{"type":"FocusCost"},
      "blobs":[{"blobName":"a/b.csv","byteCount":7}]})");
  REQUIRE(got);
  CHECK(got->rows == 12u);
  CHECK(got->type == "FocusCost");
  REQUIRE(got->blobs.size() == 1);
  CHECK(got->blobs[0].bytes == 7u);
  CHECK_FALSE(got->blobs[0].rows);
  for (const char* bad :
       {"", "[]", "{}", "{\"blobs\":{}}", "{\"blobs\":[{}]}", "{\"blobs\":[1]}"}) {
    CAPTURE(bad);
    CHECK_FALSE(Manifest(bad));
  }
}

}  // namespace
}  // namespace assay::cost
