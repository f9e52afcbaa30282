#include "rules/cel_checker.h"

#include <algorithm>

#include <fmt/format.h>

#include "rules/cel_lexer.h"
#include "rules/cel_wellknown.h"

namespace ouro::rules {

namespace {

constexpr size_t kErrorCountMax = 10;

void CollectParameters(const Type* type, std::vector<const Type*>& found) {
  if (type->kind == TypeKind::kParameter &&
      std::find(found.begin(), found.end(), type) == found.end()) {
    found.push_back(type);
  }
  for (const Type* parameter : type->params()) CollectParameters(parameter, found);
}

// Types as error messages of the API server show them.
std::string ForMessage(const Type* type) {
  switch (type->kind) {
    case TypeKind::kNull:
      return "null";
    case TypeKind::kDuration:
      return "duration";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kError:
      return "!error!";
    default:
      break;
  }
  if (type->nullable || type->parameter_count == 0) return TypeToText(type);
  std::string text(type->name);
  text += '(';
  for (uint32_t i = 0; i < type->parameter_count; ++i) {
    if (i > 0) text += ", ";
    text += ForMessage(type->parameters[i]);
  }
  return text + ')';
}

struct Local {
  std::string_view name;
  const Type* type;
};

class Checker {
 public:
  Checker(const Environment::Impl& environment, SignatureCache& signatures, std::string_view text,
          Arena& arena)
      : env_(environment),
        signatures_(signatures),
        pool_(signatures.pool()),
        bindings_(pool_),
        text_(text),
        arena_(arena),
        cross_type_disabled_(!environment.compare_across_types) {}

  Status Run(Expr* root) {
    Check(root);
    Finish(root);
    if (env_.strict_literals && errors_.empty()) ValidateLiterals(root, false);
    if (errors_.empty()) return {};
    std::string message;
    for (const std::string& error : errors_) {
      if (!message.empty()) message += "; ";
      message += error;
    }
    return Fail(ErrorCode::kInvalid, message, PlaceInText(text_, error_offset_));
  }

 private:
  const Type* Simple(TypeKind kind) { return TypePool::Simple(kind); }
  const Type* Dyn() { return Simple(TypeKind::kDyn); }
  const Type* ErrorType() { return Simple(TypeKind::kError); }

  void Report(uint32_t offset, std::string message) {
    if (errors_.empty()) error_offset_ = offset;
    if (errors_.size() < kErrorCountMax) errors_.push_back(std::move(message));
  }
  void Undeclared(const Expr* e, std::string_view name) {
    Report(e->offset, fmt::format("undeclared reference to '{}' (in container '{}')", name,
                                  env_.options.container));
  }
  void Mismatch(const Expr* e, const Type* expected, const Type* found) {
    Report(e->offset, fmt::format("expected type '{}' but found '{}'",
                                  ForMessage(bindings_.Substitute(expected, true)),
                                  ForMessage(bindings_.Substitute(found, true))));
  }

  void Check(Expr* e) {
    switch (e->kind) {
      case ExprKind::kLiteral:
        e->type = LiteralType(e->literal);
        return;
      case ExprKind::kIdent:
        CheckIdent(e);
        return;
      case ExprKind::kSelect:
        CheckSelect(e);
        return;
      case ExprKind::kCall:
        CheckCall(e);
        return;
      case ExprKind::kList:
        CheckList(e);
        return;
      case ExprKind::kMap:
        CheckMap(e);
        return;
      case ExprKind::kStruct:
        CheckStruct(e);
        return;
      case ExprKind::kComprehension:
        CheckComprehension(e);
        return;
    }
  }

  const Type* LiteralType(const Value& value) {
    switch (value.kind) {
      case Kind::kNull:
        return Simple(TypeKind::kNull);
      case Kind::kBool:
        return Simple(TypeKind::kBool);
      case Kind::kInt:
        return Simple(TypeKind::kInt);
      case Kind::kUint:
        return Simple(TypeKind::kUint);
      case Kind::kDouble:
        return Simple(TypeKind::kDouble);
      case Kind::kString:
        return Simple(TypeKind::kString);
      default:
        return Simple(TypeKind::kBytes);
    }
  }

