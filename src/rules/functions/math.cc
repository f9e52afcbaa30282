// CEL's math extension (cel-go ext/math.go). math.least and math.greatest are macros of the parser:
// they call math.@min and math.@max with one number, two numbers or a list.
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "rules/functions/families.h"

namespace ouro::rules::functions {

namespace {

Value Same(CallContext&, std::span<const Value> args) {
  return args[0];
}

bool IsNumber(const Value& value) {
  return value.kind == Kind::kInt || value.kind == Kind::kUint || value.kind == Kind::kDouble;
}

// The smaller (kWanted = 1: replace when the first is greater) or greater of two numbers; the first
// when they are equal.
template <int kReplaceOn>
Value Choose(CallContext&, std::span<const Value> args) {
  int order = 0;
  if (!IsNumber(args[0]) || !IsNumber(args[1])) return Value::Error("no such overload");
  if (!CompareValues(args[0], args[1], order)) {
    return Value::Error("NaN values cannot be ordered");
  }
  return order == kReplaceOn ? args[1] : args[0];
}

template <int kReplaceOn>
Value ChooseFromList(CallContext& context, std::span<const Value> args) {
  constexpr std::string_view kName = kReplaceOn > 0 ? "math.@min" : "math.@max";
  Walker walker(args[0], context.keys);
  if (!walker.Next()) {
    return context.arena.NewError(fmt::format("{}(list) argument must not be empty", kName));
  }
  Value best = walker.value();
  if (!IsNumber(best)) return context.arena.NewError(fmt::format("no such overload: {}", kName));
  while (walker.Next()) {
    const Value pair[] = {best, walker.value()};
    best = Choose<kReplaceOn>(context, pair);
    if (best.is_error()) return best;
  }
  return best;
}

template <double (*kFunction)(double)>
Value OnDouble(CallContext&, std::span<const Value> args) {
  return Value::Double(kFunction(args[0].number));
}

double Ceil(double d) {
  return std::ceil(d);
}
double Floor(double d) {
  return std::floor(d);
}
double Round(double d) {
  return std::round(d);
}
double Trunc(double d) {
  return std::trunc(d);
}
double Abs(double d) {
  return std::fabs(d);
}
double Sqrt(double d) {
  return std::sqrt(d);
}

Value IsInf(CallContext&, std::span<const Value> args) {
  return Value::Bool(std::isinf(args[0].number));
}
Value IsNan(CallContext&, std::span<const Value> args) {
  return Value::Bool(std::isnan(args[0].number));
}
Value IsFinite(CallContext&, std::span<const Value> args) {
  return Value::Bool(std::isfinite(args[0].number));
}

Value AbsInt(CallContext&, std::span<const Value> args) {
  const int64_t value = args[0].integer;
  if (value == INT64_MIN) return Value::Error("integer overflow");
  return Value::Int(value < 0 ? -value : value);
}

Value SignDouble(CallContext&, std::span<const Value> args) {
  const double value = args[0].number;
  if (std::isnan(value)) return args[0];
  return Value::Double(value > 0 ? 1 : (value < 0 ? -1 : 0));
}
Value SignInt(CallContext&, std::span<const Value> args) {
  const int64_t value = args[0].integer;
  return Value::Int(value > 0 ? 1 : (value < 0 ? -1 : 0));
}
Value SignUint(CallContext&, std::span<const Value> args) {
  return Value::Uint(args[0].unsigned_integer == 0 ? 0 : 1);
}

Value SqrtInt(CallContext&, std::span<const Value> args) {
  return Value::Double(std::sqrt(static_cast<double>(args[0].integer)));
}
Value SqrtUint(CallContext&, std::span<const Value> args) {
  return Value::Double(std::sqrt(static_cast<double>(args[0].unsigned_integer)));
}

uint64_t And(uint64_t a, uint64_t b) {
  return a & b;
}
uint64_t Or(uint64_t a, uint64_t b) {
  return a | b;
}
uint64_t Xor(uint64_t a, uint64_t b) {
  return a ^ b;
}

Value WithBits(const Value& like, uint64_t bits) {
  return like.kind == Kind::kInt ? Value::Int(static_cast<int64_t>(bits)) : Value::Uint(bits);
}
uint64_t BitsOf(const Value& value) {
  return value.kind == Kind::kInt ? static_cast<uint64_t>(value.integer) : value.unsigned_integer;
}

template <uint64_t (*kFunction)(uint64_t, uint64_t)>
Value OnBits(CallContext&, std::span<const Value> args) {
  return WithBits(args[0], kFunction(BitsOf(args[0]), BitsOf(args[1])));
}

Value BitNot(CallContext&, std::span<const Value> args) {
  return WithBits(args[0], ~BitsOf(args[0]));
}

// Shifts are logical, also of negative numbers; 64 places and more leave nothing.
template <bool kLeft>
Value Shift(CallContext& context, std::span<const Value> args) {
  const int64_t places = args[1].integer;
  if (places < 0) {
    return context.arena.NewError(
        fmt::format("math.bitShift{}() negative offset: {}", kLeft ? "Left" : "Right", places));
  }
  const uint64_t bits = BitsOf(args[0]);
  if (places >= 64) return WithBits(args[0], 0);
  return WithBits(args[0], kLeft ? bits << places : bits >> places);
}

constexpr auto kMin = Choose<1>;
constexpr auto kMax = Choose<-1>;
constexpr auto kMinList = ChooseFromList<1>;
constexpr auto kMaxList = ChooseFromList<-1>;

constexpr std::array kOverloads = {
    Overload{"math.@max", "math_@max_double", false, "double", "double", Same},
    Overload{"math.@max", "math_@max_int", false, "int", "int", Same},
    Overload{"math.@max", "math_@max_uint", false, "uint", "uint", Same},
    Overload{"math.@max", "math_@max_double_double", false, "double, double", "double", kMax},
    Overload{"math.@max", "math_@max_int_int", false, "int, int", "int", kMax},
    Overload{"math.@max", "math_@max_uint_uint", false, "uint, uint", "uint", kMax},
    Overload{"math.@max", "math_@max_int_uint", false, "int, uint", "dyn", kMax},
    Overload{"math.@max", "math_@max_int_double", false, "int, double", "dyn", kMax},
    Overload{"math.@max", "math_@max_double_int", false, "double, int", "dyn", kMax},
    Overload{"math.@max", "math_@max_double_uint", false, "double, uint", "dyn", kMax},
    Overload{"math.@max", "math_@max_uint_int", false, "uint, int", "dyn", kMax},
    Overload{"math.@max", "math_@max_uint_double", false, "uint, double", "dyn", kMax},
    Overload{"math.@max", "math_@max_list_double", false, "list(double)", "double", kMaxList},
    Overload{"math.@max", "math_@max_list_int", false, "list(int)", "int", kMaxList},
    Overload{"math.@max", "math_@max_list_uint", false, "list(uint)", "uint", kMaxList},
    Overload{"math.@min", "math_@min_double", false, "double", "double", Same},
    Overload{"math.@min", "math_@min_int", false, "int", "int", Same},
    Overload{"math.@min", "math_@min_uint", false, "uint", "uint", Same},
    Overload{"math.@min", "math_@min_double_double", false, "double, double", "double", kMin},
    Overload{"math.@min", "math_@min_int_int", false, "int, int", "int", kMin},
    Overload{"math.@min", "math_@min_uint_uint", false, "uint, uint", "uint", kMin},
    Overload{"math.@min", "math_@min_int_uint", false, "int, uint", "dyn", kMin},
    Overload{"math.@min", "math_@min_int_double", false, "int, double", "dyn", kMin},
    Overload{"math.@min", "math_@min_double_int", false, "double, int", "dyn", kMin},
    Overload{"math.@min", "math_@min_double_uint", false, "double, uint", "dyn", kMin},
    Overload{"math.@min", "math_@min_uint_int", false, "uint, int", "dyn", kMin},
    Overload{"math.@min", "math_@min_uint_double", false, "uint, double", "dyn", kMin},
    Overload{"math.@min", "math_@min_list_double", false, "list(double)", "double", kMinList},
    Overload{"math.@min", "math_@min_list_int", false, "list(int)", "int", kMinList},
    Overload{"math.@min", "math_@min_list_uint", false, "list(uint)", "uint", kMinList},
    Overload{"math.abs", "math_abs_double", false, "double", "double", OnDouble<Abs>},
    Overload{"math.abs", "math_abs_int", false, "int", "int", AbsInt},
    Overload{"math.abs", "math_abs_uint", false, "uint", "uint", Same},
    Overload{"math.bitAnd", "math_bitAnd_int_int", false, "int, int", "int", OnBits<And>},
    Overload{"math.bitAnd", "math_bitAnd_uint_uint", false, "uint, uint", "uint", OnBits<And>},
    Overload{"math.bitNot", "math_bitNot_int_int", false, "int", "int", BitNot},
    Overload{"math.bitNot", "math_bitNot_uint_uint", false, "uint", "uint", BitNot},
    Overload{"math.bitOr", "math_bitOr_int_int", false, "int, int", "int", OnBits<Or>},
    Overload{"math.bitOr", "math_bitOr_uint_uint", false, "uint, uint", "uint", OnBits<Or>},
    Overload{"math.bitShiftLeft", "math_bitShiftLeft_int_int", false, "int, int", "int",
             Shift<true>},
    Overload{"math.bitShiftLeft", "math_bitShiftLeft_uint_int", false, "uint, int", "uint",
             Shift<true>},
    Overload{"math.bitShiftRight", "math_bitShiftRight_int_int", false, "int, int", "int",
             Shift<false>},
    Overload{"math.bitShiftRight", "math_bitShiftRight_uint_int", false, "uint, int", "uint",
             Shift<false>},
    Overload{"math.bitXor", "math_bitXor_int_int", false, "int, int", "int", OnBits<Xor>},
    Overload{"math.bitXor", "math_bitXor_uint_uint", false, "uint, uint", "uint", OnBits<Xor>},
    Overload{"math.ceil", "math_ceil_double", false, "double", "double", OnDouble<Ceil>},
    Overload{"math.floor", "math_floor_double", false, "double", "double", OnDouble<Floor>},
    Overload{"math.isFinite", "math_isFinite_double", false, "double", "bool", IsFinite},
    Overload{"math.isInf", "math_isInf_double", false, "double", "bool", IsInf},
    Overload{"math.isNaN", "math_isNaN_double", false, "double", "bool", IsNan},
    Overload{"math.round", "math_round_double", false, "double", "double", OnDouble<Round>},
    Overload{"math.sign", "math_sign_double", false, "double", "double", SignDouble},
    Overload{"math.sign", "math_sign_int", false, "int", "int", SignInt},
    Overload{"math.sign", "math_sign_uint", false, "uint", "uint", SignUint},
    Overload{"math.sqrt", "math_sqrt_double", false, "double", "double", OnDouble<Sqrt>},
    Overload{"math.sqrt", "math_sqrt_int", false, "int", "double", SqrtInt},
    Overload{"math.sqrt", "math_sqrt_uint", false, "uint", "double", SqrtUint},
    Overload{"math.trunc", "math_trunc_double", false, "double", "double", OnDouble<Trunc>},
};

}  // namespace

const Library kMathLibrary = {"math", "numbers: rounding, signs, bits, least and greatest",
                              kNeverInKubernetes, kOverloads};

}  // namespace ouro::rules::functions
