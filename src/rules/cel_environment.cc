#include "rules/cel_environment.h"

#include <algorithm>

#include <fmt/format.h>

#include "rules/cel_wellknown.h"

namespace ouro::rules {

namespace {

// First minor of each feature: k8s.io/apiserver pkg/cel/environment/base.go.
constexpr int kOptionalSince = 28;
constexpr int kCrossTypeSince = 28;
constexpr int kTwoVariablesSince = 32;
// Overloads of one function are a bit set during checking.
constexpr size_t kOverloadCountMax = 64;

}  // namespace

const VariableInfo* Environment::Impl::FindVariable(std::string_view name) const {
  const auto it = variable_index.find(name);
  return it == variable_index.end() ? nullptr : &variables[it->second];
}

const FunctionInfo* Environment::Impl::FindFunction(std::string_view name) const {
  const auto it = function_index.find(name);
  return it == function_index.end() ? nullptr : &functions[it->second];
}

const FunctionInfo* Environment::Impl::ResolveFunction(std::string_view name) const {
  const FunctionInfo* found = nullptr;
  VisitCandidates(name, [&](std::string_view candidate) {
    found = FindFunction(candidate);
    return found != nullptr;
  });
  return found;
}

const ObjectInfo* Environment::Impl::FindObject(std::string_view name) const {
  const auto it = objects.find(name);
  return it == objects.end() ? nullptr : &it->second;
}

const Type* Environment::Impl::FindTypeName(std::string_view name) const {
  const auto it = type_names.find(name);
  return it == type_names.end() ? nullptr : it->second;
}

bool Environment::Impl::FindConstant(std::string_view name, Value& value) const {
  if (name != "google.protobuf.NullValue.NULL_VALUE") return false;
  value = Value::Int(0);
  return true;
}

bool Environment::Impl::IsObject(const void* impl, std::string_view name) {
  return static_cast<const Impl*>(impl)->FindObject(name) != nullptr;
}

bool Environment::Impl::HasLibrary(std::string_view name, int since_minor) const {
  return since_minor <= options.kubernetes_minor ||
         std::find(options.libraries.begin(), options.libraries.end(), name) !=
             options.libraries.end();
}

void Environment::Impl::AddOverload(std::string_view name, OverloadInfo info) {
  const auto [it, added] = function_index.emplace(name, static_cast<uint32_t>(functions.size()));
  if (added) {
    functions.emplace_back();
    functions.back().name = name;
  }
  FunctionInfo& function = functions[it->second];
  if (function.overloads.size() == kOverloadCountMax) return;
  info.index = overload_count++;
  function.overloads.push_back(info);
}

void Environment::Impl::AddLibraries() {
  const bool optional = syntax.optional_syntax;
  for (const Overload& overload : OperatorOverloads()) {
    const bool about_optional =
        overload.parameters.starts_with("optional_type") || overload.name == "_[?_]";
    if (about_optional ? !optional
                       : (overload.since_minor == kCrossTypeSince && !compare_across_types)) {
      continue;
    }
    AddOverload(overload.name, OverloadInfo{&overload, nullptr});
  }
  for (const Library* library : AllLibraries()) {
    if (library->name == "optional" ? !optional
                                    : !HasLibrary(library->name, library->since_minor)) {
      continue;
    }
    const bool by_name = std::find(options.libraries.begin(), options.libraries.end(),
                                   library->name) != options.libraries.end();
    for (const Overload& overload : library->overloads) {
      if (!by_name && overload.since_minor > options.kubernetes_minor) continue;
      AddOverload(overload.name, OverloadInfo{&overload, nullptr});
    }
  }
}

void Environment::Impl::AddTypeNames() {
  const Type* dyn = TypePool::Simple(TypeKind::kDyn);
  for (TypeKind kind :
       {TypeKind::kNull, TypeKind::kBool, TypeKind::kInt, TypeKind::kUint, TypeKind::kDouble,
        TypeKind::kString, TypeKind::kBytes, TypeKind::kDuration, TypeKind::kTimestamp}) {
    const Type* type = TypePool::Simple(kind);
    type_names.emplace(type->name, type);
  }
  type_names.emplace("list", pool.List(dyn));
  type_names.emplace("map", pool.Map(dyn, dyn));
  type_names.emplace("type", pool.TypeOf(nullptr));
  if (syntax.optional_syntax) {
    type_names.emplace("optional_type", pool.Opaque("optional_type", std::span(&dyn, 1)));
  }
  // Abstract types of libraries have dotted names; they are known by the functions that make them.
  for (const FunctionInfo& function : functions) {
    for (const OverloadInfo& info : function.overloads) {
      if (info.overload == nullptr) continue;
      const std::string_view result = info.overload->result;
      if (result.find('.') == std::string_view::npos ||
          result.find('(') != std::string_view::npos || result.starts_with("google.protobuf.")) {
        continue;
      }
      type_names.emplace(result, pool.Opaque(result, {}));
    }
  }
}

Status Environment::Impl::AddDeclarations() {
  for (const ObjectType& object : options.object_types) objects.emplace(object.name, ObjectInfo{});
  for (const ObjectType& object : options.object_types) {
    ObjectInfo& info = objects[object.name];
    for (const ObjectField& field : object.fields) {
      OURO_TRY(const Type* type, pool.Parse(field.type, IsObject, this));
      info.fields[field.name] =
          FieldInfo{type, field.stored_name.empty() ? field.name : field.stored_name};
    }
    type_names.emplace(object.name, pool.Object(object.name));
  }
  for (const VariableDeclaration& variable : options.variables) {
    OURO_TRY(const Type* type, pool.Parse(variable.type, IsObject, this));
    const auto [it, added] =
        variable_index.emplace(variable.name, static_cast<uint32_t>(variables.size()));
    if (!added) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("overlapping identifier for name '{}'", variable.name));
    }
    variables.push_back(VariableInfo{variable.name, type, variable.level});
  }
  for (const FunctionDeclaration& function : options.functions) {
    for (const std::string& parameter : function.parameters) {
      OURO_TRY([[maybe_unused]] const Type* type, pool.Parse(parameter, IsObject, this));
    }
    OURO_TRY([[maybe_unused]] const Type* type, pool.Parse(function.result, IsObject, this));
    AddOverload(function.name, OverloadInfo{nullptr, &function});
  }
  return {};
}

