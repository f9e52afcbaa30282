#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "fmt/format.h"
#include "io/tree.h"
#include "triage/triage.h"

namespace ouro::triage {
namespace {

constexpr std::string_view kBaselineSchema = "ouro/baseline/v1";
constexpr std::string_view kFindingSchema = "ouro/finding/v1";
constexpr std::string_view kSarifFingerprint = "ouroFindingId/v1";
constexpr size_t kIdSize = 32;

using Ids = std::set<std::string>;

// The id in lower case, or empty when `text` is no fingerprint.
std::string ParseId(std::string_view text) {
  if (text.size() != kIdSize) return {};
  std::string id = LowerAscii(text);
  const bool hex = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  return hex ? id : std::string();
}

Status AddId(std::string_view text, std::string_view where, Ids& ids) {
  std::string id = ParseId(text);
  if (id.empty()) {
    return Fail(ErrorCode::kParse,
                fmt::format("\"{}\" is no finding id (32 hexadecimal digits)",
                            Printable(text.substr(0, 80))),
                std::string(where));
  }
  if (static_cast<int64_t>(ids.size()) >= limits::kFindingCount) {
    return Fail(ErrorCode::kLimit,
                fmt::format("the baseline has more than {} ids", limits::kFindingCount),
                std::string(where));
  }
  ids.insert(std::move(id));
  return {};
}

Result<Ids> ReadLines(std::string_view bytes, std::string_view name) {
  Ids ids;
  int64_t number = 0;
  for (std::string_view line : SplitText(bytes, '\n')) {
    ++number;
    line = TrimSpace(line.substr(0, line.find('#')));
    // Anything may follow the id: the check and the object, for the reader of a diff.
    line = line.substr(0, line.find_first_of(" \t"));
    if (line.empty()) continue;
    OURO_TRY_STATUS(AddId(line, fmt::format("{}:{}", name, number), ids));
  }
  return ids;
}

// Open findings are known, and those that were known before. What its author suppressed is not: it
// must come back when the suppression ends.
bool IsKnownStatus(std::string_view status, std::string_view suppressed_by) {
  return status != "suppressed" || suppressed_by == "baseline";
}

Status AddFinding(const io::NodeView& finding, std::string_view name, Ids& ids) {
  if (!IsKnownStatus(finding.Get("status").Text(), finding.Get("suppressed").Get("by").Text()))
    return {};
  return AddId(finding.Get("id").Text(), name, ids);
}

Status AddSarifRun(const io::NodeView& run, std::string_view name, Ids& ids) {
  const std::string_view tool = run.Get("tool").Get("driver").Get("name").Text();
  if (tool != "ouro") {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("a SARIF report of {} holds no ids of ouro; make the baseline from a report "
                    "of ouro (ouro scan --format json)",
                    tool.empty() ? "an unnamed tool" : Printable(tool)),
        std::string(name));
  }
  for (const io::NodeView& result : run.Get("results").Children()) {
    const bool suppressed = !result.Get("suppressions").Children().empty();
    if (suppressed && result.Get("baselineState").Text() != "unchanged") continue;
    OURO_TRY_STATUS(
        AddId(result.Get("partialFingerprints").Get(kSarifFingerprint).Text(), name, ids));
  }
  return {};
}

Status AddDocument(const io::NodeView& root, std::string_view name, Ids& ids) {
  const std::string_view schema = root.Get("schema").Text();
  if (schema == kBaselineSchema || schema == kFindingSchema) {
    if (!root.Get("findings").IsList()) {
      return Fail(ErrorCode::kInvalid, "the list \"findings\" is missing", std::string(name));
    }
    for (const io::NodeView& finding : root.Get("findings").Children()) {
      OURO_TRY_STATUS(AddFinding(finding, name, ids));
    }
    return {};
  }
  if (root.Get("runs").IsList()) {
    for (const io::NodeView& run : root.Get("runs").Children()) {
      OURO_TRY_STATUS(AddSarifRun(run, name, ids));
    }
    return {};
  }
  if (root.Get("id").IsString() && root.Get("check").IsString()) return AddFinding(root, name, ids);
  return Fail(
      ErrorCode::kInvalid,
      "this is no baseline: give a file of ouro scan --format json, ndjson or sarif, or finding "
      "ids one a line",
      std::string(name));
}

Result<Ids> ReadDocuments(std::string bytes, std::string_view name) {
  io::KeyTable keys;
  io::Tree tree;
  if (Status read = io::ReadJson(std::move(bytes), io::ReadOptions{}, keys, tree); !read) {
    return tl::unexpected(WithContext(std::move(read).error(), name));
  }
  Ids ids;
  for (const io::ReadProblem& problem : tree.problems()) {
    if (!problem.warning) return tl::unexpected(WithContext(problem.error, name));
  }
  for (const io::Root& root : tree.roots()) {
    if (root.node == io::kNoNode) continue;
    OURO_TRY_STATUS(AddDocument(io::NodeView(tree, keys, root.node), name, ids));
  }
  return ids;
}

}  // namespace

Result<Ids> ReadBaseline(std::string bytes, std::string_view name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (StartsWith(bytes, kByteOrderMark)) bytes.erase(0, kByteOrderMark.size());
  const std::string_view start = TrimSpace(std::string_view(bytes).substr(0, 4096));
  if (StartsWith(start, "{") || StartsWith(start, "["))
    return ReadDocuments(std::move(bytes), name);
  return ReadLines(bytes, name);
}

std::string WriteBaseline(const std::vector<model::Finding>& findings) {
  std::vector<const model::Finding*> known;
  for (const model::Finding& finding : findings) {
    const bool suppressed = finding.status == model::FindingStatus::kSuppressed;
    if (IsKnownStatus(suppressed ? "suppressed" : "",
                      finding.suppressed ? std::string_view(finding.suppressed->by) : "")) {
      known.push_back(&finding);
    }
  }
  std::sort(known.begin(), known.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  const auto same = [](const auto* a, const auto* b) { return a->id == b->id; };
  known.erase(std::unique(known.begin(), known.end(), same), known.end());
  std::string out = fmt::format("{{\"schema\":\"{}\",\"findings\":[", kBaselineSchema);
  for (size_t i = 0; i < known.size(); ++i) {
    const model::Resource& resource = known[i]->resource;
    out += i == 0 ? "\n{\"id\":" : ",\n{\"id\":";
    AppendJsonString(out, known[i]->id);
    out += ",\"check\":";
    AppendJsonString(out, known[i]->check);
    out += ",\"object\":";
    std::string object = resource.kind;
    if (!object.empty()) object += ' ';
    if (!resource.namespace_name.empty()) object += resource.namespace_name + "/";
    AppendJsonString(out, object + resource.name);
    out += '}';
  }
  out += known.empty() ? "]}\n" : "\n]}\n";
  return out;
}

}  // namespace ouro::triage
