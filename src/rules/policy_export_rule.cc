#include "rules/policy_export_rule.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/cel.h"
#include "rules/check_path.h"
#include "rules/policy_export_text.h"

namespace ouro::rules {
namespace {

constexpr int kWidth = 92;  // columns of a line of CEL inside the manifest
// Two-variable loops: k8s.io/apiserver pkg/cel/environment (introduced in 1.32, for new expressions
// one minor later).
constexpr int kTwoVariablesSince = 33;
// Characters of a message, of at most 4 bytes each; the rest is for the mark of a cut message.
constexpr int64_t kMessageCharacters = limits::kPolicyMessageSizeBytes / 4 - 30;

constexpr std::array<std::string_view, 3> kContainerLists = {"containers", "initContainers",
                                                             "ephemeralContainers"};

// Fields of Kubernetes' own types whose shape is known (API reference, core/v1 and rbac/v1).
constexpr std::array<std::string_view, 24> kListFields = {"containers",
                                                          "initContainers",
                                                          "ephemeralContainers",
                                                          "volumes",
                                                          "volumeMounts",
                                                          "ports",
                                                          "env",
                                                          "envFrom",
                                                          "args",
                                                          "command",
                                                          "add",
                                                          "drop",
                                                          "sysctls",
                                                          "rules",
                                                          "subjects",
                                                          "tolerations",
                                                          "imagePullSecrets",
                                                          "hostAliases",
                                                          "items",
                                                          "sources",
                                                          "webhooks",
                                                          "secrets",
                                                          "volumeDevices",
                                                          "finalizers"};
constexpr std::array<std::string_view, 23> kMapFields = {
    "annotations",   "labels",         "nodeSelector",   "matchLabels",     "limits",
    "requests",      "data",           "binaryData",     "stringData",      "securityContext",
    "capabilities",  "seLinuxOptions", "seccompProfile", "appArmorProfile", "windowsOptions",
    "livenessProbe", "readinessProbe", "startupProbe",   "lifecycle",       "postStart",
    "preStop",       "httpGet",        "tcpSocket"};

enum class Shape { kUnknown, kList, kMap };

Shape ShapeOf(std::string_view each) {
  const auto steps = ParseCheckPath(each);
  if (!steps || steps->empty()) return Shape::kUnknown;
  const std::string& last = steps->back().key;
  if (std::find(kListFields.begin(), kListFields.end(), last) != kListFields.end()) {
    return Shape::kList;
  }
  const bool is_map = std::find(kMapFields.begin(), kMapFields.end(), last) != kMapFields.end();
  return is_map ? Shape::kMap : Shape::kUnknown;
}

// CEL for the list or map that an optional may hold. The API server writes null for an empty list
// that its types do not omit (`rules` of a role, say), which for a check is the same as absent.
std::string ListText(std::string_view optional) {
  return fmt::format("optional.ofNonZeroValue({}.orValue([])).orValue([])", optional);
}

// One level of subjects.
struct Loop {
  std::string range;
  std::string variable;
  std::string variable2;     // not empty: over keys and values
  bool at_most_one = false;  // the range never holds more than one thing
};

// A rule with its texts prepared.
struct PortableRule {
  const Rule* rule = nullptr;
  ExportKinds kinds;
  PortableText expression;
  PortableText when;     // empty text: none
  PortableText message;  // empty text: none

  bool Uses(std::string_view name) const {
    return expression.Uses(name) || when.Uses(name) || message.Uses(name);
  }
};

// What the text is whatever the object: evaluation with nothing bound makes every use of an object
// an error, and an error that && and || absorb cannot matter.
std::optional<bool> ConstantOf(const PortableText& text) {
  EnvironmentOptions options;
  for (const std::string_view name :
       {"object", "pod", "container", "containerType", "item", "itemKey"}) {
    options.variables.push_back({std::string(name), "dyn", 0});
  }
  for (const std::string& name : text.parameters) {
    options.variables.push_back({"variables." + ParameterVariable(name), "dyn", 0});
  }
  const auto environment = Environment::Create(std::move(options));
  if (!environment) return std::nullopt;
  io::KeyTable keys;
  ProgramBuilder builder(*environment, keys);
  const auto compiled = builder.Add(text.text);
  if (!compiled) return std::nullopt;
  Evaluator evaluator(builder.Build(), keys);
  const Value value = evaluator.Run(compiled->entry);
  if (value.kind != Kind::kBool) return std::nullopt;
  return value.boolean;
}

class Builder {
 public:
  Builder(const SelectedCheck& selected, const ExportOptions& options)
      : selected_(selected), options_(options) {}

