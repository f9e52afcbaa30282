#include "serve/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <string_view>

#include <fmt/format.h>

#include "base/limits.h"

namespace ouro::serve {
namespace {

// RFC 7301, section 3.1: a length before each name.
constexpr std::string_view kProtocols = "\x08http/1.1";

std::string LastTlsError() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "unknown error" : reason;
  ERR_clear_error();
  return text;
}

tl::unexpected<Error> Refuse(const std::string& file, std::string_view what) {
  return Fail(ErrorCode::kInvalid, fmt::format("{} ({})", what, LastTlsError()), file);
}

// OpenSSL would ask for a passphrase on the terminal.
int NoPassphrase(char*, int, int, void*) {
  return -1;
}

int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned int in_size, void*) {
  const auto* known = reinterpret_cast<const unsigned char*>(kProtocols.data());
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, known, static_cast<unsigned>(kProtocols.size()), in,
                            in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Status CheckFile(const std::string& path) {
  struct stat about = {};
  if (stat(path.c_str(), &about) != 0) {
    const ErrorCode code = errno == ENOENT   ? ErrorCode::kNotFound
                           : errno == EACCES ? ErrorCode::kDenied
                                             : ErrorCode::kIo;
    return Fail(code, fmt::format("cannot be read: {}", std::strerror(errno)), path);
  }
  if (!S_ISREG(about.st_mode)) return Fail(ErrorCode::kInvalid, "is no regular file", path);
  if (about.st_size > limits::kCertificateFileSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("is larger than {} bytes", limits::kCertificateFileSizeBytes), path);
  }
  return {};
}

UnixSeconds SecondsOf(const ASN1_TIME* time) {
  struct tm parts = {};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return timegm(&parts);
}

Status UseClientCa(SSL_CTX* context, const std::string& file) {
  OURO_TRY_STATUS(CheckFile(file));
  if (SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    return Refuse(file, "is no CA certificate in PEM form");
  }
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr) return Refuse(file, "is no CA certificate in PEM form");
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return {};
}

FileStamp StampOfFile(const std::string& path) {
  FileStamp stamp;
  struct stat about = {};
  if (path.empty() || stat(path.c_str(), &about) != 0) return stamp;
  stamp.modified_ns = int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
  stamp.size = about.st_size;
  stamp.inode = about.st_ino;
  return stamp;
}

}  // namespace

Result<TlsContext> LoadTls(const TlsFiles& files) {
  OURO_TRY_STATUS(CheckFile(files.certificate));
  OURO_TRY_STATUS(CheckFile(files.key));
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return Fail(ErrorCode::kLimit, fmt::format("TLS: {}", LastTlsError()));
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(raw, ChooseProtocol, nullptr);
  SSL_CTX_set_default_passwd_cb(raw, NoPassphrase);
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) != 1) {
    return Refuse(files.certificate, "is no certificate in PEM form");
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Refuse(files.key, "is no private key in PEM form that goes with the certificate");
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    return Refuse(files.key, "is not the key of the certificate");
  }
  TlsContext made;
  if (!files.client_ca.empty()) {
    OURO_TRY_STATUS(UseClientCa(raw, files.client_ca));
    made.asks_for_client = true;
  }
  const X509* certificate = SSL_CTX_get0_certificate(raw);
  made.not_before = SecondsOf(X509_get0_notBefore(certificate));
  made.not_after = SecondsOf(X509_get0_notAfter(certificate));
  made.context = context;
  return made;
}

std::array<FileStamp, 3> StampOf(const TlsFiles& files) {
  return {StampOfFile(files.certificate), StampOfFile(files.key), StampOfFile(files.client_ca)};
}

}  // namespace ouro::serve
