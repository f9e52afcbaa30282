// A small HTTP/1.1 server on the loopback for tests: one thread a connection, one answer function,
// faults on demand. Included by tests only.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace ouro::io {

struct StubRequest {
  std::string method;
  std::string path;                            // without the query
  std::map<std::string, std::string> query;    // decoded
  std::map<std::string, std::string> headers;  // names in lower case; repeated ones joined by ", "
  std::string body;
};

struct StubAnswer {
  int status = 200;
  std::vector<std::string> headers;  // "Name: value", besides Content-Length
  std::string body;
  // Chunked, these pieces one after the other with pauses between; `body` is not used.
  std::vector<std::string> pieces;
  int pause_ms = 0;
  bool stall = false;      // after all pieces: keep the connection open and send nothing
  bool cut = false;        // close the connection before all is sent
  bool no_answer = false;  // read the request and close
};

class StubServer {
 public:
  using Handler = std::function<StubAnswer(const StubRequest&)>;

  // Listens on a free port of 127.0.0.1, or on `port`.
  explicit StubServer(Handler handler, int port = 0);
  ~StubServer();
  StubServer(const StubServer&) = delete;
  StubServer& operator=(const StubServer&) = delete;

  std::string url() const;
  int port() const { return port_; }
  // What was asked so far.
  std::vector<StubRequest> requests() const;
  int connection_count() const { return connection_count_.load(); }

 private:
  void Accept();
  void Serve(int socket);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connection_count_ = 0;
  mutable std::mutex mutex_;
  std::vector<StubRequest> requests_;
  std::vector<std::jthread> connections_;
  std::jthread thread_;
};

namespace stub {

inline std::string Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

inline void ParseTarget(std::string_view target, StubRequest& request) {
  const size_t mark = target.find('?');
  request.path = Decode(target.substr(0, mark));
  if (mark == std::string_view::npos) return;
  for (const std::string_view part : SplitText(target.substr(mark + 1), '&')) {
    const size_t equals = std::min(part.find('='), part.size());
    request.query[Decode(part.substr(0, equals))] =
        Decode(part.substr(std::min(equals + 1, part.size())));
  }
}

inline void ParseHead(std::string_view head, StubRequest& request) {
  const std::vector<std::string_view> lines = SplitText(head, '\n');
  const std::vector<std::string_view> words = SplitText(TrimSpace(lines[0]), ' ');
  request.method = words[0];
  ParseTarget(words.size() > 1 ? words[1] : "/", request);
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::string_view line = TrimSpace(lines[i]);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string& value = request.headers[LowerAscii(line.substr(0, colon))];
    if (!value.empty()) value += ", ";
    value += TrimSpace(line.substr(colon + 1));
  }
}

inline bool SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// True when bytes are there; false when the peer has gone or the server stops.
inline bool WaitReadable(int socket, const std::atomic<bool>& stop) {
  while (!stop) {
    pollfd wait = {socket, POLLIN, 0};
    if (poll(&wait, 1, 20) > 0) return true;
  }
  return false;
}

inline std::optional<StubRequest> ReadRequest(int socket, std::string& buffer,
                                              const std::atomic<bool>& stop) {
  StubRequest request;
  size_t head_end = std::string::npos;
  size_t body_size = 0;
  while (true) {
    if (head_end == std::string::npos) {
      head_end = buffer.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        ParseHead(std::string_view(buffer).substr(0, head_end), request);
        body_size = static_cast<size_t>(ParseInt64(request.headers["content-length"]).value_or(0));
      }
    }
    if (head_end != std::string::npos && buffer.size() >= head_end + 4 + body_size) break;
    std::array<char, 65536> bytes;
    if (!WaitReadable(socket, stop)) return std::nullopt;
    const ssize_t got = recv(socket, bytes.data(), bytes.size(), 0);
    if (got <= 0) return std::nullopt;
    buffer.append(bytes.data(), static_cast<size_t>(got));
  }
  request.body = buffer.substr(head_end + 4, body_size);
  buffer.erase(0, head_end + 4 + body_size);
  return request;
}

// Sleeps in short steps; false when the server stops.
inline bool Pause(int ms, const std::atomic<bool>& stop) {
  for (; ms > 0 && !stop; ms -= 5) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return !stop;
}

// False: the connection is to be closed.
inline bool SendAnswer(int socket, const StubAnswer& answer, const std::atomic<bool>& stop) {
  if (answer.no_answer) return false;
  std::string head = fmt::format("HTTP/1.1 {} Stub\r\n", answer.status);
  for (const std::string& header : answer.headers) head += header + "\r\n";
  if (answer.pieces.empty() && !answer.stall) {
    const std::string_view body = answer.body;
    head += fmt::format("Content-Length: {}\r\n\r\n", body.size());
    if (!SendAll(socket, head)) return false;
    const std::string_view sent = answer.cut ? body.substr(0, body.size() / 2) : body;
    return SendAll(socket, sent) && !answer.cut;
  }
  if (!SendAll(socket, head + "Transfer-Encoding: chunked\r\n\r\n")) return false;
  for (const std::string& piece : answer.pieces) {
    if (!SendAll(socket, fmt::format("{:x}\r\n{}\r\n", piece.size(), piece))) return false;
    if (!Pause(answer.pause_ms, stop)) return false;
  }
  if (answer.cut) return false;
  if (answer.stall) {
    WaitReadable(socket, stop);  // until the client goes
    return false;
  }
  return SendAll(socket, "0\r\n\r\n");
}

inline uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

inline void AppendLittle(std::string& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 255));
}

}  // namespace stub

inline StubServer::StubServer(Handler handler, int port) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  sockaddr* any = reinterpret_cast<sockaddr*>(&address);
  OURO_CHECK(bind(listener_, any, sizeof address) == 0);
  OURO_CHECK(listen(listener_, 64) == 0);
  socklen_t size = sizeof address;
  getsockname(listener_, any, &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this] { Accept(); });
}

inline StubServer::~StubServer() {
  stop_ = true;
  thread_.join();
  connections_.clear();
  close(listener_);
}

inline std::string StubServer::url() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

inline std::vector<StubRequest> StubServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

inline void StubServer::Accept() {
  while (stub::WaitReadable(listener_, stop_)) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    ++connection_count_;
    connections_.emplace_back([this, socket] { Serve(socket); });
  }
}

inline void StubServer::Serve(int socket) {
  std::string buffer;
  while (const auto request = stub::ReadRequest(socket, buffer, stop_)) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    if (!stub::SendAnswer(socket, handler_(*request), stop_)) break;
  }
  close(socket);
}

// Packs as gzip does, for a body with "Content-Encoding: gzip". Stored blocks: no compression.
inline std::string StubGzip(std::string_view bytes) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  size_t at = 0;
  do {
    const size_t count = std::min<size_t>(bytes.size() - at, 65535);
    out.push_back(at + count == bytes.size() ? 1 : 0);
    stub::AppendLittle(out, static_cast<uint32_t>(count), 2);
    stub::AppendLittle(out, static_cast<uint32_t>(~count), 2);
    out.append(bytes.substr(at, count));
    at += count;
  } while (at < bytes.size());
  stub::AppendLittle(out, stub::Crc32(bytes), 4);
  stub::AppendLittle(out, static_cast<uint32_t>(bytes.size()), 4);
  return out;
}

}  // namespace ouro::io
