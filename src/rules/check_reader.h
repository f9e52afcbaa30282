// The reader behind ReadCheck(): one pass over the document, every map with a table of its keys.
// Internal to the module; rules/check.h is the interface.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "io/tree.h"
#include "rules/check.h"

namespace ouro::rules {

class CheckReader {
 public:
  CheckReader(const io::Tree& tree, const io::KeyTable& keys, std::string_view file_name)
      : tree_(tree), keys_(keys), file_name_(file_name) {}

  // `root`: the document's node.
  Result<Check> Read(uint32_t root);

 private:
  // A key of a map and what reads its value into `T`.
  template <typename T>
  struct Key {
    std::string_view name;
    Status (CheckReader::*read)(T& out, io::NodeView value);
  };
  // The parts of a rule that stand beside other keys of a check or an alias.
  struct RuleParts {
    Rule rule;
    std::vector<Rule> also;
    bool has_match = false;
    bool has_message = false;
    bool has_at = false;
    bool has_fix = false;
  };
  struct CheckParts {
    Check check;
    RuleParts rule;
  };
  struct AliasParts {
    Alias alias;
    RuleParts rule;
  };
  // An example while it is read; the short forms are put together in FinishExample().
  struct ExampleParts {
    Example example;
    std::string container_json;  // map text, empty: none
    std::string spec_json;       // pod spec
    bool spec_has_containers = false;
    std::string annotations_json;  // of the pod
    std::vector<std::string> objects;
  };

  template <typename T>
  Status ReadMap(io::NodeView map, std::string_view what, std::span<const Key<T>> table, T& out);
  tl::unexpected<Error> Bad(uint32_t offset, std::string message) const;
  tl::unexpected<Error> Bad(io::NodeView value, std::string message) const;

  Result<std::string> ReadText(io::NodeView value, std::string_view what) const;
  Result<bool> ReadBool(io::NodeView value, std::string_view what) const;
  Result<std::vector<std::string>> ReadTextList(io::NodeView value, std::string_view what) const;
  Result<std::string> ReadJson(io::NodeView value) const;
  // A path of the check language, checked and kept as text.
  Result<std::string> ReadPath(io::NodeView value, std::string_view what) const;

  // check_reader.cc: keys of a check.
  static std::span<const Key<CheckParts>> CheckKeys();
  template <std::string Check::* kField>
  Status CheckText(CheckParts& out, io::NodeView value);
  template <std::vector<std::string> Check::* kField>
  Status CheckTextList(CheckParts& out, io::NodeView value);
  Status CheckId(CheckParts& out, io::NodeView value);
  Status CheckSeverity(CheckParts& out, io::NodeView value);
  Status CheckOptIn(CheckParts& out, io::NodeView value);
  Status CheckNeeds(CheckParts& out, io::NodeView value);
  Status CheckParams(CheckParts& out, io::NodeView value);
  Status CheckReferences(CheckParts& out, io::NodeView value);
  Status CheckAliases(CheckParts& out, io::NodeView value);
  Status CheckExamples(CheckParts& out, io::NodeView value);
  template <Status (CheckReader::*kRead)(RuleParts&, io::NodeView)>
  Status CheckRule(CheckParts& out, io::NodeView value) {
    return (this->*kRead)(out.rule, value);
  }
  Status ParamType(Parameter& out, io::NodeView value);
  Status ParamDefault(Parameter& out, io::NodeView value);
  Status ParamDescription(Parameter& out, io::NodeView value);
  Status RequireComplete(const CheckParts& parts, io::NodeView root) const;

  // check_reader_rule.cc: rules and aliases.
  Status RuleMatch(RuleParts& out, io::NodeView value);
  Status RuleExpression(RuleParts& out, io::NodeView value);
  Status RuleMessage(RuleParts& out, io::NodeView value);
  Status RuleAt(RuleParts& out, io::NodeView value);
  Status RuleFix(RuleParts& out, io::NodeView value);
  Status RuleAlso(RuleParts& out, io::NodeView value);
  Status MatchKinds(Match& out, io::NodeView value);
  Status MatchPod(Match& out, io::NodeView value);
  Status MatchContainers(Match& out, io::NodeView value);
  Status MatchRbac(Match& out, io::NodeView value);
  Status MatchEach(Match& out, io::NodeView value);
  Status MatchWhen(Match& out, io::NodeView value);
  Status FixSet(std::vector<FixTemplate>& out, io::NodeView value);
  Status FixRemove(std::vector<FixTemplate>& out, io::NodeView value);
  Status AliasId(AliasParts& out, io::NodeView value);
  Status AliasParams(AliasParts& out, io::NodeView value);
  template <Status (CheckReader::*kRead)(RuleParts&, io::NodeView)>
  Status AliasRule(AliasParts& out, io::NodeView value) {
    return (this->*kRead)(out.rule, value);
  }
  Result<Alias> ReadAlias(std::string_view tool, io::NodeView value, const RuleParts& own);

  // check_reader_example.cc.
  Status ReadExamples(std::vector<Example>& out, io::NodeView list, bool pass);
  Status ExampleText(ExampleParts& out, io::NodeView value);
  Status ExampleName(ExampleParts& out, io::NodeView value);
  Status ExampleAs(ExampleParts& out, io::NodeView value);
  Status ExampleAt(ExampleParts& out, io::NodeView value);
  Status ExampleCount(ExampleParts& out, io::NodeView value);
  Status ExampleKubernetes(ExampleParts& out, io::NodeView value);
  Status ExampleContainer(ExampleParts& out, io::NodeView value);
  Status ExamplePod(ExampleParts& out, io::NodeView value);
  Status ExampleAnnotations(ExampleParts& out, io::NodeView value);
  Status ExampleRule(ExampleParts& out, io::NodeView value);
  Status ExampleObject(ExampleParts& out, io::NodeView value);
  Status ExampleObjects(ExampleParts& out, io::NodeView value);
  void FinishExample(ExampleParts& parts) const;

  const io::Tree& tree_;
  const io::KeyTable& keys_;
  std::string_view file_name_;
  io::NodeView aliases_;  // read last, because an alias takes what it leaves out from the check
};

// Walks the live children of `map` with the offset of their keys; refuses unknown keys with the
// nearest known one.
template <typename T>
Status CheckReader::ReadMap(io::NodeView map, std::string_view what, std::span<const Key<T>> table,
                            T& out) {
  if (!map.IsMap()) return Bad(map, std::string(what) + " must be a map");
  const uint32_t end = tree_.node(map.index()).next;
  for (uint32_t i = map.index() + 1; i < end; i = tree_.node(i).next) {
    const io::Node& child = tree_.node(i);
    if (child.flags & io::kNodeOverridden) return Bad(child.key_start, "duplicate key");
    const std::string_view name = keys_.Text(child.key);
    const Key<T>* found = nullptr;
    std::vector<std::string_view> known;
    for (const auto& key : table) {
      known.push_back(key.name);
      if (key.name == name) found = &key;
    }
    if (found == nullptr) {
      std::string message = "unknown key \"" + std::string(name) + "\" in " + std::string(what);
      const std::string_view nearest = NearestWord(name, known);
      if (!nearest.empty()) message += "; did you mean \"" + std::string(nearest) + "\"?";
      return Bad(child.key_start, std::move(message));
    }
    OURO_TRY_STATUS((this->*found->read)(out, io::NodeView(tree_, keys_, i)));
  }
  return {};
}

}  // namespace ouro::rules
