// What the importers of Kubernetes, host and policy tools share: facts of a description, folding of
// entries that say the same, YAML reports, containers named by index. Private to ingest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "ingest/formats/vuln_shared.h"
#include "ingest/importer.h"
#include "io/key_table.h"

namespace ouro::ingest {

// Stage of a finding about a running cluster or host.
inline constexpr std::string_view kStageRuntime = "runtime";

// Appends "**Label:** value" as a line of its own; nothing when the value is empty.
void AddFact(std::string& text, std::string_view label, std::string_view value);
// Appends a line; nothing when it is empty.
void AddLine(std::string& text, std::string_view line);

// Severity that the importer derives from something else than a word for severity (a status, a
// level number): `word` is kept as the tool's own, `severity` counts.
void SetSeverityAs(model::Finding& finding, std::string_view tool, std::string_view word,
                   model::Severity severity);

// A rule id of words: lower case, every run of other characters one '-', at most 80 bytes. For
// tools that name a rule only by its title. "Access to Secrets!" → "access-to-secrets".
std::string RuleOfTitle(std::string_view title);

// A problem of kind "invalid" about one entry of the report that could not be taken over.
void AddEntryProblem(Sink& sink, const ReportInput& input, io::NodeView entry, std::string message);

// A problem of kind "not_evaluable" about something that the other tool did not examine.
// `tolerable`: by design (left to people, switched off, not applicable), so the report is complete
// all the same.
void AddNotExamined(Sink& sink, const ReportInput& input, io::NodeView entry, std::string message,
                    bool tolerable = false);

// Counts entries by what tells two subjects apart, then hands out each key once. Two passes over
// the report: Count() for all entries, then Take() for each, which is 0 from the second time on.
class Repeats {
 public:
  void Count(std::string key) { ++counts_[std::move(key)]; }
  int64_t Take(const std::string& key);

 private:
  std::unordered_map<std::string, int64_t> counts_;
};

// The documents of a report that is JSON (one value or many) or YAML. Nodes live as long as this
// and the input.
class ReportDocuments {
 public:
  ReportDocuments() = default;
  ReportDocuments(ReportDocuments&&) noexcept = default;
  ReportDocuments(const ReportDocuments&) = delete;
  ReportDocuments& operator=(const ReportDocuments&) = delete;

  // kParse with the place when the bytes are broken. Every item of a Kubernetes List is a document.
  static Result<ReportDocuments> Read(const ReportInput& input);
  const std::vector<io::NodeView>& documents() const { return documents_; }

 private:
  struct Yaml {
    io::KeyTable keys;
    io::Tree tree;
  };
  std::unique_ptr<Yaml> yaml_;
  std::vector<io::NodeView> documents_;
};

// For detection of YAML reports without reading them: is there a line that says `key: value`, at
// any depth and as the item of a list? `value` empty: any value that begins so. Looks at the first
// 256 KiB.
bool HasYamlLine(const ReportInput& input, std::string_view key, std::string_view value_prefix);

// The object of a report as a Kubernetes manifest: resource from kind, metadata and apiVersion.
void SetResourceOfObject(model::Finding& finding, io::NodeView object,
                         std::string_view container = {});

// The container that "…containers[1]…" or "…containers/[1]/…" in `path` names, read from a manifest
// whose root is `object`; empty when there is no such index or no such container. initContainers
// and ephemeralContainers too.
std::string ContainerOfPath(io::NodeView object, std::string_view path);

// "spec/template/spec/containers/[0]/image" and "spec.containers[0].image" → "$.spec.…[0].image".
std::string JsonPathOf(std::string_view path);

// The name in quotes that follows the word in a message: with "container", `container "app" is
// privileged` gives "app". Empty: none.
std::string QuotedAfter(std::string_view text, std::string_view word);
// The container that a message names in quotes: `container "app"`, `Container 'app'`.
std::string ContainerNamedIn(std::string_view message);

// Who made a pod of that name, as far as the name tells: "web-7f9c8d6b5-x2x4z" is of Deployment
// "web", "db-0" of StatefulSet "db"; of "node-agent-x2x4z" only the beginning "node-agent-" is
// known, which is its generateName. A pod without such a suffix is its own owner.
Owner OwnerOfPod(std::string_view name);

// A table drawn with '|' and '+': header cells, then rows. A row whose first cell is empty
// continues the one above it.
struct TextTable {
  std::string title;  // the line "|Title|" above the table, or empty
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  // Cell by column name, ignoring case; empty when there is no such column.
  std::string Cell(size_t row, std::string_view column) const;
  bool HasColumn(std::string_view column) const;
};
// All tables of a text, without colour codes. `limit`: bytes to look at; 0: all.
std::vector<TextTable> TextTables(const ReportInput& input, size_t limit = 0);

// The line without ANSI colour codes.
std::string WithoutColours(std::string_view line);

// Host without port and scheme: "10.0.0.1:10250" → "10.0.0.1".
std::string HostOfEndpoint(std::string_view endpoint);

}  // namespace ouro::ingest
