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
#include "engine/snapshot.h"
#include "gate/gate.h"
#include "rules/inventory.h"
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
  Status ReadOnceSources();
  ScanContext Context();
  Status ScanFiles();
  void AskInventory(Scanners& scanners, ScanContext& second_context, Scanners& second);
  void Collect(Scanners& scanners, Scanners& second);
  Status Triage();
  void DescribeRun();
  PoolOptions Pool() const { return {ThreadCount(request_), request_.stop, request_.progress}; }

  const ScanRequest& request_;
  scan::WalkOptions walk_;
  std::shared_ptr<const Snapshot> snapshot_;
  rules::Inventory inventory_;
  std::map<std::string, Result<std::string>> read_already_;
  std::atomic<int64_t> finding_count_{0};
  model::Report report_;
};

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
  context.snapshot = snapshot_;
  context.read_already = &read_already_;
  context.file_size_max = walk_.file_size_max;
  context.name_skipped = request_.name_skipped;
  context.now = request_.now;
  context.finding_count = &finding_count_;
  return context;
}

Status Run::ScanFiles() {
  ScanContext context = Context();
  context.collects_inventory = snapshot_->rules()->needs_inventory();
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

// The checks that need the inventory run when it is complete, and only on documents with a workload
// whose account holds a grant at all; without a grant they pass. Reading those few documents again
// costs less than a walk of its own before the main one, and less memory than keeping them.
void Run::AskInventory(Scanners& scanners, ScanContext& second_context, Scanners& second) {
  std::vector<PendingFile> pending;
  for (const auto& scanner : scanners) {
    if (!scanner) continue;
    inventory_.Merge(std::move(scanner->inventory()));
    Append(pending, scanner->pending());
  }
  inventory_.Finish();
  const auto holds_grant = [&](const auto& account) {
    return !inventory_.GrantsOf(account.name_space, account.name).empty();
  };
  const auto check_count = static_cast<int64_t>(snapshot_->inventory_rules()->checks().size());
  struct Question {
    const PendingFile* file;
    std::vector<bool> documents;  // that hold such a workload
  };
  std::vector<Question> asked;
  for (const PendingFile& file : pending) {
    Question question{&file, {}};
    for (const Account& account : file.accounts) {
      if (!request_.show_passed && !holds_grant(account)) continue;
      if (question.documents.size() <= account.document) {
        question.documents.resize(account.document + 1);
      }
      question.documents[account.document] = true;
    }
    const auto is_asked = [&](const Account& account) {
      return account.document < question.documents.size() && question.documents[account.document];
    };
    const auto asked_count = std::count_if(file.accounts.begin(), file.accounts.end(), is_asked);
    report_.counts.passed +=
        check_count * (static_cast<int64_t>(file.accounts.size()) - asked_count);
    if (!question.documents.empty()) asked.push_back(std::move(question));
  }
  second_context.inventory = &inventory_;
  const size_t worker_count =
      std::min(static_cast<size_t>(ThreadCount(request_)), asked.size() / kFilesPerThread + 1);
  std::atomic<size_t> next{0};
  const auto work = [&](FileScanner& scanner) {
    for (size_t i = next.fetch_add(1); i < asked.size(); i = next.fetch_add(1)) {
      const Question& question = asked[i];
      scanner.Scan(question.file->index, question.file->entry, &question.documents);
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
    Append(report_.findings, scanner->findings());
  }
  for (const auto& scanner : second) {
    report_.counts.passed += scanner->counts().passed;
    for (FileResult& result : scanner->results()) results.push_back(&result);
    Append(report_.findings, scanner->findings());
  }
  std::sort(results.begin(), results.end(), [](const FileResult* a, const FileResult* b) {
    return std::tie(a->index, a->second_pass) < std::tie(b->index, b->second_pass);
  });
  for (FileResult* result : results) {
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

Status Run::Triage() {
  std::vector<triage::SuppressionRule> rules = request_.config.suppressions;
  // Selectors may be aliases; without rules the texts wait until duplicates are gone.
  if (!rules.empty()) {
    snapshot_->AddStaticTexts(report_.findings);
    triage::ApplySuppressions(report_.findings, rules, request_.now, report_.problems);
  }
  triage::FoldDuplicates(report_.findings);
  if (rules.empty()) snapshot_->AddStaticTexts(report_.findings);
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

void Run::DescribeRun() {
  report_.rules = snapshot_->Describe();
  report_.counts.checks = static_cast<int64_t>(report_.rules.size());
  model::Run& run = report_.run;
  run.ouro_version = Version();
  run.command = "scan";
  run.paths = request_.paths;
  run.profile = request_.selection.profile;
  run.kubernetes_version = fmt::format("1.{}", snapshot_->kubernetes_minor());
  run.started = FormatRfc3339(request_.now);
}

Result<model::Report> Run::Execute() {
  SnapshotOptions options;
  options.config = request_.config;
  options.selection = request_.selection;
  options.kubernetes_minor = request_.kubernetes_minor;
  options.show_passed = request_.show_passed;
  OURO_TRY(snapshot_, Snapshot::Create(std::move(options)));
  report_.problems = snapshot_->problems();
  if (snapshot_->rules()->needs_inventory()) {
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
