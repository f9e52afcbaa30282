#include "engine/cluster.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/cluster_live.h"
#include "engine/cluster_scan.h"
#include "engine/engine.h"
#include "kube/dump.h"

namespace ouro::engine {
namespace {

// Lists what others are judged by, keeps pages of kinds that are judged themselves, and tells the
// scan what was missing. The kept pages are a small part of a cluster.
class FactsStage {
 public:
  FactsStage(const ClusterRequest& request, LiveSession& session, ClusterScan& scan)
      : request_(request), session_(session), scan_(scan) {}

  void Run() {
    for (const kube::ApiResource& resource : session_.facts) {
      kube::ListJob job;
      job.resource = &resource;
      if (resource.namespaced) job.options.name_space = request_.name_space;
      jobs_.push_back(job);
    }
    pages_.resize(jobs_.size());
    ends_.resize(jobs_.size());
    kube::ListHandler handler;
    handler.page = [this](size_t job, std::string& page) {
      pages_[job].push_back(std::move(page));
      return Status();
    };
    handler.restart = [this](size_t job) { pages_[job].clear(); };
    handler.end = [this](size_t job, Result<kube::ListEnd> end) { ends_[job] = std::move(end); };
    session_.client.ListMany(jobs_, kParallelLists, handler);
    std::vector<std::string> missing;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      const kube::ApiResource& resource = *jobs_[i].resource;
      for (const std::string& page : pages_[i]) {
        scan_.AddFactsPage(page, resource.ApiVersion(), resource.kind);
      }
      if (!ends_[i] || *ends_[i]) continue;
      missing.push_back(resource.Name());
      const auto& judged = session_.judged;
      if (std::find(judged.begin(), judged.end(), resource) == judged.end()) {
        scan_.AddListFailure(resource.ApiVersion(), resource.plural, ends_[i]->error());
      }
    }
    scan_.FinishFacts(missing);
  }

  // The pages of a kind whose objects are judged too, when the list is the one that would be asked
  // for again.
  bool JudgeKept(const kube::ApiResource& resource, size_t kind) {
    if (!request_.label_selector.empty()) return false;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      if (!(*jobs_[i].resource == resource)) continue;
      Status read;
      for (const std::string& page : pages_[i]) {
        if (read) read = scan_.AddPage(kind, page);
      }
      pages_[i].clear();
      if (ends_[i] && !*ends_[i]) read = tl::unexpected<Error>((*ends_[i]).error());
      if (!read) scan_.AddListFailure(resource.ApiVersion(), resource.plural, read.error());
      return true;
    }
    return false;
  }

 private:
  const ClusterRequest& request_;
  LiveSession& session_;
  ClusterScan& scan_;
  std::vector<kube::ListJob> jobs_;
  std::vector<std::vector<std::string>> pages_;
  std::vector<std::optional<Result<kube::ListEnd>>> ends_;
};

void AddInterruption(const ClusterRequest& request, ClusterScan& scan) {
  if (request.stop == nullptr || !request.stop->load()) return;
  model::Problem problem;
  problem.kind = "interrupted";
  problem.message =
      "the run was interrupted: what had not been listed was not examined; run it again";
  scan.AddProblem(std::move(problem));
}

void ListJudged(const ClusterRequest& request, LiveSession& session, FactsStage& facts,
                ClusterScan& scan) {
  std::vector<kube::ListJob> jobs;
  std::vector<size_t> kinds;
  for (const kube::ApiResource& resource : session.judged) {
    const size_t kind = scan.StartKind(resource.ApiVersion(), resource.kind, resource.plural);
    if (facts.JudgeKept(resource, kind)) continue;
    kube::ListJob job;
    job.resource = &resource;
    job.options.name_space = request.name_space;
    job.options.label_selector = request.label_selector;
    jobs.push_back(job);
    kinds.push_back(kind);
  }
  kube::ListHandler handler;
  handler.page = [&](size_t job, std::string& page) { return scan.AddPage(kinds[job], page); };
  handler.restart = [&](size_t job) { scan.Restart(kinds[job]); };
  handler.end = [&](size_t job, const Result<kube::ListEnd>& end) {
    if (end) return;
    const kube::ApiResource& resource = *jobs[job].resource;
    scan.AddListFailure(resource.ApiVersion(), resource.plural, end.error());
  };
  session.client.ListMany(jobs, kParallelLists, handler);
}

}  // namespace

