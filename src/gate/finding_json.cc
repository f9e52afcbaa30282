#include "gate/finding_json.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "gate/json_object.h"

namespace ouro::gate {
namespace {

using io::NodeType;
using io::NodeView;

// Reads members of one map; remembers the first that has a wrong type.
class MemberReader {
 public:
  explicit MemberReader(const NodeView& map) : map_(map) {}

  void Text(std::string_view key, std::string& into) {
    const NodeView value = map_.Get(key);
    if (!value || value.type() == NodeType::kNull) return;
    if (!value.IsString()) return Wrong(key, "text");
    into = value.Text();
  }
  void Texts(std::string_view key, std::vector<std::string>& into) {
    const NodeView value = map_.Get(key);
    if (!value || value.type() == NodeType::kNull) return;
    if (!value.IsList()) return Wrong(key, "a list of text");
    for (const NodeView& item : value.Children()) {
      if (!item.IsString()) return Wrong(key, "a list of text");
      into.emplace_back(item.Text());
    }
  }
  void Integer(std::string_view key, int64_t& into) {
    const NodeView value = map_.Get(key);
    if (!value || value.type() == NodeType::kNull) return;
    if (value.type() != NodeType::kInt) return Wrong(key, "a whole number");
    into = value.tree().node(value.index()).integer;
  }
  void Number(std::string_view key, double& into) {
    const NodeView value = map_.Get(key);
    if (!value || value.type() == NodeType::kNull) return;
    const io::Node& node = value.tree().node(value.index());
    if (node.type == NodeType::kInt) {
      into = static_cast<double>(node.integer);
    } else if (node.type == NodeType::kDouble) {
      into = node.number;
    } else {
      Wrong(key, "a number");
    }
  }
  void Boolean(std::string_view key, bool& into) {
    const NodeView value = map_.Get(key);
    if (!value || value.type() == NodeType::kNull) return;
    if (value.type() != NodeType::kBool) return Wrong(key, "true or false");
    into = value.tree().node(value.index()).boolean;
  }
  // The map behind the key; does not exist when absent.
  NodeView Map(std::string_view key) {
    NodeView value = map_.Get(key);
    if (value && !value.IsMap() && value.type() != NodeType::kNull) Wrong(key, "a map");
    return value && value.IsMap() ? value : NodeView();
  }
  void Wrong(std::string_view key, std::string_view what) {
    if (fault_.empty()) fault_ = fmt::format("{} must be {}", key, what);
  }
  const std::string& fault() const { return fault_; }
  void Take(const MemberReader& other, std::string_view key) {
    if (fault_.empty() && !other.fault_.empty()) fault_ = fmt::format("{}.{}", key, other.fault_);
  }

