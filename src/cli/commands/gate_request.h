// What `ouro gate`, `ouro policy explain` and `ouro exception` have in common: a request from
// options, configuration and findings. Internal to the commands.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "cli/command.h"
#include "engine/config.h"
#include "gate/decision.h"

namespace ouro::cli {

// Options that say what is to be delivered. In the order of --help.
#define OURO_SUBJECT_OPTIONS                                                                       \
  Option{"--app", 0, "NAME", "application that is delivered"},                                     \
      Option{"--environment", 0, "NAME", "where it is delivered to: prod"},                        \
      Option{"--cluster", 0, "NAME", "cluster that it is delivered to"},                           \
      Option{"--namespace", 0, "NAME", "namespace that it is delivered to"},                       \
      Option{"--branch", 0, "NAME", "branch that it comes from"},                                  \
      Option{"--operation", 0, "NAME", "deploy (the default), rollback, restart, delete, …"},      \
      Option{"--image", 0, "REF", "image that is delivered: findings of others do not count"},     \
      Option{"--role", 0, "ROLE", "role of who asks, for windows that it may pass", {}, {}, true}, \
      Option {                                                                                     \
    "--label", 0, "KEY=VALUE", "label of the delivery", {}, {}, true                               \
  }

// What was read for one question.
struct GateSetup {
  engine::Config config;
  gate::Request request;
  std::string store;  // path of the store that the findings come from; empty: none
};

// The time of --now, or the present one.
Result<UnixSeconds> NowOf(const Arguments& arguments);
// --actor, else $OURO_ACTOR, else $USER, else the number of the user.
std::string ActorOf(const Arguments& arguments);
// A file as a whole; "-" is standard input.
Result<std::string> ReadWhole(const std::string& path, int64_t size_max);

// Policy files of --policy as one policy, or that of ouro.yaml; --fail-on, --incomplete and
// --strict lie over it.
Result<gate::Policy> PolicyOf(const Arguments& arguments, const engine::Config& config);

// Everything but the findings: configuration, policy, subject, time, exceptions, windows, grants,
// baseline.
Result<GateSetup> SetUpGate(const Arguments& arguments);
// The findings: of --input (several), or of the store. None at all is no error: it is for the gate
// to say that nothing is known.
Status AddFindings(const Arguments& arguments, GateSetup& setup);

// Path of the exceptions: --exceptions, else that of ouro.yaml; empty: none.
std::string ExceptionPath(const Arguments& arguments, const engine::Config& config);
// The key that the policy names; empty where it cannot be had. Never printed.
std::string BreakGlassKey(const gate::BreakGlass& rules);

}  // namespace ouro::cli
