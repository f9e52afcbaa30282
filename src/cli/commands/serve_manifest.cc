#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "engine/snapshot.h"
#include "scan/source.h"
#include "serve/certificate.h"
#include "serve/manifest.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 1> kManifestKinds = {"webhook"};
constexpr std::array<std::string_view, 2> kLevelWords = {"observe", "block"};
constexpr mode_t kSecretMode = 0600;
constexpr mode_t kSecretFolderMode = 0700;

constexpr std::array kManifestOptions = {
    Option{"--as", 0, "FORM", "what to write: webhook, a ValidatingWebhookConfiguration",
           kManifestKinds},
    Option{"--url", 0, "URL", "where the API server finds ouro: https://HOST[:PORT]"},
    Option{"--service", 0, "NAMESPACE/NAME[:PORT]",
           "the Service in front of ouro; default port: 443"},
    Option{"--ca",
           0,
           "FILE",
           "the authority that signed ouro's certificate, PEM; without it the API server trusts "
           "what its machine trusts",
           {},
           "file"},
    Option{"--level", 0, "LEVEL",
           "observe: requests go on when ouro does not answer (failurePolicy Ignore); block: they "
           "are refused (Fail); default: observe",
           kLevelWords},
    Option{"--own-namespace", 0, "NAME",
           "the namespace that ouro runs in, which is excluded; default: that of --service"},
    Option{"--only",
           0,
           "ID",
           "the checks that will run decide which resources are asked about",
           {},
           {},
           true},
    Option{"--skip", 0, "ID", "likewise", {}, {}, true},
    Option{"--profile", 0, "NAME", "likewise", {}, {}},
    Option{"--checks", 0, "FOLDER", "likewise", {}, "folder", true},
};

constexpr std::array kManifestExamples = {
    Example{"ouro serve manifest --as webhook --service ouro-system/ouro --ca pki/ca.crt | kubectl "
            "apply -f -",
            "ask ouro from now on; nothing is held up when it is gone"},
    Example{"ouro serve manifest --as webhook --url https://127.0.0.1:8443 --ca pki/ca.crt --level "
            "block",
            "refuse what ouro cannot be asked about"},
};

constexpr std::array kCertificateOptions = {
    Option{"--out",
           0,
           "FOLDER",
           "write ca.crt, ca.key, tls.crt and tls.key there, mode 0600",
           {},
           "folder"},
    Option{"--names",
           0,
           "NAME",
           "names of the certificate: DNS names, and addresses as IP:127.0.0.1",
           {},
           {},
           true},
    Option{"--days", 0, "COUNT", "how long it is valid, at most 825; default: 365"},
};

constexpr std::array kCertificateExamples = {
    Example{"ouro serve certificate --out pki --names ouro.ouro-system.svc,IP:127.0.0.1",
            "make an authority and a certificate; called again, a new certificate of the same "
            "authority"},
};

Result<std::string> ReadWhole(const std::string& path, int64_t size_max) {
  std::string bytes;
  OURO_TRY_STATUS(scan::ReadFile({path, path, true}, size_max, bytes));
  return bytes;
}

Result<serve::ManifestOptions> ReadManifestOptions(const Arguments& arguments) {
  serve::ManifestOptions options;
  const bool has_url = arguments.Has("--url");
  if (has_url == arguments.Has("--service")) {
    return Fail(ErrorCode::kInvalid,
                "say where ouro is: --url https://HOST[:PORT] or --service NAMESPACE/NAME");
  }
  options.url = arguments.Value("--url");
  if (!has_url) {
    OURO_TRY_STATUS(serve::ReadService(arguments.Value("--service"), options));
  }
  options.own_namespace = arguments.Has("--own-namespace") ? arguments.Value("--own-namespace")
                                                           : options.service_namespace;
  if (arguments.Has("--ca")) {
    const std::string path = arguments.Value("--ca");
    OURO_TRY(const std::string pem, ReadWhole(path, limits::kCertificateFileSizeBytes));
    auto bundle = serve::CertificatesOf(pem);
    if (!bundle) {
      Error error = bundle.error();
      error.where = path;
      return tl::unexpected<Error>(std::move(error));
    }
    options.ca_bundle = std::move(*bundle);
  }
  if (arguments.Value("--level") == "block") options.level = serve::Level::kBlock;
  return options;
}

Result<std::string> Manifest(const Arguments& arguments) {
  if (arguments.Value("--as") != "webhook") {
    return Fail(ErrorCode::kInvalid, "say what to write: --as webhook");
  }
  OURO_TRY(const serve::ManifestOptions options, ReadManifestOptions(arguments));
  engine::SnapshotOptions snapshot;
  OURO_TRY(snapshot.config, LoadConfig(arguments, "."));
  OURO_TRY_STATUS(ApplyFlags(arguments, snapshot.config));
  snapshot.selection = engine::SelectionOf(snapshot.config);
  OURO_TRY(const auto made, engine::Snapshot::Create(std::move(snapshot)));
  return serve::WebhookManifest(options, serve::ResourcesOf(*made->rules()));
}

