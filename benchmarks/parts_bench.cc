// The parts of reading policy states, each done once, alone and as directly as its library allows,
// on the same bytes that a run of assay reads: what the whole path can be measured against.
// Usage: parts_bench PORT TARGET PAGES FOLDER CHECK. PORT and TARGET: where policy_states_server
// answers. CHECK: a file with the SQL of one check. Prints one JSON line, milliseconds for each
// part.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <simdjson.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/row.h"
#include "worker/evaluator.h"
#include "worker/evaluator_judge.h"

using namespace assay;

namespace {

/// The members that the azure-policy collector turns into columns, in the dataset's order.
constexpr const char* kMembers[] = {
    "resourceId",         "policyAssignmentId",     "policyDefinitionReferenceId",
    "policyDefinitionId", "policyDefinitionAction", "resourceType",
    "resourceLocation",   "complianceState"};
constexpr const char* kColumns[] = {"subscription_id", "resource_id",       "assignment_id",
                                    "reference_id",    "definition_id",     "action",
                                    "resource_type",   "resource_location", "compliance_state"};

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

double Seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Spent {
  double wall = 0, cpu = 0;
};

/// Does one part of the work and adds the time that it took.
template <typename Work>
void Time(Spent& spent, const Work& work) {
  const double wall = Seconds(CLOCK_MONOTONIC), cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  work();
  spent.wall += Seconds(CLOCK_MONOTONIC) - wall;
  spent.cpu += Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

/// One kept-alive connection; reads whole answers into one buffer.
class Source {
 public:
  explicit Source(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Die("connect");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Source() { ::close(fd_); }

  std::string_view Read(const std::string& target) {
    const std::string request =
        "POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n";
    if (::send(fd_, request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
      Die("send");
    size_t got = 0, whole = 0, head = 0;
    while (whole == 0 || got < whole) {
      if (buffer_.size() < got + kRoom) buffer_.resize(2 * buffer_.size() + kRoom);
      const ssize_t n = ::recv(fd_, buffer_.data() + got, kRoom - simdjson::SIMDJSON_PADDING, 0);
      if (n <= 0) Die("recv");
      got += static_cast<size_t>(n);
      const std::string_view text(buffer_.data(), got);
      if (whole != 0 || (head = text.find("\r\n\r\n")) == text.npos) continue;
      constexpr std::string_view kLength = "Content-Length: ";
      head += 4;
      whole = head + std::strtoul(text.data() + text.find(kLength) + kLength.size(), nullptr, 10);
    }
    return std::string_view(buffer_).substr(head, whole - head);
  }

 private:
  static constexpr size_t kRoom = 256u << 10;
  int fd_;
  std::string buffer_;
};

class Encryptor {
 public:
  std::string Seal(std::string_view plain) {
    std::string out(plain.size() + 16, '\0');
    const unsigned char key[32] = {1}, nonce[12] = {2};
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    int n = 0;
    EVP_EncryptInit_ex(context_, EVP_aes_256_gcm(), nullptr, key, nonce);
    EVP_EncryptUpdate(context_, to, &n, reinterpret_cast<const unsigned char*>(plain.data()),
                      static_cast<int>(plain.size()));
    EVP_EncryptFinal_ex(context_, to + n, &n);
    EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_GCM_GET_TAG, 16, to + plain.size());
    return out;
  }
  ~Encryptor() { EVP_CIPHER_CTX_free(context_); }

 private:
  EVP_CIPHER_CTX* context_ = EVP_CIPHER_CTX_new();
};

class BlobTable {
 public:
  explicit BlobTable(const std::string& file) {
    if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) Die(file.c_str());
    Execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE body(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT");
    sqlite3_prepare_v2(db_, "INSERT INTO body(bytes) VALUES(?1)", -1, &insert_, nullptr);
  }
  ~BlobTable() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  /// One durable transaction.
  void Insert(std::string_view bytes) {
    sqlite3_bind_blob(insert_, 1, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) Die(sqlite3_errmsg(db_));
    sqlite3_reset(insert_);
  }

 private:
  void Execute(const char* sql) { sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); }
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

using Cells = std::vector<std::string_view>;  // of one page, members one after another

void Parse(simdjson::ondemand::parser& parser, std::string_view page, Cells& cells) {
  cells.clear();
  auto document =
      parser.iterate(page.data(), page.size(), page.size() + simdjson::SIMDJSON_PADDING);
  for (auto state : document["value"].get_array()) {
    const size_t first = cells.size();
    cells.resize(first + std::size(kMembers));
    for (auto field : state.get_object()) {
      const std::string_view key = field.unescaped_key();
      for (size_t m = 0; m < std::size(kMembers); ++m)
        if (key == kMembers[m]) cells[first + m] = field.value().get_string();
    }
  }
}

DatasetSpec PolicyState() {
  DatasetSpec d;
  d.id = "policy_state";
  for (const char* name : kColumns) d.columns.push_back({name, ColumnType::kText, false});
  d.key = {"resource_id", "assignment_id", "reference_id"};
  d.subject = d.label = "resource_id";
  d.subject_type = "resource";
  return d;
}

ipc::Writer Encode(const Cells& cells, uint32_t page) {
  ipc::Writer out;
  for (size_t at = 0; at < cells.size(); at += std::size(kMembers)) {
    out.U32(page).U32(static_cast<uint32_t>(at / std::size(kMembers)));
    out.U8(1).Text("0b5ad0e1-6b1e-4c1f-9a3d-2f6c7d8e9a10");
    for (size_t m = 0; m < std::size(kMembers); ++m)
      out.U8(1).Text(m == 7 ? "noncompliant" : cells[at + m]);
  }
  return out;
}

bool Judge(worker::Evidence& evidence, const std::string& sql) {
  auto database = worker::Database::Open(0, evidence.pools);
  if (!database || !(*database)->AddDataset(*evidence.stores.at("policy_state"))) return false;
  evidence.conditions["policy_state"] = {Completeness::kComplete, Reason::kNone, ""};
  CheckSpec check;
  check.id = "deny";
  check.subject = "policy_state";
  check.reads = {"policy_state"};
  check.sql = sql;
  auto result =
      DecideCheck(**database, evidence, check, {}, [](const Observation&) -> Status { return {}; });
  return result && result->subjects() > 0;
}

int Run(char** argv) {
  const std::string target = argv[2], folder = argv[4];
  const auto pages = static_cast<uint32_t>(std::atoi(argv[3]));
  std::ostringstream sql;
  sql << std::ifstream(argv[5]).rdbuf();
  Source source(static_cast<uint16_t>(std::atoi(argv[1])));
  Encryptor encryptor;
  BlobTable table(folder + "/parts.db");
  simdjson::ondemand::parser parser;
  worker::Evidence evidence;
  auto store = worker::RowStore::Create(PolicyState(), evidence.pools);
  if (!store) return 1;
  std::map<std::string, Spent> spent;
  std::string packed;
  Cells cells;
  size_t bytes = 0;
  std::string sealed;
  bool good = true;
  for (uint32_t page = 0; page < pages; ++page) {
    std::string_view body;
    Time(spent["read"], [&] { body = source.Read(fmt::format("{}&$skiptoken={}", target, page)); });
    bytes += body.size();
    Time(spent["sha256"], [&] {
      unsigned char digest[32];
      EVP_Digest(body.data(), body.size(), digest, nullptr, EVP_sha256(), nullptr);
    });
    Time(spent["zstd"], [&] {
      packed.resize(ZSTD_compressBound(body.size()));
      packed.resize(ZSTD_compress(packed.data(), packed.size(), body.data(), body.size(), 1));
    });
    Time(spent["aes"], [&] { sealed = encryptor.Seal(packed); });
    Time(spent["store"], [&] { table.Insert(sealed); });
    Time(spent["parse"], [&] { Parse(parser, body, cells); });
    const ipc::Writer rows = Encode(cells, page + 1);
    const auto count = static_cast<uint32_t>(cells.size() / std::size(kMembers));
    Time(spent["load"], [&] {
      good = (*store)->Add({0, count, rows.bytes()}).has_value() && good;
    });
  }
  Time(spent["load"], [&] { (*store)->Seal(); });
  evidence.stores["policy_state"] = std::move(*store);
  Time(spent["check"], [&] { good = good && Judge(evidence, sql.str()); });
  if (!good) return 1;
  fmt::print("{{\"bytes\":{}", bytes);
  for (const auto& [part, time] : spent)
    fmt::print(",\"{}\":[{:.4f},{:.4f}]", part, time.wall, time.cpu);
  fmt::print("}}\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6) return Run(argv);
  fmt::print(stderr, "usage: parts_bench PORT TARGET PAGES FOLDER CHECK\n");
  return 2;
}