  const Local* FindLocal(std::string_view name) const {
    for (size_t i = locals_.size(); i > 0; --i) {
      if (locals_[i - 1].name == name) return &locals_[i - 1];
    }
    return nullptr;
  }

  // A global variable, type or constant by one exact name.
  bool ResolveGlobal(Expr* e, std::string_view name) {
    if (const VariableInfo* variable = env_.FindVariable(name)) {
      e->reference = Reference::kVariable;
      e->slot = static_cast<int32_t>(variable - env_.variables.data());
      e->type = variable->type;
      e->name = variable->name;
    } else if (const Type* type = env_.FindTypeName(name)) {
      e->reference = Reference::kConstant;
      e->literal = arena_.NewString(name);
      e->literal.kind = Kind::kType;
      e->type = pool_.TypeOf(type);
    } else if (FindWellKnownType(name) != nullptr) {
      auto denoted = pool_.Parse(FindWellKnownType(name)->type, nullptr, nullptr);
      e->reference = Reference::kConstant;
      e->literal = arena_.NewString(name);
      e->literal.kind = Kind::kType;
      e->type = pool_.TypeOf(denoted ? *denoted : Dyn());
    } else if (Value constant; env_.FindConstant(name, constant)) {
      e->reference = Reference::kConstant;
      e->literal = constant;
      e->type = Simple(TypeKind::kInt);
    } else {
      return false;
    }
    e->kind = ExprKind::kIdent;
    return true;
  }

  void CheckIdent(Expr* e) {
    if (const Local* local = FindLocal(e->name)) {
      e->reference = Reference::kLocal;
      e->type = local->type;
      return;
    }
    if (IsBlockName(e->name)) {
      e->reference = Reference::kLocal;
      e->type = Dyn();
      return;
    }
    const bool found = env_.VisitCandidates(
        e->name, [&](std::string_view candidate) { return ResolveGlobal(e, candidate); });
    if (found) return;
    e->type = ErrorType();
    Undeclared(e, e->name);
  }

  bool IsBlockName(std::string_view name) const {
    return env_.syntax.block && name.starts_with("@index");
  }

  // The leftmost identifier of a chain of plain selections; null for others.
  static const Expr* ChainRoot(const Expr* e) {
    while (e->kind == ExprKind::kSelect && !e->test_only) e = e->args[0];
    return e->kind == ExprKind::kIdent ? e : nullptr;
  }

  bool ResolveQualified(Expr* e) {
    if (e->test_only) return false;
    const Expr* root = ChainRoot(e);
    if (root == nullptr || FindLocal(root->name) != nullptr || IsBlockName(root->name)) {
      return false;
    }
    std::string name;
    if (!QualifiedName(e, name)) return false;
    return env_.VisitCandidates(
        name, [&](std::string_view candidate) { return ResolveGlobal(e, candidate); });
  }

  void CheckSelect(Expr* e) {
    if (ResolveQualified(e)) return;
    const Type* type = SelectField(e, e->args[0], e->name, false);
    if (e->test_only) type = Simple(TypeKind::kBool);
    e->type = bindings_.Substitute(type, false);
  }

  const Type* SelectField(const Expr* e, Expr* operand, std::string_view field, bool optional) {
    Check(operand);
    const Type* target = bindings_.Substitute(operand->type, false);
    const bool was_optional = target->IsOptional();
    if (was_optional) target = target->parameters[0];
    const Type* result = ErrorType();
    if (target->kind == TypeKind::kMap) {
      result = target->parameters[1];
    } else if (target->kind == TypeKind::kObject) {
      if (const Type* type = FieldType(target->name, field)) {
        result = type;
      } else {
        Report(e->offset, fmt::format("undefined field '{}'", field));
      }
    } else if (target->kind == TypeKind::kParameter) {
      bindings_.Assignable(Dyn(), target);
      result = Dyn();
    } else {
      if (!IsDynOrError(target)) {
        Report(e->offset,
               fmt::format("type '{}' does not support field selection", ForMessage(target)));
      }
      result = Dyn();
    }
    return was_optional || optional ? pool_.Opaque("optional_type", std::span(&result, 1)) : result;
  }

