#include "prove/file_reader.h"

#include <utility>

#include "base/error.h"

namespace ouro::prove {
namespace {

model::Problem ProblemOf(const scan::SourceFile& file, std::string_view kind, std::string message) {
  model::Problem problem;
  problem.kind = kind;
  problem.file = file.shown;
  problem.message = std::move(message);
  return problem;
}

}  // namespace

bool IsTemplated(const io::Tree& tree, const io::Root& root) {
  if (root.failed) {
    const std::string_view text = tree.source().substr(root.start, root.end - root.start);
    return scan::FindTemplateMark(text).has_value();
  }
  if (root.node == io::kNoNode) return false;
  for (uint32_t i = root.node; i < tree.node(root.node).next; ++i) {
    const io::Node& node = tree.node(i);
    if (node.type != io::NodeType::kString || (node.flags & io::kNodeQuoted) != 0) continue;
    if (scan::HasTemplateAction({node.text, node.count})) return true;
  }
  return false;
}

bool FileReader::ReadBytes(const scan::SourceFile& file, std::vector<model::Problem>& problems) {
  const scan::NameHint hint = scan::HintOfName(file.shown);
  if (hint == scan::NameHint::kOther || hint == scan::NameHint::kDockerfile) return false;
  bytes_.clear();
  if (const Status read = scan::ReadFile(file, file_size_max_, bytes_); !read) {
    problems.push_back(ProblemOf(file, ErrorCodeName(read.error().code), read.error().message));
    return false;
  }
  if (hint != scan::NameHint::kUnknown) return true;
  return scan::DetectKind(file.shown, bytes_) == scan::FileKind::kManifest;
}

bool FileReader::Read(const scan::WalkEntry& entry, io::KeyTable& keys,
                      const scan::ObjectKeys& known,
                      const std::function<void(const scan::Object&)>& visit,
                      std::vector<model::Problem>& problems) {
  if (entry.outcome == scan::WalkEntry::Outcome::kProblem) problems.push_back(entry.problem);
  if (entry.outcome != scan::WalkEntry::Outcome::kFile) return false;
  if (!ReadBytes(entry.file, problems)) return false;
  io::ReadOptions options;
  options.keep_comments = false;
  const Status read = io::ReadDocument(std::move(bytes_), options, keys, tree_);
  bytes_.clear();
  if (!read) {
    problems.push_back(
        ProblemOf(entry.file, ErrorCodeName(read.error().code), read.error().message));
    return false;
  }
  std::vector<bool> templated;
  for (const io::Root& root : tree_.roots()) templated.push_back(IsTemplated(tree_, root));
  for (const io::ReadProblem& found : tree_.problems()) {
    if (found.warning || (found.root < templated.size() && templated[found.root])) continue;
    model::Problem problem =
        ProblemOf(entry.file, ErrorCodeName(found.error.code), found.error.message);
    problem.line = tree_.PositionOf(found.offset).line;
    problem.document = found.root;
    problems.push_back(std::move(problem));
  }
  scan::ObjectVisitor visitor;
  visitor.object = [&](scan::Object&& object) { visit(object); };
  visitor.not_object = [](uint32_t, std::string_view) {};
  visitor.problem = [](model::Problem&&) {};
  for (uint32_t root = 0; root < tree_.roots().size(); ++root) {
    if (!templated[root]) {
      scan::FindObjects(tree_, root, keys, known, visitor);
      continue;
    }
    model::Problem problem =
        ProblemOf(entry.file, "templated", "a template, not a manifest: render it first");
    problem.document = root;
    problem.line = tree_.PositionOf(tree_.roots()[root].start).line;
    problems.push_back(std::move(problem));
  }
  return true;
}

}  // namespace ouro::prove
