// WatchCluster: the first list, then every change. Connections are kube's, findings are
// LiveState's; here is what happens when.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "engine/cluster.h"
#include "engine/cluster_json.h"
#include "engine/cluster_kinds.h"
#include "engine/cluster_live.h"
#include "engine/cluster_state.h"
#include "scan/source.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

class Watcher {
 public:
  Watcher(const ClusterRequest& request, LiveSession& session, const WatchSink& sink,
          LiveState& state)
      : request_(request), session_(session), sink_(sink), state_(state) {}

  Result<model::Report> Run();

 private:
  // One resource that is listed and watched.
  struct Kind {
    kube::ApiResource resource;
    bool facts = false;
    bool judged = false;
    size_t number = 0;  // in the state, when judged
    std::string name_space;
    std::string label_selector;
    std::string resource_version;    // empty: could not be listed
    std::vector<std::string> pages;  // of facts that are judged, until all facts are there
  };

  void ChooseKinds();
  void AddKind(const kube::ApiResource& resource, bool facts, bool judged);
  void ListAll(bool facts);
  void Watch();
  Status TakePage(Kind& kind, std::string_view page, std::vector<FindingChange>& changes);
  Status OnEvent(Kind& kind, const kube::WatchEvent& event);
  std::optional<std::string> OnEnd(size_t job, const kube::WatchEnd& end);
  Result<std::string> ListAgain(Kind& kind);
  void JudgeAgain(const std::set<std::string>& namespaces);
  void Tell(const std::vector<FindingChange>& changes);
  void Fail(const Kind& kind, std::string_view what, const Error& error);
  bool Stopped() const { return request_.stop != nullptr && request_.stop->load(); }
  std::vector<model::Problem> Problems() const;

  const ClusterRequest& request_;
  LiveSession& session_;
  const WatchSink& sink_;
  LiveState& state_;
  std::deque<Kind> kinds_;  // addresses stay
  std::vector<Kind*> watched_;
  std::map<std::string, model::Problem> problems_;  // by place: one for each kind
  std::set<size_t> in_trouble_;                     // jobs without a connection
};

void Watcher::AddKind(const kube::ApiResource& resource, bool facts, bool judged) {
  Kind kind;
  kind.resource = resource;
  kind.facts = facts;
  kind.judged = judged;
  if (resource.namespaced) kind.name_space = request_.name_space;
  if (!facts) kind.label_selector = request_.label_selector;
  if (judged) {
    kind.number = state_.StartKind(resource.ApiVersion(), resource.kind, resource.plural);
  }
  kinds_.push_back(std::move(kind));
}

void Watcher::ChooseKinds() {
  const auto holds = [](const std::vector<kube::ApiResource>& list,
                        const kube::ApiResource& resource) {
    return std::find(list.begin(), list.end(), resource) != list.end();
  };
  // With a selector the facts are a wider list than the objects that are judged.
  const bool shared = request_.label_selector.empty();
  for (const kube::ApiResource& resource : session_.facts) {
    AddKind(resource, true, shared && holds(session_.judged, resource));
  }
  for (const kube::ApiResource& resource : session_.judged) {
    if (!shared || !holds(session_.facts, resource)) AddKind(resource, false, true);
  }
}

void Watcher::Fail(const Kind& kind, std::string_view what, const Error& error) {
  model::Problem problem;
  problem.kind = ErrorCodeName(error.code);
  problem.file = state_.places().OfKind(kind.resource.ApiVersion(), kind.resource.plural);
  problem.message = fmt::format("{} could not be {}, so what they are now is not known: {}",
                                kind.resource.Name(), what, error.message);
  problems_[problem.file] = std::move(problem);
}

void Watcher::Tell(const std::vector<FindingChange>& changes) {
  for (const FindingChange& change : changes) sink_.changed(change);
}

Status Watcher::TakePage(Kind& kind, std::string_view page, std::vector<FindingChange>& changes) {
  const bool read = ForEachListItem(page, [&](std::string_view item) {
    if (kind.facts) state_.PutFacts(item, kind.resource.ApiVersion(), kind.resource.kind);
    if (!kind.judged) return;
    const Status put = state_.Put(kind.number, item, changes);
    if (!put) Fail(kind, "read", put.error());
  });
  if (read) return {};
  return ouro::Fail(ErrorCode::kParse, "the answer ends early, or is no list of objects");
}

