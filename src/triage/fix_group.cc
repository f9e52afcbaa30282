// Each finding is given the one action that closes most with it: what lies in a base image goes
// with the base image, OS packages with a fix go with the upgrade of their image, a library with
// its package in its place. The version to go to is the lowest that fixes all findings of the
// group.
#include "triage/fix_group.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "model/purl.h"

namespace ouro::triage {
namespace {

using model::Finding;
using model::FindingClass;

// Effort in units of one small change that is reviewed and rolled out with the next release.
constexpr int kEffortSmall = 1;
constexpr int kEffortBaseImage = 2;
constexpr int kEffortMajorVersion = 3;
constexpr int kEffortRole = 2;
constexpr int kEffortSecret = 3;
constexpr int kEffortOther = 3;
constexpr int kEffortNoFix = 8;

bool IsOsPackage(std::string_view type) {
  constexpr std::array<std::string_view, 4> kTypes = {"alpm", "apk", "deb", "rpm"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

// "registry.example:5000/shop/api:1.2@sha256:…" → "registry.example:5000/shop/api".
std::string_view ImageName(std::string_view reference) {
  reference = reference.substr(0, reference.find('@'));
  const size_t slash = reference.rfind('/');
  const size_t colon = reference.find(':', slash == std::string_view::npos ? 0 : slash);
  return reference.substr(0, colon);
}

std::string ObjectText(const model::Resource& resource) {
  std::string text = resource.kind + " ";
  if (!resource.namespace_name.empty()) text += resource.namespace_name + "/";
  return text + resource.name;
}

// Where something lives, for people: image, else repository and file, else file.
std::string PlaceText(const Finding& finding) {
  if (finding.image && !finding.image->reference.empty()) {
    return std::string(ImageName(finding.image->reference));
  }
  std::string file = finding.package && !finding.package->path.empty() ? finding.package->path
                                                                       : finding.location.file;
  const bool has_repository = finding.asset && !finding.asset->repository.empty();
  if (!has_repository) return file;
  return file.empty() ? finding.asset->repository : finding.asset->repository + " " + file;
}

// The package as such: its purl without version, else type and name.
std::string PackageKey(const model::Package& package) {
  if (!package.purl.empty()) return model::PurlWithoutVersion(package.purl);
  return fmt::format("{}/{}", package.type, package.name);
}

struct Key {
  FixKind kind = FixKind::kOther;
  std::string target;
};

Key KeyOfVuln(const Finding& finding, const FixGroupOptions& options) {
  const std::string place = PlaceText(finding);
  if (finding.image) {
    const auto base = options.base_layers.find(finding.image->layer);
    if (!finding.image->layer.empty() && base != options.base_layers.end()) {
      return {FixKind::kBaseImage, base->second};
    }
  }
  const bool fixed = finding.vuln && !finding.vuln->fixed_in.empty();
  if (!finding.package) {
    return {fixed ? FixKind::kOther : FixKind::kNoFix,
            fmt::format("{} in {}", finding.check, place)};
  }
  const model::Package& package = *finding.package;
  if (!fixed) return {FixKind::kNoFix, fmt::format("{} in {}", PackageKey(package), place)};
  if (IsOsPackage(package.type)) return {FixKind::kOsPackages, place};
  return {FixKind::kDependency, fmt::format("{} in {}", PackageKey(package), place)};
}

bool IsTemplate(std::string_view file) {
  return file.find("/templates/") != std::string_view::npos || StartsWith(file, "templates/");
}

Key KeyOf(const Finding& finding, const FixGroupOptions& options) {
  const model::Resource& resource = finding.resource;
  switch (finding.finding_class) {
    case FindingClass::kVuln:
      return KeyOfVuln(finding, options);
    case FindingClass::kSecret:
      return {FixKind::kSecret,
              finding.origin && !finding.origin->snippet_hash.empty()
                  ? fmt::format("{} {}", finding.check, finding.origin->snippet_hash)
                  : fmt::format("{} in {}:{}", finding.check, PlaceText(finding),
                                finding.location.line)};
    case FindingClass::kRbac:
      return {FixKind::kRole, ObjectText(resource)};
    default:
      break;
  }
  const std::string& name = finding.concept_name.empty() ? finding.check : finding.concept_name;
  if (IsTemplate(finding.location.file)) {
    return {FixKind::kChartValue, fmt::format("{} in {}", name, finding.location.file)};
  }
  if (resource.kind.empty())
    return {FixKind::kOther, fmt::format("{} in {}", name, PlaceText(finding))};
  const std::string field = finding.field_path.empty() ? name : finding.field_path;
  const std::string container =
      resource.container.empty() ? "" : fmt::format("[{}]", resource.container);
  return {FixKind::kField, fmt::format("{}{} {}", ObjectText(resource), container, field)};
}

// The lowest of the versions in `fixed_in` that is later than the installed one; of versions that
// are all earlier, the last one. Several branches may have a fix each.
std::string LowestFix(const Finding& finding, VersionOrder order) {
  const std::string& installed = finding.package->version;
  std::string_view best;
  std::string_view highest;
  for (std::string_view version : SplitText(finding.vuln->fixed_in, ',')) {
    version = TrimSpace(version);
    if (version.empty()) continue;
    if (highest.empty() || order(finding.package->type, version, highest) > 0) highest = version;
    if (!installed.empty() && order(finding.package->type, version, installed) <= 0) continue;
    if (best.empty() || order(finding.package->type, version, best) < 0) best = version;
  }
  return std::string(best.empty() ? highest : best);
}

// "4" of "v4.2.1" and "1:4.2"; -1 where it begins with no number.
int64_t Major(std::string_view version) {
  if (const size_t colon = version.find(':'); colon != std::string_view::npos) {
    version.remove_prefix(colon + 1);
  }
  if (StartsWith(version, "v")) version.remove_prefix(1);
  return ParseInt64(version.substr(0, version.find_first_not_of("0123456789"))).value_or(-1);
}

// What the findings of a group tell about its action.
class Filler {
 public:
  Filler(const std::vector<Finding>& findings, const FixGroupOptions& options)
      : findings_(findings), options_(options) {}

  void Fill(FixGroup& group) const {
    CountPriority(group);
    const Finding& first = Representative(group);
    switch (group.kind) {
      case FixKind::kBaseImage:
        group.effort = kEffortBaseImage;
        group.action = fmt::format("move to a newer {}", group.target);
        return;
      case FixKind::kOsPackages:
        return FillOsPackages(group);
      case FixKind::kDependency:
        return FillDependency(group, first);
      case FixKind::kChartValue:
        group.effort = kEffortSmall;
        group.action = fmt::format("change the template: {}", group.target);
        return;
      case FixKind::kRole:
        group.effort = kEffortRole;
        group.action = fmt::format("narrow {}", group.target);
        return;
      case FixKind::kField:
        return FillField(group, first);
      case FixKind::kSecret:
        group.effort = kEffortSecret;
        group.action = fmt::format("withdraw the credential at {}:{} and move it to a secret store",
                                   PlaceText(first), first.location.line);
        return;
      case FixKind::kNoFix:
        group.effort = kEffortNoFix;
        group.action = fmt::format("no fixed version is known: replace or shield {}", group.target);
        return;
      case FixKind::kOther:
        break;
    }
    group.effort = kEffortOther;
    group.action = first.remediation.empty() ? first.title : first.remediation;
  }

 private:
  // The one that stands for the group whatever the order of the input.
  const Finding& Representative(const FixGroup& group) const {
    const auto least = [this](size_t a, size_t b) {
      const Finding& x = findings_[a];
      const Finding& y = findings_[b];
      return std::tie(x.id, x.check, x.location.file, x.location.line) <
             std::tie(y.id, y.check, y.location.file, y.location.line);
    };
    return findings_[*std::min_element(group.findings.begin(), group.findings.end(), least)];
  }

  void CountPriority(FixGroup& group) const {
    std::map<std::string_view, int> highest;
    int64_t nameless = 0;
    for (const size_t index : group.findings) {
      const Finding& finding = findings_[index];
      const int priority = finding.judgement ? std::max(finding.judgement->priority, 1) : 1;
      const std::string& issue = finding.issue.empty() ? finding.id : finding.issue;
      if (issue.empty()) {
        group.priority_sum += priority;
        ++nameless;
        continue;
      }
      int& known = highest[issue];
      known = std::max(known, priority);
    }
    for (const auto& [issue, priority] : highest) group.priority_sum += priority;
    group.issue_count = static_cast<int64_t>(highest.size()) + nameless;
  }

  void FillOsPackages(FixGroup& group) const {
    // Source packages, because their binary packages are upgraded together.
    std::map<std::string, std::string> versions;
    std::string type;
    for (const size_t index : group.findings) {
      const Finding& finding = findings_[index];
      type = std::max(type, finding.package->type);
      const std::string& name =
          finding.package->source.empty() ? finding.package->name : finding.package->source;
      std::string version = LowestFix(finding, options_.order);
      std::string& known = versions[name];
      if (known.empty() || options_.order(type, version, known) > 0) known = std::move(version);
    }
    constexpr size_t kNamesShown = 5;
    std::vector<std::string> names;
    for (const auto& [name, version] : versions) {
      if (names.size() < kNamesShown) names.push_back(fmt::format("{} to {}", name, version));
    }
    const std::string more = versions.size() > kNamesShown
                                 ? fmt::format(" and {} more", versions.size() - kNamesShown)
                                 : std::string();
    group.effort = kEffortSmall;
    group.action = fmt::format("upgrade the {} packages of {}: {}{}", type, group.target,
                               JoinText(names, ", "), more);
  }

  void FillDependency(FixGroup& group, const Finding& first) const {
    std::string target;
    std::string installed;
    for (const size_t index : group.findings) {
      const Finding& finding = findings_[index];
      const std::string& type = finding.package->type;
      std::string version = LowestFix(finding, options_.order);
      if (target.empty() || options_.order(type, version, target) > 0) target = std::move(version);
      const std::string& own = finding.package->version;
      if (installed.empty() || options_.order(type, own, installed) < 0) installed = own;
    }
    const int64_t from = Major(installed);
    const bool major = from >= 0 && Major(target) > from;
    group.effort = major ? kEffortMajorVersion : kEffortSmall;
    group.action = fmt::format("upgrade {} {}{}to {} in {}", first.package->name, installed,
                               installed.empty() ? "" : " ", target, PlaceText(first));
  }

  static void FillField(FixGroup& group, const Finding& first) {
    group.effort = kEffortSmall;
    if (!first.fix.empty()) {
      const model::FixPatch& patch = first.fix.front();
      const std::string what = patch.op == "remove"
                                   ? fmt::format("remove {}", patch.json_path)
                                   : fmt::format("set {} to {}", patch.json_path, patch.value);
      group.action = fmt::format("{} in {}", what, ObjectText(first.resource));
    } else {
      group.action = fmt::format("change {}", group.target);
    }
  }

  const std::vector<Finding>& findings_;
  const FixGroupOptions& options_;
};

std::string IdOf(FixKind kind, std::string_view target) {
  TupleHasher hasher("ouro/fix-group/v1");
  hasher.Add("kind", FixKindName(kind));
  hasher.Add("target", target);
  return hasher.Finish();
}

}  // namespace

std::string_view FixKindName(FixKind kind) {
  switch (kind) {
    case FixKind::kBaseImage:
      return "base-image";
    case FixKind::kOsPackages:
      return "os-packages";
    case FixKind::kDependency:
      return "dependency";
    case FixKind::kChartValue:
      return "chart-value";
    case FixKind::kRole:
      return "role";
    case FixKind::kField:
      return "field";
    case FixKind::kSecret:
      return "secret";
    case FixKind::kNoFix:
      return "no-fix";
    case FixKind::kOther:
      return "other";
  }
  return {};
}

std::vector<FixGroup> GroupFixes(const std::vector<Finding>& findings,
                                 const FixGroupOptions& options) {
  std::map<std::pair<FixKind, std::string>, FixGroup> by_key;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].status != model::FindingStatus::kOpen) continue;
    Key key = KeyOf(findings[i], options);
    FixGroup& group = by_key[{key.kind, key.target}];
    group.kind = key.kind;
    group.target = std::move(key.target);
    group.findings.push_back(i);
  }
  std::vector<FixGroup> groups;
  groups.reserve(by_key.size());
  const Filler filler(findings, options);
  for (auto& [key, group] : by_key) {
    group.id = IdOf(group.kind, group.target);
    filler.Fill(group);
    groups.push_back(std::move(group));
  }
  std::sort(groups.begin(), groups.end(), [](const FixGroup& a, const FixGroup& b) {
    // Cross-multiplied: equal ratios must be equal.
    const int64_t left = a.priority_sum * b.effort;
    const int64_t right = b.priority_sum * a.effort;
    if (left != right) return left > right;
    if (a.findings.size() != b.findings.size()) return a.findings.size() > b.findings.size();
    return a.id < b.id;
  });
  return groups;
}

}  // namespace ouro::triage
