#include "triage/version_order.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace ouro::triage {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The run at the begin of `text` that is all digits, or none; moved off it.
std::string_view TakeRun(std::string_view& text) {
  size_t size = 0;
  const bool digits = !text.empty() && IsDigit(text.front());
  while (size < text.size() && IsDigit(text[size]) == digits) ++size;
  std::string_view run = text.substr(0, size);
  text.remove_prefix(size);
  if (digits) run.remove_prefix(std::min(run.find_first_not_of('0'), run.size() - 1));
  return run;
}

int Sign(bool less, bool greater) {
  return less ? -1 : (greater ? 1 : 0);
}

// Order of a version that has ended and one that goes on with `rest`.
int EndAgainst(std::string_view rest) {
  return rest.front() == '-' || rest.front() == '~' ? 1 : -1;
}

struct Constraint {
  std::string_view op;  // "=", "!=", "<", "<=", ">", ">="
  std::string_view version;
};

Constraint ParseConstraint(std::string_view text) {
  text = TrimSpace(text);
  for (const std::string_view op : {"<=", ">=", "!=", "==", "<", ">", "="}) {
    if (!StartsWith(text, op)) continue;
    return {op == "==" ? "=" : op, TrimSpace(text.substr(op.size()))};
  }
  return {"=", text};
}

bool Holds(const Constraint& constraint, int order) {
  if (constraint.op == "=") return order == 0;
  if (constraint.op == "!=") return order != 0;
  if (constraint.op == "<") return order < 0;
  if (constraint.op == "<=") return order <= 0;
  return constraint.op == ">" ? order > 0 : order >= 0;
}

// vers: '=' and '!=' decide at once; the others are intervals, one after the other.
bool HoldsAny(const std::vector<Constraint>& constraints, const std::vector<int>& orders) {
  std::vector<size_t> bounds;
  for (size_t i = 0; i < constraints.size(); ++i) {
    if (constraints[i].op == "=" && orders[i] == 0) return true;
    if (constraints[i].op == "!=" && orders[i] == 0) return false;
    if (constraints[i].op != "=" && constraints[i].op != "!=") bounds.push_back(i);
  }
  if (bounds.empty()) {
    return std::any_of(constraints.begin(), constraints.end(),
                       [](const Constraint& c) { return c.op == "!="; });
  }
  for (size_t i = 0; i < bounds.size(); ++i) {
    const bool holds = Holds(constraints[bounds[i]], orders[bounds[i]]);
    const bool lower = constraints[bounds[i]].op.front() == '>';
    if (!lower && holds && i == 0) return true;
    if (!lower || !holds) continue;
    if (i + 1 == bounds.size()) return true;
    if (Holds(constraints[bounds[i + 1]], orders[bounds[i + 1]])) return true;
  }
  return false;
}

}  // namespace

int NaturalVersionOrder(std::string_view, std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const bool digits = IsDigit(a.front());
    if (digits != IsDigit(b.front())) return digits ? 1 : -1;
    const std::string_view x = TakeRun(a);
    const std::string_view y = TakeRun(b);
    if (digits && x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
    if (x != y) return Sign(x<y, x> y);
  }
  if (a.empty() && b.empty()) return 0;
  return a.empty() ? EndAgainst(b) : -EndAgainst(a);
}

bool InVersionRange(VersionOrder order, std::string_view type, std::string_view version,
                    std::string_view range) {
  range = TrimSpace(range);
  if (version.empty() || range.empty()) return false;
  const bool vers = StartsWith(range, "vers:");
  if (vers) {
    const size_t slash = range.find('/');
    if (slash == std::string_view::npos) return false;
    range.remove_prefix(slash + 1);
  }
  if (range == "*") return true;
  std::vector<Constraint> constraints;
  std::vector<int> orders;
  for (const std::string_view part : SplitText(range, vers ? '|' : ',')) {
    constraints.push_back(ParseConstraint(part));
    if (constraints.back().version.empty()) return false;
    orders.push_back(order(type, version, constraints.back().version));
  }
  if (vers) return HoldsAny(constraints, orders);
  for (size_t i = 0; i < constraints.size(); ++i) {
    if (!Holds(constraints[i], orders[i])) return false;
  }
  return true;
}

}  // namespace ouro::triage
