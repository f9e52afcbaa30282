// Fuzz target of the JSON reader. What it checks, beyond memory safety:
//
// 1. Acceptance of one value is simdjson's, except for what is wider on purpose: numbers above 64
// bits and
//    half surrogates in escapes.
// 2. ToJson after ReadJson is a fixed point.
// 3. Where the YAML reader accepts the same text as one document, it gives the same value.
// 4. ReadDocument never fails where ReadJson succeeds.

#include <simdjson.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "io/key_table.h"
#include "io/tree.h"

namespace {

using ouro::io::KeyTable;
using ouro::io::Tree;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "invariant does not hold: %s\n", what);
  std::abort();
}

bool SimdjsonAccepts(const std::string& source) {
  simdjson::dom::parser parser;
  return parser.parse(simdjson::padded_string(source)).error() == simdjson::SUCCESS;
}

// Text for which the two may differ: byte order marks, NUL bytes (simdjson's padding ends there).
bool MayDiffer(const std::string& source) {
  return source.find('\0') != std::string::npos || source.find("\xEF\xBB\xBF") != std::string::npos;
}

// JSON that YAML may read as another value: escapes (half surrogates), breaks within text, merge
// keys, and exponents of numbers that no double holds, which are text in YAML.
bool YamlMayDiffer(const std::string& source) {
  for (const char* const odd : {"\\", "\xE2\x80", "\xC2\x85", "<<", "\r", "\n", "e", "E"}) {
    if (source.find(odd) != std::string::npos) return true;
  }
  return false;
}

bool IsOneValue(const Tree& tree) {
  return tree.roots().size() == 1 && !tree.roots()[0].failed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string source(reinterpret_cast<const char*>(data), size);
  static KeyTable keys;
  static Tree tree;
  if (keys.count() > 100'000) keys = KeyTable();
  const bool good = ouro::io::ReadJson(source, {}, keys, tree).has_value();
  if (good && !MayDiffer(source) && SimdjsonAccepts(source)) {
    Require(IsOneValue(tree), "what simdjson accepts is read");
  }
  if (!good) return 0;
  for (const auto& root : tree.roots()) {
    if (root.node == ouro::io::kNoNode) continue;
    const auto json = ouro::io::ToJson(tree, keys, root.node);
    Require(json.has_value(), "a value that was read has JSON");
    static KeyTable other_keys;
    static Tree other;
    if (other_keys.count() > 100'000) other_keys = KeyTable();
    Require(ouro::io::ReadJson(*json, {}, other_keys, other).has_value(), "own JSON is read");
    Require(IsOneValue(other), "own JSON is one value");
    // The double -0 prints as -0, which is read as the integer 0.
    Require(json->find("-0") != std::string::npos ||
                ouro::io::ToJson(other, other_keys, other.roots()[0].node) == *json,
            "JSON is a fixed point");
    Require(SimdjsonAccepts(*json) || json->size() > 18, "own JSON is accepted by simdjson");
  }
  if (!IsOneValue(tree)) return 0;
  const auto json = ouro::io::ToJson(tree, keys, tree.roots()[0].node);
  static KeyTable yaml_keys;
  static Tree yaml;
  if (yaml_keys.count() > 100'000) yaml_keys = KeyTable();
  ouro::io::ReadOptions options;
  options.first_only = true;
  const bool read = ouro::io::ReadYaml(source, options, yaml_keys, yaml).has_value();
  if (read && !yaml.roots()[0].failed && !YamlMayDiffer(source)) {
    Require(ouro::io::ToJson(yaml, yaml_keys, yaml.roots()[0].node) == *json,
            "YAML gives the same value");
  }
  static KeyTable document_keys;
  static Tree document;
  if (document_keys.count() > 100'000) document_keys = KeyTable();
  Require(ouro::io::ReadDocument(source, {}, document_keys, document).has_value(),
          "ReadDocument reads it");
  return 0;
}
