#include "engine/finding_judge.h"

#include "base/limits.h"
#include "base/text.h"
#include "fmt/format.h"
#include "model/purl.h"
#include "scan/source.h"
#include "triage/identity.h"
#include "triage/priority.h"

namespace ouro::engine {
namespace {

// What several findings of one package share: the upgrade of that package in that image or source.
std::string UpgradeGroup(const model::Finding& finding) {
  const model::Package& package = *finding.package;
  const std::string& name = package.source.empty() ? package.name : package.source;
  if (name.empty()) return {};
  std::string group = "upgrade " + name;
  if (finding.image && !finding.image->reference.empty()) {
    group += " in " + triage::ImageRepository(finding.image->reference);
  } else if (!package.path.empty()) {
    group += " in " + package.path;
  }
  return group;
}

}  // namespace

Result<FindingJudge> FindingJudge::Make(JudgeOptions options) {
  FindingJudge judge(std::move(options));
  if (!judge.options_.feeds_file.empty()) {
    Result<feed::Feeds> feeds = feed::Feeds::Open(judge.options_.feeds_file);
    // Without feeds priorities say that nothing is known; a damaged file is another matter.
    if (!feeds && feeds.error().code != ErrorCode::kNotFound) {
      return tl::unexpected<Error>(feeds.error());
    }
    if (feeds) {
      judge.feeds_text_ = feeds->Describe();
      judge.feeds_ = std::move(*feeds);
    }
  }
  if (!judge.options_.codeowners.empty()) {
    std::string text;
    const std::string& path = judge.options_.codeowners;
    OURO_TRY_STATUS(scan::ReadFile({path, path, true}, limits::kCodeownersSizeBytes, text));
    OURO_TRY(judge.codeowners_, triage::Codeowners::Parse(text));
  }
  return judge;
}

void FindingJudge::Judge(model::Finding& finding) const {
  triage::PriorityInput input;
  input.now = options_.now;
  input.feed = feeds_text_;
  if (finding.vuln && feeds_) {
    feeds_->Find(finding.vuln->id, input.facts);
    if (input.facts.epss >= 0) {
      finding.vuln->epss = input.facts.epss;
      finding.vuln->epss_percentile = input.facts.epss_percentile;
    }
    finding.vuln->kev = finding.vuln->kev || input.facts.kev == model::Answer::kYes;
  }
  finding.judgement = triage::Prioritise(finding, input);
}

std::string FindingJudge::Owner(const model::Finding& finding) const {
  triage::OwnerFacts facts;
  facts.namespace_name = finding.resource.namespace_name;
  facts.path = finding.location.file;
  while (StartsWith(facts.path, "/")) facts.path.erase(0, 1);
  return triage::FindOwner(options_.owners, codeowners_ ? &*codeowners_ : nullptr, facts).owner;
}

std::string FindingJudge::FixGroup(const model::Finding& finding) const {
  if (finding.finding_class == model::FindingClass::kVuln && finding.package) {
    return UpgradeGroup(finding);
  }
  const model::Resource& resource = finding.resource;
  if (resource.kind.empty() || resource.name.empty()) return {};
  return fmt::format("edit {} {}{}{}", resource.kind, resource.namespace_name,
                     resource.namespace_name.empty() ? "" : "/", resource.name);
}

UnixSeconds FindingJudge::Due(const store::SlaQuestion& question) const {
  triage::SlaFacts facts;
  facts.severity = question.severity;
  facts.first_seen = question.first_seen;
  facts.reopened_at = question.reopened_at;
  if (question.paused > 0) {
    facts.pauses.push_back({question.first_seen, question.first_seen + question.paused});
  }
  return triage::ComputeSla(options_.sla, facts, question.first_seen + question.paused).due;
}

}  // namespace ouro::engine
