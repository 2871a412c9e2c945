// An HTTP proxy on loopback that knows CONNECT only, and keeps everything that it could see.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace assay::test {

class TunnelProxy {
 public:
  /// `answer` is sent to each CONNECT. After one that begins with "HTTP/1.x 2" bytes are carried to
  /// `target_port` on loopback, whatever the request names.
  TunnelProxy(std::string answer, uint16_t target_port)
      : answer_(std::move(answer)), target_port_(target_port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 16);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~TunnelProxy() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }
  TunnelProxy(const TunnelProxy&) = delete;
  TunnelProxy& operator=(const TunnelProxy&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The heads of all CONNECTs.
  std::vector<std::string> Connects() const {
    const std::lock_guard lock(mutex_);
    return connects_;
  }
  /// Every byte that came from the client's side, heads and tunnels.
  std::string Seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  void Accept() {
    while (!stopping_) {
      pollfd poller{listener_, POLLIN, 0};
      if (poll(&poller, 1, 20) <= 0) continue;
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) threads_.emplace_back([this, fd] { Serve(fd); });
    }
  }
  void Serve(int fd) {
    std::string head;
    char byte = 0;
    while (head.find("\r\n\r\n") == head.npos && Ready(fd) && read(fd, &byte, 1) == 1) head += byte;
    Note(head, true);
    if (write(fd, answer_.data(), answer_.size()) > 0 && answer_.substr(9, 1) == "2") Carry(fd);
    close(fd);
  }
  bool Ready(int fd) {
    while (!stopping_) {
      pollfd poller{fd, POLLIN, 0};
      if (poll(&poller, 1, 20) > 0) return true;
    }
    return false;
  }
  void Carry(int client) {
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(target_port_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      while (!stopping_ && Pass(client, server)) {
      }
    close(server);
  }
  bool Pass(int client, int server) {
    pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (poll(both, 2, 20) <= 0) return true;
    char bytes[4096];
    for (int i = 0; i < 2; ++i) {
      if (both[i].revents == 0) continue;
      const ssize_t got = read(both[i].fd, bytes, sizeof bytes);
      if (got <= 0) return false;
      if (i == 0) Note({bytes, static_cast<size_t>(got)}, false);
      if (send(i == 0 ? server : client, bytes, static_cast<size_t>(got), MSG_NOSIGNAL) != got)
        return false;
    }
    return true;
  }
  void Note(const std::string& bytes, bool head) {
    const std::lock_guard lock(mutex_);
    seen_ += bytes;
    if (head) connects_.push_back(bytes);
  }

  const std::string answer_;
  const uint16_t target_port_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> connects_;
  std::string seen_;
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

}  // namespace assay::test