  const Type* FieldType(std::string_view object, std::string_view field) {
    const ObjectInfo* info = env_.FindObject(object);
    if (info == nullptr) return nullptr;
    const auto it = info->fields.find(field);
    return it == info->fields.end() ? nullptr : it->second.type;
  }

  void CheckOptionalSelect(Expr* e) {
    const Expr* field = e->args[1];
    const Type* type = SelectField(e, e->args[0], field->literal.str(), true);
    e->args[1]->type = Simple(TypeKind::kString);
    e->type = bindings_.Substitute(type, false);
  }

  void CheckCall(Expr* e) {
    if (e->name == "_?._") return CheckOptionalSelect(e);
    for (uint32_t i = e->member ? 1 : 0; i < e->arg_count; ++i) Check(e->args[i]);
    if (!e->member) {
      const FunctionInfo* function = env_.ResolveFunction(e->name);
      if (function == nullptr) {
        e->type = ErrorType();
        return Undeclared(e, e->name);
      }
      e->name = function->name;
      return ResolveOverload(e, *function);
    }
    std::string prefix;
    const Expr* root = ChainRoot(e->args[0]);
    if (root != nullptr && QualifiedName(e->args[0], prefix)) {
      if (const FunctionInfo* function =
              env_.ResolveFunction(prefix + "." + std::string(e->name))) {
        e->name = function->name;
        e->member = false;
        ++e->args;
        --e->arg_count;
        return ResolveOverload(e, *function);
      }
    }
    Check(e->args[0]);
    const FunctionInfo* function = env_.ResolveFunction(e->name);
    if (function == nullptr) {
      e->type = ErrorType();
      return Undeclared(e, e->name);
    }
    ResolveOverload(e, *function);
  }

  // The signature's types with fresh variables for its type parameters; result last.
  std::vector<const Type*> Instantiate(const Signature& signature) {
    std::vector<const Type*> types = signature.parameters;
    types.push_back(signature.result);
    if (signature.type_parameters.empty()) return types;
    std::vector<const Type*> fresh;
    for (size_t i = 0; i < signature.type_parameters.size(); ++i) {
      fresh.push_back(bindings_.NewVariable());
    }
    for (const Type*& type : types) type = Replace(type, signature.type_parameters, fresh);
    return types;
  }

