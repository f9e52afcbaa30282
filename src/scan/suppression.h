// Inline suppressions, ours and other tools', where they stand: annotations, labels and comments.
// docs/formats/suppressions.md lists every spelling.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "io/tree.h"
#include "model/finding.h"

namespace ouro::scan {

// One suppression found in a file. It covers the findings that fall into its scope and that
// `selector` names: a check id, an alias ("checkov:CKV_K8S_16"), a concept, "*" (everything) or
// "<tool>:*" (every check that this tool has too).
//
// Scope: fields that are empty or 0 restrict nothing.
struct InlineSuppression {
  std::string by;  // spelling family: "ouro.dev/ignore", "checkov.io/skip", "trivy:ignore", …
  std::string selector;
  std::string reason;
  std::string until;      // date (YYYY-MM-DD), the last day on which it holds; empty: no end
  std::string container;  // only findings about this container
  std::string field;      // only findings whose field path holds this text
  int64_t line = 0;       // only findings that point to the lines line … last_line
  int64_t last_line = 0;
  uint32_t object_node = io::kNoNode;  // the object it belongs to; kNoNode: the whole file
  uint32_t offset = 0;                 // where it stands in the file
};

// Suppressions in the annotations and labels of the object and of its pod templates. A malformed
// one (bad date, no id, unknown word) is a warning in `problems`, never a silent miss and never a
// wider suppression than was written. At most limits::kSuppressionCount of one object.
void CollectObjectSuppressions(const io::Tree& tree, uint32_t object_node, const io::KeyTable& keys,
                               std::vector<InlineSuppression>& out,
                               std::vector<model::Problem>& problems);

// Suppressions in comments of the file: ours, checkov:skip and trivy:ignore. Malformed ones as
// above.
//
// A comment at the end of a line covers that line, and where a key's value begins on the next line
// that whole value. A comment on a line of its own covers what begins on the next line with
// content: a key with its value, a list item, or, before the first key of a document, the document.
// checkov:skip covers the document in which it stands, because that is what it means elsewhere.
void CollectCommentSuppressions(const io::Tree& tree, std::vector<InlineSuppression>& out,
                                std::vector<model::Problem>& problems);

// One suppression in our own words: "<id>[, <id>…][, until=YYYY-MM-DD][, container=NAME]
// [, reason=free text]". Several stand on lines of their own or are separated by ';'. Appends one
// entry per id with `by`, `selector`, `reason`, `until` and `container` set. On failure nothing is
// appended and the text says what is wrong; the parser of both spellings and the fuzz target use
// it.
Status ParseSuppressionText(std::string_view text, std::vector<InlineSuppression>& out);

}  // namespace ouro::scan
