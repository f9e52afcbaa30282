// Which overload a call means when it is evaluated: the first whose parameters take the arguments.

#include "rules/cel_machine.h"

namespace ouro::rules {

namespace {

constexpr uint32_t Bit(Kind kind) {
  return uint32_t{1} << static_cast<uint32_t>(kind);
}
constexpr uint32_t kAnyKind = 0xffffffffU & ~Bit(Kind::kError);
constexpr uint32_t kListKinds = Bit(Kind::kList) | Bit(Kind::kTreeList);
constexpr uint32_t kMapKinds = Bit(Kind::kMap) | Bit(Kind::kTreeMap);

uint32_t KindsOf(const Type* type) {
  switch (type->kind) {
    case TypeKind::kError:
      return 0;
    case TypeKind::kDyn:
    case TypeKind::kAny:
    case TypeKind::kParameter:
      return kAnyKind;
    case TypeKind::kNull:
      return Bit(Kind::kNull);
    case TypeKind::kBool:
      return Bit(Kind::kBool);
    case TypeKind::kInt:
      return Bit(Kind::kInt);
    case TypeKind::kUint:
      return Bit(Kind::kUint);
    case TypeKind::kDouble:
      return Bit(Kind::kDouble);
    case TypeKind::kString:
      return Bit(Kind::kString);
    case TypeKind::kBytes:
      return Bit(Kind::kBytes);
    case TypeKind::kDuration:
      return Bit(Kind::kDuration);
    case TypeKind::kTimestamp:
      return Bit(Kind::kTimestamp);
    case TypeKind::kList:
      return kListKinds;
    case TypeKind::kMap:
    case TypeKind::kObject:
      return kMapKinds;
    case TypeKind::kType:
      return Bit(Kind::kType);
    case TypeKind::kOpaque:
      return type->IsOptional() ? Bit(Kind::kOptional) : Bit(Kind::kOpaque);
  }
  return 0;
}

const ParameterSpec* Nested(const Type* type, Arena& arena) {
  if (KindsOf(type) == kAnyKind) return nullptr;
  // Only flatten() takes lists of lists, and it takes flat ones too.
  if (type->kind == TypeKind::kList && KindsOf(type->parameters[0]) == kAnyKind) return nullptr;
  ParameterSpec* spec = arena.New<ParameterSpec>();
  *spec = SpecOf(type, arena);
  return spec;
}

bool Matches(const ParameterSpec& spec, const Value& value, const io::KeyTable& keys) {
  if ((spec.kinds & Bit(value.kind)) == 0) return false;
  if (value.kind == Kind::kOpaque) {
    return spec.opaque_name.empty() || spec.opaque_name == value.opaque->type->name;
  }
  if (spec.element == nullptr && spec.key == nullptr) return true;
  if (value.kind == Kind::kOptional) {
    return !value.optional->has_value || Matches(*spec.element, value.optional->value, keys);
  }
  Walker first(value, keys);
  if (!first.Next()) return true;
  if (spec.key != nullptr && !Matches(*spec.key, first.key(), keys)) return false;
  return spec.element == nullptr || Matches(*spec.element, first.value(), keys);
}

}  // namespace

ParameterSpec SpecOf(const Type* type, Arena& arena) {
  ParameterSpec spec;
  spec.kinds = KindsOf(type);
  if (type->nullable) spec.kinds |= Bit(Kind::kNull);
  if (type->kind == TypeKind::kOpaque && !type->IsOptional())
    spec.opaque_name = arena.Copy(type->name);
  if (type->kind == TypeKind::kList) spec.element = Nested(type->parameters[0], arena);
  if (type->kind == TypeKind::kMap) {
    spec.key = Nested(type->parameters[0], arena);
    spec.element = Nested(type->parameters[1], arena);
  }
  return spec;
}

bool MatchesParameters(const ParameterSpec* parameters, std::span<const Value> args,
                       const io::KeyTable& keys) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (!Matches(parameters[i], args[i], keys)) return false;
  }
  return true;
}

}  // namespace ouro::rules
