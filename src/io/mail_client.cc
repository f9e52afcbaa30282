#include "io/mail_client.h"

#include <dlfcn.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::io {
namespace {

// The functions of libcurl that are used.
struct Library {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  bool complete = false;

  static const Library& Get() {
    static const Library kLibrary = Load();
    return kLibrary;
  }

 private:
  template <typename Function>
  bool Find(void* handle, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    return function != nullptr;
  }

  static Library Load() {
    Library found;
    void* handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return found;
    found.complete = found.Find(handle, "curl_global_init", found.global_init) &&
                     found.Find(handle, "curl_easy_init", found.easy_init) &&
                     found.Find(handle, "curl_easy_setopt", found.easy_setopt) &&
                     found.Find(handle, "curl_easy_perform", found.easy_perform) &&
                     found.Find(handle, "curl_easy_getinfo", found.easy_getinfo) &&
                     found.Find(handle, "curl_easy_cleanup", found.easy_cleanup) &&
                     found.Find(handle, "curl_easy_strerror", found.easy_strerror) &&
                     found.Find(handle, "curl_slist_append", found.slist_append) &&
                     found.Find(handle, "curl_slist_free_all", found.slist_free_all) &&
                     found.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return found;
  }
};

struct Upload {
  std::string_view rest;
};

size_t OnRead(char* buffer, size_t size, size_t count, void* user) {
  Upload& upload = *static_cast<Upload*>(user);
  const size_t taken = std::min(size * count, upload.rest.size());
  std::memcpy(buffer, upload.rest.data(), taken);
  upload.rest.remove_prefix(taken);
  return taken;
}

size_t OnWrite(char*, size_t size, size_t count, void*) {
  return size * count;  // the server's words are in the reply code
}

// The handle and its lists, freed together.
class Exchange {
 public:
  explicit Exchange(const Library& library) : curl_(library), easy_(library.easy_init()) {}
  ~Exchange() {
    if (recipients_ != nullptr) curl_.slist_free_all(recipients_);
    if (easy_ != nullptr) curl_.easy_cleanup(easy_);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  bool ready() const { return easy_ != nullptr; }
  void SetUp(const MailRequest& request);
  tl::expected<void, MailFailure> Perform();

 private:
  void Set(CURLoption option, long value) { curl_.easy_setopt(easy_, option, value); }
  void Set(CURLoption option, const std::string& value) {
    curl_.easy_setopt(easy_, option, value.c_str());
  }
  void SetTls(const MailRequest& request);

  const Library& curl_;
  CURL* easy_;
  curl_slist* recipients_ = nullptr;
  Upload upload_;
  std::array<char, CURL_ERROR_SIZE> message_{};
};

void Exchange::SetTls(const MailRequest& request) {
  Set(CURLOPT_USE_SSL,
      request.tls_mode == MailTls::kNone ? long{CURLUSESSL_NONE} : long{CURLUSESSL_ALL});
  Set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!request.tls) return;
  Set(CURLOPT_SSL_VERIFYPEER, request.tls->verify ? 1L : 0L);
  Set(CURLOPT_SSL_VERIFYHOST, request.tls->verify ? 2L : 0L);
  if (!request.tls->ca_file.empty()) {
    Set(CURLOPT_CAINFO, request.tls->ca_file);
    curl_.easy_setopt(easy_, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

void Exchange::SetUp(const MailRequest& request) {
  const std::string host =
      request.host.find(':') == std::string::npos ? request.host : "[" + request.host + "]";
  Set(CURLOPT_URL, fmt::format("{}://{}:{}", request.tls_mode == MailTls::kTls ? "smtps" : "smtp",
                               host, request.port));
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_CONNECTTIMEOUT_MS, long{request.connect_timeout_ms});
  Set(CURLOPT_TIMEOUT_MS, long{request.timeout_ms});
  Set(CURLOPT_PROXY, std::string());  // mail goes through no HTTP proxy
  SetTls(request);
  if (!request.user.empty()) {
    Set(CURLOPT_USERNAME, request.user);
    Set(CURLOPT_PASSWORD, request.password.Reveal());
  }
  Set(CURLOPT_MAIL_FROM, "<" + request.from + ">");
  for (const std::string& recipient : request.recipients) {
    recipients_ = curl_.slist_append(recipients_, ("<" + recipient + ">").c_str());
  }
  curl_.easy_setopt(easy_, CURLOPT_MAIL_RCPT, recipients_);
  upload_.rest = request.message;
  Set(CURLOPT_UPLOAD, 1L);
  curl_.easy_setopt(easy_, CURLOPT_READFUNCTION, &OnRead);
  curl_.easy_setopt(easy_, CURLOPT_READDATA, &upload_);
  curl_.easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &OnWrite);
  curl_.easy_setopt(easy_, CURLOPT_ERRORBUFFER, message_.data());
}

tl::expected<void, MailFailure> Exchange::Perform() {
  const CURLcode code = curl_.easy_perform(easy_);
  if (code == CURLE_OK) return {};
  long reply = 0;
  curl_.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &reply);
  const std::string text =
      Printable(TrimSpace(message_[0] != 0 ? message_.data() : curl_.easy_strerror(code)));
  const auto failure = [&](ErrorCode kind, std::string_view what, bool permanent) {
    return tl::unexpected<MailFailure>(
        MailFailure{Error{kind, fmt::format("{}: {}", what, text), {}}, permanent});
  };
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return failure(ErrorCode::kTimeout, "the mail server does not answer in time", false);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return failure(ErrorCode::kIo, "cannot connect to the mail server", false);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return failure(ErrorCode::kDenied, "the mail server's certificate is not trusted", false);
    case CURLE_USE_SSL_FAILED:
      return failure(ErrorCode::kDenied, "the mail server does not offer TLS", false);
    case CURLE_LOGIN_DENIED:
      return failure(ErrorCode::kDenied, "the mail server refuses the password", false);
    default:
      break;
  }
  const bool permanent = reply >= 500 && reply < 600;
  if (reply >= 400) {
    return failure(ErrorCode::kRemote, fmt::format("the mail server refuses ({})", reply),
                   permanent);
  }
  return failure(ErrorCode::kIo, "the connection to the mail server broke", false);
}

