#include "engine/judge.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/inline_suppression.h"

namespace ouro::engine {
namespace {

constexpr uint32_t kKeysKept = 200'000;  // distinct keys beyond the snapshot's before a fresh start

void TrimMessage(std::string& message) {
  if (static_cast<int64_t>(message.size()) <= limits::kMessageSizeBytes) return;
  message.resize(
      ValidUtf8Prefix(std::string_view(message).substr(0, limits::kMessageSizeBytes - 3)));
  message += "…";
}

}  // namespace

Judge::Judge(std::shared_ptr<const Snapshot> snapshot, Options options)
    : snapshot_(std::move(snapshot)), options_(std::move(options)) {
  if (!options_.rules) options_.rules = snapshot_->rules();
  StartKeys();
}
Judge::~Judge() = default;

void Judge::StartKeys() {
  runner_.reset();
  keys_ = snapshot_->keys();
  known_ = std::make_unique<scan::ObjectKeys>(keys_);
  runner_ = std::make_unique<rules::RuleRunner>(options_.rules, keys_, options_.inventory);
}

bool Judge::RenewKeys() {
  if (keys_.count() <= snapshot_->keys().count() + kKeysKept) return false;
  StartKeys();
  return true;
}

void Judge::Run(const scan::Object& object, std::string_view shown, PlaceFinder& places,
                std::span<const scan::InlineSuppression> comments, Judgement& out) {
  object_ = &object;
  shown_ = shown;
  places_ = &places;
  out_ = &out;
  const size_t first = out.findings.size();
  out.passed_count += runner_->Run(*object.tree, object.node, *this);
  for (const auto& [name_space, name] : runner_->accounts()) {
    out.accounts.push_back({object.document, std::string(name_space), std::string(name)});
  }
  if (options_.inventory != nullptr && options_.rules == snapshot_->inventory_rules() &&
      runner_->accounts().empty()) {
    // Its shape allows no judgement, which the run of all rules has said.
    out.findings.resize(first);
    return;
  }
  std::vector<scan::InlineSuppression> suppressions;
  const size_t told = out.problems.size();
  scan::CollectObjectSuppressions(*object.tree, object.node, keys_, suppressions, out.problems);
  CheckSelectors(*snapshot_, suppressions, places, out.problems);
  for (size_t i = told; i < out.problems.size(); ++i) {
    out.problems[i].object = ObjectText(object.resource);
    out.problems[i].document = object.document;
  }
  if (out.findings.size() == first) return;
  suppressions.insert(suppressions.end(), comments.begin(), comments.end());
  if (suppressions.empty()) return;
  const std::span<model::Finding> findings(out.findings.data() + first,
                                           out.findings.size() - first);
  for (model::Finding& finding : findings) finding.aliases = snapshot_->AliasesOf(finding.check);
  ApplyInlineSuppressions(findings, suppressions, options_.now, out.problems);
  for (model::Finding& finding : findings) finding.aliases = {};
}

void Judge::AddPass(const rules::SelectedCheck& selected, const rules::Hit& hit) {
  model::Passed passed;
  passed.check = selected.check->id;
  passed.resource = object_->resource;
  passed.resource.container = hit.container;
  passed.file = shown_;
  passed.line = places_->PositionOf(object_->tree->node(object_->node).start).line;
  out_->passed.push_back(std::move(passed));
}

void Judge::OnHit(rules::Hit&& hit) {
  const rules::SelectedCheck& selected = options_.rules->checks()[hit.check];
  if (hit.kind == rules::HitKind::kPass) return AddPass(selected, hit);
  if (options_.finding_count != nullptr &&
      options_.finding_count->fetch_add(1, std::memory_order_relaxed) >= limits::kFindingCount) {
    return;
  }
  places_->StartObject(object_->tree->node(object_->node).start);
  model::Finding finding;
  finding.check = selected.check->id;
  finding.concept_name = selected.check->concept_name;
  finding.resource = object_->resource;
  finding.resource.container = hit.container;
  finding.field_path = std::move(hit.field_path);
  finding.severity = selected.severity;
  finding.severity_source = selected.severity_source;
  finding.message = std::move(hit.message);
  TrimMessage(finding.message);
  const auto absolute = [&](std::string& path) {
    if (object_->path.size() > 1 && StartsWith(path, "$")) path = object_->path + path.substr(1);
  };
  finding.location.file = shown_;
  finding.location.document = object_->document;
  finding.location.json_path = std::move(hit.json_path);
  absolute(finding.location.json_path);
  const uint32_t node = hit.node == io::kNoNode ? object_->node : hit.node;
  places_->Fill(node, hit.present, finding.location);
  for (auto& [path, value] : hit.fix) {
    absolute(path);
    finding.fix.push_back({value.empty() ? "remove" : "set", std::move(path), std::move(value)});
  }
  if (hit.kind == rules::HitKind::kError) {
    finding.finding_class = model::FindingClass::kLint;
    finding.status = model::FindingStatus::kError;
    finding.message = fmt::format("the check could not be evaluated: {}", finding.message);
    finding.fix.clear();
  }
  out_->findings.push_back(std::move(finding));
}

// Only our own spelling is looked at: other tools have checks that this program does not have.
void CheckSelectors(const Snapshot& snapshot, std::span<const scan::InlineSuppression> suppressions,
                    PlaceFinder& places, std::vector<model::Problem>& problems) {
  for (const scan::InlineSuppression& suppression : suppressions) {
    if (suppression.by != "ouro.dev/ignore") continue;
    if (snapshot.KnowsSelector(suppression.selector)) continue;
    const io::Position place = places.PositionOf(suppression.offset);
    model::Problem problem;
    problem.kind = ErrorCodeName(ErrorCode::kNotFound);
    problem.line = place.line;
    problem.column = place.column;
    problem.message = fmt::format(
        "ouro.dev/ignore suppresses nothing: no check is called \"{}\"; `ouro rule list` shows all",
        Printable(suppression.selector));
    problem.warning = true;
    problems.push_back(std::move(problem));
  }
}

std::string ObjectText(const model::Resource& resource) {
  if (resource.namespace_name.empty()) return fmt::format("{} {}", resource.kind, resource.name);
  return fmt::format("{} {}/{}", resource.kind, resource.namespace_name, resource.name);
}

}  // namespace ouro::engine
