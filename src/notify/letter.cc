#include "notify/letter.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::notify {
namespace {

constexpr size_t kIssueEventCount = 4;

bool MatchesAny(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [text](const std::string& glob) {
           return MatchesGlob(text, glob);
         });
}

// One of the values; an issue without any matches where everything does.
bool MatchesAny(const std::vector<std::string>& globs, const std::vector<std::string>& values) {
  if (values.empty()) return MatchesAny(globs, std::string_view());
  return std::any_of(values.begin(), values.end(), [&globs](const std::string& value) {
    return MatchesAny(globs, std::string_view(value));
  });
}

bool HasEvent(const EventFilter& filter, EventType type) {
  return filter.events.empty() ||
         std::find(filter.events.begin(), filter.events.end(), type) != filter.events.end();
}

bool ComesBefore(const IssueLine& a, const IssueLine& b) {
  if (a.issue.severity != b.issue.severity) return a.issue.severity > b.issue.severity;
  if (a.issue.priority != b.issue.priority) return a.issue.priority > b.issue.priority;
  return a.issue.id < b.issue.id;
}

// "3 issues opened, 1 resolved", or the title where there is one alone.
std::string IssueSubject(const std::vector<IssueLine>& lines) {
  if (lines.size() == 1) {
    const IssueLine& line = lines.front();
    return fmt::format("{} {}: {} ({})", model::SeverityName(line.issue.severity),
                       IssueWord(line.type), line.issue.title, ResourceText(line.issue));
  }
  std::array<int64_t, kIssueEventCount> counts{};
  int64_t gravest = 0;
  for (const IssueLine& line : lines) {
    ++counts[static_cast<size_t>(line.type)];
    if (line.issue.severity == lines.front().issue.severity) ++gravest;
  }
  std::string out;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    out += fmt::format("{}{}{} {}", out.empty() ? "" : ", ", counts[i],
                       out.empty() ? (counts[i] == 1 ? " issue" : " issues") : "",
                       IssueWord(static_cast<EventType>(i)));
  }
  return out + fmt::format(" ({} {})", gravest, model::SeverityName(lines.front().issue.severity));
}

std::string EventSubject(const Event& event) {
  std::string_view what = event.text;
  what = what.substr(0, what.find('\n'));
  if (event.subject.empty()) return fmt::format("{}: {}", EventTypeName(event.type), what);
  return fmt::format("{}: {}", EventTypeName(event.type), event.subject);
}

std::string SubjectOf(const Letter& letter, const std::vector<IssueLine>& all) {
  std::string subject;
  if (!all.empty()) subject = IssueSubject(all);
  if (!letter.events.empty()) {
    if (!subject.empty()) subject += "; ";
    subject += EventSubject(letter.events.front());
    if (letter.events.size() > 1) subject += fmt::format(" and {} more", letter.events.size() - 1);
  }
  return Printable(subject);
}

std::string GroupKey(GroupBy group, const store::Issue& issue) {
  const auto first = [](const std::vector<std::string>& values) {
    return values.empty() ? std::string() : values.front();
  };
  switch (group) {
    case GroupBy::kApplication:
      return "application:" + first(issue.applications);
    case GroupBy::kNamespace:
      return "namespace:" + issue.resource.namespace_name;
    case GroupBy::kOwner:
      return "owner:" + issue.owner;
    case GroupBy::kIssue:
      return "issue:" + issue.id;
    case GroupBy::kChannel:
      break;
  }
  return "channel";
}

}  // namespace

bool Wants(const EventFilter& filter, EventType type, const store::Issue& issue) {
  if (!HasEvent(filter, type)) return false;
  if (issue.severity < filter.severity_min) return false;
  return MatchesAny(filter.namespaces, std::string_view(issue.resource.namespace_name)) &&
         MatchesAny(filter.applications, issue.applications) &&
         MatchesAny(filter.environments, issue.environments) &&
         MatchesAny(filter.owners, std::string_view(issue.owner)) &&
         MatchesAny(filter.checks, std::string_view(issue.check));
}

bool Wants(const EventFilter& filter, EventType type) {
  return HasEvent(filter, type);
}

