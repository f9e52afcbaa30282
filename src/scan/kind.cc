// What a file is: by its name where that is enough, else by its first bytes.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "scan/source.h"

namespace ouro::scan {
namespace {

// Extensions of files that are never manifests: source code, documents, pictures, archives, keys.
// Sorted. Whatever is not listed is opened and judged by its first bytes.
constexpr std::array<std::string_view, 88> kOtherExtensions = {
    "7z",    "a",     "adoc", "avi",    "bat",     "bin", "bmp",  "bz2", "c",     "cc",   "cfg",
    "class", "cmake", "conf", "cpp",    "crt",     "cs",  "css",  "csv", "cue",   "dll",  "doc",
    "exe",   "gif",   "go",   "gradle", "graphql", "gz",  "h",    "hcl", "hpp",   "html", "ico",
    "ini",   "ipynb", "jar",  "java",   "jpeg",    "jpg", "js",   "jsx", "key",   "kt",   "less",
    "lib",   "lock",  "log",  "lua",    "map",     "md",  "mdx",  "mjs", "mod",   "mp3",  "mp4",
    "o",     "odt",   "pdf",  "pem",    "php",     "pl",  "png",  "po",  "proto", "ps1",  "pub",
    "py",    "pyc",   "rb",   "rego",   "rs",      "rst", "scss", "sh",  "so",    "sql",  "sum",
    "svg",   "swift", "tar",  "tf",     "toml",    "ts",  "tsx",  "vue", "whl",   "xml",  "zip"};
static_assert(std::is_sorted(kOtherExtensions.begin(), kOtherExtensions.end()));

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool IsDockerfileName(std::string_view name) {
  const std::string lower = LowerAscii(name);
  for (const std::string_view stem : {"dockerfile", "containerfile"}) {
    if (lower == stem || StartsWith(lower, std::string(stem) + ".") ||
        EndsWith(lower, "." + std::string(stem))) {
      return true;
    }
  }
  return false;
}

// The first line that says something: neither blank, nor a comment, nor a document or directive
// line.
std::string_view FirstSignificantLine(std::string_view text) {
  if (StartsWith(text, "\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = TrimSpace(text.substr(0, end));
    const bool silent = line.empty() || line.front() == '#' || line.front() == '%' ||
                        StartsWith(line, "---") || StartsWith(line, "{{");
    if (!silent) return line;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return {};
}

bool LooksLikeManifest(std::string_view content) {
  const std::string_view line = FirstSignificantLine(content);
  if (!line.empty() && line.front() == '{') {
    return content.find("\"apiVersion\"") != std::string_view::npos;
  }
  for (const std::string_view key : {"apiVersion:", "kind:", "\"apiVersion\":", "\"kind\":"}) {
    if (StartsWith(line, key)) return true;
  }
  return false;
}

bool HasTemplateExtension(std::string_view name) {
  for (const std::string_view extension :
       {".tpl", ".tmpl", ".gotmpl", ".j2", ".jinja", ".jinja2"}) {
    if (EndsWith(name, extension)) return true;
  }
  return false;
}

// Walks one line and finds an unquoted mark. A quote opens only where a scalar may begin.
std::optional<size_t> MarkInLine(std::string_view line) {
  char quote = 0;
  char before = ' ';
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if ((c == '"' || c == '\'') && (before == ' ' || before == '[' || before == '{')) {
      quote = c;
    } else if (c == '#' && before == ' ') {
      return std::nullopt;
    } else if (c == '{' && i + 1 < line.size() && (line[i + 1] == '{' || line[i + 1] == '%')) {
      return i;
    }
    before = c == '\t' ? ' ' : c;
  }
  return std::nullopt;
}

// Roots and functions that only Helm has. Words of the template language itself (if, with, end,
// template, …) do not count: alert rules use them in plain scalars.
constexpr std::array<std::string_view, 15> kActionWords = {
    ".Values",        "$.Values", ".Release",   ".Chart",     ".Capabilities",
    "$.Release",      "$.Chart",  "$.Template", ".Template.", ".Files.",
    "$.Capabilities", "$.Files.", "include \"", "tpl .",      "toYaml ."};

}  // namespace

NameHint HintOfName(std::string_view path) {
  const std::string_view name = BaseName(path);
  if (IsDockerfileName(name)) return NameHint::kDockerfile;
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return NameHint::kUnknown;
  const std::string extension = LowerAscii(name.substr(dot + 1));
  if (extension == "yaml" || extension == "yml") return NameHint::kYaml;
  if (extension == "json") return NameHint::kJson;
  const bool other =
      std::binary_search(kOtherExtensions.begin(), kOtherExtensions.end(), extension);
  return other ? NameHint::kOther : NameHint::kUnknown;
}

FileKind DetectKind(std::string_view path, std::string_view content) {
  switch (HintOfName(path)) {
    case NameHint::kYaml:
      return FileKind::kManifest;
    case NameHint::kJson: {
      // A NUL byte means UTF-16, a backslash may hide the key's letters: the reader decides then.
      const bool may_hold_object = content.find("apiVersion") != std::string_view::npos ||
                                   content.find('\0') != std::string_view::npos ||
                                   content.find("\\u00") != std::string_view::npos;
      return may_hold_object ? FileKind::kManifest : FileKind::kOther;
    }
    case NameHint::kOther:
    case NameHint::kDockerfile:
      return FileKind::kOther;
    case NameHint::kUnknown:
      break;
  }
  if (!LooksLikeManifest(content)) return FileKind::kOther;
  if (HasTemplateExtension(path) && FindTemplateMark(content)) return FileKind::kTemplated;
  return FileKind::kManifest;
}

std::optional<size_t> FindTemplateMark(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    size_t end = text.find('\n', at);
    if (end == std::string_view::npos) end = text.size();
    const std::string_view line = text.substr(at, end - at);
    if (line.find('{') != std::string_view::npos) {
      if (const auto mark = MarkInLine(line)) return at + *mark;
    }
    at = end + 1;
  }
  return std::nullopt;
}

bool HasTemplateAction(std::string_view scalar) {
  for (size_t at = scalar.find("{{"); at != std::string_view::npos;
       at = scalar.find("{{", at + 2)) {
    std::string_view action = scalar.substr(at + 2);
    if (StartsWith(action, "-")) action.remove_prefix(1);
    while (!action.empty() && (action.front() == ' ' || action.front() == '(')) {
      action.remove_prefix(1);
    }
    for (const std::string_view word : kActionWords) {
      if (!StartsWith(action, word)) continue;
      const char last = word.back();
      const char next = action.size() > word.size() ? action[word.size()] : '}';
      const bool whole = last == '.' || last == '"' || next == ' ' || next == '}' || next == '.';
      if (whole) return true;
    }
  }
  return false;
}

}  // namespace ouro::scan
