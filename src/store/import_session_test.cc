#include "store/import_session.h"

#include <doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "store/testing.h"

namespace ouro::store {
namespace {

using model::Finding;
using model::Severity;
using testing::ExportOf;
using testing::FindingOf;
using testing::Folder;
using testing::IdFor;
using testing::Import;
using testing::kDay;
using testing::KeyFor;
using testing::kNow;
using testing::ScopeFor;

// Every value of the index follows from the rows.
void CheckIndex(Store& store) {
  const Result<int64_t> different = store.RebuildIndex();
  REQUIRE(different);
  CHECK(*different == 0);
}

TEST_CASE("everything of an imported finding comes back") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Finding f = FindingOf("trivy", "", "api");
  f.finding_class = model::FindingClass::kVuln;
  f.aliases = {"a:1", "b:\n2"};
  f.references = {"https://example.org/1", "https://example.org/\n2"};
  f.package = model::Package{"pkg:deb/debian/openssl@1.1", "openssl", "1.1", "deb", "/p", "src"};
  f.image = model::Image{"registry.example/api:1", "sha256:1", "sha256:2"};
  f.vuln = model::Vuln{"CVE-2026-1", {"GHSA-1"}, {{"CVSS:3.1/AV:N", 9.8, "nvd"}, {"", -1, ""}},
                       0.25,         0.5,        true,
                       "1.2",        "fixed",    "2026-01-02"};
  f.origin =
      model::Origin{"trivy",    "0.60", "uid-1",      "HIGH", "long", "bad", "group", {79, 80},
                    {"x", "y"}, "sure", "host:1/tcp", "svc",  "",     "abc", 3};
  f.asset = model::Asset{"shop", "prod", "east", "repo", "main", "c0ffee", "node-1", "worker"};
  f.judgement = model::Judgement{77, "3 days", "exposed", "runtime", {{"kev", "listed", 40, "w"}}};
  f.suppressed = model::Suppression{"vex", "because", "2027-01-01"};
  f.fix = {{"set", "$.a", "{}"}};
  ImportMeta meta;
  meta.tool_version = "0.60";
  meta.commit = "c0ffee";
  REQUIRE(Import(*store, ScopeFor("trivy"), {f}, kNow, meta));
  Finding g = store->Find(f.id).value().finding;
  CHECK(g.first_seen == FormatRfc3339(kNow));
  CHECK(g.last_seen == FormatRfc3339(kNow));
  CHECK(g.issue == f.issue);
  CHECK(g.aliases == f.aliases);
  CHECK(g.references == f.references);
  CHECK(g.title == f.title);
  CHECK(g.message == f.message);
  CHECK(g.resource == f.resource);
  CHECK(g.location == f.location);
  CHECK(g.package == f.package);
  CHECK(g.image == f.image);
  CHECK(g.vuln == f.vuln);
  CHECK(g.origin == f.origin);
  CHECK(g.asset == f.asset);
  CHECK(g.judgement == f.judgement);
  CHECK(g.suppressed == f.suppressed);
  CHECK(g.fix == f.fix);
  CheckIndex(*store);
}

TEST_CASE("a closing import resolves, another one reopens, people's words stay") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  const Finding a = FindingOf("trivy", "privileged", "api");
  const Finding b = FindingOf("trivy", "privileged", "web");
  ImportCounts counts = Import(*store, ScopeFor("trivy"), {a, b}, kNow).value();
  CHECK(counts.created == 2);
  CHECK(counts.issues_created == 2);
  Decision note;
  note.who = "ann";
  note.note = "look here";
  note.owner = "team-x";
  REQUIRE(store->Decide({b.issue}, note, kNow + 1).value() == 1);

  counts = Import(*store, ScopeFor("trivy"), {a}, kNow + kDay).value();
  CHECK(counts.closed == 1);
  CHECK(counts.issues_resolved == 1);
  CHECK(counts.unchanged == 1);
  Issue issue = store->FindIssue(b.issue, kNow).value();
  CHECK(issue.status == IssueStatus::kResolved);
  CHECK(issue.resolved_at == kNow + kDay);
  CHECK_FALSE(issue.seen);
  CHECK(issue.last_seen == kNow);
  CHECK_FALSE(store->Find(b.id).value().open);

  counts = Import(*store, ScopeFor("trivy"), {a, b}, kNow + 2 * kDay).value();
  CHECK(counts.reopened == 1);
  CHECK(counts.issues_reopened == 1);
  CHECK(counts.created == 0);
  const IssueDetail detail = store->Explain(b.issue, kNow).value();
  CHECK(detail.issue.status == IssueStatus::kNew);
  CHECK(detail.issue.reopened == 1);
  CHECK(detail.issue.first_seen == kNow);
  CHECK(detail.issue.last_seen == kNow + 2 * kDay);
  CHECK(detail.issue.owner == "team-x");
  std::vector<std::string> what;
  for (const HistoryEntry& entry : detail.history) what.push_back(entry.what);
  CHECK(what == std::vector<std::string>{"owner", "note", "resolved", "reopened"});
  CheckIndex(*store);
}

