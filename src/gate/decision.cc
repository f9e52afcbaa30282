#include "gate/decision.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "gate/exception_book.h"
#include "gate/exception_text.h"
#include "gate/explain.h"
#include "gate/finding_json.h"

namespace ouro::gate {
namespace {

constexpr int64_t kDay = 86'400;
constexpr size_t kDateSize = 10;  // "2027-01-31"

bool IsOtherImage(const model::Image& image, std::string_view wanted) {
  if (image.reference == wanted || image.digest == wanted) return false;
  return image.digest.empty() || !EndsWith(wanted, "@" + image.digest);
}

// Is it known that the finding is not of the subject? What is not known counts as the subject's.
bool IsElsewhere(const model::Finding& finding, const Subject& subject) {
  const auto differs = [](const std::string& known, const std::string& wanted) {
    return !wanted.empty() && !known.empty() && known != wanted;
  };
  if (differs(finding.resource.namespace_name, subject.namespace_name)) return true;
  if (finding.image && !subject.image.empty() && IsOtherImage(*finding.image, subject.image)) {
    return true;
  }
  if (!finding.asset) return false;
  return differs(finding.asset->application, subject.application) ||
         differs(finding.asset->environment, subject.environment) ||
         differs(finding.asset->cluster, subject.cluster);
}

// A suppression with a last day holds to the end of that day, UTC.
bool HasEnded(const model::Suppression& suppression, UnixSeconds now) {
  const auto until = ParseRfc3339(suppression.until);
  if (suppression.until.empty()) return false;
  if (!until) return true;  // a date that cannot be read suppresses nothing
  return now >= (suppression.until.size() == kDateSize ? *until + kDay : *until);
}

class Gate {
 public:
  explicit Gate(const Request& request)
      : request_(request),
        resolver_(std::make_unique<Resolver>(request.policy, request.subject, request.now)),
        place_(resolver_->ViewOf(request.subject.cluster, request.subject.environment,
                                 request.subject.application)),
        book_(request, *resolver_) {
    if (request.baseline) known_.insert(request.baseline->begin(), request.baseline->end());
  }

  Result<Outcome> Run() {
    SortOut();
    Resolve();
    JudgeFixes();
    OURO_TRY(outcome_.window, JudgeWindows(request_.windows, request_.subject, request_.began,
                                           outcome_.security_fix, request_.now));
    outcome_.branch = JudgeBranch();
    JudgeData();
    Conclude();
    JudgeGrants();
    outcome_.resolver = std::move(resolver_);
    return std::move(outcome_);
  }

 private:
  Facts FactsFor(const InputFinding& input) const {
    Facts facts = FactsOf(input.finding);
    const Subject& subject = request_.subject;
    if (!subject.cluster.empty()) facts.cluster = subject.cluster;
    if (!subject.environment.empty()) facts.environment = subject.environment;
    if (!subject.application.empty()) facts.application = subject.application;
    facts.labels = &input.labels;
    facts.subject_labels = &subject.labels;
    facts.fix_group = input.fix_group;
    facts.fix_since = ParseRfc3339(input.fix_available_since);
    facts.is_new = !request_.baseline || !known_.contains(input.finding.id);
    return facts;
  }

  // Which findings are judged at all.
  void SortOut() {
    outcome_.findings.reserve(request_.findings.size());
    facts_.reserve(request_.findings.size());
    for (const InputFinding& input : request_.findings) {
      FindingOutcome& one = outcome_.findings.emplace_back();
      one.input = &input;
      facts_.push_back(FactsFor(input));
      const model::Finding& finding = input.finding;
      if (IsElsewhere(finding, request_.subject)) {
        one.standing = Standing::kElsewhere;
        ++elsewhere_;
      } else if (finding.status == model::FindingStatus::kSuppressed) {
        if (finding.suppressed && HasEnded(*finding.suppressed, request_.now)) {
          one.note = fmt::format("its suppression by {} ended {}", finding.suppressed->by,
                                 finding.suppressed->until);
        } else {
          one.standing = Standing::kSuppressed;
        }
      }
    }
  }

  void Resolve() {
    for (size_t i = 0; i < facts_.size(); ++i) {
      if (outcome_.findings[i].standing == Standing::kJudged) book_.Note(i, facts_[i]);
    }
    book_.Close();
    for (size_t i = 0; i < facts_.size(); ++i) {
      FindingOutcome& one = outcome_.findings[i];
      if (one.standing != Standing::kJudged) continue;
      one.ruling = &resolver_->Resolve(facts_[i]);
      book_.Judge(i, facts_[i], one);
    }
    outcome_.exceptions = book_.Finish();
  }

