#include "rules/example.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/inventory.h"
#include "rules/rule_set.h"

namespace ouro::rules {
namespace {

class Collector : public HitSink {
 public:
  void OnHit(Hit&& hit) override { hits.push_back(std::move(hit)); }
  std::vector<Hit> hits;
};

// Objects of all documents, Lists unpacked.
std::vector<uint32_t> ObjectsOf(const io::Tree& tree, const io::KeyTable& keys) {
  std::vector<uint32_t> objects;
  for (const auto& root : tree.roots()) {
    if (root.node == io::kNoNode) continue;
    const io::NodeView object(tree, keys, root.node);
    const auto items = object.Get("items");
    if (EndsWith(object.Get("kind").Text(), "List") && items.IsList()) {
      for (const auto& item : items.Children()) objects.push_back(item.index());
    } else {
      objects.push_back(object.index());
    }
  }
  return objects;
}

// The check as the example wants it judged.
Result<std::vector<SelectedCheck>> SelectFor(const Check& check, const Example& example) {
  SelectionOptions options;
  options.profile = "all";
  const std::vector<Check> library = {check};
  OURO_TRY(std::vector<SelectedCheck> selected, SelectChecks(library, options));
  selected[0].check = &check;
  if (example.alias.empty()) return selected;
  for (const auto& alias : check.aliases) {
    if (alias.tool + ":" + alias.id != example.alias) continue;
    if (!alias.rules.empty()) selected[0].rules = alias.rules;
    for (const auto& [name, json] : alias.parameters) selected[0].parameters[name] = json;
    return selected;
  }
  return Fail(ErrorCode::kNotFound, fmt::format("the check has no alias \"{}\"", example.alias));
}

Result<std::vector<Hit>> RunOne(const Check& check, const Example& example) {
  OURO_TRY(std::vector<SelectedCheck> selected, SelectFor(check, example));
  io::KeyTable keys;
  RuleSetOptions options;
  if (example.kubernetes_minor >= 0) options.kubernetes_minor = example.kubernetes_minor;
  OURO_TRY(const std::shared_ptr<const RuleSet> set,
           RuleSet::Compile(std::move(selected), options, keys));
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadYaml(example.yaml, {}, keys, tree));
  for (const auto& problem : tree.problems()) {
    if (!problem.warning) return tl::unexpected<Error>(problem.error);
  }
  const auto objects = ObjectsOf(tree, keys);
  if (objects.empty()) return Fail(ErrorCode::kInvalid, "the example holds no object");
  Inventory inventory;
  for (const uint32_t object : objects) inventory.Add(tree, keys, object);
  inventory.Finish();
  Collector collector;
  RuleRunner runner(set, keys, &inventory);
  for (const uint32_t object : objects) runner.Run(tree, object, collector);
  for (auto& hit : collector.hits) hit.container = {};  // a view into the tree
  return std::move(collector.hits);
}

// Empty when the outcome is as the example says.
std::string Disagreement(const Example& example, const std::vector<Hit>& hits) {
  for (const auto& hit : hits) {
    if (hit.kind == HitKind::kError) {
      return fmt::format("evaluation error at {}: {}", hit.json_path, hit.message);
    }
  }
  if (example.pass) {
    if (hits.empty()) return {};
    return fmt::format("should pass, but: {} ({})", hits[0].message, hits[0].json_path);
  }
  if (hits.empty()) return "should fail, but nothing was found";
  if (example.count != 0 && example.count != static_cast<int64_t>(hits.size())) {
    return fmt::format("{} findings instead of {}", hits.size(), example.count);
  }
  const auto at_place = [&](const Hit& hit) { return hit.json_path == example.at; };
  if (!example.at.empty() && std::none_of(hits.begin(), hits.end(), at_place)) {
    return fmt::format("found at {} instead of {}", hits[0].json_path, example.at);
  }
  return {};
}

}  // namespace

std::vector<ExampleResult> RunExamples(const Check& check) {
  std::vector<ExampleResult> results;
  int64_t passes = 0;
  int64_t fails = 0;
  for (const auto& example : check.examples) {
    ExampleResult result;
    result.check = check.id;
    result.file = check.source_file;
    result.line = example.line;
    const int64_t number = example.pass ? ++passes : ++fails;
    result.name = !example.name.empty()
                      ? example.name
                      : fmt::format("{} {}", example.pass ? "pass" : "fail", number);
    if (const auto hits = RunOne(check, example); hits) {
      result.reason = Disagreement(example, *hits);
    } else {
      result.reason = hits.error().ToString();
    }
    result.agrees = result.reason.empty();
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace ouro::rules
