#include "cli/commands/gate_table.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::cli {
namespace {

constexpr size_t kListedCount = 50;  // findings of one action that are shown
constexpr size_t kShortIdSize = 12;

using gate::Action;
using gate::FindingOutcome;
using gate::Standing;

std::string ObjectOf(const model::Finding& finding) {
  const model::Resource& resource = finding.resource;
  std::string text = resource.kind;
  if (!resource.name.empty()) {
    if (!text.empty()) text += ' ';
    if (!resource.namespace_name.empty()) text += resource.namespace_name + "/";
    text += resource.name;
  }
  if (!resource.container.empty()) text += " [" + resource.container + "]";
  if (text.empty() && finding.image) text = finding.image->reference;
  return text;
}

std::string TitleOf(const model::Finding& finding) {
  std::string text = finding.check;
  if (finding.package && !finding.package->name.empty()) {
    text += fmt::format(" in {} {}", finding.package->name, finding.package->version);
  } else if (!finding.title.empty() && finding.title != finding.check) {
    text += "  " + finding.title;
  }
  return text;
}

std::string PlaceOf(const model::Finding& finding) {
  const model::Location& place = finding.location;
  if (place.file.empty()) return {};
  return place.line > 0 ? fmt::format("{}:{}", place.file, place.line) : place.file;
}

class Table {
 public:
  Table(const gate::Request& request, const gate::Outcome& outcome,
        const DecisionTableOptions& options)
      : request_(request), outcome_(outcome), options_(options), resolver_(*outcome.resolver) {}

  std::string Write() {
    if (!options_.quiet) {
      WriteAction(Action::kBlock, "blocks");
      WriteAction(Action::kReact, "asks for a reaction");
      if (options_.verbose) WriteAction(Action::kObserve, "is observed");
      WriteExceptions();
      WriteRest();
    }
    Line("{}", outcome_.decision.sentence);
    if (!options_.quiet) WriteWayOut();
    return std::move(out_);
  }

 private:
  template <typename... Values>
  void Line(fmt::format_string<Values...> format, Values&&... values) {
    out_ += Printable(fmt::format(format, std::forward<Values>(values)...));
    out_ += '\n';
  }

  std::string RuleText(const gate::Match& match) const {
    if (match.rule == gate::kThreshold) {
      return fmt::format("{} ({})", resolver_.RuleName(match.rule), request_.policy.origin);
    }
    const gate::PolicyRule& rule = *resolver_.rules()[static_cast<size_t>(match.rule)].rule;
    return fmt::format("\"{}\" of {}{}, {}{}", resolver_.RuleName(match.rule),
                       resolver_.RuleLevel(match.rule),
                       rule.origin.empty() ? "" : " at " + rule.origin, gate::RuleActionName(rule),
                       rule.locked ? ", locked" : "");
  }

  void WriteFinding(const FindingOutcome& one) {
    const model::Finding& finding = one.input->finding;
    Line("  {:<8}  {}", model::SeverityName(finding.severity), TitleOf(finding));
    std::string where = ObjectOf(finding);
    const std::string place = PlaceOf(finding);
    if (!place.empty()) where += (where.empty() ? "" : " · ") + place;
    if (!where.empty()) Line("    where  {}", where);
    Line("    rule   {}", RuleText(one.ruling->winner));
    if (options_.verbose) {
      for (const gate::Match& loser : one.ruling->losers) Line("    lost   {}", RuleText(loser));
    }
    if (!one.note.empty()) Line("    note   {}", one.note);
    if (finding.vuln && !finding.vuln->fixed_in.empty()) {
      Line("    fix    {} {}", finding.package ? finding.package->name : "update to",
           finding.vuln->fixed_in);
    } else if (!finding.remediation.empty()) {
      Line("    fix    {}", finding.remediation);
    }
    if (!finding.id.empty()) Line("    id     {}", finding.id.substr(0, kShortIdSize));
  }