  Result<ExportExpressions> Run() {
    OURO_TRY_STATUS(Prepare());
    OURO_TRY_STATUS(PrepareRules());
    AddResources();
    AddMatchConditions();
    OURO_TRY_STATUS(AddVariables());
    for (const PortableRule& rule : rules_) OURO_TRY_STATUS(AddValidation(rule));
    return std::move(out_);
  }

 private:
  Status Prepare() {
    const Check& check = *selected_.check;
    if (!check.not_evaluable.empty()) {
      return Fail(ErrorCode::kUnsupported, fmt::format("not evaluable: {}", check.not_evaluable));
    }
    if (check.needs_inventory) {
      return Fail(ErrorCode::kUnsupported,
                  "it asks for other objects of the cluster, which a policy cannot see");
    }
    names_.kubernetes_minor = options_.kubernetes_minor;
    for (const auto& [name, json] : selected_.parameters) {
      OURO_TRY(names_.parameters[name], CelLiteral(json));
    }
    return {};
  }

  Status PrepareRules() {
    std::string reason;
    for (const Rule& rule : selected_.rules) {
      PortableRule portable;
      portable.rule = &rule;
      OURO_TRY(portable.expression, MakePortable(rule.expression, names_));
      if (!rule.match.when.empty()) {
        OURO_TRY(portable.when, MakePortable(rule.match.when, names_));
        const auto constant = ConstantOf(portable.when);
        if (constant == false) continue;
        if (constant == true) portable.when = {};
      }
      if (ConstantOf(portable.expression) == true) continue;
      if (!rule.message.empty()) {
        OURO_TRY(portable.message, MakePortable(rule.message, names_));
      }
      auto kinds = KindsOf(rule.match, options_);
      if (!kinds) {
        reason = kinds.error().message;
        continue;
      }
      portable.kinds = std::move(*kinds);
      out_.kinds = UnionOf(out_.kinds, portable.kinds);
      rules_.push_back(std::move(portable));
    }
    if (!rules_.empty()) return {};
    if (reason.empty()) {
      reason =
          fmt::format("none of its rules applies to Kubernetes 1.{}", options_.kubernetes_minor);
    }
    return Fail(ErrorCode::kUnsupported, reason);
  }

  static bool IsAboutPods(const PortableRule& rule) {
    return rule.rule->match.target != Target::kObject;
  }

  // Kinds of all rules about pod templates.
  ExportKinds PodKinds() const {
    ExportKinds kinds;
    for (const PortableRule& rule : rules_) {
      if (IsAboutPods(rule)) kinds = UnionOf(kinds, rule.kinds);
    }
    return kinds;
  }

  void AddResources() {
    const bool ephemeral = std::any_of(rules_.begin(), rules_.end(), [](const PortableRule& rule) {
      const auto& lists = rule.rule->match.container_lists;
      const bool looks =
          lists.empty() || std::find(lists.begin(), lists.end(), kContainerLists[2]) != lists.end();
      const bool pods = std::any_of(
          rule.kinds.begin(), rule.kinds.end(),
          [](const ExportKind& kind) { return kind.group.empty() && kind.kind == "Pod"; });
      return IsAboutPods(rule) && looks && pods;
    });
    out_.spec.resources = ResourcesOf(out_.kinds, ephemeral);
  }

