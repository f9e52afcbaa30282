// Type checking: resolves names and overloads, deduces types, refuses what cannot work (cel-spec,
// "Gradual Type Checking"; unification and overload resolution are those of cel-go).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "rules/cel_ast.h"
#include "rules/cel_environment.h"
#include "rules/type.h"

namespace ouro::rules {

// A parsed overload.
struct Signature {
  std::vector<const Type*> parameters;
  const Type* result = nullptr;
  std::vector<const Type*> type_parameters;  // distinct, in order of appearance
};

// Parsed signatures of an environment's overloads, for one builder.
class SignatureCache {
 public:
  explicit SignatureCache(const Environment::Impl& environment);
  TypePool& pool() { return pool_; }
  // Null when the overload's text is no signature (a mistake in a library's table).
  const Signature* Get(const OverloadInfo& info);

 private:
  Result<Signature> Parse(const OverloadInfo& info);

  const Environment::Impl& environment_;
  TypePool pool_;
  std::vector<std::unique_ptr<Signature>> signatures_;
};

// Checks the tree in place: names become references, types are filled in. Fails with kInvalid and
// `where` = line:column of the first mistake; the message names all of them.
Status CheckTypes(const Environment::Impl& environment, SignatureCache& signatures,
                  std::string_view text, Arena& arena, Expr* root);

// For expressions that are not checked: resolves what names can be resolved without types.
void ResolveNames(const Environment::Impl& environment, Arena& arena, Expr* root);

// The dotted name that an expression of identifiers and plain selections spells; false for others.
bool QualifiedName(const Expr* expr, std::string& name);

}  // namespace ouro::rules
