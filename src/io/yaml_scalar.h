// What the text of a scalar means: the resolution rules of Kubernetes' reader (sigs.k8s.io/yaml
// over its fork of yaml.v2, resolve.go and decode.go), which are neither YAML 1.1 nor 1.2. In
// short: yes/no/on/off/y/n are booleans, numbers may hold '_', begin with 0 (octal), 0x, 0o or 0b,
// base 60 and dates stay text, and an exponent makes a float.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::io {

enum class ScalarType : uint8_t { kNull, kBool, kInt, kUint, kDouble, kString };

struct Scalar {
  ScalarType type = ScalarType::kString;
  union {
    bool boolean;
    int64_t integer;
    uint64_t unsigned_integer;
    double number;
  };
  Scalar() : integer(0) {}
};

// Tags that change the meaning of a scalar. kOther is any other tag (a local one, !!set, '!' …):
// the text is taken as a string.
enum class ScalarTag : uint8_t {
  kNone,
  kString,
  kBool,
  kInt,
  kFloat,
  kNull,
  kTimestamp,
  kBinary,
  kMerge,
  kOther
};

// `tag` in full form ("tag:yaml.org,2002:int"); empty gives kNone.
ScalarTag ScalarTagOf(std::string_view tag);

// Meaning of a plain scalar without a tag.
Scalar ResolvePlain(std::string_view text);

// Meaning of a scalar of any style with a tag other than kNone, kBinary: fails when the text is
// nothing of that kind (`!!int x`).
Result<Scalar> ResolveTagged(ScalarTag tag, std::string_view text);

// RFC 4648 section 4 with padding; line ends are ignored, as Go's decoder does. False when invalid.
bool DecodeBase64(std::string_view text, std::string& bytes);

// Each byte that is no part of valid UTF-8 becomes U+FFFD, as Go's JSON encoder writes it.
std::string ReplaceInvalidUtf8(std::string_view bytes);

// Number text as Go prints it. Json: encoding/json (1e+21, 1e-7, otherwise without exponent); Key:
// strconv.FormatFloat(x, 'g', -1, 32), which is how a float becomes a mapping key.
void AppendJsonDouble(std::string& out, double value);
std::string FloatKeyText(double value);

}  // namespace ouro::io
