// The report of a proof: a table for people, JSON for programs.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "prove/prove.h"

namespace ouro::prove {
namespace {

constexpr size_t kExampleCount = 3;       // objects named for a reason without --verbose
constexpr size_t kUnexplainedCount = 50;  // differences shown without --verbose
constexpr size_t kTextSize = 300;         // bytes of a verdict's texts without --verbose
constexpr size_t kProblemCount = 10;      // problems shown without --verbose

std::string ObjectText(const ObjectPlace& place) {
  const model::Resource& r = place.resource;
  return r.namespace_name.empty() ? fmt::format("{} {}", r.kind, r.name)
                                  : fmt::format("{} {}/{}", r.kind, r.namespace_name, r.name);
}

std::string PlaceText(const ObjectPlace& place) {
  return Printable(fmt::format("{} ({}:{})", ObjectText(place), place.file, place.line));
}

std::string LegsText(const std::vector<Leg>& legs) {
  std::vector<std::string> names;
  for (const Leg leg : legs) names.emplace_back(LegName(leg));
  return JoinText(names, ", ");
}

std::string Plural(int64_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

class Table {
 public:
  Table(const ProveReport& report, bool verbose) : report_(report), verbose_(verbose) {}

  std::string Write() {
    Head();
    Pairs();
    ExplainedOnes();
    Unexplained();
    Missing();
    LeftOutChecks();
    Problems();
    Line("");
    Line(SentenceOf(report_));
    return std::move(out_);
  }

 private:
  void Line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }

  void Head() {
    Line(fmt::format("{} in {}, {} for Kubernetes 1.{}", Plural(report_.objects, "object"),
                     Plural(report_.files, "file"),
                     Plural(static_cast<int64_t>(report_.checks.size()), "check"),
                     report_.kubernetes_minor));
    if (report_.objects_excluded > 0) {
      Line(fmt::format("{} excluded by the configuration",
                       Plural(report_.objects_excluded, "object")));
    }
    if (report_.server.empty()) {
      Line(fmt::format("no server: {}", Printable(report_.server_missing)));
    } else {
      Line(fmt::format(
          "server {} {}: {} of {} objects live ({}), {} requests", Printable(report_.server),
          Printable(report_.server_version), report_.objects_live, report_.objects,
          report_.created ? "created, read back and deleted" : "dry run", report_.requests));
    }
    Line(report_.policies_installed
             ? "policies: installed for this run, judged by the API server"
             : "policies: judged by ouro's own evaluator (--install-policies asks the API server)");
  }

  void Pairs() {
    Line("");
    Line(fmt::format("{:<18}{:>12}{:>12}{:>12}{:>12}{:>13}", "legs", "compared", "findings", "same",
                     "explained", "unexplained"));
    PairCount sum;
    for (const PairCount& pair : report_.pairs) {
      Row(fmt::format("{} = {}", LegName(pair.a), LegName(pair.b)), pair);
      sum.compared += pair.compared;
      sum.same += pair.same;
      sum.explained += pair.explained;
      sum.unexplained += pair.unexplained;
      sum.findings += pair.findings;
    }
    Row("all", sum);
  }

  void Row(const std::string& name, const PairCount& pair) {
    Line(fmt::format("{:<18}{:>12}{:>12}{:>12}{:>12}{:>13}", name, pair.compared, pair.findings,
                     pair.same, pair.explained, pair.unexplained));
  }

  void ExplainedOnes() {
    if (report_.explained.empty()) return;
    Line("");
    Line("explained by what the API server does to objects:");
    for (const Explained& one : report_.explained) {
      Line(Printable(fmt::format("  {}  {}, {}: {}", one.check, Plural(one.count, "object"),
                                 one.field, one.reason)));
      Line(fmt::format("    as {}", PlaceText(one.example)));
    }
  }

  void Unexplained() {
    if (report_.unexplained.empty()) return;
    Line("");
    Line("unexplained:");
    size_t shown = 0;
    for (const Difference& one : report_.unexplained) {
      if (!verbose_ && shown++ == kUnexplainedCount) {
        Line(fmt::format("  and {} more (--verbose shows all)",
                         report_.unexplained.size() - kUnexplainedCount));
        return;
      }
      Line(fmt::format("  {}  {}", one.check, PlaceText(one.object)));
      for (const Leg leg : kLegs) {
        const auto& verdict = one.legs[static_cast<size_t>(leg)];
        if (verdict)
          Line(fmt::format("    {:<8}{}", LegName(leg), Cut(VerdictText(leg, *verdict))));
      }
      if (!one.note.empty()) Line("    " + Printable(one.note));
    }
  }

  std::string Cut(std::string text) const {
    if (verbose_ || text.size() <= kTextSize) return text;
    text.resize(ValidUtf8Prefix(std::string_view(text).substr(0, kTextSize)));
    return text + "…";
  }

  static std::string VerdictText(Leg leg, const CheckVerdict& verdict) {
    const Verdict shown = leg == Leg::kReview ? verdict.open : verdict.verdict;
    std::string text(VerdictName(shown));
    if (verdict.open != verdict.verdict) text += " (suppressed)";
    std::vector<std::string> places;
    for (const Place& place : verdict.places) places.push_back(place.field_path);
    if (!places.empty()) text += " at " + JoinText(places, ", ");
    if (!verdict.message.empty()) text += ": " + verdict.message;
    return Printable(text);
  }

  void Missing() {
    if (report_.not_compared.empty()) return;
    Line("");
    Line("not compared:");
    for (const NotCompared& one : report_.not_compared) {
      Line(Printable(fmt::format("  {} by {}: {}",
                                 Plural(static_cast<int64_t>(one.objects.size()), "object"),
                                 LegsText(one.legs), one.reason)));
      const size_t count =
          verbose_ ? one.objects.size() : std::min(kExampleCount, one.objects.size());
      for (size_t i = 0; i < count; ++i) {
        const NotCompared::Object& object = one.objects[i];
        Line(fmt::format("    {}{}{}", PlaceText(object.place), object.sentence.empty() ? "" : ": ",
                         Printable(object.sentence)));
      }
      if (count < one.objects.size()) {
        Line(fmt::format("    and {} more (--verbose shows all)", one.objects.size() - count));
      }
    }
  }

  void LeftOutChecks() {
    if (report_.left_out.empty()) return;
    Line("");
    Line("checks that some legs do not judge:");
    for (const LeftOut& one : report_.left_out) {
      Line(
          Printable(fmt::format("  {}  not by {}: {}", one.check, LegsText(one.legs), one.reason)));
    }
  }

  void Problems() {
    if (report_.problems.empty()) return;
    Line("");
    Line("not examined:");
    const size_t all = report_.problems.size();
    const size_t count = verbose_ ? all : std::min(kProblemCount, all);
    for (size_t i = 0; i < count; ++i) {
      const model::Problem& problem = report_.problems[i];
      std::string place = problem.file;
      if (problem.line > 0) place += fmt::format(":{}", problem.line);
      Line(Printable(fmt::format("  {}{}{}", place, place.empty() ? "" : ": ", problem.message)));
    }
    if (count < all) Line(fmt::format("  and {} more (--verbose shows all)", all - count));
  }

  const ProveReport& report_;
  bool verbose_;
  std::string out_;
};

// Writes JSON members; numbers and texts only.
class Json {
 public:
  explicit Json(std::string& out) : out_(out) {}

