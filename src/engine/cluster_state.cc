#include "engine/cluster_state.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/cluster_scan.h"
#include "gate/gate.h"
#include "model/workload.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

model::Resource ResourceOf(const LiveObject& object) {
  return {object.api_version, object.kind, object.name_space, object.name, {}};
}

const model::Finding* FindById(const std::vector<model::Finding>& findings, std::string_view id) {
  for (const model::Finding& finding : findings) {
    if (finding.id == id) return &finding;
  }
  return nullptr;
}

// What differs between two observations of one finding, in words; empty when nothing does.
std::string Difference(const model::Finding& before, const model::Finding& after) {
  if (before.status != after.status) {
    if (after.suppressed) {
      return fmt::format("suppressed by {}{}", after.suppressed->by,
                         after.suppressed->reason.empty() ? "" : ": " + after.suppressed->reason);
    }
    return after.status == model::FindingStatus::kOpen ? "open again"
                                                       : "can no longer be evaluated";
  }
  if (before.severity != after.severity) {
    return fmt::format("severity was {}", model::SeverityName(before.severity));
  }
  return before.message != after.message ? "was: " + before.message : std::string();
}

void AppendHashed(std::string& text, std::string_view part) {
  text.append(part).push_back('\0');
}

void AppendHashed(std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) AppendHashed(text, part);
  text.push_back('\1');
}

}  // namespace

std::string_view FindingChangeName(FindingChange::Kind kind) {
  switch (kind) {
    case FindingChange::Kind::kNew:
      return "new";
    case FindingChange::Kind::kChanged:
      return "changed";
    case FindingChange::Kind::kGone:
      break;
  }
  return "gone";
}

LiveState::LiveState(Options options)
    : options_(std::move(options)),
      reader_(*options_.snapshot->rules(), ReaderOptions(options_.snapshot->config())),
      inventory_(std::make_unique<rules::Inventory>()),
      places_(options_.source) {
  inventory_->Finish();
  judge_ = std::make_unique<LiveJudge>(options_.snapshot, inventory_.get(), options_.now, nullptr);
}

// ------------------------------------------------------------------------------------------ facts

void LiveState::PutFacts(std::string_view item, std::string_view api_version,
                         std::string_view kind) {
  Fact fact;
  if (!reader_.Read(item, api_version, kind, fact.object)) return;
  std::string uid = fact.object.uid;
  facts_[uid] = std::move(fact);
}

void LiveState::BeginFactsSweep(std::string_view kind) {
  for (auto& [uid, fact] : facts_) fact.seen = fact.seen && fact.object.kind != kind;
}

void LiveState::EndFactsSweep(std::string_view kind) {
  std::erase_if(facts_, [&](const auto& entry) {
    return !entry.second.seen && entry.second.object.kind == kind;
  });
}

uint64_t LiveState::GrantsHash(const std::string& name_space, const std::string& name) const {
  std::string text;
  for (const rules::Grant* grant : inventory_->GrantsOf(name_space, name)) {
    AppendHashed(text, grant->binding);
    AppendHashed(text, grant->role);
    AppendHashed(text, grant->name_space);
    for (const rules::GrantedRule& rule : grant->rules) {
      AppendHashed(text, rule.api_groups);
      AppendHashed(text, rule.resources);
      AppendHashed(text, rule.verbs);
      AppendHashed(text, rule.resource_names);
      AppendHashed(text, rule.non_resource_urls);
    }
  }
  return FastHash(text);
}

std::set<std::string> LiveState::ApplyFacts() {
  auto inventory = std::make_unique<rules::Inventory>();
  for (const auto& [uid, fact] : facts_) {
    if (!judge_->AddFacts(fact.object, *inventory)) continue;
  }
  inventory->Finish();
  judge_ = std::make_unique<LiveJudge>(options_.snapshot, inventory.get(), options_.now, nullptr);
  inventory_ = std::move(inventory);
  std::set<std::string> touched;
  for (auto& [account, hash] : accounts_) {
    const uint64_t now = GrantsHash(account.first, account.second);
    if (now != hash) touched.insert(account.first);
    hash = now;
  }
  if (!touched.empty()) {
    for (Group& group : groups_) group.key.clear();
    known_.clear();
  }
  return touched;
}

