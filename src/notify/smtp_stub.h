// A small SMTP server on the loopback for tests: keeps what it is told, and answers a command with
// another reply on demand. No TLS. Included by tests only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace ouro::notify {

class SmtpStub {
 public:
  // `replies`: by the first word of a command ("RCPT", "MAIL", "DATA", "." for the end of a
  // message), the reply instead of the usual one.
  using Replies = std::map<std::string, std::string>;
  explicit SmtpStub(Replies replies = {}) : replies_(std::move(replies)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr* any = reinterpret_cast<sockaddr*>(&address);
    OURO_CHECK(bind(listener_, any, sizeof address) == 0);
    OURO_CHECK(listen(listener_, 8) == 0);
    socklen_t size = sizeof address;
    getsockname(listener_, any, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { Accept(); });
  }
  ~SmtpStub() {
    stop_ = true;
    thread_.join();
    close(listener_);
  }
  SmtpStub(const SmtpStub&) = delete;
  SmtpStub& operator=(const SmtpStub&) = delete;

  int port() const { return port_; }
  // Commands as received, without line ends.
  std::vector<std::string> commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
  }
  // Messages as received, dots unstuffed.
  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  bool Wait(int socket) {
    while (!stop_) {
      pollfd wait = {socket, POLLIN, 0};
      if (poll(&wait, 1, 20) > 0) return true;
    }
    return false;
  }
  void Accept() {
    while (Wait(listener_)) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      Serve(client);
      close(client);
    }
  }
  bool ReadLine(int client, std::string& line) {
    while (true) {
      const size_t end = buffer_.find("\r\n");
      if (end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return true;
      }
      std::array<char, 4096> bytes;
      if (!Wait(client)) return false;
      const ssize_t got = recv(client, bytes.data(), bytes.size(), 0);
      if (got <= 0) return false;
      buffer_.append(bytes.data(), static_cast<size_t>(got));
    }
  }
  static void Reply(int client, const std::string& text) {
    const std::string line = text + "\r\n";
    OURO_CHECK(send(client, line.data(), line.size(), MSG_NOSIGNAL) >= 0);
  }
  std::string ReplyTo(const std::string& word, const std::string& usual) {
    const auto found = replies_.find(word);
    return found == replies_.end() ? usual : found->second;
  }
  void Serve(int client) {
    buffer_.clear();
    Reply(client, "220 stub ESMTP");
    std::string line;
    while (ReadLine(client, line)) {
      {
        const std::lock_guard lock(mutex_);
        commands_.push_back(line);
      }
      const std::string word = line.substr(0, line.find(' '));
      if (word == "QUIT") return Reply(client, "221 bye");
      const std::string reply = ReplyTo(word, word == "DATA" ? "354 go on" : "250 ok");
      Reply(client, reply);
      if (word == "DATA" && StartsWith(reply, "354") && !ReadMessage(client)) return;
    }
  }
  bool ReadMessage(int client) {
    std::string message;
    std::string line;
    while (ReadLine(client, line)) {
      if (line == ".") {
        const std::lock_guard lock(mutex_);
        messages_.push_back(message);
        Reply(client, ReplyTo(".", "250 taken"));
        return true;
      }
      if (StartsWith(line, ".")) line.erase(0, 1);
      message += line + "\r\n";
    }
    return false;
  }

  std::map<std::string, std::string> replies_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> commands_;
  std::vector<std::string> messages_;
  std::string buffer_;
  std::jthread thread_;
};

}  // namespace ouro::notify
