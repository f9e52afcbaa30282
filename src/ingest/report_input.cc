#include "ingest/report_input.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "io/key_table.h"
#include "io/text_encoding.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

struct ReportInput::Parsed {
  std::string source;  // moved into `tree` while that is read
  bool json_done = false;
  io::KeyTable keys;
  io::Tree tree;
  bool in_tree = false;
  std::vector<io::NodeView> values;
  std::optional<Error> json_error;
  bool xml_done = false;
  std::optional<XmlDocument> xml;
  std::optional<Error> xml_error;

  std::string_view Bytes() const { return in_tree ? tree.source() : std::string_view(source); }
  void ReadJson();
  void ReadXml();
};

// A failed value makes the whole report broken: half of a report is never taken.
void ReportInput::Parsed::ReadJson() {
  json_done = true;
  in_tree = true;
  io::ReadOptions options;
  options.keep_comments = false;
  if (Status status = io::ReadJson(std::move(source), options, keys, tree); !status) {
    json_error = std::move(status).error();
    return;
  }
  for (const io::ReadProblem& problem : tree.problems()) {
    if (problem.warning) continue;
    json_error = problem.error;
    return;
  }
  for (const io::Root& root : tree.roots()) {
    if (root.node != io::kNoNode) values.emplace_back(tree, keys, root.node);
  }
}

void ReportInput::Parsed::ReadXml() {
  xml_done = true;
  Result<XmlDocument> parsed = XmlDocument::Parse(Bytes());
  if (parsed) {
    xml = std::move(*parsed);
  } else {
    xml_error = std::move(parsed).error();
  }
}

ReportInput::ReportInput(std::string name, std::string bytes)
    : name_(std::move(name)), parsed_(std::make_unique<Parsed>()) {
  parsed_->source = std::move(bytes);
  const Status decoded = io::DecodeToUtf8(parsed_->source);
  if (!decoded) parsed_->json_error = decoded.error();
  if (StartsWith(parsed_->source, kByteOrderMark)) {
    parsed_->source.erase(0, kByteOrderMark.size());
  }
}

ReportInput::~ReportInput() = default;

std::string_view ReportInput::bytes() const {
  return parsed_->Bytes();
}

bool ReportInput::LooksLikeJson() const {
  const std::string_view text = TrimSpace(bytes().substr(0, 4'096));
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

bool ReportInput::LooksLikeXml() const {
  const std::string_view text = TrimSpace(bytes().substr(0, 4'096));
  return !text.empty() && text.front() == '<';
}

const std::vector<io::NodeView>& ReportInput::values() const {
  if (!parsed_->json_done && !parsed_->json_error && LooksLikeJson()) parsed_->ReadJson();
  return parsed_->values;
}

io::NodeView ReportInput::json() const {
  return values().empty() ? io::NodeView() : values().front();
}

const Error* ReportInput::json_error() const {
  values();
  return parsed_->json_error ? &*parsed_->json_error : nullptr;
}

XmlNode ReportInput::xml() const {
  if (!parsed_->xml_done && LooksLikeXml()) parsed_->ReadXml();
  return parsed_->xml ? parsed_->xml->root() : XmlNode();
}

const Error* ReportInput::xml_error() const {
  xml();
  return parsed_->xml_error ? &*parsed_->xml_error : nullptr;
}

std::vector<std::string_view> ReportInput::Lines(size_t limit) const {
  std::string_view text = bytes();
  if (limit != 0) text = text.substr(0, limit);
  std::vector<std::string_view> lines = SplitText(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (std::string_view& line : lines) {
    if (EndsWith(line, "\r")) line.remove_suffix(1);
  }
  return lines;
}

}  // namespace ouro::ingest
