#include "ingest/formats/sarif_tools.h"

#include <array>
#include <map>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
inline namespace vuln_reports {
namespace {

using model::FindingClass;

struct KnownDriver {
  std::string_view word;  // in the driver's name, lower case
  std::string_view prefix;
  FindingClass finding_class;
};

// The first that matches counts.
constexpr std::array kDrivers = {
    KnownDriver{"checkov", "checkov", FindingClass::kMisconfig},
    KnownDriver{"bridgecrew", "checkov", FindingClass::kMisconfig},
    KnownDriver{"trivy", "trivy", FindingClass::kMisconfig},
    KnownDriver{"grype", "grype", FindingClass::kVuln},
    KnownDriver{"kube-linter", "kubelinter", FindingClass::kMisconfig},
    KnownDriver{"kubelinter", "kubelinter", FindingClass::kMisconfig},
    KnownDriver{"kube-score", "kubescore", FindingClass::kMisconfig},
    KnownDriver{"kubescape", "kubescape", FindingClass::kMisconfig},
    KnownDriver{"kubeaudit", "kubeaudit", FindingClass::kMisconfig},
    KnownDriver{"kubesec", "kubesec", FindingClass::kMisconfig},
    KnownDriver{"keeping infrastructure as code secure", "kics", FindingClass::kMisconfig},
    KnownDriver{"kics", "kics", FindingClass::kMisconfig},
    KnownDriver{"hadolint", "hadolint", FindingClass::kMisconfig},
    KnownDriver{"dockle", "dockle", FindingClass::kMisconfig},
    KnownDriver{"conftest", "conftest", FindingClass::kMisconfig},
    KnownDriver{"kyverno", "kyverno", FindingClass::kMisconfig},
    KnownDriver{"tfsec", "tfsec", FindingClass::kMisconfig},
    KnownDriver{"terrascan", "terrascan", FindingClass::kMisconfig},
    KnownDriver{"prowler", "prowler", FindingClass::kMisconfig},
    KnownDriver{"semgrep", "semgrep", FindingClass::kLint},
    KnownDriver{"opengrep", "semgrep", FindingClass::kLint},
    KnownDriver{"gitleaks", "gitleaks", FindingClass::kSecret},
    KnownDriver{"trufflehog", "trufflehog", FindingClass::kSecret},
    KnownDriver{"detect-secrets", "detect-secrets", FindingClass::kSecret},
    KnownDriver{"gosec", "gosec", FindingClass::kLint},
    KnownDriver{"golangci-lint", "golangci-lint", FindingClass::kLint},
    KnownDriver{"bandit", "bandit", FindingClass::kLint},
    KnownDriver{"codeql", "codeql", FindingClass::kLint},
    KnownDriver{"govulncheck", "govulncheck", FindingClass::kVuln},
    KnownDriver{"osv-scanner", "osv-scanner", FindingClass::kVuln},
    KnownDriver{"snykcode", "snyk-code", FindingClass::kLint},
    KnownDriver{"snyk code", "snyk-code", FindingClass::kLint},
    KnownDriver{"snyk iac", "snyk", FindingClass::kMisconfig},
    KnownDriver{"snyk infrastructure", "snyk", FindingClass::kMisconfig},
    KnownDriver{"snyk", "snyk", FindingClass::kVuln},
    KnownDriver{"docker scout", "docker-scout", FindingClass::kVuln},
    KnownDriver{"dependency-check", "dependency-check", FindingClass::kVuln},
    KnownDriver{"clair", "clair", FindingClass::kVuln},
    KnownDriver{"xray", "xray", FindingClass::kVuln},
    KnownDriver{"nuclei", "nuclei", FindingClass::kProbe},
    KnownDriver{"zaproxy", "zap", FindingClass::kProbe},
    KnownDriver{"owasp zap", "zap", FindingClass::kProbe},
    KnownDriver{"clamav", "clamav", FindingClass::kMalware},
    KnownDriver{"falco", "falco", FindingClass::kRuntime},
};

std::string Slug(std::string_view name) {
  std::string slug;
  for (const char c : LowerAscii(name)) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (word) slug += c;
    if (!word && !slug.empty() && slug.back() != '-') slug += '-';
  }
  while (EndsWith(slug, "-")) slug.pop_back();
  return slug.empty() ? "sarif" : slug;
}

// "Name: value" lines of a text, names in lower case; the first of a name counts.
std::map<std::string, std::string> LabelledLines(std::string_view text) {
  std::map<std::string, std::string> lines;
  for (const std::string_view line : SplitText(text, '\n')) {
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    lines.emplace(LowerAscii(TrimSpace(line.substr(0, colon))),
                  std::string(TrimSpace(line.substr(colon + 2))));
  }
  return lines;
}

std::string Labelled(const std::map<std::string, std::string>& lines, const std::string& name) {
  const auto found = lines.find(name);
  return found == lines.end() ? std::string() : found->second;
}

void SetSubject(model::Finding& finding, const Subject& subject) {
  if (subject.kind.empty() && subject.container.empty()) return;
  SetResource(finding, subject.kind, subject.namespace_name, subject.name, subject.container);
}

void ReadTrivyPackage(const std::map<std::string, std::string>& lines, model::Finding& finding) {
  model::Package& package = finding.package.Make();
  package.name = Labelled(lines, "package");
  if (package.name.empty()) package.name = Labelled(lines, "pkgname");
  package.version = Labelled(lines, "installed version");
  SetFixedIn(finding, {Labelled(lines, "fixed version")});
  finding.message = fmt::format("{} {} is affected by {}", package.name, package.version,
                                finding.vuln ? finding.vuln->id : "it");
}

// Trivy writes the facts of a result as lines of its message.
void ReadTrivy(model::Finding& finding) {
  const std::map<std::string, std::string> lines = LabelledLines(finding.message);
  if (const std::string word = Labelled(lines, "severity"); !word.empty()) {
    SetSeverity(finding, "trivy", word);
  }
  switch (finding.finding_class) {
    case FindingClass::kVuln:
      ReadTrivyPackage(lines, finding);
      break;
    case FindingClass::kMisconfig:
      if (const std::string text = Labelled(lines, "message"); !text.empty()) {
        finding.message = text;
      }
      SetSubject(finding, SubjectInMessage(finding.message));
      break;
    case FindingClass::kLicence:
      SetPackage(finding, "", Labelled(lines, "pkgname"), "");
      finding.origin->category = Labelled(lines, "classification");
      finding.message = finding.title;
      break;
    default:
      finding.message = finding.title;  // of a secret: the match stands in the other lines
      break;
  }
}

// Grype: "A high vulnerability in deb package: openssl, version 1.1.1k-1 was found in image …".
void ReadGrype(const SarifResult& from, model::Finding& finding) {
  const std::map<std::string, std::string> lines = LabelledLines(Text(from.rule, "help.text"));
  if (const std::string word = Labelled(lines, "severity"); !word.empty()) {
    SetSeverity(finding, "grype", word);
  }
  const std::vector<std::string> purls = Texts(from.rule, "properties.purls");
  if (purls.size() == 1) SetPackagePurl(finding, purls.front());
  SetPackage(finding, Labelled(lines, "type"), Labelled(lines, "package"),
             Labelled(lines, "version"));
  SetFixedIn(finding, {Labelled(lines, "fix version")});
  if (finding.package) finding.package->path = finding.location.file;
}

// kube-linter names the object in the logical locations, the container in the sentence.
void ReadKubeLinter(const SarifResult& from, model::Finding& finding) {
  finding.message =
      std::string(TrimSpace(finding.message.substr(0, finding.message.find("\nobject: "))));
  finding.title = Text(from.rule, "shortDescription.text");
  const Subject subject = SubjectInMessage(finding.message);
  std::string kind, name, space, group, version;
  for (const io::NodeView& location : Items(from.result, "locations")) {
    for (const io::NodeView& logical : Items(location, "logicalLocations")) {
      const std::string what = Text(logical, "kind");
      const std::string text = Text(logical, "name");
      if (what == "Object Name") name = text;
      if (what == "Object Namespace") space = text;
      if (what == "GVK/Kind") kind = text;
      if (what == "GVK/Group") group = text;
      if (what == "GVK/Version") version = text;
    }
  }
  SetResource(finding, kind, space, name, subject.container,
              group.empty() ? version : group + "/" + version);
}

// Gitleaks puts the commit beside the fingerprints, with people's names that are not kept.
void ReadGitleaks(const SarifResult& from, model::Finding& finding) {
  finding.origin->uid.clear();
  const std::string commit = Text(from.result, "partialFingerprints.commitSha");
  if (!commit.empty()) finding.asset.Make().commit = commit;
}

// The ids that govulncheck and others put beside the rule's.
void AddAliases(const SarifResult& from, model::Finding& finding) {
  std::vector<std::string> ids = {finding.vuln->id};
  ids.insert(ids.end(), finding.vuln->aliases.begin(), finding.vuln->aliases.end());
  for (const std::string& tag : Texts(from.rule, "properties.tags")) {
    const std::vector<std::string> found = VulnIdsIn(tag);
    if (found.size() == 1 && found.front() == tag) ids.push_back(tag);
  }
  for (const std::string& id : Texts(from.rule, "properties.cve")) ids.push_back(id);
  SetVulnIds(*finding.vuln, ids);
}

// Rules of another class than their tool's, as its native importer has them.
struct RuleClass {
  std::string_view prefix;
  std::string_view begin;  // of the rule's id, or of its short description
  FindingClass finding_class;
  bool by_name = false;
};
constexpr std::array kRuleClasses = {
    RuleClass{"checkov", "CKV_SECRET", FindingClass::kSecret},
    RuleClass{"hadolint", "SC", FindingClass::kLint},
    RuleClass{"gosec", "G101", FindingClass::kSecret},
    RuleClass{"bandit", "B105", FindingClass::kSecret},
    RuleClass{"bandit", "B106", FindingClass::kSecret},
    RuleClass{"bandit", "B107", FindingClass::kSecret},
    RuleClass{"kics", "Passwords And Secrets", FindingClass::kSecret, true},
};

std::string Description(io::NodeView rule) {
  return FirstText(rule, {"shortDescription.text", "name"});
}

}  // namespace

