// ReadYaml and ReadDocument: from bytes to roots. A file is split into documents as kubectl splits
// it; each is parsed with a NUL put at its end, which spares the scanner every check for the end.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "io/document_splitter.h"
#include "io/reader_state.h"
#include "io/text_encoding.h"
#include "io/tree.h"

namespace ouro::io {
namespace {

// yaml.v2 readerc.go: input is decoded in pieces of this size, so a forbidden byte is an error
// exactly when the piece that holds it was needed.
constexpr uint32_t kUpstreamPieceSizeBytes = 512;

// Offset up to which the upstream has decoded `text` when it needed the bytes before `need`.
uint32_t DecodedUpTo(std::string_view text, uint32_t need) {
  const uint32_t size = static_cast<uint32_t>(text.size());
  uint32_t decoded = 0;
  while (true) {
    const uint32_t end = std::min(size, decoded + kUpstreamPieceSizeBytes);
    if (end == size || end >= need + kUpstreamPieceSizeBytes) return end;
    // A character cut in two waits for the next piece.
    uint32_t cut = end;
    while (cut > decoded && (static_cast<uint8_t>(text[cut]) & 0xC0) == 0x80) --cut;
    decoded = cut > decoded ? cut : end;
    if (decoded >= need) return decoded;
  }
}

class FileReader {
 public:
  FileReader(const ReadOptions& options, KeyTable& keys, Tree& tree)
      : options_(options), tree_(tree), state_(ReaderStateOf(tree)) {
    state_.builder.Attach(tree, keys, options);
  }

  void ReadFirst() {
    DocumentChunk chunk;
    chunk.end = static_cast<uint32_t>(tree_.source().size());
    ReadChunk(chunk);
  }

  void ReadAll() {
    const std::string_view text = tree_.source();
    const uint32_t size = static_cast<uint32_t>(text.size());
    // kubectl reads line by line and gives the last line an end.
    const bool add_line_end = size > 0 && text[size - 1] != '\n';
    if (add_line_end) tree_.mutable_source()[size] = '\n';
    DocumentChunk chunk;
    for (uint32_t start = 0; NextDocumentChunk(text, start, chunk); start = chunk.separator_end) {
      if (chunk.end == size && add_line_end) ++chunk.end;
      if (IsWanted(tree_.roots().size())) {
        ReadChunk(chunk);
      } else {
        Root root;
        root.start = chunk.start;
        root.end = std::min(chunk.end, size);
        tree_.mutable_roots().push_back(root);
      }
      NoteSeparatorComment(chunk);
    }
    if (add_line_end) tree_.mutable_source()[size] = '\0';
  }

 private:
  bool IsWanted(size_t document) const {
    const std::vector<bool>* wanted = options_.documents;
    return wanted == nullptr || (document < wanted->size() && (*wanted)[document]);
  }

  void ReadChunk(const DocumentChunk& chunk) {
    const uint32_t root_index = static_cast<uint32_t>(tree_.roots().size());
    const uint32_t first_node = tree_.node_count();
    const size_t first_problem = tree_.problems().size();
    Root root;
    root.start = chunk.start;
    root.end = std::min(chunk.end, static_cast<uint32_t>(tree_.source().size()));
    char* const sentinel = tree_.mutable_source() + chunk.end;
    const char saved = std::exchange(*sentinel, '\0');
    DocumentError error;
    const bool good = Parse(chunk, root_index, error);
    if (good) {
      root.node = state_.builder.root_node();
      if (!options_.first_only && state_.parser.HasMore()) WarnOfMore(root_index);
    } else {
      root.failed = true;
      AbandonDocument(tree_, error, first_node, first_problem, root_index);
    }
    *sentinel = saved;
    tree_.mutable_roots().push_back(root);
  }

  bool Parse(const DocumentChunk& chunk, uint32_t root_index, DocumentError& error) {
    const std::string_view text(tree_.mutable_source() + chunk.start, chunk.end - chunk.start);
    if (chunk.bad_separator != DocumentChunk::kNoBadSeparator) {
      error = DocumentError{ErrorCode::kParse,
                            "a line that begins with '---' may hold nothing else but a comment; "
                            "put the rest on the next line",
                            chunk.bad_separator};
      return false;
    }
    const TextFacts facts = ExamineText(text);
    state_.builder.BeginDocument(root_index);
    YamlParser::Options options;
    options.keep_comments = options_.keep_comments;
    options.use_shortcut = options_.use_shortcut;
    const bool parsed =
        state_.parser.Parse(tree_, state_.builder, chunk.start, chunk.end, facts, options);
    if (!parsed) error = state_.parser.error();
    if (facts.forbidden == std::string_view::npos) return parsed;
    const uint32_t forbidden = chunk.start + static_cast<uint32_t>(facts.forbidden);
    if (!parsed && error.offset < forbidden) return false;
    const uint32_t need = std::min(chunk.end, state_.parser.looked_at()) - chunk.start;
    if (parsed && facts.forbidden >= DecodedUpTo(text, need)) return true;
    error = DocumentError{ErrorCode::kParse, ForbiddenReason(text, facts.forbidden), forbidden};
    return false;
  }

