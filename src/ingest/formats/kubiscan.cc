// KubiScan: the tables that it prints (kubiscan -a, -rar, -rab, -rs, -rp, …) and the same rows as
// JSON: a list of objects by column name, which may begin with the list of the names. Tables of
// decoded tokens are never read.
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubiscan";

// One row, whatever it was written as.
struct Row {
  std::string title;  // "Risky Users"
  std::string priority;
  std::string kind;
  std::string namespace_name;
  std::string name;
  std::string container;
  std::string service_account;
  std::string rules;
};

// What is risky, by the words of the title or the kind of the object.
std::string RuleOf(const Row& row) {
  if (!row.container.empty()) return "risky-container";
  if (EndsWith(row.kind, "Binding")) return "risky-binding";
  if (EndsWith(row.kind, "Role")) return "risky-role";
  return "risky-subject";
}

std::string TitleOf(const Row& row) {
  const std::string where =
      row.namespace_name.empty() ? row.name : row.namespace_name + "/" + row.name;
  if (!row.container.empty())
    return fmt::format("Risky container {} of pod {}", row.container, where);
  return fmt::format("Risky {} {}", row.kind, where);
}

bool IsNone(std::string_view text) {
  return text.empty() || text == "None" || text == "null";
}

model::Finding MakeFinding(const Row& row) {
  model::Finding finding = NewFinding(model::FindingClass::kRbac, kTool, {}, RuleOf(row));
  finding.title = TitleOf(row);
  SetSeverity(finding, kTool, row.priority);
  finding.stage = kStageRuntime;
  if (row.container.empty()) {
    SetResource(finding, row.kind, row.namespace_name, row.name);
  } else {
    const Owner owner = OwnerOfPod(row.name);
    SetResource(finding, owner.kind, row.namespace_name, owner.name, row.container);
  }
  finding.message = row.service_account.empty()
                        ? fmt::format("{} {} has permissions of priority {}", row.kind, row.name,
                                      LowerAscii(row.priority))
                        : fmt::format(
                              "Runs with the service account {}, which has permissions of "
                              "priority {}",
                              row.service_account, LowerAscii(row.priority));
  finding.origin->category = row.title;
  AddFact(finding.origin->description, "Rules", row.rules);
  AddFact(finding.origin->description, "Service account", row.service_account);
  return finding;
}

// A row from anything that has cells by column name.
template <typename CellOf>
Row ReadRow(const CellOf& cell) {
  const auto first = [&cell](std::initializer_list<std::string_view> columns) {
    for (const std::string_view column : columns) {
      std::string text = cell(column);
      if (!IsNone(text)) return text;
    }
    return std::string();
  };
  Row row;
  row.priority = first({"Priority"});
  row.kind = first({"Kind"});
  row.namespace_name = first({"Namespace"});
  row.name = first({"Name", "PodName", "Pod Name", "Pod"});
  row.container = first({"ContainerName", "Container Name", "Container"});
  row.rules = first({"Rules"});
  const std::string account = first({"ServiceAccountName"});
  const std::string account_namespace = first({"ServiceAccountNamespace"});
  if (!account.empty()) row.service_account = account_namespace + "/" + account;
  if (!row.container.empty()) row.kind = "Pod";
  return row;
}

bool IsJsonRow(io::NodeView node) {
  return HasKeys(node, {"Priority", "Namespace"}) &&
         (node.Get("Name") || node.Get("PodName") || node.Get("Pod Name"));
}

// Rows of a list; a map may hold several lists by title.
void JsonRows(io::NodeView node, std::string_view title, std::vector<Row>& rows) {
  if (node.IsList()) {
    for (const io::NodeView& item : node.Children()) {
      if (!IsJsonRow(item)) continue;
      Row row = ReadRow(
          [item](std::string_view column) { return WithoutColours(ScalarText(item.Get(column))); });
      row.title = std::string(title);
      rows.push_back(std::move(row));
    }
    return;
  }
  for (const auto& [key, child] : node.Members()) JsonRows(child, key, rows);
}

bool IsRiskTable(const TextTable& table) {
  return table.HasColumn("Priority") && table.HasColumn("Namespace") &&
         (table.HasColumn("Name") || table.HasColumn("PodName"));
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeJson()) {
    std::vector<Row> rows;
    JsonRows(input.json(), {}, rows);
    return rows.empty() ? kNo : kSure;
  }
  if (input.LooksLikeXml()) return kNo;
  for (const TextTable& table : TextTables(input, 65'536)) {
    if (IsRiskTable(table)) return StartsWith(table.title, "Risky") ? kNamed : kSure;
  }
  return kNo;
}

std::vector<Row> TableRows(const ReportInput& input) {
  std::vector<Row> rows;
  for (const TextTable& table : TextTables(input)) {
    if (!IsRiskTable(table)) continue;
    for (size_t i = 0; i < table.rows.size(); ++i) {
      Row row = ReadRow([&table, i](std::string_view column) { return table.Cell(i, column); });
      row.title = table.title;
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

Status Read(const ReportInput& input, Sink& sink) {
  std::vector<Row> rows;
  if (input.LooksLikeJson()) {
    OURO_TRY(const std::vector<io::NodeView> values, JsonValues(input));
    for (const io::NodeView& value : values) JsonRows(value, {}, rows);
  } else {
    rows = TableRows(input);
  }
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  for (const Row& row : rows) sink.Add(MakeFinding(row));
  return {};
}

}  // namespace

const Importer kKubiscan = {"kubiscan",
                            "KubiScan",
                            "the tables that KubiScan prints, and the same rows as JSON",
                            "one risky role, binding, subject or container",
                            Detect,
                            Read};

}  // namespace ouro::ingest