SarifDriver DriverOf(std::string_view name) {
  const std::string lower = LowerAscii(name);
  for (const KnownDriver& known : kDrivers) {
    if (lower.find(known.word) == std::string::npos) continue;
    return {std::string(known.prefix), known.finding_class, true};
  }
  return {Slug(name), FindingClass::kLint, false};
}

FindingClass ClassOfResult(const SarifResult& from) {
  const std::string rule_name = Text(from.rule, "name");
  if (from.driver.prefix == "trivy") {
    if (ContainsIgnoreCase(rule_name, "vulnerability")) return FindingClass::kVuln;
    if (ContainsIgnoreCase(rule_name, "secret")) return FindingClass::kSecret;
    if (ContainsIgnoreCase(rule_name, "license")) return FindingClass::kLicence;
  }
  if (!VulnIdsIn(from.rule_id).empty()) return FindingClass::kVuln;
  for (const std::string& tag : Texts(from.rule, "properties.tags")) {
    const std::string lower = LowerAscii(tag);
    if (lower == "secret" || lower == "secrets") return FindingClass::kSecret;
    if (lower == "license" || lower == "licence") return FindingClass::kLicence;
  }
  for (const RuleClass& special : kRuleClasses) {
    if (from.driver.prefix != special.prefix) continue;
    const std::string text = special.by_name ? Description(from.rule) : from.rule_id;
    if (StartsWith(text, special.begin)) return special.finding_class;
  }
  return from.driver.finding_class;
}

