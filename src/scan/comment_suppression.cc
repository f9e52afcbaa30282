// Suppressions in comments. Comments are few and mostly speak of other things, so each is first
// searched for the three marks; positions in the tree are looked up only for those that have one.
#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "scan/suppression.h"
#include "scan/suppression_text.h"

namespace ouro::scan {
namespace {

constexpr std::string_view kOurMark = "ouro.dev/ignore";
constexpr std::string_view kCheckovMark = "checkov:skip=";
constexpr std::string_view kTrivyMark = "trivy:ignore";

struct Lines {
  int64_t first = 0;
  int64_t last = 0;
};

class Collector {
 public:
  Collector(const io::Tree& tree, std::vector<InlineSuppression>& out,
            std::vector<model::Problem>& problems)
      : tree_(tree), out_(out), problems_(problems) {}

  void Take(const io::Comment& comment);

 private:
  void TakeOurs(std::string_view body, const io::Comment& comment);
  void TakeCheckov(std::string_view body, const io::Comment& comment);
  void TakeTrivy(std::string_view body, const io::Comment& comment);
  void Warn(const io::Comment& comment, std::string_view mark, const Error& error);
  Lines Covered(const io::Comment& comment);
  Lines DocumentOf(const io::Comment& comment) const;
  Lines LinesOfNode(uint32_t node) const;
  void IndexNodes();
  bool StandsAlone(const io::Comment& comment) const;
  uint32_t NextContent(uint32_t offset) const;
  int64_t LineOf(uint32_t offset) const { return tree_.PositionOf(offset).line; }

  const io::Tree& tree_;
  std::vector<InlineSuppression>& out_;
  std::vector<model::Problem>& problems_;
  // (offset where the node's key or value begins, node), in order; built on first use.
  std::vector<std::pair<uint32_t, uint32_t>> begins_;
  bool indexed_ = false;
  bool limit_told_ = false;
};

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

// Where `mark` begins a word in `text`.
size_t FindMark(std::string_view text, std::string_view mark) {
  for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    if (at == 0 || IsBlank(text[at - 1]) || text[at - 1] == '#') return at;
  }
  return std::string_view::npos;
}

void Collector::IndexNodes() {
  if (indexed_) return;
  indexed_ = true;
  for (uint32_t i = 0; i < tree_.node_count(); ++i) {
    const io::Node& node = tree_.node(i);
    if ((node.flags & (io::kNodeMerged | io::kNodeImplicit)) != 0 &&
        node.key_start == node.key_end) {
      continue;
    }
    begins_.emplace_back(node.key_end > node.key_start ? node.key_start : node.start, i);
  }
  std::sort(begins_.begin(), begins_.end());  // of equal offsets the outermost node stands first
}

bool Collector::StandsAlone(const io::Comment& comment) const {
  const std::string_view source = tree_.source();
  size_t at = comment.start;
  while (at > 0 && IsBlank(source[at - 1])) --at;
  return at == 0 || source[at - 1] == '\n' || source[at - 1] == '\r';
}

// First byte after `offset` that is neither blank nor in a comment.
uint32_t Collector::NextContent(uint32_t offset) const {
  const std::string_view source = tree_.source();
  size_t at = offset;
  while (at < source.size()) {
    if (source[at] == '#') {
      at = std::min(source.find('\n', at), source.size());
    } else if (IsBlank(source[at]) || source[at] == '\n' || source[at] == '\r') {
      ++at;
    } else {
      break;
    }
  }
  return static_cast<uint32_t>(at);
}

Lines Collector::LinesOfNode(uint32_t node) const {
  const io::Node& value = tree_.node(node);
  const uint32_t begin = value.key_end > value.key_start ? value.key_start : value.start;
  uint32_t end = std::max(value.end, value.key_end);
  const std::string_view source = tree_.source();
  while (end > begin + 1 &&
         (IsBlank(source[end - 1]) || source[end - 1] == '\n' || source[end - 1] == '\r')) {
    --end;
  }
  return {LineOf(begin), LineOf(end > begin ? end - 1 : begin)};
}

Lines Collector::Covered(const io::Comment& comment) {
  IndexNodes();
  const auto before = [](const std::pair<uint32_t, uint32_t>& entry, uint32_t offset) {
    return entry.first < offset;
  };
  const int64_t own_line = LineOf(comment.start);
  if (StandsAlone(comment)) {
    const uint32_t content = NextContent(comment.end);
    if (content >= tree_.source().size()) return {own_line, own_line};
    const int64_t line = LineOf(content);
    const auto found = std::lower_bound(begins_.begin(), begins_.end(), content, before);
    if (found == begins_.end() || LineOf(found->first) != line) return {line, line};
    return LinesOfNode(found->second);
  }
  // The last node that begins on the line before the comment: its value may go on below.
  auto found = std::lower_bound(begins_.begin(), begins_.end(), comment.start, before);
  Lines lines = {own_line, own_line};
  if (found == begins_.begin()) return lines;
  --found;
  if (LineOf(found->first) != own_line) return lines;
  lines.last = std::max(own_line, LinesOfNode(found->second).last);
  return lines;
}

Lines Collector::DocumentOf(const io::Comment& comment) const {
  for (const io::Root& root : tree_.roots()) {
    if (comment.start >= root.start && comment.start < root.end) {
      return {LineOf(root.start), LineOf(root.end > root.start ? root.end - 1 : root.start)};
    }
  }
  const int64_t line = LineOf(comment.start);
  return {line, line};
}

void Collector::Warn(const io::Comment& comment, std::string_view mark, const Error& error) {
  const io::Position place = tree_.PositionOf(comment.start);
  model::Problem problem;
  problem.kind = ErrorCodeName(ErrorCode::kInvalid);
  problem.line = place.line;
  problem.column = place.column;
  problem.message = fmt::format("the comment {} suppresses nothing: {}", mark, error.message);
  problem.warning = true;
  problems_.push_back(std::move(problem));
}

void Collector::TakeOurs(std::string_view body, const io::Comment& comment) {
  std::string_view text = body.substr(kOurMark.size());
  if (!text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) != 0) return;
  if (text.empty() || text.front() != ':') {
    const Error error{ErrorCode::kInvalid, "a colon and a check id must follow", {}};
    return Warn(comment, kOurMark, error);
  }
  text.remove_prefix(1);
  const size_t first = out_.size();
  if (const Status parsed = ParseSuppressionText(text, out_); !parsed) {
    return Warn(comment, kOurMark, parsed.error());
  }
  const Lines lines = Covered(comment);
  for (size_t i = first; i < out_.size(); ++i) {
    out_[i].line = lines.first;
    out_[i].last_line = lines.last;
    out_[i].offset = comment.start;
  }
}

