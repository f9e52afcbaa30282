// CycloneDX 1.6: one vulnerability for each statement; what it affects are components of the same
// document, so that every reference leads somewhere.
#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "report/json_text.h"
#include "report/vex.h"
#include "report/vex_shared.h"

namespace ouro::report {
namespace {

using model::VexJustification;
using model::VexStatement;
using model::VexStatus;

std::string_view StateOf(VexStatus status) {
  switch (status) {
    case VexStatus::kUnderInvestigation:
      return "in_triage";
    case VexStatus::kAffected:
      return "exploitable";
    case VexStatus::kNotAffected:
      return "not_affected";
    case VexStatus::kFixed:
      return "resolved";
  }
  return {};
}

// A word of CycloneDX that was given is kept; it is finer than ours.
std::string_view JustificationOf(const VexStatement& statement) {
  constexpr std::array<std::string_view, 9> kWords = {
      "code_not_present",     "code_not_reachable",     "requires_configuration",
      "requires_dependency",  "requires_environment",   "protected_by_compiler",
      "protected_at_runtime", "protected_at_perimeter", "protected_by_mitigating_control"};
  const auto own = std::find(kWords.begin(), kWords.end(), statement.justification_word);
  if (own != kWords.end()) return *own;
  switch (statement.justification) {
    case VexJustification::kNone:
      return {};
    case VexJustification::kComponentNotPresent:
    case VexJustification::kVulnerableCodeNotPresent:
      return "code_not_present";
    case VexJustification::kVulnerableCodeNotInExecutePath:
      return "code_not_reachable";
    case VexJustification::kVulnerableCodeCannotBeControlled:
      return "requires_environment";
    case VexJustification::kInlineMitigationsExist:
      return "protected_by_mitigating_control";
  }
  return {};
}

// The last name of a purl or reference, without version: CycloneDX demands a name.
std::string NameOf(std::string_view id) {
  std::string_view name = id.substr(0, id.find_first_of("?#"));
  const size_t at = name.rfind('@');
  if (at != std::string_view::npos && at > 0) name = name.substr(0, at);
  const size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name = name.substr(slash + 1);
  return std::string(name.empty() ? id : name);
}

void AppendComponents(JsonScope& scope, std::string& out,
                      const std::vector<const VexStatement*>& statements) {
  std::set<std::string> parts;
  for (const VexStatement* statement : statements) {
    for (const model::VexProduct& product : statement->products) {
      for (std::string& part : VexParts(product)) parts.insert(std::move(part));
    }
  }
  scope.Next("components");
  JsonScope list(out, '[');
  for (const std::string& part : parts) {
    list.Next();
    JsonScope item(out, '{');
    item.Text("type", StartsWith(part, "pkg:oci/") ? "container" : "library");
    item.Text("bom-ref", part);
    item.Text("name", NameOf(part));
    if (StartsWith(part, "pkg:")) item.Text("purl", part);
    item.End();
  }
  list.End();
}

void AppendAnalysis(JsonScope& scope, std::string& out, const VexStatement& statement) {
  scope.Next("analysis");
  JsonScope analysis(out, '{');
  analysis.Text("state", StateOf(statement.status));
  if (statement.status == VexStatus::kNotAffected) {
    analysis.TextIf("justification", JustificationOf(statement));
  }
  constexpr std::array<std::string_view, 5> kResponses = {"can_not_fix", "will_not_fix", "update",
                                                          "rollback", "workaround_available"};
  std::vector<std::string> responses;
  for (const std::string_view word : SplitText(statement.response, ',')) {
    const std::string_view response = TrimSpace(word);
    if (std::find(kResponses.begin(), kResponses.end(), response) != kResponses.end()) {
      responses.emplace_back(response);
    }
  }
  if (!responses.empty()) analysis.Texts("response", responses);
  analysis.TextIf("detail", statement.status == VexStatus::kAffected && !statement.action.empty()
                                ? statement.action
                                : statement.impact);
  analysis.End();
}

void AppendVulnerability(std::string& out, const VexStatement& statement,
                         const VexDocument& document) {
  JsonScope scope(out, '{');
  scope.Text("id", statement.vulnerability);
  if (!statement.aliases.empty()) {
    scope.Next("references");
    JsonScope list(out, '[');
    for (const std::string& alias : statement.aliases) {
      list.Next();
      JsonScope item(out, '{');
      item.Text("id", alias);
      item.Next("source");
      JsonScope source(out, '{');
      source.Text("name", alias.substr(0, alias.find('-')));
      source.End();
      item.End();
    }
    list.End();
  }
  scope.Text("updated", VexTimeOf(statement, document));
  AppendAnalysis(scope, out, statement);
  std::set<std::string> parts;
  for (const model::VexProduct& product : statement.products) {
    for (std::string& part : VexParts(product)) parts.insert(std::move(part));
  }
  scope.Next("affects");
  JsonScope affects(out, '[');
  for (const std::string& part : parts) {
    affects.Next();
    JsonScope item(out, '{');
    item.Text("ref", part);
    item.End();
  }
  affects.End();
  scope.End();
}

}  // namespace

void WriteCycloneDxVex(const VexDocument& document, std::string& out) {
  const std::vector<const VexStatement*> statements = WritableStatements(document);
  JsonScope scope(out, '{');
  scope.Text("bomFormat", "CycloneDX");
  scope.Text("specVersion", "1.6");
  scope.Text("serialNumber", "urn:uuid:" + VexUuid(VexContentId(document, "cyclonedx")));
  scope.Int("version", document.version);
  scope.Next("metadata");
  JsonScope metadata(out, '{');
  metadata.Text("timestamp", FormatRfc3339(document.at));
  metadata.Next("tools");
  JsonScope tools(out, '{');
  tools.Next("components");
  JsonScope list(out, '[');
  list.Next();
  JsonScope tool(out, '{');
  tool.Text("type", "application");
  tool.Text("name", "ouro");
  tool.Text("version", document.tool_version);
  tool.End();
  list.End();
  tools.End();
  metadata.Next("authors");
  JsonScope authors(out, '[');
  authors.Next();
  JsonScope author(out, '{');
  author.Text("name", VexAuthor(document));
  author.End();
  authors.End();
  metadata.End();
  AppendComponents(scope, out, statements);
  scope.Next("vulnerabilities");
  JsonScope vulnerabilities(out, '[');
  for (const VexStatement* statement : statements) {
    vulnerabilities.Next();
    AppendVulnerability(out, *statement, document);
  }
  vulnerabilities.End();
  scope.End();
  out += '\n';
}

}  // namespace ouro::report
