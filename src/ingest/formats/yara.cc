// YARA: what `yara` prints: "Rule /path", with -g the tags and with -m the metadata in brackets
// before the path, with -e the namespace before the rule, with -s the matched strings below
// ("0x1f:$a: text"). Matched text may be a secret: only its hash is kept.
#include <map>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "yara";

struct Match {
  std::string rule;
  std::string path;
  std::string brackets;  // all that stood in brackets
};

bool IsIdentifier(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

// "0x1f:$bash: text"
bool IsStringLine(std::string_view line) {
  return StartsWith(line, "0x") && line.find(":$") != std::string_view::npos;
}

// The end of a bracket that begins at 0; quotes may hold brackets and escaped quotes.
size_t BracketEnd(std::string_view text) {
  bool quoted = false;
  for (size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == ']') {
      return i;
    }
  }
  return std::string_view::npos;
}

std::optional<Match> MatchOf(std::string_view line) {
  line = TrimSpace(line);
  const size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  std::string_view rule = line.substr(0, blank);
  if (const size_t colon = rule.find(':'); colon != std::string_view::npos) {
    if (!IsIdentifier(rule.substr(0, colon))) return std::nullopt;
    rule.remove_prefix(colon + 1);
  }
  if (!IsIdentifier(rule)) return std::nullopt;
  Match match;
  match.rule = std::string(rule);
  line = TrimSpace(line.substr(blank));
  while (StartsWith(line, "[")) {
    const size_t end = BracketEnd(line);
    if (end == std::string_view::npos) return std::nullopt;
    if (!match.brackets.empty()) match.brackets += ',';
    match.brackets += line.substr(1, end - 1);
    line = TrimSpace(line.substr(end + 1));
  }
  if (line.empty()) return std::nullopt;
  match.path = std::string(line);
  return match;
}

bool LooksLikePath(std::string_view path) {
  if (path.front() == '/' || StartsWith(path, "./") || StartsWith(path, "../")) return true;
  return path.size() > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeJson() || input.LooksLikeXml()) return kNo;
  int matches = 0;
  bool paths = true;
  for (const std::string_view line : input.Lines(16'384)) {
    if (TrimSpace(line).empty()) continue;
    if (matches > 0 && IsStringLine(line)) continue;
    const std::optional<Match> match = MatchOf(line);
    // The last line may be cut off by the limit.
    if (!match && matches > 50) break;
    if (!match) return kNo;
    paths = paths && LooksLikePath(match->path);
    ++matches;
  }
  if (matches == 0) return kNo;
  return paths ? kSure : kGuess;
}

// key="value",key=90,flag=true,tag
std::map<std::string, std::string> Metadata(std::string_view text) {
  std::map<std::string, std::string> values;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = at;
    bool quoted = false;
    while (end < text.size() && (quoted || text[end] != ',')) {
      if (quoted && text[end] == '\\')
        ++end;
      else if (text[end] == '"')
        quoted = !quoted;
      ++end;
    }
    const std::string_view part = text.substr(at, std::min(end, text.size()) - at);
    at = end + 1;
    const size_t equals = part.find('=');
    const std::string key(TrimSpace(part.substr(0, equals)));
    std::string value(equals == std::string_view::npos ? "" : TrimSpace(part.substr(equals + 1)));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = ReplaceAll(ReplaceAll(value.substr(1, value.size() - 2), "\\\"", "\""), "\\\\", "\\");
    }
    if (!key.empty()) values.emplace(key, value);
  }
  return values;
}

model::Finding MakeFinding(const Match& match) {
  model::Finding finding = NewFinding(model::FindingClass::kMalware, kTool, {}, match.rule);
  finding.title = fmt::format("{} matched {}", match.rule, match.path);
  std::map<std::string, std::string> metadata = Metadata(match.brackets);
  const std::string severity = metadata["severity"];
  if (SeverityOfWord(severity)) {
    SetSeverity(finding, kTool, severity);
  } else {
    SetSeverityAs(finding, kTool, severity, model::Severity::kMedium);
  }
  const std::string words = metadata["description"];
  finding.message = words.empty() ? fmt::format("The rule {} matches the file", match.rule) : words;
  finding.location.file = LocationPath(match.path);
  AddReference(finding, metadata["reference"]);
  finding.origin->confidence = metadata["confidence"];
  std::string& description = finding.origin->description;
  AddFact(description, "Rule", match.rule);
  AddFact(description, "File", match.path);
  AddFact(description, "Rule description", words);
  for (const auto& [key, value] : metadata) {
    if (key == "description" || key == "severity") continue;
    if (value.empty()) {
      AddTag(finding, key);
    } else {
      AddFact(description, key, value);
    }
  }
  return finding;
}

struct Found {
  Match match;
  std::string strings;
};

// Matches in order, each rule and file once, with the strings below them.
std::vector<Found> Parse(const ReportInput& input) {
  std::vector<Found> all;
  std::map<std::string, size_t> places;
  size_t current = 0;
  for (const std::string_view line : input.Lines()) {
    if (!all.empty() && IsStringLine(line)) {
      AddLine(all[current].strings, line);
      continue;
    }
    std::optional<Match> match = MatchOf(line);
    if (!match) continue;
    const auto [place, fresh] = places.emplace(match->rule + "\n" + match->path, all.size());
    current = place->second;
    if (fresh) all.push_back({std::move(*match), {}});
  }
  return all;
}

Status Read(const ReportInput& input, Sink& sink) {
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  for (const Found& found : Parse(input)) {
    model::Finding finding = MakeFinding(found.match);
    if (!found.strings.empty()) finding.origin->snippet_hash = SecretHash(found.strings);
    sink.Add(std::move(finding));
  }
  return {};
}

}  // namespace

const Importer kYara = {"yara",
                        "YARA",
                        "what yara prints, also with -m, -g, -e and -s",
                        "one rule that matches one file",
                        Detect,
                        Read};

}  // namespace ouro::ingest
