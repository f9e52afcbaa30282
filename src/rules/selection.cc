#include "rules/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"

namespace ouro::rules {
namespace {

constexpr std::string_view kPssTool = "pss";
constexpr std::string_view kPssProfilePrefix = "pss-";

bool HasProfile(const Check& check, std::string_view profile) {
  return std::find(check.profiles.begin(), check.profiles.end(), profile) != check.profiles.end();
}

bool HasTool(const Check& check, std::string_view tool) {
  return std::any_of(check.aliases.begin(), check.aliases.end(),
                     [&](const Alias& alias) { return alias.tool == tool; });
}

const Alias* AliasWithPrefix(const Check& check, std::string_view tool, std::string_view prefix) {
  for (const auto& alias : check.aliases) {
    if (alias.tool == tool && StartsWith(alias.id, prefix)) return &alias;
  }
  return nullptr;
}

// The alias through which a check speaks for a level of the Pod Security Standards: restricted
// replaces its baseline namesake.
const Alias* PssAlias(const Check& check, std::string_view level) {
  const Alias* alias = AliasWithPrefix(check, kPssTool, std::string(level) + ":");
  if (alias == nullptr && level == "restricted") {
    alias = AliasWithPrefix(check, kPssTool, "baseline:");
  }
  return alias;
}

// What one name of --only, --skip or a severity override means for one check.
struct Meaning {
  bool matches = false;
  const Alias* alias = nullptr;  // the alias that was named
};

// "baseline" and "restricted" are whole levels; "hostPorts" and "baseline:hostPorts" one check of
// it.
Meaning PssMeaning(const Check& check, std::string_view id) {
  if (id == "baseline" || id == "restricted") {
    if (!HasProfile(check, std::string(kPssProfilePrefix) + std::string(id))) return {};
    return {true, PssAlias(check, id)};
  }
  for (const auto& alias : check.aliases) {
    if (alias.tool != kPssTool) continue;
    const size_t colon = alias.id.find(':');
    const std::string_view level = std::string_view(alias.id).substr(0, colon);
    const bool named =
        alias.id == id || (colon != std::string::npos && alias.id.substr(colon + 1) == id);
    // Several of our checks may stand for one upstream check; the level's own ones are exact.
    if (named && HasProfile(check, std::string(kPssProfilePrefix) + std::string(level))) {
      return {true, &alias};
    }
  }
  return {};
}

Meaning MeaningOf(const Check& check, std::string_view name) {
  if (name == check.id || name == check.concept_name) return {true, nullptr};
  if (name == "nsa" || name == "cis") return {HasTool(check, name), nullptr};
  const size_t colon = name.find(':');
  if (colon == std::string_view::npos) return {MatchesGlob(check.id, name), nullptr};
  const std::string_view tool = name.substr(0, colon);
  const std::string_view id = name.substr(colon + 1);
  if (tool == kPssTool) return PssMeaning(check, id);
  for (const auto& alias : check.aliases) {
    if (alias.tool == tool && MatchesGlob(alias.id, id)) return {true, &alias};
  }
  return {};
}

bool InProfile(const Check& check, std::string_view profile) {
  if (profile == "all") return true;
  if (profile == "default") return !check.opt_in && check.not_evaluable.empty();
  if (profile == "nsa" || profile == "cis") return HasTool(check, profile);
  return HasProfile(check, profile);
}

std::vector<std::string> KnownNames(const std::vector<Check>& library) {
  std::set<std::string> names = {"nsa", "cis", "pss:baseline", "pss:restricted"};
  for (const auto& check : library) {
    names.insert(check.id);
    names.insert(check.concept_name);
    for (const auto& alias : check.aliases) names.insert(alias.tool + ":" + alias.id);
  }
  return {names.begin(), names.end()};
}

std::string NearestHint(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view nearest = NearestWord(word, views);
  return nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest);
}

Status RequireKnown(const std::vector<Check>& library, std::string_view name) {
  for (const auto& check : library) {
    if (MeaningOf(check, name).matches) return {};
  }
  return Fail(ErrorCode::kNotFound, fmt::format("no check is called \"{}\"{}", name,
                                                NearestHint(name, KnownNames(library))));
}

Status RequireProfile(const std::vector<Check>& library, std::string_view profile) {
  std::set<std::string> known = {"default", "all", "nsa", "cis"};
  for (const auto& check : library) known.insert(check.profiles.begin(), check.profiles.end());
  if (known.count(std::string(profile)) != 0) return {};
  const std::vector<std::string> names(known.begin(), known.end());
  return Fail(ErrorCode::kNotFound, fmt::format("no profile is called \"{}\"; known are {}",
                                                profile, JoinText(names, ", ")));
}

Status RequireParameters(const std::vector<Check>& library, const SelectionOptions& options) {
  for (const auto& [id, values] : options.parameters) {
    const auto check =
        std::find_if(library.begin(), library.end(), [&](const Check& c) { return c.id == id; });
    if (check == library.end()) {
      return Fail(ErrorCode::kNotFound, fmt::format("params: no check has the id \"{}\"{}", id,
                                                    NearestHint(id, KnownNames(library))));
    }
    for (const auto& [name, json] : values) {
      const auto parameter = std::find_if(check->parameters.begin(), check->parameters.end(),
                                          [&](const Parameter& p) { return p.name == name; });
      if (parameter == check->parameters.end()) {
        std::vector<std::string> names;
        for (const auto& p : check->parameters) names.push_back(p.name);
        return Fail(ErrorCode::kNotFound, fmt::format("params: {} has no parameter \"{}\"{}", id,
                                                      name, NearestHint(name, names)));
      }
      if (!ParameterFits(*parameter, json)) {
        return Fail(ErrorCode::kInvalid,
                    fmt::format("params: {}.{} must be of type {}", id, name, parameter->type));
      }
    }
  }
  return {};
}

// How a check of the profile runs: by an alias of the profile's own, or as it is.
const Alias* ProfileAlias(const Check& check, std::string_view profile) {
  if (!StartsWith(profile, kPssProfilePrefix)) return nullptr;
  return PssAlias(check, profile.substr(kPssProfilePrefix.size()));
}

SelectedCheck Select(const Check& check, const Alias* alias, const SelectionOptions& options) {
  SelectedCheck selected;
  selected.check = &check;
  selected.selected_as = alias == nullptr ? check.id : alias->tool + ":" + alias->id;
  selected.rules = alias != nullptr && !alias->rules.empty() ? alias->rules : RulesOf(check);
  selected.expression = selected.rules[0].expression;
  selected.severity = check.severity;
  for (const auto& parameter : check.parameters) {
    selected.parameters[parameter.name] = parameter.default_json;
  }
  if (alias != nullptr) {
    for (const auto& [name, json] : alias->parameters) selected.parameters[name] = json;
  }
  if (const auto own = options.parameters.find(check.id); own != options.parameters.end()) {
    for (const auto& [name, json] : own->second) selected.parameters[name] = json;
  }
  // The check's own id is the nearest name; among others the first in order of name wins.
  for (const auto& [name, severity] : options.severities) {
    if (!MeaningOf(check, name).matches) continue;
    if (selected.severity_source != "check" && name != check.id) continue;
    selected.severity = severity;
    selected.severity_source = "ouro.yaml";
  }
  return selected;
}

}  // namespace