std::string NativeRuleId(const SarifResult& from) {
  const std::vector<std::string> ids = VulnIdsIn(from.rule_id);
  const bool decorated = from.driver.prefix == "trivy" || from.driver.prefix == "grype";
  if (decorated && !ids.empty()) {
    // Grype appends the package, which the id's own characters do not end.
    if (StartsWith(ids.front(), "CVE-")) {
      const size_t end = ids.front().find('-', ids.front().find('-', 4) + 1);
      return ids.front().substr(0, end);
    }
    return StartsWith(ids.front(), "GHSA-") ? ids.front().substr(0, 19) : ids.front();
  }
  if (from.driver.prefix != "trivy") return from.rule_id;
  // Ids of licences end in the package: "GPL-3.0:fig".
  const bool licence = ClassOfResult(from) == FindingClass::kLicence;
  return licence ? from.rule_id.substr(0, from.rule_id.rfind(':')) : TrivyCheckId(from.rule_id);
}

void ReadToolText(const SarifResult& from, model::Finding& finding) {
  const std::string_view tool = from.driver.prefix;
  if (tool == "trivy") ReadTrivy(finding);
  if (tool == "grype") ReadGrype(from, finding);
  if (tool == "kubelinter") ReadKubeLinter(from, finding);
  if (tool == "gitleaks") ReadGitleaks(from, finding);
  if (finding.vuln) AddAliases(from, finding);
}

}  // namespace vuln_reports
}  // namespace ouro::ingest
