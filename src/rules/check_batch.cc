#include "rules/check_batch.h"

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "io/tree.h"
#include "rules/admission_policy_batch.h"
#include "rules/check.h"
#include "rules/rule_set.h"
#include "rules/schema.h"
#include "rules/selection.h"

namespace ouro::rules {

namespace {

struct Request {
  io::NodeView root;
  io::NodeView object;
  io::NodeView old_object;
  int kubernetes_minor = kNewestKubernetesMinor;
};

struct RuleResult {
  std::string rule;
  RuleVerdict verdict;
};

tl::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalid, std::move(message));
}

bool IsTrue(const io::NodeView& view) {
  return view.type() == io::NodeType::kBool && view.tree().node(view.index()).boolean;
}

RuleVerdict Problem(std::string message) {
  return {Verdict::kError, std::move(message), {}};
}

// ---- rules of a schema --------------------------------------------------------------------------

RuleResult JudgeBySchema(const io::NodeView& rule, const Request& request, io::KeyTable& keys) {
  RuleResult result;
  SchemaRule schema_rule;
  schema_rule.rule = rule.Get("rule").Text();
  schema_rule.message = rule.Get("message").Text();
  schema_rule.message_expression = rule.Get("messageExpression").Text();
  schema_rule.optional_old_self = IsTrue(rule.Get("optionalOldSelf"));
  result.rule = schema_rule.rule;
  const auto schema = StructuralSchema::Read(rule.Get("schema"), IsTrue(rule.Get("is_root")));
  result.verdict = schema ? CheckSchemaRule(*schema, schema_rule, request.object,
                                            request.old_object, request.kubernetes_minor, keys)
                          : Problem("schema: " + schema.error().ToString());
  return result;
}

// ---- our checks ---------------------------------------------------------------------------------

// Gathers what the subjects of one object got.
class Gatherer : public HitSink {
 public:
  void OnHit(Hit&& hit) override {
    if (hit.kind == HitKind::kPass) return;
    any_error_ |= hit.kind == HitKind::kError;
    any_fail_ |= hit.kind == HitKind::kFail;
    if (!message_.empty()) message_ += "; ";
    if (static_cast<int64_t>(message_.size()) < limits::kMessageSizeBytes) message_ += hit.message;
  }
  RuleVerdict Sum(int64_t passed) && {
    RuleVerdict verdict;
    verdict.message = std::move(message_);
    if (any_error_) {
      verdict.verdict = Verdict::kError;
    } else if (any_fail_) {
      verdict.verdict = Verdict::kFail;
    } else if (passed == 0) {
      verdict.verdict = Verdict::kSkip;
      verdict.message = "the check does not apply to this object";
    }
    return verdict;
  }

 private:
  bool any_error_ = false;
  bool any_fail_ = false;
  std::string message_;
};

RuleVerdict Run(std::vector<SelectedCheck> checks, const Request& request, io::KeyTable& keys) {
  RuleSetOptions options;
  options.kubernetes_minor = request.kubernetes_minor;
  const auto rules = RuleSet::Compile(std::move(checks), options, keys);
  if (!rules) return Problem(rules.error().ToString());
  if (!request.object.IsMap()) return Problem("the object is not a JSON object");
  RuleRunner runner(*rules, keys);
  Gatherer gatherer;
  const int64_t passed = runner.Run(request.object.tree(), request.object.index(), gatherer);
  return std::move(gatherer).Sum(passed);
}

// Checks of `library` by any name that --only understands.
RuleVerdict JudgeByName(const std::vector<Check>& library, std::string name, const Request& request,
                        io::KeyTable& keys) {
  SelectionOptions options;
  options.only = {std::move(name)};
  auto checks = SelectChecks(library, options);
  if (!checks) return Problem(checks.error().ToString());
  for (const SelectedCheck& selected : *checks) {
    if (!selected.check->not_evaluable.empty()) {
      return Problem("not evaluable here: " + selected.check->not_evaluable);
    }
  }
  return Run(std::move(*checks), request, keys);
}

// A check as its file has it.
RuleResult JudgeByCheck(const io::NodeView& rule, const Request& request, io::KeyTable& keys) {
  RuleResult result;
  result.rule = rule.Get("id").Text();
  auto text = io::ToJson(rule.tree(), rule.keys(), rule.index());
  if (!text) {
    result.verdict = Problem(text.error().ToString());
    return result;
  }
  auto check = ReadCheck(std::move(*text), "rule");
  if (!check) {
    result.verdict = Problem(check.error().ToString());
    return result;
  }
  std::vector<Check> library;
  library.push_back(std::move(*check));
  result.verdict = JudgeByName(library, library.front().id, request, keys);
  return result;
}

// ---- kinds of rules -----------------------------------------------------------------------------

