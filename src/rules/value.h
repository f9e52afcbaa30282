// Values of CEL (the Common Expression Language, cel-spec) during evaluation.
//
// A Value is 16 bytes and trivially copyable. Scalars are stored in place; strings and bytes are
// views into the document, the program or the evaluation's arena; maps and lists of the document
// are referenced, never copied. Everything that evaluation itself builds lives in an Arena and dies
// with it.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "io/key_table.h"
#include "io/tree.h"

namespace ouro::rules {

enum class Kind : uint16_t {
  kError,  // text: message. Errors are values so that && and || can absorb them.
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kDuration,   // whole seconds in `integer`, nanoseconds of the same sign in `extra`
  kTimestamp,  // seconds since 1970 in `integer`, nanoseconds 0..999,999,999 in `extra`
  kList,       // ListObject built by evaluation
  kMap,        // MapObject built by evaluation
  kTreeList,   // list node of a document: `tree`, node index in `extra`
  kTreeMap,    // map node of a document: `tree`, node index in `extra`
  kType,       // text: the type's name, e.g. "int", "list", "google.protobuf.Timestamp"
  kOptional,   // OptionalObject
  kOpaque,     // OpaqueObject: Kubernetes' ip, cidr, quantity, semver, url, format, …
};

struct Value;
struct ListObject;
struct MapObject;
struct OptionalObject;
struct OpaqueObject;

struct Value {
  Kind kind = Kind::kNull;
  uint16_t reserved = 0;  // times: minutes that their text was away from UTC; otherwise 0
  uint32_t extra = 0;  // string/bytes: size in bytes; tree values: node index; times: nanoseconds
  union {
    bool boolean;
    int64_t integer;
    uint64_t unsigned_integer;
    double number;
    const char* text;
    const io::Tree* tree;
    const ListObject* list;
    const MapObject* map;
    const OptionalObject* optional;
    const OpaqueObject* opaque;
  };

  Value() : integer(0) {}
  static Value Null() { return Make(Kind::kNull, 0, 0); }
  static Value Bool(bool b) { return Make(Kind::kBool, 0, b ? 1 : 0); }
  static Value Int(int64_t i) { return Make(Kind::kInt, 0, static_cast<uint64_t>(i)); }
  static Value Uint(uint64_t u) { return Make(Kind::kUint, 0, u); }
  static Value Double(double d) { return Make(Kind::kDouble, 0, std::bit_cast<uint64_t>(d)); }
  // The bytes must outlive the value (document, program, arena or static storage).
  static Value String(std::string_view s) { return Bytes(Kind::kString, s); }
  static Value BytesOf(std::string_view s) { return Bytes(Kind::kBytes, s); }
  static Value Type(std::string_view name) { return Bytes(Kind::kType, name); }
  static Value Error(std::string_view message) { return Bytes(Kind::kError, message); }
  static Value Duration(int64_t seconds, int32_t nanos) {
    return Time(Kind::kDuration, seconds, nanos);
  }
  static Value Timestamp(int64_t seconds, int32_t nanos) {
    return Time(Kind::kTimestamp, seconds, nanos);
  }
  static Value List(const ListObject* l) { return Pointer(Kind::kList, 0, l); }
  static Value Map(const MapObject* m) { return Pointer(Kind::kMap, 0, m); }
  static Value Optional(const OptionalObject* o) { return Pointer(Kind::kOptional, 0, o); }
  static Value Opaque(const OpaqueObject* o) { return Pointer(Kind::kOpaque, 0, o); }
  // The value of a document node: scalars by value, maps and lists by reference, aliases resolved.
  static Value OfNode(const io::Tree& tree, uint32_t index);

  bool is_error() const { return kind == Kind::kError; }
  bool is_true() const { return kind == Kind::kBool && boolean; }
  bool is_false() const { return kind == Kind::kBool && !boolean; }
  std::string_view str() const {
    return std::string_view(text, extra);
  }  // string, bytes, type, error
  int32_t nanos() const { return static_cast<int32_t>(extra); }

