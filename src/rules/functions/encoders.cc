// CEL's encoders extension (cel-go ext/encoders.go).
#include <array>
#include <string>

#include "rules/functions/base64.h"
#include "rules/functions/families.h"

namespace ouro::rules::functions {

namespace {

Value Decode(CallContext& context, std::span<const Value> args) {
  auto bytes = DecodeBase64(args[0].str(), Base64Padding::kOptional);
  if (!bytes) return Value::Error("illegal base64 data");
  return context.arena.NewBytes(*bytes);
}

Value Encode(CallContext& context, std::span<const Value> args) {
  return context.arena.NewString(EncodeBase64(args[0].str()));
}

constexpr std::array kOverloads = {
    Overload{"base64.decode", "base64_decode_string", false, "string", "bytes", Decode},
    Overload{"base64.encode", "base64_encode_bytes", false, "bytes", "string", Encode},
};

}  // namespace

const Library kEncoderLibrary = {"encoders", "base64", kNeverInKubernetes, kOverloads};

}  // namespace ouro::rules::functions
