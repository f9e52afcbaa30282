// Conftest: `conftest test --output json` and `--output table`; Open Policy Agent: `opa eval
// --format json` and `opa exec`. The rules of a policy have no ids: the query that failed is the
// rule, and the words of the message tell its cases apart.
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "conftest";

bool IsFileResult(io::NodeView node) {
  return HasKeys(node, {"filename"}) && (node.Get("successes") || node.Get("failures") ||
                                         node.Get("Failures") || node.Get("warnings"));
}

// {"result": [{"expressions": […]}]} or {"result": [{"path": …, "result": …}]}
bool IsOpa(io::NodeView root) {
  const std::vector<io::NodeView> results = Items(root, "result");
  if (results.empty()) return false;
  return results.front().Get("expressions").IsList() ||
         (results.front().Get("path") &&
          (results.front().Get("result") || results.front().Get("error")));
}

bool IsConftestTable(const TextTable& table) {
  return table.HasColumn("RESULT") && table.HasColumn("FILE") && table.HasColumn("MESSAGE");
}

int Detect(const ReportInput& input) {
  if (!input.LooksLikeJson()) {
    if (input.LooksLikeXml()) return kNo;
    for (const TextTable& table : TextTables(input, 65'536)) {
      if (IsConftestTable(table)) return kSure;
    }
    return kNo;
  }
  const io::NodeView root = input.json();
  if (IsOpa(root)) return kSure;
  const std::vector<io::NodeView> files =
      root.IsList() ? root.Children() : std::vector<io::NodeView>{};
  if (files.empty() || !IsFileResult(files.front())) return kNo;
  return files.front().Get("namespace") ? kSure : kGuess + 30;
}

// One message of one rule about one file.
struct Message {
  std::string file;
  std::string policy_namespace;
  std::string query;
  std::string text;
  std::string_view kind;  // "deny", "warn", "exception"
  io::NodeView metadata;
};

// Names that policies give to the object in the data of a message.
void SetSubject(model::Finding& finding, io::NodeView metadata) {
  const std::string kind = FirstText(metadata, {"kind", "resource.kind", "details.kind"});
  const std::string name = FirstText(metadata, {"name", "resource.name", "details.name"});
  if (kind.empty() || name.empty()) return;
  SetResource(finding, kind, FirstText(metadata, {"namespace", "resource.namespace"}), name,
              FirstText(metadata, {"container", "details.container"}));
}

model::Finding MakeFinding(const Message& message) {
  std::string rule = message.query;
  if (rule.empty()) {
    rule = fmt::format("data.{}.{}",
                       message.policy_namespace.empty() ? "main" : message.policy_namespace,
                       message.kind);
  }
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, rule);
  finding.title = message.text.empty() ? "Policy violation" : message.text;
  finding.message = finding.title;
  finding.field_path = RuleOfTitle(message.text);
  const bool warning = message.kind == "warn";
  const std::string word = FirstText(message.metadata, {"severity", "details.severity"});
  if (SeverityOfWord(word)) {
    SetSeverity(finding, kTool, word);
  } else {
    SetSeverityAs(finding, kTool, message.kind,
                  warning ? model::Severity::kMedium : model::Severity::kHigh);
  }
  finding.location.file = LocationPath(message.file);
  if (message.kind == "exception") finding.origin->state = "risk_accepted";
  SetSubject(finding, message.metadata);
  std::string& description = finding.origin->description;
  AddLine(description, message.text);
  AddFact(description, "Result", message.kind);
  AddFact(description, "Policy namespace", message.policy_namespace);
  AddFact(description, "Query", message.query);
  AddFact(description, "File", message.file);
  for (const auto& [key, value] : message.metadata.Members()) {
    if (key != "query") AddFact(description, key, ScalarText(value));
  }
  AddReference(finding, FirstText(message.metadata, {"url", "details.url"}));
  return finding;
}

struct ResultList {
  std::string_view lower;
  std::string_view upper;  // key of versions before 0.21
  std::string_view kind;
};

constexpr auto kResultLists = std::to_array<ResultList>({
    {"failures", "Failures", "deny"},
    {"warnings", "Warnings", "warn"},
    {"exceptions", "Exceptions", "exception"},
});

