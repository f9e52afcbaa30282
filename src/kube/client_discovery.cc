// Asks the server what it serves: the aggregated form in two requests, else one request for each
// group version.

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "kube/client_state.h"
#include "kube/discovery.h"

namespace ouro::kube {
namespace {

constexpr std::string_view kAggregatedAccept =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";
constexpr size_t kParallel = 8;

// GETs all paths, a few at a time. Answers are in the order of the paths; refusals are Errors.
std::vector<Result<io::HttpResponse>> GetAll(Client::State& state,
                                             const std::vector<std::string>& paths,
                                             std::string_view accept) {
  std::vector<std::optional<Result<io::HttpResponse>>> answers(paths.size());
  size_t next = 0;
  size_t ended = 0;
  while (ended < paths.size()) {
    while (next < paths.size() && next - ended < kParallel) {
      Call call;
      call.path = paths[next];
      call.accept = accept;
      call.done = [&, at = next](Result<io::HttpResponse> answer) {
        answers[at] = std::move(answer);
        ++ended;
      };
      state.Start(std::move(call));
      ++next;
    }
    state.Pump(100);
  }
  std::vector<Result<io::HttpResponse>> results;
  for (size_t i = 0; i < paths.size(); ++i) {
    Result<io::HttpResponse>& one = *answers[i];
    if (one && (one->status < 200 || one->status >= 300)) {
      results.push_back(tl::unexpected<Error>(state.Explain(*one, "GET", paths[i])));
    } else {
      results.push_back(std::move(one));
    }
  }
  return results;
}

bool IsAggregated(const io::HttpResponse& response) {
  return response.Header("content-type").find("as=APIGroupDiscoveryList") != std::string_view::npos;
}

// The older form: each group version has a document of its own. One that cannot be had is named.
Status DiscoverEach(Client::State& state, const std::vector<GroupVersion>& versions,
                    Discovery& discovery) {
  std::vector<std::string> paths;
  paths.reserve(versions.size());
  for (const GroupVersion& one : versions) {
    paths.push_back(one.group.empty()
                        ? "/api/" + EscapeUrl(one.version)
                        : "/apis/" + EscapeUrl(one.group) + "/" + EscapeUrl(one.version));
  }
  std::vector<Result<io::HttpResponse>> answers = GetAll(state, paths, "application/json");
  for (size_t i = 0; i < answers.size(); ++i) {
    const GroupVersion& of = versions[i];
    Status read;
    if (answers[i]) {
      read = ReadResourceList(std::move(answers[i]->body), of, discovery.resources);
    } else {
      read = tl::unexpected<Error>(answers[i].error());
    }
    if (read) continue;
    if (read.error().code == ErrorCode::kLimit) return read;
    discovery.failures.push_back(
        {of.group.empty() ? of.version : of.group + "/" + of.version, read.error()});
  }
  return {};
}

}  // namespace

Result<Discovery> Client::Discover() {
  Discovery discovery;
  std::vector<GroupVersion> older;
  const std::vector<std::string> paths = {"/api", "/apis"};
  std::vector<Result<io::HttpResponse>> answers = GetAll(*state_, paths, kAggregatedAccept);
  discovery.aggregated = true;
  for (size_t i = 0; i < answers.size(); ++i) {
    // A server without the core group is no Kubernetes, but /api may be missing on an aggregated
    // one; both missing is an error.
    if (!answers[i]) {
      const bool absent = answers[i].error().code == ErrorCode::kNotFound && i == 0 && answers[1];
      if (absent) continue;
      return tl::unexpected<Error>(answers[i].error());
    }
    const bool aggregated = IsAggregated(*answers[i]);
    std::string body = std::move(answers[i]->body);
    const Status read = aggregated ? ReadAggregatedDiscovery(std::move(body), discovery)
                                   : ReadGroupVersions(std::move(body), older);
    if (!read) return tl::unexpected<Error>(WithContext(read.error(), config().server + paths[i]));
    discovery.aggregated = discovery.aggregated && aggregated;
  }
  OURO_TRY_STATUS(DiscoverEach(*state_, older, discovery));
  MarkPreferred(discovery);
  return discovery;
}

}  // namespace ouro::kube
