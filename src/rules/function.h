// How functions are offered to CEL expressions: a table of overloads per family, one file a family
// under rules/functions/, all families listed in rules/functions/all.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rules/value.h"

namespace ouro::rules {

class PatternCache;  // rules/pattern.h: compiled RE2 patterns, shared by the evaluations of a
                     // program

// What an implementation may use. Lives for one evaluation.
struct CallContext {
  Arena& arena;
  const io::KeyTable& keys;
  PatternCache& patterns;
  // Extra runtime cost that only the call itself knows (see Overload::cost).
  uint64_t added_cost = 0;
};

// Arguments are in order, receiver first for member functions, and never errors. Returns the
// result, or Value::Error with a message for people. Never throws; must not keep views beyond the
// arena.
using Implementation = Value (*)(CallContext& context, std::span<const Value> args);

// Runtime cost of a call in the API server's units, given arguments and result
// (k8s.io/apiserver/pkg/cel/library/cost.go and cel-go interpreter/runtimecost.go).
using CostFunction = uint64_t (*)(std::span<const Value> args, const Value& result,
                                  const io::KeyTable& keys);

// One signature of one function. Types are written as CEL prints them: bool, int, uint, double,
// string, bytes, null_type, dyn, type, list(T), map(K, V), optional_type(T),
// google.protobuf.Duration, google.protobuf.Timestamp, opaque names such as net.IP, and type
// parameters as single capital letters (A, B, T, K, V).
struct Overload {
  std::string_view name;        // "substring"; operators as "_+_", "!_", "_[_]", "@in"
  std::string_view id;          // unique, e.g. "string_substring_int"
  bool member;                  // receiver style: args[0] is the receiver
  std::string_view parameters;  // comma-separated, receiver first: "string, int"
  std::string_view result;      // "string"
  Implementation call;
  CostFunction cost = nullptr;  // null: 1
  int since_minor = 0;          // first Kubernetes 1.x that knows this overload
};

// A family of functions. `since_minor` is the first Kubernetes 1.x minor whose API server enables
// it; kNeverInKubernetes for libraries of the CEL project that Kubernetes does not enable
// (conformance suites ask for them by name).
inline constexpr int kNeverInKubernetes = 1'000'000;
struct Library {
  std::string_view name;  // "strings", "quantity", …
  std::string_view doc;   // one line
  int since_minor;
  std::span<const Overload> overloads;
};

// All families, sorted by name. Defined in rules/functions/all.cc.
std::span<const Library* const> AllLibraries();

}  // namespace ouro::rules