  const Type* Replace(const Type* type, const std::vector<const Type*>& from,
                      const std::vector<const Type*>& to) {
    if (type->kind == TypeKind::kParameter) {
      const auto it = std::find(from.begin(), from.end(), type);
      return it == from.end() ? type : to[static_cast<size_t>(it - from.begin())];
    }
    if (type->parameter_count == 0) return type;
    std::vector<const Type*> parameters;
    for (const Type* parameter : type->params()) parameters.push_back(Replace(parameter, from, to));
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

  // The arguments of && and || are each checked against bool: no overload can be missing.
  void CheckLogical(Expr* e) {
    const Type* boolean = Simple(TypeKind::kBool);
    e->type = boolean;
    for (const Expr* arg : e->children()) {
      if (bindings_.Assignable(arg->type, boolean)) continue;
      Mismatch(arg, boolean, arg->type);
      e->type = ErrorType();
    }
    e->overloads = 1;
  }

  bool IsDisabled(const OverloadInfo& info) const {
    if (!cross_type_disabled_ || info.overload == nullptr) return false;
    const std::string_view name = info.overload->name;
    if (name != "_<_" && name != "_<=_" && name != "_>_" && name != "_>=_") return false;
    return info.overload->since_minor > 0;
  }

  void ResolveOverload(Expr* e, const FunctionInfo& function) {
    e->function = &function;
    if (function.name == "_&&_" || function.name == "_||_") return CheckLogical(e);
    std::vector<const Type*> args;
    for (const Expr* arg : e->children()) args.push_back(arg->type);
    const Type* result = nullptr;
    for (size_t i = 0; i < function.overloads.size(); ++i) {
      const OverloadInfo& info = function.overloads[i];
      if (info.member() != e->member || IsDisabled(info)) continue;
      const Signature* signature = signatures_.Get(info);
      if (signature == nullptr || signature->parameters.size() != args.size()) continue;
      std::vector<const Type*> types = Instantiate(*signature);
      const Type* candidate = types.back();
      types.pop_back();
      if (!bindings_.AssignableList(args, types)) continue;
      e->overloads |= uint64_t{1} << i;
      const Type* found = bindings_.Substitute(candidate, false);
      if (result == nullptr) {
        result = found;
      } else if (!IsDyn(result) && found != result) {
        result = Dyn();
      }
    }
    if (result == nullptr) return NoOverload(e, function, args);
    e->type = result;
  }

  void NoOverload(Expr* e, const FunctionInfo& function, const std::vector<const Type*>& args) {
    e->type = ErrorType();
    std::string text;
    for (size_t i = e->member ? 1 : 0; i < args.size(); ++i) {
      if (!text.empty()) text += ", ";
      text += ForMessage(bindings_.Substitute(args[i], true));
    }
    const std::string receiver =
        e->member ? ForMessage(bindings_.Substitute(args[0], true)) + "." : std::string();
    Report(e->offset, fmt::format("found no matching overload for '{}' applied to '{}({})'",
                                  function.name, receiver, text));
  }

  const Type* Join(const Type* previous, const Type* current) {
    if (previous == nullptr) return current;
    return bindings_.Assignable(previous, current) ? MostGeneral(previous, current) : Dyn();
  }

  const Type* Unwrapped(const Expr* e) {
    const Type* type = bindings_.Substitute(e->type, false);
    if (type->IsOptional()) return type->parameters[0];
    if (!IsDynOrError(type)) {
      const Type* expected = pool_.Opaque("optional_type", std::span(&type, 1));
      Mismatch(e, expected, type);
    }
    return type;
  }

  void CheckList(Expr* e) {
    const Type* element = nullptr;
    for (uint32_t i = 0; i < e->arg_count; ++i) {
      Expr* item = e->args[i];
      Check(item);
      const bool optional = e->has_optional && e->optionals[i];
      element = Join(element, optional ? Unwrapped(item) : item->type);
    }
    e->type = pool_.List(element == nullptr ? bindings_.NewVariable() : element);
  }

  void CheckMap(Expr* e) {
    const Type* key = nullptr;
    const Type* value = nullptr;
    for (uint32_t i = 0; i < e->arg_count; i += 2) {
      Check(e->args[i]);
      key = Join(key, e->args[i]->type);
      Check(e->args[i + 1]);
      const bool optional = e->has_optional && e->optionals[i / 2];
      value = Join(value, optional ? Unwrapped(e->args[i + 1]) : e->args[i + 1]->type);
    }
    if (key == nullptr) {
      key = bindings_.NewVariable();
      value = bindings_.NewVariable();
    }
    e->type = pool_.Map(key, value);
  }

  void CheckStruct(Expr* e) {
    const WellKnownType* known = nullptr;
    const bool found = env_.VisitCandidates(e->name, [&](std::string_view candidate) {
      known = FindWellKnownType(candidate);
      if (known != nullptr) e->name = known->name;
      const auto object = env_.objects.find(candidate);
      if (object == env_.objects.end()) return known != nullptr;
      e->name = object->first;
      return true;
    });
    e->type = ErrorType();
    if (!found) {
      Undeclared(e, e->name);
    } else if (known != nullptr) {
      auto type = pool_.Parse(known->type, nullptr, nullptr);
      if (type) e->type = *type;
    } else {
      e->type = pool_.Object(e->name);
    }
    for (uint32_t i = 0; i < e->arg_count; ++i) {
      Check(e->args[i]);
      if (!found) continue;
      const Type* field = known != nullptr ? KnownFieldType(*known, e->field_names[i])
                                           : FieldType(e->name, e->field_names[i]);
      if (field == nullptr) {
        Report(e->offset, fmt::format("undefined field '{}'", e->field_names[i]));
        continue;
      }
      const bool optional = e->has_optional && e->optionals[i];
      const Type* value = optional ? Unwrapped(e->args[i]) : e->args[i]->type;
      if (!bindings_.Assignable(field, value)) {
        Report(e->args[i]->offset,
               fmt::format("expected type of field '{}' is '{}' but provided type is '{}'",
                           e->field_names[i], ForMessage(field),
                           ForMessage(bindings_.Substitute(value, true))));
      }
    }
  }

  const Type* KnownFieldType(const WellKnownType& known, std::string_view name) {
    for (const WellKnownField& field : known.fields) {
      if (field.name != name) continue;
      auto type = pool_.Parse(field.type, nullptr, nullptr);
      return type ? *type : nullptr;
    }
    return nullptr;
  }

  void CheckComprehension(Expr* e) {
    Comprehension& fold = *e->fold;
    Check(fold.range);
    Check(fold.initial);
    const Type* range = bindings_.Substitute(fold.range->type, false);
    const Type* accumulator = fold.initial->type;
    const Type* variable = ErrorType();
    const Type* variable2 = ErrorType();
    if (range->kind == TypeKind::kList) {
      variable = variable2 = range->parameters[0];
      if (!fold.variable2.empty()) variable = Simple(TypeKind::kInt);
    } else if (range->kind == TypeKind::kMap) {
      variable = range->parameters[0];
      variable2 = range->parameters[1];
    } else if (IsDynOrError(range) || range->kind == TypeKind::kParameter) {
      bindings_.Assignable(Dyn(), range);
      variable = variable2 = Dyn();
    } else {
      Report(
          fold.range->offset,
          fmt::format("expression of type '{}' cannot be range of a comprehension (must be list, "
                      "map, or dynamic)",
                      ForMessage(range)));
    }
    // cel-go loses its list of disabled comparisons when it enters a scope; rules that are valid
    // there must be valid here.
    cross_type_disabled_ = false;
    const size_t scope = locals_.size();
    locals_.push_back(Local{fold.accumulator, accumulator});
    locals_.push_back(Local{fold.variable, variable});
    if (!fold.variable2.empty()) locals_.push_back(Local{fold.variable2, variable2});
    Check(fold.condition);
    Require(fold.condition, Simple(TypeKind::kBool));
    Check(fold.step);
    Require(fold.step, accumulator);
    locals_.resize(scope + 1);
    Check(fold.result);
    locals_.resize(scope);
    e->type = bindings_.Substitute(fold.result->type, false);
  }

  void Require(const Expr* e, const Type* type) {
    if (!bindings_.Assignable(type, e->type)) Mismatch(e, type, e->type);
  }

  // Final types, free variables become dyn.
  void Finish(Expr* e) {
    if (e->type != nullptr) e->type = bindings_.Substitute(e->type, true);
    for (Expr* child : e->children()) Finish(child);
    if (e->fold == nullptr) return;
    for (Expr* part :
         {e->fold->range, e->fold->initial, e->fold->condition, e->fold->step, e->fold->result}) {
      Finish(part);
    }
  }

  // The API server refuses literals of mixed types except inside format() and blocks.
  void ValidateLiterals(const Expr* e, bool exempt) {
    exempt =
        exempt || (e->kind == ExprKind::kCall && (e->name == "format" || e->name == "cel.@block"));
    if (e->kind == ExprKind::kList && !exempt) {
      const Type* first = nullptr;
      for (uint32_t i = 0; i < e->arg_count; ++i) {
        if (!SameAsFirst(e, i, i, first)) break;
      }
    }
    if (e->kind == ExprKind::kMap && !exempt) {
      const Type* key = nullptr;
      const Type* value = nullptr;
      for (uint32_t i = 0; i < e->arg_count; i += 2) {
        SameAsFirst(e, i, e->arg_count, key);
        SameAsFirst(e, i + 1, i / 2, value);
      }
    }
    for (const Expr* child : e->children()) ValidateLiterals(child, exempt);
    if (e->fold == nullptr) return;
    for (const Expr* part :
         {e->fold->range, e->fold->initial, e->fold->condition, e->fold->step, e->fold->result}) {
      ValidateLiterals(part, exempt);
    }
  }

  bool SameAsFirst(const Expr* e, uint32_t arg, uint32_t entry, const Type*& first) {
    const Type* type = e->args[arg]->type;
    const bool optional = e->has_optional && entry < e->arg_count && e->optionals[entry];
    if (optional && type->IsOptional()) type = type->parameters[0];
    if (first == nullptr) first = type;
    if (EquivalentTypes(first, type)) return true;
    Mismatch(e->args[arg], first, type);
    return false;
  }

  const Environment::Impl& env_;
  SignatureCache& signatures_;
  TypePool& pool_;
  TypeBindings bindings_;
  std::string_view text_;
  Arena& arena_;
  bool cross_type_disabled_;
  std::vector<Local> locals_;
  std::vector<std::string> errors_;
  uint32_t error_offset_ = 0;
};

// Name resolution without types. A dotted name means the longest declared variable it begins with;
// what cannot be resolved stays an identifier without reference and is an error when it is
// evaluated.
class Resolver {
 public:
  Resolver(const Environment::Impl& environment, Arena& arena) : env_(environment), arena_(arena) {}

