#include "report/vex.h"

#include <optional>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "report/json_text.h"
#include "report/vex_shared.h"

namespace ouro::report {
namespace {

bool IsWritable(const model::VexStatement& statement) {
  return !statement.vulnerability.empty() && !statement.products.empty();
}

void AppendProduct(std::string& out, const model::VexProduct& product) {
  JsonScope scope(out, '{');
  scope.Text("@id", product.id);
  if (!product.subcomponents.empty()) {
    scope.Next("subcomponents");
    JsonScope list(out, '[');
    for (const std::string& part : product.subcomponents) {
      list.Next();
      JsonScope item(out, '{');
      item.Text("@id", part);
      item.End();
    }
    list.End();
  }
  scope.End();
}

// OpenVEX demands a justification or an impact of what is not affected, and an action of what is.
void AppendStatement(std::string& out, const model::VexStatement& statement,
                     const VexDocument& document) {
  JsonScope scope(out, '{');
  scope.Next("vulnerability");
  JsonScope vulnerability(out, '{');
  vulnerability.Text("name", statement.vulnerability);
  if (!statement.aliases.empty()) vulnerability.Texts("aliases", statement.aliases);
  vulnerability.End();
  scope.Text("timestamp", VexTimeOf(statement, document));
  scope.Next("products");
  JsonScope products(out, '[');
  for (const model::VexProduct& product : statement.products) {
    products.Next();
    AppendProduct(out, product);
  }
  products.End();
  scope.Text("status", model::VexStatusName(statement.status));
  const bool justified = statement.justification != model::VexJustification::kNone;
  if (statement.status == model::VexStatus::kNotAffected) {
    scope.TextIf("justification", model::VexJustificationName(statement.justification));
    scope.TextIf("impact_statement", statement.impact.empty() && !justified
                                         ? "decided without a written reason"
                                         : statement.impact);
  } else {
    scope.TextIf("status_notes", statement.impact);
  }
  if (statement.status == model::VexStatus::kAffected) {
    scope.Text("action_statement",
               statement.action.empty() ? "no action is decided yet" : statement.action);
  }
  scope.End();
}

}  // namespace

std::vector<const model::VexStatement*> WritableStatements(const VexDocument& document) {
  std::vector<const model::VexStatement*> statements;
  for (const model::VexStatement& statement : document.statements) {
    if (IsWritable(statement)) statements.push_back(&statement);
  }
  return statements;
}

int64_t CountUnwritable(const VexDocument& document) {
  return static_cast<int64_t>(document.statements.size() - WritableStatements(document).size());
}

std::string VexContentId(const VexDocument& document, std::string_view format) {
  TupleHasher hasher("ouro/vex/v1");
  hasher.Add("format", format);
  hasher.Add("author", VexAuthor(document));
  hasher.Add("version", fmt::format("{}", document.version));
  for (const model::VexStatement* statement : WritableStatements(document)) {
    std::string text;
    AppendStatement(text, *statement, document);
    hasher.Add("statement", text);
  }
  return hasher.Finish();
}

std::string VexUuid(std::string_view id) {
  return fmt::format("{}-{}-8{}-a{}-{}", id.substr(0, 8), id.substr(8, 4), id.substr(13, 3),
                     id.substr(17, 3), id.substr(20, 12));
}

std::string VexAuthor(const VexDocument& document) {
  return document.author.empty() ? "ouro" : document.author;
}

std::string VexTimeOf(const model::VexStatement& statement, const VexDocument& document) {
  const std::optional<UnixSeconds> own = ParseRfc3339(statement.timestamp);
  return FormatRfc3339(own.value_or(document.at));
}

std::vector<std::string> VexParts(const model::VexProduct& product) {
  if (!product.subcomponents.empty()) return product.subcomponents;
  return {product.id};
}

void WriteOpenVex(const VexDocument& document, std::string& out) {
  JsonScope scope(out, '{');
  scope.Text("@context", "https://openvex.dev/ns/v0.2.0");
  scope.Text("@id", "urn:uuid:" + VexUuid(VexContentId(document, "openvex")));
  scope.Text("author", VexAuthor(document));
  scope.Text("timestamp", FormatRfc3339(document.at));
  scope.Int("version", document.version);
  scope.Text("tooling", "ouro " + document.tool_version);
  scope.Next("statements");
  JsonScope statements(out, '[');
  for (const model::VexStatement* statement : WritableStatements(document)) {
    statements.Next();
    AppendStatement(out, *statement, document);
  }
  statements.End();
  scope.End();
  out += '\n';
}

VexWriter FindVexWriter(std::string_view format) {
  if (format == "openvex") return WriteOpenVex;
  if (format == "cyclonedx") return WriteCycloneDxVex;
  return format == "csaf" ? WriteCsafVex : nullptr;
}

}  // namespace ouro::report