  void WriteAction(Action action, std::string_view what) {
    std::vector<const FindingOutcome*> found;
    for (const FindingOutcome& one : outcome_.findings) {
      if (one.standing == Standing::kJudged && one.action == action) found.push_back(&one);
    }
    if (found.empty()) return;
    std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
      const model::Finding& left = a->input->finding;
      const model::Finding& right = b->input->finding;
      if (left.severity != right.severity) return left.severity > right.severity;
      return std::tie(left.check, left.id) < std::tie(right.check, right.id);
    });
    Line("What {} ({}):", what, found.size());
    for (size_t i = 0; i < std::min(found.size(), kListedCount); ++i) WriteFinding(*found[i]);
    if (found.size() > kListedCount) {
      Line("  … and {} more; --format json has all", found.size() - kListedCount);
    }
    out_ += '\n';
  }

  void WriteExceptions() {
    bool any = false;
    for (const gate::ExceptionOutcome& one : outcome_.exceptions) {
      if (one.facts.matched.value_or(0) == 0 && !options_.verbose) continue;
      if (!any) Line("Exceptions:");
      any = true;
      const std::string soon =
          one.warning_days ? fmt::format("; ends within {} days", *one.warning_days) : "";
      Line("  {}  {}: {}, covers {} of {} findings{}", one.exception->id,
           gate::ExceptionStateName(one.status.state), one.status.reason, one.covered,
           one.facts.matched.value_or(0), soon);
    }
    if (any) out_ += '\n';
  }

  void WriteRest() {
    if (!outcome_.window.allowed && outcome_.decision.verdict != "window") {
      Line("Not now either: {}", outcome_.window.sentence);
    }
    for (const gate::GrantOutcome& one : outcome_.grants) {
      if (!one.objection.empty()) {
        Line("grant {} does not hold: {}", one.grant->id, one.objection);
      }
      if (one.used) {
        Line("grant {} is used; it must be reviewed by {}", one.grant->id,
             FormatRfc3339(outcome_.review_due.value_or(0)));
      }
    }
    if (!options_.verbose) return;
    for (const std::string& line : outcome_.decision.explanation) Line("  {}", line);
  }

  // What someone with a blocked release can do.
  void WriteWayOut() {
    const model::Decision& decision = outcome_.decision;
    if (decision.verdict == "blocked") {
      const FindingOutcome* first = FirstBlocking();
      if (first != nullptr) {
        const gate::LevelView& view = resolver_view();
        const auto severity = static_cast<size_t>(first->input->finding.severity);
        Line(
            "Way out: fix what blocks, or ask for an exception (at most {} days, {} approval{}): "
            "ouro "
            "exception add --finding {} --reason … --owner … --expires …",
            view.days_max[severity], view.approvals[severity],
            view.approvals[severity] == 1 ? "" : "s",
            first->input->finding.id.substr(0, kShortIdSize));
      }
    } else if (decision.verdict == "window" && outcome_.window.next_allowed) {
      Line("Way out: deliver at or after {}", FormatRfc3339(*outcome_.window.next_allowed));
    } else if (decision.verdict == "incomplete") {
      Line("Way out: examine what is missing (ouro scan --store FILE, ouro import) and ask again");
    }
  }

  const FindingOutcome* FirstBlocking() const {
    const FindingOutcome* first = nullptr;
    for (const FindingOutcome& one : outcome_.findings) {
      if (one.standing != Standing::kJudged || one.action != Action::kBlock) continue;
      const bool graver =
          first == nullptr || one.input->finding.severity > first->input->finding.severity;
      if (graver) first = &one;
    }
    return first;
  }

  const gate::LevelView& resolver_view() {
    const gate::Subject& subject = request_.subject;
    return outcome_.resolver->ViewOf(subject.cluster, subject.environment, subject.application);
  }

  const gate::Request& request_;
  const gate::Outcome& outcome_;
  const DecisionTableOptions& options_;
  const gate::Resolver& resolver_;
  std::string out_;
};

}  // namespace

std::string DecisionTable(const gate::Request& request, const gate::Outcome& outcome,
                          const DecisionTableOptions& options) {
  return Table(request, outcome, options).Write();
}

}  // namespace ouro::cli
