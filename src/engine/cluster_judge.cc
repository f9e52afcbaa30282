#include "engine/cluster_judge.h"

#include "engine/place.h"

namespace ouro::engine {
namespace {

// Lines and columns are those of a text that nobody has seen.
void ForgetPlace(model::Location& location) {
  std::string json_path = std::move(location.json_path);
  location = {};
  location.json_path = std::move(json_path);
}

}  // namespace

LiveJudge::LiveJudge(std::shared_ptr<const Snapshot> snapshot, const rules::Inventory* inventory,
                     UnixSeconds now, std::atomic<int64_t>* finding_count)
    : judge_(std::move(snapshot), {nullptr, inventory, now, finding_count}) {}

Result<uint32_t> LiveJudge::Read(std::string_view text) {
  judge_.RenewKeys();
  std::string buffer = tree_.TakeSource();
  buffer.assign(text);
  OURO_TRY_STATUS(io::ReadJson(std::move(buffer), {}, judge_.keys(), tree_));
  const auto& roots = tree_.roots();
  if (roots.size() == 1 && !roots.front().failed) return roots.front().node;
  if (!tree_.problems().empty()) return tl::unexpected<Error>(tree_.problems().front().error);
  return Fail(ErrorCode::kParse, "the object is not JSON");
}

Result<Verdict> LiveJudge::Run(const LiveObject& live) {
  OURO_TRY(const uint32_t root, Read(live.text));
  Verdict verdict;
  scan::Object object;
  object.tree = &tree_;
  object.node = root;
  object.resource = {live.api_version, live.kind, live.name_space, live.name, {}};
  object.workload =
      !scan::PodTemplates(tree_, root, judge_.keys(), live.api_version, live.kind).empty();
  verdict.workload = object.workload;
  const Config& config = snapshot().config();
  if (scan::IsExcluded(object, config.exclude_objects, judge_.keys(), judge_.known())) {
    verdict.excluded = true;
    return verdict;
  }
  PlaceFinder places(tree_);
  judge_.Run(object, {}, places, {}, verdict.judgement);
  for (model::Finding& finding : verdict.judgement.findings) ForgetPlace(finding.location);
  for (model::Problem& problem : verdict.judgement.problems) problem.line = problem.column = 0;
  for (model::Passed& passed : verdict.judgement.passed) passed.line = 0;
  return verdict;
}

Status LiveJudge::AddFacts(const LiveObject& object, rules::Inventory& inventory) {
  OURO_TRY(const uint32_t root, Read(object.text));
  inventory.Add(tree_, judge_.keys(), root);
  return {};
}

}  // namespace ouro::engine
