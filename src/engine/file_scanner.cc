#include "engine/file_scanner.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/inline_suppression.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

constexpr size_t kHeadBytes = 4 << 10;
constexpr std::string_view kRbacMark = "rbac.authorization.k8s.io";
// A worker whose key table has grown this far past the compiled one starts with a fresh copy, so
// that a long run over many different keys does not fill memory.
constexpr uint32_t kKeysKept = 200'000;

// A pointed-to template: what a document of it looks like is unknown until it is rendered.
constexpr std::string_view kTemplateRemedy =
    "render it first and scan the output (helm template CHART | ouro scan -)";

bool RootHasTemplateScalars(const io::Tree& tree, const io::Root& root) {
  const std::string_view text = tree.source().substr(root.start, root.end - root.start);
  if (text.find("{{") == std::string_view::npos) return false;
  const uint32_t end = tree.node(root.node).next;
  for (uint32_t i = root.node; i < end; ++i) {
    const io::Node& node = tree.node(i);
    if (node.type != io::NodeType::kString || (node.flags & io::kNodeQuoted) != 0) continue;
    if (scan::HasTemplateAction({node.text, node.count})) return true;
  }
  return false;
}

}  // namespace

struct FileScanner::FileState {
  explicit FileState(const io::Tree& tree) : places(tree) {}

  const scan::SourceFile* file = nullptr;
  PlaceFinder places;
  std::vector<scan::InlineSuppression> comments;
  std::vector<bool> templated;  // by root
  int64_t template_line = 0;
  int64_t template_count = 0;
  int64_t failed_count = 0;
  int64_t object_count = 0;
  std::vector<std::pair<uint32_t, std::string>> not_objects;  // (node, why)
};

FileScanner::FileScanner(const ScanContext& context) : context_(context) {
  RenewKeys();
}
FileScanner::~FileScanner() = default;

void FileScanner::RenewKeys() {
  runner_.reset();
  keys_ = *context_.keys;
  known_ = std::make_unique<scan::ObjectKeys>(keys_);
  runner_ = std::make_unique<rules::RuleRunner>(context_.rules, keys_, context_.inventory);
}

void FileScanner::AddProblem(model::Problem problem) {
  if (problem.file.empty()) problem.file = *shown_;
  current_.problems.push_back(std::move(problem));
}

void FileScanner::Scan(size_t index, const scan::WalkEntry& entry) {
  current_ = FileResult();
  current_.index = index;
  current_.second_pass = context_.inventory != nullptr;
  accounts_.clear();
  shown_ = &entry.file.shown;
  switch (entry.outcome) {
    case scan::WalkEntry::Outcome::kExcluded:
      counts_.files += entry.file_count;
      counts_.files_excluded += entry.file_count;
      if (!entry.problem.message.empty()) AddProblem(entry.problem);
      break;
    case scan::WalkEntry::Outcome::kProblem:
      ++counts_.files;
      ++counts_.files_failed;
      AddProblem(entry.problem);
      break;
    case scan::WalkEntry::Outcome::kFile:
      ++counts_.files;
      ScanFile(entry.file);
      break;
  }
  if (!accounts_.empty() && context_.inventory == nullptr) {
    pending_.push_back({index, entry, std::move(accounts_)});
  }
  if (current_.second_pass) current_.problems.clear();
  const bool has_content =
      !current_.findings.empty() || !current_.problems.empty() || !current_.passed.empty();
  if (has_content) results_.push_back(std::move(current_));
  if (keys_.count() > context_.keys->count() + kKeysKept) RenewKeys();
}

void FileScanner::SkipFile(const scan::SourceFile& file, std::string_view why, bool examinable) {
  ++counts_.files_skipped;
  if (!examinable && !context_.name_skipped && !file.named) return;
  model::Problem problem;
  problem.kind = ErrorCodeName(ErrorCode::kUnsupported);
  problem.message = why;
  problem.warning = !examinable && !file.named;
  AddProblem(std::move(problem));
}

bool FileScanner::Read(const scan::SourceFile& file, std::string& bytes) {
  Status status;
  const auto kept = context_.read_already->find(file.path);
  if (kept != context_.read_already->end()) {
    if (kept->second) {
      bytes = *kept->second;
    } else {
      status = tl::unexpected<Error>(kept->second.error());
    }
  } else {
    status = scan::ReadFile(file, context_.file_size_max, bytes);
  }
  if (status) return true;
  ++counts_.files_failed;
  model::Problem problem;
  problem.kind = ErrorCodeName(status.error().code);
  problem.message = status.error().message;
  AddProblem(std::move(problem));
  return false;
}

