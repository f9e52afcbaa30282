#include "engine/engine.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <thread>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/file_pool.h"
#include "engine/file_scanner.h"
#include "gate/gate.h"
#include "rules/inventory.h"
#include "rules/rule_set.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

constexpr int kThreadCountMax = 8;
constexpr size_t kFilesPerThread = 64;  // fewer are not worth a thread

int ThreadCount(const ScanRequest& request) {
  if (request.thread_count > 0) return request.thread_count;
  const int available = static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(available, 1, kThreadCountMax);
}

using Scanners = std::vector<std::unique_ptr<FileScanner>>;  // one per worker; null: unused

// State of one run, in the order of its steps.
class Run {
 public:
  explicit Run(const ScanRequest& request) : request_(request), walk_(request.walk) {
    for (const std::string& pattern : request.config.exclude_paths) {
      walk_.excludes.push_back(pattern);
    }
  }

  Result<model::Report> Execute();

 private:
  Status ChooseChecks();
  Status ReadOnceSources();
  ScanContext Context();
  Status ScanFiles();
  void AskInventory(Scanners& scanners, ScanContext& second_context, Scanners& second);
  void Collect(Scanners& scanners, Scanners& second);
  Status Triage();
  void AddStaticTexts();
  void DescribeRun();
  PoolOptions Pool() const { return {ThreadCount(request_), request_.stop, request_.progress}; }

  const ScanRequest& request_;
  scan::WalkOptions walk_;
  std::vector<rules::Check> own_library_;
  const std::vector<rules::Check>* library_ = nullptr;
  io::KeyTable keys_;
  std::shared_ptr<const rules::RuleSet> rules_;
  std::shared_ptr<const rules::RuleSet>
      inventory_rules_;  // those of rules_ that need the inventory
  rules::Inventory inventory_;
  std::map<std::string, Result<std::string>> read_already_;
  std::atomic<int64_t> finding_count_{0};
  model::Report report_;
};

Status Run::ChooseChecks() {
  if (request_.config.check_folders.empty()) {
    library_ = &rules::BuiltinChecks();
  } else {
    OURO_TRY(own_library_, LoadLibrary(request_.config.check_folders));
    library_ = &own_library_;
  }
  OURO_TRY(auto selected, rules::SelectChecks(*library_, request_.selection));
  std::vector<rules::SelectedCheck> runnable;
  for (rules::SelectedCheck& check : selected) {
    if (check.check->not_evaluable.empty()) {
      runnable.push_back(std::move(check));
      continue;
    }
    model::Problem problem;
    problem.kind = "not_evaluable";
    problem.message = fmt::format("{} ({}) was not judged: {}", check.check->id, check.check->title,
                                  check.check->not_evaluable);
    report_.problems.push_back(std::move(problem));
  }
  rules::RuleSetOptions options;
  if (request_.kubernetes_minor >= 0) options.kubernetes_minor = request_.kubernetes_minor;
  options.want_passes = request_.show_passed;
  std::vector<rules::SelectedCheck> with_inventory;
  std::copy_if(runnable.begin(), runnable.end(), std::back_inserter(with_inventory),
               [](const auto& chosen) { return chosen.check->needs_inventory; });
  OURO_TRY(rules_, rules::RuleSet::Compile(std::move(runnable), options, keys_));
  if (!with_inventory.empty()) {
    OURO_TRY(inventory_rules_, rules::RuleSet::Compile(std::move(with_inventory), options, keys_));
  }
  scan::ObjectKeys known(keys_);
  return {};
}

// Checks that need the inventory read some files a second time; what cannot be read twice is kept.
Status Run::ReadOnceSources() {
  for (const std::string& path : request_.paths) {
    if ((path != "-" && !scan::IsOpenDescriptor(path)) || read_already_.count(path) != 0) continue;
    const scan::SourceFile file{path, path == "-" ? walk_.stdin_name : path, true};
    std::string bytes;
    const Status read = scan::ReadFile(file, walk_.file_size_max, bytes);
    if (read) {
      read_already_.emplace(path, std::move(bytes));
    } else {
      read_already_.emplace(path, tl::unexpected<Error>(read.error()));
    }
  }
  return {};
}

ScanContext Run::Context() {
  ScanContext context;
  context.rules = rules_;
  context.keys = &keys_;
  context.library = library_;
  context.excludes = &request_.config.exclude_objects;
  context.read_already = &read_already_;
  context.file_size_max = walk_.file_size_max;
  context.show_passed = request_.show_passed;
  context.name_skipped = request_.name_skipped;
  context.now = request_.now;
  context.finding_count = &finding_count_;
  return context;
}

