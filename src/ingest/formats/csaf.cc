// CSAF 2.0 and 2.1 (OASIS): advisories and VEX profiles. A vendor says of products, in general,
// whether they are affected; no finding of anybody's delivery is in it. One statement per
// vulnerability, status and set of products. The product tree resolves product ids to purls, CPEs
// and hashes.
#include <map>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"
#include "model/vex.h"

namespace ouro::ingest {
namespace {

using model::VexProduct;
using model::VexStatement;
using model::VexStatus;

// Product id → product.
using ProductTree = std::map<std::string, VexProduct>;

int Detect(const ReportInput& input) {
  const io::NodeView document = input.json().Get("document");
  if (!document.IsMap()) return kNo;
  if (!Text(document, "csaf_version").empty()) return kNamed;
  return StartsWith(Text(document, "category"), "csaf_") ? kNamed : kNo;
}

void AddProduct(io::NodeView node, const std::string& version_range, ProductTree& tree) {
  const std::string id = Text(node, "product_id");
  if (id.empty()) return;
  VexProduct product;
  const io::NodeView helper = node.Get("product_identification_helper");
  product.id = Text(helper, "purl");
  for (const std::string& purl : Texts(helper, "purls")) {
    if (product.id.empty()) product.id = purl;
    if (purl != product.id) product.identifiers.push_back(purl);
  }
  if (const std::string cpe = Text(helper, "cpe"); !cpe.empty()) product.identifiers.push_back(cpe);
  for (const io::NodeView& file : Items(helper, "hashes")) {
    for (const io::NodeView& hash : Items(file, "file_hashes")) {
      if (Text(hash, "algorithm") == "sha256") {
        product.identifiers.push_back("sha256:" + Text(hash, "value"));
      }
    }
  }
  if (product.id.empty())
    product.id = product.identifiers.empty() ? Text(node, "name") : product.identifiers.front();
  product.version_range = version_range;
  tree.emplace(id, std::move(product));
}

void ReadBranches(io::NodeView parent, const std::string& inherited_range, ProductTree& tree) {
  for (const io::NodeView& branch : Items(parent, "branches")) {
    const bool is_range = Text(branch, "category") == "product_version_range";
    const std::string range = is_range ? Text(branch, "name") : inherited_range;
    AddProduct(branch.Get("product"), range, tree);
    ReadBranches(branch, range, tree);
  }
}

// A relationship is a product of two: a component as a part of a product.
void ReadRelationships(io::NodeView product_tree, ProductTree& tree) {
  for (const io::NodeView& relation : Items(product_tree, "relationships")) {
    const std::string id = Text(relation, "full_product_name.product_id");
    const auto whole = tree.find(Text(relation, "relates_to_product_reference"));
    const auto part = tree.find(Text(relation, "product_reference"));
    VexProduct product;
    if (whole != tree.end()) product = whole->second;
    if (whole == tree.end()) product.id = Text(relation, "full_product_name.name");
    if (part != tree.end()) product.subcomponents = {part->second.id};
    const std::string purl = Text(relation, "full_product_name.product_identification_helper.purl");
    if (!purl.empty()) product.identifiers.push_back(purl);
    if (!id.empty()) tree.emplace(id, std::move(product));
  }
}

ProductTree ReadProducts(io::NodeView root) {
  ProductTree tree;
  const io::NodeView node = root.Get("product_tree");
  for (const io::NodeView& product : Items(node, "full_product_names"))
    AddProduct(product, {}, tree);
  ReadBranches(node, {}, tree);
  ReadRelationships(node, tree);
  return tree;
}

// Members of a group (product_groups) or the ids themselves.
std::vector<std::string> ProductsOf(io::NodeView root, io::NodeView item) {
  std::vector<std::string> ids = Texts(item, "product_ids");
  for (const std::string& group : Texts(item, "group_ids")) {
    for (const io::NodeView& node : Items(root, "product_tree.product_groups")) {
      if (Text(node, "group_id") != group) continue;
      for (std::string& id : Texts(node, "product_ids")) ids.push_back(std::move(id));
    }
  }
  return ids;
}

bool Contains(const std::vector<std::string>& ids, const std::string& id) {
  for (const std::string& other : ids) {
    if (other == id) return true;
  }
  return false;
}

// The text of the first entry of a list of remediations, threats or flags that is about the
// product.
std::string TextFor(io::NodeView root, io::NodeView vulnerability, std::string_view list,
                    std::string_view category, std::string_view field, const std::string& product) {
  for (const io::NodeView& item : Items(vulnerability, list)) {
    if (!category.empty() && Text(item, "category") != category) continue;
    const std::vector<std::string> ids = ProductsOf(root, item);
    if (ids.empty() || Contains(ids, product)) return Text(item, field);
  }
  return {};
}

VexStatement BaseStatement(io::NodeView root, io::NodeView vulnerability) {
  VexStatement statement;
  statement.vulnerability = Text(vulnerability, "cve");
  for (const io::NodeView& id : Items(vulnerability, "ids")) {
    const std::string text = Text(id, "text");
    if (statement.vulnerability.empty()) {
      statement.vulnerability = text;
    } else if (!text.empty()) {
      statement.aliases.push_back(text);
    }
  }
  statement.timestamp = Text(root, "document.tracking.current_release_date");
  statement.author = Text(root, "document.publisher.name");
  statement.document = Text(root, "document.tracking.id");
  statement.document_version = Text(root, "document.tracking.version");
  return statement;
}

// Products with the same words share a statement; `key` tells words apart.
void AddStatements(io::NodeView root, io::NodeView vulnerability, const ProductTree& tree,
                   Sink& sink) {
  for (const auto& [word, list] : vulnerability.Get("product_status").Members()) {
    const std::optional<VexStatus> status = model::ParseVexStatus(word);
    if (!status || !list.IsList()) continue;
    std::vector<VexStatement> statements;
    for (const std::string& id : Texts(list, "")) {
      VexStatement statement = BaseStatement(root, vulnerability);
      statement.status = *status;
      statement.justification_word = TextFor(root, vulnerability, "flags", "", "label", id);
      statement.justification = model::ParseVexJustification(statement.justification_word)
                                    .value_or(model::VexJustification::kNone);
      statement.impact = TextFor(root, vulnerability, "threats", "impact", "details", id);
      statement.action = TextFor(root, vulnerability, "remediations", "", "details", id);
      statement.response = TextFor(root, vulnerability, "remediations", "", "category", id);
      const auto found = tree.find(id);
      VexProduct product = found == tree.end() ? VexProduct{id, {}, {}, {}} : found->second;
      const bool same = !statements.empty() && statements.back().impact == statement.impact &&
                        statements.back().action == statement.action &&
                        statements.back().justification_word == statement.justification_word &&
                        statements.back().response == statement.response;
      if (!same) statements.push_back(std::move(statement));
      statements.back().products.push_back(std::move(product));
    }
    for (VexStatement& statement : statements) sink.AddVex(std::move(statement));
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("document").IsMap()) return MissingPart(root, "\"document\"");
  const io::NodeView vulnerabilities = root.Get("vulnerabilities");
  if (vulnerabilities && !vulnerabilities.IsList() &&
      vulnerabilities.type() != io::NodeType::kNull) {
    return Fail(ErrorCode::kInvalid, "\"vulnerabilities\" is no list", PlaceOf(vulnerabilities));
  }
  const ProductTree tree = ReadProducts(root);
  sink.Begin({"csaf", Text(root, "document.tracking.generator.engine.version"),
              Text(root, "document.tracking.id"),
              Text(root, "document.tracking.current_release_date")});
  for (const io::NodeView& vulnerability : Items(root, "vulnerabilities")) {
    if (BaseStatement(root, vulnerability).vulnerability.empty()) {
      model::Problem problem;
      problem.kind = "invalid";
      problem.file = input.name();
      problem.message = "a vulnerability without CVE or other id was left out";
      sink.AddProblem(std::move(problem));
      continue;
    }
    AddStatements(root, vulnerability, tree, sink);
  }
  return {};
}

}  // namespace

const Importer kCsaf = {"csaf",
                        "CSAF",
                        "CSAF 2.0 and 2.1 advisories and VEX",
                        "one vulnerability, status and set of products (VEX, no findings)",
                        Detect,
                        Read};

}  // namespace ouro::ingest
