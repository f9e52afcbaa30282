#include "engine/import_finding.h"

#include "engine/finding_judge.h"
#include "triage/identity.h"

namespace ouro::engine {
namespace {

void SetIfEmpty(std::string& field, const std::string& value) {
  if (field.empty()) field = value;
}

// "./a/b" and "a//b" are "a/b"; a leading '/' stays, because some tools root paths there.
void CleanPath(std::string& path) {
  while (path.rfind("./", 0) == 0) path.erase(0, 2);
  for (size_t at = path.find("//"); at != std::string::npos; at = path.find("//", at)) {
    if (at > 0 && path[at - 1] == ':') {
      at += 2;  // "https://" is no path
      continue;
    }
    path.erase(at, 1);
  }
}

// A tool's own decision is a suppression by that tool, with its word as the reason.
void ApplyState(model::Finding& finding) {
  if (!finding.origin || finding.origin->state.empty()) return;
  if (finding.status == model::FindingStatus::kSuppressed) return;
  finding.status = model::FindingStatus::kSuppressed;
  finding.suppressed = model::Suppression{finding.origin->tool, finding.origin->state, ""};
}

}  // namespace

FindingCompleter::FindingCompleter(const ImportRequest& request) : request_(request) {
  if (!request.source.empty()) source_ = std::make_unique<SourceLookup>(request.source);
}

FindingCompleter::~FindingCompleter() = default;

void FindingCompleter::FillAsset(model::Finding& finding) const {
  const bool given = !request_.application.empty() || !request_.environment.empty() ||
                     !request_.cluster.empty() || !request_.repository.empty() ||
                     !request_.branch.empty() || !request_.commit.empty();
  if (!given) return;
  model::Asset& asset = finding.asset.Make();
  SetIfEmpty(asset.application, request_.application);
  SetIfEmpty(asset.environment, request_.environment);
  SetIfEmpty(asset.cluster, request_.cluster);
  SetIfEmpty(asset.repository, request_.repository);
  SetIfEmpty(asset.branch, request_.branch);
  SetIfEmpty(asset.commit, request_.commit);
}

void FindingCompleter::Complete(model::Finding& finding) {
  model::Origin& origin = finding.origin.Make();
  SetIfEmpty(origin.tool, facts_.tool);
  SetIfEmpty(origin.tool_version, facts_.tool_version);
  FillAsset(finding);
  if (!request_.stage.empty()) finding.stage = request_.stage;
  if (finding.stage.empty()) finding.stage = "import";
  CleanPath(finding.location.file);
  ApplyState(finding);
  if (source_ != nullptr) source_->Resolve(finding);
  triage::Classify(finding);
  finding.id = triage::Fingerprint(finding);
  finding.issue = triage::IssueId(finding);
  if (request_.judge != nullptr) request_.judge->Judge(finding);
}

}  // namespace ouro::engine