// ----------------------------------------------------------------------------------------- groups

size_t LiveState::StartKind(std::string_view api_version, std::string_view kind,
                            std::string_view plural) {
  places_.SetPlural(api_version, kind, plural);
  kinds_.push_back({std::string(api_version), std::string(kind)});
  return kinds_.size() - 1;
}

uint32_t LiveState::NewGroup() {
  if (free_groups_.empty()) {
    groups_.emplace_back();
    return static_cast<uint32_t>(groups_.size() - 1);
  }
  const uint32_t index = free_groups_.back();
  free_groups_.pop_back();
  return index;
}

bool LiveState::IsExcludedOwner(const Group& group) const {
  if (group.live.verdict.excluded || group.owner.excluded) return true;
  return group.owner.missing && IsExcludedByName(options_.snapshot->config(), group.owner.resource);
}

// Field paths of the owner's own findings of the same check and container, for kinds whose several
// templates leave open which one made the replica.
std::vector<std::string> LiveState::OwnPaths(const model::Resource& owner,
                                             const model::Finding& finding) const {
  std::vector<std::string> paths;
  if (!HasSeveralTemplates(owner)) return paths;
  for (const Group& group : groups_) {
    if (group.objects == 0 || !group.is_own || !IsSameObject(group.live.resource, owner)) continue;
    for (const model::Finding& own : group.mapped) {
      if (own.check == finding.check && own.resource.container == finding.resource.container) {
        paths.push_back(own.field_path);
      }
    }
  }
  return paths;
}

void LiveState::Resolve(Group& group) {
  group.owner = owners_.OwnerOf(group.live.resource, group.live.controller, options_.lookup);
  group.is_own = group.owner.uid.empty();
  group.ids.clear();
  group.mapped.clear();
  if (group.old_revision || IsExcludedOwner(group)) return;
  const model::Resource& owner = group.owner.resource;
  for (const model::Finding& finding : group.live.verdict.judgement.findings) {
    model::Finding mapped =
        FindingOfOwner(finding, group.live.resource, owner, OwnPaths(owner, finding));
    if (!group.is_own) PlaceInOwner(mapped, group.live.resource, group.owner);
    mapped.location.file = places_.Of(owner);
    group.ids.push_back(mapped.id);
    group.mapped.push_back(std::move(mapped));
  }
}

Result<uint32_t> LiveState::GroupOf(const LiveObject& object) {
  if (!object.key.empty()) {
    if (const auto found = known_.find(object.key); found != known_.end()) return found->second;
  }
  Verdict verdict;
  if (!object.old_revision) {
    OURO_TRY(verdict, judge_->Run(object));
  }
  for (const Account& account : verdict.judgement.accounts) {
    const auto [at, fresh] = accounts_.try_emplace({account.name_space, account.name}, 0);
    if (fresh) at->second = GrantsHash(account.name_space, account.name);
  }
  const uint32_t index = NewGroup();
  Group& group = groups_[index];
  group = Group();
  group.key = object.key;
  group.old_revision = object.old_revision;
  group.live.resource = ResourceOf(object);
  group.live.controller = object.controller;
  group.live.verdict = std::move(verdict);
  if (!object.key.empty()) known_.emplace(object.key, index);
  if (settled_) Resolve(group);
  return index;
}

void LiveState::Count(const Group& group, int64_t step) {
  for (const std::string& id : group.ids) {
    Presence& presence = presence_[id];
    (group.is_own ? presence.own : presence.replicas) += step;
  }
}

void LiveState::Release(uint32_t index) {
  Group& group = groups_[index];
  if (--group.objects > 0) return;
  if (!group.key.empty()) known_.erase(group.key);
  group = Group();
  free_groups_.push_back(index);
}

// ---------------------------------------------------------------------------------------- changes