TEST_CASE("a finding is open while any scope sees it") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  const Finding a = FindingOf("trivy", "privileged", "api");
  REQUIRE(Import(*store, ScopeFor("trivy", "ci"), {a}, kNow));
  REQUIRE(Import(*store, ScopeFor("trivy", "live"), {a}, kNow));
  CHECK(Import(*store, ScopeFor("trivy", "ci"), {}, kNow + 1).value().closed == 0);
  CHECK(store->Find(a.id).value().open);
  CHECK(Import(*store, ScopeFor("trivy", "live"), {}, kNow + 2).value().closed == 1);
  CHECK_FALSE(store->Find(a.id).value().open);
  CheckIndex(*store);
}

TEST_CASE("a decision survives what the scanner says") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Finding a = FindingOf("trivy", "privileged", "api");
  REQUIRE(Import(*store, ScopeFor("trivy"), {a}, kNow));
  Decision decision;
  decision.who = "ann";
  decision.status = IssueStatus::kFalsePositive;
  decision.reason = "the field is not read";
  REQUIRE(store->Decide({a.issue}, decision, kNow).value() == 1);
  a.severity = Severity::kCritical;
  CHECK(Import(*store, ScopeFor("trivy"), {a}, kNow + 1).value().updated == 1);
  CHECK(Import(*store, ScopeFor("trivy"), {}, kNow + 2).value().issues_resolved == 0);
  CHECK(Import(*store, ScopeFor("trivy"), {a}, kNow + 3).value().issues_reopened == 0);
  const Issue issue = store->FindIssue(a.issue, kNow).value();
  CHECK(issue.status == IssueStatus::kFalsePositive);
  CHECK(issue.severity == Severity::kCritical);
  CHECK_FALSE(issue.open);
  // What a person calls resolved and a scanner still sees is open again.
  decision.status = IssueStatus::kResolved;
  REQUIRE(store->Decide({a.issue}, decision, kNow + 4));
  CHECK(Import(*store, ScopeFor("trivy"), {a}, kNow + 5).value().issues_reopened == 1);
  CHECK(store->FindIssue(a.issue, kNow).value().status == IssueStatus::kNew);
}

TEST_CASE("several tools see one issue") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Finding ci = FindingOf("checkov", "privileged", "api", Severity::kMedium);
  Finding live = FindingOf("kubescape", "privileged", "api", Severity::kCritical);
  live.stage = "runtime";
  live.asset->cluster = "east";
  REQUIRE(Import(*store, ScopeFor("checkov"), {ci}, kNow));
  REQUIRE(Import(*store, ScopeFor("kubescape"), {live}, kNow + 1));
  Issue issue = store->FindIssue(ci.issue, kNow).value();
  CHECK(issue.finding_count == 2);
  CHECK(issue.severity == Severity::kCritical);
  CHECK(issue.priority == 45);
  CHECK(issue.finding_id == live.id);
  CHECK(issue.tools == std::vector<std::string>{"checkov", "kubescape"});
  CHECK(issue.clusters == std::vector<std::string>{"east"});
  CHECK(StageNames(issue.stages_seen) == std::vector<std::string>{"ci", "runtime"});
  // Fixed in the repository, not deployed.
  REQUIRE(Import(*store, ScopeFor("checkov"), {}, kNow + 2));
  issue = store->FindIssue(ci.issue, kNow).value();
  CHECK(issue.open);
  CHECK(StageNames(issue.stages_seen) == std::vector<std::string>{"runtime"});
  CHECK(StageNames(issue.stages_ever) == std::vector<std::string>{"ci", "runtime"});
  REQUIRE(Import(*store, ScopeFor("kubescape"), {}, kNow + 3));
  CHECK(store->FindIssue(ci.issue, kNow).value().status == IssueStatus::kResolved);
  CheckIndex(*store);
}

TEST_CASE("a repeated report is told by its digest") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  const Finding a = FindingOf("trivy", "privileged", "api");
  ImportMeta meta;
  meta.digest = "d1";
  REQUIRE(Import(*store, ScopeFor("trivy"), {a}, kNow, meta));
  {
    ImportSession session = store->BeginImport(ScopeFor("trivy"), meta, kNow + kDay).value();
    REQUIRE(session.is_repeat());
    CHECK(session.Repeat().value().unchanged == 1);
  }
  CHECK(store->FindIssue(a.issue, kNow).value().last_seen == kNow + kDay);
  CHECK(store->Find(a.id).value().finding.last_seen == FormatRfc3339(kNow + kDay));
  meta.digest = "d2";
  ImportSession session = store->BeginImport(ScopeFor("trivy"), meta, kNow + kDay).value();
  CHECK_FALSE(session.is_repeat());
  CHECK(session.Repeat().error().code == ErrorCode::kInvalid);
}

