#include "model/purl.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/text.h"

namespace ouro::model {
namespace {

constexpr std::string_view kScheme = "pkg:";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
        HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool IsUnreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == ':';
}

void AppendEncoded(std::string& out, std::string_view text, std::string_view also_plain = {}) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (IsUnreserved(c) || also_plain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

// Segments between '/', decoded, without empty ones.
std::string DecodeSegments(std::string_view text) {
  std::string out;
  for (const std::string_view part : SplitText(text, '/')) {
    if (part.empty()) continue;
    if (!out.empty()) out += '/';
    out += Decode(part);
  }
  return out;
}

// Types whose namespace and name do not distinguish case (PURL-TYPES).
bool IgnoresCase(std::string_view type) {
  static constexpr std::array<std::string_view, 8> kTypes = {
      "alpm", "apk", "bitbucket", "composer", "deb", "github", "hex", "pypi"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

void ApplyTypeRules(Purl& purl) {
  if (IgnoresCase(purl.type)) {
    purl.namespace_name = LowerAscii(purl.namespace_name);
    purl.name = LowerAscii(purl.name);
  }
  if (purl.type == "rpm") purl.namespace_name = LowerAscii(purl.namespace_name);
  if (purl.type == "pypi") std::replace(purl.name.begin(), purl.name.end(), '_', '-');
}

void ParseQualifiers(std::string_view text, Purl& purl) {
  for (const std::string_view part : SplitText(text, '&')) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    std::string value = Decode(part.substr(equals + 1));
    if (!value.empty()) purl.qualifiers[LowerAscii(part.substr(0, equals))] = std::move(value);
  }
}

struct EcosystemWord {
  std::string_view word;
  std::string_view type;
};

// Words of tools for an ecosystem, in lower case. Sources: Trivy result types, Grype package types,
// Syft, OSV ecosystem names, GitLab package managers, Snyk and Xray package types.
constexpr std::array kEcosystems = {
    EcosystemWord{"alma", "rpm"},
    EcosystemWord{"almalinux", "rpm"},
    EcosystemWord{"alpine", "apk"},
    EcosystemWord{"alpm", "alpm"},
    EcosystemWord{"amazon", "rpm"},
    EcosystemWord{"amazonlinux", "rpm"},
    EcosystemWord{"apkg", "apk"},
    EcosystemWord{"apt", "deb"},
    EcosystemWord{"binary", "generic"},
    EcosystemWord{"bundler", "gem"},
    EcosystemWord{"bundler-audit", "gem"},
    EcosystemWord{"cargo", "cargo"},
    EcosystemWord{"cargo-auditable", "cargo"},
    EcosystemWord{"cbl-mariner", "rpm"},
    EcosystemWord{"centos", "rpm"},
    EcosystemWord{"chainguard", "apk"},
    EcosystemWord{"cocoapods", "cocoapods"},
    EcosystemWord{"composer", "composer"},
    EcosystemWord{"conan", "conan"},
    EcosystemWord{"conda", "conda"},
    EcosystemWord{"conda-pkg", "conda"},
    EcosystemWord{"crates.io", "cargo"},
    EcosystemWord{"dart", "pub"},
    EcosystemWord{"dart-pub", "pub"},
    EcosystemWord{"debian", "deb"},
    EcosystemWord{"docker", "docker"},
    EcosystemWord{"dotnet", "nuget"},
    EcosystemWord{"dotnet-core", "nuget"},
    EcosystemWord{"dotnet-deps", "nuget"},
    EcosystemWord{"dpkg", "deb"},
    EcosystemWord{"fedora", "rpm"},
    EcosystemWord{"gem", "gem"},
    EcosystemWord{"gemspec", "gem"},
    EcosystemWord{"github-action", "github"},
    EcosystemWord{"go", "golang"},
    EcosystemWord{"go-module", "golang"},
    EcosystemWord{"gobinary", "golang"},
    EcosystemWord{"golang", "golang"},
    EcosystemWord{"gomod", "golang"},
    EcosystemWord{"gomodules", "golang"},
    EcosystemWord{"gradle", "maven"},
    EcosystemWord{"gradle-lockfile", "maven"},
    EcosystemWord{"hackage", "hackage"},
    EcosystemWord{"hex", "hex"},
    EcosystemWord{"jar", "maven"},
    EcosystemWord{"java", "maven"},
    EcosystemWord{"java-archive", "maven"},
    EcosystemWord{"javascript", "npm"},
    EcosystemWord{"maven", "maven"},
    EcosystemWord{"mix-lock", "hex"},
    EcosystemWord{"node", "npm"},
    EcosystemWord{"node-pkg", "npm"},
    EcosystemWord{"nodejs", "npm"},
    EcosystemWord{"npm", "npm"},
    EcosystemWord{"nuget", "nuget"},
    EcosystemWord{"opensuse", "rpm"},
    EcosystemWord{"oracle", "rpm"},
    EcosystemWord{"packagist", "composer"},
    EcosystemWord{"php", "composer"},
    EcosystemWord{"php-composer", "composer"},
    EcosystemWord{"photon", "rpm"},
    EcosystemWord{"pip", "pypi"},
    EcosystemWord{"pipenv", "pypi"},
    EcosystemWord{"pnpm", "npm"},
    EcosystemWord{"poetry", "pypi"},
    EcosystemWord{"pom", "maven"},
    EcosystemWord{"pub", "pub"},
    EcosystemWord{"pypi", "pypi"},
    EcosystemWord{"python", "pypi"},
    EcosystemWord{"python-pkg", "pypi"},
    EcosystemWord{"redhat", "rpm"},
    EcosystemWord{"rhel", "rpm"},
    EcosystemWord{"rocky", "rpm"},
    EcosystemWord{"rpm", "rpm"},
    EcosystemWord{"ruby", "gem"},
    EcosystemWord{"rubygems", "gem"},
    EcosystemWord{"rust", "cargo"},
    EcosystemWord{"rust-binary", "cargo"},
    EcosystemWord{"rust-crate", "cargo"},
    EcosystemWord{"rustbinary", "cargo"},
    EcosystemWord{"sbt", "maven"},
    EcosystemWord{"sles", "rpm"},
    EcosystemWord{"suse", "rpm"},
    EcosystemWord{"swift", "swift"},
    EcosystemWord{"ubuntu", "deb"},
    EcosystemWord{"uv", "pypi"},
    EcosystemWord{"wolfi", "apk"},
    EcosystemWord{"yarn", "npm"},
    EcosystemWord{"yum", "rpm"},
};

// Splits a name that holds its namespace in the way of its type.
void SplitName(std::string_view name, Purl& purl) {
  size_t split = std::string_view::npos;
  if (purl.type == "maven") split = name.find(':');
  if (split == std::string_view::npos &&
      (purl.type == "npm" || purl.type == "golang" || purl.type == "composer" ||
       purl.type == "swift" || purl.type == "github" || purl.type == "maven")) {
    split = name.rfind('/');
  }
  if (split == std::string_view::npos) {
    purl.name = std::string(name);
    return;
  }
  purl.namespace_name = std::string(name.substr(0, split));
  purl.name = std::string(name.substr(split + 1));
}

}  // namespace

// From the right, as the specification does it: subpath, qualifiers, scheme, type, version, name.
std::optional<Purl> ParsePurl(std::string_view text) {
  if (!StartsWith(text, kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  while (StartsWith(text, "/")) text.remove_prefix(1);
  Purl purl;
  if (const size_t hash = text.rfind('#'); hash != std::string_view::npos) {
    purl.subpath = DecodeSegments(text.substr(hash + 1));
    text = text.substr(0, hash);
  }
  if (const size_t question = text.find('?'); question != std::string_view::npos) {
    ParseQualifiers(text.substr(question + 1), purl);
    text = text.substr(0, question);
  }
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  purl.type = LowerAscii(text.substr(0, slash));
  text.remove_prefix(slash + 1);
  // An '@' that begins a segment is a scope ("@babel"), not a version.
  const size_t at = text.rfind('@');
  if (at != std::string_view::npos && at > 0 && text[at - 1] != '/') {
    purl.version = Decode(text.substr(at + 1));
    text = text.substr(0, at);
  }
  while (EndsWith(text, "/")) text.remove_suffix(1);
  const size_t last = text.rfind('/');
  purl.name = Decode(last == std::string_view::npos ? text : text.substr(last + 1));
  if (last != std::string_view::npos) purl.namespace_name = DecodeSegments(text.substr(0, last));
  if (purl.name.empty()) return std::nullopt;
  ApplyTypeRules(purl);
  return purl;
}

std::string FormatPurl(const Purl& purl) {
  std::string out(kScheme);
  out += purl.type;
  for (const std::string_view part : SplitText(purl.namespace_name, '/')) {
    if (part.empty()) continue;
    out += '/';
    AppendEncoded(out, part);
  }
  out += '/';
  AppendEncoded(out, purl.name);
  if (!purl.version.empty()) {
    out += '@';
    AppendEncoded(out, purl.version);
  }
  char separator = '?';
  for (const auto& [key, value] : purl.qualifiers) {
    out += separator;
    out += key;
    out += '=';
    AppendEncoded(out, value, "/");
    separator = '&';
  }
  if (!purl.subpath.empty()) {
    out += '#';
    AppendEncoded(out, purl.subpath, "/");
  }
  return out;
}

std::string PurlWithoutVersion(std::string_view text) {
  std::optional<Purl> purl = ParsePurl(text);
  if (!purl) return std::string(text);
  purl->version.clear();
  purl->qualifiers.clear();
  purl->subpath.clear();
  return FormatPurl(*purl);
}

std::string PurlType(std::string_view ecosystem) {
  std::string lower = LowerAscii(ecosystem);
  // "Debian:12" and "Alpine:v3.18" are OSV's spelling.
  lower = lower.substr(0, lower.find(':'));
  for (const EcosystemWord& known : kEcosystems) {
    if (known.word == lower) return std::string(known.type);
  }
  return lower;
}

std::string MakePurl(std::string_view ecosystem, std::string_view name, std::string_view version,
                     std::string_view distribution) {
  if (name.empty()) return {};
  Purl purl;
  purl.type = ecosystem.empty() ? "generic" : PurlType(ecosystem);
  SplitName(name, purl);
  if (purl.name.empty()) return {};
  if (purl.namespace_name.empty() && !distribution.empty()) {
    purl.namespace_name = LowerAscii(distribution);
  }
  purl.version = std::string(version);
  ApplyTypeRules(purl);
  return FormatPurl(purl);
}

}  // namespace ouro::model