 private:
  NodeView map_;
  std::string fault_;
};

template <typename T>
bool ParseName(std::string_view text, int count, std::string_view (*name)(T), T& into) {
  for (int i = 0; i < count; ++i) {
    if (name(static_cast<T>(i)) != text) continue;
    into = static_cast<T>(i);
    return true;
  }
  return false;
}

void ReadResource(MemberReader& top, model::Finding& finding) {
  const NodeView map = top.Map("resource");
  if (!map) return;
  MemberReader reader(map);
  reader.Text("api_version", finding.resource.api_version);
  reader.Text("kind", finding.resource.kind);
  reader.Text("namespace", finding.resource.namespace_name);
  reader.Text("name", finding.resource.name);
  reader.Text("container", finding.resource.container);
  top.Take(reader, "resource");
}

void ReadLocation(MemberReader& top, model::Finding& finding) {
  const NodeView map = top.Map("location");
  if (!map) return;
  MemberReader reader(map);
  reader.Text("file", finding.location.file);
  reader.Integer("line", finding.location.line);
  reader.Integer("column", finding.location.column);
  top.Take(reader, "location");
}

void ReadPackage(MemberReader& top, model::Finding& finding) {
  const NodeView map = top.Map("package");
  if (!map) return;
  MemberReader reader(map);
  model::Package& package = finding.package.Make();
  reader.Text("purl", package.purl);
  reader.Text("name", package.name);
  reader.Text("version", package.version);
  reader.Text("type", package.type);
  reader.Text("path", package.path);
  top.Take(reader, "package");
}

void ReadImage(MemberReader& top, model::Finding& finding) {
  const NodeView map = top.Map("image");
  if (!map) return;
  MemberReader reader(map);
  model::Image& image = finding.image.Make();
  reader.Text("reference", image.reference);
  reader.Text("digest", image.digest);
  top.Take(reader, "image");
}

// A score alone, or a list of ratings.
void ReadCvss(MemberReader& vuln, const NodeView& value, std::vector<model::Cvss>& ratings) {
  if (!value || value.type() == NodeType::kNull) return;
  if (!value.IsList()) {
    double score = -1;
    vuln.Number("cvss", score);
    ratings.push_back({"", score, ""});
    return;
  }
  for (const NodeView& item : value.Children()) {
    MemberReader reader(item);
    model::Cvss rating;
    reader.Text("vector", rating.vector);
    reader.Number("score", rating.score);
    reader.Text("source", rating.source);
    vuln.Take(reader, "cvss");
    ratings.push_back(std::move(rating));
  }
}

void ReadVuln(MemberReader& top, InputFinding& input) {
  const NodeView map = top.Map("vuln");
  if (!map) return;
  MemberReader reader(map);
  model::Vuln& vuln = input.finding.vuln.Make();
  reader.Text("id", vuln.id);
  reader.Texts("aliases", vuln.aliases);
  ReadCvss(reader, map.Get("cvss"), vuln.cvss);
  reader.Number("epss", vuln.epss);
  reader.Boolean("kev", vuln.kev);
  if (const NodeView fixed = map.Get("fixed_in"); fixed && fixed.IsList()) {
    std::vector<std::string> versions;
    reader.Texts("fixed_in", versions);
    vuln.fixed_in = JoinText(versions, ", ");
  } else {
    reader.Text("fixed_in", vuln.fixed_in);
  }
  reader.Text("fix_state", vuln.fix_state);
  reader.Text("published", vuln.published);
  reader.Text("fix_available_since", input.fix_available_since);
  top.Take(reader, "vuln");
}

void ReadAsset(MemberReader& top, model::Finding& finding) {
  const NodeView map = top.Map("asset");
  if (!map) return;
  MemberReader reader(map);
  model::Asset& asset = finding.asset.Make();
  reader.Text("application", asset.application);
  reader.Text("environment", asset.environment);
  reader.Text("cluster", asset.cluster);
  top.Take(reader, "asset");
}

void ReadJudgement(MemberReader& top, model::Finding& finding) {
  model::Judgement judgement;
  int64_t priority = 0;
  // In the report these stand at the top of the finding; `judgement` groups them.
  top.Integer("priority", priority);
  top.Text("outcome", judgement.outcome);
  top.Text("exposure", judgement.exposure);
  top.Text("reachability", judgement.reachability);
  if (const NodeView map = top.Map("judgement")) {
    MemberReader reader(map);
    reader.Integer("priority", priority);
    reader.Text("outcome", judgement.outcome);
    reader.Text("exposure", judgement.exposure);
    reader.Text("reachability", judgement.reachability);
    top.Take(reader, "judgement");
  }
  judgement.priority = static_cast<int>(std::clamp<int64_t>(priority, 0, 100));
  if (!(judgement == model::Judgement())) finding.judgement = std::move(judgement);
}

void ReadState(MemberReader& top, InputFinding& input) {
  model::Finding& finding = input.finding;
  std::string status = "open";
  top.Text("status", status);
  if (!ParseName(status, 3, model::FindingStatusName, finding.status)) {
    top.Wrong("status", "open, suppressed or error");
  }
  if (const NodeView map = top.Map("suppressed")) {
    MemberReader reader(map);
    model::Suppression suppression;
    reader.Text("by", suppression.by);
    reader.Text("reason", suppression.reason);
    reader.Text("until", suppression.until);
    finding.suppressed = std::move(suppression);
    top.Take(reader, "suppressed");
  }
  top.Text("first_seen", finding.first_seen);
  top.Text("last_seen", finding.last_seen);
  top.Text("stage", finding.stage);
  top.Integer("count", finding.count);
  top.Text("fix_group", input.fix_group);
  top.Text("fix_available_since", input.fix_available_since);
}

void ReadLabels(MemberReader& top, InputFinding& input) {
  const NodeView map = top.Map("labels");
  if (!map) return;
  for (const auto& [key, value] : map.Members()) {
    if (!value.IsString()) return top.Wrong("labels", "a map of text");
    input.labels.emplace(key, value.Text());
  }
}

// Whether a fix is known, where patches are not read one by one.
void ReadFix(MemberReader& top, model::Finding& finding) {
  const NodeView map = top.Map("fix");
  if (map && !map.Get("patches").Children().empty()) finding.fix.push_back({"set", "$", ""});
  bool fixable = false;
  top.Boolean("fixable", fixable);
  if (fixable && finding.fix.empty()) finding.fix.push_back({"set", "$", ""});
}

}  // namespace

Result<InputFinding> ReadFinding(const NodeView& map, size_t index) {
  const auto refuse = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalid, std::string(why), fmt::format("findings[{}]", index));
  };
  if (!map.IsMap()) return refuse("a finding must be a map");
  InputFinding input;
  model::Finding& finding = input.finding;
  MemberReader reader(map);
  reader.Text("id", finding.id);
  reader.Text("issue", finding.issue);
  std::string text = "misconfig";
  reader.Text("class", text);
  if (!ParseName(text, 11, model::FindingClassName, finding.finding_class)) {
    reader.Wrong("class", "a class of finding such as vuln");
  }
  reader.Text("check", finding.check);
  reader.Text("concept", finding.concept_name);
  reader.Texts("aliases", finding.aliases);
  reader.Text("title", finding.title);
  reader.Text("message", finding.message);
  reader.Text("field_path", finding.field_path);
  text.clear();
  reader.Text("severity", text);
  if (const auto severity = model::ParseSeverity(text)) {
    finding.severity = *severity;
  } else {
    reader.Wrong("severity", "critical, high, medium, low or info");
  }
  ReadResource(reader, finding);
  ReadLocation(reader, finding);
  ReadPackage(reader, finding);
  ReadImage(reader, finding);
  ReadVuln(reader, input);
  ReadAsset(reader, finding);
  ReadJudgement(reader, finding);
  ReadFix(reader, finding);
  ReadState(reader, input);
  ReadLabels(reader, input);
  if (finding.check.empty() && finding.vuln) finding.check = finding.vuln->id;
  if (finding.check.empty()) reader.Wrong("check", "there");
  if (!reader.fault().empty()) return refuse(reader.fault());
  return input;
}

