// Paths inside a document as check files write them: keys separated by dots, a key that is no plain
// name in brackets and quotes, a list index in brackets: metadata.annotations['example.com/a'],
// containers[0].image. "." or the empty text is the subject itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"

namespace ouro::rules {

struct PathStep {
  std::string key;                // when index < 0
  int64_t index = -1;             // position in a list
  io::KeyId key_id = io::kNoKey;  // `key` in the table that ParseCheckPath() was given
};

// kParse with the column (from 1) in `where`. Keys are interned into `keys` when it is given.
Result<std::vector<PathStep>> ParseCheckPath(std::string_view text, io::KeyTable* keys = nullptr);

// Appends ".key", "['odd key']" or "[3]".
void AppendKeyStep(std::string& path, std::string_view key);
void AppendIndexStep(std::string& path, int64_t index);

// How a list item is named in a field path, without brackets: stable under reordering, so that the
// identity of a finding does not depend on the position in a list. `list_key` is the key of the
// list. Named things give "name=web"; ports "name=http" or "containerPort=80"; mounts
// "mountPath=/data"; scalars themselves ("SYS_ADMIN"); RBAC rules their sorted content; RBAC
// subjects kind, namespace and name; anything else a hash of its content with sorted keys.
std::string ListItemName(const io::Tree& tree, const io::KeyTable& keys, std::string_view list_key,
                         uint32_t item);

// JSON text of a subtree with sorted keys and aliases expanded, for hashing. Cut (never wrong, but
// no longer unique) past limits::kMessageSizeBytes.
std::string CanonicalJson(const io::Tree& tree, const io::KeyTable& keys, uint32_t node);

}  // namespace ouro::rules
