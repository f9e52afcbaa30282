#include "store/query.h"

#include <doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "store/testing.h"

namespace ouro::store {
namespace {

using model::Finding;
using model::Severity;
using testing::FindingOf;
using testing::Folder;
using testing::Import;
using testing::kDay;
using testing::kNow;
using testing::ScopeFor;

std::vector<Finding> Population() {
  std::mt19937 random(7);
  const auto pick = [&random](uint32_t count) { return static_cast<uint32_t>(random() % count); };
  std::vector<Finding> all;
  for (int i = 0; i < 400; ++i) {
    static constexpr std::array<const char*, 3> kTools = {"trivy", "checkov", "polaris"};
    Finding finding = FindingOf(kTools[pick(3)], fmt::format("concept-{}", pick(6)),
                                fmt::format("object-{}", pick(40)), static_cast<Severity>(pick(5)));
    finding.aliases = {"alias:" + finding.concept_name};
    finding.stage = kStages[pick(6)];
    finding.resource.namespace_name = fmt::format("ns-{}", finding.resource.name.back());
    finding.asset->cluster = pick(2) == 0 ? "east" : "west";
    finding.asset->environment = pick(3) == 0 ? "prod" : "dev";
    finding.judgement->priority = static_cast<int>(pick(100));
    if (pick(3) == 0) {
      finding.finding_class = model::FindingClass::kVuln;
      finding.vuln = model::Vuln{};
      finding.vuln->id = fmt::format("CVE-2026-{}", pick(5));
      finding.vuln->aliases = {"GHSA-" + finding.vuln->id};
    }
    all.push_back(finding);
  }
  return all;
}

// A store with issues in every state.
std::unique_ptr<Store> Fill(const Folder& folder) {
  auto store = Store::Open(folder / "db").value();
  const std::vector<Finding> all = Population();
  const auto by_tool = [&all](const std::string& tool, size_t from) {
    std::vector<Finding> some;
    for (size_t i = from; i < all.size(); ++i) {
      if (all[i].origin->tool == tool) some.push_back(all[i]);
    }
    return some;
  };
  ImportMeta meta;
  meta.sla_due = [](const SlaQuestion& question) {
    return question.severity < Severity::kMedium
               ? 0
               : question.first_seen + static_cast<int64_t>(question.severity) * 3 * kDay;
  };
  REQUIRE(Import(*store, ScopeFor("trivy"), by_tool("trivy", 0), kNow, meta));
  REQUIRE(Import(*store, ScopeFor("checkov"), by_tool("checkov", 0), kNow + kDay, meta));
  REQUIRE(Import(*store, ScopeFor("polaris"), by_tool("polaris", 0), kNow + 2 * kDay, meta));
  REQUIRE(Import(*store, ScopeFor("trivy"), by_tool("trivy", 150), kNow + 3 * kDay, meta));
  PageQuery query;
  query.limit = 60;
  query.now = kNow;
  const Page<Issue> page = store->ListIssues(query).value();
  for (size_t i = 0; i < page.items.size(); i += 3) {
    Decision decision;
    decision.who = "ann";
    decision.reason = "because";
    static constexpr std::array kStatuses = {IssueStatus::kTriaged, IssueStatus::kFalsePositive,
                                             IssueStatus::kRiskAccepted};
    decision.status = kStatuses[i % 3 == 0 ? (i / 3) % 3 : 0];
    if (*decision.status == IssueStatus::kRiskAccepted) decision.until = kNow + 9 * kDay;
    REQUIRE(store->Decide({page.items[i].id}, decision, kNow));
  }
  return store;
}

template <typename T>
using Lister = std::function<Result<Page<T>>(const PageQuery&)>;

// All items of a query, page by page; checks the totals.
template <typename T>
std::vector<T> AllPages(const Lister<T>& list, PageQuery query) {
  std::vector<T> all;
  for (;;) {
    Page<T> page = list(query).value();
    const int64_t total = page.total;
    std::move(page.items.begin(), page.items.end(), std::back_inserter(all));
    query.cursor = page.next_cursor;
    if (query.cursor.empty()) {
      CHECK(total == static_cast<int64_t>(all.size()));
      return all;
    }
    CHECK(static_cast<int64_t>(page.items.size()) == query.limit);
  }
}

bool Has(const std::vector<std::string>& texts, const std::string& text) {
  return text.empty() || std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool IsOpenAt(const Issue& issue, UnixSeconds now) {
  if (!issue.seen || issue.suppressed) return false;
  if (issue.status == IssueStatus::kRiskAccepted) return issue.until <= now;
  return issue.status < IssueStatus::kResolved;
}

// What the documentation says of a filter, said plainly.
bool Matches(const Issue& issue, const Filter& filter, UnixSeconds now) {
  if (filter.open_only && !IsOpenAt(issue, now)) return false;
  if (!filter.statuses.empty() && std::find(filter.statuses.begin(), filter.statuses.end(),
                                            issue.status) == filter.statuses.end()) {
    return false;
  }
  if (filter.severity_min && issue.severity < *filter.severity_min) return false;
  if (filter.finding_class && issue.finding_class != *filter.finding_class) return false;
  if (!filter.namespace_name.empty() && issue.resource.namespace_name != filter.namespace_name) {
    return false;
  }
  if (!Has(issue.tools, filter.tool) || !Has(issue.clusters, filter.cluster)) return false;
  if (!Has(StageNames(issue.stages_seen), filter.stage)) return false;
  if (!filter.owner.empty() && issue.owner != filter.owner) return false;
  if (!filter.vuln.empty() && issue.vuln != filter.vuln) return false;
  if (issue.first_seen < filter.first_seen_min) return false;
  if (filter.sla_due_max != 0 && (issue.sla_due == 0 || issue.sla_due > filter.sla_due_max)) {
    return false;
  }
  return issue.resource.name.starts_with(filter.name_prefix) &&
         (filter.check.empty() || filter.check == issue.concept_name);
}

std::vector<Filter> Filters() {
  std::vector<Filter> all(15);
  all[1].open_only = false;
  all[2].severity_min = Severity::kHigh;
  all[3].finding_class = model::FindingClass::kVuln;
  all[4].namespace_name = "ns-3";
  all[5].tool = "checkov";
  all[6].cluster = "east";
  all[6].open_only = false;
  all[7].stage = "runtime";
  all[8].owner = "team-object-7";
  all[9].vuln = "CVE-2026-3";
  all[10].name_prefix = "object-1";
  all[10].severity_min = Severity::kMedium;
  all[11].check = "concept-2";
  all[11].tool = "polaris";
  all[12].open_only = false;
  all[12].statuses = {IssueStatus::kFalsePositive, IssueStatus::kResolved};
  all[13].first_seen_min = kNow + kDay;
  all[14].sla_due_max = kNow + 9 * kDay;
  return all;
}

// The value by which a sort orders, larger first.
int64_t SortValue(const Issue& issue, Sort sort) {
  switch (sort) {
    case Sort::kPriority:
      return issue.priority;
    case Sort::kSeverity:
      return static_cast<int64_t>(issue.severity);
    case Sort::kFirstSeen:
      return issue.first_seen;
    case Sort::kLastSeen:
      return issue.last_seen;
    default:
      return issue.sla_due == 0 ? INT64_MIN : -issue.sla_due;
  }
}

TEST_CASE("pages of every filter and sort are what looking at every issue gives") {
  Folder folder;
  const std::unique_ptr<Store> store = Fill(folder);
  const Lister<Issue> list = [&store](const PageQuery& query) { return store->ListIssues(query); };
  PageQuery everything;
  everything.filter.open_only = false;
  everything.limit = 1'000;
  const std::vector<Issue> all = AllPages(list, everything);
  CHECK(all.size() > 150);
  for (const UnixSeconds now : {kNow, kNow + 10 * kDay}) {
    for (const Filter& filter : Filters()) {
      CAPTURE(&filter - Filters().data());
      std::vector<std::string> expected;
      for (const Issue& issue : all) {
        if (Matches(issue, filter, now)) expected.push_back(issue.id);
      }
      std::sort(expected.begin(), expected.end());
      CHECK_FALSE(expected.empty());
      for (int number = 0; number <= static_cast<int>(Sort::kSlaDue); ++number) {
        const auto sort = static_cast<Sort>(number);
        PageQuery query;
        query.filter = filter;
        query.sort = sort;
        query.limit = 7;
        query.now = now;
        const std::vector<Issue> found = AllPages(list, query);
        for (size_t i = 1; i < found.size(); ++i) {
          CHECK(SortValue(found[i - 1], sort) >= SortValue(found[i], sort));
        }
        std::vector<std::string> ids;
        for (const Issue& issue : found) ids.push_back(issue.id);
        std::sort(ids.begin(), ids.end());
        CHECK(ids == expected);
      }
    }
  }
}

TEST_CASE("groups count what the pages hold") {
  Folder folder;
  const std::unique_ptr<Store> store = Fill(folder);
  const Lister<Issue> list = [&store](const PageQuery& query) { return store->ListIssues(query); };
  PageQuery query;
  query.filter.severity_min = Severity::kLow;
  query.limit = 100;
  query.now = kNow;
  const std::vector<Issue> all = AllPages(list, query);
  const auto check = [&](GroupKey key, const std::function<std::vector<std::string>(Issue)>& of) {
    CAPTURE(GroupKeyName(key));
    std::map<std::string, int64_t> expected;
    for (const Issue& issue : all) {
      std::vector<std::string> values = of(issue);
      if (values.empty()) values.emplace_back();
      for (const std::string& value : values) ++expected[value];
    }
    const Groups groups = store->GroupIssues(key, query.filter, 1'000, kNow).value();
    std::map<std::string, int64_t> found;
    for (const Group& group : groups.groups) {
      found[group.value] = group.count;
      int64_t sum = 0;
      for (const int64_t count : group.by_severity) sum += count;
      CHECK(sum == group.count);
    }
    CHECK(found == expected);
    CHECK(groups.total == static_cast<int64_t>(all.size()));
    CHECK(groups.group_count == static_cast<int64_t>(expected.size()));
    CHECK(std::is_sorted(groups.groups.begin(), groups.groups.end(),
                         [](const Group& a, const Group& b) { return a.count > b.count; }));
  };
  using Texts = std::vector<std::string>;
  check(GroupKey::kSeverity,
        [](const Issue& i) { return Texts{std::string(model::SeverityName(i.severity))}; });
  check(GroupKey::kStatus,
        [](const Issue& i) { return Texts{std::string(IssueStatusName(i.status))}; });
  check(GroupKey::kClass, [](const Issue& i) {
    return Texts{std::string(model::FindingClassName(i.finding_class))};
  });
  check(GroupKey::kConcept, [](const Issue& i) { return Texts{i.concept_name}; });
  check(GroupKey::kVuln, [](const Issue& i) { return Texts{i.vuln}; });
  check(GroupKey::kOwner, [](const Issue& i) { return Texts{i.owner}; });
  check(GroupKey::kCluster, [](const Issue& i) { return i.clusters; });
  check(GroupKey::kEnvironment, [](const Issue& i) { return i.environments; });
  check(GroupKey::kApplication, [](const Issue& i) { return i.applications; });
  check(GroupKey::kNamespace, [](const Issue& i) { return Texts{i.resource.namespace_name}; });
  check(GroupKey::kTool, [](const Issue& i) { return i.tools; });
  check(GroupKey::kFixGroup, [](const Issue& i) { return Texts{i.fix_group}; });
  // Findings have one check each.
  const Groups checks = store->GroupFindings(GroupKey::kCheck, {}, 1'000, kNow).value();
  int64_t sum = 0;
  for (const Group& group : checks.groups) sum += group.count;
  CHECK(sum == checks.total);
  CHECK(checks.groups.front().value.find(":concept-") != std::string::npos);
}

TEST_CASE("findings are found by check, alias and vulnerability alias") {
  Folder folder;
  const std::unique_ptr<Store> store = Fill(folder);
  const Lister<StoredFinding> list = [&store](const PageQuery& query) {
    return store->ListFindings(query);
  };
  PageQuery query;
  query.filter.open_only = false;
  query.limit = 11;
  const std::vector<StoredFinding> all = AllPages(list, query);
  const auto count = [&](const std::function<bool(const Finding&)>& matches) {
    return std::count_if(all.begin(), all.end(),
                         [&](const StoredFinding& one) { return matches(one.finding); });
  };
  query.filter.check = "polaris:concept-1";
  CHECK(static_cast<ptrdiff_t>(AllPages(list, query).size()) ==
        count([](const Finding& f) { return f.check == "polaris:concept-1"; }));
  query.filter.check = "alias:concept-1";
  CHECK(static_cast<ptrdiff_t>(AllPages(list, query).size()) ==
        count([](const Finding& f) { return f.concept_name == "concept-1"; }));
  query.filter.check.clear();
  query.filter.vuln = "GHSA-CVE-2026-2";
  CHECK(static_cast<ptrdiff_t>(AllPages(list, query).size()) ==
        count([](const Finding& f) { return f.vuln && f.vuln->id == "CVE-2026-2"; }));
}

TEST_CASE("what is not offered is refused") {
  Folder folder;
  const std::unique_ptr<Store> store = Fill(folder);
  PageQuery query;
  query.limit = 0;
  CHECK(store->ListIssues(query).error().code == ErrorCode::kLimit);
  query.limit = 1'001;
  CHECK(store->ListIssues(query).error().code == ErrorCode::kLimit);
  query.limit = 10;
  query.cursor = "severity-0000000000000000";
  CHECK(store->ListIssues(query).error().code == ErrorCode::kInvalid);
  query.cursor = "priority-xyz";
  CHECK(store->ListIssues(query).error().code == ErrorCode::kInvalid);
  query.cursor.clear();
  query.sort = Sort::kSlaDue;
  CHECK(store->ListFindings(query).error().code == ErrorCode::kInvalid);
  query.sort = Sort::kPriority;
  query.filter.statuses = {IssueStatus::kNew};
  CHECK(store->ListFindings(query).error().code == ErrorCode::kInvalid);
  query.filter.statuses.clear();
  query.filter.stage = "somewhere";
  CHECK(store->ListFindings(query).error().code == ErrorCode::kInvalid);
  query.filter.stage.clear();
  query.filter.owner = "nobody";
  CHECK(store->ListIssues(query).value().total == 0);
  CHECK(store->GroupFindings(GroupKey::kStatus, {}, 10, kNow).error().code == ErrorCode::kInvalid);
}

TEST_CASE("decisions are checked, and acceptances end") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  ImportMeta meta;
  meta.sla_due = [](const SlaQuestion& question) { return question.first_seen + 30 * kDay; };
  const Finding a = FindingOf("trivy", "privileged", "api");
  const Finding b = FindingOf("trivy", "privileged", "web");
  REQUIRE(Import(*store, ScopeFor("trivy"), {a, b}, kNow, meta));
  Decision decision;
  const auto refused = [&]() {
    const Result<int64_t> changed = store->Decide({a.issue}, decision, kNow);
    return !changed && changed.error().code == ErrorCode::kInvalid;
  };
  CHECK(refused());  // nobody decides
  decision.who = "ann";
  decision.status = IssueStatus::kRiskAccepted;
  decision.until = kNow + 10 * kDay;
  CHECK(refused());  // no reason
  decision.reason = "behind a gateway";
  decision.until = 0;
  CHECK(refused());  // no end
  decision.until = kNow;
  CHECK(refused());  // an end that has passed
  decision.until = kNow + 10 * kDay;
  CHECK(store->Decide({a.issue, "000000"}, decision, kNow).error().code == ErrorCode::kNotFound);
  CHECK(store->FindIssue(a.issue, kNow).value().status == IssueStatus::kNew);
  CHECK(store->Decide({a.issue}, decision, kNow).value() == 1);
  CHECK(store->Decide({a.issue}, decision, kNow).value() == 0);
  CHECK_FALSE(store->FindIssue(a.issue, decision.until - 1).value().open);
  CHECK(store->FindIssue(a.issue, decision.until).value().open);
  CHECK(store->Expire(decision.until - 1).value().empty());
  CHECK(store->Expire(decision.until).value() == std::vector<std::string>{a.issue});
  const Issue issue = store->FindIssue(a.issue, kNow).value();
  CHECK(issue.status == IssueStatus::kNew);
  CHECK(issue.first_seen == kNow);
  CHECK(issue.sla_due == kNow + 40 * kDay);
  Decision duplicate;
  duplicate.who = "ann";
  duplicate.status = IssueStatus::kDuplicate;
  duplicate.reason = "the same";
  CHECK(!store->Decide({b.issue}, duplicate, kNow));
  duplicate.duplicate_of = b.issue;
  CHECK(!store->Decide({b.issue}, duplicate, kNow));
  duplicate.duplicate_of = a.issue;
  CHECK(store->Decide({b.issue}, duplicate, kNow).value() == 1);
  CHECK(store->FindIssue(b.issue, kNow).value().duplicate_of == a.issue);
  CHECK(store->RebuildIndex().value() == 0);
}

TEST_CASE("facts of a vulnerability are kept once") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  Finding a = FindingOf("trivy", "", "api");
  a.vuln = model::Vuln{};
  a.vuln->id = "CVE-2026-1";
  a.vuln->aliases = {"GHSA-x"};
  a.vuln->epss = 0.1;
  REQUIRE(Import(*store, ScopeFor("trivy"), {a}, kNow));
  CHECK(store->FindVulnFacts("GHSA-x").value().epss == 0.1);
  VulnFacts facts;
  facts.id = "CVE-2026-1";
  facts.epss = 0.9;
  facts.kev = true;
  VulnFacts unknown;
  unknown.id = "CVE-0000-0";
  const std::vector<VulnFacts> both = {facts, unknown};
  int asked = 0;
  const auto judge = [&asked](const Finding&, const VulnFacts& told) {
    ++asked;
    model::Judgement judgement;
    judgement.priority = told.kev ? 99 : 1;
    return judgement;
  };
  CHECK(store->SetVulnFacts(both, kNow + 1, judge).value() == 1);
  CHECK(store->SetVulnFacts(both, kNow + 2, judge).value() == 0);
  CHECK(asked == 1);
  CHECK(store->Find(a.id).value().finding.vuln->epss == 0.9);
  CHECK(store->Find(a.id).value().finding.vuln->kev);
  CHECK(store->FindIssue(a.issue, kNow).value().priority == 99);
  PageQuery query;
  CHECK(store->ListIssues(query).value().items.at(0).priority == 99);
  CHECK(store->RebuildIndex().value() == 0);
  CHECK(store->FindVulnFacts("CVE-0000-0").error().code == ErrorCode::kNotFound);
}

TEST_CASE("decisions of the gate are never overwritten") {
  Folder folder;
  auto store = Store::Open(folder / "db").value();
  REQUIRE(store->AddGateDecision("abcdef01", kNow, "{}"));
  REQUIRE(store->AddGateDecision("abcdef01", kNow, "{}"));
  CHECK(store->AddGateDecision("abcdef01", kNow, "{1}").error().code == ErrorCode::kInvalid);
  REQUIRE(store->AddGateDecision("abcdef02", kNow, "{2}"));
  CHECK(store->FindGateDecision("abcdef02").value() == "{2}");
  CHECK(store->FindGateDecision("abcdef").error().code == ErrorCode::kInvalid);
  CHECK(store->FindGateDecision("bcdef0").error().code == ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ouro::store