// Decides whether a file is to be parsed, with as little reading as its name allows. False: it is
// skipped or failed, and counted.
bool FileScanner::IsManifest(const scan::SourceFile& file, std::string& bytes, bool& already_read) {
  const scan::NameHint hint = scan::HintOfName(file.shown);
  if (hint == scan::NameHint::kYaml) return true;
  if (hint == scan::NameHint::kDockerfile) {
    SkipFile(file,
             "a Dockerfile: this program examines Kubernetes manifests; scan it with another "
             "tool or exclude it with --exclude",
             true);
    return false;
  }
  if (file.path == "-" && (file.shown == "-" || hint == scan::NameHint::kUnknown)) return true;
  if (file.named || hint == scan::NameHint::kJson) {
    if (!Read(file, bytes)) return false;
    already_read = true;
    const bool may_hold_object =
        hint == scan::NameHint::kJson
            ? scan::DetectKind(file.shown, bytes) == scan::FileKind::kManifest
            : bytes.find("apiVersion") != std::string::npos ||
                  bytes.find('\0') != std::string::npos;
    if (may_hold_object) return true;
    SkipFile(file, "no Kubernetes object in it: nothing was examined", false);
    return false;
  }
  if (hint == scan::NameHint::kUnknown) {
    std::string head;
    if (const Status read = scan::ReadHead(file, kHeadBytes, head); !read) {
      return Read(file, bytes);  // Tells the problem.
    }
    const scan::FileKind kind = scan::DetectKind(file.shown, head);
    if (kind == scan::FileKind::kManifest) return true;
    if (kind == scan::FileKind::kTemplated) {
      ++counts_.files_failed;
      model::Problem problem;
      problem.kind = "templated";
      problem.message = fmt::format("a template, not a manifest: {}", kTemplateRemedy);
      AddProblem(std::move(problem));
      return false;
    }
  }
  SkipFile(file, "of no kind that is examined", false);
  return false;
}

void FileScanner::ScanFile(const scan::SourceFile& file) {
  bool already_read = false;
  bytes_.clear();
  if (!IsManifest(file, bytes_, already_read)) return;
  if (!already_read && !Read(file, bytes_)) return;
  counts_.bytes += static_cast<int64_t>(bytes_.size());
  const Status read = io::ReadDocument(std::move(bytes_), io::ReadOptions{}, keys_, tree_);
  bytes_.clear();
  if (!read) {
    ++counts_.files_failed;
    model::Problem problem;
    problem.kind = ErrorCodeName(read.error().code);
    problem.message = read.error().message;
    return AddProblem(std::move(problem));
  }
  FileState state(tree_);
  state.file = &file;
  const size_t root_count = tree_.roots().size();
  counts_.documents += static_cast<int64_t>(root_count);
  state.templated.assign(root_count, false);
  for (uint32_t root = 0; root < root_count; ++root) {
    const io::Root& document = tree_.roots()[root];
    const std::string_view text =
        tree_.source().substr(document.start, document.end - document.start);
    std::optional<size_t> mark;
    if (document.failed) {
      mark = scan::FindTemplateMark(text);
      ++state.failed_count;
    } else if (document.node != io::kNoNode && RootHasTemplateScalars(tree_, document)) {
      mark = scan::FindTemplateMark(text).value_or(0);
    }
    if (!mark) continue;
    state.templated[root] = true;
    if (state.template_count++ == 0) {
      state.template_line =
          state.places.PositionOf(document.start + static_cast<uint32_t>(*mark)).line;
    }
  }
  ReportReadProblems(state);
  ReportTemplates(state);
  scan::CollectCommentSuppressions(tree_, state.comments, current_.problems);
  CheckSelectors(state.comments, 0, state);
  for (uint32_t root = 0; root < root_count; ++root) {
    if (!state.templated[root]) ScanDocument(root, state);
  }
  for (model::Problem& problem : current_.problems) {
    if (problem.file.empty()) problem.file = file.shown;
  }
  CountFile(state);
}

