#include <fmt/format.h>

#include "base/text.h"
#include "store/export.h"

namespace ouro::store {
namespace {

void AppendNumberMember(std::string& out, std::string_view name, int64_t value) {
  if (value == 0) return;
  AppendMember(out, name);
  out += std::to_string(value);
}

void AppendTexts(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  AppendMember(out, name);
  out += '[';
  for (const std::string& text : texts) {
    if (out.back() != '[') out += ',';
    AppendJsonString(out, text);
  }
  out += ']';
}

void AppendPlace(std::string& out, const model::Location& place) {
  out += '{';
  AppendTextMember(out, "file", place.file);
  AppendNumberMember(out, "document", place.document);
  AppendNumberMember(out, "line", place.line);
  AppendNumberMember(out, "column", place.column);
  AppendNumberMember(out, "end_line", place.end_line);
  AppendNumberMember(out, "end_column", place.end_column);
  AppendNumberMember(out, "start_offset", place.start_offset);
  AppendNumberMember(out, "end_offset", place.end_offset);
  AppendTextMember(out, "json_path", place.json_path);
  out += '}';
}

void AppendResource(std::string& out, const model::Resource& resource) {
  AppendMember(out, "resource");
  out += '{';
  AppendTextMember(out, "api_version", resource.api_version);
  AppendTextMember(out, "kind", resource.kind);
  AppendTextMember(out, "namespace", resource.namespace_name);
  AppendTextMember(out, "name", resource.name);
  AppendTextMember(out, "container", resource.container);
  out += '}';
}

void AppendPackage(std::string& out, const model::Package& package) {
  AppendMember(out, "package");
  out += '{';
  AppendTextMember(out, "purl", package.purl);
  AppendTextMember(out, "name", package.name);
  AppendTextMember(out, "version", package.version);
  AppendTextMember(out, "type", package.type);
  AppendTextMember(out, "path", package.path);
  AppendTextMember(out, "source", package.source);
  out += '}';
}

void AppendVuln(std::string& out, const model::Vuln& vuln) {
  AppendMember(out, "vuln");
  out += '{';
  AppendTextMember(out, "id", vuln.id);
  AppendTexts(out, "aliases", vuln.aliases);
  if (!vuln.cvss.empty()) {
    AppendMember(out, "cvss");
    out += '[';
    for (const model::Cvss& cvss : vuln.cvss) {
      if (out.back() != '[') out += ',';
      out += '{';
      AppendTextMember(out, "vector", cvss.vector);
      AppendMember(out, "score");
      out += fmt::format("{}", cvss.score);
      AppendTextMember(out, "source", cvss.source);
      out += '}';
    }
    out += ']';
  }
  AppendTextMember(out, "fixed_in", vuln.fixed_in);
  AppendTextMember(out, "fix_state", vuln.fix_state);
  AppendTextMember(out, "published", vuln.published);
  out += '}';
}

void AppendOrigin(std::string& out, const model::Origin& origin) {
  AppendMember(out, "origin");
  out += '{';
  AppendTextMember(out, "tool", origin.tool);
  AppendTextMember(out, "uid", origin.uid);
  AppendTextMember(out, "severity", origin.severity);
  AppendTextMember(out, "description", origin.description);
  AppendTextMember(out, "impact", origin.impact);
  AppendTextMember(out, "category", origin.category);
  if (!origin.cwes.empty()) {
    AppendMember(out, "cwes");
    out += fmt::format("[{}]", fmt::join(origin.cwes, ","));
  }
  AppendTexts(out, "tags", origin.tags);
  AppendTextMember(out, "confidence", origin.confidence);
  AppendTextMember(out, "endpoint", origin.endpoint);
  AppendTextMember(out, "service", origin.service);
  AppendTextMember(out, "state", origin.state);
  AppendTextMember(out, "snippet_hash", origin.snippet_hash);
  AppendNumberMember(out, "occurrences", origin.occurrences);
  out += '}';
}

void AppendAsset(std::string& out, const model::Asset& asset) {
  AppendMember(out, "asset");
  out += '{';
  AppendTextMember(out, "application", asset.application);
  AppendTextMember(out, "environment", asset.environment);
  AppendTextMember(out, "cluster", asset.cluster);
  AppendTextMember(out, "repository", asset.repository);
  AppendTextMember(out, "branch", asset.branch);
  AppendTextMember(out, "host", asset.host);
  AppendTextMember(out, "node_role", asset.node_role);
  out += '}';
}

void AppendJudgement(std::string& out, const model::Judgement& judgement) {
  AppendMember(out, "judgement");
  out += '{';
  AppendNumberMember(out, "priority", judgement.priority);
  AppendTextMember(out, "outcome", judgement.outcome);
  AppendTextMember(out, "exposure", judgement.exposure);
  AppendTextMember(out, "reachability", judgement.reachability);
  if (!judgement.why.empty()) {
    AppendMember(out, "why");
    out += '[';
    for (const model::Reason& reason : judgement.why) {
      if (out.back() != '[') out += ',';
      out += '{';
      AppendTextMember(out, "term", reason.term);
      AppendTextMember(out, "value", reason.value);
      AppendNumberMember(out, "weight", reason.weight);
      AppendTextMember(out, "text", reason.text);
      out += '}';
    }
    out += ']';
  }
  out += '}';
}

void AppendFix(std::string& out, const std::vector<model::FixPatch>& fix) {
  if (fix.empty()) return;
  AppendMember(out, "fix");
  out += '[';
  for (const model::FixPatch& patch : fix) {
    if (out.back() != '[') out += ',';
    out += '{';
    AppendTextMember(out, "op", patch.op);
    AppendTextMember(out, "json_path", patch.json_path);
    AppendTextMember(out, "value", patch.value);
    out += '}';
  }
  out += ']';
}

void AppendPlaces(std::string& out, const model::Finding& finding) {
  AppendMember(out, "location");
  AppendPlace(out, finding.location);
  if (finding.other_locations.empty()) return;
  AppendMember(out, "other_locations");
  out += '[';
  for (const model::Location& place : finding.other_locations) {
    if (out.back() != '[') out += ',';
    AppendPlace(out, place);
  }
  out += ']';
}

}  // namespace

void AppendMember(std::string& out, std::string_view name) {
  if (!out.empty() && out.back() != '{') out += ',';
  AppendJsonString(out, name);
  out += ':';
}

void AppendTextMember(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  AppendMember(out, name);
  AppendJsonString(out, value);
}

void AppendEvidenceJson(std::string& out, const model::Finding& finding) {
  out += '{';
  AppendTextMember(out, "class", model::FindingClassName(finding.finding_class));
  AppendTextMember(out, "check", finding.check);
  AppendTextMember(out, "concept", finding.concept_name);
  AppendTexts(out, "aliases", finding.aliases);
  AppendTextMember(out, "title", finding.title);
  AppendTextMember(out, "message", finding.message);
  AppendResource(out, finding.resource);
  AppendTextMember(out, "field_path", finding.field_path);
  AppendPlaces(out, finding);
  AppendTextMember(out, "severity", model::SeverityName(finding.severity));
  AppendTextMember(out, "severity_source", finding.severity_source);
  AppendTextMember(out, "remediation", finding.remediation);
  AppendTexts(out, "references", finding.references);
  AppendFix(out, finding.fix);
  AppendTextMember(out, "status", model::FindingStatusName(finding.status));
  if (finding.suppressed) {
    AppendMember(out, "suppressed");
    out += '{';
    AppendTextMember(out, "by", finding.suppressed->by);
    AppendTextMember(out, "reason", finding.suppressed->reason);
    AppendTextMember(out, "until", finding.suppressed->until);
    out += '}';
  }
  AppendTextMember(out, "stage", finding.stage);
  AppendNumberMember(out, "count", finding.count);
  AppendTextMember(out, "action", finding.action);
  if (finding.package) AppendPackage(out, *finding.package);
  if (finding.image) {
    AppendMember(out, "image");
    out += '{';
    AppendTextMember(out, "reference", finding.image->reference);
    AppendTextMember(out, "digest", finding.image->digest);
    AppendTextMember(out, "layer", finding.image->layer);
    out += '}';
  }
  if (finding.vuln) AppendVuln(out, *finding.vuln);
  if (finding.origin) AppendOrigin(out, *finding.origin);
  if (finding.asset) AppendAsset(out, *finding.asset);
  if (finding.judgement) AppendJudgement(out, *finding.judgement);
  out += '}';
}

}  // namespace ouro::store
