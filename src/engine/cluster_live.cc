#include "engine/cluster_live.h"

#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "model/workload.h"
#include "rules/cel.h"

namespace ouro::engine {
namespace {

std::string SourceOf(const kube::ClientConfig& config) {
  if (!config.context.empty()) return "kube://" + config.context;
  std::string_view server = config.server;
  if (const size_t scheme = server.find("://"); scheme != std::string_view::npos) {
    server.remove_prefix(scheme + 3);
  }
  return fmt::format("kube://{}", server);
}

// A name that nobody has would give empty lists, which look like a clean namespace.
Status CheckNamespace(const ClusterRequest& request, kube::Client& client) {
  if (request.name_space.empty()) return {};
  const auto answer = client.Get("/api/v1/namespaces/" + kube::EscapeUrl(request.name_space));
  if (answer || answer.error().code != ErrorCode::kNotFound) return {};
  return Fail(ErrorCode::kNotFound,
              fmt::format("the cluster has no namespace \"{}\"", Printable(request.name_space)));
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> SnapshotFor(const ClusterRequest& request, int server_minor,
                                                    std::string_view source,
                                                    std::vector<model::Problem>& problems) {
  SnapshotOptions options;
  options.config = request.config;
  options.selection = request.selection;
  options.show_passed = request.show_passed;
  options.kubernetes_minor = request.kubernetes_minor;
  if (options.kubernetes_minor < 0 && server_minor >= 0) {
    options.kubernetes_minor = server_minor;
    if (server_minor > rules::kNewestKubernetesMinor) {
      options.kubernetes_minor = rules::kNewestKubernetesMinor;
      model::Problem problem;
      problem.kind = ErrorCodeName(ErrorCode::kUnsupported);
      problem.file = source;
      problem.message = fmt::format(
          "the server is Kubernetes 1.{}; it is judged by the rules of 1.{}, the newest known",
          server_minor, rules::kNewestKubernetesMinor);
      problem.warning = true;
      problems.push_back(std::move(problem));
    }
  }
  return Snapshot::Create(std::move(options));
}

Result<LiveSession> LiveSession::Open(const ClusterRequest& request, kube::Client& client) {
  LiveSession session{client, SourceOf(client.config()), {}, {}, {}, {}, {}, {}};
  int minor = -1;
  auto version = client.Version();
  if (version) {
    minor = version->minor;
    session.server_version = version->git_version;
  } else if (version.error().code == ErrorCode::kDenied) {
    model::Problem problem;
    problem.kind = ErrorCodeName(ErrorCode::kDenied);
    problem.file = session.source;
    problem.message =
        fmt::format("the server does not tell its version, so the newest known rules apply: {}",
                    version.error().message);
    problem.warning = true;
    session.problems.push_back(std::move(problem));
  } else {
    return tl::unexpected<Error>(std::move(version).error());
  }
  OURO_TRY(session.snapshot, SnapshotFor(request, minor, session.source, session.problems));
  OURO_TRY(session.discovery, client.Discover());
  OURO_TRY_STATUS(CheckNamespace(request, client));
  const rules::RuleSet& rules = *session.snapshot->rules();
  for (model::Problem& problem : DiscoveryProblems(session.discovery, rules, session.source)) {
    session.problems.push_back(std::move(problem));
  }
  session.facts = FactKinds(session.discovery, rules);
  for (kube::ApiResource& resource : JudgedKinds(session.discovery, rules)) {
    if (!request.name_space.empty() && !resource.namespaced) continue;
    session.judged.push_back(std::move(resource));
  }
  return session;
}

std::string LiveSession::Scope(const ClusterRequest& request) const {
  std::string scope = source;
  if (!request.name_space.empty()) scope += "/namespaces/" + request.name_space;
  if (!request.label_selector.empty()) scope += "?labelSelector=" + request.label_selector;
  return scope;
}

OwnerFetcher::OwnerFetcher(LiveSession& session)
    : session_(session), reader_(*session.snapshot->rules(), {}) {}

std::optional<OwnerTable::Entry> OwnerFetcher::Fetch(const Controller& owner,
                                                     std::string_view name_space) {
  if (model::FindWorkload(owner.api_version, owner.kind).empty()) return std::nullopt;
  const std::string kind = owner.api_version + " " + owner.kind;
  if (refused_.count(kind) != 0 || gone_.count(owner.uid) != 0) return std::nullopt;
  if (count_ >= limits::kOwnerLookupCount) return std::nullopt;
  const size_t slash = owner.api_version.find('/');
  const std::string group =
      slash == std::string::npos ? std::string() : owner.api_version.substr(0, slash);
  const kube::ApiResource* resource = session_.discovery.Find(group, owner.kind);
  if (resource == nullptr) return std::nullopt;
  ++count_;
  const auto answer = session_.client.Get(resource->ObjectPath(name_space, owner.name));
  if (!answer) {
    if (answer.error().code == ErrorCode::kNotFound) {
      gone_.insert(owner.uid);
    } else {
      refused_.insert(kind);
    }
    return std::nullopt;
  }
  const Status read = reader_.Read(*answer, owner.api_version, owner.kind, object_);
  if (!read || object_.uid != owner.uid) {
    // Another object of that name has taken its place.
    gone_.insert(owner.uid);
    return std::nullopt;
  }
  return OwnerTable::Entry{
      {object_.api_version, object_.kind, object_.name_space, object_.name, {}},
      object_.controller,
      false};
}

OwnerTable::Lookup OwnerFetcher::AsLookup() {
  return [this](const Controller& owner, std::string_view name_space) {
    return Fetch(owner, name_space);
  };
}

}  // namespace ouro::engine
