// assay-witness: keeps checkpoints of ledgers on a machine that is not theirs, and cosigns those
// that continue what it has seen.
#include <fmt/format.h>
#include <signal.h>

#include <charconv>
#include <cstdio>

#include "witness/server.h"

namespace assay::witness {
namespace {

constexpr int kOk = 0, kUsageError = 2, kFailed = 10;
constexpr char kUsage[] =
    "usage: assay-witness init DIR NAME           make a key; prints the witness's key\n"
    "       assay-witness key DIR                 print the witness's key\n"
    "       assay-witness serve DIR [HOST:PORT] [--plain-http]\n"
    "                                             serve on it (127.0.0.1:8765)\n"
    "       assay-witness --version\n"
    "It speaks plain HTTP and listens on loopback addresses only: put a proxy with TLS before it.\n"
    "--plain-http allows every other address, for a network that is itself encrypted.\n"
    "Put the verifier key of each ledger that is served into DIR/ledgers, one a line.\n"
    "exit: 0 done, 2 wrong usage, 10 folder or network\n";

int Complain(const Error& error) {
  fmt::print(stderr, "assay-witness: {}\n", error.ToString());
  if (!error.hint.empty()) fmt::print(stderr, "  {}\n", error.hint);
  return error.code == Code::kDenied ? kUsageError : kFailed;
}

std::optional<Address> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  Address out;
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  out.host = text.substr(0, colon);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);  // IPv6
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  return out;
}

int Serve(const std::string& folder, const Address& address) {
  // Blocked before the server's threads begin, so that only sigwait sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto witness = Witness::Open(folder);
  if (!witness) return Complain(witness.error());
  auto server = Server::Start(**witness, address);
  if (!server) return Complain(server.error());
  fmt::print("{}\nlistening on {}:{}\n", (*witness)->cosigner().Encode(), address.host,
             (*server)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return kOk;
}

int PrintKey(const std::string& folder) {
  auto witness = Witness::Open(folder);
  if (!witness) return Complain(witness.error());
  fmt::print("{}\n", (*witness)->cosigner().Encode());
  return kOk;
}

int Run(const std::vector<std::string>& arguments) {
  const std::string verb = arguments.empty() ? "" : arguments[0];
  if (verb == "--help" || verb == "-h") return fmt::print("{}", kUsage), kOk;
  if (verb == "--version") return fmt::print("assay-witness {}\n", ASSAY_VERSION), kOk;
  if (verb == "init" && arguments.size() == 3) {
    if (Status made = Witness::Create(arguments[1], arguments[2]); !made)
      return Complain(made.error());
    return PrintKey(arguments[1]);
  }
  if (verb == "key" && arguments.size() == 2) return PrintKey(arguments[1]);
  if (verb == "serve") {
    const bool plain = arguments.back() == "--plain-http";
    const size_t count = arguments.size() - (plain ? 1 : 0);
    auto address = ParseAddress(count == 3 ? arguments[2] : "127.0.0.1:8765");
    if (address) address->beyond_loopback = plain;
    if (address && (count == 2 || count == 3)) return Serve(arguments[1], *address);
  }
  fmt::print(stderr, "{}", kUsage);
  return kUsageError;
}

}  // namespace
}  // namespace assay::witness

int main(int argc, char** argv) {
  try {
    return assay::witness::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "assay-witness: bug: %s\n", error.what());
    return 1;
  }
}
