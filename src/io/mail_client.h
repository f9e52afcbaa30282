// Sending mail by SMTP (RFC 5321): libcurl behind Result, loaded on first use as in http_client.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/http_client.h"

namespace ouro::io {

enum class MailTls : unsigned char {
  kStartTls,  // begins in the clear and must turn to TLS before anything is said (RFC 3207)
  kTls,       // TLS from the first byte (RFC 8314), usually port 465
  kNone,      // in the clear; no password is sent then
};

struct MailRequest {
  std::string host;  // name or address
  int port = 587;
  MailTls tls_mode = MailTls::kStartTls;
  std::shared_ptr<const HttpTls> tls;  // whom to trust; nullptr: the authorities of this machine
  std::string user;                    // empty: no authentication
  Secret password;
  std::string from;                     // addresses without angle brackets
  std::vector<std::string> recipients;  // at least one
  std::string message;                  // header and body (RFC 5322), lines end with CRLF
  int connect_timeout_ms = 15'000;
  int timeout_ms = 60'000;  // whole exchange
};

// `permanent`: the server refused for good (a 5xx reply), or we asked wrongly; trying again is no
// use. Codes as in http_client.h; kRemote for a refusal, with the server's code in the message.
struct MailFailure {
  Error error;
  bool permanent = false;
};

// Hands the message over for all recipients, or for none where one of them is refused. Blocks up to
// the timeout.
tl::expected<void, MailFailure> SendMail(const MailRequest& request);

}  // namespace ouro::io