Result<model::Report> ScanCluster(const ClusterRequest& request, kube::Client& client) {
  OURO_TRY(LiveSession session, LiveSession::Open(request, client));
  ClusterScan scan({session.snapshot, request.now, session.source, request.progress});
  for (model::Problem& problem : session.problems) scan.AddProblem(std::move(problem));
  FactsStage facts(request, session, scan);
  facts.Run();
  ListJudged(request, session, facts, scan);
  AddInterruption(request, scan);
  OwnerFetcher fetcher(session);
  OURO_TRY(model::Report report, scan.Finish(fetcher.AsLookup()));
  report.run.paths = {session.Scope(request)};
  return report;
}

Result<DumpSummary> DumpCluster(const ClusterRequest& request, kube::Client& client,
                                const std::string& folder) {
  OURO_TRY(LiveSession session, LiveSession::Open(request, client));
  kube::DumpInfo info;
  info.server = client.config().server;
  info.context = client.config().context;
  info.server_version = session.server_version;
  info.created = FormatRfc3339(request.now);
  info.ouro_version = Version();
  OURO_TRY(const auto writer, kube::DumpWriter::Create(folder, info));
  DumpSummary summary;
  for (model::Problem& problem : session.problems) {
    writer->AddGap(problem.file, {ErrorCode::kRemote, problem.message, {}});
    summary.problems.push_back(std::move(problem));
  }
  std::vector<kube::ApiResource> resources = session.facts;
  for (const kube::ApiResource& resource : session.judged) {
    if (std::find(resources.begin(), resources.end(), resource) == resources.end()) {
      resources.push_back(resource);
    }
  }
  std::vector<kube::ListJob> jobs;
  for (const kube::ApiResource& resource : resources) {
    kube::ListJob job;
    job.resource = &resource;
    if (resource.namespaced) job.options.name_space = request.name_space;
    if (!IsFactGroup(resource.group)) job.options.label_selector = request.label_selector;
    jobs.push_back(job);
  }
  Status written;
  kube::ListHandler handler;
  handler.page = [&](size_t job, std::string& page) {
    return writer->AddPage(job, *jobs[job].resource, jobs[job].options.name_space, page);
  };
  handler.restart = [&](size_t job) {
    if (Status dropped = writer->Restart(job); !dropped) written = std::move(dropped);
  };
  handler.end = [&](size_t job, const Result<kube::ListEnd>& end) {
    const kube::ApiResource& resource = *jobs[job].resource;
    Status ended = writer->End(job, resource, jobs[job].options.name_space, end);
    if (!ended) written = std::move(ended);
    ++summary.kinds;
    if (end) return;
    model::Problem problem;
    problem.kind = ErrorCodeName(end.error().code);
    problem.file = LivePlaces(session.source).OfKind(resource.ApiVersion(), resource.plural);
    problem.message =
        fmt::format("{} could not be listed: {}", resource.Name(), end.error().message);
    summary.problems.push_back(std::move(problem));
  };
  client.ListMany(jobs, kParallelLists, handler);
  OURO_TRY_STATUS(written);
  if (request.stop != nullptr && request.stop->load()) {
    return Fail(ErrorCode::kTimeout, "interrupted: no dump was written", folder);
  }
  OURO_TRY_STATUS(writer->Finish());
  OURO_TRY(const auto reader, kube::DumpReader::Open(folder));
  for (const kube::DumpEntry& entry : reader->info().entries) {
    for (const kube::DumpEntry::File& file : entry.files) summary.objects += file.objects;
  }
  return summary;
}

}  // namespace ouro::engine
