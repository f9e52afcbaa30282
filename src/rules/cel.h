// CEL, the Common Expression Language, as Kubernetes speaks it: the facade of the engine.
//
//   parse (cel_parser.h) → type check (cel_checker.h) → flat program (cel_compiler.h) → evaluate
//
// An Environment says which names, types and functions an expression may use. A ProgramBuilder
// compiles any number of expressions into one Program in which equal subexpressions exist once. A
// Program is immutable and may be shared by threads; an Evaluator holds the state of one thread.
//
// Source of the semantics: the CEL language definition and its conformance suite; for Kubernetes'
// additions and costs the documentation and behaviour of k8s.io/apiserver 1.37.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "rules/function.h"
#include "rules/pattern.h"
#include "rules/value.h"

namespace ouro::rules {

// The newest Kubernetes 1.x minor whose rules we know; the default everywhere.
inline constexpr int kNewestKubernetesMinor = 37;

// A declared variable. `level` says how often it changes while one object is judged: 0 once an
// object, 1 once a container, 2 once an item. Shared subexpressions are kept as long as the highest
// level among the variables they use.
struct VariableDeclaration {
  std::string name;  // may hold dots ("a.b.c")
  std::string type =
      "dyn";  // as CEL prints it; also wrapper(int), tuple($T, $U), a declared object type
  int level = 0;
};

// A function that is declared but has no implementation here (conformance suites do so).
struct FunctionDeclaration {
  std::string name;
  std::string id;
  std::vector<std::string> parameters;
  std::string result;
  bool member = false;
};

// An object type with named fields, for rules over a known schema (x-kubernetes-validations).
struct ObjectField {
  std::string name;  // as an expression writes it (escaped: "__namespace__")
  std::string type;
  std::string stored_name;  // as the document has it; empty: the same
};
struct ObjectType {
  std::string name;
  std::vector<ObjectField> fields;
};

struct EnvironmentOptions {
  int kubernetes_minor = kNewestKubernetesMinor;
  // Libraries beyond those of that Kubernetes: names of rules::Library ("math", "network", "block",
  // …).
  std::vector<std::string> libraries;
  std::string container;  // prefix for name resolution
  std::vector<VariableDeclaration> variables;
  std::vector<FunctionDeclaration> functions;
  std::vector<ObjectType> object_types;
  bool type_check = true;
  bool macros = true;
  // The language as its standard has it, without the API server's settings: list and map literals
  // may mix types (they become dyn), numbers of different types may be ordered and optional values
  // used whatever `kubernetes_minor` says; repeated map keys are errors (the API server lets the
  // last win), and so is has(x.f) where x can have no fields (the API server: false).
  bool plain_cel = false;
  // Track runtime cost and stop at these limits; 0 = no tracking (fast).
  uint64_t call_cost_limit = 0;
};

// Immutable after Create(); shared by programs.
class Environment {
 public:
  static Result<std::shared_ptr<const Environment>> Create(EnvironmentOptions options);
  ~Environment();
  const EnvironmentOptions& options() const { return options_; }
  // Slot of a variable for Evaluator::Bind; -1 if not declared.
  int VariableIndex(std::string_view name) const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit Environment(EnvironmentOptions options);
  EnvironmentOptions options_;
  std::unique_ptr<Impl> impl_;
};

struct CompiledExpression {
  int entry = 0;            // for Evaluator::Run
  std::string result_type;  // deduced; "dyn" when unchecked
};

// A program of one or many expressions.
class Program {
 public:
  ~Program();
  const Environment& environment() const { return *environment_; }
  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  friend class ProgramBuilder;
  Program(std::shared_ptr<const Environment> environment, std::unique_ptr<Impl> impl);
  std::shared_ptr<const Environment> environment_;
  std::unique_ptr<Impl> impl_;
};

class ProgramBuilder {
 public:
  // Field names are interned into `keys`; evaluate with that table or with a copy of it.
  ProgramBuilder(std::shared_ptr<const Environment> environment, io::KeyTable& keys);
  ~ProgramBuilder();
  // kParse or kInvalid with where = "line:column" inside the expression. A failed Add leaves the
  // builder as it was. `result_type`: required type, empty = any ("bool" for rules); an expression
  // whose type is only known as dyn is accepted too: see CompiledExpression::result_type.
  Result<CompiledExpression> Add(std::string_view expression, std::string_view result_type = {});
  // The builder must not be used afterwards.
  std::shared_ptr<const Program> Build();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Evaluates the entries of one program. One per thread. Values returned are valid until Reset(),
// and as long as the bound documents and the program live.
class Evaluator {
 public:
  Evaluator(std::shared_ptr<const Program> program, const io::KeyTable& keys);
  ~Evaluator();
  // Sets a variable and forgets what was shared under its level. -1 is ignored.
  void Bind(int variable, const Value& value);
  // The result; an evaluation error is a kError value (a missing variable is one too).
  Value Run(int entry);
  // Runtime cost of the last Run, in the API server's units; 0 unless the environment tracks cost.
  uint64_t cost() const;
  // Forgets bindings, shared values and memory. Call once an object.
  void Reset();
  Arena& arena();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::rules
