#include "gate/selector_text.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "gate/condition.h"
#include "gate/version.h"

namespace ouro::gate {
namespace {

using io::SettingReader;

// `words`: the values that are known; empty: any text.
struct ListField {
  std::string_view key;
  std::vector<std::string> Selector::* field;
  std::span<const std::string_view> words;
};
constexpr std::array<std::string_view, 11> kClassWords = {
    "misconfig", "vuln",  "secret",  "runtime", "bench", "netpol",
    "rbac",      "probe", "licence", "malware", "lint"};
constexpr std::array<std::string_view, 3> kExposureWords = {"exposed", "not_exposed", "unknown"};
constexpr std::array<std::string_view, 5> kReachabilityWords = {
    "runtime", "static", "package_loaded", "unreachable", "unknown"};
constexpr std::array kListFields = {
    ListField{"class", &Selector::classes, kClassWords},
    ListField{"checks", &Selector::checks, {}},
    ListField{"findings", &Selector::findings, {}},
    ListField{"issues", &Selector::issues, {}},
    ListField{"fix_groups", &Selector::fix_groups, {}},
    ListField{"ssvc", &Selector::ssvc, {}},
    ListField{"exposure", &Selector::exposure, kExposureWords},
    ListField{"reachability", &Selector::reachability, kReachabilityWords},
    ListField{"stages", &Selector::stages, {}},
    ListField{"namespaces", &Selector::namespaces, {}},
    ListField{"kinds", &Selector::kinds, {}},
    ListField{"clusters", &Selector::clusters, {}},
    ListField{"environments", &Selector::environments, {}},
    ListField{"applications", &Selector::applications, {}},
    ListField{"labels", &Selector::labels, {}},
};

struct FlagField {
  std::string_view key;
  std::optional<bool> Selector::* field;
};
constexpr std::array kFlagFields = {
    FlagField{"kev", &Selector::kev},
    FlagField{"fixable", &Selector::fixable},
    FlagField{"new", &Selector::is_new},
};

struct NumberField {
  std::string_view key;
  std::optional<double> Selector::* field;
  double maximum;
};
constexpr std::array kNumberFields = {
    NumberField{"cvss", &Selector::cvss_min, 10},
    NumberField{"epss", &Selector::epss_min, 1},
};

struct DaysField {
  std::string_view key;
  std::optional<int64_t> Selector::* field;
};
constexpr std::array kDaysFields = {
    DaysField{"fix_age_days", &Selector::fix_age_days_min},
    DaysField{"newer_than_days", &Selector::newer_than_days},
};

Status ReadList(const SettingReader& member, const ListField& row, Selector& selector) {
  OURO_TRY(std::vector<std::string> texts, member.TextList());
  if (static_cast<int64_t>(texts.size()) > limits::kGateListCount) {
    return Fail(ErrorCode::kLimit, fmt::format("more than {} entries", limits::kGateListCount),
                member.Where());
  }
  for (const std::string& text : texts) {
    if (row.words.empty()) continue;
    if (std::find(row.words.begin(), row.words.end(), text) != row.words.end()) continue;
    std::vector<std::string> known(row.words.begin(), row.words.end());
    return member.Wrong(fmt::format("of {}", JoinText(known, ", ")));
  }
  selector.*row.field = std::move(texts);
  return {};
}

Status ReadPackage(const SettingReader& item, Selector& selector) {
  PackagePattern pattern;
  if (item.IsMap()) {
    OURO_TRY(const auto members, item.Members());
    for (const SettingReader& member : members) {
      if (member.key() == "purl" || member.key() == "name") {
        OURO_TRY(pattern.purl, member.Text());
      } else if (member.key() == "versions") {
        OURO_TRY(pattern.versions, member.Text());
        if (const Status checked = CheckConstraints(pattern.versions); !checked) {
          return Fail(ErrorCode::kInvalid, checked.error().message, member.Where());
        }
      } else {
        return member.Unknown({"purl", "name", "versions"});
      }
    }
  } else {
    OURO_TRY(pattern.purl, item.Text());
  }
  if (pattern.purl.empty()) return item.Wrong("a package URL or name, or a map with purl");
  selector.packages.push_back(std::move(pattern));
  return {};
}

Status ReadPackages(const SettingReader& member, Selector& selector) {
  if (!member.IsList()) return ReadPackage(member, selector);
  OURO_TRY(const auto items, member.Items());
  for (const SettingReader& item : items) OURO_TRY_STATUS(ReadPackage(item, selector));
  return {};
}

Status ReadWhen(const SettingReader& member, Selector& selector) {
  OURO_TRY(selector.when, member.Text());
  auto condition = Condition::Compile(selector.when);
  if (!condition) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} is no expression: {}", member.name(), condition.error().ToString()),
                member.Where());
  }
  selector.condition = std::move(*condition);
  return {};
}

