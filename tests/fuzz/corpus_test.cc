// Every seed of every fuzzer, once: corpus_test FOLDER... A seed that is not handled ends the
// program by the fuzzer's own assertion; its name stands on the line before.
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "base/files.h"

using Fuzzer = int (*)(const uint8_t*, size_t);
extern "C" {
int Fuzz_url_policy(const uint8_t*, size_t);
int Fuzz_link(const uint8_t*, size_t);
int Fuzz_graph_batch(const uint8_t*, size_t);
int Fuzz_http_answer(const uint8_t*, size_t);
int Fuzz_frames(const uint8_t*, size_t);
int Fuzz_messages(const uint8_t*, size_t);
int Fuzz_manifest(const uint8_t*, size_t);
int Fuzz_config(const uint8_t*, size_t);
int Fuzz_note(const uint8_t*, size_t);
int Fuzz_canonical_json(const uint8_t*, size_t);
int Fuzz_json_value(const uint8_t*, size_t);
int Fuzz_bundle(const uint8_t*, size_t);
int Fuzz_inspect(const uint8_t*, size_t);
int Fuzz_lock_file(const uint8_t*, size_t);
int Fuzz_package_note(const uint8_t*, size_t);
int Fuzz_cost_table(const uint8_t*, size_t);
}

namespace {

const std::map<std::string, Fuzzer> kFuzzers = {
    {"url_policy", Fuzz_url_policy},
    {"link", Fuzz_link},
    {"graph_batch", Fuzz_graph_batch},
    {"http_answer", Fuzz_http_answer},
    {"frames", Fuzz_frames},
    {"messages", Fuzz_messages},
    {"manifest", Fuzz_manifest},
    {"config", Fuzz_config},
    {"note", Fuzz_note},
    {"canonical_json", Fuzz_canonical_json},
    {"json_value", Fuzz_json_value},
    {"bundle", Fuzz_bundle},
    {"inspect", Fuzz_inspect},
    {"lock_file", Fuzz_lock_file},
    {"package_note", Fuzz_package_note},
    {"cost_table", Fuzz_cost_table},
};

/// Seeds that ran; -1 when one could not be read. A folder that is not there has none.
int RunSeeds(const std::filesystem::path& folder, Fuzzer fuzzer) {
  int seeds = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    std::printf("seed %s\n", entry.path().c_str());
    std::fflush(stdout);
    const auto bytes = assay::ReadFile(entry.path(), 1u << 20);
    if (!bytes) return -1;
    fuzzer(bytes->data(), bytes->size());
    ++seeds;
  }
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("usage: corpus_test FOLDER...\n", stderr), 2;
  int passed = 0, failed = 0;
  for (const auto& [name, fuzzer] : kFuzzers) {
    int seeds = 0;
    for (int i = 1; i < argc && seeds >= 0; ++i) {
      const int ran = RunSeeds(std::filesystem::path(argv[i]) / name, fuzzer);
      seeds = ran < 0 ? ran : seeds + ran;
    }
    if (seeds <= 0) std::printf("%s: no seed, or one that cannot be read\n", name.c_str());
    (seeds <= 0 ? failed : passed) += seeds <= 0 ? 1 : seeds;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
