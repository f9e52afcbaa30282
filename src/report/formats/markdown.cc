// A comment for a pull request: the verdict, what blocks as a table, the rest folded away. GitHub
// takes at most 65,536 characters; what does not fit is counted and said. Text from the scanned
// files is escaped so that it can neither make markup nor mention people.
#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "fmt/format.h"
#include "report/display.h"
#include "report/formats/formats.h"
#include "report/words.h"

namespace ouro::report {
namespace {

constexpr size_t kCommentSizeBytes = 65'536;  // GitHub counts characters; bytes are never fewer
constexpr size_t kTailSizeBytes = 2'048;      // kept free for the closing words
constexpr size_t kCellSizeBytes = 600;        // one text in a table
constexpr size_t kVerdictSizeBytes = 4'000;

// The beginning of `text` with at most `size_max` bytes, cut between characters.
std::string Shortened(std::string_view text, size_t size_max) {
  if (text.size() <= size_max) return std::string(text);
  return std::string(text.substr(0, ValidUtf8Prefix(text.substr(0, size_max)))) + "…";
}

// Plain text inside Markdown: what begins markup is escaped, and a comment after '@' and '#' keeps
// names from becoming mentions and numbers from becoming links.
std::string Escaped(std::string_view text, size_t size_max = kCellSizeBytes) {
  std::string out;
  for (const char c : Shortened(SafeText(text), size_max)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '|':
        out += "&#124;";
        break;
      case '$':
        out += "&#36;";
        break;
      case '@':
      case '#':
        out += c;
        out += "<!-- -->";
        break;
      case '\\':
      case '`':
      case '*':
      case '_':
      case '~':
      case '[':
      case ']':
      case '!':
        out += '\\';
        out += c;
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Text in the font for code, as HTML so that no character in it can end it.
std::string Code(std::string_view text) {
  std::string out = "<code>";
  for (const char c : Shortened(SafeText(text), kCellSizeBytes)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (std::string_view("|`*_~[]\\$@#!:").find(c) != std::string_view::npos) {
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + "</code>";
}

std::string Row(const model::Finding& finding) {
  std::string text = fmt::format("**{}** {}", Escaped(TitleOf(finding)), Code(finding.check));
  const std::string detail = Escaped(DetailOf(finding));
  if (!detail.empty()) text += "<br>" + detail;
  const std::string fix = FixText(finding);
  if (!fix.empty()) {
    text += "<br>fix: " + Code(fix);
  } else if (!finding.remediation.empty()) {
    text += "<br>fix: " + Escaped(finding.remediation);
  }
  if (finding.count > 1) text += fmt::format("<br>seen {} times", finding.count);
  std::string object = Escaped(ObjectName(finding.resource));
  if (!finding.resource.container.empty())
    object += fmt::format("<br>container {}", Escaped(finding.resource.container));
  return fmt::format("| {} | {} | {} | {} |\n", model::SeverityName(finding.severity), text, object,
                     Code(PlaceText(finding.location)));
}

std::string SuppressedRow(const model::Finding& finding) {
  return fmt::format("| {} | {} {} | {} | {} |\n", model::SeverityName(finding.severity),
                     Escaped(TitleOf(finding)), Code(finding.check),
                     Escaped(ObjectName(finding.resource)), Escaped(SuppressionText(finding)));
}

std::string ProblemRow(const model::Problem& problem) {
  std::string text = "- ";
  const std::string place = PlaceText(problem);
  if (!place.empty()) text += Code(place) + " ";
  if (!problem.object.empty()) text += Escaped(problem.object) + ": ";
  return text + Escaped(problem.message.empty() ? problem.kind : problem.message) + "\n";
}

class MarkdownWriter {
 public:
  MarkdownWriter(const model::Report& report, std::string& out)
      : report_(report), out_(out), start_(out.size()) {}

  void Write() {
    AppendVerdict();
    const auto blocking =
        Select([](const auto& f) { return !IsSuppressed(f) && f.action == "block"; });
    const auto rest = Select([](const auto& f) { return !IsSuppressed(f) && f.action != "block"; });
    const auto hidden = Select([](const auto& f) { return IsSuppressed(f); });
    AppendRows("", "| | finding | object | place |\n|---|---|---|---|\n", blocking, Row,
               "blocking findings");
    AppendRows(Plural(static_cast<int64_t>(rest.size()), "finding") + " that " +
                   (rest.size() == 1 ? "does" : "do") + " not block",
               "| | finding | object | place |\n|---|---|---|---|\n", rest, Row, "findings");
    AppendProblems(false);
    AppendRows(Plural(static_cast<int64_t>(hidden.size()), "suppressed finding"),
               "| | finding | object | why |\n|---|---|---|---|\n", hidden, SuppressedRow,
               "findings");
    AppendProblems(true);
    AppendFooter();
  }

 private:
  size_t Room() const {
    const size_t used = out_.size() - start_ + kTailSizeBytes;
    return used >= kCommentSizeBytes ? 0 : kCommentSizeBytes - used;
  }

  template <typename Predicate>
  std::vector<const model::Finding*> Select(Predicate predicate) const {
    std::vector<const model::Finding*> chosen;
    for (const model::Finding& finding : report_.findings) {
      if (predicate(finding)) chosen.push_back(&finding);
    }
    std::sort(chosen.begin(), chosen.end(), [](const auto* a, const auto* b) {
      return a->severity != b->severity ? a->severity > b->severity : a < b;
    });
    return chosen;
  }

  void AppendVerdict() {
    const model::Decision& decision = report_.decision;
    // The comment in the first line is how a pipeline finds its own comment to replace it.
    out_ += "<!-- ouro:report -->\n";
    std::string_view sign = "✅";
    if (decision.exit_code != 0 || decision.verdict == "blocked") sign = "⛔";
    if (decision.exit_code == 0 && report_.counts.not_examined > 0) sign = "⚠️";
    out_ += fmt::format("## {} ouro: {}\n\n", sign, Escaped(decision.verdict));
    out_ += Escaped(decision.sentence, kVerdictSizeBytes) + "\n\n";
  }

  // A section of rows while there is room; what is left out is counted. `title` empty: not folded.
  template <typename T>
  void AppendRows(std::string_view title, std::string_view head, const std::vector<const T*>& items,
                  std::string (*row)(const T&), std::string_view noun) {
    if (items.empty()) return;
    if (!title.empty()) out_ += fmt::format("<details><summary>{}</summary>\n\n", title);
    out_ += head;
    size_t shown = 0;
    for (; shown < items.size(); ++shown) {
      const std::string text = row(*items[shown]);
      if (text.size() > Room()) break;
      out_ += text;
    }
    if (shown < items.size()) {
      out_ += fmt::format(
          "\n**{} more {} are not shown**: a comment holds 65,536 characters. `ouro scan` lists "
          "all.\n",
          items.size() - shown, noun);
    }
    out_ += title.empty() ? "\n" : "\n</details>\n\n";
  }

  void AppendProblems(bool warnings) {
    std::vector<const model::Problem*> chosen;
    for (const model::Problem& problem : report_.problems) {
      if (problem.warning == warnings) chosen.push_back(&problem);
    }
    const auto count = static_cast<int64_t>(chosen.size());
    const std::string title = warnings
                                  ? Plural(count, "warning")
                                  : fmt::format("{} of the input {} not examined",
                                                Plural(count, "part"), count == 1 ? "was" : "were");
    AppendRows(title, "", chosen, ProblemRow, "problems");
  }

  void AppendFooter() {
    const model::Counts& c = report_.counts;
    out_ += fmt::format("{} of {} and {} of {} examined", c.objects_examined,
                        Plural(c.objects, "object"), c.files_examined, Plural(c.files, "file"));
    if (c.checks > 0) out_ += fmt::format(" with {}", Plural(c.checks, "check"));
    const std::string open = SeverityCounts(c);
    out_ += fmt::format(" · {}", open.empty() ? "no open findings" : open);
    if (c.suppressed > 0) out_ += fmt::format(" · {} suppressed", c.suppressed);
    if (c.baseline > 0) out_ += fmt::format(" · {} in the baseline", c.baseline);
    if (c.not_examined > 0) out_ += fmt::format(" · {} not examined", c.not_examined);
    out_ += '\n';
  }

  const model::Report& report_;
  std::string& out_;
  size_t start_;
};

}  // namespace

void WriteMarkdown(const model::Report& report, const ReportOptions&, std::string& out) {
  MarkdownWriter(report, out).Write();
}

}  // namespace ouro::report
