#include "ingest/formats/cluster_shared.h"

#include <array>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"

namespace ouro::ingest {
namespace {

constexpr size_t kRuleSizeMax = 80;
constexpr size_t kDetectSize = 262'144;

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// A List (of kubectl get -o json or yaml) stands for its items.
void AddDocument(std::vector<io::NodeView>& documents, io::NodeView document) {
  if (document.IsList()) {
    for (const io::NodeView& item : document.Children()) documents.push_back(item);
    return;
  }
  const std::string kind = Text(document, "kind");
  if (EndsWith(kind, "List") && document.Get("items").IsList()) {
    for (const io::NodeView& item : Items(document, "items")) documents.push_back(item);
    return;
  }
  if (document) documents.push_back(document);
}

// The place of `list` ("containers", …) in the path and the index behind it.
struct ContainerIndex {
  std::string_view list;
  int64_t index = -1;
};

ContainerIndex FindContainerIndex(std::string_view path) {
  static constexpr std::array<std::string_view, 3> kLists = {"initContainers",
                                                             "ephemeralContainers", "containers"};
  for (const std::string_view list : kLists) {
    const size_t at = path.find(list);
    if (at == std::string_view::npos) continue;
    const size_t open = path.find_first_not_of("/.", at + list.size());
    if (open == std::string_view::npos) continue;
    std::string_view rest = path.substr(open);
    if (StartsWith(rest, "[")) rest.remove_prefix(1);
    size_t digits = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
    const std::optional<int64_t> index = ParseInt64(rest.substr(0, digits));
    if (index) return {list, *index};
  }
  return {};
}

// The pod specification of any workload: where a list of containers stands.
io::NodeView PodSpec(io::NodeView object) {
  for (const std::string_view path :
       {"spec.jobTemplate.spec.template.spec", "spec.template.spec", "spec", "template.spec"}) {
    const io::NodeView spec = At(object, path);
    if (spec.Get("containers").IsList() || spec.Get("initContainers").IsList()) return spec;
  }
  return {};
}

// Letters and digits of names that Kubernetes makes up (apimachinery, util/rand): no vowels, no 0,
// 1, 3.
bool IsMadeUp(std::string_view text, size_t shortest, size_t longest) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  return text.size() >= shortest && text.size() <= longest &&
         text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

bool IsTableLine(std::string_view line) {
  return line.size() > 1 && line.front() == '|' && line.back() == '|';
}

std::vector<std::string> CellsOf(std::string_view line) {
  std::vector<std::string> cells;
  for (const std::string_view cell : SplitText(line.substr(1, line.size() - 2), '|')) {
    cells.emplace_back(TrimSpace(cell));
  }
  return cells;
}

// One line of cells under a header.
void AddRow(TextTable& table, std::vector<std::string> cells) {
  cells.resize(table.header.size());
  if (!cells.front().empty() || table.rows.empty()) {
    table.rows.push_back(std::move(cells));
    return;
  }
  for (size_t i = 0; i < cells.size(); ++i) AddLine(table.rows.back()[i], cells[i]);
}

}  // namespace

void AddFact(std::string& text, std::string_view label, std::string_view value) {
  value = TrimSpace(value);
  if (value.empty()) return;
  AddLine(text, fmt::format("**{}:** {}", label, value));
}

void AddLine(std::string& text, std::string_view line) {
  line = TrimSpace(line);
  if (line.empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

void SetSeverityAs(model::Finding& finding, std::string_view tool, std::string_view word,
                   model::Severity severity) {
  finding.severity = severity;
  finding.severity_source = std::string(tool);
  if (word.empty()) finding.severity_source += " (none given)";
  finding.origin.Make().severity = std::string(TrimSpace(word));
}

std::string RuleOfTitle(std::string_view title) {
  std::string rule;
  for (const char c : LowerAscii(title)) {
    if (IsWordCharacter(c)) {
      rule += c;
    } else if (!rule.empty() && rule.back() != '-') {
      rule += '-';
    }
    if (rule.size() >= kRuleSizeMax) break;
  }
  while (!rule.empty() && rule.back() == '-') rule.pop_back();
  return rule;
}

namespace {

model::Problem ProblemAt(const ReportInput& input, io::NodeView entry, std::string message) {
  model::Problem problem;
  problem.file = input.name();
  if (entry) {
    const io::Position place = entry.tree().PositionOf(entry.tree().node(entry.index()).start);
    problem.line = place.line;
    problem.column = place.column;
  }
  problem.message = std::move(message);
  return problem;
}

}  // namespace

void AddEntryProblem(Sink& sink, const ReportInput& input, io::NodeView entry,
                     std::string message) {
  model::Problem problem = ProblemAt(input, entry, std::move(message));
  problem.kind = ErrorCodeName(ErrorCode::kInvalid);
  sink.AddProblem(std::move(problem));
}

void AddNotExamined(Sink& sink, const ReportInput& input, io::NodeView entry, std::string message,
                    bool tolerable) {
  model::Problem problem = ProblemAt(input, entry, std::move(message));
  problem.kind = "not_evaluable";
  problem.warning = tolerable;
  sink.AddProblem(std::move(problem));
}

int64_t Repeats::Take(const std::string& key) {
  const auto found = counts_.find(key);
  if (found == counts_.end()) return 0;
  return std::exchange(found->second, 0);
}

Result<ReportDocuments> ReportDocuments::Read(const ReportInput& input) {
  ReportDocuments result;
  if (input.LooksLikeJson() && input.json_error() == nullptr) {
    for (const io::NodeView& value : input.values()) AddDocument(result.documents_, value);
    return result;
  }
  result.yaml_ = std::make_unique<Yaml>();
  io::ReadOptions options;
  options.keep_comments = false;
  OURO_TRY_STATUS(
      io::ReadYaml(std::string(input.bytes()), options, result.yaml_->keys, result.yaml_->tree));
  for (const io::ReadProblem& problem : result.yaml_->tree.problems()) {
    if (!problem.warning) return tl::unexpected<Error>(problem.error);
  }
  for (const io::Root& root : result.yaml_->tree.roots()) {
    if (root.node == io::kNoNode) continue;
    AddDocument(result.documents_, {result.yaml_->tree, result.yaml_->keys, root.node});
  }
  return result;
}

bool HasYamlLine(const ReportInput& input, std::string_view key, std::string_view value_prefix) {
  for (std::string_view line : input.Lines(kDetectSize)) {
    line = TrimSpace(line);
    while (StartsWith(line, "- ")) line = TrimSpace(line.substr(2));
    if (!StartsWith(line, key) || line.size() <= key.size() || line[key.size()] != ':') continue;
    std::string_view value = TrimSpace(line.substr(key.size() + 1));
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) value.remove_prefix(1);
    if (StartsWith(value, value_prefix)) return true;
  }
  return false;
}

void SetResourceOfObject(model::Finding& finding, io::NodeView object, std::string_view container) {
  SetResource(finding, Text(object, "kind"), Text(object, "metadata.namespace"),
              FirstText(object, {"metadata.name", "metadata.generateName"}), container,
              Text(object, "apiVersion"));
}

std::string ContainerOfPath(io::NodeView object, std::string_view path) {
  const ContainerIndex place = FindContainerIndex(path);
  if (place.index < 0) return {};
  const std::vector<io::NodeView> containers = Items(PodSpec(object), place.list);
  if (static_cast<uint64_t>(place.index) >= containers.size()) return {};
  return Text(containers[static_cast<size_t>(place.index)], "name");
}

std::string JsonPathOf(std::string_view path) {
  std::string result = "$";
  bool separate = true;
  for (const char c : path) {
    if (c == '/' || c == '.') {
      separate = true;
      continue;
    }
    if (separate && c != '[') result += '.';
    separate = false;
    result += c;
  }
  return result;
}

std::string QuotedAfter(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::string_view rest = text.substr(at + word.size());
    if (rest.size() < 3 || rest[0] != ' ' || (rest[1] != '"' && rest[1] != '\'')) continue;
    const size_t end = rest.find(rest[1], 2);
    if (end != std::string_view::npos) return std::string(rest.substr(2, end - 2));
  }
  return {};
}

std::string ContainerNamedIn(std::string_view message) {
  std::string name = QuotedAfter(message, "container");
  return name.empty() ? QuotedAfter(message, "Container") : name;
}

Owner OwnerOfPod(std::string_view name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return {"Pod", std::string(name)};
  const std::string_view head = name.substr(0, dash);
  const std::string_view tail = name.substr(dash + 1);
  if (IsMadeUp(tail, 5, 5)) {
    const size_t hash = head.rfind('-');
    if (hash != std::string_view::npos && hash > 0 && IsMadeUp(head.substr(hash + 1), 6, 10)) {
      return {"Deployment", std::string(head.substr(0, hash))};
    }
    return {"Pod", std::string(name.substr(0, dash + 1))};
  }
  if (ParseInt64(tail).value_or(-1) >= 0 && tail.size() <= 3) {
    return {"StatefulSet", std::string(head)};
  }
  return {"Pod", std::string(name)};
}

std::string TextTable::Cell(size_t row, std::string_view column) const {
  for (size_t i = 0; i < header.size(); ++i) {
    if (EqualsIgnoreCase(header[i], column)) return rows[row][i];
  }
  return {};
}

bool TextTable::HasColumn(std::string_view column) const {
  for (const std::string& name : header) {
    if (EqualsIgnoreCase(name, column)) return true;
  }
  return false;
}

std::vector<TextTable> TextTables(const ReportInput& input, size_t limit) {
  std::vector<TextTable> tables;
  std::string title;
  bool inside = false;
  for (const std::string_view raw : input.Lines(limit)) {
    const std::string coloured = WithoutColours(raw);
    const std::string_view line = TrimSpace(coloured);
    if (StartsWith(line, "+")) continue;
    if (!IsTableLine(line)) {
      inside = false;
      continue;
    }
    std::vector<std::string> cells = CellsOf(line);
    if (!inside && cells.size() == 1) {
      title = cells.front();
      continue;
    }
    if (!inside) {
      tables.push_back({std::exchange(title, {}), std::move(cells), {}});
      inside = true;
      continue;
    }
    if (cells.size() == 1 && tables.back().header.size() > 1) {
      title = cells.front();
      inside = false;
      continue;
    }
    AddRow(tables.back(), std::move(cells));
  }
  return tables;
}

std::string WithoutColours(std::string_view line) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      text += line[i];
      continue;
    }
    while (i < line.size() && line[i] != 'm') ++i;
  }
  return text;
}

std::string HostOfEndpoint(std::string_view endpoint) {
  if (const size_t scheme = endpoint.find("://"); scheme != std::string_view::npos) {
    endpoint.remove_prefix(scheme + 3);
  }
  endpoint = endpoint.substr(0, endpoint.find('/'));
  if (StartsWith(endpoint, "[")) return std::string(endpoint.substr(1, endpoint.find(']') - 1));
  const size_t colon = endpoint.find(':');
  // More than one colon: an IPv6 address without brackets.
  if (colon != std::string_view::npos && endpoint.find(':', colon + 1) == std::string_view::npos) {
    endpoint = endpoint.substr(0, colon);
  }
  return std::string(endpoint);
}

}  // namespace ouro::ingest
