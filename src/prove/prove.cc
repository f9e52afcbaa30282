#include "prove/prove.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "prove/file_reader.h"
#include "prove/object_prover.h"

namespace ouro::prove {
namespace {

constexpr std::string_view kRbacMark = "rbac.authorization.k8s.io";
constexpr int kPauseMs = 100;  // between two looks whether the policies work

// A share of a file's objects: those whose number has this remainder. A large file has several, so
// that its objects are asked about at the same time too.
struct Share {
  size_t entry = 0;
  size_t remainder = 0;
  size_t count = 1;  // shares of the file
};
constexpr off_t kShareBytes = 64 << 10;  // of a file, at least

std::vector<Share> DealOut(const std::vector<scan::WalkEntry>& entries, size_t workers) {
  std::vector<Share> shares;
  for (size_t i = 0; i < entries.size(); ++i) {
    struct stat info{};
    size_t count = 1;
    if (entries[i].outcome == scan::WalkEntry::Outcome::kFile &&
        stat(entries[i].file.path.c_str(), &info) == 0) {
      count = std::clamp<size_t>(static_cast<size_t>(info.st_size / kShareBytes), 1, workers);
    }
    for (size_t k = 0; k < count; ++k) shares.push_back({i, k, count});
  }
  return shares;
}

// What one file gave, or a share of it.
struct FileOutcome {
  std::vector<ObjectOutcome> objects;
  std::vector<model::Problem> problems;
  bool read = false;
};

Result<std::vector<scan::WalkEntry>> ListFiles(const ProveRequest& request) {
  scan::WalkOptions options = request.walk;
  options.excludes.insert(options.excludes.end(), request.config.exclude_paths.begin(),
                          request.config.exclude_paths.end());
  for (const std::string& path : request.paths) {
    if (path == "-" || scan::IsOpenDescriptor(path)) {
      return Fail(ErrorCode::kUnsupported, "a proof reads its objects twice: name files or folders",
                  path);
    }
  }
  std::vector<scan::WalkEntry> entries;
  OURO_TRY_STATUS(scan::Walk(request.paths, options, [&](scan::WalkEntry&& entry) {
    entries.push_back(std::move(entry));
    return true;
  }));
  return entries;
}

Result<std::shared_ptr<const engine::Snapshot>> MakeSnapshot(const ProveRequest& request,
                                                             const Server* server) {
  engine::SnapshotOptions options;
  options.config = request.config;
  options.config.suppressions.clear();
  options.selection = request.selection;
  options.show_passed = true;
  options.kubernetes_minor = request.kubernetes_minor;
  if (options.kubernetes_minor < 0 && server != nullptr && server->version.minor > 0) {
    options.kubernetes_minor = std::min(server->version.minor, rules::kNewestKubernetesMinor);
  }
  return engine::Snapshot::Create(std::move(options));
}

// Roles and bindings of all files, for checks that ask about them.
rules::Inventory CollectInventory(const std::vector<scan::WalkEntry>& entries,
                                  const ProveRequest& request) {
  rules::Inventory inventory;
  io::KeyTable keys;
  const scan::ObjectKeys known(keys);
  FileReader reader(request.walk.file_size_max);
  std::vector<model::Problem> problems;
  for (const scan::WalkEntry& entry : entries) {
    problems.clear();
    reader.Read(
        entry, keys, known,
        [&](const scan::Object& object) {
          if (!StartsWith(object.resource.api_version, kRbacMark)) return;
          inventory.Add(*object.tree, keys, object.node);
        },
        problems);
  }
  inventory.Finish();
  return inventory;
}

// The policies in the server, from their installation to the end of the run.
class PolicyStay {
 public:
  PolicyStay(InstalledPolicies policies, std::unique_ptr<Api> api)
      : policies_(std::move(policies)), api_(std::move(api)) {}

  const InstalledPolicies& policies() const { return policies_; }

  Status Begin(const ProveRequest& request) {
    OURO_TRY_STATUS(policies_.Install(*api_));
    return WaitUntilActive(request);
  }
  Status End() { return policies_.Remove(*api_); }

 private:
  // The API server reads new policies about once a second.
  Status WaitUntilActive(const ProveRequest& request) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(limits::kProvePolicySeconds);
    const std::vector<PolicyMode> modes(policies_.policy_count(), PolicyMode::kSilent);
    while (true) {
      OURO_TRY(const kube::WriteAnswer answer,
               api_->Try(policies_.probe_resource(), request.name_space,
                         InstalledPolicies::ProbeObject(), policies_.Manager(0, modes), "Ignore"));
      for (const std::string& warning : answer.warnings) {
        const auto said = policies_.ReadWarning(warning);
        if (said && said->canary) return {};
      }
      if (!answer.accepted) {
        return Fail(ErrorCode::kDenied,
                    fmt::format("the policies cannot be tried, the server answers: {}",
                                answer.status.message));
      }
      if (request.stop != nullptr && request.stop->load()) {
        return Fail(ErrorCode::kTimeout, "interrupted");
      }
      if (Clock::now() > deadline) {
        return Fail(ErrorCode::kTimeout, fmt::format("the policies are not active after {} s",
                                                     limits::kProvePolicySeconds));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
    }
  }

