#include "report/words.h"

#include <algorithm>

#include "base/text.h"
#include "fmt/format.h"

namespace ouro::report {
namespace {

std::string_view LastField(std::string_view path) {
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

// The part below the container, list item or pod spec that the finding is about.
std::string_view BelowSubject(std::string_view path) {
  for (const std::string_view mark : {std::string_view("]."), std::string_view(".spec.")}) {
    const size_t at = path.rfind(mark);
    if (at != std::string_view::npos) return path.substr(at + mark.size());
  }
  return LastField(path);
}

// A path as people write it, from the place of the finding on: "privileged" beside the line that
// holds the field, "securityContext.privileged" where the field is absent and a parent is shown.
std::string_view RelativePath(std::string_view path, const model::Location& place) {
  const std::string_view base = place.json_path;
  if (!base.empty() && path.size() > base.size() && StartsWith(path, base) &&
      (path[base.size()] == '.' || path[base.size()] == '[')) {
    path.remove_prefix(base.size());
    if (path.front() == '.') path.remove_prefix(1);
    return path;
  }
  if (path == base) {
    const std::string_view field = LastField(path);
    const bool is_shown =
        place.source_line.empty() || place.source_line.find(field) != std::string::npos;
    return is_shown ? field : BelowSubject(path);
  }
  return StartsWith(path, "$.") ? path.substr(2) : path;
}

}  // namespace

std::string Plural(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string ObjectName(const model::Resource& resource) {
  std::string name = resource.kind;
  if (resource.name.empty()) return name;
  if (!name.empty()) name += ' ';
  if (!resource.namespace_name.empty()) name += resource.namespace_name + "/";
  return name + resource.name;
}

std::string PlaceText(const model::Location& location) {
  if (location.line <= 0) return location.file;
  if (location.column <= 0) return fmt::format("{}:{}", location.file, location.line);
  return fmt::format("{}:{}:{}", location.file, location.line, location.column);
}

std::string PlaceText(const model::Problem& problem) {
  model::Location location;
  location.file = problem.file;
  location.line = problem.line;
  location.column = problem.column;
  return PlaceText(location);
}

std::string_view TitleOf(const model::Finding& finding) {
  return finding.title.empty() ? finding.check : finding.title;
}

std::string_view DetailOf(const model::Finding& finding) {
  return EqualsIgnoreCase(finding.message, TitleOf(finding)) ? std::string_view() : finding.message;
}

std::string FixText(const model::Finding& finding) {
  std::string out;
  for (const model::FixPatch& patch : finding.fix) {
    if (!out.empty()) out += "; ";
    const std::string_view path = RelativePath(patch.json_path, finding.location);
    out += patch.op == "remove" ? fmt::format("remove {}", path)
                                : fmt::format("set {}: {}", path, patch.value);
  }
  return out;
}

std::string SuppressionText(const model::Finding& finding) {
  if (!IsSuppressed(finding)) return {};
  const model::Suppression suppression = finding.suppressed.value_or(model::Suppression{});
  std::string out =
      "suppressed by " + (suppression.by.empty() ? "an unnamed rule" : suppression.by);
  if (!suppression.until.empty()) out += " until " + suppression.until;
  if (!suppression.reason.empty()) out += ": " + suppression.reason;
  return out;
}

std::string SeverityCounts(const model::Counts& counts) {
  std::string out;
  for (int i = model::kSeverityCount - 1; i >= 0; --i) {
    const int64_t count = counts.open[static_cast<size_t>(i)];
    if (count == 0) continue;
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {}", count, model::SeverityName(static_cast<model::Severity>(i)));
  }
  return out;
}

int64_t OpenCount(const model::Counts& counts) {
  int64_t total = 0;
  for (const int64_t count : counts.open) total += count;
  return total;
}

}  // namespace ouro::report
