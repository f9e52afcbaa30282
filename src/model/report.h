// What one run of ouro has to say: the input of every report format and of the store.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/finding.h"

namespace ouro::model {

// Conservation: files = examined + excluded + failed + skipped, and the same for objects.
struct Counts {
  int64_t files = 0;  // files looked at, each in exactly one of the next four
  int64_t files_examined = 0;
  int64_t files_excluded = 0;  // by .gitignore or an exclude
  int64_t files_failed = 0;    // could not be read at all (a problem names each)
  int64_t files_skipped = 0;   // no kind of source that this run examines (a text, an image)
  int64_t documents = 0;
  int64_t objects = 0;  // Kubernetes objects, List items counted one by one
  int64_t objects_examined = 0;
  int64_t objects_excluded = 0;
  int64_t objects_failed = 0;
  int64_t workloads = 0;  // objects with a pod template
  int64_t bytes = 0;
  int64_t checks = 0;                          // checks that ran
  std::array<int64_t, kSeverityCount> open{};  // open findings by severity
  int64_t suppressed = 0;
  int64_t baseline = 0;      // hidden because a baseline knows them
  int64_t passed = 0;        // check × subject pairs that passed
  int64_t not_examined = 0;  // problems that are no warnings
};

// The gate's answer with its explanation.
struct Decision {
  std::string verdict = "clean";  // "clean", "observed", "reacted", "blocked", "incomplete"
  int exit_code = 0;
  std::string sentence;                  // one sentence for people: why
  std::vector<std::string> explanation;  // further lines: winning rule per action, losing rules
  std::string rule;                      // the rule that decided, e.g. "default: fail-on high"
};

struct Run {
  std::string ouro_version;
  std::string command;  // "scan"
  std::vector<std::string> paths;
  std::string profile;
  std::string kubernetes_version;  // "1.37"
  std::string started;             // RFC 3339
};

// Metadata of a check that ran, for SARIF rules and `rule` help.
struct RuleInfo {
  std::string id;
  std::string concept_name;
  std::string title;
  std::string description;
  std::string remediation;
  Severity severity = Severity::kMedium;
  std::vector<std::string> aliases;
  std::vector<std::string> references;
  std::vector<std::string> tags;  // framework ids: "pss:baseline", "cis:5.2.2"
};

struct Report {
  Run run;
  std::vector<Finding> findings;  // open first in order of file, line, check; suppressed among them
  std::vector<Problem> problems;
  std::vector<Passed> passed;
  std::vector<RuleInfo> rules;  // sorted by id
  Counts counts;
  Decision decision;
};

}  // namespace ouro::model
