// The clauses of "…".format([…]).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "rules/value.h"

namespace ouro::rules::functions {

// Kubernetes stays with the second version of CEL's strings extension, whose format() prints for
// the locale en_US: thousands separators in %f, "1.052033×10⁰³" for %e, literals inside lists.
// The current version is independent of locales.
enum class FormatDialect : unsigned char { kKubernetes, kCurrent };

// `list` holds the arguments. kInvalid for a bad clause, a bad precision, a missing argument or one
// of the wrong type; kLimit when the text gets too long.
Result<std::string> FormatText(std::string_view pattern, const Value& list, FormatDialect dialect,
                               const io::KeyTable& keys);

}  // namespace ouro::rules::functions