Result<bool> ReadScalar(const SettingReader& member, Selector& selector) {
  const std::string_view key = member.key();
  for (const FlagField& row : kFlagFields) {
    if (row.key != key) continue;
    OURO_TRY(selector.*row.field, member.Boolean());
    return true;
  }
  for (const NumberField& row : kNumberFields) {
    if (row.key != key) continue;
    OURO_TRY(const double value, member.Number());
    if (value < 0 || value > row.maximum) {
      return member.Wrong(fmt::format("between 0 and {}", row.maximum));
    }
    selector.*row.field = value;
    return true;
  }
  for (const DaysField& row : kDaysFields) {
    if (row.key != key) continue;
    OURO_TRY(const int64_t value, member.Integer());
    if (value < 0 || value > 36'500) return member.Wrong("days, 0 to 36500");
    selector.*row.field = value;
    return true;
  }
  return false;
}

void AppendPackages(JsonObject& object, std::string& out, const Selector& selector) {
  object.Next("packages");
  JsonObject list(out, '[');
  for (const PackagePattern& pattern : selector.packages) {
    list.Next();
    JsonObject entry(out, '{');
    entry.Text("purl", pattern.purl);
    entry.TextIf("versions", pattern.versions);
    entry.End();
  }
  list.End();
}

}  // namespace

Result<model::Severity> ReadSeverityValue(const SettingReader& value) {
  OURO_TRY(const std::string text, value.Text());
  const auto severity = model::ParseSeverity(text);
  if (!severity) return value.Wrong("critical, high, medium, low or info");
  return *severity;
}

Result<std::string> ReadTimeValue(const SettingReader& value) {
  OURO_TRY(std::string text, value.Text());
  if (!ParseRfc3339(text)) return value.Wrong("a time such as 2027-01-31T12:00:00Z");
  return text;
}

Result<bool> ReadSelectorMember(const SettingReader& member, Selector& selector) {
  const std::string_view key = member.key();
  for (const ListField& row : kListFields) {
    if (row.key != key) continue;
    OURO_TRY_STATUS(ReadList(member, row, selector));
    return true;
  }
  if (key == "severity") {
    OURO_TRY(selector.severity_min, ReadSeverityValue(member));
    return true;
  }
  if (key == "packages") {
    OURO_TRY_STATUS(ReadPackages(member, selector));
    return true;
  }
  if (key == "when") {
    OURO_TRY_STATUS(ReadWhen(member, selector));
    return true;
  }
  return ReadScalar(member, selector);
}

std::vector<std::string_view> SelectorKeys() {
  std::vector<std::string_view> keys = {"severity", "packages", "when"};
  for (const ListField& row : kListFields) keys.push_back(row.key);
  for (const FlagField& row : kFlagFields) keys.push_back(row.key);
  for (const NumberField& row : kNumberFields) keys.push_back(row.key);
  for (const DaysField& row : kDaysFields) keys.push_back(row.key);
  return keys;
}

void AppendSelector(JsonObject& object, std::string& out, const Selector& selector) {
  for (const ListField& row : kListFields) object.TextsIf(row.key, selector.*row.field);
  if (selector.severity_min) {
    object.Text("severity", model::SeverityName(*selector.severity_min));
  }
  if (!selector.packages.empty()) AppendPackages(object, out, selector);
  for (const NumberField& row : kNumberFields) {
    if (selector.*row.field) object.Number(row.key, *(selector.*row.field));
  }
  for (const FlagField& row : kFlagFields) {
    if (selector.*row.field) object.Bool(row.key, *(selector.*row.field));
  }
  for (const DaysField& row : kDaysFields) {
    if (selector.*row.field) object.Int(row.key, *(selector.*row.field));
  }
  object.TextIf("when", selector.when);
}

std::string SelectorTitle(const Selector& selector) {
  std::vector<std::string> parts;
  for (const ListField& row : kListFields) {
    const std::vector<std::string>& texts = selector.*row.field;
    if (!texts.empty()) parts.push_back(fmt::format("{} {}", row.key, JoinText(texts, " or ")));
  }
  for (const PackagePattern& pattern : selector.packages) {
    parts.push_back(pattern.versions.empty()
                        ? fmt::format("package {}", pattern.purl)
                        : fmt::format("package {} {}", pattern.purl, pattern.versions));
  }
  if (selector.severity_min) {
    parts.push_back(
        fmt::format("severity {} or above", model::SeverityName(*selector.severity_min)));
  }
  for (const NumberField& row : kNumberFields) {
    if (selector.*row.field)
      parts.push_back(fmt::format("{} {} or above", row.key, *(selector.*row.field)));
  }
  for (const FlagField& row : kFlagFields) {
    if (selector.*row.field) {
      parts.push_back(fmt::format("{}{}", *(selector.*row.field) ? "" : "not ", row.key));
    }
  }
  for (const DaysField& row : kDaysFields) {
    if (selector.*row.field) parts.push_back(fmt::format("{} {}", row.key, *(selector.*row.field)));
  }
  if (!selector.when.empty()) parts.push_back(selector.when);
  return parts.empty() ? "every finding" : JoinText(parts, ", ");
}

}  // namespace ouro::gate
