#include "rules/type.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace ouro::rules {

namespace {

constexpr int kTypeDepthMax = 50;

constexpr std::array<Type, 13> kSimpleTypes = [] {
  std::array<Type, 13> types{};
  constexpr std::array<std::string_view, 13> kNames = {"error",
                                                       "dyn",
                                                       "any",
                                                       "null_type",
                                                       "bool",
                                                       "int",
                                                       "uint",
                                                       "double",
                                                       "string",
                                                       "bytes",
                                                       "google.protobuf.Duration",
                                                       "google.protobuf.Timestamp",
                                                       ""};
  for (size_t i = 0; i < types.size(); ++i) {
    types[i].kind = static_cast<TypeKind>(i);
    types[i].name = kNames[i];
  }
  return types;
}();

struct NamedType {
  std::string_view name;
  TypeKind kind;
};
constexpr NamedType kNamedTypes[] = {
    {"dyn", TypeKind::kDyn},
    {"bool", TypeKind::kBool},
    {"int", TypeKind::kInt},
    {"uint", TypeKind::kUint},
    {"double", TypeKind::kDouble},
    {"string", TypeKind::kString},
    {"bytes", TypeKind::kBytes},
    {"null_type", TypeKind::kNull},
    {"null", TypeKind::kNull},
    {"any", TypeKind::kAny},
    {"google.protobuf.Any", TypeKind::kAny},
    {"google.protobuf.Value", TypeKind::kDyn},
    {"google.protobuf.Duration", TypeKind::kDuration},
    {"duration", TypeKind::kDuration},
    {"google.protobuf.Timestamp", TypeKind::kTimestamp},
    {"timestamp", TypeKind::kTimestamp},
    {"error", TypeKind::kError},
};

bool SameType(const Type& a, const Type& b) {
  return a.kind == b.kind && a.nullable == b.nullable && a.variable == b.variable &&
         a.name == b.name && a.parameter_count == b.parameter_count &&
         std::equal(a.parameters, a.parameters + a.parameter_count, b.parameters);
}

uint64_t HashType(const Type& type) {
  uint64_t hash = static_cast<uint64_t>(type.kind) * 0x9e3779b97f4a7c15ULL;
  hash ^= FastHash(type.name) + static_cast<uint64_t>(static_cast<int64_t>(type.variable)) * 31;
  hash += type.nullable ? 77 : 0;
  for (const Type* parameter : type.params()) {
    hash = (hash ^ static_cast<uint64_t>(reinterpret_cast<uintptr_t>(parameter))) *
           0xff51afd7ed558ccdULL;
    hash ^= hash >> 29;
  }
  return hash;
}

bool IsPrimitive(TypeKind kind) {
  return kind >= TypeKind::kBool && kind <= TypeKind::kBytes;
}

// t2 accepts values of t1: nominal equality, with wrappers accepting null and their primitive.
bool NominallyAssignable(const Type* target, const Type* from) {
  if (target == from) return true;
  if (target->kind == TypeKind::kDyn || target->kind == TypeKind::kAny ||
      target->kind == TypeKind::kParameter) {
    return true;
  }
  if (target->nullable && from->kind == TypeKind::kNull) return true;
  if (target->kind != from->kind || target->name != from->name ||
      target->parameter_count != from->parameter_count) {
    return false;
  }
  for (uint32_t i = 0; i < target->parameter_count; ++i) {
    if (!NominallyAssignable(target->parameters[i], from->parameters[i])) return false;
  }
  return true;
}

bool EqualOrLessSpecific(const Type* t1, const Type* t2) {
  if (IsDyn(t1) || t1->kind == TypeKind::kParameter) return true;
  if (IsDyn(t2) || t2->kind == TypeKind::kParameter) return false;
  if (t1->kind != t2->kind) return false;
  switch (t1->kind) {
    case TypeKind::kOpaque:
    case TypeKind::kList:
    case TypeKind::kMap:
      if (t1->name != t2->name || t1->parameter_count != t2->parameter_count) return false;
      for (uint32_t i = 0; i < t1->parameter_count; ++i) {
        if (!EqualOrLessSpecific(t1->parameters[i], t2->parameters[i])) return false;
      }
      return true;
    case TypeKind::kType:
      return true;
    default:
      return EquivalentTypes(t1, t2);
  }
}

}  // namespace