// The first lists: facts, then everything else.
void Watcher::ListAll(bool facts) {
  std::vector<kube::ListJob> jobs;
  std::vector<Kind*> kinds;
  for (Kind& kind : kinds_) {
    if (kind.facts != facts) continue;
    kube::ListJob job;
    job.resource = &kind.resource;
    job.options.name_space = kind.name_space;
    job.options.label_selector = kind.label_selector;
    jobs.push_back(job);
    kinds.push_back(&kind);
  }
  std::vector<FindingChange> none;
  kube::ListHandler handler;
  handler.page = [&](size_t job, std::string& page) {
    Kind& kind = *kinds[job];
    if (!kind.facts) return TakePage(kind, page, none);
    kind.pages.push_back(std::move(page));
    return Status();
  };
  handler.restart = [&](size_t job) {
    Kind& kind = *kinds[job];
    kind.pages.clear();
    if (kind.judged) {
      state_.BeginSweep(kind.number);
      state_.EndSweep(kind.number, none);
    }
  };
  handler.end = [&](size_t job, const Result<kube::ListEnd>& end) {
    if (end) {
      kinds[job]->resource_version = end->resource_version;
    } else {
      Fail(*kinds[job], "listed", end.error());
    }
  };
  session_.client.ListMany(jobs, kParallelLists, handler);
  if (!facts) return;
  // Facts first, then what they are judged by.
  for (Kind* kind : kinds) {
    for (const std::string& page : kind->pages) {
      Kind facts_only = {kind->resource, true, false, 0, {}, {}, {}, {}};
      const Status taken = TakePage(facts_only, page, none);
      if (!taken) Fail(*kind, "read", taken.error());
    }
  }
  state_.ApplyFacts();
  for (Kind* kind : kinds) {
    if (kind->judged) {
      Kind judged_only = {kind->resource, false, true, kind->number, {}, {}, {}, {}};
      for (const std::string& page : kind->pages) {
        const Status taken = TakePage(judged_only, page, none);
        if (!taken) Fail(*kind, "read", taken.error());
      }
    }
    kind->pages = {};
  }
}

// Workloads of these namespaces are judged by other facts now.
void Watcher::JudgeAgain(const std::set<std::string>& namespaces) {
  for (const std::string& name_space : namespaces) {
    for (Kind& kind : kinds_) {
      if (!kind.judged || kind.facts || !kind.resource.namespaced || Stopped()) continue;
      if (kind.resource_version.empty()) continue;
      if (!request_.name_space.empty() && request_.name_space != name_space) continue;
      kube::ListOptions options;
      options.name_space = name_space;
      options.label_selector = kind.label_selector;
      std::vector<FindingChange> changes;
      // Only objects that are known: what has come or gone meanwhile is told by the watch.
      const auto end = session_.client.List(
          kind.resource, options, [&](std::string& page) { return TakePage(kind, page, changes); });
      Tell(changes);
      if (!end && !Stopped()) Fail(kind, "judged again", end.error());
    }
  }
}

Status Watcher::OnEvent(Kind& kind, const kube::WatchEvent& event) {
  if (event.type == kube::WatchEventType::kBookmark) return {};
  std::vector<FindingChange> changes;
  const std::string uid(event.uid);
  const bool deleted = event.type == kube::WatchEventType::kDeleted;
  if (kind.judged) {
    if (deleted) {
      state_.Remove(uid, changes);
    } else if (const Status put = state_.Put(kind.number, event.object, changes); !put) {
      Fail(kind, "read", put.error());
    }
  }
  if (kind.facts) {
    if (deleted) {
      state_.RemoveFacts(uid);
    } else {
      state_.PutFacts(event.object, kind.resource.ApiVersion(), kind.resource.kind);
    }
  }
  Tell(changes);
  if (kind.facts) JudgeAgain(state_.ApplyFacts());
  return {};
}

Result<std::string> Watcher::ListAgain(Kind& kind) {
  kube::ListOptions options;
  options.name_space = kind.name_space;
  options.label_selector = kind.label_selector;
  std::vector<FindingChange> changes;
  if (kind.judged) state_.BeginSweep(kind.number);
  if (kind.facts) state_.BeginFactsSweep(kind.resource.kind);
  const auto end = session_.client.List(
      kind.resource, options, [&](std::string& page) { return TakePage(kind, page, changes); });
  // Of a list that broke off, what it did not name is not gone.
  if (end) {
    if (kind.judged) state_.EndSweep(kind.number, changes);
    if (kind.facts) state_.EndFactsSweep(kind.resource.kind);
  }
  Tell(changes);
  if (!end) return tl::unexpected<Error>(end.error());
  if (kind.facts) JudgeAgain(state_.ApplyFacts());
  problems_.erase(state_.places().OfKind(kind.resource.ApiVersion(), kind.resource.plural));
  return end->resource_version;
}