  void Resolve(Expr* e) {
    if (e->kind == ExprKind::kIdent) return ResolveIdent(e);
    if (e->kind == ExprKind::kSelect && ResolveDotted(e)) return;
    if (e->kind == ExprKind::kStruct) ResolveStruct(e);
    if (e->kind == ExprKind::kCall) return ResolveCall(e);
    for (Expr* child : e->children()) Resolve(child);
    if (e->fold != nullptr) ResolveFold(*e->fold);
  }

 private:
  bool IsLocal(std::string_view name) const {
    return std::find(locals_.begin(), locals_.end(), name) != locals_.end() ||
           (env_.syntax.block && name.starts_with("@index"));
  }

  bool ResolveGlobal(Expr* e, std::string_view name) {
    if (const VariableInfo* variable = env_.FindVariable(name)) {
      e->reference = Reference::kVariable;
      e->slot = static_cast<int32_t>(variable - env_.variables.data());
      e->name = variable->name;
    } else if (Value constant; env_.FindConstant(name, constant)) {
      e->reference = Reference::kConstant;
      e->literal = constant;
    } else if (env_.FindTypeName(name) != nullptr || FindWellKnownType(name) != nullptr) {
      e->reference = Reference::kConstant;
      e->literal = arena_.NewString(name);
      e->literal.kind = Kind::kType;
    } else {
      return false;
    }
    e->kind = ExprKind::kIdent;
    return true;
  }

