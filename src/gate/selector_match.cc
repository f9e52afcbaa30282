// The plain meaning of a selector, field by field.
#include <algorithm>

#include "base/text.h"
#include "gate/selector_index.h"
#include "gate/selector_parts.h"
#include "gate/version.h"

namespace ouro::gate {

namespace internal {

bool IsGlob(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

bool AnyMatches(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return MatchesGlob(text, glob); });
}

PackageNames PackageNames::Of(const model::Package& package) {
  PackageNames names;
  std::string_view purl = package.purl;
  purl = purl.substr(0, purl.find_first_of("?#"));
  names.full = purl;
  const size_t slash = purl.rfind('/');
  const size_t at = purl.rfind('@');
  const bool has_version =
      at != std::string_view::npos && (slash == std::string_view::npos || at > slash);
  names.base = has_version ? purl.substr(0, at) : purl;
  names.name = package.name;
  names.version = package.version;
  if (names.version.empty() && has_version) names.version = purl.substr(at + 1);
  names.type = package.type;
  if (names.type.empty() && StartsWith(purl, "pkg:")) {
    names.type = purl.substr(4, purl.find('/', 4) - 4);
  }
  return names;
}

// What one entry of `checks` says of one finding.
Specificity NameMatch(std::string_view name, const model::Finding& finding) {
  if (name.empty()) return Specificity::kNone;
  const auto matches = [&](std::string_view id) {
    return IsGlob(name) ? MatchesGlob(id, name) : id == name;
  };
  bool named = matches(finding.check) ||
               std::any_of(finding.aliases.begin(), finding.aliases.end(), matches);
  if (!named && finding.vuln) {
    const model::Vuln& vuln = *finding.vuln;
    named = (!vuln.id.empty() && matches(vuln.id)) ||
            std::any_of(vuln.aliases.begin(), vuln.aliases.end(), matches);
  }
  if (named) return IsGlob(name) ? Specificity::kClass : Specificity::kIdentifier;
  return name == finding.concept_name ? Specificity::kConcept : Specificity::kNone;
}

Specificity PackageMatch(const PackagePattern& pattern, bool closed, const PackageNames& names) {
  const bool glob = IsGlob(pattern.purl);
  bool named = false;
  for (const std::string_view text : {names.base, names.full, names.name}) {
    if (text.empty()) continue;
    named = named || (glob ? MatchesGlob(text, pattern.purl) : text == pattern.purl);
  }
  if (!named) return Specificity::kNone;
  if (!pattern.versions.empty()) {
    if (names.version.empty()) {
      if (!closed) return Specificity::kNone;
    } else if (!SatisfiesConstraints(names.version, pattern.versions, names.type)) {
      return Specificity::kNone;
    }
  }
  return glob ? Specificity::kClass : Specificity::kComponent;
}

}  // namespace internal