std::optional<std::string> Watcher::OnEnd(size_t job, const kube::WatchEnd& end) {
  in_trouble_.erase(job);
  Kind& kind = *watched_[job];
  if (end.reason == kube::WatchEnd::Reason::kStopped || Stopped()) return std::nullopt;
  Error error = end.error;
  if (end.reason == kube::WatchEnd::Reason::kExpired) {
    Result<std::string> version = ListAgain(kind);
    if (version) return std::move(*version);
    error = version.error();
    if (Stopped()) return std::nullopt;
  }
  Fail(kind, "watched any longer", error);
  sink_.note(fmt::format("{} can no longer be watched: {}", kind.resource.Name(), error.message));
  return std::nullopt;
}

void Watcher::Watch() {
  std::vector<kube::WatchJob> jobs;
  for (Kind& kind : kinds_) {
    if (kind.resource_version.empty()) continue;
    if (!kind.resource.Can("watch")) {
      Fail(kind, "watched", {ErrorCode::kUnsupported, "the server offers no watch of them", {}});
      continue;
    }
    kube::WatchJob job;
    job.resource = &kind.resource;
    job.options.name_space = kind.name_space;
    job.options.label_selector = kind.label_selector;
    job.options.resource_version = kind.resource_version;
    jobs.push_back(job);
    watched_.push_back(&kind);
  }
  kube::WatchHandler handler;
  handler.event = [this](size_t job, const kube::WatchEvent& event) {
    return OnEvent(*watched_[job], event);
  };
  handler.trouble = [this](size_t job, const Error& error) {
    if (in_trouble_.empty()) {
      sink_.note(fmt::format("the server cannot be reached: {}; trying again", error.message));
    }
    in_trouble_.insert(job);
  };
  handler.connected = [this](size_t job) {
    const bool was = in_trouble_.erase(job) != 0;
    if (was && in_trouble_.empty()) sink_.note("the server answers again");
  };
  handler.end = [this](size_t job, const kube::WatchEnd& end) { return OnEnd(job, end); };
  session_.client.WatchMany(jobs, handler);
}

std::vector<model::Problem> Watcher::Problems() const {
  std::vector<model::Problem> problems = session_.problems;
  for (const auto& [place, problem] : problems_) problems.push_back(problem);
  if (!in_trouble_.empty()) {
    model::Problem problem;
    problem.kind = ErrorCodeName(ErrorCode::kIo);
    problem.file = session_.source;
    problem.message =
        "the server could not be reached at the end: what changed since then is not known";
    problems.push_back(std::move(problem));
  }
  return problems;
}

Result<model::Report> Watcher::Run() {
  ChooseKinds();
  ListAll(true);
  ListAll(false);
  state_.Settle();
  if (Stopped()) {
    model::Problem problem;
    problem.kind = "interrupted";
    problem.message = "the run was interrupted while it listed; run it again";
    problems_["interrupted"] = std::move(problem);
  } else {
    OURO_TRY(model::Report first, state_.MakeReport(Problems()));
    first.run.paths = {session_.Scope(request_)};
    sink_.listed(first);
    Watch();
  }
  OURO_TRY(model::Report report, state_.MakeReport(Problems()));
  report.run.paths = {session_.Scope(request_)};
  return report;
}

Result<std::set<std::string>> BaselineIds(const Config& config) {
  std::set<std::string> ids;
  if (config.baseline.empty()) return ids;
  std::string bytes;
  OURO_TRY_STATUS(
      scan::ReadFile({config.baseline, config.baseline, true}, limits::kFileSizeBytes, bytes));
  return triage::ReadBaseline(std::move(bytes), config.baseline);
}

}  // namespace

Result<model::Report> WatchCluster(const ClusterRequest& request, kube::Client& client,
                                   const WatchSink& sink) {
  OURO_TRY(LiveSession session, LiveSession::Open(request, client));
  OwnerFetcher fetcher(session);
  OURO_TRY(std::set<std::string> baseline, BaselineIds(request.config));
  LiveState state(
      {session.snapshot, request.now, session.source, fetcher.AsLookup(), std::move(baseline)});
  return Watcher(request, session, sink, state).Run();
}

}  // namespace ouro::engine
