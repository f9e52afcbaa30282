#include "engine/cluster_scan.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/cluster_json.h"
#include "engine/engine.h"
#include "gate/gate.h"
#include "model/workload.h"
#include "scan/source.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

constexpr int64_t kProgressStep = 500;  // objects between two calls of the progress function

std::string ListNameOf(std::string_view api_version, std::string_view plural) {
  const size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return std::string(plural);
  return fmt::format("{}.{}", plural, api_version.substr(0, slash));
}

model::Resource ResourceOf(const LiveObject& object) {
  return {object.api_version, object.kind, object.name_space, object.name, {}};
}

}  // namespace

ObjectReader::Options ReaderOptions(const Config& config) {
  ObjectReader::Options options;
  for (const scan::ObjectExclude& exclude : config.exclude_objects) {
    options.names_matter = options.names_matter || !exclude.name.empty();
    options.labels_matter = options.labels_matter || !exclude.label.empty();
  }
  return options;
}

ClusterScan::ClusterScan(Options options)
    : options_(std::move(options)),
      reader_(*options_.snapshot->rules(), ReaderOptions(options_.snapshot->config())),
      places_(options_.source) {}

void ClusterScan::AddFacts(std::string_view item, std::string_view api_version,
                           std::string_view kind) {
  if (!judge_) {
    judge_ = std::make_unique<LiveJudge>(options_.snapshot, nullptr, options_.now, nullptr);
  }
  // An object that cannot be read is told when its kind is judged.
  if (!reader_.Read(item, api_version, kind, object_)) return;
  if (!judge_->AddFacts(object_, inventory_)) return;
}

void ClusterScan::AddFactsPage(std::string_view page, std::string_view api_version,
                               std::string_view kind) {
  // A page that ends early is told where its end is awaited.
  static_cast<void>(
      ForEachListItem(page, [&](std::string_view item) { AddFacts(item, api_version, kind); }));
}

void ClusterScan::FinishFacts(const std::vector<std::string>& missing) {
  inventory_.Finish();
  judge_ =
      std::make_unique<LiveJudge>(options_.snapshot, &inventory_, options_.now, &finding_count_);
  if (missing.empty() || !needs_facts()) return;
  std::string ids;
  for (const rules::SelectedCheck& selected : options_.snapshot->inventory_rules()->checks()) {
    ids += (ids.empty() ? "" : ", ") + selected.check->id;
  }
  std::string names;
  for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
  model::Problem problem;
  problem.kind = "not_evaluable";
  problem.file = options_.source;
  problem.message = fmt::format(
      "{} judged without {}: what those grant to a workload is unknown, so nothing of it counts as "
      "passed; let the account list them",
      ids, names);
  problems_.push_back(std::move(problem));
}

size_t ClusterScan::StartKind(std::string_view api_version, std::string_view kind,
                              std::string_view plural) {
  places_.SetPlural(api_version, kind, plural);
  KindState state;
  state.api_version = api_version;
  state.kind = kind;
  state.plural = plural;
  kinds_.push_back(std::move(state));
  return kinds_.size() - 1;
}

Status ClusterScan::AddPage(size_t kind, std::string_view page) {
  kinds_[kind].bytes += static_cast<int64_t>(page.size());
  if (ForEachListItem(page, [&](std::string_view item) { AddItem(kind, item); })) return {};
  return Fail(ErrorCode::kParse, "the answer ends early, or is no list of objects");
}

void ClusterScan::FailItem(KindState& state, const Error& error) {
  ++state.failed;
  model::Problem problem;
  problem.kind = ErrorCodeName(error.code);
  problem.file = places_.OfKind(state.api_version, state.plural);
  if (!object_.name.empty()) problem.object = ObjectText(ResourceOf(object_));
  problem.message = error.message;
  state.problems.push_back(std::move(problem));
}

void ClusterScan::AddItem(size_t kind, std::string_view item) {
  KindState& state = kinds_[kind];
  ++state.objects;
  if (++object_count_ % kProgressStep == 0 && options_.progress) options_.progress(object_count_);
  object_.name.clear();
  if (const Status read = reader_.Read(item, state.api_version, state.kind, object_); !read) {
    return FailItem(state, read.error());
  }
  AddObject(state);
}

