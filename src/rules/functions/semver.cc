// Kubernetes' semver library (k8s.io/apiserver pkg/cel/library/semverlib.go).
#include <array>
#include <string>

#include <fmt/format.h>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/semantic_version.h"

namespace ouro::rules::functions {

namespace {

struct SemverObject : OpaqueObject {
  uint64_t major = 0;
  uint64_t minor = 0;
  uint64_t patch = 0;
  std::string_view prerelease;
  std::string_view text;
};

const SemverObject& SemverOf(const Value& value) {
  return *static_cast<const SemverObject*>(value.opaque);
}

int Compare(const SemverObject& a, const SemverObject& b) {
  if (a.major != b.major) return a.major < b.major ? -1 : 1;
  if (a.minor != b.minor) return a.minor < b.minor ? -1 : 1;
  if (a.patch != b.patch) return a.patch < b.patch ? -1 : 1;
  return ComparePrereleases(a.prerelease, b.prerelease);
}

const OpaqueType kSemverType = {
    .name = "kubernetes.Semver",
    .equals =
        [](const OpaqueObject& a, const OpaqueObject& b) {
          return Compare(static_cast<const SemverObject&>(a),
                         static_cast<const SemverObject&>(b)) == 0;
        },
    .to_text =
        [](const OpaqueObject& version) {
          return std::string(static_cast<const SemverObject&>(version).text);
        },
    .tag = "k8s.semver",
};

std::optional<SemanticVersion> Parse(std::span<const Value> args) {
  const bool normalize = args.size() > 1 && args[1].boolean;
  return normalize ? NormalizeSemanticVersion(args[0].str()) : ParseSemanticVersion(args[0].str());
}

Value MakeSemver(CallContext& context, std::span<const Value> args) {
  const auto version = Parse(args);
  if (!version) {
    return context.arena.NewError(
        fmt::format("invalid semantic version: {}", ValueToText(args[0], context.keys)));
  }
  SemverObject* object = context.arena.New<SemverObject>();
  object->type = &kSemverType;
  object->major = version->major;
  object->minor = version->minor;
  object->patch = version->patch;
  object->prerelease = context.arena.Copy(version->prerelease);
  object->text = context.arena.Copy(version->ToText());
  return Value::Opaque(object);
}

Value IsSemver(CallContext&, std::span<const Value> args) {
  return Value::Bool(Parse(args).has_value());
}

template <uint64_t SemverObject::* kPart>
Value Number(CallContext&, std::span<const Value> args) {
  return Value::Int(static_cast<int64_t>(SemverOf(args[0]).*kPart));
}

Value CompareTo(CallContext&, std::span<const Value> args) {
  return Value::Int(Compare(SemverOf(args[0]), SemverOf(args[1])));
}
Value IsGreaterThan(CallContext&, std::span<const Value> args) {
  return Value::Bool(Compare(SemverOf(args[0]), SemverOf(args[1])) > 0);
}
Value IsLessThan(CallContext&, std::span<const Value> args) {
  return Value::Bool(Compare(SemverOf(args[0]), SemverOf(args[1])) < 0);
}

constexpr std::string_view kSemver = "kubernetes.Semver";
constexpr std::string_view kPair = "kubernetes.Semver, kubernetes.Semver";

constexpr std::array kOverloads = {
    Overload{"compareTo", "semver_compare_to", true, kPair, "int", CompareTo},
    Overload{"isGreaterThan", "semver_is_greater_than", true, kPair, "bool", IsGreaterThan},
    Overload{"isLessThan", "semver_is_less_than", true, kPair, "bool", IsLessThan},
    Overload{"isSemver", "is_semver_string", false, "string", "bool", IsSemver, FirstStringCost},
    Overload{"isSemver", "is_semver_string_bool", false, "string, bool", "bool", IsSemver,
             FirstStringCost},
    Overload{"major", "semver_major", true, kSemver, "int", Number<&SemverObject::major>},
    Overload{"minor", "semver_minor", true, kSemver, "int", Number<&SemverObject::minor>},
    Overload{"patch", "semver_patch", true, kSemver, "int", Number<&SemverObject::patch>},
    Overload{"semver", "string_bool_to_semver", false, "string, bool", kSemver, MakeSemver,
             FirstStringCost},
    Overload{"semver", "string_to_semver", false, "string", kSemver, MakeSemver, FirstStringCost},
};

}  // namespace

const Library kSemverLibrary = {"semver", "semantic versions", 33, kOverloads};

}  // namespace ouro::rules::functions
