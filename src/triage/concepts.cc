#include "triage/concepts.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "fmt/format.h"

namespace ouro::triage {
namespace {

constexpr std::string_view kText =
#include "triage_concepts.inc"
    ;

struct Catalogue {
  std::vector<Concept> concepts;
  std::unordered_map<std::string_view, size_t> by_name;
  std::unordered_map<std::string_view, std::vector<size_t>> by_rule;
  std::unordered_map<std::string_view, std::vector<std::string_view>> rules;
};

ConceptSubject SubjectOf(std::string_view word) {
  if (word == "container") return ConceptSubject::kContainer;
  return word == "host" ? ConceptSubject::kHost : ConceptSubject::kObject;
}

void AddRow(std::string_view line, Catalogue& catalogue) {
  const std::vector<std::string_view> cells = SplitText(line, ',');
  OURO_CHECK(cells.size() == 5);
  Concept row{cells[0], cells[1], SubjectOf(cells[2]), {}};
  if (!cells[3].empty()) row.hints = SplitText(cells[3], '|');
  const size_t index = catalogue.concepts.size();
  catalogue.concepts.push_back(std::move(row));
  catalogue.by_name[cells[0]] = index;
  if (cells[4].empty()) return;
  for (const std::string_view rule : SplitText(cells[4], ' ')) {
    catalogue.by_rule[rule].push_back(index);
    catalogue.rules[cells[0]].push_back(rule);
  }
}

Catalogue ReadCatalogue() {
  Catalogue catalogue;
  bool header = true;
  for (const std::string_view line : SplitText(kText, '\n')) {
    if (!header && !line.empty()) AddRow(line, catalogue);
    header = false;
  }
  return catalogue;
}

const Catalogue& TheCatalogue() {
  static const Catalogue kCatalogue = ReadCatalogue();
  return kCatalogue;
}

bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// "KSV017", "AVD-KSV-0017", "KSV-0017" → "KSV-0017"; the id as it is when it has another shape.
std::string CanonicalTrivyId(std::string_view id) {
  std::string_view rest = StartsWith(id, "AVD-") ? id.substr(4) : id;
  size_t letters = 0;
  while (letters < rest.size() && IsUpper(rest[letters])) ++letters;
  const std::string_view family = rest.substr(0, letters);
  rest.remove_prefix(letters);
  if (StartsWith(rest, "-")) rest.remove_prefix(1);
  const bool number =
      !rest.empty() && rest.size() <= 4 && std::all_of(rest.begin(), rest.end(), IsDigit);
  if (family.size() < 2 || !number) return std::string(id);
  return fmt::format("{}-{:0>4}", family, rest);
}

}  // namespace

const Concept* FindConcept(std::string_view name) {
  const Catalogue& catalogue = TheCatalogue();
  const auto found = catalogue.by_name.find(name);
  return found == catalogue.by_name.end() ? nullptr : &catalogue.concepts[found->second];
}

const Concept* ConceptOfRule(std::string_view check, std::string_view evidence) {
  const Catalogue& catalogue = TheCatalogue();
  const auto found = catalogue.by_rule.find(check);
  if (found == catalogue.by_rule.end()) return nullptr;
  const std::vector<size_t>& candidates = found->second;
  if (candidates.size() == 1) return &catalogue.concepts[candidates.front()];
  const std::string text = LowerAscii(evidence);
  for (const size_t candidate : candidates) {
    const Concept& row = catalogue.concepts[candidate];
    const bool hinted = std::any_of(row.hints.begin(), row.hints.end(), [&](std::string_view hint) {
      return text.find(hint) != std::string::npos;
    });
    if (hinted) return &row;
  }
  return &catalogue.concepts[candidates.front()];
}

std::string CanonicalRule(std::string_view check) {
  static constexpr std::string_view kTrivy = "trivy:";
  if (!StartsWith(check, kTrivy)) return std::string(check);
  return std::string(kTrivy) + CanonicalTrivyId(check.substr(kTrivy.size()));
}

std::vector<std::string_view> RulesOfConcept(std::string_view name) {
  const Catalogue& catalogue = TheCatalogue();
  const auto found = catalogue.rules.find(name);
  return found == catalogue.rules.end() ? std::vector<std::string_view>() : found->second;
}

}  // namespace ouro::triage