Status Run::ScanFiles() {
  ScanContext context = Context();
  context.collects_inventory = rules_->needs_inventory();
  Scanners scanners(static_cast<size_t>(ThreadCount(request_)));
  std::atomic<int64_t> left_count{0};
  const auto job = [&](int number, size_t index, scan::WalkEntry& entry) {
    if (request_.stop != nullptr && request_.stop->load()) {
      left_count.fetch_add(1);
      return;
    }
    auto& scanner = scanners[static_cast<size_t>(number)];
    if (!scanner) scanner = std::make_unique<FileScanner>(context);
    scanner->Scan(index, entry);
  };
  OURO_TRY_STATUS(RunPool(request_.paths, walk_, Pool(), job));
  ScanContext second_context = Context();
  Scanners second;
  if (context.collects_inventory) AskInventory(scanners, second_context, second);
  Collect(scanners, second);
  if (request_.stop != nullptr && request_.stop->load()) {
    report_.counts.files += left_count;
    report_.counts.files_failed += left_count;
    model::Problem problem;
    problem.kind = "interrupted";
    problem.message = fmt::format(
        "the run was interrupted: {} files that were found and all that would have been found "
        "after "
        "them were not examined; run it again",
        left_count.load());
    report_.problems.push_back(std::move(problem));
  }
  return {};
}

template <typename T>
void Append(std::vector<T>& to, std::vector<T>& from) {
  if (to.empty()) {
    to = std::move(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }
  from = {};
}

// The checks that need the inventory run when it is complete, and only on files with a workload
// whose account holds a grant at all; without a grant they pass. Reading those few files again
// costs less than a walk of its own before the main one, and less memory than keeping documents.
void Run::AskInventory(Scanners& scanners, ScanContext& second_context, Scanners& second) {
  std::vector<PendingFile> pending;
  for (const auto& scanner : scanners) {
    if (!scanner) continue;
    inventory_.Merge(std::move(scanner->inventory()));
    Append(pending, scanner->pending());
  }
  inventory_.Finish();
  const auto holds_grant = [&](const auto& account) {
    return !inventory_.GrantsOf(account.first, account.second).empty();
  };
  const auto check_count = static_cast<int64_t>(inventory_rules_->checks().size());
  std::vector<const PendingFile*> asked;
  for (const PendingFile& file : pending) {
    if (request_.show_passed ||
        std::any_of(file.accounts.begin(), file.accounts.end(), holds_grant)) {
      asked.push_back(&file);
    } else {
      report_.counts.passed += check_count * static_cast<int64_t>(file.accounts.size());
    }
  }
  second_context.rules = inventory_rules_;
  second_context.inventory = &inventory_;
  const size_t worker_count =
      std::min(static_cast<size_t>(ThreadCount(request_)), asked.size() / kFilesPerThread + 1);
  std::atomic<size_t> next{0};
  const auto work = [&](FileScanner& scanner) {
    for (size_t i = next.fetch_add(1); i < asked.size(); i = next.fetch_add(1)) {
      scanner.Scan(asked[i]->index, asked[i]->entry);
    }
  };
  for (size_t i = 0; i < worker_count; ++i) {
    second.push_back(std::make_unique<FileScanner>(second_context));
  }
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < worker_count; ++i) {
    threads.emplace_back([&work, &second, i] { work(*second[i]); });
  }
  work(*second[0]);
}

void AddCounts(const model::Counts& from, model::Counts& to) {
  to.files += from.files;
  to.files_examined += from.files_examined;
  to.files_excluded += from.files_excluded;
  to.files_failed += from.files_failed;
  to.files_skipped += from.files_skipped;
  to.documents += from.documents;
  to.objects += from.objects;
  to.objects_examined += from.objects_examined;
  to.objects_excluded += from.objects_excluded;
  to.objects_failed += from.objects_failed;
  to.workloads += from.workloads;
  to.bytes += from.bytes;
  to.passed += from.passed;
}

// Results in the order of the walk, whichever worker had them.
void Run::Collect(Scanners& scanners, Scanners& second) {
  std::vector<FileResult*> results;
  for (const auto& scanner : scanners) {
    if (!scanner) continue;
    AddCounts(scanner->counts(), report_.counts);
    for (FileResult& result : scanner->results()) results.push_back(&result);
  }
  for (const auto& scanner : second) {
    report_.counts.passed += scanner->counts().passed;
    for (FileResult& result : scanner->results()) results.push_back(&result);
  }
  std::sort(results.begin(), results.end(), [](const FileResult* a, const FileResult* b) {
    return std::tie(a->index, a->second_pass) < std::tie(b->index, b->second_pass);
  });
  for (FileResult* result : results) {
    Append(report_.findings, result->findings);
    Append(report_.problems, result->problems);
    Append(report_.passed, result->passed);
  }
  if (const int64_t found = finding_count_.load(); found > limits::kFindingCount) {
    model::Problem problem;
    problem.kind = ErrorCodeName(ErrorCode::kLimit);
    problem.message = fmt::format(
        "{} findings are more than {}: the rest is not shown; scan parts "
        "of this folder",
        found, limits::kFindingCount);
    report_.problems.push_back(std::move(problem));
  }
}

