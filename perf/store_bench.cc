// How fast the store is: imports, imports again, pages and groups over findings that are made here.
//
//     store_bench FILE COUNT [SCOPES]     imports COUNT findings, SCOPES times into scopes of their
//                                         own (default 1), then the last scope again
//     store_bench FILE COUNT pages        pages and groups over the store that is there
//     store_bench - COUNT                 only makes the findings: the time to subtract
//
// Prints a line for each step: CPU seconds (user and system), findings a second, peak memory.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "fmt/format.h"
#include "store/store.h"

namespace {

using ouro::Result;
using ouro::Status;
namespace model = ouro::model;
namespace store = ouro::store;

constexpr ouro::UnixSeconds kNow = 1'790'000'000;
constexpr int64_t kDay = 86'400;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int64_t PeakMiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1'024;
}

class Clock {
 public:
  explicit Clock(std::string name) : name_(std::move(name)), begin_(CpuSeconds()) {}
  void Print(int64_t count) const {
    const double seconds = CpuSeconds() - begin_;
    fmt::print("{:<36} {:>9.4f} s  {:>10} items  {:>8.2f} us each  {:>5} MiB peak\n", name_,
               seconds, count, seconds / static_cast<double>(count) * 1e6, PeakMiB());
    std::fflush(stdout);
  }

 private:
  std::string name_;
  double begin_;
};

// 128 bits that look like a hash, cheaper than one.
std::string IdOf(uint64_t a, uint64_t b) {
  const uint64_t numbers[2] = {a, b};
  const std::string_view bytes(reinterpret_cast<const char*>(numbers), sizeof numbers);
  const uint64_t high = ouro::FastHash(bytes);
  const uint64_t other[2] = {high, b};
  const uint64_t low =
      ouro::FastHash(std::string_view(reinterpret_cast<const char*>(other), sizeof other));
  std::string text(32, '0');
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (size_t i = 0; i < 16; ++i) {
    text[i] = kDigits[high >> (4 * i) & 15];
    text[16 + i] = kDigits[low >> (4 * i) & 15];
  }
  return text;
}

// Findings of an image scanner: packages of images of workloads, and one in four a
// misconfiguration.
class Maker {
 public:
  // Vulnerabilities repeat: one for four findings, 200,000 at most.
  Maker(uint64_t salt, uint64_t count)
      : salt_(salt), vuln_count_(std::clamp<uint64_t>(count / 4, 1'000, 200'000)) {}

  const model::Finding& Make(uint64_t number) {
    finding_.id = IdOf(number, salt_);
    finding_.issue = IdOf(number, salt_ + 1);
    key_.high = ouro::FastHash(finding_.id);
    if (number % 4 == 3) {
      MakeMisconfig(number);
    } else {
      MakeVuln(number);
    }
    return finding_;
  }
  const store::ObservationKey& key() const { return key_; }