  void AddMatchConditions() {
    auto& conditions = out_.spec.match_conditions;
    conditions.push_back({"not-being-deleted", "!has(object.metadata.deletionTimestamp)"});
    // Where a rule looks beyond the pod template, an unchanged template says nothing.
    const bool templates_only = std::all_of(
        rules_.begin(), rules_.end(),
        [](const PortableRule& rule) { return IsAboutPods(rule) && !rule.Uses("object"); });
    if (templates_only && !options_.judge_unchanged) {
      conditions.push_back({"pods-changed", ChangedText()});
    }
    int number = 0;
    for (const ExportExclude& rule : options_.excludes) {
      const bool plain_namespace = rule.kind.empty() && rule.name.empty() && rule.label.empty() &&
                                   rule.namespace_name.find_first_of("*?") == std::string::npos;
      if (plain_namespace) {
        out_.spec.excluded_namespaces.push_back(rule.namespace_name);
      } else if (const std::string text = ExcludeText(rule); !text.empty()) {
        conditions.push_back(
            {fmt::format("not-excluded-{}", ++number), fmt::format("!({})", text)});
      }
    }
  }

  // A pod is its own template; its status and bookkeeping metadata are nobody's rule.
  std::string ChangedText() const {
    ExportKinds others = out_.kinds;
    const auto is_pod = [](const ExportKind& kind) {
      return kind.group.empty() && kind.kind == "Pod";
    };
    const auto pod = std::find_if(others.begin(), others.end(), is_pod);
    std::string text = "request.operation != 'UPDATE' ||\n";
    if (pod != others.end()) {
      const std::string test = KindCondition({*pod}, out_.kinds);
      others.erase(pod);
      std::string changed;
      for (const std::string_view field :
           {".?spec", ".?metadata.?annotations", ".?metadata.?labels"}) {
        changed += fmt::format("{}dyn(object){} != dyn(oldObject){}",
                               changed.empty() ? "" : " ||\n  ", field, field);
      }
      if (others.empty()) return text + changed;
      text += fmt::format("({} ?\n  {} :\n", test, changed);
      return text + fmt::format("({}) !=\n({}))", PodTemplatesText(others, others, "object"),
                                PodTemplatesText(others, others, "oldObject"));
    }
    return text + fmt::format("({}) !=\n({})", PodTemplatesText(others, others, "object"),
                              PodTemplatesText(others, others, "oldObject"));
  }

  // CEL: does the text match the glob?
  static std::string GlobTest(std::string_view text, std::string_view glob) {
    if (glob.find_first_of("*?") == std::string_view::npos) {
      return fmt::format("{} == {}", text, CelString(glob));
    }
    std::string pattern = "(?s)^";
    for (const char c : glob) {
      if (c == '*') {
        pattern += ".*";
      } else if (c == '?') {
        pattern += '.';
      } else {
        if (std::string_view("\\.+()|[]{}^$").find(c) != std::string_view::npos) pattern += '\\';
        pattern += c;
      }
    }
    return fmt::format("{}.matches({})", text, CelString(pattern + "$"));
  }

  // Empty when the entry concerns no kind of this policy, or was already applied.
  std::string ExcludeText(const ExportExclude& rule) const {
    std::string text;
    const auto add = [&](const std::string& test) { text += (text.empty() ? "" : " && ") + test; };
    if (!rule.namespace_name.empty()) {
      add(GlobTest("request.?namespace.orValue('')", rule.namespace_name));
    }
    if (!rule.name.empty()) add(GlobTest("object.?metadata.?name.orValue('')", rule.name));
    if (!rule.label.empty()) add(LabelText(rule.label));
    if (text.empty()) return {};
    const bool concerns = rule.kind.empty() ||
                          std::any_of(out_.kinds.begin(), out_.kinds.end(), [&](const auto& kind) {
                            return MatchesGlob(kind.kind, rule.kind);
                          });
    if (!concerns) return {};
    if (!rule.kind.empty()) add(GlobTest("object.kind", rule.kind));
    return text;
  }

  static std::string LabelText(std::string_view label) {
    const size_t equals = label.find('=');
    const std::string_view key = label.substr(0, equals);
    const std::string labels = "object.?metadata.?labels";
    if (key.find_first_of("*?") != std::string_view::npos) {
      std::string test = GlobTest("key", key);
      if (equals != std::string_view::npos) {
        test += " && " + GlobTest("object.metadata.labels[key]", label.substr(equals + 1));
      }
      return fmt::format("{}.orValue({{}}).exists(key, {})", labels, test);
    }
    const std::string value = fmt::format("{}[?{}]", labels, CelString(key));
    if (equals == std::string_view::npos) return value + ".hasValue()";
    return fmt::format("{0}.hasValue() && {1}", value,
                       GlobTest(value + ".orValue('')", label.substr(equals + 1)));
  }