  void ResolveIdent(Expr* e) {
    if (IsLocal(e->name)) {
      e->reference = Reference::kLocal;
      return;
    }
    env_.VisitCandidates(e->name,
                         [&](std::string_view candidate) { return ResolveGlobal(e, candidate); });
  }

  bool ResolveDotted(Expr* e) {
    if (e->test_only) return false;
    const Expr* root = e;
    while (root->kind == ExprKind::kSelect && !root->test_only) root = root->args[0];
    std::string name;
    if (root->kind != ExprKind::kIdent || IsLocal(root->name) || !QualifiedName(e, name)) {
      return false;
    }
    return env_.VisitCandidates(
        name, [&](std::string_view candidate) { return ResolveGlobal(e, candidate); });
  }

  void ResolveStruct(Expr* e) {
    env_.VisitCandidates(e->name, [&](std::string_view candidate) {
      if (const WellKnownType* known = FindWellKnownType(candidate)) {
        e->name = known->name;
        return true;
      }
      const auto object = env_.objects.find(candidate);
      if (object != env_.objects.end()) e->name = object->first;
      return object != env_.objects.end();
    });
  }

  void ResolveCall(Expr* e) {
    std::string prefix;
    if (e->member && QualifiedName(e->args[0], prefix)) {
      if (const FunctionInfo* function =
              env_.ResolveFunction(prefix + "." + std::string(e->name))) {
        e->name = function->name;
        e->member = false;
        ++e->args;
        --e->arg_count;
      }
    }
    if (const FunctionInfo* function = env_.ResolveFunction(e->name)) {
      e->name = function->name;
      e->function = function;
      for (size_t i = 0; i < function->overloads.size(); ++i) {
        if (function->overloads[i].member() == e->member) e->overloads |= uint64_t{1} << i;
      }
    }
    for (Expr* child : e->children()) Resolve(child);
  }