  InstalledPolicies policies_;
  std::unique_ptr<Api> api_;
};

std::string LeftBehindText(const Error& error) {
  return fmt::format(
      "policies of this run are left in the cluster, where they judge nothing ({}); remove them: "
      "kubectl delete validatingadmissionpolicybindings,validatingadmissionpolicies -l "
      "ouro.dev/prove",
      error.ToString());
}

Result<std::unique_ptr<PolicyStay>> InstallPolicies(const ProveRequest& request,
                                                    const Server& server, const PolicyPlan& plan) {
  OURO_TRY(InstalledPolicies policies,
           InstalledPolicies::Prepare(plan, server.discovery, request.run));
  OURO_TRY(std::unique_ptr<Api> api, server.connect(false));
  auto stay = std::make_unique<PolicyStay>(std::move(policies), std::move(api));
  Status begun = stay->Begin(request);
  if (begun) return stay;
  Error error = std::move(begun.error());
  if (const Status ended = stay->End(); !ended) {
    error.message += "; " + LeftBehindText(ended.error());
  }
  return tl::unexpected<Error>(std::move(error));
}

// Hands files to threads and keeps what they give in the order of files.
class Crew {
 public:
  Crew(const ProveContext& context, const std::vector<scan::WalkEntry>& entries)
      : context_(context), entries_(entries) {}

  Status Run() {
    size_t count = static_cast<size_t>(std::max(1, context_.request->connection_count));
    if (context_.server == nullptr) {
      count = std::min<size_t>(count, std::max(1U, std::thread::hardware_concurrency()));
    }
    shares_ = DealOut(entries_, count);
    outcomes_.resize(shares_.size());
    count = std::max<size_t>(1, std::min(count, shares_.size()));
    std::vector<std::unique_ptr<ObjectProver>> provers;
    for (size_t i = 0; i < count; ++i) {
      std::unique_ptr<Api> api;
      if (context_.server != nullptr) {
        OURO_TRY(api, context_.server->connect(true));
      }
      provers.push_back(std::make_unique<ObjectProver>(context_, std::move(api)));
    }
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < count; ++i) threads.emplace_back([&, i] { Work(*provers[i]); });
    Work(*provers[0]);
    return {};
  }

  // In the order of files.
  std::vector<FileOutcome> TakeOutcomes() {
    std::vector<FileOutcome> files;
    for (size_t i = 0; i < shares_.size(); ++i) {
      if (shares_[i].remainder == 0) {
        files.push_back(std::move(outcomes_[i]));
        continue;
      }
      auto& objects = files.back().objects;
      for (ObjectOutcome& object : outcomes_[i].objects) objects.push_back(std::move(object));
    }
    for (FileOutcome& file : files) {
      std::sort(file.objects.begin(), file.objects.end(),
                [](const auto& a, const auto& b) { return a.number < b.number; });
    }
    return files;
  }

 private:
  void Work(ObjectProver& prover) {
    FileReader reader(context_.request->walk.file_size_max);
    while (!context_.Stopped()) {
      const size_t index = next_.fetch_add(1);
      if (index >= shares_.size()) return;
      const Share& share = shares_[index];
      FileOutcome& out = outcomes_[index];
      const scan::WalkEntry& entry = entries_[share.entry];
      size_t number = 0;
      out.read = reader.Read(
          entry, prover.judge().keys(), prover.judge().known(),
          [&](const scan::Object& object) {
            const size_t mine = number++;
            if (mine % share.count != share.remainder || context_.Stopped()) return;
            auto outcome = prover.Run(object, entry.file.shown);
            if (!outcome) return;
            outcome->number = mine;
            out.objects.push_back(std::move(*outcome));
          },
          out.problems);
      prover.judge().RenewKeys();
      if (share.remainder == 0) ShowProgress();
    }
  }

  void ShowProgress() {
    if (!context_.request->progress) return;
    const std::lock_guard lock(progress_);
    context_.request->progress(++done_);
  }

  const ProveContext& context_;
  const std::vector<scan::WalkEntry>& entries_;
  std::vector<Share> shares_;
  std::vector<FileOutcome> outcomes_;  // of shares_
  std::atomic<size_t> next_ = 0;
  std::mutex progress_;
  int64_t done_ = 0;
};

// Adds outcomes up.
class Summary {
 public:
  explicit Summary(ProveReport& report) : report_(report) {
    for (const PairCount& pair : AllPairs()) report_.pairs.push_back(pair);
  }

  void Add(FileOutcome&& file) {
    if (file.read) ++report_.files;
    for (model::Problem& problem : file.problems) report_.problems.push_back(std::move(problem));
    for (ObjectOutcome& object : file.objects) Add(std::move(object));
  }

  void Finish() {
    for (auto& [key, explained] : explained_) report_.explained.push_back(std::move(explained));
    for (auto& [key, missing] : missing_) report_.not_compared.push_back(std::move(missing));
    std::sort(report_.not_compared.begin(), report_.not_compared.end(),
              [](const NotCompared& a, const NotCompared& b) {
                if (a.objects.size() != b.objects.size())
                  return a.objects.size() > b.objects.size();
                return std::tie(a.reason, a.legs) < std::tie(b.reason, b.legs);
              });
  }