 private:
  void MakeObject(uint64_t number) {
    const uint64_t workload = number / 40;
    finding_.resource.api_version = "apps/v1";
    finding_.resource.kind = "Deployment";
    finding_.resource.namespace_name = fmt::format("team-{}", workload % 400);
    finding_.resource.name = fmt::format("service-{}", workload);
    finding_.resource.container = "app";
    model::Asset& asset = finding_.asset.Make();
    asset.application = fmt::format("app-{}", workload % 1'000);
    asset.cluster = fmt::format("cluster-{}", workload % 20);
    asset.environment = workload % 3 == 0 ? "prod" : "dev";
  }

  void MakeVuln(uint64_t number) {
    const uint64_t cve = number * 7'919 % vuln_count_;
    MakeObject(number);
    finding_.finding_class = model::FindingClass::kVuln;
    const std::string id = fmt::format("CVE-{}-{}", 2'000 + cve % 25, 10'000 + cve);
    finding_.check = "trivy:" + id;
    finding_.concept_name.clear();
    finding_.title = "a flaw in the parser of " + id + " lets a remote attacker read memory";
    finding_.field_path.clear();
    finding_.severity = static_cast<model::Severity>(cve % 5);
    finding_.severity_source = "nvd";
    finding_.message = finding_.title;
    finding_.remediation = "update the package to the version in which it is fixed";
    model::Vuln& vuln = finding_.vuln.Make();
    vuln.id = id;
    vuln.epss = static_cast<double>(cve % 1'000) / 1'000;
    vuln.epss_percentile = 0.5;
    vuln.fixed_in = fmt::format("1.2.{}", cve % 30);
    vuln.fix_state = "fixed";
    vuln.cvss.assign(1, {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "nvd"});
    model::Package& package = finding_.package.Make();
    const uint64_t library = number * 31 % 3'000;
    package.name = fmt::format("lib{}", library);
    package.version = fmt::format("1.{}.0", library % 17);
    package.type = "deb";
    package.purl = "pkg:deb/debian/" + package.name + "@" + package.version;
    finding_.image.Make().reference =
        fmt::format("registry.example/team/service-{}:1.4", number / 40);
    model::Origin& origin = finding_.origin.Make();
    origin.tool = "trivy";
    origin.severity = "HIGH";
    origin.description = fmt::format("{}. {}", finding_.title, kDescription);
    finding_.location.file = finding_.image->reference;
    finding_.location.line = 0;
    finding_.location.json_path.clear();
    finding_.judgement.Make().priority = static_cast<int>(cve % 101);
  }

  void MakeMisconfig(uint64_t number) {
    const uint64_t check = number % 60;
    MakeObject(number);
    finding_.finding_class = model::FindingClass::kMisconfig;
    finding_.check = fmt::format("kubescape:C-00{}", check);
    finding_.concept_name = fmt::format("concept-{}", check);
    finding_.title = "the container may change files of the host";
    finding_.field_path = "spec.template.spec.containers[name=app].securityContext.privileged";
    finding_.severity = static_cast<model::Severity>(check % 5);
    finding_.message = fmt::format("container app of service-{} is privileged", number / 40);
    finding_.remediation = "set the field to false";
    finding_.vuln.reset();
    finding_.package.reset();
    finding_.image.reset();
    model::Origin& origin = finding_.origin.Make();
    origin.tool = "kubescape";
    origin.description = kDescription;
    finding_.location.file = fmt::format("deploy/service-{}.yaml", number / 40);
    finding_.location.line = static_cast<int64_t>(number % 200) + 1;
    finding_.location.json_path = "$.spec.template.spec.containers[0].securityContext";
    finding_.judgement.Make().priority = static_cast<int>(check);
  }

  static constexpr std::string_view kDescription =
      "The affected function trusts a length that the sender chooses, so that a crafted message "
      "makes it read beyond the end of its buffer. An attacker who can reach the service may learn "
      "what else the process holds in memory. Update the library, or do not pass it messages of "
      "strangers.";

  uint64_t salt_;
  uint64_t vuln_count_;
  model::Finding finding_;
  store::ObservationKey key_;
};

[[noreturn]] void Die(const ouro::Error& error) {
  fmt::print(stderr, "store_bench: {}\n", error.ToString());
  std::exit(2);
}

template <typename T>
T OrDie(Result<T> result) {
  if (!result) Die(result.error());
  return std::move(*result);
}

void Import(store::Store& db, uint64_t count, uint64_t salt, ouro::UnixSeconds now,
            const std::string& name) {
  const Clock clock(name);
  store::Scope scope;
  scope.tool = "bench";
  scope.target = fmt::format("target-{}", salt);
  store::ImportSession session = OrDie(db.BeginImport(scope, {}, now));
  Maker maker(salt * 1'000, count);
  for (uint64_t i = 0; i < count; ++i) {
    const model::Finding& finding = maker.Make(i);
    const Status status = session.Add(finding, maker.key(), finding.asset->application,
                                      finding.vuln ? finding.package->name : finding.concept_name);
    if (!status) Die(status.error());
  }
  const store::ImportCounts counts = OrDie(session.Commit());
  clock.Print(static_cast<int64_t>(count));
  fmt::print("    created {} updated {} unchanged {} closed {}\n", counts.created, counts.updated,
             counts.unchanged, counts.closed);
}

void Pages(store::Store& db) {
  const auto page = [&db](std::string name, const store::Filter& filter, store::Sort sort) {
    store::PageQuery query;
    query.filter = filter;
    query.sort = sort;
    query.now = kNow + 2 * kDay;
    const Clock clock("issues, " + name);
    const store::Page<store::Issue> found = OrDie(db.ListIssues(query));
    clock.Print(std::max<int64_t>(found.total, 1));
    const Clock second("findings, " + name);
    const auto findings = OrDie(db.ListFindings(query));
    second.Print(std::max<int64_t>(findings.total, 1));
  };
  const store::Filter all;
  for (const store::Sort sort : {store::Sort::kPriority, store::Sort::kSeverity,
                                 store::Sort::kFirstSeen, store::Sort::kLastSeen}) {
    page(fmt::format("by {}", store::SortName(sort)), all, sort);
  }
  store::Filter filter;
  filter.cluster = "cluster-7";
  page("one cluster", filter, store::Sort::kPriority);
  filter = {};
  filter.vuln = "CVE-2003-10003";
  page("one CVE", filter, store::Sort::kSeverity);
  filter = {};
  filter.severity_min = model::Severity::kHigh;
  filter.environment = "prod";
  filter.tool = "trivy";
  page("three filters", filter, store::Sort::kPriority);
  filter = {};
  filter.name_prefix = "service-12";
  page("a prefix of the name", filter, store::Sort::kPriority);
  filter = {};
  filter.check = "concept-27";
  page("one concept", filter, store::Sort::kLastSeen);
  filter = {};
  filter.owner = "nobody";
  page("nothing matches", filter, store::Sort::kPriority);
  for (int i = 0; i <= static_cast<int>(store::GroupKey::kFixGroup); ++i) {
    const auto key = static_cast<store::GroupKey>(i);
    const Clock clock(fmt::format("group by {}", store::GroupKeyName(key)));
    const store::Groups groups = OrDie(db.GroupIssues(key, all, 50, kNow));
    clock.Print(groups.group_count);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: store_bench FILE|- COUNT [SCOPES|pages]\n");
    return 2;
  }
  const std::string path = argv[1];
  const uint64_t count = std::strtoull(argv[2], nullptr, 10);
  const std::string_view mode = argc > 3 ? argv[3] : "1";
  if (path == "-") {
    const Clock clock("make findings");
    Maker maker(1'000, count);
    size_t size = 0;
    for (uint64_t i = 0; i < count; ++i) size += maker.Make(i).title.size();
    clock.Print(static_cast<int64_t>(count));
    return size == 0 ? 1 : 0;
  }
  const auto db = OrDie(store::Store::Open(path));
  if (mode == "pages") {
    Pages(*db);
    return 0;
  }
  const uint64_t scopes = std::strtoull(argv[3] != nullptr ? argv[3] : "1", nullptr, 10);
  for (uint64_t scope = 1; scope <= scopes; ++scope) {
    Import(*db, count, scope, kNow, fmt::format("import {}", scope));
  }
  Import(*db, count, scopes, kNow + kDay, "import the last again");
  return 0;
}