// Recursive descent over a type's text.
class TypeReader {
 public:
  TypeReader(TypePool& pool, std::string_view text,
             bool (*is_object)(const void*, std::string_view), const void* context)
      : pool_(pool), text_(text), is_object_(is_object), context_(context) {}

  bool AtEnd() {
    SkipBlanks();
    return at_ >= text_.size();
  }
  bool Take(char c) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // Null on bad text.
  const Type* Read(int depth = 0) {
    SkipBlanks();
    const size_t start = at_;
    while (at_ < text_.size() &&
           std::string_view("(), ").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    const std::string_view name = text_.substr(start, at_ - start);
    if (name.empty() || depth > kTypeDepthMax) return nullptr;
    std::vector<const Type*> parameters;
    if (Take('(')) {
      do {
        const Type* parameter = Read(depth + 1);
        if (parameter == nullptr) return nullptr;
        parameters.push_back(parameter);
      } while (Take(','));
      if (!Take(')')) return nullptr;
    }
    return Build(name, parameters);
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  const Type* Build(std::string_view name, const std::vector<const Type*>& parameters) {
    const Type* dyn = TypePool::Simple(TypeKind::kDyn);
    if (name == "list" || name == "google.protobuf.ListValue") {
      return parameters.size() > 1 ? nullptr : pool_.List(parameters.empty() ? dyn : parameters[0]);
    }
    if (name == "google.protobuf.Struct") {
      return pool_.Map(TypePool::Simple(TypeKind::kString), dyn);
    }
    if (name == "map") {
      if (parameters.empty()) return pool_.Map(dyn, dyn);
      return parameters.size() == 2 ? pool_.Map(parameters[0], parameters[1]) : nullptr;
    }
    if (name == "type") {
      return parameters.size() > 1 ? nullptr
                                   : pool_.TypeOf(parameters.empty() ? nullptr : parameters[0]);
    }
    if (name == "wrapper") {
      return parameters.size() == 1 && IsPrimitive(parameters[0]->kind)
                 ? pool_.Nullable(parameters[0])
                 : nullptr;
    }
    if (parameters.empty()) {
      for (const NamedType& named : kNamedTypes) {
        if (named.name == name) return TypePool::Simple(named.kind);
      }
      if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') return pool_.Parameter(name);
      if (name.size() > 1 && name[0] == '$') return pool_.Parameter(name);
      if (is_object_ != nullptr && is_object_(context_, name)) return pool_.Object(name);
    }
    return pool_.Opaque(name, parameters);
  }

  TypePool& pool_;
  std::string_view text_;
  bool (*is_object_)(const void*, std::string_view);
  const void* context_;
  size_t at_ = 0;
};

TypePool::TypePool(const TypePool* parent) : parent_(parent) {}

const Type* TypePool::Simple(TypeKind kind) {
  return &kSimpleTypes[static_cast<size_t>(kind)];
}

const Type* TypePool::Find(const Type& probe, uint64_t hash) const {
  const auto [first, last] = types_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    if (SameType(*it->second, probe)) return it->second;
  }
  return parent_ == nullptr ? nullptr : parent_->Find(probe, hash);
}

const Type* TypePool::Intern(const Type& probe) {
  const uint64_t hash = HashType(probe);
  if (const Type* found = Find(probe, hash)) return found;
  Type* type = arena_.New<Type>();
  *type = probe;
  type->name = arena_.Copy(probe.name);
  const Type** parameters = arena_.NewArray<const Type*>(probe.parameter_count);
  std::copy(probe.parameters, probe.parameters + probe.parameter_count, parameters);
  type->parameters = parameters;
  types_.emplace(hash, type);
  return type;
}

const Type* TypePool::Nullable(const Type* primitive) {
  Type probe = *primitive;
  probe.nullable = true;
  return Intern(probe);
}

const Type* TypePool::List(const Type* element) {
  Type probe;
  probe.kind = TypeKind::kList;
  probe.name = "list";
  probe.parameters = &element;
  probe.parameter_count = 1;
  return Intern(probe);
}

const Type* TypePool::Map(const Type* key, const Type* value) {
  const Type* parameters[] = {key, value};
  Type probe;
  probe.kind = TypeKind::kMap;
  probe.name = "map";
  probe.parameters = parameters;
  probe.parameter_count = 2;
  return Intern(probe);
}

const Type* TypePool::TypeOf(const Type* denoted) {
  Type probe;
  probe.kind = TypeKind::kType;
  probe.name = "type";
  probe.parameters = &denoted;
  probe.parameter_count = denoted == nullptr ? 0 : 1;
  return Intern(probe);
}

const Type* TypePool::Object(std::string_view name) {
  Type probe;
  probe.kind = TypeKind::kObject;
  probe.name = name;
  return Intern(probe);
}

const Type* TypePool::Opaque(std::string_view name, std::span<const Type* const> parameters) {
  Type probe;
  probe.kind = TypeKind::kOpaque;
  probe.name = name;
  probe.parameters = parameters.data();
  probe.parameter_count = static_cast<uint32_t>(parameters.size());
  return Intern(probe);
}

const Type* TypePool::Parameter(std::string_view name) {
  Type probe;
  probe.kind = TypeKind::kParameter;
  probe.name = name;
  return Intern(probe);
}

const Type* TypePool::Variable(int32_t number) {
  Type probe;
  probe.kind = TypeKind::kParameter;
  probe.variable = number;
  return Intern(probe);
}

Result<const Type*> TypePool::Parse(std::string_view text,
                                    bool (*is_object)(const void*, std::string_view),
                                    const void* context) {
  TypeReader reader(*this, text, is_object, context);
  const Type* type = reader.Read();
  if (type == nullptr || !reader.AtEnd()) {
    return Fail(ErrorCode::kInvalid, fmt::format("'{}' is not a CEL type", Printable(text)));
  }
  return type;
}

Result<std::vector<const Type*>> TypePool::ParseList(
    std::string_view text, bool (*is_object)(const void*, std::string_view), const void* context) {
  TypeReader reader(*this, text, is_object, context);
  std::vector<const Type*> types;
  if (reader.AtEnd()) return types;
  do {
    const Type* type = reader.Read();
    if (type == nullptr) break;
    types.push_back(type);
  } while (reader.Take(','));
  if (types.empty() || !reader.AtEnd()) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("'{}' is not a list of CEL types", Printable(text)));
  }
  return types;
}

