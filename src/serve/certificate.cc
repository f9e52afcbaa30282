#include "serve/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::serve {
namespace {

constexpr UnixSeconds kClockSkewSeconds = 300;
constexpr UnixSeconds kDaySeconds = 86'400;
constexpr size_t kNameCountMax = 100;
constexpr size_t kDnsNameSizeMax = 253;    // RFC 1035, section 2.3.4
constexpr size_t kDnsLabelSizeMax = 63;    // the same
constexpr size_t kCommonNameSizeMax = 64;  // RFC 5280, upper bound ub-common-name

template <auto kFree>
struct Releases {
  template <typename T>
  void operator()(T* it) const {
    kFree(it);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Releases<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Releases<X509_free>>;
using Memory = std::unique_ptr<BIO, Releases<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Releases<X509_EXTENSION_free>>;

tl::unexpected<Error> Broken(std::string_view what) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string message = fmt::format("{} ({})", what, reason == nullptr ? "unknown error" : reason);
  ERR_clear_error();
  return Fail(ErrorCode::kInvalid, std::move(message), "certificate");
}

bool IsDnsName(std::string_view name) {
  if (StartsWith(name, "*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > kDnsNameSizeMax) return false;
  for (const std::string_view label : SplitText(name, '.')) {
    if (label.empty() || label.size() > kDnsLabelSizeMax) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    const bool good = std::all_of(label.begin(), label.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!good) return false;
  }
  return true;
}

bool IsAddress(const std::string& text) {
  std::array<unsigned char, 16> bytes;
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

// The value of the extension in OpenSSL's words ("DNS:a,IP:::1"). Names are checked before, so none
// can hold a comma.
Result<std::string> AlternativeNames(const std::vector<std::string>& names, std::string& common) {
  if (names.empty()) return Fail(ErrorCode::kInvalid, "at least one name is needed");
  if (names.size() > kNameCountMax) {
    return Fail(ErrorCode::kLimit, fmt::format("more than {} names", kNameCountMax));
  }
  std::string text;
  for (const std::string& name : names) {
    const std::string bare = StartsWith(name, "IP:") ? name.substr(3) : name;
    if (!text.empty()) text += ',';
    if (IsAddress(bare)) {
      text += "IP:" + bare;
    } else if (bare == name && IsDnsName(name)) {
      text += "DNS:" + name;
      if (common.empty() && name.size() <= kCommonNameSizeMax) common = name;
    } else {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("\"{}\" is neither a DNS name nor an address: write names such as "
                              "ouro.ouro-system.svc or IP:127.0.0.1",
                              Printable(name)));
    }
  }
  if (common.empty()) common = "ouro";
  return text;
}

Key NewKey() {
  return Key(EVP_EC_gen("P-256"));
}

struct Field {
  int nid;
  std::string value;
};

bool AddExtensions(X509* certificate, X509* issuer, const std::vector<Field>& fields) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const Field& field : fields) {
    const Extension extension(
        X509V3_EXT_conf_nid(nullptr, &context, field.nid, field.value.c_str()));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return false;
  }
  return true;
}

// Version, random serial number of 127 bits (RFC 5280, section 4.1.2.2: positive, at most 20
// octets), names, dates and key; unsigned.
Certificate NewCertificate(const std::string& common_name, EVP_PKEY* key, UnixSeconds now,
                           int days) {
  Certificate made(X509_new());
  std::array<unsigned char, 16> serial;
  if (!made || RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return nullptr;
  serial[0] &= 0x7F;
  const std::unique_ptr<BIGNUM, Releases<BN_free>> number(
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  X509_NAME* subject = X509_get_subject_name(made.get());
  const auto* name = reinterpret_cast<const unsigned char*>(common_name.data());
  const bool good =
      X509_set_version(made.get(), X509_VERSION_3) == 1 &&
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get())) != nullptr &&
      ASN1_TIME_set(X509_getm_notBefore(made.get()), now - kClockSkewSeconds) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(made.get()), now + days * kDaySeconds) != nullptr &&
      X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name,
                                 static_cast<int>(common_name.size()), -1, 0) == 1 &&
      X509_set_pubkey(made.get(), key) == 1;
  return good ? std::move(made) : nullptr;
}

struct Authority {
  Certificate certificate;
  Key key;
};

