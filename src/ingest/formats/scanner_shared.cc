#include "ingest/formats/scanner_shared.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

// Places of folded entries that are kept: model::Finding::other_locations.
constexpr size_t kOtherLocationCount = 20;

struct Entity {
  std::string_view name;
  std::string_view text;
};

// The entities that scanners write into their HTML texts (HTML 4.01 §24).
constexpr std::array<Entity, 12> kEntities = {{{"amp", "&"},
                                               {"lt", "<"},
                                               {"gt", ">"},
                                               {"quot", "\""},
                                               {"apos", "'"},
                                               {"nbsp", " "},
                                               {"rsquo", "\xe2\x80\x99"},
                                               {"lsquo", "\xe2\x80\x98"},
                                               {"ldquo", "\xe2\x80\x9c"},
                                               {"rdquo", "\xe2\x80\x9d"},
                                               {"ndash", "\xe2\x80\x93"},
                                               {"mdash", "\xe2\x80\x94"}}};

// Elements whose begin or end begins a new line.
constexpr std::array<std::string_view, 16> kBlocks = {"p",   "div", "br", "li",   "ul", "ol",
                                                      "pre", "h1",  "h2", "h3",   "h4", "h5",
                                                      "tr",  "td",  "th", "table"};

// Appends the character of a reference that begins at '&'; gives the bytes it took, 0 when it is
// none.
size_t AppendReference(std::string& out, std::string_view text) {
  const size_t end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  const std::string_view name = text.substr(1, end - 1);
  if (name.front() == '#') {
    const bool hexadecimal = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    uint32_t code = 0;
    for (const char c : name.substr(hexadecimal ? 2 : 1)) {
      const size_t digit = std::string_view("0123456789abcdef").find(LowerAscii({&c, 1}));
      if (digit >= (hexadecimal ? 16U : 10U)) return 0;
      code = code * (hexadecimal ? 16 : 10) + static_cast<uint32_t>(digit);
      if (code > 0x10ffff) return 0;
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000)) return 0;
    AppendUtf8(out, code);
    return end + 1;
  }
  for (const Entity& entity : kEntities) {
    if (entity.name != name) continue;
    out += entity.text;
    return end + 1;
  }
  return 0;
}

bool IsBlock(std::string_view tag) {
  if (!tag.empty() && tag.front() == '/') tag.remove_prefix(1);
  const std::string name = LowerAscii(tag.substr(0, tag.find_first_of(" \t\r\n/>")));
  return std::ranges::find(kBlocks, name) != kBlocks.end();
}

bool IsTagStart(std::string_view rest) {
  if (rest.size() < 2) return false;
  const char c = rest[1];
  return c == '/' || c == '!' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Folds runs of blanks in each line and drops empty lines.
std::string FoldBlanks(std::string_view text) {
  std::string folded;
  for (const std::string_view line : SplitText(text, '\n')) {
    std::string words;
    const std::string spaced = ReplaceAll(line, "\t", " ");
    for (const std::string_view word : SplitText(spaced, ' ')) {
      if (TrimSpace(word).empty()) continue;
      if (!words.empty()) words += ' ';
      words += TrimSpace(word);
    }
    if (words.empty()) continue;
    if (!folded.empty()) folded += '\n';
    folded += words;
  }
  return folded;
}

}  // namespace

model::Finding ScannerFinding(model::FindingClass finding_class, std::string_view tool,
                              std::string_view rule, std::string title) {
  model::Finding finding;
  finding.finding_class = finding_class;
  finding.check = fmt::format("{}:{}", tool, rule);
  finding.title = std::move(title);
  finding.stage = "import";
  finding.origin.Make().tool = tool;
  return finding;
}

model::Problem ScannerProblem(ErrorCode code, std::string_view file, int64_t line,
                              std::string message) {
  model::Problem problem;
  problem.kind = ErrorCodeName(code);
  problem.file = file;
  problem.line = line;
  problem.message = std::move(message);
  return problem;
}

model::Problem ScannerWarning(ErrorCode code, std::string_view file, std::string message) {
  model::Problem problem = ScannerProblem(code, file, 0, std::move(message));
  problem.warning = true;
  return problem;
}

void SetAssumedSeverity(model::Finding& finding, std::string_view tool, model::Severity severity) {
  finding.severity = severity;
  finding.severity_source = fmt::format("{} (no severity given)", tool);
}

void AddCvss(model::Finding& finding, std::string_view vector, double score,
             std::string_view source) {
  vector = TrimSpace(vector);
  if (vector.empty() && score < 0) return;
  model::Cvss cvss;
  cvss.vector = vector;
  cvss.score = score;
  cvss.source = source;
  finding.vuln.Make().cvss.push_back(std::move(cvss));
}