  // A claim to fix is verified when the finding is gone, everything was examined, and the policy
  // would block it.
  void JudgeFixes() {
    if (request_.fixes.empty() || !request_.data.present || request_.data.not_examined > 0) return;
    std::unordered_set<std::string_view> open;
    for (const FindingOutcome& one : outcome_.findings) {
      if (one.standing != Standing::kElsewhere) open.insert(one.input->finding.id);
    }
    bool blocks = false;
    for (const InputFinding& fix : request_.fixes) {
      if (fix.finding.id.empty() || open.contains(fix.finding.id)) return;
      blocks = blocks || resolver_->Resolve(FactsFor(fix)).winner.action == Action::kBlock;
    }
    outcome_.security_fix = blocks;
  }

  bool BranchMay(const std::vector<BranchRule>& rules) const {
    const Subject& subject = request_.subject;
    if (rules.empty()) return true;
    return std::any_of(rules.begin(), rules.end(), [&](const BranchRule& rule) {
      return !subject.branch.empty() && MatchesGlob(subject.branch, rule.branch) &&
             std::any_of(
                 rule.environments.begin(), rule.environments.end(),
                 [&](const std::string& glob) { return MatchesGlob(subject.environment, glob); });
    });
  }

  std::string JudgeBranch() const {
    const Subject& subject = request_.subject;
    if (subject.environment.empty()) return {};
    bool may = BranchMay(request_.policy.global.branches);
    for (const int entry : place_.entries) {
      may = may && BranchMay(request_.policy.levels[static_cast<size_t>(entry)].branches);
    }
    if (may) return {};
    if (subject.branch.empty()) {
      return fmt::format("the policy says which branches may go to {}, and no branch is given",
                         subject.environment);
    }
    return fmt::format("the branch {} may not go to {} (branches of {})", subject.branch,
                       subject.environment, request_.policy.origin);
  }

  void JudgeData() {
    const DataState& data = request_.data;
    outcome_.incomplete = place_.incomplete;
    outcome_.missing = data.missing;
    const auto no_data = [&](std::string why) {
      outcome_.no_data = true;
      outcome_.missing.push_back(std::move(why));
    };
    if (!data.present) {
      outcome_.no_data = true;
      if (data.missing.empty()) no_data("there are no findings data");
      return;
    }
    if (elsewhere_ > 0 && elsewhere_ == static_cast<int64_t>(request_.findings.size())) {
      no_data(fmt::format("all {} findings are of other subjects than {}", elsewhere_,
                          SubjectTitle(request_.subject)));
    }
    if (!place_.max_age_seconds) return;
    if (!data.observed_at) return no_data("the age of the findings data is not known (max_age)");
    if (request_.now - *data.observed_at >= *place_.max_age_seconds) {
      no_data(fmt::format("the findings data are of {}, which is too old (max_age)",
                          FormatRfc3339(*data.observed_at)));
    }
  }

  // Puts everything into the decision.
  void Conclude() {
    internal::Circumstances circumstances;
    circumstances.incomplete = outcome_.incomplete;
    circumstances.no_data = outcome_.no_data;
    circumstances.missing = outcome_.missing;
    circumstances.branch = outcome_.branch;
    circumstances.clean =
        fmt::format("clean: no open findings for {}", SubjectTitle(request_.subject));
    if (!outcome_.window.allowed) circumstances.window = outcome_.window.sentence;
    model::Counts counts;
    counts.not_examined = request_.data.not_examined;
    internal::Summary summary(*resolver_, counts, circumstances);
    for (const FindingOutcome& one : outcome_.findings) {
      const model::Finding& finding = one.input->finding;
      if (one.standing == Standing::kJudged) {
        summary.Add(finding, *one.ruling, one.action);
      } else if (one.standing == Standing::kSuppressed) {
        summary.AddSuppressed(finding.suppressed && !finding.suppressed->by.empty()
                                  ? finding.suppressed->by
                                  : std::string("an unnamed suppression"));
      } else if (one.standing == Standing::kExcepted) {
        const size_t number = static_cast<size_t>(one.exception);
        summary.AddSuppressed("exception " + request_.exceptions[number].id);
      }
    }
    outcome_.decision = summary.Finish();
    ExplainRest();
  }