void FileScanner::ReportReadProblems(FileState& state) {
  for (const io::ReadProblem& found : tree_.problems()) {
    if (found.root < state.templated.size() && state.templated[found.root]) continue;
    model::Problem problem;
    const io::Position place = state.places.PositionOf(found.offset);
    problem.kind = ErrorCodeName(found.error.code);
    problem.line = place.line;
    problem.column = place.column;
    problem.document = found.root;
    problem.message = found.error.message;
    problem.warning = found.warning;
    AddProblem(std::move(problem));
  }
}

void FileScanner::ReportTemplates(const FileState& state) {
  if (state.template_count == 0) return;
  model::Problem problem;
  problem.kind = "templated";
  problem.line = state.template_line;
  const size_t count = state.templated.size();
  problem.message = count == 1 ? fmt::format("a template, not a manifest: {}", kTemplateRemedy)
                               : fmt::format("{} of {} documents are templates, not manifests: {}",
                                             state.template_count, count, kTemplateRemedy);
  AddProblem(std::move(problem));
}

void FileScanner::ScanDocument(uint32_t root, FileState& state) {
  scan::ObjectVisitor visitor;
  visitor.object = [&](scan::Object&& object) { ScanObject(std::move(object), state); };
  visitor.not_object = [&](uint32_t node, std::string_view why) {
    state.not_objects.emplace_back(node, std::string(why));
  };
  visitor.problem = [&](model::Problem&& problem) { AddProblem(std::move(problem)); };
  scan::FindObjects(tree_, root, keys_, *known_, visitor);
}

void FileScanner::CountFile(const FileState& state) {
  if (state.object_count > 0) {
    ++counts_.files_examined;
  } else if (state.failed_count > 0 || state.template_count > 0) {
    ++counts_.files_failed;
  } else {
    return SkipFile(*state.file, "no Kubernetes object in it: nothing was examined", false);
  }
  if (state.object_count == 0) return;
  // Beside objects, a document that is none is more likely a mistake than a values file.
  for (const auto& [node, why] : state.not_objects) {
    const io::Position place = tree_.PositionOf(tree_.node(node).start);
    model::Problem problem;
    problem.kind = ErrorCodeName(ErrorCode::kInvalid);
    problem.line = place.line;
    problem.column = place.column;
    problem.message = fmt::format("this document is no Kubernetes object: {}", why);
    problem.warning = true;
    AddProblem(std::move(problem));
  }
}

void FileScanner::ScanObject(scan::Object&& object, FileState& state) {
  ++state.object_count;
  ++counts_.objects;
  if (object.workload) ++counts_.workloads;
  if (context_.collects_inventory && StartsWith(object.resource.api_version, kRbacMark)) {
    inventory_.Add(tree_, keys_, object.node);
  }
  if (scan::IsExcluded(object, *context_.excludes, keys_, *known_)) {
    ++counts_.objects_excluded;
    return;
  }
  ++counts_.objects_examined;
  object_ = &object;
  places_ = &state.places;
  const size_t first = current_.findings.size();
  counts_.passed += runner_->Run(tree_, object.node, *this);
  for (const auto& [name_space, name] : runner_->accounts()) {
    accounts_.emplace_back(name_space, name);
  }
  if (current_.second_pass && runner_->accounts().empty()) {
    // Its shape allows no judgement, which the first pass has said.
    current_.findings.resize(first);
    return;
  }
  std::vector<scan::InlineSuppression> suppressions;
  const size_t told = current_.problems.size();
  scan::CollectObjectSuppressions(tree_, object.node, keys_, suppressions, current_.problems);
  for (size_t i = told; i < current_.problems.size(); ++i) {
    current_.problems[i].object = ObjectText(object.resource);
    current_.problems[i].document = object.document;
  }
  CheckSelectors(suppressions, 0, state);
  if (current_.findings.size() == first) return;
  for (const scan::InlineSuppression& comment : state.comments) suppressions.push_back(comment);
  if (suppressions.empty()) return;
  const std::span<model::Finding> findings(current_.findings.data() + first,
                                           current_.findings.size() - first);
  for (model::Finding& finding : findings) {
    for (const rules::SelectedCheck& selected : context_.rules->checks()) {
      if (selected.check->id == finding.check) finding.aliases = AliasTexts(*selected.check);
    }
  }
  ApplyInlineSuppressions(findings, suppressions, context_.now, current_.problems);
  for (model::Finding& finding : findings) finding.aliases = {};
}