ExitCode RunManifest(const Arguments& arguments) {
  const auto text = Manifest(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

tl::unexpected<Error> SystemError(const std::string& path) {
  return Fail(errno == EACCES ? ErrorCode::kDenied : ErrorCode::kIo,
              fmt::format("cannot be written: {}", std::strerror(errno)), path);
}

// Under a temporary name and renamed, so that a server that watches the file never reads half of
// it; and with its mode from the first byte on.
Status WriteSecretFile(const std::string& path, std::string_view bytes) {
  const std::string temporary = fmt::format("{}.new.{}", path, getpid());
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kSecretMode);
  if (file < 0) return SystemError(path);
  bool good = fchmod(file, kSecretMode) == 0;
  for (size_t at = 0; good && at < bytes.size();) {
    const ssize_t wrote = write(file, bytes.data() + at, bytes.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    good = wrote > 0;
    if (good) at += static_cast<size_t>(wrote);
  }
  good = good && fsync(file) == 0;
  good = close(file) == 0 && good;
  good = good && rename(temporary.c_str(), path.c_str()) == 0;
  if (good) return {};
  const tl::unexpected<Error> error = SystemError(path);
  unlink(temporary.c_str());
  return error;
}

// An authority that is there already signs again, so that nobody has to be told a new one.
Status ReadAuthority(const std::string& folder, serve::CertificateRequest& request) {
  const std::string certificate = folder + "/ca.crt";
  const std::string key = folder + "/ca.key";
  const bool has_certificate = access(certificate.c_str(), F_OK) == 0;
  if (!has_certificate && access(key.c_str(), F_OK) != 0) return {};
  OURO_TRY(request.ca_certificate, ReadWhole(certificate, limits::kCertificateFileSizeBytes));
  OURO_TRY(request.ca_key, ReadWhole(key, limits::kCertificateFileSizeBytes));
  return {};
}

Result<std::string> MakeFiles(const Arguments& arguments) {
  using namespace std::chrono;
  const std::string folder = arguments.Value("--out");
  if (folder.empty()) return Fail(ErrorCode::kInvalid, "--out FOLDER is needed");
  serve::CertificateRequest request;
  request.names = arguments.List("--names");
  request.now = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  if (arguments.Has("--days")) {
    const auto days = ParseInt64(arguments.Value("--days"));
    if (!days || *days < 1 || *days > serve::kCertificateDaysMax) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("--days does not know \"{}\": write 1 … {}",
                              Printable(arguments.Value("--days")), serve::kCertificateDaysMax));
    }
    request.days = static_cast<int>(*days);
  }
  if (mkdir(folder.c_str(), kSecretFolderMode) != 0 && errno != EEXIST) return SystemError(folder);
  OURO_TRY_STATUS(ReadAuthority(folder, request));
  const bool new_authority = request.ca_certificate.empty();
  OURO_TRY(const serve::CertificateSet made, serve::MakeCertificate(request));
  if (new_authority) {
    OURO_TRY_STATUS(WriteSecretFile(folder + "/ca.crt", made.ca_certificate));
    OURO_TRY_STATUS(WriteSecretFile(folder + "/ca.key", made.ca_key));
  }
  OURO_TRY_STATUS(WriteSecretFile(folder + "/tls.key", made.key));
  OURO_TRY_STATUS(WriteSecretFile(folder + "/tls.crt", made.certificate));
  return fmt::format("{}/tls.crt for {}, valid until {}\n{}/ca.crt is {}\n", folder,
                     JoinText(request.names, ", "), FormatRfc3339(made.not_after), folder,
                     new_authority ? "its new authority: keep ca.key safe" : "its authority");
}

ExitCode RunCertificate(const Arguments& arguments) {
  const auto text = MakeFiles(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kServeCertificateCommand = {
    "serve certificate",
    "make a certificate for the webhook",
    "",
    0,
    0,
    "",
    "Writes an authority and a serving certificate that it signed, for clusters without a "
    "certificate manager. When the folder holds an authority already, it signs a new certificate; "
    "a running `ouro serve` takes that without a restart.",
    kCertificateOptions,
    kCertificateExamples,
    RunCertificate};

const Command kServeManifestCommand = {
    "serve manifest",
    "write the webhook configuration",
    "",
    0,
    0,
    "",
    "Writes the object that makes the API server ask ouro: which resources, with which authority, "
    "and what happens when ouro does not answer. It holds no secret.",
    kManifestOptions,
    kManifestExamples,
    RunManifest};

}  // namespace ouro::cli