Status Environment::Impl::Build() {
  const int minor = options.kubernetes_minor;
  const bool plain = options.plain_cel;
  compare_across_types = plain || minor >= kCrossTypeSince;
  strict_literals = !plain;
  syntax.optional_syntax = plain || HasLibrary("optional", kOptionalSince);
  syntax.macros = options.macros;
  syntax.two_variables =
      HasLibrary("comprehensions", kTwoVariablesSince) || HasLibrary("macros2", kNeverInKubernetes);
  syntax.block = options.macros && HasLibrary("block", kNeverInKubernetes);
  syntax.bindings = options.macros && (syntax.block || HasLibrary("bindings", kNeverInKubernetes));
  variables.reserve(options.variables.size());
  AddLibraries();
  AddTypeNames();
  OURO_TRY_STATUS(AddDeclarations());
  syntax.greatest_and_least = options.macros && FindFunction("math.@max") != nullptr;
  syntax.sort_by = options.macros && FindFunction("@sortByAssociatedKeys") != nullptr;
  return {};
}

Environment::Environment(EnvironmentOptions options) : options_(std::move(options)) {}
Environment::~Environment() = default;

Result<std::shared_ptr<const Environment>> Environment::Create(EnvironmentOptions options) {
  std::shared_ptr<Environment> environment(new Environment(std::move(options)));
  environment->impl_ = std::make_unique<Impl>(environment->options_);
  OURO_TRY_STATUS(environment->impl_->Build());
  return std::shared_ptr<const Environment>(std::move(environment));
}

int Environment::VariableIndex(std::string_view name) const {
  const auto it = impl_->variable_index.find(name);
  return it == impl_->variable_index.end() ? -1 : static_cast<int>(it->second);
}

}  // namespace ouro::rules
