// How fast a person is found: bodies opened and searched in full, in plain bytes a CPU second. Half
// of the bodies have no escapes, half have some. Usage: search_bench [bodies] [records a body].
#include <fmt/format.h>
#include <stdlib.h>

#include <ctime>
#include <filesystem>

#include "assess/subject_search.h"

namespace assay {
namespace {

std::string Record(size_t n, bool escaped) {
  return fmt::format(
      R"({{"id":"{:08x}-0000-4000-8000-{:012x}","displayName":"Person {}","mail":"p{}@contoso.example",)"
      R"("userPrincipalName":"p{}@contoso.example","jobTitle":"{}","accountEnabled":true}})",
      n * 2654435761u & 0xffffffffu, n, n, n, n, escaped ? "R\\u0026D \\/ lab" : "Engineer");
}

Result<uint64_t> Fill(ledger::Ledger& ledger, size_t bodies, size_t records) {
  uint64_t bytes = 0;
  for (size_t body = 0; body < bodies; ++body) {
    std::string text = "{\"method\":\"GET\",\"url\":\"https://graph.example/users\"}\n[";
    std::vector<ledger::RecordRange> marks;
    for (size_t i = 0; i < records; ++i) {
      const std::string record = Record(body * records + i, body % 2 == 1);
      marks.push_back({text.size(), record.size()});
      text += record + ",";
    }
    bytes += text.size();
    ledger::EntryDraft draft{"read", "engine", {{"page", uint64_t{body}}}, {}};
    ASSAY_ASSIGN(draft.body, ledger.PutBody(AsBytes(text), marks));
    ASSAY_TRY(ledger.Append(std::move(draft)).get());
  }
  return bytes;
}

Status Measure(const std::filesystem::path& root, size_t bodies, size_t records) {
  ledger::OpenOptions options{.directory = root / "t",
                              .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                              .origin = "bench.example/t",
                              .master_key_file = (root / "master.key").string(),
                              .ledger_key_file = (root / "ledger.pem").string(),
                              .run_lease_holder = "search_bench"};
  options.create = true;
  ASSAY_ASSIGN(const auto ledger, ledger::Ledger::Open(options));
  ASSAY_ASSIGN(const uint64_t bytes, Fill(*ledger, bodies, records));
  ASSAY_ASSIGN(const auto matcher,
               assess::SubjectMatcher::Make({"p4711@contoso.example", "nobody@contoso.example"}));
  const auto time = [&](const char* what, const auto& work) -> Status {
    // Time of the processor: a busy machine must not count.
    const std::clock_t started = std::clock();
    ASSAY_TRY(work());
    const double s = static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
    fmt::print("{:<20} {:>8.0f} MB a CPU second  ({} bodies, {} MB plain, {:.2f} s)\n", what,
               static_cast<double>(bytes) / 1e6 / s, bodies, bytes / 1000000, s);
    return {};
  };
  for (int round = 0; round < 3; ++round) {
    ASSAY_TRY(time("open only", [&]() -> Status {
      return ledger->VisitBodies([](const ledger::StoredBody&) { return true; });
    }));
    ASSAY_TRY(time("open and search", [&]() -> Status {
      ASSAY_ASSIGN(const assess::SubjectFind found, assess::FindSubject(*ledger, matcher));
      if (found.bodies.size() != 1) return Fail(Code::kCorrupt, "search: found in wrong bodies");
      return {};
    }));
  }
  return {};
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  std::string folder = (std::filesystem::temp_directory_path() / "assay-search-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const size_t bodies = argc > 1 ? std::stoul(argv[1]) : 100;
  const size_t records = argc > 2 ? std::stoul(argv[2]) : 10'000;
  const assay::Status measured = assay::Measure(folder, bodies, records);
  if (!measured) fmt::print(stderr, "{}\n", measured.error().ToString());
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return measured ? 0 : 1;
}