bool HasLineEnd(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0<>", 5)) != std::string_view::npos;
}

tl::unexpected<MailFailure> Wrong(std::string message) {
  return tl::unexpected<MailFailure>(
      MailFailure{Error{ErrorCode::kInvalid, std::move(message), {}}, true});
}

}  // namespace

tl::expected<void, MailFailure> SendMail(const MailRequest& request) {
  bool clean = !HasLineEnd(request.from) && !HasLineEnd(request.host);
  for (const std::string& recipient : request.recipients) clean = clean && !HasLineEnd(recipient);
  if (!clean || request.from.empty() || request.recipients.empty()) {
    return Wrong("a mail needs a sender and recipients, plain addresses without angle brackets");
  }
  if (!request.password.empty() && request.tls_mode == MailTls::kNone) {
    return Wrong("a password is not sent without TLS");
  }
  const Library& library = Library::Get();
  if (!library.complete) {
    return tl::unexpected<MailFailure>(
        MailFailure{Error{ErrorCode::kUnsupported,
                          "libcurl.so.4 is not on this machine; install libcurl 7.88 or newer "
                          "(Debian: libcurl4)",
                          {}},
                    false});
  }
  Exchange exchange(library);
  if (!exchange.ready()) {
    return tl::unexpected<MailFailure>(
        MailFailure{Error{ErrorCode::kLimit, "out of memory", {}}, false});
  }
  exchange.SetUp(request);
  return exchange.Perform();
}

}  // namespace ouro::io