  void ExplainRest() {
    std::vector<std::string>& lines = outcome_.decision.explanation;
    for (const ExceptionOutcome& one : outcome_.exceptions) {
      if (one.facts.matched.value_or(0) == 0) continue;
      const std::string soon =
          one.warning_days ? fmt::format(" (ends within {} days)", *one.warning_days) : "";
      lines.push_back(fmt::format("exception {} is {}: {}{}", one.exception->id,
                                  ExceptionStateName(one.status.state), one.status.reason, soon));
    }
    if (!outcome_.window.sentence.empty() && outcome_.decision.verdict != "window") {
      lines.push_back(outcome_.window.sentence);
    }
    for (const std::string& name : outcome_.window.bypassed) {
      lines.push_back(fmt::format("the window \"{}\" is passed by role", name));
    }
    for (const std::string& name : outcome_.window.exempted) {
      lines.push_back(fmt::format("the window \"{}\" lets verified fixes pass", name));
    }
    if (elsewhere_ > 0) {
      lines.push_back(fmt::format("{} finding{} of other subjects not judged", elsewhere_,
                                  elsewhere_ == 1 ? "" : "s"));
    }
  }

  void JudgeGrants() {
    const BreakGlass* rules = request_.policy.break_glass ? &*request_.policy.break_glass : nullptr;
    const Grant* valid = nullptr;
    for (const Grant& grant : request_.grants) {
      GrantOutcome& one = outcome_.grants.emplace_back();
      one.grant = &grant;
      one.objection = GrantObjection(grant, rules, request_.subject, request_.now);
      if (!one.objection.empty()) {
        outcome_.decision.explanation.push_back(
            fmt::format("grant {} does not hold: {}", grant.id, one.objection));
      } else if (valid == nullptr && outcome_.decision.exit_code != 0) {
        valid = &grant;
        one.used = true;
      }
    }
    if (valid == nullptr) return;
    model::Decision& decision = outcome_.decision;
    outcome_.overridden = decision.verdict;
    outcome_.review_due = request_.now + rules->review_days * kDay;
    decision.sentence =
        fmt::format("break glass: grant {} of {} ({}, {}) overrides: {}", valid->id,
                    valid->issued_by, valid->ticket, valid->reason, decision.sentence);
    decision.verdict = "break_glass";
    decision.exit_code = 0;
    decision.explanation.push_back(fmt::format("the use of grant {} must be reviewed by {}",
                                               valid->id, FormatRfc3339(*outcome_.review_due)));
  }

  const Request& request_;
  std::unique_ptr<Resolver> resolver_;
  const LevelView& place_;
  internal::ExceptionBook book_;
  std::unordered_set<std::string_view> known_;  // the baseline
  std::vector<Facts> facts_;                    // by finding
  int64_t elsewhere_ = 0;
  Outcome outcome_;
};

// Sorts values by a text of each, made once.
template <typename T, typename Text>
void SortBy(std::vector<T>& values, const Text& text) {
  std::vector<std::pair<std::string, size_t>> order;
  order.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) order.emplace_back(text(values[i]), i);
  std::sort(order.begin(), order.end());
  std::vector<T> sorted;
  sorted.reserve(values.size());
  for (const auto& [key, index] : order) sorted.push_back(std::move(values[index]));
  values = std::move(sorted);
}

std::string FindingText(const InputFinding& input) {
  std::string text;
  AppendFinding(text, input);
  return text;
}

}  // namespace

std::string_view StandingName(Standing standing) {
  switch (standing) {
    case Standing::kJudged:
      return "judged";
    case Standing::kSuppressed:
      return "suppressed";
    case Standing::kExcepted:
      return "excepted";
    case Standing::kElsewhere:
      return "elsewhere";
  }
  return "judged";
}

void Canonicalize(Request& request) {
  SortBy(request.findings, FindingText);
  SortBy(request.fixes, FindingText);
  SortBy(request.exceptions, [](const Exception& exception) { return exception.id; });
  SortBy(request.grants, [](const Grant& grant) { return grant.id; });
  SortBy(request.windows, [](const WindowRule& rule) {
    std::string text;
    AppendWindow(text, rule, false);
    return text;
  });
  if (request.baseline) {
    std::sort(request.baseline->begin(), request.baseline->end());
    request.baseline->erase(std::unique(request.baseline->begin(), request.baseline->end()),
                            request.baseline->end());
  }
  std::sort(request.data.missing.begin(), request.data.missing.end());
}

Result<Outcome> Decide(const Request& request) {
  return Gate(request).Run();
}

}  // namespace ouro::gate
