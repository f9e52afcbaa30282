#include "prove/leg_judge.h"

#include <optional>
#include <utility>

#include "engine/place.h"

namespace ouro::prove {
namespace {

engine::Judge::Options JudgeOptions(const rules::Inventory* inventory, UnixSeconds now) {
  engine::Judge::Options options;
  options.inventory = inventory;
  options.now = now;
  return options;
}

engine::ObjectReader::Options ReaderOptions(const engine::Config& config) {
  engine::ObjectReader::Options options;
  for (const scan::ObjectExclude& rule : config.exclude_objects) {
    options.names_matter = options.names_matter || !rule.name.empty();
    options.labels_matter = options.labels_matter || !rule.label.empty();
  }
  return options;
}

}  // namespace

CheckNumbers::CheckNumbers(const engine::Snapshot& snapshot) {
  const auto& checks = snapshot.rules()->checks();
  ids_.reserve(checks.size());
  for (const rules::SelectedCheck& selected : checks) {
    ids_.push_back(selected.check->id);
    needs_inventory_.push_back(selected.check->needs_inventory);
  }
  for (size_t i = 0; i < ids_.size(); ++i) numbers_.emplace(ids_[i], i);
}

LegJudge::LegJudge(std::shared_ptr<const engine::Snapshot> snapshot, const CheckNumbers& numbers,
                   const rules::Inventory* inventory, UnixSeconds now)
    : snapshot_(std::move(snapshot)),
      numbers_(numbers),
      has_inventory_(inventory != nullptr),
      now_(now),
      judge_(snapshot_, JudgeOptions(inventory, now)),
      live_judge_(snapshot_, inventory, now, nullptr),
      live_reader_(*snapshot_->rules(), ReaderOptions(snapshot_->config())) {}

Judged LegJudge::ToJudged(engine::Judgement&& judgement) const {
  Judged out;
  out.verdicts.resize(numbers_.count());
  for (size_t i = 0; i < numbers_.count(); ++i) {
    if (has_inventory_ || !numbers_.needs_inventory(i)) out.verdicts[i].emplace();
  }
  engine::Settle(*snapshot_, now_, judgement.findings, judgement.problems);
  for (const model::Passed& passed : judgement.passed) {
    out.verdicts[numbers_.Of(passed.check)]->Add(Verdict::kPass, false, {}, {});
  }
  for (model::Finding& finding : judgement.findings) {
    const size_t number = numbers_.Of(finding.check);
    const bool suppressed = finding.status == model::FindingStatus::kSuppressed;
    // A suppressed finding does not say any more whether it was an error; its class does.
    const bool is_error = finding.finding_class == model::FindingClass::kLint;
    const Verdict verdict = is_error ? Verdict::kError : Verdict::kFail;
    out.has_errors = out.has_errors || is_error;
    out.verdicts[number]->Add(verdict, suppressed, {finding.resource.container, finding.field_path},
                              finding.message);
    if (!suppressed) out.open_ids.emplace(std::move(finding.id), KnownFinding{number, verdict});
  }
  return out;
}

Judged LegJudge::File(const scan::Object& object, std::string_view shown) {
  if (scan::IsExcluded(object, snapshot_->config().exclude_objects, judge_.keys(),
                       judge_.known())) {
    Judged out;
    out.excluded = true;
    return out;
  }
  engine::Judgement judgement;
  engine::PlaceFinder places(*object.tree);
  judge_.Run(object, shown, places, {}, judgement);
  return ToJudged(std::move(judgement));
}

Result<Judged> LegJudge::Json(std::string_view text, std::string_view shown) {
  std::string buffer = tree_.TakeSource();
  buffer.assign(text);
  OURO_TRY_STATUS(io::ReadJson(std::move(buffer), {}, judge_.keys(), tree_));
  std::optional<scan::Object> found;
  scan::ObjectVisitor visitor;
  visitor.object = [&](scan::Object&& object) { found = std::move(object); };
  visitor.not_object = [](uint32_t, std::string_view) {};
  visitor.problem = [](model::Problem&&) {};
  for (uint32_t root = 0; root < tree_.roots().size(); ++root) {
    scan::FindObjects(tree_, root, judge_.keys(), judge_.known(), visitor);
  }
  if (!found) return Fail(ErrorCode::kParse, "the object is no object any more once it is JSON");
  return File(*found, shown);
}

Result<Judged> LegJudge::Live(std::string_view text) {
  OURO_TRY_STATUS(live_reader_.Read(text, {}, {}, live_object_));
  OURO_TRY(engine::Verdict verdict, live_judge_.Run(live_object_));
  if (verdict.excluded) {
    Judged out;
    out.excluded = true;
    return out;
  }
  return ToJudged(std::move(verdict.judgement));
}

}  // namespace ouro::prove