  void Open(char bracket) {
    Comma();
    out_ += bracket;
  }
  void Open(std::string_view key, char bracket) {
    Key(key);
    out_ += bracket;
  }
  void Close(char bracket) { out_ += bracket; }
  void Text(std::string_view key, std::string_view value) {
    Key(key);
    AppendJsonString(out_, value);
  }
  void Text(std::string_view value) {
    Comma();
    AppendJsonString(out_, value);
  }
  void Number(std::string_view key, int64_t value) {
    Key(key);
    out_ += fmt::format("{}", value);
  }
  void Flag(std::string_view key, bool value) {
    Key(key);
    out_ += value ? "true" : "false";
  }
  void Line() { out_ += '\n'; }

 private:
  void Comma() {
    const size_t last = out_.find_last_not_of('\n');
    if (last != std::string::npos && out_[last] != '{' && out_[last] != '[') out_ += ',';
  }
  void Key(std::string_view key) {
    Comma();
    AppendJsonString(out_, key);
    out_ += ':';
  }
  std::string& out_;
};

void WriteLegs(Json& json, const std::vector<Leg>& legs) {
  json.Open("legs", '[');
  for (const Leg leg : legs) json.Text(LegName(leg));
  json.Close(']');
}

void WriteObject(Json& json, const ObjectPlace& place) {
  json.Open("object", '{');
  json.Text("api_version", place.resource.api_version);
  json.Text("kind", place.resource.kind);
  if (!place.resource.namespace_name.empty()) {
    json.Text("namespace", place.resource.namespace_name);
  }
  json.Text("name", place.resource.name);
  json.Text("file", place.file);
  json.Number("line", place.line);
  json.Close('}');
}

void WriteVerdict(Json& json, Leg leg, const CheckVerdict& verdict) {
  json.Open(LegName(leg), '{');
  json.Text("verdict", VerdictName(leg == Leg::kReview ? verdict.open : verdict.verdict));
  if (verdict.open != verdict.verdict) json.Flag("suppressed", true);
  if (!verdict.places.empty()) {
    json.Open("places", '[');
    for (const Place& place : verdict.places) {
      json.Open('{');
      if (!place.container.empty()) json.Text("container", place.container);
      json.Text("field_path", place.field_path);
      json.Close('}');
    }
    json.Close(']');
  }
  if (!verdict.message.empty()) json.Text("message", verdict.message);
  json.Close('}');
}

void WriteRun(Json& json, const ProveReport& report) {
  json.Open("run", '{');
  if (report.server.empty()) {
    json.Text("server_missing", report.server_missing);
  } else {
    json.Text("server", report.server);
    json.Text("server_version", report.server_version);
    json.Text("live", report.created ? "created" : "dry-run");
  }
  json.Text("policies", report.policies_installed ? "server" : "ouro");
  json.Text("kubernetes_version", fmt::format("1.{}", report.kubernetes_minor));
  json.Flag("interrupted", report.interrupted);
  json.Open("checks", '[');
  for (const std::string& check : report.checks) json.Text(check);
  json.Close(']');
  json.Close('}');
}

void WriteSummary(Json& json, const ProveReport& report) {
  json.Open("summary", '{');
  json.Number("files", report.files);
  json.Number("objects", report.objects);
  json.Number("objects_excluded", report.objects_excluded);
  json.Number("objects_live", report.objects_live);
  json.Number("requests", report.requests);
  json.Number("verdicts_compared", report.verdicts_compared());
  json.Number("unexplained", static_cast<int64_t>(report.unexplained.size()));
  json.Number("exit_code", ExitCodeOf(report));
  json.Text("sentence", SentenceOf(report));
  json.Close('}');
}

void WriteDifferences(Json& json, const ProveReport& report) {
  json.Open("explained", '[');
  for (const Explained& one : report.explained) {
    json.Line();
    json.Open('{');
    json.Text("check", one.check);
    json.Text("field", one.field);
    json.Text("reason", one.reason);
    json.Number("count", one.count);
    WriteObject(json, one.example);
    json.Close('}');
  }
  json.Close(']');
  json.Line();
  json.Open("unexplained", '[');
  for (const Difference& one : report.unexplained) {
    json.Line();
    json.Open('{');
    json.Text("check", one.check);
    WriteObject(json, one.object);
    for (const Leg leg : kLegs) {
      const auto& verdict = one.legs[static_cast<size_t>(leg)];
      if (verdict) WriteVerdict(json, leg, *verdict);
    }
    if (!one.note.empty()) json.Text("note", one.note);
    json.Close('}');
  }
  json.Close(']');
}

void WriteMissing(Json& json, const ProveReport& report) {
  json.Open("not_compared", '[');
  for (const NotCompared& one : report.not_compared) {
    json.Line();
    json.Open('{');
    json.Text("reason", one.reason);
    WriteLegs(json, one.legs);
    json.Number("count", static_cast<int64_t>(one.objects.size()));
    json.Open("objects", '[');
    for (const NotCompared::Object& object : one.objects) {
      json.Line();
      json.Open('{');
      WriteObject(json, object.place);
      if (!object.sentence.empty()) json.Text("sentence", object.sentence);
      json.Close('}');
    }
    json.Close(']');
    json.Close('}');
  }
  json.Close(']');
  json.Line();
  json.Open("checks_left_out", '[');
  for (const LeftOut& one : report.left_out) {
    json.Line();
    json.Open('{');
    json.Text("check", one.check);
    WriteLegs(json, one.legs);
    json.Text("reason", one.reason);
    json.Close('}');
  }
  json.Close(']');
  json.Line();
  json.Open("problems", '[');
  for (const model::Problem& problem : report.problems) {
    json.Line();
    json.Open('{');
    json.Text("kind", problem.kind);
    if (!problem.file.empty()) json.Text("file", problem.file);
    if (problem.line > 0) json.Number("line", problem.line);
    json.Text("message", problem.message);
    json.Close('}');
  }
  json.Close(']');
}

}  // namespace

std::string SentenceOf(const ProveReport& report) {
  const std::string compared =
      fmt::format("{} compared over {}", Plural(report.verdicts_compared(), "verdict"),
                  Plural(report.objects - report.objects_excluded, "object"));
  std::string tail;
  if (report.policies_left) tail += "; policies of this run are left in the cluster";
  if (!report.unexplained.empty()) {
    return fmt::format(
        "{}: {}{}", compared,
        Plural(static_cast<int64_t>(report.unexplained.size()), "unexplained difference"), tail);
  }
  if (report.interrupted) return fmt::format("interrupted: {}{}", compared, tail);
  if (report.objects_live == 0) {
    return fmt::format("{}: no difference, but no object was compared with its live form{}",
                       compared, tail);
  }
  return fmt::format("{}: no unexplained difference{}", compared, tail);
}

std::string TableOf(const ProveReport& report, bool verbose) {
  return Table(report, verbose).Write();
}

std::string JsonOf(const ProveReport& report) {
  std::string out = "{";
  Json json(out);
  json.Text("schema", "ouro/prove/v1");
  json.Line();
  WriteRun(json, report);
  json.Line();
  json.Open("pairs", '[');
  for (const PairCount& pair : report.pairs) {
    json.Line();
    json.Open('{');
    json.Text("a", LegName(pair.a));
    json.Text("b", LegName(pair.b));
    json.Number("compared", pair.compared);
    json.Number("findings", pair.findings);
    json.Number("same", pair.same);
    json.Number("explained", pair.explained);
    json.Number("unexplained", pair.unexplained);
    json.Close('}');
  }
  json.Close(']');
  json.Line();
  WriteDifferences(json, report);
  json.Line();
  WriteMissing(json, report);
  json.Line();
  WriteSummary(json, report);
  json.Close('}');
  json.Line();
  return out;
}

}  // namespace ouro::prove