namespace {

using internal::AnyMatches;

// kNone where the list is set and nothing of it matches.
Specificity MatchNames(const Selector& selector, bool closed, const model::Finding& finding) {
  Specificity best = Specificity::kClass;
  if (!selector.checks.empty()) {
    Specificity named = Specificity::kNone;
    for (const std::string& name : selector.checks) {
      named = std::max(named, internal::NameMatch(name, finding));
    }
    if (named == Specificity::kNone) return Specificity::kNone;
    best = std::max(best, named);
  }
  if (!selector.packages.empty()) {
    if (!finding.package) return Specificity::kNone;
    const internal::PackageNames names = internal::PackageNames::Of(*finding.package);
    Specificity named = Specificity::kNone;
    for (const PackagePattern& pattern : selector.packages) {
      named = std::max(named, internal::PackageMatch(pattern, closed, names));
    }
    if (named == Specificity::kNone) return Specificity::kNone;
    best = std::max(best, named);
  }
  for (const auto& [list, id] :
       {std::pair(&selector.findings, &finding.id), std::pair(&selector.issues, &finding.issue)}) {
    if (list->empty()) continue;
    if (id->empty() || std::find(list->begin(), list->end(), *id) == list->end()) {
      return Specificity::kNone;
    }
    best = Specificity::kIdentifier;
  }
  return best;
}

bool MatchLists(const Selector& selector, const Facts& facts) {
  const model::Finding& finding = *facts.finding;
  const auto holds = [](const std::vector<std::string>& globs, std::string_view text) {
    return globs.empty() || AnyMatches(globs, text);
  };
  return holds(selector.classes, model::FindingClassName(finding.finding_class)) &&
         holds(selector.namespaces, finding.resource.namespace_name) &&
         holds(selector.kinds, finding.resource.kind) && holds(selector.stages, finding.stage) &&
         holds(selector.ssvc, facts.ssvc) && holds(selector.exposure, facts.exposure) &&
         holds(selector.reachability, facts.reachability) &&
         holds(selector.clusters, facts.cluster) &&
         holds(selector.environments, facts.environment) &&
         holds(selector.applications, facts.application) &&
         holds(selector.fix_groups, facts.fix_group);
}

bool MatchFlags(const Selector& selector, const Facts& facts) {
  if (selector.severity_min && facts.finding->severity < *selector.severity_min) return false;
  if (selector.kev && *selector.kev != facts.kev) return false;
  if (selector.fixable && *selector.fixable != facts.fixable) return false;
  return !selector.is_new || *selector.is_new == facts.is_new;
}

bool HasLabel(const std::map<std::string, std::string>* labels, std::string_view key,
              std::string_view value, bool any_value) {
  if (labels == nullptr) return false;
  return std::any_of(labels->begin(), labels->end(), [&](const auto& label) {
    return MatchesGlob(label.first, key) && (any_value || MatchesGlob(label.second, value));
  });
}

bool MatchLabels(const Selector& selector, const Facts& facts) {
  if (selector.labels.empty()) return true;
  return std::any_of(selector.labels.begin(), selector.labels.end(), [&](const std::string& text) {
    const size_t equals = text.find('=');
    const bool any_value = equals == std::string::npos;
    const std::string_view key = std::string_view(text).substr(0, equals);
    const std::string_view value =
        any_value ? std::string_view() : std::string_view(text).substr(equals + 1);
    return HasLabel(facts.labels, key, value, any_value) ||
           HasLabel(facts.subject_labels, key, value, any_value);
  });
}

}  // namespace

namespace internal {

bool MatchRest(const Selector& selector, bool closed, const Facts& facts, UnixSeconds now,
               ConditionRunner& runner, bool& uncertain) {
  constexpr int64_t kDay = 86'400;
  if (selector.cvss_min && facts.cvss < *selector.cvss_min) return false;
  if (selector.epss_min && facts.epss < *selector.epss_min) return false;
  if (selector.fix_age_days_min) {
    if (!facts.fixable) return false;
    const std::optional<UnixSeconds> since = facts.fix_since ? facts.fix_since : facts.first_seen;
    if (!since || now - *since < *selector.fix_age_days_min * kDay) return false;
  }
  if (selector.newer_than_days && facts.first_seen &&
      now - *facts.first_seen >= *selector.newer_than_days * kDay) {
    return false;
  }
  if (!MatchLabels(selector, facts)) return false;
  if (selector.when.empty()) return true;
  // A condition that nobody compiled cannot be evaluated either.
  const Answer answer =
      selector.condition == nullptr ? Answer::kError : runner.Run(*selector.condition);
  if (answer != Answer::kError) return answer == Answer::kYes;
  uncertain = closed;
  return closed;
}

bool NeedsRest(const Selector& selector) {
  return selector.cvss_min || selector.epss_min || selector.fix_age_days_min ||
         selector.newer_than_days || !selector.labels.empty() || !selector.when.empty();
}

}  // namespace internal

Specificity MatchSelector(const Selector& selector, bool closed, const Facts& facts,
                          UnixSeconds now, ConditionRunner& runner, bool& uncertain) {
  uncertain = false;
  if (!MatchFlags(selector, facts) || !MatchLists(selector, facts)) return Specificity::kNone;
  const Specificity named = MatchNames(selector, closed, *facts.finding);
  if (named == Specificity::kNone) return Specificity::kNone;
  if (!internal::MatchRest(selector, closed, facts, now, runner, uncertain)) {
    return Specificity::kNone;
  }
  // A fix group is a component of the delivery: one package, one base image, one field.
  if (!selector.fix_groups.empty()) return std::max(named, Specificity::kComponent);
  return named;
}

}  // namespace ouro::gate
