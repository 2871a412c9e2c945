// assay-plugins.lock: what is read back, and what is refused with its place.
#include <random>

#include "config/lock_file.h"
#include "support/matchers.h"

namespace assay::config {
namespace {

using Catch::Matchers::Contains;

const std::string kDigest(64, 'a');

LockEntry Entry(const std::string& id) {
  LockEntry entry;
  entry.id = id;
  entry.version = "0.1.0";
  entry.manifest_sha256 = kDigest;
  entry.files = {{"checks/a.toml", kDigest}, {id + ".so", std::string(64, 'b')}};
  return entry;
}

TEST_CASE("Lock: reads back what it wrote, granted or not, signed or built in") {
  LockEntry granted = Entry("guest-review");
  granted.key = "maria@example+0a1b2c3d+AZ==";
  granted.grant_sha256 = std::string(64, 'c');
  granted.reads = {"GET graph:/v1.0/a?$top=5 permission=X", "GET graph:/v1.0/b"};
  LockEntry nothing = Entry("reads-nothing");
  nothing.grant_sha256 = std::string(64, 'd');
  LockEntry odd = Entry("odd");
  odd.key = "a\"#b\\ \n\xc3\xa9";
  odd.version = "1\"";
  const std::string text = FormatLock({granted, nothing, Entry("new"), odd});
  const auto read = ParseLock(text, "l");
  REQUIRE(read);
  REQUIRE(read->size() == 4);
  CHECK((*read)[3].key == odd.key);
  CHECK((*read)[3].version == odd.version);
  CHECK(FormatLock(*read) == text);
  CHECK((*read)[0].key == granted.key);
  CHECK((*read)[0].reads == granted.reads);
  CHECK((*read)[0].files == granted.files);
  CHECK((*read)[1].grant_sha256 == nothing.grant_sha256);
  CHECK((*read)[1].reads.empty());
  CHECK((*read)[2].grant_sha256.empty());
}

TEST_CASE("Lock: refuses what is not in form, with the place") {
  struct Case {
    const char *from, *to, *words;
  };
  const Case cases[] = {
      {"schema = 1", "schema = 2", "expected schema = 1"},
      {"id = \"x\"", "id = \"../x\"", "l:5:6: id \"../x\": a name has"},
      {"id = \"x\"", "id = 7", "id is missing or no text"},
      {"manifest = \"a", "manifest = \"A", "manifest: expected 64 hexadecimal digits"},
      {"version", "vresion", "unknown key \"vresion\""},
      {"grant", "# grant", "grant is missing"},
      {"reads = [", "# reads = [", "l:"},
      {"GET graph:/v1.0/a", "GET graph:/v1.0/c", "reads are not in order"},
      {"GET graph:/v1.0/a", "GET graph:/v1.0/\\u00e9", "expected a line of a read set"},
      {"GET graph:/v1.0/a", "GET graph:/v1.0/\\n", "expected a line of a read set"},
      {"checks/a.toml", "x.so", "is listed twice"},
      {"[[plugin]]", "[plugin]", "expected [[plugin]]"},
  };
  LockEntry entry = Entry("x");
  entry.grant_sha256 = kDigest;
  entry.reads = {"GET graph:/v1.0/a", "GET graph:/v1.0/b"};
  const std::string whole = FormatLock({entry});
  for (const Case& one : cases) {
    INFO(one.from << " -> " << one.to);
    std::string text = whole;
    const size_t at = text.find(one.from);
    REQUIRE(at != std::string::npos);
    text.replace(at, std::string_view(one.from).size(), one.to);
    CHECK_FAILS(ParseLock(text, "l"), Code::kInvalidInput, one.words);
  }
  const std::string table = whole.substr(whole.find("[[plugin]]"));
  CHECK_FAILS(ParseLock(whole + table, "l"), Code::kInvalidInput, "is locked twice");
}

TEST_CASE("Lock: whatever is changed in it is refused, or read and written the same") {
  LockEntry entry = Entry("x");
  entry.key = "maria+0a1b2c3d+AZ==";
  entry.grant_sha256 = kDigest;
  entry.reads = {"GET graph:/v1.0/a", "GET graph:/v1.0/b"};
  const std::string whole = FormatLock({entry, Entry("y")});
  std::mt19937 chosen(20261121);
  size_t read = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string text = whole;
    for (unsigned n = chosen() % 3 + 1; n > 0; --n) {
      const size_t at = chosen() % text.size();
      if (chosen() % 3 == 0)
        text.erase(at, chosen() % 40);
      else
        text[at] = static_cast<char>(chosen() % 256);
    }
    const auto parsed = ParseLock(text, "l");
    if (!parsed) continue;
    ++read;
    const auto again = ParseLock(FormatLock(*parsed), "l");
    REQUIRE(again);
    CHECK(FormatLock(*again) == FormatLock(*parsed));
  }
  CHECK(read > 0);
}

}  // namespace
}  // namespace assay::config
