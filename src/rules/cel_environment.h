// What an Environment knows, in the form in which parser, checker and lowering ask for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/cel.h"
#include "rules/cel_parser.h"
#include "rules/type.h"

namespace ouro::rules {

// One overload an environment offers. Signatures are parsed on first use, by each builder for
// itself: most of the hundreds of overloads are never asked for, and an environment must be cheap
// to make.
struct OverloadInfo {
  const Overload* overload = nullptr;                // of a library or an operator
  const FunctionDeclaration* declaration = nullptr;  // declared only; exactly one of the two is set
  uint32_t index = 0;                                // in Environment::Impl::overloads

  std::string_view id() const { return overload != nullptr ? overload->id : declaration->id; }
  bool member() const { return overload != nullptr ? overload->member : declaration->member; }
};

// All overloads of one name, at most 64.
struct FunctionInfo {
  std::string_view name;
  std::vector<OverloadInfo> overloads;
};

struct FieldInfo {
  const Type* type = nullptr;
  std::string_view stored_name;
};

struct ObjectInfo {
  std::unordered_map<std::string_view, FieldInfo> fields;
};

struct VariableInfo {
  std::string_view name;
  const Type* type = nullptr;
  int level = 0;
};

struct Environment::Impl {
  explicit Impl(const EnvironmentOptions& environment_options) : options(environment_options) {}

  // Calls visit(name) for the names that `name` may mean in the container, most specific first,
  // until it returns true (cel-spec, "Name Resolution").
  template <typename Visit>
  bool VisitCandidates(std::string_view name, Visit visit) const {
    if (!name.empty() && name[0] == '.') return visit(name.substr(1));
    std::string_view prefix = options.container;
    std::string candidate;
    while (!prefix.empty()) {
      candidate.assign(prefix).append(1, '.').append(name);
      if (visit(std::string_view(candidate))) return true;
      const size_t dot = prefix.rfind('.');
      prefix = dot == std::string_view::npos ? std::string_view() : prefix.substr(0, dot);
    }
    return visit(name);
  }

  const VariableInfo* FindVariable(std::string_view name) const;
  const FunctionInfo* FindFunction(std::string_view name) const;
  // By any name it may have in the container.
  const FunctionInfo* ResolveFunction(std::string_view name) const;
  const ObjectInfo* FindObject(std::string_view name) const;
  // The type that a name denotes ("int", "google.protobuf.Duration", "net.IP"); null if none.
  const Type* FindTypeName(std::string_view name) const;
  // Enum constants: google.protobuf.NullValue.NULL_VALUE.
  bool FindConstant(std::string_view name, Value& value) const;

  static bool IsObject(const void* impl, std::string_view name);
  Status Build();

  const EnvironmentOptions& options;
  SyntaxOptions syntax;
  bool compare_across_types = true;  // 1 < 2u
  // The API server refuses literals of mixed types, [1, dyn(2)], and constants that cannot be
  // converted or are no regular expression. By the standard they are dyn, and errors of evaluation.
  bool strict_literals = false;
  TypePool pool;
  std::vector<VariableInfo> variables;
  std::unordered_map<std::string_view, uint32_t> variable_index;
  std::vector<FunctionInfo> functions;
  std::unordered_map<std::string_view, uint32_t> function_index;
  std::unordered_map<std::string_view, ObjectInfo> objects;
  std::unordered_map<std::string_view, const Type*> type_names;
  uint32_t overload_count = 0;

 private:
  bool HasLibrary(std::string_view name, int since_minor) const;
  void AddOverload(std::string_view name, OverloadInfo info);
  void AddLibraries();
  void AddTypeNames();
  Status AddDeclarations();
};

// Operators and what else the evaluator does by itself, declared like functions (no `call`).
std::span<const Overload> OperatorOverloads();

}  // namespace ouro::rules
