// The report for people: findings grouped by object, each with its source line, then a summary with
// what was not examined and the verdict in one sentence, last, where a terminal shows it.
//
//     Deployment shop/web
//       ✗ critical  OURO-K8S-0001  Container runs privileged
//         shop/web.yaml:14:23 · container app is privileged
//            14 │ privileged: true
//               │             ^^^^
//           fix │ set privileged: false
#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "fmt/format.h"
#include "report/display.h"
#include "report/formats/formats.h"
#include "report/words.h"

namespace ouro::report {
namespace {

constexpr size_t kProblemCountMax = 20;  // problems named before "and N more"
constexpr size_t kPlaceCountMax = 3;     // places of a folded finding named without --verbose
constexpr int kSourceWidthMax = 160;     // columns of a source line when the output has no limit
constexpr int kWidthMin = 40;  // a narrower terminal is written to as if it were that wide
constexpr int kDetailIndent = 4;
constexpr int kGutterWidth = 9;    // columns before " │ " of source, fix and notes
constexpr int kSeverityWidth = 8;  // "critical"

// SGR codes of ECMA-48, with the 16 colours that every terminal's theme defines.
constexpr std::string_view kBold = "1";
constexpr std::string_view kDim = "2";
constexpr std::string_view kGreen = "32";
constexpr std::string_view kCyan = "36";
constexpr std::string_view kYellow = "33";
constexpr std::string_view kRed = "31";
constexpr std::string_view kBoldRed = "1;31";
constexpr std::string_view kBoldGreen = "1;32";
constexpr std::string_view kBoldYellow = "1;33";

std::string_view SeverityColor(model::Severity severity) {
  switch (severity) {
    case model::Severity::kCritical:
      return kBoldRed;
    case model::Severity::kHigh:
      return kRed;
    case model::Severity::kMedium:
      return kYellow;
    case model::Severity::kLow:
      return kCyan;
    case model::Severity::kInfo:
      return kDim;
  }
  return kDim;
}

// Findings of one object in one document; gravest first.
struct Group {
  std::vector<const model::Finding*> findings;
};

class TableWriter {
 public:
  TableWriter(const model::Report& report, const ReportOptions& options, std::string& out)
      : report_(report), options_(options), out_(out) {
    width_ = options.width == 0 ? 0 : std::max(options.width, kWidthMin);
  }

  void Write() {
    if (!options_.quiet) {
      for (const Group& group : Groups()) AppendGroup(group);
      if (options_.show_passed) AppendPassed();
    }
    AppendSummary();
    AppendProblems(false);
    AppendProblems(true);
    AppendVerdict();
  }

 private:
  void Paint(std::string_view code, std::string_view text) {
    if (!options_.color || code.empty()) {
      out_ += text;
      return;
    }
    out_ += fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  }

  std::vector<Group> Groups() const {
    std::vector<Group> groups;
    std::unordered_map<std::string, size_t> index;
    for (const model::Finding& finding : report_.findings) {
      if (IsSuppressed(finding) && !options_.verbose) continue;
      const model::Resource& r = finding.resource;
      // Lengths keep the parts apart whatever they hold.
      std::string key = fmt::format("{} {} {} {} {}{}{}{}", finding.location.document,
                                    r.kind.size(), r.name.size(), r.namespace_name.size(), r.kind,
                                    r.name, r.namespace_name, finding.location.file);
      const auto [at, fresh] = index.try_emplace(std::move(key), groups.size());
      if (fresh) groups.emplace_back();
      groups[at->second].findings.push_back(&finding);
    }
    for (Group& group : groups) {
      // Among equals in report order: all point into one vector.
      std::sort(group.findings.begin(), group.findings.end(), [](const auto* a, const auto* b) {
        return std::make_tuple(IsSuppressed(*a), -static_cast<int>(a->severity), a) <
               std::make_tuple(IsSuppressed(*b), -static_cast<int>(b->severity), b);
      });
    }
    return groups;
  }

  void AppendGroup(const Group& group) {
    const model::Finding& first = *group.findings.front();
    const std::string object = ObjectName(first.resource);
    Paint(kBold, SafeText(object.empty() ? first.location.file : object));
    out_ += '\n';
    size_t id_width = 0;
    for (const model::Finding* finding : group.findings)
      id_width = std::max(id_width, finding->check.size());
    for (const model::Finding* finding : group.findings) AppendFinding(*finding, id_width);
    out_ += '\n';
  }

