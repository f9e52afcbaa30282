#include "rules/policy_export_cost.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "io/tree.h"
#include "rules/admission_policy_resources.h"
#include "rules/check_path.h"
#include "rules/rule_set.h"

namespace ouro::rules {
namespace {

// A pod for checks without examples: something of everything that rules like to look at.
constexpr std::string_view kSamplePod =
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"sample","namespace":"default",)"
    R"("labels":{"app":"sample"},"annotations":{"example.com/a":"b"}},"spec":{"volumes":[)"
    R"({"name":"data","emptyDir":{}}],"containers":[{"name":"app","image":"example.com/app:1",)"
    R"("args":["serve"],"env":[{"name":"A","value":"b"}],"ports":[{"containerPort":8080}],)"
    R"("volumeMounts":[{"name":"data","mountPath":"/data"}],"resources":{"limits":{"cpu":"1"}},)"
    R"("securityContext":{"capabilities":{"add":["CHOWN"],"drop":["ALL"]}}}]}})";

class Collector : public HitSink {
 public:
  void OnHit(Hit&& hit) override {
    if (hit.kind == HitKind::kPass) return;
    const bool error = hit.kind == HitKind::kError;
    if (error || verdict == ExportOutcome::Verdict::kPass) {
      verdict = error ? ExportOutcome::Verdict::kError : ExportOutcome::Verdict::kFail;
    }
  }
  ExportOutcome::Verdict verdict = ExportOutcome::Verdict::kPass;
};

std::string_view VerdictWord(ExportOutcome::Verdict verdict) {
  switch (verdict) {
    case ExportOutcome::Verdict::kPass:
      return "pass";
    case ExportOutcome::Verdict::kFail:
      return "fail";
    case ExportOutcome::Verdict::kError:
      break;
  }
  return "error";
}

bool Holds(const ExportKinds& kinds, std::string_view group, std::string_view kind) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const ExportKind& known) {
    return known.group == group && known.kind == kind;
  });
}

// Objects of all documents, Lists unpacked.
std::vector<io::NodeView> ObjectsOf(const io::Tree& tree, const io::KeyTable& keys) {
  std::vector<io::NodeView> objects;
  for (const io::Root& root : tree.roots()) {
    if (root.node == io::kNoNode) continue;
    const io::NodeView object(tree, keys, root.node);
    const io::NodeView items = object.Get("items");
    if (EndsWith(object.Get("kind").Text(), "List") && items.IsList()) {
      for (const io::NodeView& item : items.Children()) objects.push_back(item);
    } else {
      objects.push_back(object);
    }
  }
  return objects;
}

// How an object is made larger: one list (or map) repeated, or every text made longer.
struct Growth {
  std::string list;       // path of the list; empty: none
  int64_t list_size = 0;  // items it gets
  int64_t text_size = 0;  // smallest size in bytes of texts; 0: as they are
};

// Writes an object as JSON, grown.
class GrownJson {
 public:
  GrownJson(const Growth& growth, std::string& out) : growth_(growth), out_(out) {}

  void Write(const io::NodeView& node, const std::string& path) {
    if (node.IsMap()) return WriteMap(node, path);
    if (node.IsList()) return WriteList(node, path);
    if (node.IsString() && growth_.text_size > 0 && !IsFixed(path)) {
      std::string text(node.Text());
      const auto size = static_cast<size_t>(growth_.text_size);
      if (text.size() < size) text.append(size - text.size(), 'x');
      return AppendJsonString(out_, text);
    }
    const auto json = io::ToJson(node.tree(), node.keys(), node.index());
    out_ += json ? *json : "null";
  }

 private:
  static bool IsFixed(const std::string& path) {
    return path == "apiVersion" || path == "kind" || path == "metadata.name" ||
           path == "metadata.namespace";
  }
  int64_t SizeOf(const std::string& path, size_t written) const {
    const bool grows = !growth_.list.empty() && path == growth_.list;
    return grows ? growth_.list_size : static_cast<int64_t>(written);
  }

  void WriteList(const io::NodeView& node, const std::string& path) {
    const auto items = node.Children();
    const int64_t size = items.empty() ? 0 : SizeOf(path, items.size());
    out_ += '[';
    for (int64_t i = 0; i < size; ++i) {
      if (i > 0) out_ += ',';
      Write(items[static_cast<size_t>(i) % items.size()], path + "[]");
    }
    out_ += ']';
  }

  void WriteMap(const io::NodeView& node, const std::string& path) {
    const auto members = node.Members();
    const int64_t size = members.empty() ? 0 : SizeOf(path, members.size());
    out_ += '{';
    for (int64_t i = 0; i < size; ++i) {
      const auto& [key, value] = members[static_cast<size_t>(i) % members.size()];
      const int64_t copy = i / static_cast<int64_t>(members.size());
      if (i > 0) out_ += ',';
      AppendJsonString(out_, copy == 0 ? std::string(key) : fmt::format("{}-{}", key, copy));
      out_ += ':';
      Write(value, path.empty() ? std::string(key) : fmt::format("{}.{}", path, key));
    }
    out_ += '}';
  }

