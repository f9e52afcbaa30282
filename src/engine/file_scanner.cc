#include "engine/file_scanner.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

constexpr size_t kHeadBytes = 4 << 10;
constexpr std::string_view kRbacMark = "rbac.authorization.k8s.io";
// Fewer findings than this are not worth a fold of their own.
constexpr size_t kFindingsBeforeFold = 2'000;

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

Judge::Options JudgeOptions(const ScanContext& context) {
  Judge::Options options;
  if (context.inventory != nullptr) options.rules = context.snapshot->inventory_rules();
  options.inventory = context.inventory;
  options.now = context.now;
  options.finding_count = context.finding_count;
  return options;
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

FileScanner::FileScanner(const ScanContext& context)
    : context_(context), judge_(context.snapshot, JudgeOptions(context)) {}
FileScanner::~FileScanner() = default;

void FileScanner::AddProblem(model::Problem problem) {
  if (problem.file.empty()) problem.file = *shown_;
  current_.problems.push_back(std::move(problem));
}

void FileScanner::Scan(size_t index, const scan::WalkEntry& entry,
                       const std::vector<bool>* documents) {
  read_options_.documents = documents;
  current_ = Judgement();
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
  if (!current_.accounts.empty() && !second_pass()) {
    pending_.push_back({index, entry, std::move(current_.accounts)});
  }
  counts_.passed += current_.passed_count;
  if (second_pass()) current_.problems.clear();
  if (!current_.problems.empty() || !current_.passed.empty()) {
    results_.push_back(
        {index, second_pass(), std::move(current_.problems), std::move(current_.passed)});
  }
  KeepFindings();
  judge_.RenewKeys();
}

// Without suppressions in the configuration nothing else will tell equal findings apart, so copies
// are folded as soon as there are as many new ones as were left by the last fold.
void FileScanner::KeepFindings() {
  if (current_.findings.empty()) return;
  triage::AssignFingerprints(current_.findings);
  findings_.insert(findings_.end(), std::make_move_iterator(current_.findings.begin()),
                   std::make_move_iterator(current_.findings.end()));
  if (!context_.snapshot->config().suppressions.empty()) return;
  if (findings_.size() < 2 * folded_count_ + kFindingsBeforeFold) return;
  triage::FoldDuplicates(findings_);
  folded_count_ = findings_.size();
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
  const Status read = io::ReadDocument(std::move(bytes_), read_options_, judge_.keys(), tree_);
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
  CheckSelectors(*context_.snapshot, state.comments, state.places, current_.problems);
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
  scan::FindObjects(tree_, root, judge_.keys(), judge_.known(), visitor);
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
    inventory_.Add(tree_, judge_.keys(), object.node);
  }
  const auto& excludes = context_.snapshot->config().exclude_objects;
  if (scan::IsExcluded(object, excludes, judge_.keys(), judge_.known())) {
    ++counts_.objects_excluded;
    return;
  }
  ++counts_.objects_examined;
  judge_.Run(object, *shown_, state.places, state.comments, current_);
}

}  // namespace ouro::engine
