// A client of the Kubernetes API: discovery, paged lists, watches, server-side dry run, access
// reviews. Everything is JSON text; nothing is decoded that the caller does not ask for.
//
// A client serves one thread and calls back on it. The callbacks of a call come while that call
// runs, one at a time and never inside one another, and they may call the same client: what arrives
// for the outer call meanwhile waits (list again while watches are open, say).
//
// Temporary trouble is dealt with here, within bounds: 429 and 5xx wait as Retry-After says, broken
// connections are opened again, a 401 asks once for a fresh credential. What remains is an Error
// with the server's own sentence: kDenied (401, 403), kNotFound (404), kRemote (other answers),
// kTimeout, kLimit, kIo (no connection), kParse (an answer that is not what it should be). Bodies
// and credentials never stand in an Error.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "kube/config.h"
#include "kube/resource.h"

namespace ouro::kube {

// Time and chance, replaced in tests. An unset function is that of the process.
struct Surroundings {
  std::function<UnixSeconds()> now;       // wall clock
  std::function<int64_t()> monotonic_ms;  // never goes back
  std::function<void(int64_t)> sleep_ms;  // only called while nothing is in flight
  std::function<uint64_t()> random;       // for jitter; uniform
  std::function<bool()> terminal;         // is standard input one (exec plugins)
};

struct ClientOptions {
  std::string user_agent = "ouro";
  const std::atomic<bool>* stop = nullptr;  // once true, every call ends within 0.1 s
  Surroundings surroundings;
  int attempts_max = 5;  // of one request; the first one counts
  // One response, unpacked. A page of a list that exceeds it is asked for again in smaller pages.
  int64_t response_size_max_bytes = limits::kHttpResponseSizeBytes;
};

struct ServerVersion {
  std::string git_version;  // "v1.33.13"
  int major = 0;
  int minor = 0;  // 33; providers' "33+" is read as 33
  std::string platform;
};

struct ListOptions {
  std::string name_space;  // empty: all
  std::string label_selector;
  std::string field_selector;
  int page_size = 500;  // objects; the server may give more or fewer
};

struct ListEnd {
  std::string resource_version;  // a watch may begin here
  int64_t pages = 0;
  // The server forgot the list's state midway (410) and went on with a newer one: objects that
  // changed meanwhile may be missing or old. Before a watch, list again.
  bool inconsistent = false;
};

// A page is a complete JSON List of the server. Items of built-in kinds carry no apiVersion and
// kind: they are those of the resource. The handler may move the page away; what it leaves is used
// again as memory. An Error ends this list with it.
using PageHandler = std::function<Status(std::string& page)>;

struct ListJob {
  const ApiResource* resource = nullptr;
  ListOptions options;
};

struct ListHandler {
  std::function<Status(size_t job, std::string& page)> page;
  // Once per job, after its last page; what could not be listed says why.
  std::function<void(size_t job, Result<ListEnd>)> end;
  // Set: a 410 midway begins the list anew after this call, which drops what came so far (at most
  // three times, then kRemote). Unset: it goes on, see ListEnd::inconsistent.
  std::function<void(size_t job)> restart;
};

enum class WatchEventType : unsigned char { kAdded, kModified, kDeleted, kBookmark };

// Views are valid during the call.
struct WatchEvent {
  WatchEventType type = WatchEventType::kAdded;
  std::string_view object;  // JSON text; a bookmark has only kind, apiVersion and metadata
  std::string_view uid;
  std::string_view name_space;
  std::string_view name;
  std::string_view resource_version;
  bool initial_events_end = false;  // bookmark: all that existed has been sent
};

struct WatchOptions {
  std::string name_space;
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  // of ListEnd, or where an earlier watch stopped
  // Begins with an event for each object that exists, then a bookmark (servers since 1.32 or so);
  // `resource_version` must be empty.
  bool send_initial_events = false;
};

struct WatchJob {
  const ApiResource* resource = nullptr;
  WatchOptions options;
};

struct WatchEnd {
  enum class Reason : unsigned char {
    kStopped,  // the stop flag, or the handler
    kExpired,  // 410: the server no longer knows `resource_version`; list again
    kFailed,   // for good: see `error`
  };
  Reason reason = Reason::kStopped;
  std::string resource_version;  // last one seen
  Error error;
};

struct WatchHandler {
  // An Error ends this watch (kFailed).
  std::function<Status(size_t job, const WatchEvent&)> event;
  // The connection was lost or the server cannot answer; tried again with growing pauses (0.2 s to
  // 10 s, jittered) until it works. Called once per outage; may be unset.
  std::function<void(size_t job, const Error&)> trouble;
  // The watch is (again) open; may be unset.
  std::function<void(size_t job)> connected;
  // Once when a watch ends. Returns the resource version at which to go on (after listing again,
  // say), or nothing to let it end.
  std::function<std::optional<std::string>(size_t job, const WatchEnd&)> end;
};

// The server's Status object of a refusal.
struct ApiStatus {
  int code = 0;
  std::string reason;               // "Forbidden", "Invalid", "AlreadyExists", …
  std::string message;              // the server's sentence
  std::vector<std::string> causes;  // "spec.containers[0].image: Required value"
  std::string continue_token;       // 410 of a list: where one may go on
  int retry_after_seconds = 0;
};

struct WriteOptions {
  std::string field_manager = "ouro";
  bool force = false;                       // apply: take fields over from other managers
  std::string field_validation = "Strict";  // "Strict", "Warn", "Ignore"
};

// What the server would have done. A refusal is an answer, not an Error: admission, validation and
// RBAC all refuse this way.
struct WriteAnswer {
  bool accepted = false;
  int http_status = 0;
  std::string object;                 // as it would be stored, JSON; empty when refused
  ApiStatus status;                   // when refused
  std::vector<std::string> warnings;  // of Warning headers, unquoted
};

struct AccessQuestion {
  std::string verb;
  std::string group;
  std::string resource;
  std::string subresource;
  std::string name_space;
  std::string name;
  std::string path;  // set: a question about a URL path that is no resource
};

struct AccessSubject {
  std::string user;
  std::vector<std::string> groups;
  std::string uid;
  std::map<std::string, std::vector<std::string>> extra;
};

struct AccessAnswer {
  bool allowed = false;
  bool denied = false;  // an authorizer said no, rather than none said yes
  std::string reason;
  std::string evaluation_error;
};

struct ClientCounts {
  int64_t requests = 0;
  int64_t retries = 0;
  int64_t bytes = 0;  // of bodies, unpacked
};

class Client {
 public:
  static Result<std::unique_ptr<Client>> Create(ClientConfig config, ClientOptions options = {});
  ~Client();

