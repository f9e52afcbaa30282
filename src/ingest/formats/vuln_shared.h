// What the readers of SARIF, SBOMs and vulnerability reports share: how a finding of another tool
// begins, and how the parts that such reports have in common are put into it. Private to ingest.
// The inline namespace keeps these helpers apart from those of the other groups of importers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ingest/field.h"
#include "ingest/importer.h"
#include "ingest/report_input.h"
#include "ingest/words.h"
#include "model/finding.h"

namespace ouro::ingest {
inline namespace vuln_reports {

// The JSON values of the report. Fails with the place when the bytes are broken or hold no value.
Result<std::vector<io::NodeView>> JsonValues(const ReportInput& input);
// The only (first) JSON value.
Result<io::NodeView> JsonRoot(const ReportInput& input);
// The root element. Fails with the place when the bytes are broken.
Result<XmlNode> XmlRoot(const ReportInput& input);
// kInvalid "has no NAME" with the place of the node.
tl::unexpected<Error> MissingPart(io::NodeView node, std::string_view part);

// A finding with class, check "<tool>:<rule>", stage "import" and an origin that names the tool.
model::Finding NewFinding(model::FindingClass finding_class, std::string_view tool,
                          std::string_view version, std::string_view rule);

// A vulnerability of all these ids; the first that is not empty is the tool's own and names the
// check.
model::Finding NewVulnFinding(std::string_view tool, std::string_view version,
                              std::vector<std::string> ids);

// Package by its parts; keeps a purl that is already there. See model::MakePurl.
void SetPackage(model::Finding& finding, std::string_view ecosystem, std::string_view name,
                std::string_view version, std::string_view distribution = {});
// A package of a purl as the report has it: type, name and version are read from it. False when the
// text is no purl; the package is then left alone.
bool SetPackagePurl(model::Finding& finding, std::string_view purl);
// The package of a purl; without a purl when the text is none. Name as the ecosystem writes it.
std::optional<model::Package> PackageOfPurl(std::string_view purl);

// Adds a rating unless vector is empty and score negative, or the same is there already. Vectors of
// v3 without prefix get "CVSS:3.1/" (or 3.0 by `version`); "CVSS2#…" and brackets of v2 are taken
// off.
void AddCvss(model::Vuln& vuln, std::string_view vector, double score, std::string_view source,
             std::string_view version = {});
// Highest known score of v4, else v3, else v2; negative when there is none.
double BestScore(const model::Vuln& vuln);

// Versions that fix it: fixed_in, fix_state "fixed" and, when nothing is said yet, the remediation
// "Upgrade NAME to VERSION". Empty: nothing happens.
void SetFixedIn(model::Finding& finding, const std::vector<std::string>& versions);
// A tool's word for the state of the fix ("wont-fix", "will_not_fix", "affected", "fix_deferred",
// "end_of_life", "not-fixed", …) as one of ours.
std::string FixState(std::string_view word);

// Each once, empty texts left out.
void AddReference(model::Finding& finding, std::string_view url);
void AddReferences(model::Finding& finding, const std::vector<std::string>& urls);
// The numbers of all CWE ids in the text ("CWE-79, CWE-89", "79"), each once.
void AddCwes(model::Finding& finding, std::string_view text);
void AddTag(model::Finding& finding, std::string_view tag);

// What the tool itself decided (a word of model::kOriginStates), and why.
void SetState(model::Finding& finding, std::string_view state, std::string_view reason);

// "CVE-2024-1 curl 7.87.0-r1", as far as the parts are known.
std::string VulnTitle(std::string_view id, std::string_view name, std::string_view version);

// First line, cut at a character at most `size_max` bytes from the start.
std::string FirstLine(std::string_view text, size_t size_max = 200);

// The text with every run of blanks and line ends as one blank, cut likewise.
std::string OneLine(std::string_view text, size_t size_max = 200);

// Appends the line "Label: value" to a description; nothing when the value is empty.
void AddFactLine(std::string& text, std::string_view label, std::string_view value);

// Severity of the score when the word is empty or unknown and a score is known, else of the word.
void SetSeverityWordOrScore(model::Finding& finding, std::string_view tool, std::string_view word,
                            double score);

// Folds findings with equal keys: the first stays and counts the others (Finding::count,
// Origin::occurrences) and keeps their places (at most 20).
class Folder {
 public:
  void Add(const std::string& key, model::Finding&& finding);
  // Hands over everything in the order of the first of each key.
  void Flush(Sink& sink);

 private:
  std::vector<model::Finding> findings_;
  std::map<std::string, size_t> by_key_;
};

// Path as a location has it: '/' separators, no leading "./".
std::string LocationPath(std::string_view path);

// Deployment of a ReplicaSet, CronJob of a Job: the owner's name without the hash that the
// controller appended. The same kind and name where it is no such name.
struct Owner {
  std::string kind;
  std::string name;
};
Owner OwnerOf(std::string_view kind, std::string_view name);

// The Kubernetes object of a sentence as Trivy and kube-linter write them; what is not in it is
// empty: "Container 'app' of Deployment 'web' should …", `container "app" of deployment "web" in
// "shop" namespace should …`, "Deployment 'web' should …".
struct Subject {
  std::string kind;
  std::string namespace_name;
  std::string name;
  std::string container;
};
Subject SubjectInMessage(std::string_view message);

// The kind as Kubernetes writes it ("deployment" → "Deployment"); empty for a word that is no usual
// kind.
std::string_view KubernetesKind(std::string_view word);

// Trivy's id of a check as its newest versions write it: "KSV017" and "AVD-KSV-0017" are
// "KSV-0017", the form of the concept catalogue. Other ids are returned as they are.
std::string TrivyCheckId(std::string_view id);

bool ContainsIgnoreCase(std::string_view text, std::string_view word);

}  // namespace vuln_reports
}  // namespace ouro::ingest