  void ResolveFold(Comprehension& fold) {
    Resolve(fold.range);
    Resolve(fold.initial);
    const size_t scope = locals_.size();
    locals_.push_back(fold.accumulator);
    locals_.push_back(fold.variable);
    if (!fold.variable2.empty()) locals_.push_back(fold.variable2);
    Resolve(fold.condition);
    Resolve(fold.step);
    locals_.resize(scope + 1);
    Resolve(fold.result);
    locals_.resize(scope);
  }

  const Environment::Impl& env_;
  Arena& arena_;
  std::vector<std::string_view> locals_;
};

}  // namespace

SignatureCache::SignatureCache(const Environment::Impl& environment)
    : environment_(environment), pool_(&environment.pool) {
  signatures_.resize(environment.overload_count);
}

Result<Signature> SignatureCache::Parse(const OverloadInfo& info) {
  Signature signature;
  const void* context = &environment_;
  if (info.overload != nullptr) {
    OURO_TRY(signature.parameters,
             pool_.ParseList(info.overload->parameters, Environment::Impl::IsObject, context));
    OURO_TRY(signature.result,
             pool_.Parse(info.overload->result, Environment::Impl::IsObject, context));
  } else {
    for (const std::string& text : info.declaration->parameters) {
      OURO_TRY(const Type* parameter, pool_.Parse(text, Environment::Impl::IsObject, context));
      signature.parameters.push_back(parameter);
    }
    OURO_TRY(signature.result,
             pool_.Parse(info.declaration->result, Environment::Impl::IsObject, context));
  }
  for (const Type* parameter : signature.parameters) {
    CollectParameters(parameter, signature.type_parameters);
  }
  CollectParameters(signature.result, signature.type_parameters);
  return signature;
}

const Signature* SignatureCache::Get(const OverloadInfo& info) {
  std::unique_ptr<Signature>& slot = signatures_[info.index];
  if (slot == nullptr) {
    auto signature = Parse(info);
    if (!signature) return nullptr;
    slot = std::make_unique<Signature>(std::move(*signature));
  }
  return slot.get();
}

Status CheckTypes(const Environment::Impl& environment, SignatureCache& signatures,
                  std::string_view text, Arena& arena, Expr* root) {
  return Checker(environment, signatures, text, arena).Run(root);
}

void ResolveNames(const Environment::Impl& environment, Arena& arena, Expr* root) {
  Resolver(environment, arena).Resolve(root);
}

bool QualifiedName(const Expr* expr, std::string& name) {
  if (expr->kind == ExprKind::kIdent) {
    name += expr->name;
    return true;
  }
  if (expr->kind != ExprKind::kSelect || expr->test_only) return false;
  if (!QualifiedName(expr->args[0], name)) return false;
  name.append(1, '.').append(expr->name);
  return true;
}

}  // namespace ouro::rules
