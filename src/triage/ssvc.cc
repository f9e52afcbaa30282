#include "triage/ssvc.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::triage {
namespace {

constexpr SsvcPoint kInKev = {"in kev", "no|yes"};
constexpr SsvcPoint kPubliclyExposed = {"publicly exposed", "no|yes"};
constexpr SsvcPoint kAutomatable = {"automatable", "no|yes"};
constexpr SsvcPoint kTechnicalImpact = {"technical impact", "partial|total"};
constexpr SsvcPoint kExploitation = {"exploitation", "none|public poc|active"};
constexpr SsvcPoint kMissionAndWellBeing = {"mission and well-being impact", "low|medium|high"};
constexpr SsvcPoint kSystemExposure = {"system exposure", "small|controlled|open"};
constexpr SsvcPoint kHumanImpact = {"human impact", "low|medium|high|very high"};
constexpr SsvcPoint kUtility = {"utility", "laborious|efficient|super effective"};
constexpr SsvcPoint kPublicSafety = {"public safety impact", "minimal|significant"};
constexpr SsvcPoint kValueDensity = {"value density", "diffuse|concentrated"};
constexpr SsvcPoint kSafety = {"safety impact", "negligible|marginal|critical|catastrophic"};
constexpr SsvcPoint kMission = {"mission impact",
                                "degraded|mef support crippled|mef failure|mission failure"};
constexpr SsvcPoint kReportPublic = {"report public", "yes|no"};
constexpr SsvcPoint kSupplierContacted = {"supplier contacted", "no|yes"};
constexpr SsvcPoint kReportCredibility = {"report credibility", "not credible|credible"};
constexpr SsvcPoint kSupplierCardinality = {"supplier cardinality", "one|multiple"};
constexpr SsvcPoint kSupplierEngagement = {"supplier engagement", "active|unresponsive"};
constexpr SsvcPoint kSupplierInvolvement = {"supplier involvement",
                                            "fix ready|cooperative|uncooperative/unresponsive"};
constexpr SsvcPoint kPublicValue = {"public value added", "limited|ampliative|precedence"};
constexpr std::string_view kUrgency = "defer|scheduled|out-of-cycle|immediate";

constexpr std::array kBodInputs = {kInKev, kPubliclyExposed, kAutomatable, kTechnicalImpact};
constexpr std::array kCisaInputs = {kExploitation, kAutomatable, kTechnicalImpact,
                                    kMissionAndWellBeing};
constexpr std::array kTriageInputs = {kReportPublic,        kSupplierContacted,  kReportCredibility,
                                      kSupplierCardinality, kSupplierEngagement, kUtility,
                                      kPublicSafety};
constexpr std::array kDeployerInputs = {kExploitation, kSystemExposure, kAutomatable, kHumanImpact};
constexpr std::array kHumanInputs = {kSafety, kMission};
constexpr std::array kSafetyInputs = {kSafety};
constexpr std::array kPublishInputs = {kSupplierInvolvement, kExploitation, kPublicValue};
constexpr std::array kSupplierInputs = {kExploitation, kUtility, kTechnicalImpact, kPublicSafety};
constexpr std::array kUtilityInputs = {kAutomatable, kValueDensity};

constexpr std::array kTables = {
    SsvcTable{"bod-26-04",
              "cisa_bod_26_04",
              "1.0.0",
              kBodInputs,
              {"remediation timeline",
               "fix on system upgrade|60 days|14 days|3 days|3 days & forensic investigation"},
              "0011122322242434"},
    SsvcTable{"cisa-coordinator",
              "cisa_coordinator",
              "2.0.3",
              kCisaInputs,
              {"cisa level", "track|track*|attend|act"},
              "000001002002001012002012002023223233"},
    SsvcTable{"coordinator-triage",
              "coordinator_triage",
              "1.0.0",
              kTriageInputs,
              {"decision", "decline|track|coordinate"},
              "000000000000000002000002000000000000000002000002"
              "000000000000000002000002000000000000000002000002"
              "000000000000000002000002000000000000000002000002"
              "000101000101010112010112000101122222010122222222"},
    SsvcTable{"deployer",
              "deployer_patch_application_priority",
              "1.0.0",
              kDeployerInputs,
              {"priority", kUrgency},
              "001101110111111101111112"
              "011111110111111211121122"
              "112212221122222212232233"},
    SsvcTable{"human-impact",
              "human_impact",
              "1.0.0",
              kHumanInputs,
              {"human impact", "low|medium|high|very high"},
              "0013001312233333"},
    SsvcTable{"public-safety-impact",
              "public_safety_impact",
              "1.0.0",
              kSafetyInputs,
              {"public safety impact", "minimal|significant"},
              "0111"},
    SsvcTable{"publish",
              "coordinator_publish_decision_table",
              "1.0.0",
              kPublishInputs,
              {"decision", "do not publish|publish"},
              "001001011001001011001011111"},
    SsvcTable{"supplier",
              "supplier_patch_development_priority",
              "1.0.0",
              kSupplierInputs,
              {"priority", kUrgency},
              "011212121222121313232323232323233333"},
    SsvcTable{"utility",
              "utility",
              "1.0.0",
              kUtilityInputs,
              {"utility", "laborious|efficient|super effective"},
              "0112"},
};

size_t CountValues(std::string_view values) {
  return 1 + static_cast<size_t>(std::count(values.begin(), values.end(), '|'));
}

std::string_view ValueAt(std::string_view values, size_t number) {
  for (; number > 0; --number) values.remove_prefix(values.find('|') + 1);
  return values.substr(0, values.find('|'));
}

char Plain(char c) {
  if (c == '_' || c == '-') return ' ';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool SameWords(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Plain(x) == Plain(y); });
}