TEST_CASE("an import that does not close leaves the rest as it was") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  const Finding a = FindingOf("falco", "shell", "api");
  const Finding b = FindingOf("falco", "shell", "web");
  REQUIRE(Import(*store, ScopeFor("falco"), {a, b}, kNow));
  ImportMeta meta;
  meta.close_old = false;
  const ImportCounts counts = Import(*store, ScopeFor("falco"), {b}, kNow + kDay, meta).value();
  CHECK(counts.closed == 0);
  CHECK(counts.unchanged == 1);
  CHECK(store->Find(a.id).value().finding.last_seen == FormatRfc3339(kNow));
  CHECK(store->Find(b.id).value().finding.last_seen == FormatRfc3339(kNow + kDay));
  CHECK(store->Find(b.id).value().run_count == 2);
  CheckIndex(*store);
  CHECK(Import(*store, ScopeFor("falco"), {a}, kNow + 2 * kDay).value().closed == 1);
  CheckIndex(*store);
}

TEST_CASE("a session without commit leaves nothing") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  const Finding a = FindingOf("trivy", "privileged", "api");
  const Finding b = FindingOf("trivy", "privileged", "web");
  REQUIRE(Import(*store, ScopeFor("trivy"), {a}, kNow));
  const std::string before = ExportOf(*store);
  {
    ImportSession session = store->BeginImport(ScopeFor("trivy"), {}, kNow + 1).value();
    REQUIRE(session.Add(b, KeyFor("b")));
    CHECK(store->BeginImport(ScopeFor("x"), {}, kNow).error().code == ErrorCode::kInvalid);
  }
  {
    ImportSession session = store->BeginImport(ScopeFor("trivy"), {}, kNow + 1).value();
    Finding bad = b;
    bad.id = "no id";
    CHECK(session.Add(bad, KeyFor("b")).error().code == ErrorCode::kInvalid);
    bad = b;
    bad.issue = "no id";
    CHECK(session.Add(bad, KeyFor("b")).error().code == ErrorCode::kInvalid);
  }
  CHECK(ExportOf(*store) == before);
  CHECK(store->Find(b.id).error().code == ErrorCode::kNotFound);
  CHECK(Import(*store, ScopeFor("trivy"), {a, b}, kNow + 2).value().created == 1);
  CheckIndex(*store);
}

TEST_CASE("another root cause takes the decision with it") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Finding a = FindingOf("trivy", "privileged", "api");
  const std::string old_issue = a.issue;
  REQUIRE(Import(*store, ScopeFor("trivy"), {a}, kNow));
  Decision decision;
  decision.who = "ann";
  decision.status = IssueStatus::kOutOfScope;
  decision.reason = "a test";
  REQUIRE(store->Decide({old_issue}, decision, kNow));
  a.issue = IdFor("a better concept");
  REQUIRE(Import(*store, ScopeFor("trivy"), {a}, kNow + 1));
  const IssueDetail detail = store->Explain(a.issue, kNow).value();
  CHECK(detail.issue.status == IssueStatus::kOutOfScope);
  CHECK(detail.history.front().what == "moved");
  CHECK(detail.history.front().from == old_issue);
  CHECK(store->Find(a.id).value().finding.issue == a.issue);
  CheckIndex(*store);
}

TEST_CASE("dates and messages come in the transaction of the change") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Finding a = FindingOf("trivy", "privileged", "api", Severity::kHigh);
  ImportMeta meta;
  meta.sla_due = [](const SlaQuestion& question) {
    const int64_t days = question.severity == Severity::kCritical ? 1 : 30;
    return std::max(question.first_seen, question.reopened_at) + days * kDay;
  };
  CommitOptions options;
  options.messages = [](const ImportChanges& changes) {
    std::vector<OutboxMessage> messages;
    for (const std::string& id : changes.created) messages.push_back({"slack", "new", id});
    return messages;
  };
  REQUIRE(Import(*store, ScopeFor("trivy"), {a}, kNow, meta, options));
  CHECK(store->FindIssue(a.issue, kNow).value().sla_due == kNow + 30 * kDay);
  const std::vector<OutboxEntry> due = store->DueOutbox(kNow, 10).value();
  REQUIRE(due.size() == 1);
  CHECK(due[0].message.payload == a.issue);
  a.severity = Severity::kCritical;
  REQUIRE(Import(*store, ScopeFor("trivy"), {a}, kNow + kDay, meta, options));
  CHECK(store->FindIssue(a.issue, kNow).value().sla_due == kNow + kDay);
  CHECK(store->DueOutbox(kNow + kDay, 10).value().size() == 1);
  REQUIRE(store->MarkOutboxFailed(std::vector<int64_t>{due[0].id}, "refused", kNow + 9));
  CHECK(store->DueOutbox(kNow + 8, 10).value().empty());
  CHECK(store->DueOutbox(kNow + 9, 10).value().at(0).tries == 1);
  REQUIRE(store->MarkOutboxSent(std::vector<int64_t>{due[0].id}, kNow + 9));
  CHECK(store->DueOutbox(kNow + kDay, 10).value().empty());
}