namespace {

void AppendVuln(JsonObject& parent, std::string& out, const InputFinding& input) {
  const model::Vuln& vuln = *input.finding.vuln;
  parent.Next("vuln");
  JsonObject object(out, '{');
  object.TextIf("id", vuln.id);
  object.TextsIf("aliases", vuln.aliases);
  if (!vuln.cvss.empty()) {
    object.Next("cvss");
    JsonObject list(out, '[');
    for (const model::Cvss& rating : vuln.cvss) {
      list.Next();
      JsonObject entry(out, '{');
      entry.TextIf("vector", rating.vector);
      entry.Number("score", rating.score);
      entry.TextIf("source", rating.source);
      entry.End();
    }
    list.End();
  }
  if (vuln.epss >= 0) object.Number("epss", vuln.epss);
  if (vuln.kev) object.Bool("kev", true);
  object.TextIf("fixed_in", vuln.fixed_in);
  object.TextIf("fix_state", vuln.fix_state);
  object.TextIf("published", vuln.published);
  object.End();
}

using TextMember = std::pair<std::string_view, const std::string*>;

// {"name":{…}} of the texts that are there.
void AppendTexts(JsonObject& parent, std::string& out, std::string_view name,
                 std::initializer_list<TextMember> members) {
  parent.Next(name);
  JsonObject object(out, '{');
  for (const TextMember& member : members) object.TextIf(member.first, *member.second);
  object.End();
}

void AppendParts(JsonObject& object, std::string& out, const model::Finding& finding) {
  if (finding.package) {
    const model::Package& package = *finding.package;
    AppendTexts(object, out, "package",
                {{"purl", &package.purl},
                 {"name", &package.name},
                 {"version", &package.version},
                 {"type", &package.type},
                 {"path", &package.path}});
  }
  if (finding.image) {
    AppendTexts(object, out, "image",
                {{"reference", &finding.image->reference}, {"digest", &finding.image->digest}});
  }
  if (finding.asset) {
    AppendTexts(object, out, "asset",
                {{"application", &finding.asset->application},
                 {"environment", &finding.asset->environment},
                 {"cluster", &finding.asset->cluster}});
  }
  if (finding.judgement) {
    const model::Judgement& judgement = *finding.judgement;
    object.Int("priority", judgement.priority);
    object.TextIf("outcome", judgement.outcome);
    object.TextIf("exposure", judgement.exposure);
    object.TextIf("reachability", judgement.reachability);
  }
}

}  // namespace