void AddCwe(model::Finding& finding, std::string_view text) {
  const std::optional<int64_t> number = CweNumber(text);
  if (!number || *number <= 0) return;
  std::vector<int64_t>& cwes = finding.origin.Make().cwes;
  if (std::ranges::find(cwes, *number) == cwes.end()) cwes.push_back(*number);
}

void AddCwes(model::Finding& finding, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) AddCwe(finding, text);
}

void AddUnique(std::vector<std::string>& list, std::string_view text) {
  text = TrimSpace(text);
  if (text.empty() || std::ranges::find(list, text) != list.end()) return;
  list.emplace_back(text);
}

std::string ReportPath(std::string_view path) {
  std::string slashes = ReplaceAll(TrimSpace(path), "\\", "/");
  while (StartsWith(slashes, "./")) slashes.erase(0, 2);
  return slashes;
}

std::string SiteOf(std::string_view url) {
  url = TrimSpace(url);
  const size_t scheme = url.find("://");
  const size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t end = url.find_first_of("/?#", start);
  return std::string(url.substr(0, end));
}

std::string HostOf(std::string_view url) {
  const std::string site = SiteOf(url);
  std::string_view host = site;
  if (const size_t scheme = host.find("://"); scheme != std::string_view::npos) {
    host.remove_prefix(scheme + 3);
  }
  if (const size_t user = host.rfind('@'); user != std::string_view::npos) {
    host.remove_prefix(user + 1);
  }
  if (StartsWith(host, "[")) return std::string(host.substr(1, host.find(']') - 1));
  const size_t colon = host.find(':');
  // More than one colon is an IPv6 address without port.
  if (colon == std::string_view::npos || host.find(':', colon + 1) != std::string_view::npos) {
    return std::string(host);
  }
  return std::string(host.substr(0, colon));
}

std::string PlainText(std::string_view html) {
  std::string text;
  text.reserve(html.size());
  for (size_t i = 0; i < html.size();) {
    const std::string_view rest = html.substr(i);
    if (rest.front() == '<' && IsTagStart(rest)) {
      const size_t end = rest.find('>');
      if (end == std::string_view::npos) {
        text += rest;
        break;
      }
      if (IsBlock(rest.substr(1, end - 1))) text += '\n';
      i += end + 1;
      continue;
    }
    const size_t taken = rest.front() == '&' ? AppendReference(text, rest) : 0;
    if (taken == 0) text += rest.front();
    i += taken == 0 ? 1 : taken;
  }
  return FoldBlanks(text);
}

std::vector<std::string> UrlsIn(std::string_view text) {
  std::vector<std::string> urls;
  for (size_t at = text.find("http"); at != std::string_view::npos; at = text.find("http", at)) {
    std::string_view rest = text.substr(at);
    if (!StartsWith(rest, "http://") && !StartsWith(rest, "https://")) {
      at += 4;
      continue;
    }
    rest = rest.substr(0, rest.find_first_of(" \t\r\n\"'<>|`"));
    // A second address glued to the first begins a new one.
    const size_t next = rest.find("http", 4);
    if (next != std::string_view::npos && rest[next - 1] != '/' && rest[next - 1] != '=' &&
        rest.substr(next).find("://") < 6) {
      rest = rest.substr(0, next);
    }
    at += rest.size();
    while (!rest.empty() &&
           std::string_view(".,;:)]").find(rest.back()) != std::string_view::npos) {
      // A closing bracket belongs to the address when it was opened inside.
      if (rest.back() == ')' && std::ranges::count(rest, ')') <= std::ranges::count(rest, '(')) {
        break;
      }
      rest.remove_suffix(1);
    }
    if (rest.size() > 8) AddUnique(urls, ReplaceAll(rest, "&amp;", "&"));
  }
  return urls;
}

void AppendFact(std::string& text, std::string_view label, std::string_view value) {
  value = TrimSpace(value);
  if (value.empty()) return;
  if (!text.empty()) text += '\n';
  text += "**";
  text += label;
  text += ":** ";
  text += value;
}

std::string FirstLine(std::string_view text, size_t size) {
  text = TrimSpace(text);
  text = TrimSpace(text.substr(0, text.find_first_of("\r\n")));
  if (text.size() > size) text = text.substr(0, ValidUtf8Prefix(text.substr(0, size)));
  return std::string(text);
}

std::string WithoutSecret(std::string_view text, std::string_view secret) {
  static constexpr std::string_view kPlaceholder = "[secret]";
  if (secret.empty()) return std::string(text);
  std::string clean = ReplaceAll(text, secret, kPlaceholder);
  const std::string_view trimmed = TrimSpace(secret);
  if (trimmed.size() != secret.size() && !trimmed.empty()) {
    clean = ReplaceAll(clean, trimmed, kPlaceholder);
  }
  return clean;
}