void LiveState::Tell(FindingChange::Kind kind, const model::Finding& finding, const Group& group,
                     std::string note, std::vector<FindingChange>& changes) const {
  FindingChange change;
  change.kind = kind;
  change.note = std::move(note);
  std::vector<model::Finding> one = {finding};
  options_.snapshot->AddStaticTexts(one);
  std::vector<triage::SuppressionRule> rules = options_.snapshot->config().suppressions;
  std::vector<model::Problem> ignored;
  if (!rules.empty()) triage::ApplySuppressions(one, rules, options_.now, ignored);
  triage::ApplyBaseline(one, options_.baseline_ids);
  gate::Decide(one, options_.snapshot->config().policy, {});
  change.finding = std::move(one.front());
  if (!group.is_own && kind != FindingChange::Kind::kGone) {
    const auto presence = presence_.find(finding.id);
    if (presence != presence_.end() && presence->second.own == 0) {
      change.finding.message +=
          fmt::format(" (in {} {}, not in the {} itself)", group.live.resource.kind, object_.name,
                      group.owner.resource.kind);
    }
  }
  const auto presence = presence_.find(finding.id);
  change.finding.count = presence == presence_.end() ? 0 : presence->second.total();
  changes.push_back(std::move(change));
}

// One object went from one group to another (null: it was or is not there). Both are counted here.
void LiveState::Move(const Group* before, const Group* after, std::vector<FindingChange>& changes) {
  std::map<std::string, Presence> was;
  for (const Group* group : {before, after}) {
    if (group == nullptr) continue;
    for (const std::string& id : group->ids) was[id] = presence_[id];
  }
  if (before != nullptr) Count(*before, -1);
  if (after != nullptr) Count(*after, +1);
  for (const auto& [id, old] : was) {
    const Presence now = presence_[id];
    const model::Finding* left = before == nullptr ? nullptr : FindById(before->mapped, id);
    const model::Finding* came = after == nullptr ? nullptr : FindById(after->mapped, id);
    if (old.total() == 0 && now.total() > 0) {
      Tell(FindingChange::Kind::kNew, *came, *after, {}, changes);
    } else if (old.total() > 0 && now.total() == 0) {
      Tell(FindingChange::Kind::kGone, *left, *before, {}, changes);
    } else if (old.own > 0 && now.own == 0 && now.total() > 0) {
      Tell(FindingChange::Kind::kChanged, *left, *before,
           fmt::format("mended in the {}, but {} that it made still {} it",
                       before->owner.resource.kind,
                       now.replicas == 1 ? "an object" : fmt::format("{} objects", now.replicas),
                       now.replicas == 1 ? "has" : "have"),
           changes);
    } else if (old.total() > 0 && old.own == 0 && now.own > 0) {
      Tell(FindingChange::Kind::kChanged, *came, *after,
           fmt::format("now in the {} itself", after->owner.resource.kind), changes);
    } else if (left != nullptr && came != nullptr && after->is_own) {
      std::string note = Difference(*left, *came);
      if (!note.empty()) {
        Tell(FindingChange::Kind::kChanged, *came, *after, std::move(note), changes);
      }
    }
    if (now.total() == 0) presence_.erase(id);
  }
}

// The owner's own owner, or whether it is excluded, has changed: so has the workload of what it
// made.
void LiveState::ResolveAgain(const std::string& owner_uid, std::vector<FindingChange>& changes) {
  for (Group& group : groups_) {
    if (group.objects == 0 || group.live.controller.uid != owner_uid) continue;
    const Group before = group;
    Resolve(group);
    if (before.ids == group.ids) continue;
    for (int64_t i = 0; i < group.objects; ++i) Move(&before, &group, changes);
  }
}

void LiveState::PutOwner(const LiveObject& object, bool excluded,
                         std::vector<FindingChange>& changes) {
  if (object.uid.empty() || object.kind == "Pod") return;
  if (model::FindWorkload(object.api_version, object.kind).empty()) return;
  const OwnerTable::Entry* known = owners_.Find(object.uid);
  const bool same =
      known != nullptr && known->controller == object.controller && known->excluded == excluded;
  if (same) return;
  owners_.Put(object.uid, {ResourceOf(object), object.controller, excluded});
  if (settled_) ResolveAgain(object.uid, changes);
}