  // The two words a value consists of: kind, reserved and extra in `head`, the union in `payload`.
  // Hot code moves values as words: a value written field by field and read back as words would
  // have to wait until the fields have arrived in the cache, which takes longer than an evaluation
  // step.
  struct Words {
    uint64_t head;
    uint64_t payload;
    Kind kind() const { return static_cast<Kind>(head & 0xffff); }
    uint32_t extra() const { return static_cast<uint32_t>(head >> 32); }
  };
  static Value FromWords(const Words& words) { return std::bit_cast<Value>(words); }
  Words words() const {
    Words words;
    std::memcpy(&words.head, this, sizeof(words.head));
    std::memcpy(&words.payload, &integer, sizeof(words.payload));
    return words;
  }
  static Words WordsOfNode(const io::Tree& tree, uint32_t index);

 private:
  static Value Make(Kind kind, uint32_t extra, uint64_t payload) {
    return std::bit_cast<Value>(
        Words{static_cast<uint64_t>(kind) | (static_cast<uint64_t>(extra) << 32), payload});
  }
  static Value Pointer(Kind kind, uint32_t extra, const void* pointer) {
    return Make(kind, extra, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(pointer)));
  }
  static Value Bytes(Kind kind, std::string_view s) {
    return Pointer(kind, static_cast<uint32_t>(s.size()), s.data());
  }
  static Value Time(Kind kind, int64_t seconds, int32_t nanos) {
    return Make(kind, static_cast<uint32_t>(nanos), static_cast<uint64_t>(seconds));
  }
};
static_assert(sizeof(Value) == 16);
static_assert(std::endian::native == std::endian::little);  // Value::Make
static_assert(std::is_trivially_copyable_v<Value>);

// Kubernetes gives lists declared as set or map their own equality and `+`
// (k8s.io/apiserver pkg/cel: x-kubernetes-list-type). Plain evaluation only makes kAtomic.
enum class ListType : uint8_t { kAtomic, kSet, kMap };

struct ListObject {
  const Value* items = nullptr;
  uint32_t count = 0;
  ListType list_type = ListType::kAtomic;
  // kMap: names of the key fields, `key_count` of them.
  const std::string_view* keys = nullptr;
  uint32_t key_count = 0;
  std::span<const Value> span() const { return {items, count}; }
};

struct MapEntry {
  Value key;
  Value value;
};

// Entries in insertion order; keys unique under CEL equality (int 1 = uint 1 = double 1.0).
struct MapObject {
  const MapEntry* entries = nullptr;
  uint32_t count = 0;
  uint32_t slot_mask = 0;           // number of slots - 1
  const uint32_t* slots = nullptr;  // hash index of large maps (Arena::NewMap): entry + 1, 0 = free
  std::string_view type_name;       // empty for maps; a declared object type's name otherwise
  std::span<const MapEntry> span() const { return {entries, count}; }
};

struct OptionalObject {
  bool has_value = false;
  Value value;
};

// What a family of functions needs to know of its own type. One static instance a type.
struct OpaqueType {
  std::string_view name;  // "net.IP", "kubernetes.Quantity", … as type() prints it
  bool (*equals)(const OpaqueObject& a, const OpaqueObject& b);
  // Canonical text, for messages and for the machine contract.
  std::string (*to_text)(const OpaqueObject& object);
  // Tag of the machine contract's typed encoding: "k8s.ip", "k8s.quantity", …
  std::string_view tag;
  // Size in the API server's cost model (bytes of an ip address); null: 1.
  uint64_t (*cost_size)(const OpaqueObject& object) = nullptr;
};
// Base of the family's struct, first member by inheritance; must be trivially destructible because
// the arena never runs destructors.
struct OpaqueObject {
  const OpaqueType* type = nullptr;
};

