#include "prove/review_leg.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::prove {
namespace {

constexpr std::string_view kUid = "00000000-0000-4000-8000-000000000000";
// How a finding's line tells that it is no finding (engine::Judge).
constexpr std::string_view kErrorMark = "the check could not be evaluated";

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

// Nothing is left out and nothing is known already: every open finding is told.
std::shared_ptr<const serve::AdmissionRules> RulesOf(
    std::shared_ptr<const engine::Snapshot> snapshot) {
  serve::AdmissionRules rules;
  rules.snapshot = std::move(snapshot);
  return std::make_shared<const serve::AdmissionRules>(std::move(rules));
}

}  // namespace

struct SingleChecks::State {
  std::mutex mutex;
  std::shared_ptr<const engine::Snapshot> all;
  std::map<size_t, std::shared_ptr<const engine::Snapshot>> made;
};

SingleChecks::SingleChecks(std::shared_ptr<const engine::Snapshot> all)
    : state_(std::make_unique<State>()) {
  state_->all = std::move(all);
}
SingleChecks::~SingleChecks() = default;

Result<std::shared_ptr<const engine::Snapshot>> SingleChecks::Of(size_t number) {
  const std::lock_guard lock(state_->mutex);
  auto& snapshot = state_->made[number];
  if (snapshot) return snapshot;
  engine::SnapshotOptions options;
  options.config = state_->all->config();
  options.selection = state_->all->selection();
  options.selection.only = {state_->all->rules()->checks()[number].selected_as};
  options.selection.skip.clear();
  options.kubernetes_minor = state_->all->kubernetes_minor();
  OURO_TRY(snapshot, engine::Snapshot::Create(std::move(options)));
  return snapshot;
}

std::string ReviewOf(const model::Resource& object, std::string_view json,
                     const kube::ApiResource* resource) {
  const size_t slash = object.api_version.find('/');
  const bool core = slash == std::string::npos;
  const std::string group = core ? std::string() : object.api_version.substr(0, slash);
  const std::string version = core ? object.api_version : object.api_version.substr(slash + 1);
  const std::string plural = resource != nullptr ? resource->plural : LowerAscii(object.kind) + "s";
  const std::string kind = fmt::format("{{\"group\":{},\"version\":{},\"kind\":{}}}", Quoted(group),
                                       Quoted(version), Quoted(object.kind));
  const std::string plural_json = fmt::format("{{\"group\":{},\"version\":{},\"resource\":{}}}",
                                              Quoted(group), Quoted(version), Quoted(plural));
  std::string out = fmt::format(
      "{{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{{"
      "\"uid\":\"{}\",\"kind\":{},\"resource\":{},\"requestKind\":{},\"requestResource\":{},",
      kUid, kind, plural_json, kind, plural_json);
  if (!object.name.empty()) out += fmt::format("\"name\":{},", Quoted(object.name));
  if (!object.namespace_name.empty()) {
    out += fmt::format("\"namespace\":{},", Quoted(object.namespace_name));
  }
  out +=
      "\"operation\":\"CREATE\",\"userInfo\":{\"username\":\"ouro-prove\",\"groups\":["
      "\"system:authenticated\"]},\"object\":";
  out += json;
  out +=
      ",\"oldObject\":null,\"dryRun\":true,\"options\":{\"kind\":\"CreateOptions\",\"apiVersion\":"
      "\"meta.k8s.io/v1\",\"dryRun\":[\"All\"]}}}";
  return out;
}

// What an answer tells.
struct ReviewLeg::Heard {
  std::vector<std::string> ids;  // of open findings
  bool more = false;             // there are more than are named
  bool evaluated = true;         // no finding is an error
  bool only_errors = true;       // every line tells of an error
  std::string text;              // of refusal and warnings
};

ReviewLeg::ReviewLeg(std::shared_ptr<const engine::Snapshot> snapshot, const CheckNumbers& numbers,
                     SingleChecks& singles, UnixSeconds now)
    : numbers_(numbers),
      singles_(singles),
      now_(now),
      admission_(RulesOf(std::move(snapshot)), now) {}