Result<Letter> MakeLetter(const Channel& channel, std::span<const Event> events,
                          const IssueLookup& lookup, std::string_view url) {
  Letter letter;
  std::map<std::string, EventType> last;  // what happened last to each issue
  for (const Event& event : events) {
    if (!IsIssueEvent(event.type)) {
      if (Wants(channel.when, event.type)) letter.events.push_back(event);
      continue;
    }
    for (const std::string& id : event.issues) last[id] = event.type;
  }
  std::vector<IssueLine> lines;
  for (const auto& [id, type] : last) {
    OURO_TRY(std::optional<store::Issue> issue, lookup(id));
    if (!issue || !Wants(channel.when, type, *issue)) continue;
    std::string link = url.empty() ? std::string() : fmt::format("{}/issues/{}", url, id);
    lines.push_back({type, *std::move(issue), std::move(link)});
  }
  std::sort(lines.begin(), lines.end(), ComesBefore);
  letter.subject = SubjectOf(letter, lines);
  const size_t kept = std::min<size_t>(lines.size(), limits::kNotifyIssueCount);
  letter.omitted = static_cast<int64_t>(lines.size() - kept);
  lines.resize(kept);
  letter.issues = std::move(lines);
  return letter;
}

Result<std::vector<GroupedEvent>> SplitByGroup(const Channel& channel, const Event& event,
                                               const IssueLookup& lookup) {
  std::vector<GroupedEvent> groups;
  std::map<std::string, size_t> index;
  for (const std::string& id : event.issues) {
    OURO_TRY(const std::optional<store::Issue> issue, lookup(id));
    if (!issue || !Wants(channel.when, event.type, *issue)) continue;
    const std::string key = GroupKey(channel.group, *issue);
    const auto [found, is_new] = index.try_emplace(key, groups.size());
    if (is_new) {
      Event part = event;
      part.issues.clear();
      groups.push_back({key, std::move(part)});
    }
    groups[found->second].event.issues.push_back(id);
  }
  return groups;
}

std::string ResourceText(const store::Issue& issue) {
  const model::Resource& resource = issue.resource;
  std::string out = resource.kind;
  const std::string name = resource.namespace_name.empty()
                               ? resource.name
                               : resource.namespace_name + "/" + resource.name;
  if (!name.empty()) out += (out.empty() ? "" : " ") + name;
  if (!resource.container.empty()) out += ", container " + resource.container;
  return Printable(out);
}

std::string_view IssueWord(EventType type) {
  switch (type) {
    case EventType::kIssueReopened:
      return "reopened";
    case EventType::kIssueResolved:
      return "resolved";
    case EventType::kIssueOverdue:
      return "overdue";
    default:
      return "opened";
  }
}

std::string LetterText(const Letter& letter) {
  std::string out;
  for (const Event& event : letter.events) {
    out += fmt::format("{} at {}{}{}\n", EventTypeName(event.type), FormatRfc3339(event.time),
                       event.subject.empty() ? "" : ": ", Printable(event.subject));
    for (const std::string_view line : SplitText(event.text, '\n')) {
      if (!TrimSpace(line).empty()) out += "  " + Printable(line) + "\n";
    }
    out += '\n';
  }
  for (const IssueLine& line : letter.issues) {
    const store::Issue& issue = line.issue;
    out += fmt::format("{} {}: {}\n", model::SeverityName(issue.severity), IssueWord(line.type),
                       Printable(issue.title));
    if (const std::string resource = ResourceText(issue); !resource.empty()) {
      out += "  " + resource + "\n";
    }
    out += fmt::format("  {} · priority {}", Printable(issue.check), issue.priority);
    if (!issue.vuln.empty()) out += " · " + Printable(issue.vuln);
    if (!issue.owner.empty()) out += " · owner " + Printable(issue.owner);
    if (issue.sla_due > 0) out += " · due " + FormatRfc3339(issue.sla_due);
    out += "\n  " + (line.url.empty() ? "ouro findings explain " + issue.id : line.url) + "\n\n";
  }
  if (letter.omitted > 0) out += fmt::format("… and {} more issues\n", letter.omitted);
  return out;
}

}  // namespace ouro::notify
