// CSAF 2.0, profile csaf_vex (section 4.5): a tree of products, and for each vulnerability which
// product has which status. What is not affected has a flag or an impact, what is affected a
// remediation.
#include <map>
#include <set>

#include "base/text.h"
#include "report/json_text.h"
#include "report/vex.h"
#include "report/vex_shared.h"

namespace ouro::report {
namespace {

using model::VexStatement;
using model::VexStatus;

// Names of products are numbered in the order of their text: "P1", "P2", …
class Products {
 public:
  explicit Products(const std::vector<const VexStatement*>& statements) {
    std::set<std::string> names;
    for (const VexStatement* statement : statements) {
      for (const model::VexProduct& product : statement->products) {
        for (const std::string& name : Names(product)) names.insert(name);
      }
    }
    for (const std::string& name : names) {
      const size_t number = ids_.size() + 1;
      ids_[name] = "P" + std::to_string(number);
    }
  }

  // Ids of all parts that the statement speaks of, each once.
  std::vector<std::string> IdsOf(const VexStatement& statement) const {
    std::set<std::string> ids;
    for (const model::VexProduct& product : statement.products) {
      for (const std::string& name : Names(product)) ids.insert(ids_.at(name));
    }
    return {ids.begin(), ids.end()};
  }

  void Append(JsonScope& scope, std::string& out) const {
    scope.Next("product_tree");
    JsonScope tree(out, '{');
    tree.Next("full_product_names");
    JsonScope list(out, '[');
    for (const auto& [name, id] : ids_) {
      list.Next();
      JsonScope item(out, '{');
      item.Text("product_id", id);
      item.Text("name", name);
      const std::string_view part = std::string_view(name).substr(0, name.find(kIn));
      if (StartsWith(part, "pkg:")) {
        item.Next("product_identification_helper");
        JsonScope helper(out, '{');
        helper.Text("purl", part);
        helper.End();
      }
      item.End();
    }
    list.End();
    tree.End();
  }

 private:
  static constexpr std::string_view kIn = " in ";

  // "part in product" for subcomponents: a part of another product may have another status.
  static std::vector<std::string> Names(const model::VexProduct& product) {
    std::vector<std::string> names = VexParts(product);
    if (product.subcomponents.empty() || product.id.empty()) return names;
    for (std::string& name : names) name += std::string(kIn) + product.id;
    return names;
  }

  std::map<std::string, std::string> ids_;
};

std::string_view StatusWord(VexStatus status) {
  switch (status) {
    case VexStatus::kUnderInvestigation:
      return "under_investigation";
    case VexStatus::kAffected:
      return "known_affected";
    case VexStatus::kNotAffected:
      return "known_not_affected";
    case VexStatus::kFixed:
      return "fixed";
  }
  return {};
}

// [{"<key>": word, "details"?: text, "product_ids": […]}] as the only entry of a list.
void AppendEntry(JsonScope& scope, std::string& out, std::string_view list_name,
                 std::string_view key, std::string_view word, std::string_view details,
                 const std::vector<std::string>& ids) {
  scope.Next(list_name);
  JsonScope list(out, '[');
  list.Next();
  JsonScope item(out, '{');
  item.Text(key, word);
  item.TextIf("details", details);
  item.Texts("product_ids", ids);
  item.End();
  list.End();
}

void AppendVulnerability(std::string& out, const VexStatement& statement, const Products& products,
                         const VexDocument& document) {
  JsonScope scope(out, '{');
  if (StartsWith(statement.vulnerability, "CVE-")) {
    scope.Text("cve", statement.vulnerability);
  } else {
    scope.Next("ids");
    JsonScope list(out, '[');
    list.Next();
    JsonScope item(out, '{');
    item.Text("system_name", statement.vulnerability.substr(0, statement.vulnerability.find('-')));
    item.Text("text", statement.vulnerability);
    item.End();
    list.End();
  }
  scope.Next("notes");
  JsonScope notes(out, '[');
  notes.Next();
  JsonScope note(out, '{');
  note.Text("category", "details");
  note.Text("text", "Decided at " + VexTimeOf(statement, document));
  note.End();
  notes.End();
  const std::vector<std::string> ids = products.IdsOf(statement);
  scope.Next("product_status");
  JsonScope status(out, '{');
  status.Texts(StatusWord(statement.status), ids);
  status.End();
  if (statement.status == VexStatus::kNotAffected) {
    const std::string_view flag = model::VexJustificationName(statement.justification);
    if (!flag.empty()) AppendEntry(scope, out, "flags", "label", flag, {}, ids);
    if (flag.empty() || !statement.impact.empty()) {
      AppendEntry(scope, out, "threats", "category", "impact",
                  statement.impact.empty() ? "decided without a written reason" : statement.impact,
                  ids);
    }
  } else if (statement.status == VexStatus::kAffected) {
    const bool refused = statement.response.find("will_not_fix") != std::string::npos;
    AppendEntry(scope, out, "remediations", "category",
                refused ? "no_fix_planned" : "none_available",
                statement.action.empty() ? "no action is decided yet" : statement.action, ids);
  }
  scope.End();
}

void AppendTracking(JsonScope& scope, std::string& out, const VexDocument& document) {
  const std::string at = FormatRfc3339(document.at);
  const std::string version = std::to_string(document.version);
  scope.Next("tracking");
  JsonScope tracking(out, '{');
  tracking.Text("id", "ouro-vex-" + VexContentId(document, "csaf"));
  tracking.Text("status", "final");
  tracking.Text("version", version);
  tracking.Text("initial_release_date", at);
  tracking.Text("current_release_date", at);
  tracking.Next("revision_history");
  JsonScope history(out, '[');
  history.Next();
  JsonScope revision(out, '{');
  revision.Text("date", at);
  revision.Text("number", version);
  revision.Text("summary", "Written from the decisions that ouro keeps");
  revision.End();
  history.End();
  tracking.Next("generator");
  JsonScope generator(out, '{');
  generator.Next("engine");
  JsonScope engine(out, '{');
  engine.Text("name", "ouro");
  engine.TextIf("version", document.tool_version);
  engine.End();
  generator.End();
  tracking.End();
}

}  // namespace

void WriteCsafVex(const VexDocument& document, std::string& out) {
  const std::vector<const VexStatement*> statements = WritableStatements(document);
  const Products products(statements);
  JsonScope scope(out, '{');
  scope.Next("document");
  JsonScope head(out, '{');
  head.Text("category", "csaf_vex");
  head.Text("csaf_version", "2.0");
  head.Text("title", document.title.empty() ? "VEX by " + VexAuthor(document) : document.title);
  head.Next("publisher");
  JsonScope publisher(out, '{');
  publisher.Text("category", "user");
  publisher.Text("name", VexAuthor(document));
  publisher.Text("namespace",
                 document.name_space.empty() ? "https://ouro.example" : document.name_space);
  publisher.End();
  AppendTracking(head, out, document);
  head.End();
  products.Append(scope, out);
  scope.Next("vulnerabilities");
  JsonScope vulnerabilities(out, '[');
  for (const VexStatement* statement : statements) {
    vulnerabilities.Next();
    AppendVulnerability(out, *statement, products, document);
  }
  vulnerabilities.End();
  scope.End();
  out += '\n';
}

}  // namespace ouro::report
