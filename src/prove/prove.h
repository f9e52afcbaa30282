// Five-way equality: each check says the same of an object as a file, as JSON, as a live object, as
// an admission review and as an exported policy. docs/user/prove.md is the manual for people,
// docs/formats/prove.md has the report's JSON form.
//
//     files → objects → five legs → compare every pair → explain → report
//
// The only differences that are explained are between a file and what the API server made of it
// (explain.h). What a leg did not judge is counted by its reason and never counts as the same.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/config.h"
#include "model/finding.h"
#include "model/report.h"
#include "prove/api.h"
#include "prove/verdict.h"
#include "rules/selection.h"
#include "scan/source.h"

namespace ouro::prove {

struct ProveRequest {
  std::vector<std::string> paths;
  engine::Config config;  // effective; its suppressions are not used: a verdict is the check's own
  rules::SelectionOptions selection;
  scan::WalkOptions walk;
  int kubernetes_minor = -1;                // -1: that of the server, or the newest known
  std::string name_space = "default";       // of objects that name none
  bool create = false;                      // really create objects, read them back and delete them
  bool install_policies = false;            // let the server itself judge the exported policies
  int connection_count = 8;                 // requests in flight
  std::string run;                          // 8 lower-case letters and digits, new for each run
  UnixSeconds now = 0;                      // given by the caller
  const std::atomic<bool>* stop = nullptr;  // ends the run; policies are still removed
  std::function<void(int64_t files_done)> progress;  // may be empty; called by one thread at a time
};

struct ObjectPlace {
  std::string file;
  int64_t line = 0;
  model::Resource resource;
};

// How two legs got on with each other, in verdicts: one per check and object that both judge.
// compared = same + explained + unexplained.
struct PairCount {
  Leg a = Leg::kFile;
  Leg b = Leg::kJson;
  int64_t compared = 0;
  int64_t same = 0;
  int64_t explained = 0;
  int64_t unexplained = 0;
  int64_t findings = 0;  // of the compared ones: a leg says fail or error
};

// Differences that the API server's own doing explains.
struct Explained {
  std::string check;
  std::string field;
  std::string reason;
  int64_t count = 0;    // objects
  ObjectPlace example;  // first one
};

struct Difference {
  ObjectPlace object;
  std::string check;
  std::array<std::optional<CheckVerdict>, kLegCount> legs;  // absent: did not judge
  std::string note;                                         // what stood in the way of explaining
};

// Objects that legs did not judge, by reason.
struct NotCompared {
  std::string reason;
  std::vector<Leg> legs;
  struct Object {
    ObjectPlace place;
    std::string sentence;  // the server's own words; may be empty
  };
  std::vector<Object> objects;
};

// A check that some legs cannot judge.
struct LeftOut {
  std::string check;
  std::vector<Leg> legs;
  std::string reason;
};

struct ProveReport {
  std::string server;          // "kube://prod"; empty: none was asked
  std::string server_version;  // "v1.33.13"
  std::string server_missing;  // why none was asked; empty otherwise
  int kubernetes_minor = 0;
  bool created = false;             // live objects were really created
  bool policies_installed = false;  // the server judged the policies; else our evaluator
  bool policies_left = false;       // and could not be removed
  bool interrupted = false;
  int64_t files = 0;
  int64_t objects = 0;
  int64_t objects_excluded = 0;  // by the configuration
  int64_t objects_live = 0;      // judged in the server's form
  int64_t requests = 0;          // to the server, for objects
  std::vector<std::string> checks;
  std::vector<PairCount> pairs;           // all ten, in order of legs
  std::vector<Explained> explained;       // in order of check and field
  std::vector<Difference> unexplained;    // in order of file and object
  std::vector<NotCompared> not_compared;  // most objects first
  std::vector<LeftOut> left_out;          // in order of check
  std::vector<model::Problem> problems;   // files that were not read, and more

  int64_t verdicts_compared() const;
};

// Runs everything. `server`: null when there is none, then `server_missing` says why. Fails for
// wrong use, and when policies were asked for and cannot be installed. Policies are removed before
// it returns, whatever happens; when that fails the problem says what is left. The report does not
// depend on the number of connections.
Result<ProveReport> Prove(const ProveRequest& request, const Server* server,
                          std::string_view server_missing);

// 0: no unexplained difference. 1: there is one. 3: no leg of the server could be compared, the run
// was interrupted, or policies were left behind.
int ExitCodeOf(const ProveReport& report);
// The last line of a report: the verdict in one sentence.
std::string SentenceOf(const ProveReport& report);

// The report for people; `verbose` lists every object that was not compared.
std::string TableOf(const ProveReport& report, bool verbose);
// docs/formats/prove.md.
std::string JsonOf(const ProveReport& report);

}  // namespace ouro::prove
