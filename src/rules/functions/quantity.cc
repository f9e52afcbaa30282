// Kubernetes' quantity library (k8s.io/apiserver pkg/cel/library/quantity.go).
#include <array>
#include <string>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/resource_quantity.h"

namespace ouro::rules::functions {

namespace {

// A ResourceQuantity in the arena's memory.
struct QuantityObject : OpaqueObject {
  bool small = true;
  bool negative = false;
  QuantityFormat format = QuantityFormat::kDecimalSi;
  int32_t scale = 0;
  int64_t value = 0;
  std::string_view digits;
  std::string_view text;
};

ResourceQuantity Unpack(const OpaqueObject& opaque) {
  const auto& object = static_cast<const QuantityObject&>(opaque);
  ResourceQuantity quantity;
  quantity.small = object.small;
  quantity.format = object.format;
  quantity.text = object.text;
  if (object.small) {
    quantity.value = object.value;
    quantity.scale = object.scale;
  } else {
    quantity.decimal = Decimal{object.negative, std::string(object.digits), object.scale};
  }
  return quantity;
}

ResourceQuantity QuantityOf(const Value& value) {
  return Unpack(*value.opaque);
}

const OpaqueType kQuantityType = {
    .name = "kubernetes.Quantity",
    .equals = [](const OpaqueObject& a,
                 const OpaqueObject& b) { return CompareQuantities(Unpack(a), Unpack(b)) == 0; },
    .to_text = [](const OpaqueObject& quantity) { return Unpack(quantity).ToText(); },
    .tag = "k8s.quantity",
};

Value NewQuantity(Arena& arena, const ResourceQuantity& quantity) {
  QuantityObject* object = arena.New<QuantityObject>();
  object->type = &kQuantityType;
  object->small = quantity.small;
  object->format = quantity.format;
  object->text = arena.Copy(quantity.text);
  if (quantity.small) {
    object->value = quantity.value;
    object->scale = quantity.scale;
  } else {
    object->negative = quantity.decimal.negative;
    object->digits = arena.Copy(quantity.decimal.digits);
    object->scale = quantity.decimal.scale;
  }
  return Value::Opaque(object);
}

Value NewQuantityOrError(Arena& arena, const std::optional<ResourceQuantity>& quantity) {
  return quantity ? NewQuantity(arena, *quantity)
                  : Value::Error("the quantity has too many digits");
}

Value MakeQuantity(CallContext& context, std::span<const Value> args) {
  const auto quantity = ParseQuantity(args[0].str());
  return quantity ? NewQuantity(context.arena, *quantity)
                  : context.arena.NewError(quantity.error().message);
}

Value IsQuantity(CallContext&, std::span<const Value> args) {
  return Value::Bool(ParseQuantity(args[0].str()).has_value());
}

Value Sign(CallContext&, std::span<const Value> args) {
  return Value::Int(QuantityOf(args[0]).Sign());
}

Value AsApproximateFloat(CallContext&, std::span<const Value> args) {
  return Value::Double(QuantityOf(args[0]).ToDouble());
}

Value AsInteger(CallContext&, std::span<const Value> args) {
  const auto value = QuantityOf(args[0]).ToInt();
  return value ? Value::Int(*value) : Value::Error("cannot convert value to integer");
}

Value IsInteger(CallContext&, std::span<const Value> args) {
  return Value::Bool(QuantityOf(args[0]).ToInt().has_value());
}

Value CompareTo(CallContext&, std::span<const Value> args) {
  return Value::Int(CompareQuantities(QuantityOf(args[0]), QuantityOf(args[1])));
}
Value IsGreaterThan(CallContext&, std::span<const Value> args) {
  return Value::Bool(CompareQuantities(QuantityOf(args[0]), QuantityOf(args[1])) > 0);
}
Value IsLessThan(CallContext&, std::span<const Value> args) {
  return Value::Bool(CompareQuantities(QuantityOf(args[0]), QuantityOf(args[1])) < 0);
}

ResourceQuantity Operand(const Value& value) {
  return value.kind == Kind::kInt ? QuantityOfInt(value.integer) : QuantityOf(value);
}
Value Add(CallContext& context, std::span<const Value> args) {
  return NewQuantityOrError(context.arena, AddQuantities(QuantityOf(args[0]), Operand(args[1])));
}
Value Sub(CallContext& context, std::span<const Value> args) {
  return NewQuantityOrError(context.arena,
                            SubtractQuantities(QuantityOf(args[0]), Operand(args[1])));
}

constexpr std::string_view kQuantity = "kubernetes.Quantity";
constexpr std::string_view kPair = "kubernetes.Quantity, kubernetes.Quantity";
constexpr std::string_view kWithInt = "kubernetes.Quantity, int";

constexpr std::array kOverloads = {
    Overload{"add", "quantity_add", true, kPair, kQuantity, Add},
    Overload{"add", "quantity_add_int", true, kWithInt, kQuantity, Add},
    Overload{"asApproximateFloat", "quantity_get_float", true, kQuantity, "double",
             AsApproximateFloat},
    Overload{"asInteger", "quantity_get_int", true, kQuantity, "int", AsInteger},
    Overload{"compareTo", "quantity_compare_to", true, kPair, "int", CompareTo},
    Overload{"isGreaterThan", "quantity_is_greater_than", true, kPair, "bool", IsGreaterThan},
    Overload{"isInteger", "quantity_is_integer", true, kQuantity, "bool", IsInteger},
    Overload{"isLessThan", "quantity_is_less_than", true, kPair, "bool", IsLessThan},
    Overload{"isQuantity", "is_quantity_string", false, "string", "bool", IsQuantity,
             FirstStringCost},
    Overload{"quantity", "string_to_quantity", false, "string", kQuantity, MakeQuantity,
             FirstStringCost},
    // Declared as a function, not as a member, by Kubernetes.
    Overload{"sign", "quantity_sign", false, kQuantity, "int", Sign},
    Overload{"sub", "quantity_sub", true, kPair, kQuantity, Sub},
    Overload{"sub", "quantity_sub_int", true, kWithInt, kQuantity, Sub},
};

}  // namespace

const Library kQuantityLibrary = {"quantity", "Kubernetes' resource quantities", 28, kOverloads};

}  // namespace ouro::rules::functions