  const ClientConfig& config() const;
  const ClientCounts& counts() const;
  // Server's time minus ours, from the last answer; nothing before it.
  std::optional<int64_t> clock_skew_seconds() const;

  Result<ServerVersion> Version();
  // The aggregated form (v2, v2beta1), else one request per group version, a few at a time.
  Result<Discovery> Discover();

  // Pages in order. `handler` as in ListHandler::page.
  Result<ListEnd> List(const ApiResource& resource, const ListOptions& options,
                       const PageHandler& handler);
  // Up to `parallel` lists at a time; pages of one list come in order, those of several lists mix.
  // Every job gets its `end`; jobs that the stop flag cut off end with kTimeout "interrupted".
  void ListMany(std::span<const ListJob> jobs, int parallel, const ListHandler& handler);

  // Watches until every job has ended. Resumes after each time-out and break at the last version
  // seen (events and bookmarks move it on).
  void WatchMany(std::span<const WatchJob> jobs, const WatchHandler& handler);
  // One watch that ends with its first WatchEnd.
  WatchEnd Watch(const ApiResource& resource, const WatchOptions& options,
                 const std::function<Status(const WatchEvent&)>& event);

  // GET of a path with its query, as "/version" or `resource.ObjectPath(…)`; the body.
  Result<std::string> Get(std::string_view path_and_query);

  // Server-side apply that stores nothing (PATCH, dryRun=All). `object`: JSON with metadata.name.
  Result<WriteAnswer> DryRunApply(const ApiResource& resource, std::string_view name_space,
                                  std::string_view name, std::string_view object,
                                  const WriteOptions& options = {});
  // Create that stores nothing (POST, dryRun=All); metadata.generateName will do.
  Result<WriteAnswer> DryRunCreate(const ApiResource& resource, std::string_view name_space,
                                   std::string_view object, const WriteOptions& options = {});
  // Update that stores nothing (PUT, dryRun=All).
  Result<WriteAnswer> DryRunUpdate(const ApiResource& resource, std::string_view name_space,
                                   std::string_view name, std::string_view object,
                                   const WriteOptions& options = {});

  // Create that stores (POST). Not tried again once the server may have received it.
  Result<WriteAnswer> CreateObject(const ApiResource& resource, std::string_view name_space,
                                   std::string_view object, const WriteOptions& options = {});
  // Deletes what `name` is now; its dependents are deleted in the background. kNotFound when there
  // is none.
  Status DeleteObject(const ApiResource& resource, std::string_view name_space,
                      std::string_view name);

  // SelfSubjectAccessReview: may the asker do it?
  Result<AccessAnswer> MayI(const AccessQuestion& question);
  // SubjectAccessReview: may somebody else do it? Needs the right to create these reviews.
  Result<AccessAnswer> MaySubject(const AccessSubject& subject, const AccessQuestion& question);

  struct State;  // private to kube: client_state.h

 private:
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ouro::kube