void AppendFinding(std::string& out, const InputFinding& input) {
  const model::Finding& finding = input.finding;
  const model::Resource& resource = finding.resource;
  JsonObject object(out, '{');
  object.TextIf("id", finding.id);
  object.TextIf("issue", finding.issue);
  object.Text("class", model::FindingClassName(finding.finding_class));
  object.Text("check", finding.check);
  object.TextIf("concept", finding.concept_name);
  object.TextsIf("aliases", finding.aliases);
  object.TextIf("title", finding.title);
  object.TextIf("message", finding.message);
  object.TextIf("field_path", finding.field_path);
  object.Text("severity", model::SeverityName(finding.severity));
  if (!(resource == model::Resource())) {
    AppendTexts(object, out, "resource",
                {{"api_version", &resource.api_version},
                 {"kind", &resource.kind},
                 {"namespace", &resource.namespace_name},
                 {"name", &resource.name},
                 {"container", &resource.container}});
  }
  if (!finding.location.file.empty()) {
    object.Next("location");
    JsonObject place(out, '{');
    place.Text("file", finding.location.file);
    if (finding.location.line > 0) place.Int("line", finding.location.line);
    if (finding.location.column > 0) place.Int("column", finding.location.column);
    place.End();
  }
  AppendParts(object, out, finding);
  if (finding.vuln) AppendVuln(object, out, input);
  if (!finding.fix.empty()) object.Bool("fixable", true);
  object.Text("status", model::FindingStatusName(finding.status));
  if (finding.suppressed) {
    AppendTexts(object, out, "suppressed",
                {{"by", &finding.suppressed->by},
                 {"reason", &finding.suppressed->reason},
                 {"until", &finding.suppressed->until}});
  }
  object.TextIf("first_seen", finding.first_seen);
  object.TextIf("last_seen", finding.last_seen);
  object.Text("stage", finding.stage);
  if (finding.count != 1) object.Int("count", finding.count);
  object.TextIf("fix_group", input.fix_group);
  object.TextIf("fix_available_since", input.fix_available_since);
  if (!input.labels.empty()) {
    object.Next("labels");
    JsonObject labels(out, '{');
    for (const auto& [key, value] : input.labels) labels.Text(key, value);
    labels.End();
  }
  object.End();
}

namespace {

Status ReadList(const NodeView& list, FindingReport& report) {
  for (const NodeView& item : list.Children()) {
    OURO_TRY(InputFinding input, ReadFinding(item, report.findings.size()));
    report.findings.push_back(std::move(input));
  }
  return {};
}

Status ReadRoot(const NodeView& root, FindingReport& report) {
  if (root.IsList()) return ReadList(root, report);
  if (root.Get("findings").IsList()) {
    report.is_report = true;
    report.started = root.Get("run").Get("started").Text();
    MemberReader summary(root.Get("summary"));
    summary.Integer("not_examined", report.not_examined);
    return ReadList(root.Get("findings"), report);
  }
  OURO_TRY(InputFinding input, ReadFinding(root, report.findings.size()));
  report.findings.push_back(std::move(input));
  return {};
}

}  // namespace

Result<FindingReport> ReadFindingReport(std::string source, std::string_view name) {
  io::KeyTable keys;
  io::Tree tree;
  if (const Status read = io::ReadJson(std::move(source), {}, keys, tree); !read) {
    return tl::unexpected<Error>(WithContext(read.error(), name));
  }
  for (const io::ReadProblem& problem : tree.problems()) {
    if (!problem.warning) return tl::unexpected<Error>(WithContext(problem.error, name));
  }
  FindingReport report;
  for (const io::Root& root : tree.roots()) {
    if (root.node == io::kNoNode) continue;
    if (const Status read = ReadRoot(NodeView(tree, keys, root.node), report); !read) {
      return tl::unexpected<Error>(WithContext(read.error(), name));
    }
  }
  return report;
}

}  // namespace ouro::gate