void Collector::TakeCheckov(std::string_view body, const io::Comment& comment) {
  InlineSuppression suppression;
  const Status parsed =
      internal::ParseCheckovSkip(body.substr(kCheckovMark.size()), ':', suppression);
  if (!parsed) return Warn(comment, kCheckovMark, parsed.error());
  const Lines lines = DocumentOf(comment);
  suppression.by = "checkov:skip";
  suppression.line = lines.first;
  suppression.last_line = lines.last;
  suppression.offset = comment.start;
  out_.push_back(std::move(suppression));
}

// "trivy:ignore:A trivy:ignore:B": several may stand in one comment.
void Collector::TakeTrivy(std::string_view body, const io::Comment& comment) {
  const Lines lines = Covered(comment);
  for (const std::string_view word : SplitText(body, ' ')) {
    if (!StartsWith(word, kTrivyMark)) continue;
    std::string_view text = TrimSpace(word.substr(kTrivyMark.size()));
    if (!text.empty() && text.front() == ':') text.remove_prefix(1);
    InlineSuppression suppression;
    if (const Status parsed = internal::ParseTrivyIgnore(text, suppression); !parsed) {
      Warn(comment, kTrivyMark, parsed.error());
      continue;
    }
    suppression.line = lines.first;
    suppression.last_line = lines.last;
    suppression.offset = comment.start;
    out_.push_back(std::move(suppression));
  }
}

void Collector::Take(const io::Comment& comment) {
  const std::string_view text = tree_.source().substr(comment.start, comment.end - comment.start);
  if (text.find(':') == std::string_view::npos && text.find('/') == std::string_view::npos) return;
  if (static_cast<int64_t>(out_.size()) >= limits::kSuppressionCount) {
    if (limit_told_) return;
    limit_told_ = true;
    const Error error{
        ErrorCode::kLimit, fmt::format("the file has more than {}", limits::kSuppressionCount), {}};
    return Warn(comment, "and all after it", error);
  }
  if (const size_t at = FindMark(text, kOurMark); at != std::string_view::npos) {
    TakeOurs(text.substr(at), comment);
  } else if (const size_t skip = FindMark(text, kCheckovMark); skip != std::string_view::npos) {
    TakeCheckov(text.substr(skip), comment);
  } else if (const size_t ignore = FindMark(text, kTrivyMark); ignore != std::string_view::npos) {
    TakeTrivy(text.substr(ignore), comment);
  }
}

}  // namespace

void CollectCommentSuppressions(const io::Tree& tree, std::vector<InlineSuppression>& out,
                                std::vector<model::Problem>& problems) {
  if (tree.comments().empty()) return;
  Collector collector(tree, out, problems);
  for (const io::Comment& comment : tree.comments()) collector.Take(comment);
}

}  // namespace ouro::scan