  const Growth& growth_;
  std::string& out_;
};

// Lists that are not empty, and maps whose entries a rule judges one by one.
class ListFinder {
 public:
  explicit ListFinder(std::set<std::string> each_keys) : each_keys_(std::move(each_keys)) {}

  std::set<std::string> Find(const io::NodeView& object) {
    found_.clear();
    Visit(object, {}, {});
    return std::move(found_);
  }

 private:
  void Visit(const io::NodeView& node, const std::string& path, std::string_view key) {
    const auto children = node.Children();
    if (!children.empty() &&
        (node.IsList() || (node.IsMap() && each_keys_.count(std::string(key)) != 0))) {
      found_.insert(path);
    }
    if (node.IsList()) {
      for (const io::NodeView& child : children) Visit(child, path + "[]", {});
    } else if (node.IsMap()) {
      for (const auto& [name, child] : node.Members()) {
        Visit(child, path.empty() ? std::string(name) : fmt::format("{}.{}", path, name), name);
      }
    }
  }

  std::set<std::string> each_keys_;
  std::set<std::string> found_;
};

// One sample that can grow.
class Grower {
 public:
  Grower(const SampleObject& sample, ExportProgram& program) : program_(program) {
    const Status read = io::ReadJson(sample.json, {}, keys_, tree_);
    OURO_CHECK(read && !tree_.roots().empty());
    object_ = io::NodeView(tree_, keys_, tree_.roots()[0].node);
  }

  const io::NodeView& object() const { return object_; }

  ExportOutcome Judge(const Growth& growth, size_t& json_size) {
    std::string json;
    GrownJson(growth, json).Write(object_, {});
    json_size = json.size();
    if (json.size() > static_cast<size_t>(limits::kKubernetesRequestSizeBytes)) return {};
    return program_.Judge(std::move(json));
  }

  // Largest value of `field` up to which request size and budget hold. Cost grows with size as a
  // polynomial of low degree, so three small objects foretell the large ones; what comes near the
  // budget is evaluated.
  int64_t Largest(Growth growth, int64_t Growth::* field, int64_t start, bool& by_size) {
    std::array<Point, 3> points;
    for (size_t i = 0; i < points.size(); ++i) {
      growth.*field = start << i;
      points[i] = Measure(growth, static_cast<double>(growth.*field));
      if (!points[i].fits()) return Search(growth, field, start << i >> 1, by_size);
    }
    const double bytes_each = (points[2].bytes - points[1].bytes) / (points[2].at - points[1].at);
    const double end =
        points[2].at + (kRequestBytes - points[2].bytes) / std::max(bytes_each, 1e-3);
    by_size = Foretell(points, end) <= 1;
    if (by_size && Foretell(points, end) <= kSurelyWithin) return Rounded(end);
    double low = points[2].at;
    for (double high = end; high - low > 1;) {
      const double middle = (low + high) / 2;
      (Foretell(points, middle) <= 1 ? low : high) = middle;
    }
    growth.*field = Rounded(low);
    if (Measure(growth, low).fits()) return growth.*field;
    return Search(growth, field, start << 2, by_size);
  }

 private:
  static constexpr double kRequestBytes = static_cast<double>(limits::kKubernetesRequestSizeBytes);
  static constexpr double kSurelyWithin = 0.5;  // part of the budget

  struct Point {
    double at = 0;     // items, or bytes of text
    double bytes = 0;  // of the object
    double cost = 0;   // as part of the budget
    bool fits() const { return bytes <= kRequestBytes && cost <= 1; }
  };

  Point Measure(const Growth& growth, double at) {
    size_t bytes = 0;
    const ExportOutcome outcome = Judge(growth, bytes);
    const double highest = static_cast<double>(outcome.highest) / limits::kCelCallCostLimit;
    const double total = static_cast<double>(outcome.total) / limits::kCelTotalCostLimit;
    return {at, static_cast<double>(bytes), std::max(highest, total)};
  }

  // The polynomial of degree two through the points (Lagrange).
  static double Foretell(const std::array<Point, 3>& points, double at) {
    double cost = 0;
    for (size_t i = 0; i < 3; ++i) {
      double term = points[i].cost;
      for (size_t j = 0; j < 3; ++j) {
        if (i != j) term *= (at - points[j].at) / (points[i].at - points[j].at);
      }
      cost += term;
    }
    return cost;
  }

  // Two digits, downwards: the figure is for people.
  static int64_t Rounded(double value) {
    auto whole = static_cast<int64_t>(value);
    int64_t unit = 1;
    while (whole / unit >= 100) unit *= 10;
    return whole / unit * unit;
  }

  // The same by trying, upwards from `good`, which fits; exact to one part in 32.
  int64_t Search(Growth growth, int64_t Growth::* field, int64_t good, bool& by_size) {
    by_size = false;
    for (int64_t step = good; step > good / 32 && step > 0; step /= 2) {
      growth.*field = good + step;
      const Point point = Measure(growth, static_cast<double>(good + step));
      if (point.fits()) {
        good += step;
      } else {
        by_size = point.bytes > kRequestBytes;
      }
    }
    return good;
  }