  void AddVariable(std::string name, std::string text) {
    out_.spec.variables.push_back({std::move(name), std::move(text)});
  }

  Status AddVariables() {
    std::set<std::string, std::less<>> used;
    for (const PortableRule& rule : rules_) {
      for (const PortableText* text : {&rule.expression, &rule.when, &rule.message}) {
        used.insert(text->parameters.begin(), text->parameters.end());
      }
    }
    for (const std::string& name : used) {
      const std::string& literal = names_.parameters.find(name)->second;
      AddVariable(ParameterVariable(name), WrapCel(literal, 0, kWidth));
    }
    const ExportKinds pods = PodKinds();
    if (!pods.empty()) AddVariable("pods", PodTemplatesText(pods, out_.kinds, "object"));
    several_templates_ = HasSeveralTemplates(pods);
    return {};
  }

  // A condition that is the same for all subjects is worked out once, and only when there is a
  // subject: variables are lazy.
  std::string WhenText(const PortableRule& rule, bool in_loop) {
    if (rule.when.text.empty()) return {};
    for (const std::string_view name : {"pod", "container", "containerType", "item", "itemKey"}) {
      if (rule.when.Uses(name)) return rule.when.text;
    }
    if (!in_loop) return rule.when.text;
    for (const auto& [text, name] : applies_) {
      if (text == rule.when.text) return "variables." + name;
    }
    const std::string name =
        applies_.empty() ? "applies" : fmt::format("applies_{}", applies_.size() + 1);
    applies_.emplace_back(rule.when.text, name);
    AddVariable(name, WrapCel(rule.when.text, 0, kWidth));
    return "variables." + name;
  }