Result<Authority> NewAuthority(UnixSeconds now) {
  Authority made;
  made.key = NewKey();
  if (made.key) {
    // The date makes the names of two authorities differ, which clients need to tell them apart.
    made.certificate =
        NewCertificate(fmt::format("ouro admission CA {}", FormatRfc3339(now).substr(0, 10)),
                       made.key.get(), now, kAuthorityDays);
  }
  X509* it = made.certificate.get();
  if (it == nullptr || X509_set_issuer_name(it, X509_get_subject_name(it)) != 1 ||
      !AddExtensions(it, it,
                     {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                      {NID_key_usage, "critical,keyCertSign,cRLSign"},
                      {NID_subject_key_identifier, "hash"}}) ||
      X509_sign(it, made.key.get(), EVP_sha256()) == 0) {
    return Broken("the authority cannot be made");
  }
  return made;
}

int NoPassphrase(char*, int, int, void*) {
  return -1;
}

Memory Reading(std::string_view text) {
  return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<Authority> ReadAuthority(const CertificateRequest& request) {
  Authority read;
  const Memory certificate = Reading(request.ca_certificate);
  const Memory key = Reading(request.ca_key);
  read.certificate.reset(PEM_read_bio_X509(certificate.get(), nullptr, NoPassphrase, nullptr));
  if (!read.certificate) return Broken("ca.crt is no certificate in PEM form");
  read.key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, NoPassphrase, nullptr));
  if (!read.key) return Broken("ca.key is no private key in PEM form");
  if (X509_check_private_key(read.certificate.get(), read.key.get()) != 1) {
    return Broken("ca.key is not the key of ca.crt");
  }
  if (X509_check_ca(read.certificate.get()) != 1) {
    return Fail(ErrorCode::kInvalid, "ca.crt is no certificate of an authority");
  }
  time_t end = request.now + request.days * kDaySeconds;
  if (X509_cmp_time(X509_get0_notAfter(read.certificate.get()), &end) < 0) {
    return Fail(ErrorCode::kInvalid,
                "ca.crt ends before the new certificate would: write into an empty folder to make "
                "a new authority, and put that into the webhook configuration");
  }
  return read;
}

std::string PemOf(const X509* certificate) {
  const Memory memory(BIO_new(BIO_s_mem()));
  if (!memory || PEM_write_bio_X509(memory.get(), certificate) != 1) return {};
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string PemOf(const EVP_PKEY* key) {
  const Memory memory(BIO_new(BIO_s_secmem()));
  if (!memory ||
      PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return {};
  }
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

}  // namespace

Result<CertificateSet> MakeCertificate(const CertificateRequest& request) {
  if (request.days < 1 || request.days > kCertificateDaysMax) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("a certificate lasts 1 … {} days", kCertificateDaysMax));
  }
  std::string common_name;
  OURO_TRY(const std::string names, AlternativeNames(request.names, common_name));
  const bool has_authority = !request.ca_certificate.empty() || !request.ca_key.empty();
  OURO_TRY(const Authority authority,
           has_authority ? ReadAuthority(request) : NewAuthority(request.now));
  const Key key = NewKey();
  if (!key) return Broken("no key can be made");
  const Certificate made = NewCertificate(common_name, key.get(), request.now, request.days);
  X509* issuer = authority.certificate.get();
  if (!made || X509_set_issuer_name(made.get(), X509_get_subject_name(issuer)) != 1 ||
      !AddExtensions(made.get(), issuer,
                     {{NID_basic_constraints, "critical,CA:FALSE"},
                      {NID_key_usage, "critical,digitalSignature"},
                      {NID_ext_key_usage, "serverAuth"},
                      {NID_subject_key_identifier, "hash"},
                      {NID_authority_key_identifier, "keyid"},
                      {NID_subject_alt_name, names}}) ||
      X509_sign(made.get(), authority.key.get(), EVP_sha256()) == 0) {
    return Broken("the certificate cannot be made");
  }
  CertificateSet set;
  set.ca_certificate = PemOf(issuer);
  set.ca_key = PemOf(authority.key.get());
  set.certificate = PemOf(made.get());
  set.key = PemOf(key.get());
  set.not_after = request.now + request.days * kDaySeconds;
  return set;
}

Result<std::string> CertificatesOf(std::string_view pem) {
  const Memory memory = Reading(pem);
  std::string out;
  ERR_clear_error();
  while (true) {
    const Certificate next(PEM_read_bio_X509(memory.get(), nullptr, NoPassphrase, nullptr));
    if (!next) break;
    out += PemOf(next.get());
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (out.empty() || !at_end) return Broken("is no certificate in PEM form");
  ERR_clear_error();
  return out;
}

}  // namespace ouro::serve
