#include "gate/record.h"

#include <array>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/limits.h"
#include "calendar/time_zone.h"
#include "gate/exception_text.h"
#include "gate/finding_json.h"
#include "gate/json_object.h"
#include "gate/policy_writer.h"

namespace ouro::gate {
namespace {

std::string HexDigest(Sha256& sha) {
  const std::array<uint8_t, 32> digest = sha.Finish();
  return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

class RecordWriter {
 public:
  RecordWriter(std::string& out, const Request& request, const Outcome& outcome)
      : out_(out), request_(request), outcome_(outcome), resolver_(*outcome.resolver) {}

  void Write(bool with_inputs) {
    const model::Decision& decision = outcome_.decision;
    JsonObject object(out_, '{');
    object.Text("schema", kDecisionSchema);
    object.Text("verdict", decision.verdict);
    object.Int("exit_code", decision.exit_code);
    object.Text("sentence", decision.sentence);
    object.Text("rule", decision.rule);
    object.Texts("explanation", decision.explanation);
    object.Next("subject");
    AppendSubject(out_, request_.subject);
    object.Text("now", FormatRfc3339(request_.now));
    object.TextIf("tzdata", request_.tzdata);
    object.Text("policy_hash", PolicyHash(request_.policy));
    object.Text("findings_hash", FindingsHash(request_));
    WriteCounts(object);
    WriteFindings(object);
    WriteExceptions(object);
    WriteWindow(object);
    object.TextIf("branch", outcome_.branch);
    WriteIncomplete(object);
    WriteGrants(object);
    if (with_inputs) {
      object.Next("inputs");
      AppendRequest(out_, request_);
    }
    object.End();
  }

 private:
  void WriteCounts(JsonObject& parent) {
    std::array<int64_t, 3> by_action{};
    std::array<int64_t, 4> by_standing{};
    for (const FindingOutcome& one : outcome_.findings) {
      ++by_standing[static_cast<size_t>(one.standing)];
      if (one.standing == Standing::kJudged) ++by_action[static_cast<size_t>(one.action)];
    }
    parent.Next("counts");
    JsonObject counts(out_, '{');
    counts.Int("findings", static_cast<int64_t>(outcome_.findings.size()));
    for (const Action action : {Action::kBlock, Action::kReact, Action::kObserve}) {
      counts.Int(ActionName(action), by_action[static_cast<size_t>(action)]);
    }
    for (const Standing standing :
         {Standing::kExcepted, Standing::kSuppressed, Standing::kElsewhere}) {
      counts.Int(StandingName(standing), by_standing[static_cast<size_t>(standing)]);
    }
    counts.End();
  }

  void WriteMatch(const Match& match) {
    JsonObject object(out_, '{');
    object.Text("rule", resolver_.RuleName(match.rule));
    object.Text("level", match.rule == kThreshold ? LevelName(match.level)
                                                  : resolver_.RuleLevel(match.rule));
    object.Text("by", SpecificityName(match.specificity));
    object.Text("action", ActionName(match.action));
    if (match.rule != kThreshold) {
      const PolicyRule& rule = *resolver_.rules()[static_cast<size_t>(match.rule)].rule;
      if (rule.applies != Applies::kAlways) object.Text("says", RuleActionName(rule));
      if (rule.locked) object.Bool("locked", true);
      object.TextIf("origin", rule.origin);
    }
    if (match.uncertain) object.Bool("uncertain", true);
    object.End();
  }

  void WriteRuling(JsonObject& object, const Ruling& ruling) {
    object.Next("winner");
    WriteMatch(ruling.winner);
    if (ruling.losers.empty()) return;
    object.Next("losers");
    JsonObject list(out_, '[');
    for (const Match& loser : ruling.losers) {
      list.Next();
      WriteMatch(loser);
    }
    list.End();
  }

  void WriteFindings(JsonObject& parent) {
    parent.Next("findings");
    JsonObject list(out_, '[');
    for (const FindingOutcome& one : outcome_.findings) {
      const model::Finding& finding = one.input->finding;
      list.Next();
      JsonObject object(out_, '{');
      object.TextIf("id", finding.id);
      object.Text("check", finding.check);
      object.Text("severity", model::SeverityName(finding.severity));
      object.Text("standing", StandingName(one.standing));
      if (one.standing == Standing::kJudged) object.Text("action", ActionName(one.action));
      if (one.exception >= 0) {
        object.Text("exception", request_.exceptions[static_cast<size_t>(one.exception)].id);
      }
      object.TextIf("note", one.note);
      if (one.ruling != nullptr) WriteRuling(object, *one.ruling);
      object.End();
    }
    list.End();
  }

  void WriteExceptions(JsonObject& parent) {
    parent.Next("exceptions");
    JsonObject list(out_, '[');
    for (const ExceptionOutcome& one : outcome_.exceptions) {
      list.Next();
      JsonObject object(out_, '{');
      object.Text("id", one.exception->id);
      object.Text("state", ExceptionStateName(one.status.state));
      object.Text("reason", one.status.reason);
      object.Text("until", FormatRfc3339(one.status.until));
      object.Int("matched", one.facts.matched.value_or(0));
      object.Int("covered", one.covered);
      if (one.status.in_grace) object.Bool("grace", true);
      if (one.warning_days) object.Int("ends_within_days", *one.warning_days);
      object.End();
    }
    list.End();
  }

  void WriteWindow(JsonObject& parent) {
    if (request_.windows.empty()) return;
    const WindowVerdict& verdict = outcome_.window;
    parent.Next("window");
    JsonObject object(out_, '{');
    object.Bool("allowed", verdict.allowed);
    object.TextIf("name", verdict.window);
    object.TextIf("reason", verdict.reason);
    object.TextIf("sentence", verdict.sentence);
    if (verdict.next_allowed) object.Text("next_allowed", FormatRfc3339(*verdict.next_allowed));
    object.TextsIf("bypassed", verdict.bypassed);
    object.TextsIf("exempted", verdict.exempted);
    object.End();
  }

  void WriteIncomplete(JsonObject& parent) {
    if (!outcome_.no_data && outcome_.missing.empty() && request_.data.not_examined == 0) return;
    parent.Next("incomplete");
    JsonObject object(out_, '{');
    object.Text("action", OnIncompleteName(outcome_.incomplete));
    object.Bool("no_data", outcome_.no_data);
    object.Int("not_examined", request_.data.not_examined);
    object.Texts("missing", outcome_.missing);
    object.End();
  }

  void WriteGrants(JsonObject& parent) {
    if (outcome_.grants.empty()) return;
    parent.Next("grants");
    JsonObject list(out_, '[');
    for (const GrantOutcome& one : outcome_.grants) {
      list.Next();
      JsonObject object(out_, '{');
      object.Text("id", one.grant->id);
      object.Bool("used", one.used);
      object.TextIf("objection", one.objection);
      if (one.used) {
        object.Text("overrides", outcome_.overridden);
        object.Text("issued_by", one.grant->issued_by);
        object.Text("ticket", one.grant->ticket);
        object.Text("review_due", FormatRfc3339(outcome_.review_due.value_or(0)));
      }
      object.End();
    }
    list.End();
  }

  std::string& out_;
  const Request& request_;
  const Outcome& outcome_;
  const Resolver& resolver_;
};

std::string ErrorLine(const Error& error) {
  std::string out = "{\"error\":";
  AppendJsonString(out, error.ToString());
  return out + "}";
}

// One JSON value that is a map; `tree` and `keys` must outlive the view.
Result<io::NodeView> ParseMap(std::string text, io::KeyTable& keys, io::Tree& tree) {
  io::ReadOptions options;
  options.strict_keys = true;
  OURO_TRY_STATUS(io::ReadJson(std::move(text), options, keys, tree));
  for (const io::ReadProblem& problem : tree.problems()) {
    return tl::unexpected<Error>(problem.error);
  }
  if (tree.roots().size() != 1 || tree.roots()[0].node == io::kNoNode) {
    return Fail(ErrorCode::kParse, "one JSON object is expected");
  }
  const io::NodeView map(tree, keys, tree.roots()[0].node);
  if (!map.IsMap()) return Fail(ErrorCode::kParse, "a JSON object is expected");
  return map;
}

bool IsTrue(const io::NodeView& view) {
  return view.type() == io::NodeType::kBool && view.tree().node(view.index()).boolean;
}

Result<std::string> AnswerLine(std::string_view line, KeyReader key) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY(const io::NodeView map, ParseMap(std::string(line), keys, tree));
  OURO_TRY(Request request, ReadRequest(map, false));
  if (request.policy.break_glass && key != nullptr) {
    const std::string secret = key(*request.policy.break_glass);
    for (Grant& grant : request.grants) grant.verified = VerifyGrant(grant, secret);
  }
  if (request.tzdata.empty() && !request.windows.empty()) {
    request.tzdata = calendar::TzdataVersion();
  }
  return DecideToRecord(request, {.with_inputs = IsTrue(map.Get("inputs"))});
}

}  // namespace

std::string FindingsHash(const Request& request) {
  Sha256 sha;
  std::string text;
  for (const InputFinding& input : request.findings) {
    text.clear();
    AppendFinding(text, input);
    text += '\n';
    sha.Update(text);
  }
  return HexDigest(sha);
}

std::string DecisionRecord(const Request& request, const Outcome& outcome,
                           const RecordOptions& options) {
  std::string out;
  RecordWriter(out, request, outcome).Write(options.with_inputs);
  // The identity of a decision: all that it says.
  Sha256 sha;
  sha.Update(out);
  constexpr size_t kIdSize = 32;
  const std::string id = HexDigest(sha).substr(0, kIdSize);
  out.insert(1, fmt::format("\"id\":\"{}\",", id));
  return out;
}

Result<std::string> DecideToRecord(Request& request, const RecordOptions& options) {
  Canonicalize(request);
  OURO_TRY(const Outcome outcome, Decide(request));
  return DecisionRecord(request, outcome, options);
}

Result<std::string> Replay(std::string record) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY(const io::NodeView map, ParseMap(std::move(record), keys, tree));
  if (map.Get("schema").Text() != kDecisionSchema) {
    return Fail(ErrorCode::kInvalid, fmt::format("it is no record of {}", kDecisionSchema));
  }
  const io::NodeView inputs = map.Get("inputs");
  if (!inputs.IsMap()) {
    return Fail(ErrorCode::kInvalid,
                "the record holds no inputs: only `ouro gate --format json` writes them");
  }
  OURO_TRY(Request request, ReadRequest(inputs, true));
  return DecideToRecord(request, {});
}

std::string AnswerBatchLine(std::string_view line, KeyReader key) {
  const auto answer = AnswerLine(line, key);
  return answer ? *answer : ErrorLine(answer.error());
}

}  // namespace ouro::gate
