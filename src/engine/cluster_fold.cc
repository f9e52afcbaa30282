#include "engine/cluster_fold.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/workload.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

constexpr size_t kNamesShown = 2;  // replicas named in a message before "and N more"

void AddSorted(std::vector<std::string>& names, const std::string& name) {
  const auto at = std::lower_bound(names.begin(), names.end(), name);
  if (at != names.end() && *at == name) return;
  if (names.size() >= kGroupNameCount && at == names.end()) return;
  names.insert(at, name);
  if (names.size() > kGroupNameCount) names.pop_back();
}

bool ByPlace(const model::Location& a, const model::Location& b) {
  return a.file != b.file ? a.file < b.file : a.json_path < b.json_path;
}

// Regular English plurals, which the names of nearly all kinds follow.
std::string PluralOf(std::string_view kind) {
  std::string word = LowerAscii(kind);
  if (EndsWith(word, "y") && word.size() > 1 &&
      std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos) {
    return word.substr(0, word.size() - 1) + "ies";
  }
  if (EndsWith(word, "s") || EndsWith(word, "x") || EndsWith(word, "ch")) return word + "es";
  return word + "s";
}

}  // namespace

bool HasSeveralTemplates(const model::Resource& resource) {
  const auto rows = model::FindWorkload(resource.api_version, resource.kind);
  return rows.size() > 1 || (rows.size() == 1 && !rows[0].item_list.empty());
}

void LiveGroup::AddName(const std::string& name) {
  ++count;
  AddSorted(names, name);
}

void LivePlaces::SetPlural(std::string_view api_version, std::string_view kind,
                           std::string_view plural) {
  plurals_[fmt::format("{}\n{}", api_version, kind)] = plural;
}

std::string LivePlaces::OfKind(std::string_view api_version, std::string_view plural) const {
  return fmt::format("{}/{}/{}", source_, api_version, plural);
}

std::string LivePlaces::Of(const model::Resource& resource) const {
  const auto known = plurals_.find(fmt::format("{}\n{}", resource.api_version, resource.kind));
  const std::string plural = known != plurals_.end() ? known->second : PluralOf(resource.kind);
  if (resource.namespace_name.empty()) {
    return fmt::format("{}/{}/{}/{}", source_, resource.api_version, plural, resource.name);
  }
  return fmt::format("{}/{}/namespaces/{}/{}/{}", source_, resource.api_version,
                     resource.namespace_name, plural, resource.name);
}

model::Finding FindingOfOwner(const model::Finding& finding, const model::Resource& resource,
                              const model::Resource& owner,
                              const std::vector<std::string>& own_paths) {
  model::Finding mapped = finding;
  const std::string container = finding.resource.container;
  mapped.resource = owner;
  mapped.resource.container = container;
  if (const auto path = FieldPathInOwner(resource, owner, finding.field_path)) {
    mapped.field_path = *path;
  } else {
    const std::string suffix = "." + finding.field_path;
    for (const std::string& own : own_paths) {
      if (EndsWith(own, suffix)) mapped.field_path = own;
    }
  }
  mapped.id = triage::Fingerprint(mapped);
  mapped.stage = "cd";
  return mapped;
}

void PlaceInOwner(model::Finding& finding, const model::Resource& resource,
                  const OwnerTable::Owner& owner) {
  const auto map = [&](std::string& path) {
    const auto mapped = StartsWith(path, "$.")
                            ? FieldPathInOwner(resource, owner.resource, path.substr(2))
                            : std::optional<std::string>();
    path = mapped ? "$." + *mapped : std::string();
    return mapped.has_value();
  };
  std::string json_path = std::move(finding.location.json_path);
  finding.location = {};
  // What its owner was seen not to have cannot be mended there.
  bool known = owner.missing && map(json_path);
  for (model::FixPatch& patch : finding.fix) known = known && map(patch.json_path);
  if (known) {
    finding.location.json_path = std::move(json_path);
  } else {
    finding.fix.clear();
  }
}

std::string LiveFold::SubjectKey(const model::Finding& finding) {
  const model::Resource& r = finding.resource;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", finding.check, r.api_version, r.kind,
                     r.namespace_name, r.name, r.container);
}

