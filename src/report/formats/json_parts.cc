#include "report/formats/json_parts.h"

#include <fmt/format.h>

namespace ouro::report {
namespace {

// Shortest text that reads back as the same number; CVSS and EPSS need no more.
void Number(std::string& out, JsonScope& scope, std::string_view name, double value) {
  scope.Next(name);
  out += fmt::format("{}", value);
}

void AppendPackage(std::string& out, const model::Package& package) {
  JsonScope scope(out, '{');
  scope.TextIf("purl", package.purl);
  scope.Text("name", package.name);
  scope.TextIf("version", package.version);
  scope.TextIf("type", package.type);
  scope.TextIf("path", package.path);
  scope.TextIf("source", package.source);
  scope.End();
}

void AppendImage(std::string& out, const model::Image& image) {
  JsonScope scope(out, '{');
  scope.TextIf("reference", image.reference);
  scope.TextIf("digest", image.digest);
  scope.TextIf("layer", image.layer);
  scope.End();
}

void AppendVuln(std::string& out, const model::Vuln& vuln) {
  JsonScope scope(out, '{');
  scope.Text("id", vuln.id);
  scope.Texts("aliases", vuln.aliases);
  if (!vuln.cvss.empty()) {
    scope.Next("cvss");
    JsonScope list(out, '[');
    for (const model::Cvss& cvss : vuln.cvss) {
      list.Next();
      JsonScope rating(out, '{');
      rating.TextIf("vector", cvss.vector);
      if (cvss.score >= 0) Number(out, rating, "score", cvss.score);
      rating.TextIf("source", cvss.source);
      rating.End();
    }
    list.End();
  }
  if (vuln.epss >= 0) Number(out, scope, "epss", vuln.epss);
  if (vuln.epss_percentile >= 0) Number(out, scope, "epss_percentile", vuln.epss_percentile);
  if (vuln.kev) scope.Bool("kev", true);
  scope.TextIf("fixed_in", vuln.fixed_in);
  scope.TextIf("fix_state", vuln.fix_state);
  scope.TextIf("published", vuln.published);
  scope.End();
}

void AppendOrigin(std::string& out, const model::Origin& origin) {
  JsonScope scope(out, '{');
  scope.Text("tool", origin.tool);
  scope.TextIf("tool_version", origin.tool_version);
  scope.TextIf("uid", origin.uid);
  scope.TextIf("severity", origin.severity);
  scope.TextIf("description", origin.description);
  scope.TextIf("impact", origin.impact);
  scope.TextIf("category", origin.category);
  if (!origin.cwes.empty()) {
    scope.Next("cwes");
    JsonScope list(out, '[');
    for (const int64_t cwe : origin.cwes) {
      list.Next();
      AppendInt(out, cwe);
    }
    list.End();
  }
  if (!origin.tags.empty()) scope.Texts("tags", origin.tags);
  scope.TextIf("confidence", origin.confidence);
  scope.TextIf("endpoint", origin.endpoint);
  scope.TextIf("service", origin.service);
  scope.TextIf("state", origin.state);
  scope.TextIf("snippet_hash", origin.snippet_hash);
  if (origin.occurrences != 1) scope.Int("occurrences", origin.occurrences);
  scope.End();
}

void AppendAsset(std::string& out, const model::Asset& asset) {
  JsonScope scope(out, '{');
  scope.TextIf("application", asset.application);
  scope.TextIf("environment", asset.environment);
  scope.TextIf("cluster", asset.cluster);
  scope.TextIf("repository", asset.repository);
  scope.TextIf("branch", asset.branch);
  scope.TextIf("commit", asset.commit);
  scope.TextIf("host", asset.host);
  scope.TextIf("node_role", asset.node_role);
  scope.End();
}

void AppendJudgement(std::string& out, JsonScope& scope, const model::Judgement& judgement) {
  scope.Int("priority", judgement.priority);
  scope.TextIf("outcome", judgement.outcome);
  scope.TextIf("exposure", judgement.exposure);
  scope.TextIf("reachability", judgement.reachability);
  scope.Next("why");
  JsonScope list(out, '[');
  for (const model::Reason& reason : judgement.why) {
    list.Next();
    JsonScope term(out, '{');
    term.Text("term", reason.term);
    term.Text("value", reason.value);
    term.Int("weight", reason.weight);
    term.TextIf("text", reason.text);
    term.End();
  }
  list.End();
}

}  // namespace

void AppendParts(std::string& out, JsonScope& scope, const model::Finding& finding) {
  if (finding.package) {
    scope.Next("package");
    AppendPackage(out, *finding.package);
  }
  if (finding.image) {
    scope.Next("image");
    AppendImage(out, *finding.image);
  }
  if (finding.vuln) {
    scope.Next("vuln");
    AppendVuln(out, *finding.vuln);
  }
  if (finding.origin) {
    scope.Next("origin");
    AppendOrigin(out, *finding.origin);
  }
  if (finding.asset) {
    scope.Next("asset");
    AppendAsset(out, *finding.asset);
  }
  if (finding.judgement) AppendJudgement(out, scope, *finding.judgement);
}

}  // namespace ouro::report