  void WarnOfMore(uint32_t root_index) {
    ReadProblem problem;
    problem.error =
        Error{ErrorCode::kParse,
              "Kubernetes does not read what follows the end of this document; separate "
              "documents with a line '---'",
              {}};
    problem.offset = state_.parser.more_at();
    problem.root = root_index;
    problem.warning = true;
    tree_.mutable_problems().push_back(std::move(problem));
  }

  void NoteSeparatorComment(const DocumentChunk& chunk) {
    if (!options_.keep_comments || chunk.separator_end <= chunk.end) return;
    std::string_view line = tree_.source().substr(chunk.end, chunk.separator_end - chunk.end);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    const size_t hash = line.find('#');
    if (hash == std::string_view::npos) return;
    tree_.mutable_comments().push_back(
        {chunk.end + static_cast<uint32_t>(hash), chunk.end + static_cast<uint32_t>(line.size())});
  }

  const ReadOptions options_;
  Tree& tree_;
  DocumentReaderState& state_;
};

// How far into the file its first problem stands; a file without one is the best.
uint64_t Reach(const Tree& tree) {
  for (const ReadProblem& problem : tree.problems()) {
    if (!problem.warning) return problem.offset;
  }
  return UINT64_MAX;
}

size_t GoodRootCount(const Tree& tree) {
  return static_cast<size_t>(std::count_if(tree.roots().begin(), tree.roots().end(),
                                           [](const Root& root) { return !root.failed; }));
}

bool LooksLikeJson(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text = TrimSpace(text.substr(0, 4096));
  return !text.empty() && (text[0] == '{' || text[0] == '[');
}

}  // namespace

DocumentReaderState& ReaderStateOf(Tree& tree) {
  // Only the readers of this module fill the slot, always with this type.
  if (tree.reader_state() == nullptr) tree.reader_state() = std::make_unique<DocumentReaderState>();
  return static_cast<DocumentReaderState&>(*tree.reader_state());
}

void AbandonDocument(Tree& tree, const DocumentError& error, uint32_t first_node,
                     size_t first_problem, uint32_t root_index) {
  tree.mutable_nodes().resize(first_node);
  tree.mutable_problems().resize(first_problem);
  ReadProblem problem;
  problem.error = Error{error.code, error.message, {}};
  problem.offset = std::min(error.offset, static_cast<uint32_t>(tree.source().size()));
  problem.root = root_index;
  tree.mutable_problems().push_back(std::move(problem));
}

void PlaceProblems(Tree& tree) {
  for (ReadProblem& problem : tree.mutable_problems()) {
    const Position position = tree.PositionOf(problem.offset);
    problem.error.where = fmt::format("{}:{}", position.line, position.column);
  }
}

Status CheckSourceSize(size_t size) {
  if (size <= static_cast<size_t>(limits::kFileSizeBytes)) return {};
  return Fail(ErrorCode::kLimit,
              fmt::format("the file has {} bytes, more than the limit of {}; split it", size,
                          limits::kFileSizeBytes));
}

Status ReadYaml(std::string source, const ReadOptions& options, KeyTable& keys, Tree& tree) {
  tree.Clear();
  OURO_TRY_STATUS(CheckSourceSize(source.size()));
  OURO_TRY_STATUS(DecodeToUtf8(source));
  OURO_TRY_STATUS(CheckSourceSize(source.size()));
  tree.SetSource(std::move(source));
  FileReader reader(options, keys, tree);
  if (options.first_only) {
    reader.ReadFirst();
  } else {
    reader.ReadAll();
  }
  PlaceProblems(tree);
  return {};
}

Status ReadDocument(std::string source, const ReadOptions& options, KeyTable& keys, Tree& tree) {
  if (!LooksLikeJson(source)) return ReadYaml(std::move(source), options, keys, tree);
  Status json = ReadJson(std::move(source), options, keys, tree);
  if (!json) return json;
  const uint64_t reach = Reach(tree);
  // More than one value one after the other is certainly JSON.
  if (reach == UINT64_MAX || GoodRootCount(tree) > 1) return json;
  source = tree.TakeSource();
  Status yaml = ReadYaml(std::move(source), options, keys, tree);
  // Where both fail, the one that came further understood the text better.
  if (!yaml || Reach(tree) > reach || GoodRootCount(tree) > 0) return yaml;
  source = tree.TakeSource();
  return ReadJson(std::move(source), options, keys, tree);
}

}  // namespace ouro::io
