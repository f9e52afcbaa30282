#include "cli/commands/findings_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/text_table.h"
#include "report/json_text.h"
#include "report/report.h"

namespace ouro::cli {
namespace {

constexpr size_t kTitleSize = 60;

std::string ObjectText(const model::Resource& resource) {
  std::string text = resource.kind + " ";
  if (!resource.namespace_name.empty()) text += resource.namespace_name + "/";
  text += resource.name;
  if (!resource.container.empty()) text += " [" + resource.container + "]";
  return text;
}

bool HasObject(const model::Resource& resource) {
  return !resource.kind.empty() || !resource.name.empty();
}

std::string Shorten(const std::string& text) {
  if (text.size() <= kTitleSize) return text;
  return text.substr(0, ValidUtf8Prefix(text.substr(0, kTitleSize - 1))) + "…";
}

bool Sees(const store::Issue& issue, std::string_view stage) {
  return (issue.stages_seen & store::StageBit(stage)) != 0;
}

bool Saw(const store::Issue& issue, std::string_view stage) {
  return (issue.stages_ever & store::StageBit(stage)) != 0;
}

void AppendField(std::string& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out += fmt::format("{:<12} {}\n", name, Printable(value));
}

void AppendIssueFields(std::string& out, const store::Issue& issue) {
  AppendField(out, "issue", issue.id);
  AppendField(out, "title", issue.title);
  AppendField(out, "about", SubjectOf(issue));
  const std::string rule =
      issue.concept_name.empty() ? issue.check : issue.concept_name + " (" + issue.check + ")";
  AppendField(out, "rule", rule);
  AppendField(out, "severity", std::string(model::SeverityName(issue.severity)));
  AppendField(out, "priority", fmt::format("{}", issue.priority));
  AppendField(out, "state",
              fmt::format("{}: {}", store::IssueStatusName(issue.status), StageVerdict(issue)));
  AppendField(out, "seen by", JoinText(issue.tools, ", "));
  AppendField(out, "stages", JoinText(store::StageNames(issue.stages_seen), ", "));
  AppendField(out, "owner", issue.owner);
  AppendField(out, "assignee", issue.assignee);
  AppendField(out, "first seen", TimeText(issue.first_seen));
  AppendField(out, "last seen", TimeText(issue.last_seen));
  AppendField(out, "due", TimeText(issue.sla_due));
  AppendField(out, "until", TimeText(issue.until));
  AppendField(out, "resolved", TimeText(issue.resolved_at));
  if (issue.reopened > 0) AppendField(out, "reopened", fmt::format("{} times", issue.reopened));
  AppendField(out, "duplicate of", issue.duplicate_of);
}

// The terms of the priority, of the finding that stands for the issue.
void AppendWhy(std::string& out, const store::IssueDetail& detail) {
  for (const store::StoredFinding& stored : detail.findings) {
    const auto& judgement = stored.finding.judgement;
    if (stored.finding.id != detail.issue.finding_id || !judgement) continue;
    out += fmt::format("\nWhy priority {}", judgement->priority);
    if (!judgement->outcome.empty()) out += fmt::format(" ({})", Printable(judgement->outcome));
    out += '\n';
    for (const model::Reason& reason : judgement->why) {
      out += fmt::format("  {:+4}  {:<16} {:<18} {}\n", reason.weight, Printable(reason.term),
                         Printable(reason.value), Printable(reason.text));
    }
  }
}

void AppendObservations(std::string& out, const store::IssueDetail& detail) {
  out += fmt::format("\nSeen as {} finding{}, {} observation{}\n", detail.findings.size(),
                     detail.findings.size() == 1 ? "" : "s", detail.observations.size(),
                     detail.observations.size() == 1 ? "" : "s");
  for (const store::StoredFinding& stored : detail.findings) {
    const model::Finding& finding = stored.finding;
    out += fmt::format("  {}  {:<8} {}{}\n", finding.id, model::SeverityName(finding.severity),
                       Printable(finding.check), stored.open ? "" : " (gone)");
    for (const store::Observation& seen : detail.observations) {
      if (seen.finding_id != finding.id) continue;
      out += fmt::format("      {:<9} {}  {}\n", seen.finding.stage,
                         TimeText(seen.gone_at == 0 ? seen.last_seen : seen.gone_at) +
                             (seen.gone_at == 0 ? "" : " gone"),
                         Printable(PlaceOf(seen.finding)));
      out += fmt::format("        {}\n", Printable(seen.finding.message));
    }
  }
}

void AppendHistory(std::string& out, const store::IssueDetail& detail) {
  if (detail.history.empty()) return;
  out += "\nHistory\n";
  for (const store::HistoryEntry& entry : detail.history) {
    out += fmt::format("  {}  {}  {}", TimeText(entry.time), Printable(entry.who), entry.what);
    if (!entry.to.empty() || !entry.from.empty()) {
      out += fmt::format(" {} → {}", Printable(entry.from), Printable(entry.to));
    }
    out += entry.note.empty() ? "\n" : fmt::format(": {}\n", Printable(entry.note));
  }
}

}  // namespace

std::string SubjectOf(const model::Finding& finding) {
  if (finding.package && !finding.package->name.empty()) {
    std::string text = finding.package->name;
    if (!finding.package->version.empty()) text += " " + finding.package->version;
    if (finding.image && !finding.image->reference.empty())
      text += " in " + finding.image->reference;
    return text;
  }
  if (HasObject(finding.resource)) return ObjectText(finding.resource);
  if (finding.origin && !finding.origin->endpoint.empty()) return finding.origin->endpoint;
  if (finding.asset && !finding.asset->host.empty()) return finding.asset->host;
  return finding.location.file;
}

std::string SubjectOf(const store::Issue& issue) {
  std::string text = HasObject(issue.resource) ? ObjectText(issue.resource) : "";
  if (!issue.vuln.empty()) text = text.empty() ? issue.vuln : issue.vuln + " in " + text;
  return text;
}

std::string PlaceOf(const model::Finding& finding) {
  const model::Location& place = finding.location;
  if (place.line == 0) return place.file;
  if (place.column == 0) return fmt::format("{}:{}", place.file, place.line);
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

std::string TimeText(UnixSeconds seconds) {
  return seconds == 0 ? std::string() : FormatRfc3339(seconds);
}

// The verdicts of docs/formats/identity.md: the set of stages that see it tells what happened.
std::string StageVerdict(const store::Issue& issue) {
  if (!issue.seen) return "resolved";
  if (issue.suppressed) return "suppressed";
  if (!issue.open) return std::string(store::IssueStatusName(issue.status));
  const bool in_source = Sees(issue, "ci") || Sees(issue, "release");
  const bool was_in_source = Saw(issue, "ci") || Saw(issue, "release");
  const bool live = Sees(issue, "runtime") || Sees(issue, "cd");
  if (live && !in_source && was_in_source) return "fix not deployed";
  if (live && !was_in_source && !Saw(issue, "import")) return "drift";
  if (!live && !in_source && Sees(issue, "admission")) return "blocked, never ran";
  return "open";
}

std::string IssueTable(const store::Page<store::Issue>& page) {
  std::vector<std::vector<std::string>> rows = {
      {"ISSUE", "PRIO", "SEVERITY", "STATE", "RULE", "ABOUT", "TOOLS", "TITLE"}};
  for (const store::Issue& issue : page.items) {
    rows.push_back({issue.id.substr(0, kShortIdSize), fmt::format("{}", issue.priority),
                    std::string(model::SeverityName(issue.severity)), StageVerdict(issue),
                    Printable(issue.concept_name.empty() ? issue.check : issue.concept_name),
                    Printable(SubjectOf(issue)), Printable(JoinText(issue.tools, ",")),
                    Printable(Shorten(issue.title))});
  }
  std::string out = TextTable(rows);
  out +=
      fmt::format("{} of {} issue{}\n", page.items.size(), page.total, page.total == 1 ? "" : "s");
  if (!page.next_cursor.empty()) out += fmt::format("more: --cursor {}\n", page.next_cursor);
  return out;
}

std::string FindingTable(const store::Page<store::StoredFinding>& page) {
  std::vector<std::vector<std::string>> rows = {
      {"FINDING", "SEVERITY", "STATE", "CHECK", "ABOUT", "PLACE", "FIRST SEEN", "LAST SEEN"}};
  for (const store::StoredFinding& stored : page.items) {
    const model::Finding& finding = stored.finding;
    rows.push_back({finding.id.substr(0, kShortIdSize),
                    std::string(model::SeverityName(finding.severity)),
                    stored.open ? std::string(model::FindingStatusName(finding.status)) : "closed",
                    Printable(finding.check), Printable(SubjectOf(finding)),
                    Printable(PlaceOf(finding)), finding.first_seen, finding.last_seen});
  }
  std::string out = TextTable(rows);
  out += fmt::format("{} of {} finding{}\n", page.items.size(), page.total,
                     page.total == 1 ? "" : "s");
  if (!page.next_cursor.empty()) out += fmt::format("more: --cursor {}\n", page.next_cursor);
  return out;
}

std::string GroupTable(store::GroupKey key, const store::Groups& groups) {
  std::vector<std::vector<std::string>> rows = {{"COUNT", "CRITICAL", "HIGH", "MEDIUM", "LOW",
                                                 "INFO", "PRIO",
                                                 std::string(store::GroupKeyName(key))}};
  for (const store::Group& group : groups.groups) {
    rows.push_back({fmt::format("{}", group.count), fmt::format("{}", group.by_severity[4]),
                    fmt::format("{}", group.by_severity[3]),
                    fmt::format("{}", group.by_severity[2]),
                    fmt::format("{}", group.by_severity[1]),
                    fmt::format("{}", group.by_severity[0]), fmt::format("{}", group.priority_max),
                    group.value.empty() ? "-" : Printable(group.value)});
  }
  return TextTable(rows) + fmt::format("{} of {} groups, {} in all\n", groups.groups.size(),
                                       groups.group_count, groups.total);
}

void AppendIssueJson(std::string& out, const store::Issue& issue) {
  report::JsonScope scope(out, '{');
  scope.Text("id", issue.id);
  scope.Text("class", model::FindingClassName(issue.finding_class));
  scope.Text("check", issue.check);
  scope.TextIf("concept", issue.concept_name);
  scope.Text("title", issue.title);
  scope.TextIf("about", SubjectOf(issue));
  scope.TextIf("vuln", issue.vuln);
  scope.Text("severity", model::SeverityName(issue.severity));
  scope.Int("priority", issue.priority);
  scope.Text("status", store::IssueStatusName(issue.status));
  scope.Text("verdict", StageVerdict(issue));
  scope.Bool("open", issue.open);
  scope.Texts("tools", issue.tools);
  scope.Texts("stages", store::StageNames(issue.stages_seen));
  scope.Texts("clusters", issue.clusters);
  scope.Texts("environments", issue.environments);
  scope.Texts("applications", issue.applications);
  scope.TextIf("owner", issue.owner);
  scope.TextIf("assignee", issue.assignee);
  scope.TextIf("fix_group", issue.fix_group);
  scope.Text("first_seen", TimeText(issue.first_seen));
  scope.Text("last_seen", TimeText(issue.last_seen));
  scope.TextIf("resolved_at", TimeText(issue.resolved_at));
  scope.TextIf("sla_due", TimeText(issue.sla_due));
  scope.TextIf("until", TimeText(issue.until));
  scope.TextIf("duplicate_of", issue.duplicate_of);
  scope.Int("reopened", issue.reopened);
  scope.Int("finding_count", issue.finding_count);
  scope.Int("open_finding_count", issue.open_finding_count);
  scope.End();
}

void AppendStoredFindingJson(std::string& out, const store::StoredFinding& stored) {
  report::AppendFindingJson(out, stored.finding);
  out.pop_back();
  out += stored.open ? ",\"open\":true}" : ",\"open\":false}";
}

std::string DetailText(const store::IssueDetail& detail) {
  std::string out;
  AppendIssueFields(out, detail.issue);
  for (const store::StoredFinding& stored : detail.findings) {
    if (stored.finding.id != detail.issue.finding_id) continue;
    AppendField(out, "message", stored.finding.message);
    AppendField(out, "remedy", stored.finding.remediation);
  }
  AppendWhy(out, detail);
  AppendObservations(out, detail);
  AppendHistory(out, detail);
  return out;
}

std::string DetailJson(const store::IssueDetail& detail) {
  std::string out;
  report::JsonScope scope(out, '{');
  scope.Text("schema", "ouro/issue/v1");
  scope.Next("issue");
  AppendIssueJson(out, detail.issue);
  scope.Next("findings");
  report::JsonScope findings(out, '[');
  for (const store::StoredFinding& stored : detail.findings) {
    findings.Next();
    AppendStoredFindingJson(out, stored);
  }
  findings.End();
  scope.Next("observations");
  report::JsonScope observations(out, '[');
  for (const store::Observation& seen : detail.observations) {
    observations.Next();
    report::JsonScope one(out, '{');
    one.Text("finding_id", seen.finding_id);
    one.Text("scope", seen.scope);
    one.Text("first_seen", TimeText(seen.first_seen));
    one.Text("last_seen", TimeText(seen.last_seen));
    one.TextIf("gone_at", TimeText(seen.gone_at));
    one.Next("finding");
    report::AppendFindingJson(out, seen.finding);
    one.End();
  }
  observations.End();
  scope.Next("history");
  report::JsonScope history(out, '[');
  for (const store::HistoryEntry& entry : detail.history) {
    history.Next();
    report::JsonScope one(out, '{');
    one.Text("time", TimeText(entry.time));
    one.Text("who", entry.who);
    one.Text("what", entry.what);
    one.TextIf("from", entry.from);
    one.TextIf("to", entry.to);
    one.TextIf("note", entry.note);
    one.End();
  }
  history.End();
  scope.End();
  return out + "\n";
}

}  // namespace ouro::cli