Result<std::vector<SelectedCheck>> SelectChecks(const std::vector<Check>& library,
                                                const SelectionOptions& options) {
  OURO_TRY_STATUS(RequireProfile(library, options.profile));
  for (const auto& name : options.only) OURO_TRY_STATUS(RequireKnown(library, name));
  for (const auto& name : options.skip) OURO_TRY_STATUS(RequireKnown(library, name));
  for (const auto& [name, severity] : options.severities) {
    OURO_TRY_STATUS(RequireKnown(library, name));
  }
  OURO_TRY_STATUS(RequireParameters(library, options));
  std::vector<SelectedCheck> selected;
  for (const auto& check : library) {
    std::optional<Meaning> chosen;
    if (options.only.empty()) {
      if (InProfile(check, options.profile)) chosen = {true, ProfileAlias(check, options.profile)};
    } else {
      for (const auto& name : options.only) {
        if (const Meaning meaning = MeaningOf(check, name); meaning.matches && !chosen) {
          chosen = meaning;
        }
      }
    }
    const bool skipped =
        std::any_of(options.skip.begin(), options.skip.end(),
                    [&](const auto& name) { return MeaningOf(check, name).matches; });
    if (chosen && !skipped) selected.push_back(Select(check, chosen->alias, options));
  }
  std::sort(selected.begin(), selected.end(),
            [](const auto& a, const auto& b) { return a.check->id < b.check->id; });
  return selected;
}

}  // namespace ouro::rules