// A raw finding of a report.
struct Raw {
  Scope scope;
  Finding finding;
  std::string key;
};

std::vector<Raw> RandomReports(std::mt19937& random) {
  const auto pick = [&random](uint32_t count) { return static_cast<uint32_t>(random() % count); };
  static constexpr std::array<const char*, 4> kTools = {"trivy", "checkov", "polaris", "kubescape"};
  std::vector<Raw> all;
  for (int i = 0; i < 300; ++i) {
    const std::string tool = kTools[pick(4)];
    Raw raw;
    raw.scope = ScopeFor(tool, pick(2) == 0 ? "ci" : "live");
    raw.finding = FindingOf(tool, fmt::format("concept-{}", pick(5)),
                            fmt::format("object-{}", pick(8)), static_cast<Severity>(pick(5)));
    raw.finding.stage = kStages[pick(6)];
    raw.finding.asset->cluster = pick(2) == 0 ? "" : "east";
    raw.finding.message = fmt::format("message {}", pick(3));
    raw.finding.judgement->priority = static_cast<int>(pick(100));
    if (pick(4) == 0) {
      raw.finding.status = model::FindingStatus::kSuppressed;
      raw.finding.suppressed = model::Suppression{"comment", "why", ""};
    }
    if (pick(2) == 0) {
      raw.finding.vuln = model::Vuln{};
      raw.finding.vuln->id = fmt::format("CVE-2026-{}", raw.finding.concept_name.back());
      raw.finding.vuln->epss = pick(3) / 10.0;
      raw.finding.vuln->kev = pick(8) == 0;
    }
    raw.key = fmt::format("place {}", pick(3));
    all.push_back(raw);
  }
  return all;
}

void ImportRaw(Store& store, const std::vector<Raw>& part, bool close_old) {
  REQUIRE_FALSE(part.empty());
  ImportMeta meta;
  meta.close_old = close_old;
  ImportSession session = store.BeginImport(part.front().scope, meta, kNow).value();
  for (const Raw& raw : part) {
    REQUIRE(session.Add(raw.finding, KeyFor(raw.key), "owner-" + raw.finding.resource.name));
  }
  REQUIRE(session.Commit());
}

// By scope, in the order of the input.
std::vector<std::vector<Raw>> ByScope(const std::vector<Raw>& all) {
  std::vector<std::vector<Raw>> parts;
  for (const Raw& raw : all) {
    const auto same = std::find_if(parts.begin(), parts.end(), [&raw](const auto& part) {
      return part.front().scope == raw.scope;
    });
    if (same == parts.end()) {
      parts.push_back({raw});
    } else {
      same->push_back(raw);
    }
  }
  return parts;
}

TEST_CASE("the same reports in any order, parts and number give the same export") {
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::vector<Raw> all = RandomReports(random);
    Folder folder;
    auto whole = Store::Open(folder / "whole").value();
    for (const std::vector<Raw>& part : ByScope(all)) ImportRaw(*whole, part, true);
    const std::string expected = ExportOf(*whole);
    CHECK(expected.size() > 10'000);
    CheckIndex(*whole);

    // Another order, and everything twice.
    std::shuffle(all.begin(), all.end(), random);
    auto twice = Store::Open(folder / "twice").value();
    for (int round = 0; round < 2; ++round) {
      std::vector<std::vector<Raw>> parts = ByScope(all);
      std::shuffle(parts.begin(), parts.end(), random);
      for (const std::vector<Raw>& part : parts) ImportRaw(*twice, part, true);
    }
    CHECK(ExportOf(*twice) == expected);
    CheckIndex(*twice);

    // In small parts that do not close.
    std::shuffle(all.begin(), all.end(), random);
    auto split = Store::Open(folder / "split").value();
    for (size_t from = 0; from < all.size(); from += 37) {
      const auto end = all.begin() + static_cast<ptrdiff_t>(std::min(from + 37, all.size()));
      const std::vector<Raw> some(all.begin() + static_cast<ptrdiff_t>(from), end);
      for (const std::vector<Raw>& part : ByScope(some)) ImportRaw(*split, part, false);
    }
    CHECK(ExportOf(*split) == expected);
    CheckIndex(*split);
  }
}

}  // namespace
}  // namespace ouro::store