std::string TypeToText(const Type* type) {
  if (type->nullable) return fmt::format("wrapper({})", type->name);
  std::string text(type->name);
  if (type->kind == TypeKind::kParameter && type->variable >= 0) {
    text = fmt::format("_var{}", type->variable);
  }
  if (type->parameter_count == 0) return text;
  text += '(';
  for (uint32_t i = 0; i < type->parameter_count; ++i) {
    if (i > 0) text += ", ";
    text += TypeToText(type->parameters[i]);
  }
  return text + ')';
}

bool EquivalentTypes(const Type* t1, const Type* t2) {
  if (t1 == t2) return true;
  if (t1->kind != t2->kind || t1->parameter_count != t2->parameter_count) return false;
  if (t1->kind != TypeKind::kParameter && t1->name != t2->name) return false;
  for (uint32_t i = 0; i < t1->parameter_count; ++i) {
    if (!EquivalentTypes(t1->parameters[i], t2->parameters[i])) return false;
  }
  return true;
}

const Type* MostGeneral(const Type* t1, const Type* t2) {
  return EqualOrLessSpecific(t1, t2) ? t1 : t2;
}

void TypeBindings::Clear() {
  bound_.clear();
  undo_.clear();
}

const Type* TypeBindings::NewVariable() {
  bound_.push_back(nullptr);
  return pool_.Variable(static_cast<int32_t>(bound_.size()) - 1);
}

const Type* TypeBindings::Lookup(const Type* type) const {
  if (type->kind != TypeKind::kParameter || type->variable < 0) return nullptr;
  return bound_[static_cast<size_t>(type->variable)];
}

void TypeBindings::Bind(const Type* variable, const Type* to) {
  if (variable->variable < 0) return;  // a declared type parameter outside its signature
  const Type*& slot = bound_[static_cast<size_t>(variable->variable)];
  undo_.push_back(Undo{variable->variable, slot});
  slot = to;
}

void TypeBindings::Rollback(size_t mark) {
  while (undo_.size() > mark) {
    bound_[static_cast<size_t>(undo_.back().variable)] = undo_.back().before;
    undo_.pop_back();
  }
}

