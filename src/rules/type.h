// Types of the checker: hash-consed, so that equal types are the same pointer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "rules/value.h"

namespace ouro::rules {

enum class TypeKind : uint8_t {
  kError,  // what a wrong expression has, so that one mistake is reported once
  kDyn,
  kAny,
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kDuration,
  kTimestamp,
  kList,       // parameters: element
  kMap,        // parameters: key, value
  kType,       // parameters: the type denoted, or none
  kObject,     // declared object type, `name`
  kOpaque,     // abstract type, `name` and parameters: optional_type(T), net.IP, tuple($T, $U)
  kParameter,  // type parameter of a signature, `name`, or a variable of the checker, `variable`
};

struct Type {
  TypeKind kind = TypeKind::kDyn;
  bool nullable = false;  // wrapper(T) of a primitive type
  int32_t variable = -1;  // kParameter made by TypePool::Variable
  std::string_view name;
  const Type* const* parameters = nullptr;
  uint32_t parameter_count = 0;

  std::span<const Type* const> params() const { return {parameters, parameter_count}; }
  bool IsOptional() const { return kind == TypeKind::kOpaque && name == "optional_type"; }
};

// Owns types. A pool may have a parent whose types it reuses; the parent must outlive it and must
// not change while it is used. Not thread-safe, except that a pool nobody writes to may be a parent
// of many.
class TypePool {
 public:
  explicit TypePool(const TypePool* parent = nullptr);
  TypePool(const TypePool&) = delete;
  TypePool& operator=(const TypePool&) = delete;

  static const Type* Simple(TypeKind kind);  // kinds without name and parameters
  const Type* Nullable(const Type* primitive);
  const Type* List(const Type* element);
  const Type* Map(const Type* key, const Type* value);
  const Type* TypeOf(const Type* denoted);
  const Type* Object(std::string_view name);
  const Type* Opaque(std::string_view name, std::span<const Type* const> parameters);
  const Type* Parameter(std::string_view name);
  const Type* Variable(int32_t number);

  // Reads a type as CEL prints it: bool, list(T), map(K, V), wrapper(int), optional_type(T),
  // type(T), google.protobuf.Duration, single capital letters and $T for type parameters. A name
  // that is nothing else is an object type when `is_object` says so, an opaque type otherwise.
  Result<const Type*> Parse(std::string_view text, bool (*is_object)(const void*, std::string_view),
                            const void* context);
  // Comma-separated types; empty text is an empty list.
  Result<std::vector<const Type*>> ParseList(std::string_view text,
                                             bool (*is_object)(const void*, std::string_view),
                                             const void* context);

 private:
  friend class TypeReader;
  const Type* Intern(const Type& probe);
  const Type* Find(const Type& probe, uint64_t hash) const;

  const TypePool* parent_;
  Arena arena_;
  std::unordered_multimap<uint64_t, const Type*> types_;
};

// As CEL prints it: "list(int)", "map(string, dyn)", "wrapper(int)", "optional_type(T)".
std::string TypeToText(const Type* type);

// True when t1 and t2 are the same but for the names of type parameters and nullability.
bool EquivalentTypes(const Type* t1, const Type* t2);

// Bindings of the checker's type variables, with the rules of assignability and unification of
// cel-go's checker (cel-spec, "Gradual Type Checking").
class TypeBindings {
 public:
  explicit TypeBindings(TypePool& pool) : pool_(pool) {}
  void Clear();
  const Type* NewVariable();

  // Is t2 assignable to t1? Binds variables on success, changes nothing on failure.
  bool Assignable(const Type* t1, const Type* t2);
  bool AssignableList(std::span<const Type* const> l1, std::span<const Type* const> l2);
  // `type` with bound variables replaced; unbound ones become dyn when `to_dyn`.
  const Type* Substitute(const Type* type, bool to_dyn);

 private:
  struct Undo {
    int32_t variable;
    const Type* before;
  };
  bool InternalAssignable(const Type* t1, const Type* t2);
  bool NullAssignable(const Type* type) const;
  // Is `t2` (a parameter) or what it stands for a valid substitution for t1? `has_substitution`
  // tells whether t2 was bound.
  bool ValidSubstitution(const Type* t1, const Type* t2, bool& has_substitution);
  bool NotReferencedIn(const Type* type, const Type* within) const;
  const Type* Lookup(const Type* type) const;
  void Bind(const Type* variable, const Type* to);
  void Rollback(size_t mark);

  TypePool& pool_;
  std::vector<const Type*> bound_;
  std::vector<Undo> undo_;
};

// The more general of two types that are known to unify.
const Type* MostGeneral(const Type* t1, const Type* t2);

inline bool IsDyn(const Type* t) {
  return t->kind == TypeKind::kDyn || t->kind == TypeKind::kAny;
}
inline bool IsDynOrError(const Type* t) {
  return IsDyn(t) || t->kind == TypeKind::kError;
}

}  // namespace ouro::rules