Result<ReviewLeg::Heard> ReviewLeg::Ask(serve::Admission& admission, const std::string& review) {
  body_ = review;
  admission.Run(body_, false, answer_);
  if (answer_.http_status != 200) {
    return Fail(ErrorCode::kParse,
                fmt::format("the webhook refuses the review: {}", Printable(answer_.body)));
  }
  OURO_TRY_STATUS(io::ReadJson(answer_.body, {}, keys_, tree_));
  if (tree_.roots().size() != 1) return Fail(ErrorCode::kParse, "the webhook's answer is no JSON");
  const io::NodeView response =
      io::NodeView(tree_, keys_, tree_.roots().front().node).Get("response");
  const io::NodeView annotations = response.Get("auditAnnotations");
  const std::string_view verdict = annotations.Get("verdict").Text();
  if (response.Get("uid").Text() != kUid || verdict.empty()) {
    return Fail(ErrorCode::kParse, "the webhook's answer is no answer to this review");
  }
  Heard heard;
  heard.evaluated = answer_.problem != "evaluation";
  if (verdict == serve::VerdictName(serve::Verdict::kNotExamined) ||
      (verdict == serve::VerdictName(serve::Verdict::kIncomplete) && heard.evaluated)) {
    return Fail(ErrorCode::kInvalid, fmt::format("the webhook did not examine the object: {}",
                                                 annotations.Get("reason").Text()));
  }
  for (const std::string_view id : SplitText(annotations.Get("findings").Text(), ',')) {
    heard.more = heard.more || StartsWith(id, "+");
    if (!id.empty() && !StartsWith(id, "+")) heard.ids.emplace_back(id);
  }
  const auto hear_line = [&](std::string_view line) {
    // "- CHECK (severity): message …"
    if (line.find("): ") == std::string_view::npos) return;
    heard.only_errors = heard.only_errors && line.find(kErrorMark) != std::string_view::npos;
  };
  const std::string_view message = response.Get("status").Get("message").Text();
  const std::vector<std::string_view> lines = SplitText(message, '\n');
  for (size_t i = 1; i < lines.size(); ++i) hear_line(lines[i]);
  heard.text = message;
  for (const io::NodeView& warning : response.Get("warnings").Children()) {
    hear_line(warning.Text());
    if (!heard.text.empty()) heard.text += "; ";
    heard.text += warning.Text();
  }
  heard.text = Printable(heard.text);
  return heard;
}

bool ReviewLeg::Understood(const Heard& heard, const std::map<std::string, KnownFinding>& known,
                           Verdicts& verdicts) const {
  if (heard.more) return false;
  for (const std::string& id : heard.ids) {
    const auto found = known.find(id);
    if (found == known.end()) return false;
    verdicts[found->second.check]->Add(found->second.verdict, false, {}, {});
  }
  return true;
}

Result<CheckVerdict> ReviewLeg::AskAlone(size_t number, const std::string& review) {
  auto& admission = alone_[number];
  if (!admission) {
    OURO_TRY(auto snapshot, singles_.Of(number));
    admission = std::make_unique<serve::Admission>(RulesOf(std::move(snapshot)), now_);
  }
  OURO_TRY(const Heard heard, Ask(*admission, review));
  CheckVerdict verdict;
  verdict.Add(Verdict::kPass, false, {}, {});
  if (!heard.ids.empty()) {
    const bool error = !heard.evaluated && heard.only_errors;
    verdict.Add(error ? Verdict::kError : Verdict::kFail, false, {}, heard.text);
  }
  verdict.places.clear();
  return verdict;
}

Result<Verdicts> ReviewLeg::Judge(const model::Resource& object, std::string_view json,
                                  const kube::ApiResource* resource,
                                  const std::map<std::string, KnownFinding>& known) {
  const std::string review = ReviewOf(object, json, resource);
  Verdicts verdicts(numbers_.count());
  const auto start = [&] {
    for (size_t i = 0; i < verdicts.size(); ++i) {
      verdicts[i].reset();
      if (numbers_.needs_inventory(i)) continue;
      verdicts[i].emplace();
      verdicts[i]->Add(Verdict::kPass, false, {}, {});
    }
  };
  start();
  OURO_TRY(const Heard heard, Ask(admission_, review));
  if (!Understood(heard, known, verdicts)) {
    start();
    for (size_t i = 0; i < verdicts.size(); ++i) {
      if (!verdicts[i]) continue;
      OURO_TRY(verdicts[i], AskAlone(i, review));
    }
  }
  for (auto& verdict : verdicts) {
    if (verdict) verdict->places.clear();
  }
  return verdicts;
}

}  // namespace ouro::prove