void ClusterScan::PutOwner(KindState& state, bool excluded) {
  if (object_.uid.empty() || object_.kind == "Pod") return;
  if (model::FindWorkload(object_.api_version, object_.kind).empty()) return;
  state.owners.push_back(object_.uid);
  owners_.Put(object_.uid, {ResourceOf(object_), object_.controller, excluded});
}

void ClusterScan::AddObject(KindState& state) {
  if (object_.old_revision) {
    ++state.old_revisions;
    return PutOwner(state, false);
  }
  if (!object_.key.empty()) {
    if (const auto found = state.known.find(object_.key); found != state.known.end()) {
      return state.groups[found->second].AddName(object_.name);
    }
  }
  Result<Verdict> verdict = judge_->Run(object_);
  if (!verdict) return FailItem(state, verdict.error());
  PutOwner(state, verdict->excluded);
  if (!object_.key.empty()) {
    // A bounded memory of texts: an object whose text was forgotten is judged again, no more.
    state.known_bytes += object_.key.size();
    if (state.known_bytes > static_cast<size_t>(limits::kVerdictCacheBytes)) {
      state.known.clear();
      state.known_bytes = object_.key.size();
    }
    state.known.emplace(object_.key, static_cast<uint32_t>(state.groups.size()));
  }
  LiveGroup group;
  group.resource = ResourceOf(object_);
  group.controller = object_.controller;
  group.verdict = std::move(*verdict);
  group.AddName(object_.name);
  state.groups.push_back(std::move(group));
}

void ClusterScan::Restart(size_t kind) {
  KindState& state = kinds_[kind];
  for (const std::string& uid : state.owners) owners_.Remove(uid);
  KindState fresh;
  fresh.api_version = std::move(state.api_version);
  fresh.kind = std::move(state.kind);
  fresh.plural = std::move(state.plural);
  object_count_ -= state.objects;
  state = std::move(fresh);
}

void ClusterScan::AddListFailure(std::string_view api_version, std::string_view plural,
                                 const Error& error) {
  model::Problem problem;
  problem.kind = ErrorCodeName(error.code);
  problem.file = places_.OfKind(api_version, plural);
  problem.message =
      fmt::format("{} could not be listed: {}", ListNameOf(api_version, plural), error.message);
  problems_.push_back(std::move(problem));
}

bool IsExcludedByName(const Config& config, const model::Resource& resource) {
  const auto matches = [](std::string_view text, const std::string& glob) {
    return glob.empty() || MatchesGlob(text, glob);
  };
  return std::any_of(config.exclude_objects.begin(), config.exclude_objects.end(),
                     [&](const scan::ObjectExclude& rule) {
                       return rule.label.empty() &&
                              matches(resource.namespace_name, rule.namespace_name) &&
                              matches(resource.kind, rule.kind) &&
                              matches(resource.name, rule.name);
                     });
}

void AddExamined(const LiveGroup& group, const LivePlaces& places, const model::Resource& owner,
                 model::Report& report) {
  const Judgement& judgement = group.verdict.judgement;
  report.counts.objects_examined += group.count;
  report.counts.passed += judgement.passed_count * group.count;
  if (group.verdict.workload) report.counts.workloads += group.count;
  for (model::Problem problem : judgement.problems) {
    problem.file = places.Of(owner);
    problem.object = ObjectText(owner);
    problem.document = -1;
    report.problems.push_back(std::move(problem));
  }
  for (model::Passed passed : judgement.passed) {
    const std::string container = passed.resource.container;
    passed.resource = owner;
    passed.resource.container = container;
    passed.file = places.Of(owner);
    report.passed.push_back(std::move(passed));
  }
}

void ClusterScan::Fold(const OwnerTable::Lookup& lookup, model::Report& report) {
  LiveFold fold(places_);
  struct Replicas {
    const LiveGroup* group;
    OwnerTable::Owner owner;
  };
  std::vector<Replicas> later;
  for (KindState& state : kinds_) {
    for (LiveGroup& group : state.groups) {
      group.resource.name = group.names.front();
      OwnerTable::Owner owner = owners_.OwnerOf(group.resource, group.controller, lookup);
      const bool excluded =
          group.verdict.excluded || owner.excluded ||
          (owner.missing && IsExcludedByName(options_.snapshot->config(), owner.resource));
      if (excluded) {
        report.counts.objects_excluded += group.count;
        continue;
      }
      AddExamined(group, places_, owner.resource, report);
      if (owner.uid.empty()) {
        fold.AddOwn(group);
      } else {
        later.push_back({&group, std::move(owner)});
      }
    }
  }
  for (const Replicas& replicas : later) fold.AddReplicas(*replicas.group, replicas.owner);
  report.findings = fold.Take();
}

