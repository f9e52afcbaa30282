// Asks the API server about one object: what it would store, and what the installed policies say of
// it. One per thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"
#include "kube/resource.h"
#include "model/finding.h"
#include "prove/api.h"
#include "prove/installed_policies.h"
#include "prove/verdict.h"

namespace ouro::prove {

// Why the server's legs say nothing of an object.
struct NotAsked {
  std::string kind;      // short, the same for many objects: "the server does not serve the kind"
  std::string sentence;  // the server's own words, or more detail; may be empty
};

struct ServerAnswer {
  std::optional<NotAsked> not_asked;  // set: nothing below is
  std::string object;                 // JSON, as the server stores it, under the object's own name
  const kube::ApiResource* resource = nullptr;
  bool renamed = false;  // asked under another name, because an object of its name exists
  // What installed policies say; absent when none are installed.
  std::optional<Verdicts> policies;
  std::string policies_unknown;  // why `policies` is absent although policies are installed
  int64_t requests = 0;
};

class ServerLeg {
 public:
  struct Options {
    std::string name_space = "default";  // of objects that name none
    bool create = false;                 // really create, read back and delete
    const InstalledPolicies* policies = nullptr;
    size_t check_count = 0;
    const std::atomic<bool>* stop = nullptr;
  };
  // `server`, `api` and what `options` points to must outlive the leg.
  ServerLeg(const Server& server, Api& api, Options options)
      : server_(server), api_(api), options_(std::move(options)) {}

  // `json` is the object's text; `expected`: what the file's object is judged, so that one request
  // usually does. Fails when the server cannot be reached or turns the asker away.
  Result<ServerAnswer> Ask(const model::Resource& object, std::string_view json,
                           const Verdicts& expected);

  // Fields of the object that the server does not know, as it writes them. Answers only for objects
  // that Ask() has given an answer for.
  Result<std::vector<std::string>> UnknownFields(const model::Resource& object,
                                                 std::string_view json);

 private:
  struct Question;
  std::optional<NotAsked> Prepare(const model::Resource& object, std::string_view json,
                                  Question& question);
  Status Settle(Question& question, const Verdicts& expected, ServerAnswer& answer);
  Status AskGroup(Question& question, size_t group, ServerAnswer& answer);
  Result<kube::WriteAnswer> Try(Question& question, std::string_view manager,
                                std::string_view validation, ServerAnswer& answer);
  Result<bool> HearWarnings(Question& question, size_t group, const kube::WriteAnswer& said);
  Status CreateReally(Question& question, ServerAnswer& answer);
  Status GiveOwnName(const Question& question, ServerAnswer& answer);

  const Server& server_;
  Api& api_;
  Options options_;
  io::KeyTable keys_;
  io::Tree tree_;
};

}  // namespace ouro::prove