// A kind of rule is recognised by its shape; the first row that accepts it judges it.
struct RuleKind {
  std::string_view name;
  bool (*accepts)(const io::NodeView& rule);
  RuleResult (*judge)(const io::NodeView& rule, const Request& request, io::KeyTable& keys);
};

constexpr std::array kKinds = {
    RuleKind{"name of a check", [](const io::NodeView& rule) { return rule.IsString(); },
             [](const io::NodeView& rule, const Request& request, io::KeyTable& keys) {
               const std::string name(rule.Text());
               return RuleResult{name, JudgeByName(BuiltinChecks(), name, request, keys)};
             }},
    RuleKind{"rule of a schema",
             [](const io::NodeView& rule) {
               return rule.Get("schema").IsMap() && rule.Get("rule").IsString();
             },
             JudgeBySchema},
    RuleKind{"check",
             [](const io::NodeView& rule) {
               return rule.Get("id").IsString() && rule.Get("match").exists();
             },
             JudgeByCheck},
};

RuleResult Judge(const io::NodeView& rule, const Request& request, io::KeyTable& keys) {
  for (const RuleKind& kind : kKinds) {
    if (kind.accepts(rule)) return kind.judge(rule, request, keys);
  }
  RuleResult result;
  const std::string_view kind = rule.Get("kind").Text();
  result.rule = rule.Get("metadata").Get("name").Text();
  result.verdict = Problem(
      kind.empty() ? "unknown kind of rule: neither the name of a check, nor a check, nor a rule "
                     "with its schema"
                   : fmt::format("rules of kind {} are not supported", Printable(kind)));
  return result;
}

std::string ResultJson(const RuleResult& result) {
  std::string out = "{\"rule\":";
  AppendJsonString(out, result.rule);
  out += fmt::format(",\"verdict\":\"{}\",\"message\":", VerdictName(result.verdict.verdict));
  AppendJsonString(out, result.verdict.message);
  if (result.verdict.cost) out += fmt::format(",\"cost\":{}", *result.verdict.cost);
  return out + "}";
}

Result<int> ReadMinor(const io::NodeView& version) {
  std::string_view text = version.Text();
  if (StartsWith(text, "v")) text.remove_prefix(1);
  const auto minor = StartsWith(text, "1.") ? ParseInt64(text.substr(2)) : std::nullopt;
  if (!minor || *minor < 0 || *minor > 10'000) {
    return Refuse("\"kubernetes_version\" must be a string such as \"1.37\"");
  }
  return static_cast<int>(*minor);
}

Result<Request> ReadRequest(const io::NodeView& root) {
  if (!root.IsMap()) return Refuse("a request is a JSON object");
  if (!root.Get("rules").IsList()) return Refuse("\"rules\" must be a list");
  const io::NodeView review = root.Get("request");
  if (!root.Get("object") && !review.Get("object") && !review.Get("oldObject")) {
    return Refuse("\"object\" is missing");
  }
  Request request;
  request.root = root;
  request.object = root.Get("object");
  request.old_object = root.Get("old_object");
  const io::NodeView version = root.Get("kubernetes_version");
  if (version) {
    OURO_TRY(request.kubernetes_minor, ReadMinor(version));
  }
  return request;
}

Result<std::string> Process(std::string_view line) {
  if (static_cast<int64_t>(line.size()) > limits::kBatchLineSizeBytes) {
    return Fail(ErrorCode::kLimit, "the request line is too long");
  }
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::string(line), {}, keys, tree));
  if (tree.roots().size() != 1 || tree.roots().front().failed) {
    const bool explained = !tree.problems().empty();
    return Fail(ErrorCode::kParse, explained ? tree.problems().front().error.ToString()
                                             : "a request line is one JSON object");
  }
  OURO_TRY(const Request request, ReadRequest(io::NodeView(tree, keys, tree.roots().front().node)));
  // Policies are judged together: which binding and which parameter belongs to which policy can
  // only be told from all of them.
  std::optional<PolicyBatch> policies;
  if (PolicyBatch::HasPolicies(request.root.Get("rules"))) {
    policies.emplace(request.root, request.kubernetes_minor, keys);
  }
  std::string out = "{\"results\":[";
  for (const io::NodeView& rule : request.root.Get("rules").Children()) {
    std::optional<std::string> answer;
    if (policies && policies->Accepts(rule)) {
      answer = policies->Answer(rule);
    } else {
      answer = ResultJson(Judge(rule, request, keys));
    }
    if (!answer) continue;
    if (out.back() == '}') out += ',';
    out += *answer;
  }
  return out + "]}";
}

}  // namespace

std::string CheckBatchLine(std::string_view line) {
  auto answer = Process(line);
  if (answer) return std::move(*answer);
  std::string out = "{\"request_error\":";
  AppendJsonString(out, answer.error().ToString());
  return out + "}";
}

}  // namespace ouro::rules
