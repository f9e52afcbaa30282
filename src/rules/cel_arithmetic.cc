// Arithmetic of CEL (cel-spec, "Numeric Values" and "Timestamps and Durations"): overflow is an
// error, never a wrong number. Durations have the range of 64 bits of nanoseconds, timestamps the
// years 1 to 9999.

#include <cmath>
#include <limits>

#include "rules/cel_machine.h"

namespace ouro::rules {

namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z

__extension__ using Wide = __int128;

Value IntegerOverflow() {
  return Value::Error("integer overflow");
}
Value UnsignedOverflow() {
  return Value::Error("unsigned integer overflow");
}

Wide NanosOf(const Value& v) {
  return Wide{v.integer} * kNanosPerSecond + v.nanos();
}

Value DurationOf(Wide nanos) {
  if (nanos > std::numeric_limits<int64_t>::max() || nanos < std::numeric_limits<int64_t>::min()) {
    return Value::Error("duration overflow");
  }
  return Value::Duration(static_cast<int64_t>(nanos / kNanosPerSecond),
                         static_cast<int32_t>(nanos % kNanosPerSecond));
}

Value TimestampOf(Wide nanos) {
  Wide seconds = nanos / kNanosPerSecond;
  Wide rest = nanos % kNanosPerSecond;
  if (rest < 0) {
    rest += kNanosPerSecond;
    --seconds;
  }
  if (seconds < kFirstSecond || seconds > kLastSecond) return Value::Error("timestamp overflow");
  return Value::Timestamp(static_cast<int64_t>(seconds), static_cast<int32_t>(rest));
}

Value ConcatText(const Value& a, const Value& b, Machine& m) {
  const size_t size = size_t{a.extra} + b.extra;
  if (size > std::numeric_limits<uint32_t>::max()) return Value::Error("string too long");
  char* bytes = static_cast<char*>(m.arena.Allocate(size == 0 ? 1 : size, 1));
  if (m.OutOfMemory()) return m.stop_error;
  if (a.extra > 0) std::memcpy(bytes, a.text, a.extra);
  if (b.extra > 0) std::memcpy(bytes + a.extra, b.text, b.extra);
  const std::string_view text(bytes, size);
  return a.kind == Kind::kString ? Value::String(text) : Value::BytesOf(text);
}

}  // namespace

Value AddValues(const Value& a, const Value& b, Machine& m) {
  if (IsContainerList(a) && IsContainerList(b)) {
    m.Spend(int64_t{ListSize(a)} + ListSize(b));
    if (m.OutOfMemory()) return m.stop_error;
    const Value list = ConcatLists(a, b, m.arena, m.keys);
    return m.OutOfMemory() ? m.stop_error : list;
  }
  if (a.kind == Kind::kTimestamp && b.kind == Kind::kDuration) {
    return TimestampOf(NanosOf(a) + NanosOf(b));
  }
  if (a.kind == Kind::kDuration && b.kind == Kind::kTimestamp) {
    return TimestampOf(NanosOf(a) + NanosOf(b));
  }
  if (a.kind != b.kind) return NoSuchOverload();
  switch (a.kind) {
    case Kind::kInt: {
      int64_t sum = 0;
      if (__builtin_add_overflow(a.integer, b.integer, &sum)) return IntegerOverflow();
      return Value::Int(sum);
    }
    case Kind::kUint: {
      uint64_t sum = 0;
      if (__builtin_add_overflow(a.unsigned_integer, b.unsigned_integer, &sum)) {
        return UnsignedOverflow();
      }
      return Value::Uint(sum);
    }
    case Kind::kDouble:
      return Value::Double(a.number + b.number);
    case Kind::kString:
    case Kind::kBytes:
      return ConcatText(a, b, m);
    case Kind::kDuration:
      return DurationOf(NanosOf(a) + NanosOf(b));
    default:
      return NoSuchOverload();
  }
}

Value SubtractValues(const Value& a, const Value& b, Machine&) {
  if (a.kind == Kind::kTimestamp && b.kind == Kind::kDuration) {
    return TimestampOf(NanosOf(a) - NanosOf(b));
  }
  if (a.kind != b.kind) return NoSuchOverload();
  switch (a.kind) {
    case Kind::kInt: {
      int64_t difference = 0;
      if (__builtin_sub_overflow(a.integer, b.integer, &difference)) return IntegerOverflow();
      return Value::Int(difference);
    }
    case Kind::kUint:
      if (b.unsigned_integer > a.unsigned_integer) return UnsignedOverflow();
      return Value::Uint(a.unsigned_integer - b.unsigned_integer);
    case Kind::kDouble:
      return Value::Double(a.number - b.number);
    case Kind::kDuration:
    case Kind::kTimestamp:
      return DurationOf(NanosOf(a) - NanosOf(b));
    default:
      return NoSuchOverload();
  }
}

Value MultiplyValues(const Value& a, const Value& b) {
  if (a.kind != b.kind) return NoSuchOverload();
  if (a.kind == Kind::kInt) {
    int64_t product = 0;
    if (__builtin_mul_overflow(a.integer, b.integer, &product)) return IntegerOverflow();
    return Value::Int(product);
  }
  if (a.kind == Kind::kUint) {
    uint64_t product = 0;
    if (__builtin_mul_overflow(a.unsigned_integer, b.unsigned_integer, &product)) {
      return UnsignedOverflow();
    }
    return Value::Uint(product);
  }
  return a.kind == Kind::kDouble ? Value::Double(a.number * b.number) : NoSuchOverload();
}

Value DivideValues(const Value& a, const Value& b) {
  if (a.kind != b.kind) return NoSuchOverload();
  if (a.kind == Kind::kInt) {
    if (b.integer == 0) return Value::Error("division by zero");
    if (a.integer == std::numeric_limits<int64_t>::min() && b.integer == -1) {
      return IntegerOverflow();
    }
    return Value::Int(a.integer / b.integer);
  }
  if (a.kind == Kind::kUint) {
    if (b.unsigned_integer == 0) return Value::Error("division by zero");
    return Value::Uint(a.unsigned_integer / b.unsigned_integer);
  }
  if (a.kind != Kind::kDouble) return NoSuchOverload();
  if (b.number != 0) return Value::Double(a.number / b.number);
  // IEEE 754: C++ leaves division by zero undefined.
  if (a.number == 0 || std::isnan(a.number)) {
    return Value::Double(std::numeric_limits<double>::quiet_NaN());
  }
  const bool negative = std::signbit(a.number) != std::signbit(b.number);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return Value::Double(negative ? -kInfinity : kInfinity);
}

Value ModuloValues(const Value& a, const Value& b) {
  if (a.kind != b.kind) return NoSuchOverload();
  if (a.kind == Kind::kInt) {
    if (b.integer == 0) return Value::Error("modulus by zero");
    if (a.integer == std::numeric_limits<int64_t>::min() && b.integer == -1) {
      return IntegerOverflow();
    }
    return Value::Int(a.integer % b.integer);
  }
  if (a.kind != Kind::kUint) return NoSuchOverload();
  if (b.unsigned_integer == 0) return Value::Error("modulus by zero");
  return Value::Uint(a.unsigned_integer % b.unsigned_integer);
}

Value NegateValue(const Value& a) {
  switch (a.kind) {
    case Kind::kInt:
      if (a.integer == std::numeric_limits<int64_t>::min()) return IntegerOverflow();
      return Value::Int(-a.integer);
    case Kind::kDouble:
      return Value::Double(-a.number);
    case Kind::kDuration:
      return DurationOf(-NanosOf(a));
    default:
      return NoSuchOverload();
  }
}

}  // namespace ouro::rules
