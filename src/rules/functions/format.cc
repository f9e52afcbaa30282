// Kubernetes' format library (k8s.io/apiserver pkg/cel/library/format.go).
#include <array>
#include <string>
#include <vector>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/named_format.h"

namespace ouro::rules::functions {

namespace {

struct FormatObject : OpaqueObject {
  const NamedFormat* format = nullptr;
};

const NamedFormat& FormatOf(const Value& value) {
  return *static_cast<const FormatObject*>(value.opaque)->format;
}

const OpaqueType kFormatType = {
    .name = "kubernetes.NamedFormat",
    .equals =
        [](const OpaqueObject& a, const OpaqueObject& b) {
          return static_cast<const FormatObject&>(a).format ==
                 static_cast<const FormatObject&>(b).format;
        },
    .to_text =
        [](const OpaqueObject& format) {
          return std::string(static_cast<const FormatObject&>(format).format->display);
        },
    .tag = "k8s.format",
};

Value NewFormat(Arena& arena, const NamedFormat* format) {
  FormatObject* object = arena.New<FormatObject>();
  object->type = &kFormatType;
  object->format = format;
  return Value::Opaque(object);
}

// Names of the zero-argument functions, as template arguments.
enum class Name : uint8_t {
  kByte,
  kDate,
  kDateTime,
  kDns1035Label,
  kDns1035LabelPrefix,
  kDns1123Label,
  kDns1123LabelPrefix,
  kDns1123Subdomain,
  kDns1123SubdomainPrefix,
  kLabelValue,
  kQualifiedName,
  kUri,
  kUuid,
};

template <Name kName>
Value Constant(CallContext& context, std::span<const Value>) {
  return NewFormat(context.arena, &NamedFormats()[static_cast<size_t>(kName)]);
}

Value Named(CallContext& context, std::span<const Value> args) {
  const NamedFormat* format = FindNamedFormat(args[0].str());
  if (format == nullptr) return context.arena.NewOptional(nullptr);
  const Value value = NewFormat(context.arena, format);
  return context.arena.NewOptional(&value);
}

// None when the text is valid, else the list of what is wrong.
Value Validate(CallContext& context, std::span<const Value> args) {
  std::vector<Value> problems;
  for (const std::string& problem : FormatOf(args[0]).validate(args[1].str())) {
    problems.push_back(context.arena.NewString(problem));
  }
  if (problems.empty()) return context.arena.NewOptional(nullptr);
  const Value list = context.arena.NewList(problems);
  return context.arena.NewOptional(&list);
}

uint64_t ValidateCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  const double text = 1.0 + static_cast<double>(CostSize(args[1]));
  const auto pattern = static_cast<double>(FormatOf(args[0]).pattern_size);
  return ScaledCost(text, kStringFactor) * ScaledCost(pattern, kPatternFactor);
}

constexpr std::string_view kFormat = "kubernetes.NamedFormat";

template <Name kName>
constexpr Overload ConstantOverload(std::string_view name) {
  return Overload{name, name, false, "", kFormat, Constant<kName>};
}

constexpr std::array kOverloads = {
    ConstantOverload<Name::kByte>("format.byte"),
    ConstantOverload<Name::kDate>("format.date"),
    ConstantOverload<Name::kDateTime>("format.datetime"),
    ConstantOverload<Name::kDns1035Label>("format.dns1035Label"),
    ConstantOverload<Name::kDns1035LabelPrefix>("format.dns1035LabelPrefix"),
    ConstantOverload<Name::kDns1123Label>("format.dns1123Label"),
    ConstantOverload<Name::kDns1123LabelPrefix>("format.dns1123LabelPrefix"),
    ConstantOverload<Name::kDns1123Subdomain>("format.dns1123Subdomain"),
    ConstantOverload<Name::kDns1123SubdomainPrefix>("format.dns1123SubdomainPrefix"),
    ConstantOverload<Name::kLabelValue>("format.labelValue"),
    Overload{"format.named", "format-named", false, "string",
             "optional_type(kubernetes.NamedFormat)", Named},
    ConstantOverload<Name::kQualifiedName>("format.qualifiedName"),
    ConstantOverload<Name::kUri>("format.uri"),
    ConstantOverload<Name::kUuid>("format.uuid"),
    Overload{"validate", "format-validate", true, "kubernetes.NamedFormat, string",
             "optional_type(list(string))", Validate, ValidateCost},
};

}  // namespace

const Library kFormatLibrary = {"format", "named formats of strings", 31, kOverloads};

}  // namespace ouro::rules::functions
