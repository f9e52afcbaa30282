// Suppressions: comments and annotations of any bytes. Checks that nothing crashes and that what is
// given back is inside the file and well-formed: a suppression that covers more than was written
// would hide findings.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scan/object.h"
#include "scan/suppression.h"
#include "scan/suppression_text.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckAll(const std::vector<ouro::scan::InlineSuppression>& found, const ouro::io::Tree& tree) {
  for (const auto& one : found) {
    Require(!one.by.empty() && !one.selector.empty());
    Require(one.until.empty() || ouro::scan::internal::IsDate(one.until));
    Require(one.last_line >= one.line);
    Require(one.offset <= tree.source().size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<ouro::scan::InlineSuppression> parsed;
  const bool accepted = ouro::scan::ParseSuppressionText(text, parsed).has_value();
  Require(accepted == !parsed.empty());

  ouro::io::KeyTable keys;
  ouro::io::Tree tree;
  if (!ouro::io::ReadDocument(text, {}, keys, tree)) return 0;
  std::vector<ouro::scan::InlineSuppression> found;
  std::vector<ouro::model::Problem> problems;
  ouro::scan::CollectCommentSuppressions(tree, found, problems);
  const ouro::scan::ObjectKeys known(keys);
  ouro::scan::ObjectVisitor visitor;
  visitor.object = [&](ouro::scan::Object&& object) {
    ouro::scan::CollectObjectSuppressions(tree, object.node, keys, found, problems);
  };
  for (uint32_t root = 0; root < tree.roots().size(); ++root) {
    ouro::scan::FindObjects(tree, root, keys, known, visitor);
  }
  CheckAll(found, tree);
  return 0;
}