bool TypeBindings::Assignable(const Type* t1, const Type* t2) {
  const size_t mark = undo_.size();
  if (InternalAssignable(t1, t2)) return true;
  Rollback(mark);
  return false;
}

bool TypeBindings::AssignableList(std::span<const Type* const> l1,
                                  std::span<const Type* const> l2) {
  if (l1.size() != l2.size()) return false;
  const size_t mark = undo_.size();
  for (size_t i = 0; i < l1.size(); ++i) {
    if (InternalAssignable(l1[i], l2[i])) continue;
    Rollback(mark);
    return false;
  }
  return true;
}

bool TypeBindings::NullAssignable(const Type* type) const {
  switch (type->kind) {
    case TypeKind::kOpaque:
    case TypeKind::kObject:
    case TypeKind::kAny:
    case TypeKind::kDyn:
    case TypeKind::kDuration:
    case TypeKind::kTimestamp:
    case TypeKind::kNull:
      return true;
    default:
      return type->nullable;
  }
}

bool TypeBindings::ValidSubstitution(const Type* t1, const Type* t2, bool& has_substitution) {
  has_substitution = true;
  if (t1 == t2) return true;
  if (const Type* bound = Lookup(t2)) {
    if (t1 == bound) return true;
    if (!InternalAssignable(t1, bound)) return false;
    const Type* general = MostGeneral(t1, bound);
    if (NotReferencedIn(t2, general)) Bind(t2, general);
    return true;
  }
  has_substitution = false;
  if (!NotReferencedIn(t2, t1)) return false;
  Bind(t2, t1);
  return true;
}

bool TypeBindings::InternalAssignable(const Type* t1, const Type* t2) {
  bool has_substitution = false;
  if (t2->kind == TypeKind::kParameter) {
    if (ValidSubstitution(t1, t2, has_substitution)) return true;
    if (has_substitution) return false;
  }
  if (t1->kind == TypeKind::kParameter) return ValidSubstitution(t2, t1, has_substitution);
  if (IsDynOrError(t1) || IsDynOrError(t2)) return true;
  if (t1->kind == TypeKind::kNull) return NullAssignable(t2);
  if (t2->kind == TypeKind::kNull) return NullAssignable(t1);
  switch (t1->kind) {
    case TypeKind::kType:
      return t2->kind == TypeKind::kType;
    case TypeKind::kOpaque:
    case TypeKind::kList:
    case TypeKind::kMap:
      if (t1->kind != t2->kind || t1->name != t2->name ||
          t1->parameter_count != t2->parameter_count) {
        return false;
      }
      for (uint32_t i = 0; i < t1->parameter_count; ++i) {
        if (!InternalAssignable(t1->parameters[i], t2->parameters[i])) return false;
      }
      return true;
    default:
      return NominallyAssignable(t2, t1);
  }
}

bool TypeBindings::NotReferencedIn(const Type* type, const Type* within) const {
  if (type == within) return false;
  if (within->kind == TypeKind::kParameter) {
    const Type* bound = Lookup(within);
    return bound == nullptr || NotReferencedIn(type, bound);
  }
  return std::all_of(within->params().begin(), within->params().end(),
                     [&](const Type* parameter) { return NotReferencedIn(type, parameter); });
}

const Type* TypeBindings::Substitute(const Type* type, bool to_dyn) {
  if (type->kind == TypeKind::kParameter) {
    if (const Type* bound = Lookup(type)) return Substitute(bound, to_dyn);
    return to_dyn ? TypePool::Simple(TypeKind::kDyn) : type;
  }
  if (type->parameter_count == 0) return type;
  std::vector<const Type*> parameters;
  parameters.reserve(type->parameter_count);
  bool changed = false;
  for (const Type* parameter : type->params()) {
    parameters.push_back(Substitute(parameter, to_dyn));
    changed = changed || parameters.back() != parameter;
  }
  if (!changed) return type;
  switch (type->kind) {
    case TypeKind::kList:
      return pool_.List(parameters[0]);
    case TypeKind::kMap:
      return pool_.Map(parameters[0], parameters[1]);
    case TypeKind::kType:
      return pool_.TypeOf(parameters[0]);
    default:
      return pool_.Opaque(type->name, parameters);
  }
}

}  // namespace ouro::rules