  // "  ✗ critical  OURO-K8S-0001  Container runs privileged"
  void AppendHeadline(const model::Finding& finding, size_t id_width) {
    const bool hidden = IsSuppressed(finding);
    const std::string_view color = hidden ? kDim : SeverityColor(finding.severity);
    std::string_view mark = " ";
    if (finding.action == "block") mark = "✗";
    if (finding.action == "react") mark = "!";
    if (hidden) mark = "-";
    out_ += "  ";
    Paint(color, mark);
    out_ += ' ';
    Paint(color, fmt::format("{:<{}}", model::SeverityName(finding.severity), kSeverityWidth));
    out_ += "  ";
    Paint(kDim, fmt::format("{:<{}}", SafeText(finding.check), std::min<size_t>(id_width, 40)));
    out_ += "  ";
    const int column = 4 + kSeverityWidth + 4 + static_cast<int>(std::min<size_t>(id_width, 40));
    std::string title;
    const std::string safe = SafeText(TitleOf(finding));
    AppendWrapped(title, safe, column, column, width_);
    if (finding.status == model::FindingStatus::kError) title += " (could not be evaluated)";
    Paint(hidden ? kDim : kBold, title);
    out_ += '\n';
  }

  void AppendFinding(const model::Finding& finding, size_t id_width) {
    AppendHeadline(finding, id_width);
    const std::string place = SafeText(PlaceText(finding.location));
    std::string detail = SafeText(DetailOf(finding));
    // A message names its container; where there is none the reader still needs to know which.
    if (detail.empty() && !finding.resource.container.empty()) {
      detail = "container " + SafeText(finding.resource.container);
    }
    out_.append(kDetailIndent, ' ');
    Paint(kCyan, place);
    if (!detail.empty()) {
      const int column = kDetailIndent + DisplayWidth(place) + 3;
      out_ += place.empty() ? "" : " · ";
      AppendWrapped(out_, detail, column, kDetailIndent + 2, width_);
    }
    out_ += '\n';
    AppendSource(finding);
    AppendNotes(finding);
  }

  void AppendGutter(std::string_view label, std::string_view color) {
    Paint(color, fmt::format("{:>{}} │ ", label, kGutterWidth));
  }

  void AppendSource(const model::Finding& finding) {
    const model::Location& place = finding.location;
    if (place.source_line.empty() || place.line <= 0) return;
    const int room = width_ == 0 ? kSourceWidthMax : width_ - kGutterWidth - 3;
    const SourceExcerpt excerpt = ExcerptSource(place, std::min(room, kSourceWidthMax));
    if (excerpt.text.empty()) return;
    AppendGutter(std::to_string(place.line), kDim);
    out_ += excerpt.text;
    out_ += '\n';
    if (excerpt.mark_width == 0) return;
    AppendGutter("", kDim);
    out_.append(static_cast<size_t>(excerpt.mark_start), ' ');
    Paint(IsSuppressed(finding) ? kDim : SeverityColor(finding.severity),
          std::string(static_cast<size_t>(excerpt.mark_width), '^'));
    out_ += '\n';
  }

  void AppendNote(std::string_view label, std::string_view text, std::string_view color) {
    if (text.empty()) return;
    AppendGutter(label, kDim);
    std::string wrapped;
    const std::string safe = SafeText(text);
    AppendWrapped(wrapped, safe, kGutterWidth + 3, kGutterWidth + 3, width_);
    Paint(color, wrapped);
    out_ += '\n';
  }

  // What to do about it, and with --verbose everything that is known of it.
  void AppendNotes(const model::Finding& finding) {
    const std::string fix = FixText(finding);
    AppendNote("fix", fix, kGreen);
    if (fix.empty() || options_.verbose) AppendNote("help", finding.remediation, {});
    AppendNote("seen", FoldedText(finding), {});
    AppendNote("why", SuppressionText(finding), {});
    if (!options_.verbose) return;
    for (const std::string& reference : finding.references) AppendNote("see", reference, kDim);
    AppendNote("also", fmt::format("{}", fmt::join(finding.aliases, ", ")), kDim);
    AppendNote("id", finding.id, kDim);
    if (!finding.first_seen.empty()) AppendNote("first", finding.first_seen, kDim);
  }

  // "3 times, also at b.yaml:10:3 and 4 more places"
  std::string FoldedText(const model::Finding& finding) const {
    if (finding.count <= 1) return {};
    std::string text = Plural(finding.count, "time");
    const auto& places = finding.other_locations;
    const size_t shown = options_.verbose ? places.size() : std::min(places.size(), kPlaceCountMax);
    for (size_t i = 0; i < shown; ++i) {
      text += (i == 0 ? ", also at " : ", ") + PlaceText(places[i]);
    }
    if (shown < places.size()) {
      text +=
          fmt::format(" and {}", Plural(static_cast<int64_t>(places.size() - shown), "more place"));
    }
    return text;
  }

  void AppendPassed() {
    if (report_.passed.empty()) return;
    Paint(kBold, "passed");
    out_ += '\n';
    for (const model::Passed& passed : report_.passed) {
      out_ += "  ";
      Paint(kGreen, "✓");
      std::string object = ObjectName(passed.resource);
      if (!passed.resource.container.empty()) object += " (" + passed.resource.container + ")";
      const std::string place =
          passed.line > 0 ? fmt::format("{}:{}", passed.file, passed.line) : passed.file;
      out_ += fmt::format(" {}  {}  ", SafeText(passed.check), SafeText(object));
      Paint(kDim, SafeText(place));
      out_ += '\n';
    }
    out_ += '\n';
  }