void ReadFile(io::NodeView file, Sink& sink) {
  for (const ResultList& list : kResultLists) {
    const io::NodeView results = file.Get(list.lower) ? file.Get(list.lower) : file.Get(list.upper);
    for (const io::NodeView& result :
         results.IsList() ? results.Children() : std::vector<io::NodeView>()) {
      Message message;
      message.file = Text(file, "filename");
      message.policy_namespace = Text(file, "namespace");
      message.metadata = result.Get("metadata");
      message.query = Text(message.metadata, "query");
      message.text = FirstText(result, {"msg", "message"});
      message.kind = list.kind;
      sink.Add(MakeFinding(message));
    }
  }
  const io::NodeView successes = file.Get("successes");
  sink.AddPassed(successes.IsList() ? static_cast<int64_t>(successes.Children().size())
                                    : Integer(file, "successes"));
}

// ---- OPA: values that are messages, objects with a message, or lists, sets and maps of them ----

class OpaReader {
 public:
  OpaReader(std::string query, std::string file, Sink& sink)
      : query_(std::move(query)), file_(std::move(file)), sink_(sink) {}

  // False when the value holds no message.
  bool ReadValue(io::NodeView value) {
    if (value.IsString()) {
      Add(std::string(value.Text()), {});
      return true;
    }
    const std::string text = FirstText(value, {"msg", "message", "violation", "reason"});
    if (!text.empty()) {
      Add(text, value);
      return true;
    }
    if (value.IsList()) {
      bool all = true;
      for (const io::NodeView& item : value.Children()) all &= ReadValue(item);
      return all;
    }
    if (!value.IsMap()) return false;
    return ReadMap(value);
  }

 private:
  // A package's document: rules by name.
  bool ReadMap(io::NodeView value) {
    bool all = true;
    for (const auto& [key, child] : value.Members()) {
      if (key != "deny" && key != "violation" && key != "warn" && !StartsWith(key, "deny_") &&
          !StartsWith(key, "violation_") && !StartsWith(key, "warn_")) {
        continue;
      }
      OpaReader inner(fmt::format("{}.{}", query_, key), file_, sink_);
      all &= inner.ReadValue(child);
    }
    return all;
  }

  void Add(std::string text, io::NodeView metadata) {
    const std::string_view rule = std::string_view(query_).substr(query_.rfind('.') + 1);
    Message message;
    message.file = file_;
    message.query = query_;
    message.text = std::move(text);
    message.kind = StartsWith(rule, "warn") ? "warn" : "deny";
    message.metadata = metadata;
    sink_.Add(MakeFinding(message));
  }

  std::string query_;
  std::string file_;
  Sink& sink_;
};

void ReadOpa(const ReportInput& input, io::NodeView root, Sink& sink) {
  for (const io::NodeView& result : Items(root, "result")) {
    const std::string file = Text(result, "path");
    const std::string error = FirstText(result, {"error.message", "error"});
    if (!error.empty()) {
      AddNotExamined(sink, input, result, fmt::format("opa could not examine {}: {}", file, error));
      continue;
    }
    if (result.Get("result") && !OpaReader("data", file, sink).ReadValue(result.Get("result"))) {
      AddNotExamined(sink, input, result, "the decision holds no messages, only a value");
    }
    for (const io::NodeView& expression : Items(result, "expressions")) {
      OpaReader reader(Text(expression, "text"), {}, sink);
      if (!reader.ReadValue(expression.Get("value"))) {
        AddNotExamined(sink, input, expression, "the expression's value holds no messages");
      }
    }
  }
}

void ReadTable(const TextTable& table, Sink& sink) {
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const std::string result = LowerAscii(table.Cell(i, "RESULT"));
    Message message;
    message.file = table.Cell(i, "FILE");
    message.policy_namespace = table.Cell(i, "NAMESPACE");
    message.text = ReplaceAll(table.Cell(i, "MESSAGE"), "\n", " ");
    message.kind = result == "warning" ? "warn" : result == "exception" ? "exception" : "deny";
    if (result == "success") {
      sink.AddPassed(1);
    } else if (result != "skipped") {
      sink.Add(MakeFinding(message));
    }
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  ReportFacts facts;
  facts.tool = kTool;
  if (!input.LooksLikeJson()) {
    sink.Begin(facts);
    for (const TextTable& table : TextTables(input)) {
      if (IsConftestTable(table)) ReadTable(table, sink);
    }
    return {};
  }
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.IsList() && !IsOpa(root)) return MissingPart(root, "list of checked files");
  sink.Begin(facts);
  if (root.IsList()) {
    for (const io::NodeView& file : root.Children()) ReadFile(file, sink);
  } else {
    ReadOpa(input, root, sink);
  }
  return {};
}

}  // namespace

const Importer kConftest = {"conftest",
                            "Conftest and OPA",
                            "conftest test --output json or table, opa eval and opa exec (JSON)",
                            "one message of one rule about one file",
                            Detect,
                            Read};

}  // namespace ouro::ingest