void LiveFold::AddOwn(const LiveGroup& group) {
  const bool several = HasSeveralTemplates(group.resource);
  for (const model::Finding& found : group.verdict.judgement.findings) {
    model::Finding finding = FindingOfOwner(found, group.resource, group.resource, {});
    finding.location.file = places_.Of(group.resource);
    if (several) own_paths_[SubjectKey(finding)].push_back(finding.field_path);
    const auto [at, fresh] = by_id_.try_emplace(finding.id);
    Folded& folded = at->second;
    if (fresh) {
      folded.own = true;
      folded.finding = std::move(finding);
      folded.finding.count = group.count;
      continue;
    }
    folded.finding.count += group.count;
    if (folded.finding.status == model::FindingStatus::kSuppressed &&
        finding.status != model::FindingStatus::kSuppressed) {
      folded.finding.status = finding.status;
      folded.finding.suppressed.reset();
    }
  }
}

void LiveFold::AddPlaces(Folded& folded, const LiveGroup& group,
                         const std::string& json_path) const {
  model::Resource resource = group.resource;
  std::vector<model::Location>& places = folded.finding.other_locations;
  for (const std::string& name : group.names) {
    resource.name = name;
    model::Location place;
    place.file = places_.Of(resource);
    place.json_path = json_path;
    const auto at = std::lower_bound(places.begin(), places.end(), place, ByPlace);
    if (at != places.end() && *at == place) continue;
    places.insert(at, std::move(place));
    if (places.size() > triage::kOtherLocationCountMax) places.pop_back();
  }
}

void LiveFold::AddReplicas(const LiveGroup& group, const OwnerTable::Owner& owner) {
  for (const model::Finding& found : group.verdict.judgement.findings) {
    model::Finding probe = found;
    probe.resource = owner.resource;
    probe.resource.container = found.resource.container;
    const auto paths = own_paths_.find(SubjectKey(probe));
    static const std::vector<std::string> kNone;
    model::Finding finding = FindingOfOwner(found, group.resource, owner.resource,
                                            paths == own_paths_.end() ? kNone : paths->second);
    const auto [at, fresh] = by_id_.try_emplace(finding.id);
    Folded& folded = at->second;
    if (fresh) {
      folded.finding = std::move(finding);
      PlaceInOwner(folded.finding, group.resource, owner);
      folded.finding.location.file = places_.Of(owner.resource);
      folded.finding.count = 0;
      folded.object_kind = group.resource.kind;
    } else if (!folded.own && folded.finding.status == model::FindingStatus::kSuppressed &&
               finding.status != model::FindingStatus::kSuppressed) {
      folded.finding.status = finding.status;
      folded.finding.suppressed.reset();
      folded.finding.message = finding.message;
    } else if (!folded.own && finding.message < folded.finding.message &&
               finding.status == folded.finding.status) {
      folded.finding.message = finding.message;  // The order of pages must not show.
    }
    folded.owner_missing = owner.missing;
    if (group.resource.kind == "Pod" || folded.object_kind.empty()) {
      if (folded.object_kind != group.resource.kind) {
        folded.names.clear();
        folded.replicas = 0;
      }
      folded.object_kind = group.resource.kind;
    }
    if (folded.object_kind == group.resource.kind) {
      folded.replicas += group.count;
      for (const std::string& name : group.names) AddSorted(folded.names, name);
    }
    folded.finding.count += group.count;
    AddPlaces(folded, group, found.location.json_path);
  }
}

// " · only in Pod web-7d9-x2v4k, not in the Deployment itself"
std::string LiveFold::ReplicaNote(const Folded& folded) {
  const std::string& kind = folded.object_kind;
  std::string where;
  if (folded.replicas <= 1) {
    where = fmt::format("{} {}", kind, folded.names.empty() ? "" : folded.names.front());
  } else {
    where = fmt::format("{} {}s: ", folded.replicas, kind);
    const size_t shown = std::min(folded.names.size(), kNamesShown);
    for (size_t i = 0; i < shown; ++i) where += (i == 0 ? "" : ", ") + folded.names[i];
    const int64_t more = folded.replicas - static_cast<int64_t>(shown);
    if (more > 0) where += fmt::format(" and {} more", more);
  }
  const std::string& owner = folded.finding.resource.kind;
  if (folded.owner_missing) return fmt::format(" (in {}; the {} was not seen)", where, owner);
  return fmt::format(" (only in {}, not in the {} itself)", where, owner);
}

std::vector<model::Finding> LiveFold::Take() {
  std::vector<model::Finding> findings;
  findings.reserve(by_id_.size());
  for (auto& [id, folded] : by_id_) {
    if (!folded.own) {
      folded.finding.message += ReplicaNote(folded);
      if (folded.finding.message.front() == ' ') folded.finding.message.erase(0, 1);
    }
    findings.push_back(std::move(folded.finding));
  }
  by_id_.clear();
  own_paths_.clear();
  return findings;
}

}  // namespace ouro::engine