void FileScanner::OnHit(rules::Hit&& hit) {
  const rules::SelectedCheck& selected = context_.rules->checks()[hit.check];
  if (hit.kind == rules::HitKind::kPass) {
    model::Passed passed;
    passed.check = selected.check->id;
    passed.resource = object_->resource;
    passed.resource.container = hit.container;
    passed.file = *shown_;
    passed.line = places_->PositionOf(tree_.node(object_->node).start).line;
    current_.passed.push_back(std::move(passed));
    return;
  }
  const int64_t number = context_.finding_count->fetch_add(1, std::memory_order_relaxed);
  if (number >= limits::kFindingCount) return;
  if (current_.findings.empty() ||
      current_.findings.back().location.document != object_->document) {
    places_->StartObject(tree_.node(object_->node).start);
  }
  model::Finding finding;
  finding.check = selected.check->id;
  finding.concept_name = selected.check->concept_name;
  finding.resource = object_->resource;
  finding.resource.container = hit.container;
  finding.field_path = std::move(hit.field_path);
  finding.severity = selected.severity;
  finding.severity_source = selected.severity_source;
  finding.message = std::move(hit.message);
  if (static_cast<int64_t>(finding.message.size()) > limits::kMessageSizeBytes) {
    finding.message.resize(ValidUtf8Prefix(
        std::string_view(finding.message).substr(0, limits::kMessageSizeBytes - 3)));
    finding.message += "…";
  }
  const auto absolute = [&](std::string& path) {
    if (object_->path.size() > 1 && StartsWith(path, "$")) path = object_->path + path.substr(1);
  };
  finding.location.file = *shown_;
  finding.location.document = object_->document;
  finding.location.json_path = std::move(hit.json_path);
  absolute(finding.location.json_path);
  const uint32_t node = hit.node == io::kNoNode ? object_->node : hit.node;
  places_->Fill(node, hit.present, finding.location);
  for (auto& [path, value] : hit.fix) {
    absolute(path);
    finding.fix.push_back({value.empty() ? "remove" : "set", std::move(path), std::move(value)});
  }
  if (hit.kind == rules::HitKind::kError) {
    finding.finding_class = model::FindingClass::kLint;
    finding.status = model::FindingStatus::kError;
    finding.message = fmt::format("the check could not be evaluated: {}", finding.message);
    finding.fix.clear();
  }
  current_.findings.push_back(std::move(finding));
}

// An id that no check has is most likely misspelt, and then a finding stays open that somebody
// thinks to have accepted. Only ours are looked at: other tools have checks that this program does
// not have.
void FileScanner::CheckSelectors(const std::vector<scan::InlineSuppression>& suppressions,
                                 size_t from, FileState& state) {
  for (size_t i = from; i < suppressions.size(); ++i) {
    const scan::InlineSuppression& suppression = suppressions[i];
    if (suppression.by != "ouro.dev/ignore") continue;
    if (KnowsSelector(*context_.library, suppression.selector)) continue;
    const io::Position place = state.places.PositionOf(suppression.offset);
    model::Problem problem;
    problem.kind = ErrorCodeName(ErrorCode::kNotFound);
    problem.line = place.line;
    problem.column = place.column;
    problem.message = fmt::format(
        "ouro.dev/ignore suppresses nothing: no check is called \"{}\"; `ouro rule list` shows all",
        Printable(suppression.selector));
    problem.warning = true;
    AddProblem(std::move(problem));
  }
}

std::vector<std::string> AliasTexts(const rules::Check& check) {
  std::vector<std::string> texts;
  for (const rules::Alias& alias : check.aliases) texts.push_back(alias.tool + ":" + alias.id);
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

bool KnowsSelector(const std::vector<rules::Check>& library, std::string_view selector) {
  model::Finding probe;
  for (const rules::Check& check : library) {
    probe.check = check.id;
    probe.concept_name = check.concept_name;
    probe.aliases = AliasTexts(check);
    if (triage::SelectorMatches(selector, probe)) return true;
  }
  return false;
}

std::string ObjectText(const model::Resource& resource) {
  if (resource.namespace_name.empty()) return fmt::format("{} {}", resource.kind, resource.name);
  return fmt::format("{} {}/{}", resource.kind, resource.namespace_name, resource.name);
}

}  // namespace ouro::engine
