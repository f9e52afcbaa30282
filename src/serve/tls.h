// The serving side of TLS: certificates and keys from files to a context for new connections.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace ouro::serve {

struct TlsFiles {
  std::string certificate;  // PEM: the certificate, then those between it and its CA
  std::string key;          // PEM, without a passphrase
  std::string client_ca;    // PEM; empty: client certificates are not asked for
};

// Immutable once made; connections that began with an old one keep it.
struct TlsContext {
  std::shared_ptr<ssl_ctx_st> context;
  UnixSeconds not_before = 0;
  UnixSeconds not_after = 0;
  bool asks_for_client = false;
};

// TLS 1.2 and later, http/1.1 as the only protocol of ALPN (RFC 7301), no renegotiation, no
// resumption (each connection shows its certificate anew). A client certificate is asked for when
// `client_ca` is set, and refused when it does not verify; whether one is needed is decided by
// request, because the kubelet's probes have none. kNotFound, kDenied, kIo: a file cannot be read;
// kInvalid: what is in it does not fit, or the key is not that of the certificate.
Result<TlsContext> LoadTls(const TlsFiles& files);

// Tells whether a file has been replaced or written, also through links (a mounted Secret is
// replaced by changing a link).
struct FileStamp {
  int64_t modified_ns = 0;
  int64_t size = -1;  // -1: not there
  uint64_t inode = 0;
  bool operator==(const FileStamp&) const = default;
};
std::array<FileStamp, 3> StampOf(const TlsFiles& files);

}  // namespace ouro::serve