// Texts that a check gives to all its findings alike.
void Run::AddStaticTexts() {
  struct Texts {
    const rules::Check* check;
    std::vector<std::string> aliases;
  };
  std::map<std::string_view, Texts> by_id;
  for (const rules::SelectedCheck& selected : rules_->checks()) {
    by_id[selected.check->id] = {selected.check, AliasTexts(*selected.check)};
  }
  for (model::Finding& finding : report_.findings) {
    const auto found = by_id.find(finding.check);
    if (found == by_id.end()) continue;
    const rules::Check& check = *found->second.check;
    finding.aliases = found->second.aliases;
    finding.title = check.title;
    finding.remediation = check.remediation;
    finding.references = check.references;
    if (finding.message.empty()) finding.message = check.title;
  }
}

Status Run::Triage() {
  std::vector<triage::SuppressionRule> rules = request_.config.suppressions;
  triage::AssignFingerprints(report_.findings);
  // Selectors may be aliases; without rules the texts wait until duplicates are gone.
  if (!rules.empty()) {
    AddStaticTexts();
    triage::ApplySuppressions(report_.findings, rules, request_.now, report_.problems);
  }
  triage::FoldDuplicates(report_.findings);
  if (rules.empty()) AddStaticTexts();
  if (!request_.config.baseline.empty()) {
    const std::string& path = request_.config.baseline;
    std::string bytes;
    if (const Status read = scan::ReadFile({path, path, true}, walk_.file_size_max, bytes); !read) {
      Error error = read.error();
      if (error.code == ErrorCode::kNotFound) {
        error.message = "no such baseline: write one with --write-baseline";
      }
      return tl::unexpected<Error>(std::move(error));
    }
    OURO_TRY(const auto known, triage::ReadBaseline(std::move(bytes), path));
    triage::ApplyBaseline(report_.findings, known);
  }
  triage::SortFindings(report_.findings);
  return {};
}

bool IsFramework(std::string_view tool) {
  return tool == "pss" || tool == "cis" || tool == "nsa" || tool == "mitre";
}

void Run::DescribeRun() {
  for (const rules::SelectedCheck& selected : rules_->checks()) {
    const rules::Check& check = *selected.check;
    model::RuleInfo info;
    info.id = check.id;
    info.concept_name = check.concept_name;
    info.title = check.title;
    info.description = check.description;
    info.remediation = check.remediation;
    info.severity = selected.severity;
    info.aliases = AliasTexts(check);
    info.references = check.references;
    for (const rules::Alias& alias : check.aliases) {
      if (IsFramework(alias.tool)) info.tags.push_back(alias.tool + ":" + alias.id);
    }
    std::sort(info.tags.begin(), info.tags.end());
    report_.rules.push_back(std::move(info));
  }
  std::sort(report_.rules.begin(), report_.rules.end(),
            [](const model::RuleInfo& a, const model::RuleInfo& b) { return a.id < b.id; });
  report_.counts.checks = static_cast<int64_t>(report_.rules.size());
  model::Run& run = report_.run;
  run.ouro_version = Version();
  run.command = "scan";
  run.paths = request_.paths;
  run.profile = request_.selection.profile;
  const int minor =
      request_.kubernetes_minor >= 0 ? request_.kubernetes_minor : rules::kNewestKubernetesMinor;
  run.kubernetes_version = fmt::format("1.{}", minor);
  run.started = FormatRfc3339(request_.now);
}

Result<model::Report> Run::Execute() {
  OURO_TRY_STATUS(ChooseChecks());
  if (rules_->needs_inventory()) {
    OURO_TRY_STATUS(ReadOnceSources());
  }
  OURO_TRY_STATUS(ScanFiles());
  OURO_TRY_STATUS(Triage());
  DescribeRun();
  triage::CountFindings(report_.findings, report_.problems, report_.counts);
  report_.decision = gate::Decide(report_.findings, request_.config.policy, report_.counts);
  return std::move(report_);
}

}  // namespace

Result<model::Report> Scan(const ScanRequest& request) {
  return Run(request).Execute();
}

}  // namespace ouro::engine