  Result<std::vector<Loop>> LoopsOf(const PortableRule& rule) const {
    std::vector<Loop> loops;
    std::string subject = "dyn(object)";
    const Match& match = rule.rule->match;
    if (match.target != Target::kObject) {
      loops.push_back({"variables.pods", "pod", "", !several_templates_});
      subject = "pod";
    }
    if (match.target == Target::kContainers) {
      std::string lists;
      for (const std::string_view list : kContainerLists) {
        const auto& wanted = match.container_lists;
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), list) == wanted.end()) {
          continue;
        }
        lists += (lists.empty() ? "" : ", ") + CelString(list);
      }
      loops.push_back({"[" + lists + "]", "containerType", "", false});
      loops.push_back({ListText("pod.?spec[?containerType]"), "container", "", false});
      subject = "container";
    }
    if (!match.each.empty()) OURO_TRY_STATUS(AddEach(rule, subject, loops));
    return loops;
  }

  Status AddEach(const PortableRule& rule, const std::string& subject,
                 std::vector<Loop>& loops) const {
    OURO_TRY(const std::string steps, OptionalSteps(rule.rule->match.each));
    const std::string range = ListText(subject + steps);
    const Shape shape = ShapeOf(rule.rule->match.each);
    const bool uses_key = rule.Uses("itemKey");
    if (!uses_key && shape == Shape::kList) {
      loops.push_back({range, "item", "", false});
    } else if (options_.kubernetes_minor >= kTwoVariablesSince) {
      loops.push_back({range, "itemKey", "item", false});
    } else if (shape == Shape::kMap) {
      loops.push_back({range, "itemKey", "", false});
      loops.push_back({fmt::format("[{}[itemKey]]", range), "item", "", true});
    } else if (!uses_key) {
      loops.push_back({EntriesText(range), "item", "", false});
    } else {
      return Fail(ErrorCode::kUnsupported,
                  fmt::format("itemKey of {} needs loops over keys and values, which API servers "
                              "have from Kubernetes 1.{} on",
                              rule.rule->match.each, kTwoVariablesSince));
    }
    return {};
  }

  static std::string Margin(size_t depth) { return std::string(2 * depth, ' '); }

  // EXPR, or (WHEN) ? (EXPR) : true.
  static std::string GoodText(const PortableRule& rule, const std::string& when, size_t depth) {
    const int indent = static_cast<int>(2 * depth);
    if (when.empty()) return WrapCel(rule.expression.text, indent, kWidth);
    return WrapCel(fmt::format("({}) ? ({}) : true", when, rule.expression.text), indent, kWidth);
  }

  Status AddValidation(const PortableRule& rule) {
    OURO_TRY(const std::vector<Loop> loops, LoopsOf(rule));
    const std::string when = WhenText(rule, !loops.empty());
    std::string text;
    size_t depth = 0;
    const std::string condition = KindCondition(rule.kinds, KindsSeenBy(rule));
    if (!condition.empty()) {
      text = fmt::format("{} ?\n  ", WrapCel(condition, 0, kWidth));
      ++depth;
    }
    for (const Loop& loop : loops) {
      const std::string variables =
          loop.variable2.empty() ? loop.variable : loop.variable + ", " + loop.variable2;
      text += fmt::format("{}.all({},\n", loop.range, variables) + Margin(++depth);
    }
    text += GoodText(rule, when, depth);
    text += std::string(loops.size(), ')');
    if (!condition.empty()) text += " :\n  true";
    ExportValidation validation;
    validation.expression = std::move(text);
    validation.message = selected_.check->title;
    if (!rule.message.text.empty()) AddMessage(rule, loops, when, validation);
    out_.spec.validations.push_back(std::move(validation));
    return {};
  }

  // Rules about pods never see other kinds: variables.pods is empty for them.
  ExportKinds KindsSeenBy(const PortableRule& rule) const {
    return IsAboutPods(rule) ? PodKinds() : out_.kinds;
  }

  void AddMessage(const PortableRule& rule, const std::vector<Loop>& loops, const std::string& when,
                  ExportValidation& validation) {
    std::string name = "message";
    if (rules_.size() > 1) name = fmt::format("message_{}", out_.spec.validations.size() + 1);
    AddVariable(name, MessageText(rule, loops, when, 0) + ".replace('\\n', ' ')");
    const std::string variable = "variables." + name;
    validation.message_expression = fmt::format(
        "{0}.size() <= {1} ? {0} :\n{0}.substring(0, {1}) + ' …'", variable, kMessageCharacters);
  }

  // The messages of all subjects that are not good, joined.
  std::string MessageText(const PortableRule& rule, const std::vector<Loop>& loops,
                          const std::string& when, size_t level) const {
    if (loops.empty()) return fmt::format("({})", rule.message.text);
    const Loop& loop = loops[level];
    const std::string margin = Margin(level + 1);
    if (level + 1 < loops.size()) {
      const std::string inner = MessageText(rule, loops, when, level + 1);
      return fmt::format("{}.map({},\n{}{}){}", loop.range, loop.variable, margin, inner,
                         loop.at_most_one
                             ? ".join('')"
                             : fmt::format("\n{}.filter(text, text != '').join('; ')", margin));
    }
    const int indent = static_cast<int>(margin.size());
    const std::string bad = when.empty() ? fmt::format("!({})", rule.expression.text)
                                         : fmt::format("({}) && !({})", when, rule.expression.text);
    const std::string macro =
        loop.variable2.empty() ? fmt::format("map({}", loop.variable)
                               : fmt::format("transformList({}, {}", loop.variable, loop.variable2);
    return fmt::format("{}.{},\n{}{},\n{}{}).join('; ')", loop.range, macro, margin,
                       WrapCel(bad, indent, kWidth), margin,
                       WrapCel(rule.message.text, indent, kWidth));
  }

  const SelectedCheck& selected_;
  const ExportOptions& options_;
  PortableNames names_;
  std::vector<PortableRule> rules_;
  bool several_templates_ = false;
  std::vector<std::pair<std::string, std::string>> applies_;  // text → variable
  ExportExpressions out_;
};

}  // namespace

Result<ExportExpressions> ExpressionsOf(const SelectedCheck& selected,
                                        const ExportOptions& options) {
  return Builder(selected, options).Run();
}

}  // namespace ouro::rules