  void AppendSummaryLine(std::string_view label, int64_t count, std::string_view detail) {
    Paint(kDim, fmt::format("  {:<12}", label));
    Paint(kBold, fmt::format("{:>7}", count));
    if (!detail.empty()) {
      out_ += "   ";
      AppendWrapped(out_, detail, 24, 24, width_);
    }
    out_ += '\n';
  }

  void AppendSummary() {
    const model::Counts& c = report_.counts;
    const auto part = [](std::string& text, int64_t count, std::string_view what) {
      if (count == 0) return;
      if (!text.empty()) text += ", ";
      text += fmt::format("{} {}", count, what);
    };
    std::string findings = SeverityCounts(c);
    std::string hidden;
    part(hidden, c.suppressed,
         options_.verbose ? "suppressed" : "suppressed (--verbose shows them)");
    part(hidden, c.baseline, "known to the baseline");
    part(hidden, c.passed, "passed");
    if (!hidden.empty()) findings += (findings.empty() ? "" : " · ") + hidden;
    AppendSummaryLine("findings", OpenCount(c), findings);

    std::string objects;
    part(objects, c.objects_examined, "examined");
    if (c.workloads > 0) objects += fmt::format(" ({})", Plural(c.workloads, "workload"));
    part(objects, c.objects_excluded, "excluded");
    part(objects, c.objects_failed, "failed");
    if (c.checks > 0) objects += fmt::format(" · {}", Plural(c.checks, "check"));
    AppendSummaryLine("objects", c.objects, objects);

    std::string files;
    part(files, c.files_examined, "examined");
    part(files, c.files_excluded, "excluded");
    part(files, c.files_skipped, "of other kinds");
    part(files, c.files_failed, "failed");
    AppendSummaryLine("files", c.files, files);
  }

  // What was not examined; or, with `warnings`, what was examined all the same.
  void AppendProblems(bool warnings) {
    std::vector<const model::Problem*> chosen;
    for (const model::Problem& problem : report_.problems) {
      if (problem.warning == warnings) chosen.push_back(&problem);
    }
    if (chosen.empty() && (warnings || report_.counts.not_examined == 0)) return;
    Paint(kYellow, fmt::format("  {:<12}", warnings ? "warnings" : "not examined"));
    const auto count = static_cast<int64_t>(chosen.size());
    Paint(kBold,
          fmt::format("{:>7}", warnings ? count : std::max(count, report_.counts.not_examined)));
    out_ += '\n';
    const size_t shown =
        options_.verbose ? chosen.size() : std::min(chosen.size(), kProblemCountMax);
    for (size_t i = 0; i < shown; ++i) AppendProblem(*chosen[i]);
    if (shown < chosen.size()) {
      Paint(kDim, fmt::format("    and {} more: --verbose or --format json lists all\n",
                              chosen.size() - shown));
    }
  }

  void AppendProblem(const model::Problem& problem) {
    std::string place = SafeText(PlaceText(problem));
    out_.append(kDetailIndent, ' ');
    Paint(kCyan, place);
    int column = kDetailIndent + DisplayWidth(place);
    std::string text;
    if (!problem.object.empty()) text = problem.object + ": ";
    text += problem.message.empty() ? problem.kind : problem.message;
    if (!place.empty()) {
      out_ += "  ";
      column += 2;
    }
    const std::string safe = SafeText(text);
    AppendWrapped(out_, safe, column, kDetailIndent + 2, width_);
    out_ += '\n';
  }

  void AppendVerdict() {
    const model::Decision& decision = report_.decision;
    const std::string sentence =
        SafeText(decision.sentence.empty() ? decision.verdict : decision.sentence);
    std::string_view color = kBoldGreen;
    if (decision.verdict == "blocked" || decision.verdict == "incomplete") color = kBoldRed;
    if (decision.verdict == "reacted") color = kBoldYellow;
    if (decision.verdict == "observed" && report_.counts.not_examined > 0) color = kBoldYellow;
    out_ += '\n';
    const size_t colon = sentence.find(':');
    const std::string_view head = std::string_view(sentence).substr(0, colon);
    Paint(color, head);
    AppendWrapped(out_, std::string_view(sentence).substr(head.size()), DisplayWidth(head), 2,
                  width_);
    out_ += '\n';
    if (!options_.verbose) return;
    for (const std::string& line : decision.explanation) {
      const std::string safe = SafeText(line);
      out_ += "  ";
      AppendWrapped(out_, safe, 2, 4, width_);
      out_ += '\n';
    }
  }

  const model::Report& report_;
  const ReportOptions& options_;
  std::string& out_;
  int width_ = 0;
};

}  // namespace

void WriteTable(const model::Report& report, const ReportOptions& options, std::string& out) {
  out.reserve(out.size() + 1'024 + report.findings.size() * 400);
  TableWriter(report, options, out).Write();
}

}  // namespace ouro::report