bool IsAboutSecrets(std::string_view rule, const std::vector<int64_t>& cwes) {
  // CWE-256, 259, 312, 321, 522, 540 and 798 are about stored or hard-coded credentials.
  static constexpr std::array<int64_t, 7> kCwes = {256, 259, 312, 321, 522, 540, 798};
  static constexpr std::array<std::string_view, 9> kWords = {"secret",     "password",   "passwd",
                                                             "hardcoded",  "hard-coded", "api-key",
                                                             "credential", "private",    "token"};
  for (const int64_t cwe : cwes) {
    if (std::ranges::find(kCwes, cwe) != kCwes.end()) return true;
  }
  const std::string lower = ReplaceAll(LowerAscii(rule), "_", "-");
  return std::ranges::any_of(
      kWords, [&lower](std::string_view word) { return lower.find(word) != std::string::npos; });
}

std::string CodeHash(std::string_view code) {
  std::string plain;
  for (std::string_view line : SplitText(code, '\n')) {
    const size_t number_end = line.find_first_not_of("0123456789");
    if (number_end != 0 && number_end != std::string_view::npos) line.remove_prefix(number_end);
    if (StartsWith(line, ":")) line.remove_prefix(1);
    line = TrimSpace(line);
    if (line.empty()) continue;
    plain += line;
    plain += '\n';
  }
  return plain.empty() ? std::string() : SecretHash(plain);
}

std::string NumberedCodeHash(std::string_view code, int64_t first, int64_t last) {
  std::string chosen;
  for (const std::string_view line : SplitText(code, '\n')) {
    const std::string_view text = TrimSpace(line);
    const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
    const std::optional<int64_t> number = ParseInt64(digits);
    if (!number || *number < first || *number > std::max(first, last)) continue;
    chosen += text;
    chosen += '\n';
  }
  return CodeHash(chosen.empty() ? code : std::string_view(chosen));
}

Result<io::NodeView> JsonOf(const ReportInput& input) {
  if (const Error* error = input.json_error()) return tl::unexpected<Error>(*error);
  const io::NodeView json = input.json();
  if (!json) return Fail(ErrorCode::kInvalid, "the report is no JSON", "1:1");
  return json;
}

Result<std::vector<io::NodeView>> RecordsOf(const ReportInput& input) {
  if (const Error* error = input.json_error()) return tl::unexpected<Error>(*error);
  const std::vector<io::NodeView>& values = input.values();
  if (values.empty()) {
    const std::string_view text = TrimSpace(input.bytes());
    if (text.empty() || text == "null") return std::vector<io::NodeView>();
    return Fail(ErrorCode::kInvalid, "the report is no JSON", "1:1");
  }
  std::vector<io::NodeView> records;
  for (const io::NodeView& value : values) {
    if (value.IsMap()) records.push_back(value);
    if (!value.IsList()) continue;
    for (const io::NodeView& item : value.Children()) {
      if (item.IsMap()) records.push_back(item);
    }
  }
  return records;
}

Result<std::vector<io::NodeView>> ListOf(io::NodeView map, std::string_view key) {
  const io::NodeView list = map.Get(key);
  if (list.IsList()) return list.Children();
  if (list && list.type() == io::NodeType::kNull) return std::vector<io::NodeView>();
  return Fail(
      ErrorCode::kInvalid,
      fmt::format("`{}` {}", key, list ? "is no list" : "is missing: the report is not whole"),
      PlaceOf(list ? list : map));
}

Result<XmlNode> XmlOf(const ReportInput& input, std::string_view root_name) {
  if (const Error* error = input.xml_error()) return tl::unexpected<Error>(*error);
  const XmlNode root = input.xml();
  if (!root) return Fail(ErrorCode::kInvalid, "the report is no XML", "1:1");
  if (root.name() != root_name) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("the root element is <{}>, not <{}>", root.name(), root_name), "1:1");
  }
  return root;
}

void FindingFolder::Add(const std::string& key, model::Finding&& finding) {
  const auto [entry, is_new] = places_.try_emplace(key, findings_.size());
  if (is_new) {
    findings_.push_back(std::move(finding));
    return;
  }
  model::Finding& first = findings_[entry->second];
  ++first.count;
  model::Origin& origin = first.origin.Make();
  if (finding.origin) {
    origin.occurrences += finding.origin->occurrences;
    const std::string& description = finding.origin->description;
    if (static_cast<size_t>(first.count) <= kOtherLocationCount && !description.empty() &&
        origin.description.find(description) == std::string::npos) {
      origin.description += "\n\n" + description;
    }
  }
  const bool is_elsewhere = !finding.location.file.empty() && finding.location != first.location;
  if (is_elsewhere && first.other_locations.size() < kOtherLocationCount &&
      std::ranges::find(first.other_locations, finding.location) == first.other_locations.end()) {
    first.other_locations.push_back(std::move(finding.location));
  }
}

void FindingFolder::Flush(Sink& sink) {
  for (model::Finding& finding : findings_) sink.Add(std::move(finding));
  findings_.clear();
  places_.clear();
}

}  // namespace ouro::ingest