Status LiveState::Put(size_t kind, std::string_view item, std::vector<FindingChange>& changes) {
  const Kind& of = kinds_[kind];
  LiveObject object;
  OURO_TRY_STATUS(reader_.Read(item, of.api_version, of.kind, object));
  object_ = object;
  OURO_TRY(const uint32_t index, GroupOf(object));
  PutOwner(object, groups_[index].live.verdict.excluded, changes);
  const std::string uid = object.uid.empty()
                              ? fmt::format("{}\n{}\n{}", of.kind, object.name_space, object.name)
                              : object.uid;
  const auto [at, fresh] = objects_.try_emplace(uid);
  Object& known = at->second;
  ++groups_[index].objects;
  if (settled_) {
    if (fresh || known.group != index) {
      Move(fresh ? nullptr : &groups_[known.group], &groups_[index], changes);
    }
  }
  const uint32_t old = known.group;
  known.group = index;
  known.kind = static_cast<uint32_t>(kind);
  known.seen = true;
  known.name = object.name;
  known.name_space = object.name_space;
  if (!fresh) Release(old);
  return {};
}

void LiveState::Remove(const std::string& uid, std::vector<FindingChange>& changes) {
  const auto found = objects_.find(uid);
  if (found == objects_.end()) return;
  object_.name = found->second.name;
  if (settled_) Move(&groups_[found->second.group], nullptr, changes);
  Release(found->second.group);
  objects_.erase(found);
}

void LiveState::BeginSweep(size_t kind, std::string_view name_space) {
  for (auto& [uid, object] : objects_) {
    if (object.kind != kind) continue;
    object.seen = !name_space.empty() && object.name_space != name_space;
  }
}

void LiveState::EndSweep(size_t kind, std::vector<FindingChange>& changes) {
  std::vector<std::string> gone;
  for (const auto& [uid, object] : objects_) {
    if (object.kind == kind && !object.seen) gone.push_back(uid);
  }
  std::sort(gone.begin(), gone.end());
  for (const std::string& uid : gone) Remove(uid, changes);
}

void LiveState::Settle() {
  settled_ = true;
  for (Group& group : groups_) {
    if (group.objects > 0) Resolve(group);
  }
  for (Group& group : groups_) {
    if (group.objects == 0) continue;
    if (!group.is_own && HasSeveralTemplates(group.owner.resource)) Resolve(group);
    Count(group, group.objects);
  }
}

Result<model::Report> LiveState::MakeReport(std::vector<model::Problem> problems) const {
  model::Report report;
  report.problems = options_.snapshot->problems();
  for (model::Problem& problem : problems) report.problems.push_back(std::move(problem));
  std::vector<LiveGroup> live(groups_.size());
  for (size_t i = 0; i < groups_.size(); ++i) {
    live[i] = groups_[i].live;
    live[i].count = 0;
    live[i].names.clear();
  }
  for (const auto& [uid, object] : objects_) live[object.group].AddName(object.name);
  LiveFold fold(places_);
  std::vector<size_t> later;
  for (size_t i = 0; i < live.size(); ++i) {
    const Group& group = groups_[i];
    if (group.objects == 0) continue;
    report.counts.objects += group.objects;
    if (group.old_revision || IsExcludedOwner(group)) {
      report.counts.objects_excluded += group.objects;
      continue;
    }
    live[i].resource.name = live[i].names.front();
    AddExamined(live[i], places_, group.owner.resource, report);
    if (group.is_own) {
      fold.AddOwn(live[i]);
    } else {
      later.push_back(i);
    }
  }
  for (const size_t i : later) fold.AddReplicas(live[i], groups_[i].owner);
  report.findings = fold.Take();
  OURO_TRY_STATUS(FinishLiveReport(*options_.snapshot, options_.now, report));
  return report;
}

}  // namespace ouro::engine