// "In KEV v1.0.0 (cisa)" → "In KEV".
std::string_view WithoutVersion(std::string_view name) {
  name = TrimSpace(name);
  for (size_t at = name.find(" v"); at != std::string_view::npos; at = name.find(" v", at + 1)) {
    if (at + 2 < name.size() && name[at + 2] >= '0' && name[at + 2] <= '9') {
      return TrimSpace(name.substr(0, at));
    }
  }
  return name;
}

constexpr size_t kUnknown = static_cast<size_t>(-1);

// Number of the value; kUnknown for an empty one.
Result<size_t> NumberOf(const SsvcPoint& point, std::string_view value) {
  value = TrimSpace(value);
  if (value.empty()) return kUnknown;
  if (SameWords(value, "poc")) value = "public poc";
  const size_t count = CountValues(point.values);
  for (size_t i = 0; i < count; ++i) {
    if (SameWords(ValueAt(point.values, i), value)) return i;
  }
  return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no value of \"{}\"; it is one of: {}",
                                               Printable(value.substr(0, 60)), point.name,
                                               ReplaceAll(point.values, "|", ", ")));
}

// A value of every input, kUnknown where it was not given.
Result<std::vector<size_t>> ReadInputs(const SsvcTable& table,
                                       const std::vector<SsvcInput>& inputs) {
  std::vector<size_t> numbers(table.inputs.size(), kUnknown);
  std::vector<bool> given(table.inputs.size(), false);
  for (const auto& [name, value] : inputs) {
    const auto point =
        std::find_if(table.inputs.begin(), table.inputs.end(),
                     [&](const SsvcPoint& p) { return SameWords(p.name, WithoutVersion(name)); });
    if (point == table.inputs.end()) {
      return Fail(ErrorCode::kInvalid, fmt::format("the table {} has no input \"{}\"", table.name,
                                                   Printable(name.substr(0, 60))));
    }
    const size_t index = static_cast<size_t>(point - table.inputs.begin());
    if (given[index]) {
      return Fail(ErrorCode::kInvalid, fmt::format("the input \"{}\" is given twice", point->name));
    }
    given[index] = true;
    OURO_TRY(numbers[index], NumberOf(*point, value));
  }
  return numbers;
}

// Gravest outcome of the rows that the known inputs leave. `row` is the place so far.
int Gravest(const SsvcTable& table, const std::vector<size_t>& numbers, size_t at, size_t row) {
  if (at == numbers.size()) return table.rows[row] - '0';
  const size_t count = CountValues(table.inputs[at].values);
  if (numbers[at] != kUnknown) return Gravest(table, numbers, at + 1, row * count + numbers[at]);
  int gravest = 0;
  for (size_t i = 0; i < count; ++i) {
    gravest = std::max(gravest, Gravest(table, numbers, at + 1, row * count + i));
  }
  return gravest;
}

}  // namespace

std::span<const SsvcTable> SsvcTables() {
  return kTables;
}

const SsvcTable* FindSsvcTable(std::string_view name) {
  for (const SsvcTable& table : kTables) {
    if (SameWords(name, table.name) || SameWords(name, table.published)) return &table;
    std::string versioned = fmt::format("{}_{}", table.published, table.version);
    std::replace(versioned.begin(), versioned.end(), '.', '_');
    if (SameWords(name, versioned)) return &table;
  }
  return nullptr;
}

Result<SsvcAnswer> DecideSsvc(const SsvcTable& table, const std::vector<SsvcInput>& inputs) {
  OURO_TRY(const std::vector<size_t> numbers, ReadInputs(table, inputs));
  SsvcAnswer answer;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == kUnknown) answer.assumed.push_back(table.inputs[i].name);
  }
  answer.number = Gravest(table, numbers, 0, 0);
  answer.outcome = ValueAt(table.outcome.values, static_cast<size_t>(answer.number));
  return answer;
}

}  // namespace ouro::triage
