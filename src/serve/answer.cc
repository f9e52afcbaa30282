#include "serve/answer.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::serve {
namespace {

constexpr size_t kFixValueCharacters = 120;
// Room for "12345 more findings are not shown".
constexpr size_t kMoreLineCharacters = 64;

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Byte offset of the character number `index`; the size of the text where it has no more.
size_t OffsetOfCharacter(std::string_view text, size_t index) {
  size_t at = 0;
  for (size_t seen = 0; at < text.size(); ++at) {
    if ((text[at] & 0xC0) == 0x80) continue;
    if (seen++ == index) break;
  }
  return at;
}

std::string_view WithoutRoot(std::string_view path) {
  if (StartsWith(path, "$.")) return path.substr(2);
  return path == "$" ? std::string_view() : path;
}

std::string FixText(const model::Finding& finding) {
  std::string text;
  for (const model::FixPatch& patch : finding.fix) {
    if (!text.empty()) text += " and ";
    const std::string_view path = WithoutRoot(patch.json_path);
    if (patch.op == "remove") {
      text += fmt::format("remove {}", path);
    } else {
      text += fmt::format("set {} to {}", path, CutAtWord(patch.value, kFixValueCharacters));
    }
  }
  return text.empty() ? finding.remediation : text;
}

void AppendStringField(std::string& out, std::string_view name, std::string_view value) {
  AppendJsonString(out, name);
  out += ':';
  AppendJsonString(out, value);
}

}  // namespace

void AppendReview(std::string_view uid, const Response& response, std::string& out) {
  out += R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":)";
  AppendJsonString(out, uid);
  out += response.allowed ? R"(,"allowed":true)" : R"(,"allowed":false)";
  if (!response.allowed) {
    out += fmt::format(R"(,"status":{{"status":"Failure","code":{},)", response.code);
    AppendStringField(out, "reason", response.reason);
    out += ',';
    AppendStringField(out, "message", response.message);
    out += '}';
  }
  if (!response.warnings.empty()) {
    out += R"(,"warnings":[)";
    for (const std::string& warning : response.warnings) {
      if (&warning != &response.warnings.front()) out += ',';
      AppendJsonString(out, warning);
    }
    out += ']';
  }
  if (!response.annotations.empty()) {
    out += R"(,"auditAnnotations":{)";
    for (const auto& annotation : response.annotations) {
      if (&annotation != &response.annotations.front()) out += ',';
      AppendStringField(out, annotation.first, annotation.second);
    }
    out += '}';
  }
  out += "}}";
}

std::string StatusJson(int code, std::string_view reason, std::string_view message) {
  std::string out = R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)";
  AppendStringField(out, "message", message);
  out += ',';
  AppendStringField(out, "reason", reason);
  out += fmt::format(R"(,"code":{}}})", code);
  return out;
}

void SortForAnswer(std::vector<NamedFinding>& findings) {
  const auto before = [](const NamedFinding& a, const NamedFinding& b) {
    const model::Finding& x = *a.finding;
    const model::Finding& y = *b.finding;
    if (x.severity != y.severity) return x.severity > y.severity;
    return std::tie(x.check, x.location.json_path, x.message) <
           std::tie(y.check, y.location.json_path, y.message);
  };
  std::sort(findings.begin(), findings.end(), before);
}

std::string FindingLine(const NamedFinding& named, std::string_view subject) {
  const model::Finding& finding = *named.finding;
  std::string line = fmt::format("{}{} ({}): {}; {}", named.known ? "not new: " : "", finding.check,
                                 model::SeverityName(finding.severity), finding.message, subject);
  const std::string_view path = WithoutRoot(finding.location.json_path);
  if (!path.empty()) line += fmt::format(", {}", path);
  const std::string fix = FixText(finding);
  if (!fix.empty()) line += fmt::format("; fix: {}", fix);
  return CutAtWord(Printable(line), limits::kAdmissionLineSizeCharacters);
}

std::string RefusalText(std::string_view summary, std::span<const NamedFinding> findings,
                        std::string_view subject) {
  std::string text = Printable(summary);
  constexpr size_t kNamed = limits::kAdmissionMessageFindingCount;
  for (const NamedFinding& named : findings.first(std::min(kNamed, findings.size()))) {
    text += "\n- " + FindingLine(named, subject);
  }
  if (findings.size() > kNamed) {
    text += fmt::format("\nand {} more; `ouro scan` on the manifest shows all",
                        findings.size() - kNamed);
  }
  return text;
}

std::vector<std::string> FitWarnings(std::span<const std::string> lines) {
  constexpr size_t kEach = limits::kAdmissionWarningSizeCharacters;
  constexpr size_t kAll = limits::kAdmissionWarningsSizeCharacters;
  std::vector<std::string> warnings;
  size_t used = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string warning = CutAtWord(Printable(lines[i]), kEach);
    const size_t size = CountCharacters(warning);
    const bool last = i + 1 == lines.size();
    if (used + size > kAll - (last ? 0 : kMoreLineCharacters)) {
      warnings.push_back(fmt::format("{} more findings are not shown", lines.size() - i));
      break;
    }
    used += size;
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

std::string CutAtWord(std::string text, size_t characters) {
  if (text.size() <= characters || CountCharacters(text) <= characters) return text;
  const size_t end = OffsetOfCharacter(text, characters - 1);  // one for the ellipsis
  size_t cut = end;
  if (text[end] != ' ') {
    const size_t blank = text.rfind(' ', end);
    if (blank != std::string::npos && blank > 0) cut = blank;
  }
  while (cut > 0 && text[cut - 1] == ' ') --cut;
  text.resize(cut);
  return text + "…";
}

}  // namespace ouro::serve
