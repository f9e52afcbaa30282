// OpenVEX 0.0.1 to 0.2.0 (openvex.dev/ns). Statements of somebody about vulnerabilities of
// products: no findings of their own. One statement stays one statement with all its products.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"
#include "model/vex.h"

namespace ouro::ingest {
namespace {

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (!root.Get("statements").IsList()) return kNo;
  const std::string context = Text(root, "@context");
  if (ContainsIgnoreCase(context, "openvex")) return kNamed;
  return HasKeys(root, {"author", "timestamp"}) ? kSure : kNo;
}

// Since 0.2.0 a product is an object; before, a text. Subcomponents and identifiers likewise.
model::VexProduct ProductOf(io::NodeView node) {
  model::VexProduct product;
  product.id = node.IsString() ? std::string(TrimSpace(node.Text())) : Text(node, "@id");
  for (const auto& [kind, value] : node.Get("identifiers").Members()) {
    const std::string text = ScalarText(value);
    if (product.id.empty() && kind == "purl") product.id = text;
    if (!text.empty() && text != product.id) product.identifiers.push_back(text);
  }
  if (product.id.empty() && !product.identifiers.empty()) product.id = product.identifiers.front();
  for (const auto& [algorithm, value] : node.Get("hashes").Members()) {
    const bool is_sha256 = algorithm == "sha-256" || algorithm == "sha256";
    if (is_sha256) product.identifiers.push_back("sha256:" + ScalarText(value));
  }
  for (const io::NodeView& part : Items(node, "subcomponents")) {
    std::string id =
        part.IsString() ? std::string(part.Text()) : FirstText(part, {"@id", "identifiers.purl"});
    if (!id.empty()) product.subcomponents.push_back(std::move(id));
  }
  return product;
}

// The words of a statement; those that it leaves out are the document's.
model::VexStatement StatementOf(io::NodeView root, io::NodeView node, model::VexStatus status) {
  model::VexStatement statement;
  const io::NodeView vulnerability = node.Get("vulnerability");
  statement.vulnerability = vulnerability.IsString() ? std::string(TrimSpace(vulnerability.Text()))
                                                     : FirstText(vulnerability, {"name", "@id"});
  statement.aliases = Texts(vulnerability, "aliases");
  statement.status = status;
  statement.justification_word = Text(node, "justification");
  statement.justification = model::ParseVexJustification(statement.justification_word)
                                .value_or(model::VexJustification::kNone);
  statement.impact = FirstText(node, {"impact_statement", "status_notes"});
  statement.action = Text(node, "action_statement");
  statement.timestamp = FirstText(node, {"last_updated", "timestamp"});
  if (statement.timestamp.empty())
    statement.timestamp = FirstText(root, {"last_updated", "timestamp"});
  statement.author = Text(node, "supplier");
  if (statement.author.empty()) statement.author = Text(root, "author");
  statement.document = Text(root, "@id");
  statement.document_version = Text(root, "version");
  io::NodeView products = node.Get("products");
  if (!products) products = root.Get("product_identifiers");
  for (const io::NodeView& product : Items(products, "")) {
    statement.products.push_back(ProductOf(product));
    // 0.0.1 has the parts beside the products.
    for (const std::string& part : Texts(node, "subcomponents")) {
      statement.products.back().subcomponents.push_back(part);
    }
  }
  return statement;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("statements").IsList()) return MissingPart(root, "list \"statements\"");
  sink.Begin({"openvex", Text(root, "tooling"), Text(root, "@id"), Text(root, "timestamp")});
  for (const io::NodeView& node : Items(root, "statements")) {
    const std::optional<model::VexStatus> status = model::ParseVexStatus(Text(node, "status"));
    model::VexStatement statement =
        StatementOf(root, node, status.value_or(model::VexStatus::kUnderInvestigation));
    if (!status || statement.vulnerability.empty()) {
      model::Problem problem;
      problem.kind = "invalid";
      problem.file = input.name();
      problem.message =
          fmt::format("a statement with status \"{}\" of vulnerability \"{}\" was left out",
                      Text(node, "status"), statement.vulnerability);
      problem.line = ParseInt64(PlaceOf(node).substr(0, PlaceOf(node).find(':'))).value_or(0);
      sink.AddProblem(std::move(problem));
      continue;
    }
    sink.AddVex(std::move(statement));
  }
  return {};
}

}  // namespace

const Importer kOpenvex = {"openvex",
                           "OpenVEX",
                           "OpenVEX documents 0.0.1 to 0.2.0",
                           "one statement about one vulnerability (VEX, no findings)",
                           Detect,
                           Read};

}  // namespace ouro::ingest
