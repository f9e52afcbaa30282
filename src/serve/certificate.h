// Makes a small certificate authority and a serving certificate, for clusters without one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace ouro::serve {

struct CertificateRequest {
  // DNS names ("ouro.ouro-system.svc", "*.example.org") and addresses ("IP:127.0.0.1", or the
  // address alone); all become subject alternative names, the only names that clients look at. At
  // least one; the first DNS name is the common name too.
  std::vector<std::string> names;
  int days = 365;  // of the serving certificate, 1 … 825; the authority lasts kAuthorityDays
  UnixSeconds now = 0;
  // PEM of the authority that signs; both empty: a new one is made.
  std::string ca_certificate;
  std::string ca_key;
};
inline constexpr int kAuthorityDays = 3'650;
// Longer than this some clients refuse (CA/Browser Forum, Ballot SC22).
inline constexpr int kCertificateDaysMax = 825;

// PEM texts. The two keys are secrets: they go to files of mode 0600 and nowhere else.
struct CertificateSet {
  std::string ca_certificate;
  std::string ca_key;
  std::string certificate;
  std::string key;
  UnixSeconds not_after = 0;  // of the serving certificate
};

// ECDSA keys on P-256, SHA-256, X.509 v3 (RFC 5280) with a path length of 0 for the authority and
// the one purpose serverAuth for the certificate. It is valid from five minutes ago, because clocks
// differ. kInvalid: a name that is none, an authority that does not fit or that has expired.
Result<CertificateSet> MakeCertificate(const CertificateRequest& request);

// The one or more certificates of a PEM text, as PEM and nothing else: a bundle for a webhook
// configuration must not carry a key. kInvalid when there is none, or one is broken.
Result<std::string> CertificatesOf(std::string_view pem);

}  // namespace ouro::serve
