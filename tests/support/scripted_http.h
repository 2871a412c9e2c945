// A TCP or TLS server on loopback that answers byte for byte what a test says, and keeps what it
// was sent.
#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/test_certificates.h"

namespace assay::test {

/// What the server does with one request.
struct Reply {
  std::string bytes;
  bool close = false;  ///< end the connection after it
  int drip_ms = 0;     ///< pause between single bytes, 0: all at once
  int delay_ms = 0;    ///< pause before the first byte
};

/// "HTTP/1.1 <status> X" with Content-Length, and more fields ("Name: value\r\n") when given.
inline Reply Answer(int status, const std::string& body, const std::string& fields = "") {
  return {"HTTP/1.1 " + std::to_string(status) +
          " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body};
}

class ScriptedServer {
 public:
  using Script = std::function<Reply(const std::string& request)>;

  /// With `identity` it speaks TLS, at most of version `max_tls` (0: any), and answers the first
  /// message of a handshake after `handshake_delay_ms`.
  explicit ScriptedServer(Script script, const Identity* identity = nullptr, int max_tls = 0,
                          int handshake_delay_ms = 0)
      : script_(std::move(script)), handshake_delay_ms_(handshake_delay_ms) {
    if (identity) {
      tls_.reset(SSL_CTX_new(TLS_server_method()));
      SSL_CTX_use_certificate(tls_.get(), identity->certificate.get());
      SSL_CTX_use_PrivateKey(tls_.get(), identity->key.get());
      SSL_CTX_set_max_proto_version(tls_.get(), max_tls);
      if (max_tls) SSL_CTX_set_cipher_list(tls_.get(), "ALL:@SECLEVEL=0");
    }
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 64);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const { return port_; }
  std::string Base(const std::string& host = "127.0.0.1") const {
    return std::string(tls_ ? "https://" : "http://") + host + ":" + std::to_string(port_);
  }
  /// Whole requests, heads and bodies, in order of arrival.
  std::vector<std::string> Requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  size_t connections() const { return connections_; }

 private:
  struct Peer {
    int fd = -1;
    SSL* ssl = nullptr;
    ssize_t Read(char* out, size_t size) {
      return ssl ? SSL_read(ssl, out, static_cast<int>(size)) : read(fd, out, size);
    }
    bool Write(const char* bytes, size_t size) {
      if (size == 0) return true;
      if (ssl) return SSL_write(ssl, bytes, static_cast<int>(size)) > 0;
      while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes += sent;
        size -= static_cast<size_t>(sent);
      }
      return true;
    }
  };

  void Accept() {
    while (!stopping_) {
      pollfd poller{listener_, POLLIN, 0};
      if (poll(&poller, 1, 20) <= 0) continue;
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connections_;
      threads_.emplace_back([this, fd] { Serve(fd); });
    }
  }

  void Serve(int fd) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    const timeval limit{0, 10'000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    Peer peer{fd, nullptr};
    bool ready = true;
    if (tls_) {
      peer.ssl = SSL_new(tls_.get());
      SSL_set_fd(peer.ssl, fd);
      ready = Handshake(peer.ssl);
    }
    while (ready && !stopping_ && ServeOne(peer)) {
    }
    if (peer.ssl) {
      SSL_shutdown(peer.ssl);
      SSL_free(peer.ssl);
    }
    close(fd);
  }

  bool Handshake(SSL* ssl) {
    Pause(handshake_delay_ms_);
    while (!stopping_) {
      const int done = SSL_accept(ssl);
      if (done == 1) return true;
      if (SSL_get_error(ssl, done) != SSL_ERROR_WANT_READ) return false;
    }
    return false;
  }

  bool ReadRequest(Peer& peer, std::string& request) {
    char buffer[4096];
    size_t need = std::string::npos;
    while (!stopping_) {
      if (const size_t end = request.find("\r\n\r\n");
          end != request.npos && need == request.npos) {
        const size_t at = request.find("Content-Length: ");
        need = end + 4 + (at < end ? std::stoul(request.substr(at + 16)) : 0);
      }
      if (request.size() >= need) return true;
      const ssize_t got = peer.Read(buffer, sizeof buffer);
      if (got > 0) {
        request.append(buffer, static_cast<size_t>(got));
      } else if (peer.ssl ? SSL_get_error(peer.ssl, static_cast<int>(got)) != SSL_ERROR_WANT_READ
                          : got == 0 || errno != EAGAIN) {
        return false;
      }
    }
    return false;
  }

  bool ServeOne(Peer& peer) {
    std::string request;
    if (!ReadRequest(peer, request)) return false;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const Reply reply = script_(request);
    Pause(reply.delay_ms);
    if (reply.drip_ms == 0) {
      if (!peer.Write(reply.bytes.data(), reply.bytes.size())) return false;
    } else {
      for (const char c : reply.bytes) {
        if (stopping_ || !peer.Write(&c, 1)) return false;
        Pause(reply.drip_ms);
      }
    }
    return !reply.close;
  }

  void Pause(int ms) const {
    for (int left = ms; left > 0 && !stopping_; left -= 20)
      std::this_thread::sleep_for(std::chrono::milliseconds(std::min(left, 20)));
  }

  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  Script script_;
  const int handshake_delay_ms_;
  std::unique_ptr<SSL_CTX, FreeContext> tls_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<size_t> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace assay::test