Result<model::Report> ClusterScan::Finish(const OwnerTable::Lookup& lookup) {
  model::Report report;
  report.problems = options_.snapshot->problems();
  for (model::Problem& problem : problems_) report.problems.push_back(std::move(problem));
  for (KindState& state : kinds_) {
    report.counts.objects += state.objects;
    report.counts.objects_excluded += state.old_revisions;
    report.counts.objects_failed += state.failed;
    report.counts.bytes += state.bytes;
    for (model::Problem& problem : state.problems) report.problems.push_back(std::move(problem));
  }
  Fold(lookup, report);
  kinds_.clear();
  if (finding_count_.load() > limits::kFindingCount) {
    model::Problem problem;
    problem.kind = ErrorCodeName(ErrorCode::kLimit);
    problem.message = fmt::format(
        "{} findings are more than {}: the rest is not shown; scan one namespace at a time",
        finding_count_.load(), limits::kFindingCount);
    report.problems.push_back(std::move(problem));
  }
  OURO_TRY_STATUS(FinishLiveReport(*options_.snapshot, options_.now, report));
  return report;
}

namespace {

void SortProblems(std::vector<model::Problem>& problems) {
  const auto key = [](const model::Problem& p) {
    return std::tie(p.file, p.object, p.kind, p.message, p.line, p.column, p.warning);
  };
  std::sort(problems.begin(), problems.end(), [&](const auto& a, const auto& b) {
    const auto order = key(a) <=> key(b);
    return order != 0 ? order < 0 : a.document < b.document;
  });
  const auto end = std::unique(problems.begin(), problems.end(),
                               [&](const auto& a, const auto& b) { return key(a) == key(b); });
  problems.erase(end, problems.end());
}

void SortPassed(std::vector<model::Passed>& passed) {
  const auto key = [](const model::Passed& p) {
    return std::tie(p.file, p.check, p.resource.container, p.resource.name);
  };
  std::sort(passed.begin(), passed.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto end = std::unique(passed.begin(), passed.end(),
                               [&](const auto& a, const auto& b) { return key(a) == key(b); });
  passed.erase(end, passed.end());
}

}  // namespace

Status FinishLiveReport(const Snapshot& snapshot, UnixSeconds now, model::Report& report) {
  snapshot.AddStaticTexts(report.findings);
  std::vector<triage::SuppressionRule> rules = snapshot.config().suppressions;
  if (!rules.empty()) {
    triage::ApplySuppressions(report.findings, rules, now, report.problems);
  }
  if (const std::string& path = snapshot.config().baseline; !path.empty()) {
    std::string bytes;
    if (const Status read = scan::ReadFile({path, path, true}, limits::kFileSizeBytes, bytes);
        !read) {
      Error error = read.error();
      if (error.code == ErrorCode::kNotFound) {
        error.message = "no such baseline: write one with --write-baseline";
      }
      return tl::unexpected<Error>(std::move(error));
    }
    OURO_TRY(const auto known, triage::ReadBaseline(std::move(bytes), path));
    triage::ApplyBaseline(report.findings, known);
  }
  triage::SortFindings(report.findings);
  SortProblems(report.problems);
  SortPassed(report.passed);
  report.rules = snapshot.Describe();
  report.counts.checks = static_cast<int64_t>(report.rules.size());
  report.run.ouro_version = Version();
  report.run.command = "cluster";
  report.run.profile = snapshot.selection().profile;
  report.run.kubernetes_version = fmt::format("1.{}", snapshot.kubernetes_minor());
  report.run.started = FormatRfc3339(now);
  triage::CountFindings(report.findings, report.problems, report.counts);
  report.decision = gate::Decide(report.findings, snapshot.config().policy, report.counts);
  return {};
}

}  // namespace ouro::engine
