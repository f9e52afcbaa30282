#include "engine/cluster_fields.h"

#include <algorithm>

#include "model/workload.h"
#include "rules/cel_parser.h"
#include "rules/check_path.h"

namespace ouro::engine {
namespace {

std::string_view GroupOf(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

// Collects what one expression reads below the variables of the same object.
class Collector {
 public:
  // `roots`: names of variables that are the whole object.
  Collector(const std::vector<std::string_view>& roots, std::vector<FieldRead>& reads)
      : roots_(roots), reads_(reads) {}

  void Add(std::string_view expression) {
    if (expression.empty()) return;
    rules::SyntaxOptions syntax;
    syntax.optional_syntax = true;
    syntax.two_variables = true;
    syntax.bindings = true;
    syntax.block = true;
    syntax.greatest_and_least = true;
    syntax.sort_by = true;
    rules::Arena arena;
    const auto parsed = rules::ParseExpression(expression, syntax, arena);
    if (!parsed) {
      reads_.emplace_back();  // Unknown: it may read everything.
      return;
    }
    Visit(**parsed);
  }

 private:
  bool IsRoot(std::string_view name) const {
    if (name.starts_with('.')) name.remove_prefix(1);
    return std::find(roots_.begin(), roots_.end(), name) != roots_.end();
  }

  // A chain of constant selections from a root: its steps.
  bool TakeChain(const rules::Expr& expr, std::vector<std::string>& steps) const {
    if (expr.kind == rules::ExprKind::kIdent) return IsRoot(expr.name);
    if (expr.kind == rules::ExprKind::kSelect) {
      if (!TakeChain(*expr.args[0], steps)) return false;
      steps.emplace_back(expr.name);
      return true;
    }
    const bool index = expr.kind == rules::ExprKind::kCall && expr.arg_count == 2 &&
                       (expr.name == "_?._" || expr.name == "_[?_]" || expr.name == "_[_]");
    if (!index) return false;
    const rules::Expr& key = *expr.args[1];
    if (key.kind != rules::ExprKind::kLiteral || key.literal.kind != rules::Kind::kString) {
      return false;
    }
    if (!TakeChain(*expr.args[0], steps)) return false;
    steps.emplace_back(key.literal.str());
    return true;
  }

  void Visit(const rules::Expr& expr) {
    FieldRead read;
    if (TakeChain(expr, read.steps)) {
      read.presence_only = expr.kind == rules::ExprKind::kSelect && expr.test_only;
      reads_.push_back(std::move(read));
      return;
    }
    for (const rules::Expr* child : expr.children()) VisitIf(child);
    if (expr.fold == nullptr) return;
    const rules::Comprehension& fold = *expr.fold;
    for (const rules::Expr* part : {fold.range, fold.initial, fold.condition, fold.step,
                                    fold.result, fold.body, fold.filter}) {
      VisitIf(part);
    }
  }
  void VisitIf(const rules::Expr* expr) {
    if (expr != nullptr) Visit(*expr);
  }

  const std::vector<std::string_view>& roots_;
  std::vector<FieldRead>& reads_;
};

// A path as check files write it, below the object.
void AddPath(std::string_view text, std::vector<FieldRead>& reads) {
  const auto parsed = rules::ParseCheckPath(text);
  FieldRead read;
  if (parsed) {
    for (const rules::PathStep& step : *parsed) {
      if (step.index >= 0) break;
      read.steps.push_back(step.key);
    }
  }
  // "." points to the object as a whole and reads nothing of it.
  if (!read.steps.empty() || !parsed) reads.push_back(std::move(read));
}

bool IsPrefix(const std::vector<std::string>& steps, const std::vector<std::string_view>& path) {
  return steps.size() <= path.size() && std::equal(steps.begin(), steps.end(), path.begin());
}

bool IsBelow(const std::vector<std::string>& steps, const std::vector<std::string_view>& path) {
  return steps.size() >= path.size() && std::equal(path.begin(), path.end(), steps.begin());
}

}  // namespace

bool MatchesKind(const rules::Match& match, std::string_view api_version, std::string_view kind) {
  if (match.target != rules::Target::kObject && model::FindWorkload(api_version, kind).empty()) {
    return false;
  }
  if (match.kinds.empty()) return true;
  const std::string_view group = GroupOf(api_version);
  return std::any_of(match.kinds.begin(), match.kinds.end(), [&](std::string_view wanted) {
    const size_t slash = wanted.rfind('/');
    if (slash == std::string_view::npos) return wanted == kind;
    std::string_view wanted_group = wanted.substr(0, slash);
    if (wanted_group == "core") wanted_group = {};
    return wanted.substr(slash + 1) == kind && wanted_group == group;
  });
}

FieldUse::FieldUse(const rules::RuleSet& rules, std::string_view api_version,
                   std::string_view kind) {
  // Where the object is its own pod template both names mean it.
  std::vector<std::string_view> roots = {"object"};
  const auto workloads = model::FindWorkload(api_version, kind);
  const bool is_own_template = std::any_of(workloads.begin(), workloads.end(), [](const auto& row) {
    return row.template_path.empty() && row.item_list.empty();
  });
  if (is_own_template) roots.push_back("pod");
  Collector collector(roots, reads_);
  for (const rules::SelectedCheck& selected : rules.checks()) {
    for (const rules::Rule& rule : selected.rules) {
      if (!MatchesKind(rule.match, api_version, kind)) continue;
      for (const std::string* text : {&rule.expression, &rule.match.when, &rule.message}) {
        collector.Add(*text);
        texts_.append(*text).append("\n");
      }
      const bool below_object = rule.match.target == rules::Target::kObject ||
                                (rule.match.target == rules::Target::kPod && is_own_template);
      if (!below_object) continue;
      if (!rule.match.each.empty()) {
        AddPath(rule.match.each, reads_);
      } else if (!rule.at.empty()) {
        AddPath(rule.at, reads_);
      }
    }
  }
}

bool FieldUse::Reads(const std::vector<std::string_view>& path) const {
  return std::any_of(reads_.begin(), reads_.end(), [&](const FieldRead& read) {
    return IsBelow(read.steps, path) || (!read.presence_only && IsPrefix(read.steps, path));
  });
}

}  // namespace ouro::engine