// Bump allocator of one evaluation. Reset() keeps the memory. Past limits::kEvaluationMemoryBytes
// it sets exhausted(); the evaluator turns that into an error after the call.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* Allocate(size_t size, size_t alignment);
  template <typename T>
  T* New() {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Allocate(sizeof(T), alignof(T))) T();
  }
  template <typename T>
  T* NewArray(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    T* first = static_cast<T*>(Allocate(sizeof(T) * (count == 0 ? 1 : count), alignof(T)));
    for (size_t i = 0; i < count; ++i) new (first + i) T();
    return first;
  }
  std::string_view Copy(std::string_view text);
  Value NewString(std::string_view text) { return Value::String(Copy(text)); }
  Value NewBytes(std::string_view text) { return Value::BytesOf(Copy(text)); }
  Value NewError(std::string_view text) { return Value::Error(Copy(text)); }
  Value NewList(std::span<const Value> items);
  Value NewMap(std::span<const MapEntry> entries);
  Value NewOptional(const Value* value_or_null);

  void Reset();
  size_t used() const { return used_; }
  bool exhausted() const { return exhausted_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t current_ = 0;
  size_t offset_ = 0;
  size_t used_ = 0;
  bool exhausted_ = false;
};

// CEL equality (cel-spec "Equality"): numbers compare across int, uint and double; NaN != NaN;
// lists and maps deeply, whether built or of a document; different kinds are unequal. `keys` gives
// the key texts of documents.
bool ValuesEqual(const Value& a, const Value& b, const io::KeyTable& keys);

// Hash that agrees with ValuesEqual: equal values have equal hashes. Cheap for lists and maps
// (their size only), so it is meant for scalars and map keys.
uint64_t HashValue(const Value& value);

// -1, 0 or 1 as `a` is less than, equal to or greater than `b`; false when the two have no order:
// one is NaN, or they are not both numbers, strings, bytes, bools, durations or timestamps.
bool CompareValues(const Value& a, const Value& b, int& order);

// `a` + `b` of two lists; a list of list type set or map keeps its type (k8s.io/apiserver: union,
// and merge by key). An error value where a set holds lists or maps.
Value ConcatLists(const Value& a, const Value& b, Arena& arena, const io::KeyTable& keys);

// Text for people and error messages, as cel-go prints values: strings bare, lists in brackets.
// Bounded: long values end in "…".
std::string ValueToText(const Value& value, const io::KeyTable& keys);

// Name of the value's CEL type: "null_type", "bool", "int", …, "list", "map", or the opaque name.
std::string_view TypeName(const Value& value);

// Uniform access to built and document lists and maps.
uint32_t ListSize(const Value& list);
Value ListAt(const Value& list, uint32_t index);  // O(1) built; O(index) in a document
uint32_t MapSize(const Value& map);
// False when absent. Document maps have string keys only.
bool MapFind(const Value& map, const Value& key, const io::KeyTable& keys, Value& found);

// Walks lists and maps of both kinds in order, O(1) a step.
class Walker {
 public:
  Walker(const Value& container, const io::KeyTable& keys);
  bool Next();        // false at the end
  Value key() const;  // map key; list index as int
  Value value() const;

 private:
  Value container_;
  const io::KeyTable* keys_;
  uint32_t at_ = 0;
  uint32_t end_ = 0;
  uint32_t index_ = 0;
  bool started_ = false;
};

inline Value::Words Value::WordsOfNode(const io::Tree& tree, uint32_t index) {
  // By io::NodeType; an alias never stands for an alias.
  constexpr Kind kKinds[] = {Kind::kNull,    Kind::kBool,     Kind::kInt,
                             Kind::kUint,    Kind::kDouble,   Kind::kString,
                             Kind::kTreeMap, Kind::kTreeList, Kind::kNull};
  index = tree.Resolve(index);
  const io::Node& node = tree.node(index);
  const uint64_t kind = static_cast<uint64_t>(kKinds[static_cast<size_t>(node.type)]);
  if (node.type >= io::NodeType::kMap) {
    return Words{kind | (uint64_t{index} << 32),
                 static_cast<uint64_t>(reinterpret_cast<uintptr_t>(&tree))};
  }
  Words words{kind, 0};
  if (node.type == io::NodeType::kString) words.head |= uint64_t{node.count} << 32;
  static_assert(sizeof(node.integer) == sizeof(words.payload));
  std::memcpy(&words.payload, &node.integer, sizeof(words.payload));
  return words;
}

inline Value Value::OfNode(const io::Tree& tree, uint32_t index) {
  return FromWords(WordsOfNode(tree, index));
}

}  // namespace ouro::rules
