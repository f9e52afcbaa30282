#include "serve/admission.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "gate/gate.h"
#include "model/workload.h"
#include "triage/triage.h"

namespace ouro::serve {
namespace {

using io::kNoNode;

constexpr std::array<std::string_view, kVerdictCount> kVerdictNames = {
    "clean", "observed", "reacted", "blocked", "incomplete", "not_examined", "refused"};
// kubectl shows a refusal with this reason as "Forbidden".
constexpr int kForbidden = 403;
constexpr int kBadRequest = 400;
constexpr std::string_view kForbiddenReason = "Forbidden";
// A body that was larger than this is not kept for the next review.
constexpr size_t kKeptBodyBytes = 256 << 10;

// Subresources whose object is the whole object with its spec. The object of any other one is of
// another kind (Scale, Binding, Eviction, …), or only its status can change.
constexpr std::array<std::string_view, 3> kJudgedSubresources = {"", "ephemeralcontainers",
                                                                 "resize"};

gate::Action ActionOf(std::string_view name) {
  for (const gate::Action action : {gate::Action::kObserve, gate::Action::kReact}) {
    if (name == gate::ActionName(action)) return action;
  }
  return gate::Action::kBlock;
}

std::string IdList(const std::vector<NamedFinding>& findings) {
  constexpr size_t kCount = limits::kAdmissionAnnotationIdCount;
  std::string ids;
  for (size_t i = 0; i < std::min(kCount, findings.size()); ++i) {
    if (i > 0) ids += ',';
    ids += findings[i].finding->id;
  }
  if (findings.size() > kCount) ids += fmt::format(",+{}", findings.size() - kCount);
  return ids;
}

bool IsGap(const model::Problem& problem) {
  return !problem.warning;
}

std::string ProblemText(const model::Problem& problem) {
  return fmt::format("{}: {}", problem.warning ? "warning" : "not examined", problem.message);
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  return kVerdictNames[static_cast<size_t>(verdict)];
}

Admission::Admission(std::shared_ptr<const AdmissionRules> rules, UnixSeconds now)
    : rules_(std::move(rules)), now_(now) {
  engine::Judge::Options judging;
  judging.now = now;
  judge_ = std::make_unique<engine::Judge>(rules_->snapshot, std::move(judging));
  StartKeys();
}

void Admission::StartKeys() {
  keys_ = std::make_unique<ReviewKeys>(judge_->keys());
}

void Admission::Run(std::string& body, bool overdue, Answer& answer) {
  answer = Answer();
  response_ = Response();
  lines_.clear();
  if (judge_->RenewKeys()) StartKeys();
  io::ReadOptions reading;
  reading.keep_comments = false;
  const Status parsed = io::ReadJson(std::move(body), reading, judge_->keys(), tree_);
  const ReviewResult read = ReadReview(tree_, parsed, *keys_);
  if (read.readable) {
    AnswerReview(read, overdue, answer);
  } else {
    Refuse(read.readable.error(), answer);
  }
  body = tree_.TakeSource();
  tree_.Clear();
  if (body.capacity() > kKeptBodyBytes) body = std::string();
  body.clear();
}

void Admission::Refuse(const Error& error, Answer& answer) {
  answer.verdict = Verdict::kRefused;
  answer.allowed = false;
  answer.http_status = kBadRequest;
  answer.problem = error.code == ErrorCode::kUnsupported ? "version" : "malformed";
  answer.body =
      StatusJson(answer.http_status, "BadRequest",
                 Printable(fmt::format("ouro cannot read this review: {}", error.ToString())));
}

void Admission::AnswerReview(const ReviewResult& read, bool overdue, Answer& answer) {
  const Review& review = read.review;
  answer.uid = review.uid;
  owner_ = Owner();
  if (review.object != kNoNode) {
    owner_ = FindOwner(tree_, *keys_, review.object, ObjectAt(review, review.object).resource);
  }
  DescribeSubject(review, answer);
  const std::string_view why = WhyNotExamined(review);
  if (!why.empty()) {
    answer.verdict = Verdict::kNotExamined;
    response_.annotations.emplace_back("reason", why);
  } else if (!read.malformed.empty()) {
    Incomplete("malformed", read.malformed, answer);
  } else if (overdue) {
    Incomplete("timeout", "the request came too late for an answer in time", answer);
  } else if (!JudgeObject(review, review.object, new_)) {
    answer.verdict = Verdict::kNotExamined;
    response_.annotations.emplace_back("reason", "excluded by the configuration");
  } else {
    Decide(review, answer);
  }
  response_.allowed = answer.allowed;
  response_.annotations.emplace_back("verdict", VerdictName(answer.verdict));
  AppendReview(review.uid, response_, answer.body);
}

std::string_view Admission::WhyNotExamined(const Review& review) const {
  std::string_view space = review.name_space;
  if (space.empty() && review.group.empty() && review.kind == "Namespace") space = review.name;
  const auto& excluded = rules_->excluded_namespaces;
  if (!space.empty() && std::find(excluded.begin(), excluded.end(), space) != excluded.end()) {
    return "excluded namespace";
  }
  if (review.operation == Operation::kDelete) return "DELETE is not examined";
  if (review.operation == Operation::kConnect) return "CONNECT is not examined";
  const bool judged = std::find(kJudgedSubresources.begin(), kJudgedSubresources.end(),
                                review.sub_resource) != kJudgedSubresources.end();
  return judged ? std::string_view() : "this subresource has no spec that checks judge";
}

scan::Object Admission::ObjectAt(const Review& review, uint32_t node) const {
  const scan::ObjectKeys& known = judge_->known();
  const auto text = [&](uint32_t map, io::KeyId key) {
    const uint32_t child = tree_.Child(map, key);
    return child == kNoNode ? std::string() : std::string(tree_.Text(child));
  };
  scan::Object object;
  object.tree = &tree_;
  object.node = node;
  model::Resource& resource = object.resource;
  resource.api_version = text(node, known.api_version);
  resource.kind = text(node, known.kind);
  const uint32_t metadata = tree_.Child(node, known.metadata);
  if (metadata != kNoNode) {
    resource.namespace_name = text(metadata, known.namespace_name);
    resource.name = text(metadata, known.name);
    if (resource.name.empty()) resource.name = text(metadata, known.generate_name);
  }
  // Objects of a namespace carry it; a Namespace's own request names it, but it stands in none.
  if (resource.namespace_name.empty() && resource.kind != "Namespace") {
    resource.namespace_name = review.name_space;
  }
  object.workload = !model::FindWorkload(resource.api_version, resource.kind).empty();
  return object;
}

void Admission::DescribeSubject(const Review& review, Answer& answer) {
  model::Resource resource;
  if (review.object != kNoNode) {
    resource = ObjectAt(review, review.object).resource;
  } else {
    resource.kind = review.kind;
    resource.namespace_name = review.name_space;
    resource.name = review.name;
  }
  answer.subject = Printable(engine::ObjectText(resource));
  if (owner_.resource.kind.empty()) return;
  answer.subject += Printable(fmt::format(" of {} {}", owner_.resource.kind, owner_.resource.name));
}

bool Admission::JudgeObject(const Review& review, uint32_t node, Judged& judged) {
  judged.findings.clear();
  judged.problems.clear();
  scan::Object object = ObjectAt(review, node);
  // Whose exceptions hold for a replica is said by its owner, when a controller of the cluster says
  // so; anybody else could name a foreign owner.
  const bool moves = !owner_.resource.kind.empty() && IsClusterController(review.user);
  const auto& excludes = snapshot().config().exclude_objects;
  if (scan::IsExcluded(object, excludes, judge_->keys(), judge_->known())) return false;
  if (moves) {
    scan::Object owner = object;
    owner.resource = owner_.resource;
    if (scan::IsExcluded(owner, excludes, judge_->keys(), judge_->known())) return false;
  }
  engine::Judgement judgement;
  std::swap(judgement.findings, judged.findings);
  std::swap(judgement.problems, judged.problems);
  engine::PlaceFinder places(tree_);
  judge_->Run(object, "admission", places, {}, judgement);
  judged.findings = std::move(judgement.findings);
  judged.problems = std::move(judgement.problems);
  for (model::Finding& finding : judged.findings) {
    finding.stage = "admission";
    if (moves) MoveToOwner(owner_, finding);
  }
  if (judged.findings.empty() && judged.problems.empty()) return true;
  engine::Settle(snapshot(), now_, judged.findings, judged.problems);
  triage::FoldDuplicates(judged.findings);
  if (!rules_->baseline.empty()) triage::ApplyBaseline(judged.findings, rules_->baseline);
  model::Counts counts;
  triage::CountFindings(judged.findings, judged.problems, counts);
  judged.decision = gate::Decide(judged.findings, snapshot().config().policy, counts);
  return true;
}

// A finding is known when the old object had it and the place it points to has not changed since:
// same identity, same words, and the same value where that is no whole object. A finding that
// points to something absent, or to a whole object, is the same as long as identity and words are.
bool Admission::IsKnown(const model::Finding& finding) const {
  const auto text = [&](const model::Finding& one) {
    const std::string_view source = tree_.source();
    const model::Location& at = one.location;
    std::string_view value = source.substr(at.start_offset, at.end_offset - at.start_offset);
    return StartsWith(value, "{") ? std::string_view() : value;
  };
  return std::any_of(old_.findings.begin(), old_.findings.end(), [&](const model::Finding& old) {
    return old.status != model::FindingStatus::kSuppressed && old.id == finding.id &&
           old.message == finding.message && text(old) == text(finding);
  });
}

void Admission::Decide(const Review& review, Answer& answer) {
  named_.clear();
  for (const model::Finding& finding : new_.findings) {
    if (finding.status != model::FindingStatus::kSuppressed) named_.push_back({&finding, false});
  }
  old_.findings.clear();
  if (!named_.empty() && review.operation == Operation::kUpdate && review.old_object != kNoNode) {
    // An object that is on its way out must be able to lose its finalizers, or it stays for ever.
    const uint32_t metadata = tree_.Child(review.object, keys_->metadata);
    const uint32_t deleted =
        metadata == kNoNode ? kNoNode : tree_.Child(metadata, keys_->deletion_timestamp);
    const bool leaves = deleted != kNoNode && tree_.node(deleted).type == io::NodeType::kString;
    if (!rules_->strict_updates || leaves) {
      JudgeObject(review, review.old_object, old_);
      for (NamedFinding& named : named_) named.known = IsKnown(*named.finding);
    }
  }
  SortForAnswer(named_);
  FillResponse(review, answer);
}

std::vector<NamedFinding> Admission::SortByAction(Answer& answer) {
  const bool closed = snapshot().config().policy.incomplete == gate::OnIncomplete::kBlock;
  std::vector<NamedFinding> blocking;
  for (const NamedFinding& named : named_) {
    const model::Finding& finding = *named.finding;
    const bool failed = finding.status == model::FindingStatus::kError;
    if (failed) answer.problem = "evaluation";
    gate::Action action = ActionOf(finding.action);
    if (failed && closed) action = gate::Action::kBlock;
    if (action == gate::Action::kBlock && named.known) action = gate::Action::kObserve;
    ++answer.findings[static_cast<size_t>(action)];
    if (action == gate::Action::kBlock) {
      blocking.push_back(named);
    } else {
      lines_.push_back(FindingLine(named, answer.subject));
    }
  }
  return blocking;
}

void Admission::FillResponse(const Review& review, Answer& answer) {
  const std::vector<NamedFinding> blocking = SortByAction(answer);
  // The first gap is told by Incomplete().
  bool told = !blocking.empty();
  for (const model::Problem& problem : new_.problems) {
    if (told || !IsGap(problem)) lines_.push_back(ProblemText(problem));
    told = told || IsGap(problem);
  }
  const bool incomplete = std::any_of(new_.problems.begin(), new_.problems.end(), IsGap);
  if (!blocking.empty()) {
    answer.verdict = Verdict::kBlocked;
    answer.allowed = false;
    response_.message = RefusalText(
        fmt::format("{} of {} is refused because of {} finding{}, the gravest {} ({})",
                    OperationName(review.operation), answer.subject, blocking.size(),
                    blocking.size() == 1 ? "" : "s",
                    model::SeverityName(blocking.front().finding->severity), new_.decision.rule),
        blocking, answer.subject);
  } else if (incomplete) {
    const auto first = std::find_if(new_.problems.begin(), new_.problems.end(), IsGap);
    Incomplete("not_examined", first->message, answer);
  } else if (answer.findings[static_cast<size_t>(gate::Action::kReact)] > 0) {
    answer.verdict = Verdict::kReacted;
  } else if (!named_.empty()) {
    answer.verdict = Verdict::kObserved;
  }
  if (!answer.allowed) {
    response_.code = kForbidden;
    response_.reason = kForbiddenReason;
  }
  response_.warnings = FitWarnings(lines_);
  if (!named_.empty()) response_.annotations.emplace_back("findings", IdList(named_));
}

void Admission::Incomplete(std::string_view problem, std::string_view why, Answer& answer) {
  const bool closed = snapshot().config().policy.incomplete == gate::OnIncomplete::kBlock;
  answer.verdict = Verdict::kIncomplete;
  answer.allowed = !closed;
  answer.problem = problem;
  std::string text = Printable(fmt::format("{} was not examined: {}", answer.subject, why));
  response_.annotations.emplace_back("reason", Printable(why));
  if (!closed) {
    lines_.insert(lines_.begin(), std::move(text));
    response_.warnings = FitWarnings(lines_);
    return;
  }
  response_.code = kForbidden;
  response_.reason = kForbiddenReason;
  response_.message = text + " (the policy says incomplete: block)";
}

}  // namespace ouro::serve
