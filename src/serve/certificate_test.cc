#include "serve/certificate.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <doctest.h>

#include "serve/tls.h"

namespace ouro::serve {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / "ouro_tls_XXXXXX") {
    REQUIRE(mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

CertificateRequest Wanted(std::vector<std::string> names) {
  CertificateRequest request;
  request.names = std::move(names);
  request.now = kNow;
  return request;
}

TEST_CASE("a certificate and its authority are made, loaded, and made again") {
  const auto made = MakeCertificate(Wanted({"ouro.ouro-system.svc", "*.example.org", "IP:::1"}));
  REQUIRE(made);
  CHECK(made->not_after == kNow + 365 * 86'400);
  const Folder folder;
  TlsFiles files{
      folder.Write("tls.crt", made->certificate), folder.Write("tls.key", made->key), {}};
  const auto loaded = LoadTls(files);
  REQUIRE(loaded);
  CHECK(loaded->not_after == made->not_after);
  CHECK_FALSE(loaded->asks_for_client);
  files.client_ca = folder.Write("ca.crt", made->ca_certificate);
  CHECK(LoadTls(files)->asks_for_client);

  CertificateRequest again = Wanted({"other.example.org"});
  again.ca_certificate = made->ca_certificate;
  again.ca_key = made->ca_key;
  const auto second = MakeCertificate(again);
  REQUIRE(second);
  CHECK(second->ca_certificate == made->ca_certificate);
  CHECK(second->key != made->key);
  again.ca_key = made->key;
  CHECK_FALSE(MakeCertificate(again));
  again.ca_key.clear();
  CHECK_FALSE(MakeCertificate(again));
  again.ca_key = made->ca_key;
  again.now += int64_t{kAuthorityDays} * 86'400;
  CHECK_FALSE(MakeCertificate(again));
  again = Wanted({"a.example.org"});
  again.ca_certificate = made->certificate;
  again.ca_key = made->key;
  CHECK_FALSE(MakeCertificate(again));
}

TEST_CASE("names that are none are refused") {
  for (const std::string name :
       {"", "a b", "a,DNS:b", "-a", "a-", "a..b", "*.", "a.*", "IP:x", "IP:1.2.3", "DNS:a\n"}) {
    CAPTURE(name);
    CHECK_FALSE(MakeCertificate(Wanted({name})));
  }
  CHECK_FALSE(MakeCertificate(Wanted({})));
  CHECK(MakeCertificate(Wanted({"10.0.0.1"})));
}

TEST_CASE("broken pairs are refused with the file's name") {
  const auto a = MakeCertificate(Wanted({"a"}));
  const auto b = MakeCertificate(Wanted({"b"}));
  REQUIRE(a);
  REQUIRE(b);
  const Folder folder;
  const std::string certificate = folder.Write("tls.crt", a->certificate);
  const std::string key = folder.Write("tls.key", a->key);
  const std::string foreign = folder.Write("b.key", b->key);
  const std::string empty = folder.Write("empty", "");
  const std::string huge = folder.Write("huge", std::string(2 << 20, 'x'));
  CHECK(LoadTls({certificate, key, {}}));
  CHECK(LoadTls({certificate, foreign, {}}).error().where == foreign);
  CHECK(LoadTls({empty, key, {}}).error().where == empty);
  CHECK(LoadTls({certificate, empty, {}}).error().code == ErrorCode::kInvalid);
  CHECK(LoadTls({certificate, key, empty}).error().where == empty);
  CHECK(LoadTls({huge, key, {}}).error().code == ErrorCode::kLimit);
  CHECK(LoadTls({certificate + "x", key, {}}).error().code == ErrorCode::kNotFound);
  CHECK(LoadTls({"/", key, {}}).error().code == ErrorCode::kInvalid);
}

TEST_CASE("a bundle holds certificates and nothing else") {
  const auto made = MakeCertificate(Wanted({"a"}));
  REQUIRE(made);
  const std::string& ca = made->ca_certificate;
  CHECK(CertificatesOf(ca) == ca);
  CHECK(CertificatesOf("text\n" + ca + made->ca_key + made->certificate) == ca + made->certificate);
  CHECK_FALSE(CertificatesOf(""));
  CHECK_FALSE(CertificatesOf(made->ca_key));
  CHECK_FALSE(CertificatesOf(ca + ca.substr(0, ca.size() / 2) + "\n-----END CERTIFICATE-----\n"));
}

TEST_CASE("a stamp tells that a file was replaced") {
  const Folder folder;
  TlsFiles files{folder.Write("a", "1"), folder.Write("b", "1"), {}};
  const auto before = StampOf(files);
  CHECK(StampOf(files) == before);
  folder.Write("a", "22");
  CHECK_FALSE(StampOf(files) == before);
  std::filesystem::remove(files.certificate);
  CHECK(StampOf(files)[0].size == -1);
}

}  // namespace
}  // namespace ouro::serve
