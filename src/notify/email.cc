// Mail as plain text (RFC 5322, RFC 2045): the body is base64, so that no line is too long and no
// text can end the message.
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "notify/sender.h"

namespace ouro::notify {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kLineBytes = 57;      // 76 characters of base64 (RFC 2045 §6.8)
constexpr size_t kWordBytes = 42;      // of one encoded word: 75 characters (RFC 2047 §2)
constexpr size_t kSubjectBytes = 200;  // what a list of mails can show, generously

// A front part of at most `size` bytes that does not cut a character.
std::string_view Front(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  return text.substr(0, ValidUtf8Prefix(text.substr(0, size)));
}

// Encoded words of RFC 2047, folded.
std::string HeaderText(std::string_view text) {
  bool plain = true;
  for (const char c : text) plain = plain && c >= 0x20 && c < 0x7f;
  if (plain && text.size() <= 60) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::string_view part = Front(text, kWordBytes);
    out += fmt::format("{}=?utf-8?B?{}?=", out.empty() ? "" : "\r\n ", EncodeBase64(part));
    text.remove_prefix(part.size());
  }
  return out;
}

// "Sat, 21 Nov 2026 21:54:03 +0000".
std::string MailDate(UnixSeconds time) {
  static constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                            "Mon", "Tue", "Wed"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int64_t day = time / 86'400;
  const int64_t second = time % 86'400;
  const CivilDate date = CivilFromDays(day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
                     kDays[static_cast<size_t>(day % 7)], date.day,
                     kMonths[static_cast<size_t>(date.month - 1)], date.year, second / 3600,
                     second / 60 % 60, second % 60);
}

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group <<= 8;
      if (i + j < bytes.size()) group |= static_cast<unsigned char>(bytes[i + j]);
    }
    for (size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : kDigits[(group >> (18 - 6 * j)) & 63];
    }
  }
  return out;
}

std::string EmailMessage(const EmailSettings& email, const Letter& letter) {
  std::string out =
      fmt::format("Date: {}\r\nFrom: ouro <{}>\r\nTo: ", MailDate(letter.time), email.from);
  for (size_t i = 0; i < email.to.size(); ++i) {
    out += fmt::format("{}<{}>", i == 0 ? "" : ",\r\n ", email.to[i]);
  }
  const size_t at = email.from.rfind('@');
  const std::string domain = at == std::string::npos ? "localhost" : email.from.substr(at + 1);
  out += fmt::format("\r\nMessage-ID: <{}@{}>\r\n", letter.delivery, domain);
  out += fmt::format("Subject: {}\r\n",
                     HeaderText(Front("[ouro] " + Printable(letter.subject), kSubjectBytes)));
  // Machines must not answer (RFC 3834).
  out +=
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  const std::string text = ReplaceAll(LetterText(letter), "\n", "\r\n");
  for (size_t i = 0; i < text.size(); i += kLineBytes) {
    out += EncodeBase64(std::string_view(text).substr(i, kLineBytes)) + "\r\n";
  }
  return out;
}

SendResult SendEmail(Sender& sender, const Channel& channel, const Letter& letter) {
  const EmailSettings& email = channel.email;
  io::MailRequest request;
  request.host = email.host;
  request.port = email.port;
  request.tls_mode = email.tls;
  request.user = email.user;
  if (!email.user.empty()) {
    auto password = sender.Resolve(email.password);
    if (!password) return tl::unexpected<SendFailure>(std::move(password).error());
    request.password = *std::move(password);
  }
  if (!channel.ca_file.empty()) {
    auto tls = std::make_shared<io::HttpTls>();
    tls->ca_file = channel.ca_file;
    request.tls = std::move(tls);
  }
  request.from = email.from;
  request.recipients = email.to;
  request.message = EmailMessage(email, letter);
  request.timeout_ms = channel.timeout_ms;
  auto sent = io::SendMail(request);
  if (sent) return fmt::format("accepted for {} recipients", email.to.size());
  SendFailure failure;
  failure.error = sent.error().error;
  failure.permanent = sent.error().permanent;
  if (!request.password.empty()) {
    failure.error.message = ReplaceAll(failure.error.message, request.password.Reveal(), "…");
  }
  return tl::unexpected<SendFailure>(std::move(failure));
}

}  // namespace ouro::notify
