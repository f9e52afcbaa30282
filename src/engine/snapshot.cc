#include "engine/snapshot.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "engine/engine.h"
#include "scan/object.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

bool IsFramework(std::string_view tool) {
  return tool == "pss" || tool == "cis" || tool == "nsa" || tool == "mitre";
}

std::vector<std::string> AliasTexts(const rules::Check& check) {
  std::vector<std::string> texts;
  for (const rules::Alias& alias : check.aliases) texts.push_back(alias.tool + ":" + alias.id);
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> Snapshot::Create(SnapshotOptions options) {
  std::shared_ptr<Snapshot> snapshot(new Snapshot(std::move(options)));
  OURO_TRY_STATUS(snapshot->Build());
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

Status Snapshot::Build() {
  if (options_.config.check_folders.empty()) {
    library_ = &rules::BuiltinChecks();
  } else {
    OURO_TRY(own_library_, LoadLibrary(options_.config.check_folders));
    library_ = &own_library_;
  }
  OURO_TRY(auto selected, rules::SelectChecks(*library_, options_.selection));
  std::vector<rules::SelectedCheck> runnable;
  for (rules::SelectedCheck& check : selected) {
    if (check.check->not_evaluable.empty()) {
      runnable.push_back(std::move(check));
      continue;
    }
    model::Problem problem;
    problem.kind = "not_evaluable";
    problem.message = fmt::format("{} ({}) was not judged: {}", check.check->id, check.check->title,
                                  check.check->not_evaluable);
    problems_.push_back(std::move(problem));
  }
  rules::RuleSetOptions options;
  options.kubernetes_minor = kubernetes_minor();
  options.want_passes = options_.show_passed;
  std::vector<rules::SelectedCheck> with_inventory;
  std::copy_if(runnable.begin(), runnable.end(), std::back_inserter(with_inventory),
               [](const auto& chosen) { return chosen.check->needs_inventory; });
  OURO_TRY(rules_, rules::RuleSet::Compile(std::move(runnable), options, keys_));
  if (!with_inventory.empty()) {
    OURO_TRY(inventory_rules_, rules::RuleSet::Compile(std::move(with_inventory), options, keys_));
  }
  scan::ObjectKeys known(keys_);
  for (const rules::SelectedCheck& check : rules_->checks()) {
    texts_[check.check->id] = {check.check, AliasTexts(*check.check)};
  }
  return {};
}

int Snapshot::kubernetes_minor() const {
  return options_.kubernetes_minor >= 0 ? options_.kubernetes_minor : rules::kNewestKubernetesMinor;
}

std::vector<model::RuleInfo> Snapshot::Describe() const {
  std::vector<model::RuleInfo> infos;
  for (const rules::SelectedCheck& selected : rules_->checks()) {
    const rules::Check& check = *selected.check;
    model::RuleInfo info;
    info.id = check.id;
    info.concept_name = check.concept_name;
    info.title = check.title;
    info.description = check.description;
    info.remediation = check.remediation;
    info.severity = selected.severity;
    info.aliases = AliasesOf(check.id);
    info.references = check.references;
    for (const rules::Alias& alias : check.aliases) {
      if (IsFramework(alias.tool)) info.tags.push_back(alias.tool + ":" + alias.id);
    }
    std::sort(info.tags.begin(), info.tags.end());
    infos.push_back(std::move(info));
  }
  std::sort(infos.begin(), infos.end(),
            [](const model::RuleInfo& a, const model::RuleInfo& b) { return a.id < b.id; });
  return infos;
}

const std::vector<std::string>& Snapshot::AliasesOf(std::string_view check) const {
  static const std::vector<std::string> kNone;
  const auto found = texts_.find(check);
  return found == texts_.end() ? kNone : found->second.aliases;
}

void Snapshot::AddStaticTexts(std::vector<model::Finding>& findings) const {
  for (model::Finding& finding : findings) {
    const auto found = texts_.find(finding.check);
    if (found == texts_.end()) continue;
    const rules::Check& check = *found->second.check;
    finding.aliases = found->second.aliases;
    finding.title = check.title;
    finding.remediation = check.remediation;
    finding.references = check.references;
    if (finding.message.empty()) finding.message = check.title;
  }
}

bool Snapshot::KnowsSelector(std::string_view selector) const {
  model::Finding probe;
  for (const rules::Check& check : *library_) {
    probe.check = check.id;
    probe.concept_name = check.concept_name;
    probe.aliases = AliasTexts(check);
    if (triage::SelectorMatches(selector, probe)) return true;
  }
  return false;
}

void Settle(const Snapshot& snapshot, UnixSeconds now, std::vector<model::Finding>& findings,
            std::vector<model::Problem>& problems) {
  triage::AssignFingerprints(findings);
  snapshot.AddStaticTexts(findings);
  std::vector<triage::SuppressionRule> rules = snapshot.config().suppressions;
  if (!rules.empty()) triage::ApplySuppressions(findings, rules, now, problems);
}

}  // namespace ouro::engine