  ExportProgram& program_;
  io::KeyTable keys_;
  io::Tree tree_;
  io::NodeView object_;
};

std::set<std::string> EachKeys(const SelectedCheck& selected) {
  std::set<std::string> keys;
  for (const Rule& rule : selected.rules) {
    const auto steps = ParseCheckPath(rule.match.each);
    if (steps && !steps->empty()) keys.insert(steps->back().key);
  }
  return keys;
}

tl::unexpected<Error> TooCostly(const ExportOutcome& outcome, const std::string& what) {
  return Fail(ErrorCode::kUnsupported,
              fmt::format("it costs {} for one expression and {} in all on an object with {}; the "
                          "API server allows {} and {}",
                          outcome.highest, outcome.total, what, limits::kCelCallCostLimit,
                          limits::kCelTotalCostLimit));
}

struct WorstList {
  size_t sample = 0;
  std::string path;
  uint64_t total = 0;
};

// Largest fits of the costliest list and of texts.
void FindEnds(const std::vector<SampleObject>& samples, const WorstList& list, size_t text_sample,
              ExportProgram& program, ExportCost& cost) {
  if (!list.path.empty()) {
    Growth growth;
    growth.list = cost.list = list.path;
    Grower grower(samples[list.sample], program);
    cost.list_size =
        grower.Largest(growth, &Growth::list_size, limits::kExportListSize, cost.list_by_size);
  }
  Grower grower(samples[text_sample], program);
  cost.text_size =
      grower.Largest({}, &Growth::text_size, limits::kExportTextSizeBytes, cost.text_by_size);
}

}  // namespace

std::vector<SampleObject> SamplesOf(const SelectedCheck& selected, const ExportKinds& kinds) {
  std::vector<SampleObject> samples;
  std::set<std::string> known;
  const auto add = [&](const std::string& source) {
    io::KeyTable keys;
    io::Tree tree;
    if (!io::ReadYaml(source, {}, keys, tree)) return;
    for (const io::NodeView& object : ObjectsOf(tree, keys)) {
      const auto [group, version] = SplitApiVersion(object.Get("apiVersion").Text());
      const std::string_view kind = object.Get("kind").Text();
      if (!Holds(kinds, group, kind)) continue;
      auto json = io::ToJson(tree, keys, object.index());
      if (!json || !known.insert(*json).second) continue;
      samples.push_back({std::move(*json), std::string(group), std::string(kind)});
    }
  };
  for (const Example& example : selected.check->examples) add(example.yaml);
  if (samples.empty()) add(std::string(kSamplePod));
  return samples;
}

Status ProveSame(const SelectedCheck& selected, int kubernetes_minor,
                 const std::vector<SampleObject>& samples, ExportProgram& program) {
  io::KeyTable keys;
  RuleSetOptions options;
  options.kubernetes_minor = kubernetes_minor;
  OURO_TRY(const auto rules, RuleSet::Compile({selected}, options, keys));
  RuleRunner runner(rules, keys);
  for (const SampleObject& sample : samples) {
    io::Tree tree;
    OURO_TRY_STATUS(io::ReadJson(sample.json, {}, keys, tree));
    Collector wanted;
    runner.Run(tree, tree.roots()[0].node, wanted);
    const ExportOutcome got = program.Judge(sample.json);
    if (got.verdict == wanted.verdict) continue;
    return Fail(ErrorCode::kUnsupported,
                fmt::format("the policy says {} of a {} of which the check says {}{}",
                            VerdictWord(got.verdict), sample.kind, VerdictWord(wanted.verdict),
                            got.text.empty() ? "" : " (" + got.text + ")"));
  }
  return {};
}

Result<ExportCost> MeasureCost(const SelectedCheck& selected,
                               const std::vector<SampleObject>& samples, ExportProgram& program) {
  ExportCost cost;
  if (samples.empty()) return cost;
  ListFinder lists(EachKeys(selected));
  WorstList worst;
  size_t text_sample = 0;
  uint64_t text_total = 0;
  size_t size = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    Grower grower(samples[i], program);
    cost.example = std::max(cost.example, grower.Judge({}, size).total);
    for (const std::string& path : lists.Find(grower.object())) {
      const ExportOutcome grown = grower.Judge({path, limits::kExportListSize, 0}, size);
      if (!grown.WithinBudget()) {
        return TooCostly(grown, fmt::format("{} items in {}", limits::kExportListSize, path));
      }
      if (grown.total > worst.total) worst = {i, path, grown.total};
    }
    const ExportOutcome grown = grower.Judge({{}, 0, limits::kExportTextSizeBytes}, size);
    if (!grown.WithinBudget()) {
      return TooCostly(grown, fmt::format("texts of {} bytes", limits::kExportTextSizeBytes));
    }
    if (grown.total > text_total) {
      text_sample = i;
      text_total = grown.total;
    }
  }
  FindEnds(samples, worst, text_sample, program, cost);
  return cost;
}

}  // namespace ouro::rules