 private:
  void Add(ObjectOutcome&& object) {
    ++report_.objects;
    report_.objects_excluded += object.excluded ? 1 : 0;
    report_.objects_live += object.live ? 1 : 0;
    report_.requests += object.requests;
    for (size_t i = 0; i < kPairCount; ++i) {
      PairCount& sum = report_.pairs[i];
      sum.compared += object.pairs[i].compared;
      sum.same += object.pairs[i].same;
      sum.explained += object.pairs[i].explained;
      sum.unexplained += object.pairs[i].unexplained;
      sum.findings += object.pairs[i].findings;
    }
    for (Explained& one : object.explained) {
      auto& sum = explained_[{one.check, one.field, one.reason}];
      if (sum.count == 0) {
        sum = std::move(one);
      } else {
        ++sum.count;
      }
    }
    for (Difference& one : object.unexplained) report_.unexplained.push_back(std::move(one));
    for (ObjectOutcome::Missing& one : object.not_compared) {
      NotCompared& sum = missing_[{one.reason, one.legs}];
      sum.reason = one.reason;
      sum.legs = one.legs;
      sum.objects.push_back({object.place, std::move(one.sentence)});
    }
  }

  ProveReport& report_;
  std::map<std::tuple<std::string, std::string, std::string>, Explained> explained_;
  std::map<std::pair<std::string, std::vector<Leg>>, NotCompared> missing_;
};

void DescribeChecks(const ProveContext& context, const PolicyPlan& plan, ProveReport& report) {
  const CheckNumbers& numbers = *context.numbers;
  std::map<size_t, LeftOut> left_out;
  for (size_t i = 0; i < numbers.count(); ++i) {
    report.checks.push_back(numbers.id(i));
    if (!numbers.needs_inventory(i)) continue;
    left_out[i] = {numbers.id(i),
                   {Leg::kReview, Leg::kPolicy},
                   "it asks for other objects of the cluster, which admission does not see"};
  }
  for (const NotExported& refused : plan.refused) {
    left_out.emplace(refused.check,
                     LeftOut{numbers.id(refused.check), {Leg::kPolicy}, refused.reason});
  }
  for (auto& [number, one] : left_out) report.left_out.push_back(std::move(one));
  for (const model::Problem& problem : context.snapshot->problems()) {
    report.problems.push_back(problem);
  }
}

}  // namespace

int64_t ProveReport::verdicts_compared() const {
  int64_t sum = 0;
  for (const PairCount& pair : pairs) sum += pair.compared;
  return sum;
}

Result<ProveReport> Prove(const ProveRequest& request, const Server* server,
                          std::string_view server_missing) {
  OURO_TRY(const std::vector<scan::WalkEntry> entries, ListFiles(request));
  ProveContext context;
  context.request = &request;
  OURO_TRY(context.snapshot, MakeSnapshot(request, server));
  context.numbers = std::make_unique<const CheckNumbers>(*context.snapshot);
  context.singles = std::make_unique<SingleChecks>(context.snapshot);
  context.server = server;
  rules::Inventory inventory;
  if (context.snapshot->rules()->needs_inventory()) {
    inventory = CollectInventory(entries, request);
    context.inventory = &inventory;
  }
  OURO_TRY(const PolicyPlan plan, PlanPolicies(*context.snapshot, *context.numbers));

  ProveReport report;
  report.kubernetes_minor = context.snapshot->kubernetes_minor();
  report.server_missing = server_missing;
  if (server != nullptr) {
    report.server = server->name;
    report.server_version = server->version.git_version;
    report.created = request.create;
  }
  DescribeChecks(context, plan, report);

  std::unique_ptr<PolicyStay> stay;
  if (request.install_policies && server != nullptr) {
    OURO_TRY(stay, InstallPolicies(request, *server, plan));
    context.installed = &stay->policies();
    report.policies_installed = true;
  } else {
    OURO_TRY(context.local, LocalPolicySet::Compile(plan, context.snapshot->kubernetes_minor()));
  }
  Crew crew(context, entries);
  const Status worked = crew.Run();
  if (stay) {
    if (const Status ended = stay->End(); !ended) {
      model::Problem problem;
      problem.kind = ErrorCodeName(ended.error().code);
      problem.message = LeftBehindText(ended.error());
      report.problems.push_back(std::move(problem));
      report.policies_left = true;
    }
  }
  OURO_TRY_STATUS(worked);
  report.interrupted = context.Stopped();
  Summary summary(report);
  for (FileOutcome& file : crew.TakeOutcomes()) summary.Add(std::move(file));
  summary.Finish();
  return report;
}

int ExitCodeOf(const ProveReport& report) {
  if (!report.unexplained.empty()) return 1;
  if (report.interrupted || report.policies_left || report.objects_live == 0) return 3;
  return 0;
}

}  // namespace ouro::prove
