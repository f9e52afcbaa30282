#include "gate/exception_text.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "gate/json_object.h"
#include "gate/selector_text.h"

namespace ouro::gate {
namespace {

using io::SettingReader;

struct TextField {
  std::string_view key;
  std::string Exception::* field;
  bool is_time;
};
// In the order in which they are written; `scope` stands after the id.
constexpr std::array kTextFields = {
    TextField{"justification", &Exception::justification, false},
    TextField{"reason", &Exception::reason, false},
    TextField{"owner", &Exception::owner, false},
    TextField{"ticket", &Exception::ticket, false},
    TextField{"compensating_control", &Exception::compensating_control, false},
    TextField{"author", &Exception::author, false},
    TextField{"requested_by", &Exception::requested_by, false},
    TextField{"requested_at", &Exception::requested_at, true},
    TextField{"starts_at", &Exception::starts_at, true},
    TextField{"expires_at", &Exception::expires_at, true},
    TextField{"revoked_at", &Exception::revoked_at, true},
    TextField{"revoked_by", &Exception::revoked_by, false},
    TextField{"suspended_at", &Exception::suspended_at, true},
    TextField{"suspended_reason", &Exception::suspended_reason, false},
};

Status ReadScope(const SettingReader& map, Selector& scope) {
  OURO_TRY(const auto members, map.Members());
  for (const SettingReader& member : members) {
    if (member.IsNull()) continue;
    OURO_TRY(const bool known, ReadSelectorMember(member, scope));
    if (!known) return member.Unknown(SelectorKeys());
  }
  if (scope.IsEmpty()) return map.Wrong("a map that says which findings are meant");
  return {};
}

Status ReadFacts(const SettingReader& map, ExceptionFacts& facts) {
  OURO_TRY(const auto members, map.Members());
  for (const SettingReader& member : members) {
    const std::string_view key = member.key();
    if (key == "severity") {
      OURO_TRY(facts.severity, ReadSeverityValue(member));
    } else if (key == "epss") {
      OURO_TRY(facts.epss, member.Number());
    } else if (key == "kev") {
      OURO_TRY(facts.kev, member.Boolean());
    } else if (key == "exposed") {
      OURO_TRY(facts.exposed, member.Boolean());
    } else if (key == "fixable") {
      OURO_TRY(facts.fixable, member.Boolean());
    } else if (key == "matched") {
      OURO_TRY(const int64_t matched, member.Integer());
      if (matched < 0 || matched > limits::kFindingCount)
        return member.Wrong("a count of findings");
      facts.matched = matched;
    } else {
      return member.Unknown({"severity", "epss", "kev", "exposed", "fixable", "matched"});
    }
  }
  return {};
}

Status ReadApprovals(const SettingReader& list, std::vector<Approval>& approvals) {
  OURO_TRY(const auto items, list.Items());
  for (const SettingReader& item : items) {
    Approval approval;
    OURO_TRY(const auto members, item.Members());
    for (const SettingReader& member : members) {
      if (member.key() == "by") {
        OURO_TRY(approval.by, member.Text());
      } else if (member.key() == "role") {
        OURO_TRY(approval.role, member.Text());
      } else if (member.key() == "at") {
        OURO_TRY(approval.at, ReadTimeValue(member));
      } else {
        return member.Unknown({"by", "role", "at"});
      }
    }
    if (approval.by.empty() || approval.at.empty()) return item.Wrong("a map with by and at");
    approvals.push_back(std::move(approval));
  }
  return {};
}

Status ReadRenewals(const SettingReader& list, std::vector<Renewal>& renewals) {
  OURO_TRY(const auto items, list.Items());
  for (const SettingReader& item : items) {
    Renewal renewal;
    OURO_TRY(const auto members, item.Members());
    for (const SettingReader& member : members) {
      if (member.key() == "at") {
        OURO_TRY(renewal.at, ReadTimeValue(member));
      } else if (member.key() == "by") {
        OURO_TRY(renewal.by, member.Text());
      } else if (member.key() == "from") {
        OURO_TRY(renewal.from, ReadTimeValue(member));
      } else {
        return member.Unknown({"at", "by", "from"});
      }
    }
    renewals.push_back(std::move(renewal));
  }
  return {};
}

Result<bool> ReadTextMember(const SettingReader& member, Exception& exception) {
  for (const TextField& row : kTextFields) {
    if (row.key != member.key()) continue;
    if (row.is_time) {
      OURO_TRY(exception.*row.field, ReadTimeValue(member));
    } else {
      OURO_TRY(exception.*row.field, member.Text());
    }
    return true;
  }
  return false;
}

Status ReadMember(const SettingReader& member, Exception& exception) {
  const std::string_view key = member.key();
  if (key == "id") {
    OURO_TRY(exception.id, member.Text());
    return {};
  }
  if (key == "origin") {
    OURO_TRY(exception.origin, member.Text());
    return {};
  }
  if (key == "scope") return ReadScope(member, exception.scope);
  if (key == "facts") return ReadFacts(member, exception.facts);
  if (key == "approvals") return ReadApprovals(member, exception.approvals);
  if (key == "renewals") return ReadRenewals(member, exception.renewals);
  OURO_TRY(const bool known, ReadTextMember(member, exception));
  if (known) return {};
  std::vector<std::string_view> keys = {"id", "scope", "facts", "approvals", "renewals"};
  for (const TextField& row : kTextFields) keys.push_back(row.key);
  return member.Unknown(keys);
}

// Appends "key: value" lines. Texts are JSON strings, which are YAML too.
class YamlWriter {
 public:
  YamlWriter(std::string& out, size_t indent) : out_(out), indent_(indent) {}

  void Text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    Begin(key);
    AppendJsonString(out_, value);
    out_ += '\n';
  }
  void Raw(std::string_view key, std::string_view json) {
    Begin(key);
    out_ += json;
    out_ += '\n';
  }

 private:
  // The first key stands where the caller is, behind the dash.
  void Begin(std::string_view key) {
    if (!first_) out_.append(indent_, ' ');
    first_ = false;
    out_ += fmt::format("{}: ", key);
  }

  std::string& out_;
  size_t indent_;
  bool first_ = true;
};

std::string ScopeJson(const Exception& exception) {
  std::string out;
  JsonObject object(out, '{');
  AppendSelector(object, out, exception.scope);
  object.End();
  return out;
}

std::string FactsJson(const ExceptionFacts& facts) {
  std::string out;
  JsonObject object(out, '{');
  if (facts.severity) object.Text("severity", model::SeverityName(*facts.severity));
  if (facts.epss) object.Number("epss", *facts.epss);
  if (facts.kev) object.Bool("kev", *facts.kev);
  if (facts.exposed) object.Bool("exposed", *facts.exposed);
  if (facts.fixable) object.Bool("fixable", *facts.fixable);
  if (facts.matched) object.Int("matched", *facts.matched);
  object.End();
  return out;
}

std::string ApprovalsJson(const std::vector<Approval>& approvals) {
  std::string out;
  JsonObject list(out, '[');
  for (const Approval& approval : approvals) {
    list.Next();
    JsonObject object(out, '{');
    object.Text("by", approval.by);
    object.TextIf("role", approval.role);
    object.Text("at", approval.at);
    object.End();
  }
  list.End();
  return out;
}

std::string RenewalsJson(const std::vector<Renewal>& renewals) {
  std::string out;
  JsonObject list(out, '[');
  for (const Renewal& renewal : renewals) {
    list.Next();
    JsonObject object(out, '{');
    object.Text("at", renewal.at);
    object.Text("by", renewal.by);
    object.Text("from", renewal.from);
    object.End();
  }
  list.End();
  return out;
}

// The block form, without the dash; `indent`: columns before its keys.
std::string AsYaml(const Exception& exception, size_t indent) {
  std::string out;
  YamlWriter writer(out, indent);
  writer.Text("id", exception.id);
  writer.Raw("scope", ScopeJson(exception));
  for (const TextField& row : kTextFields) writer.Text(row.key, exception.*row.field);
  if (!exception.approvals.empty()) writer.Raw("approvals", ApprovalsJson(exception.approvals));
  if (!(exception.facts == ExceptionFacts())) writer.Raw("facts", FactsJson(exception.facts));
  if (!exception.renewals.empty()) writer.Raw("renewals", RenewalsJson(exception.renewals));
  return out;
}

// A parsed file and its list.
struct ParsedFile {
  io::KeyTable keys;
  io::Tree tree;
  uint32_t list = io::kNoNode;  // kNoNode: the file holds nothing
};

Status Parse(std::string source, std::string_view name, ParsedFile& file) {
  io::ReadOptions options;
  options.strict_keys = true;
  if (static_cast<int64_t>(source.size()) > limits::kFileSizeBytes) {
    return Fail(ErrorCode::kLimit, fmt::format("larger than {} bytes", limits::kFileSizeBytes),
                std::string(name));
  }
  if (const Status read = io::ReadDocument(std::move(source), options, file.keys, file.tree);
      !read) {
    return tl::unexpected<Error>(WithContext(read.error(), name));
  }
  for (const io::ReadProblem& problem : file.tree.problems()) {
    return tl::unexpected<Error>(WithContext(problem.error, name));
  }
  const io::Tree& tree = file.tree;
  for (const io::Root& root : tree.roots()) {
    if (root.node == io::kNoNode || tree.node(root.node).type == io::NodeType::kNull) continue;
    const SettingReader top(tree, file.keys, root.node, name, "");
    if (file.list != io::kNoNode) {
      return Fail(ErrorCode::kInvalid, "one document is expected, not several", top.Where());
    }
    if (top.IsList()) {
      file.list = root.node;
      continue;
    }
    const io::NodeView map(tree, file.keys, root.node);
    const io::NodeView list = map.Get("exceptions");
    if (!map.IsMap() || !list) {
      return Fail(ErrorCode::kInvalid,
                  "a list of exceptions, or a map with exceptions, is expected", top.Where());
    }
    OURO_TRY(const auto members, top.Members());
    for (const SettingReader& member : members) {
      if (member.key() != "exceptions") return member.Unknown({"exceptions"});
    }
    if (list.type() != io::NodeType::kNull) file.list = list.index();
  }
  return {};
}

}  // namespace

Result<Exception> ReadException(const SettingReader& map) {
  Exception exception;
  if (!map.file().empty()) exception.origin = map.Where();
  OURO_TRY(const auto members, map.Members());
  for (const SettingReader& member : members) {
    if (!member.IsNull()) OURO_TRY_STATUS(ReadMember(member, exception));
  }
  for (const auto& [key, text] :
       {std::pair("id", &exception.id), std::pair("reason", &exception.reason),
        std::pair("owner", &exception.owner), std::pair("requested_by", &exception.requested_by),
        std::pair("requested_at", &exception.requested_at),
        std::pair("expires_at", &exception.expires_at)}) {
    if (text->empty()) return map.Wrong(fmt::format("a map with {}", key));
  }
  if (exception.scope.IsEmpty()) return map.Wrong("a map with scope");
  const std::string& code = exception.justification;
  if (!code.empty() &&
      std::find(kJustifications.begin(), kJustifications.end(), code) == kJustifications.end()) {
    const std::vector<std::string> known(kJustifications.begin(), kJustifications.end());
    return map.Wrong(fmt::format("a map whose justification is one of {}", JoinText(known, ", ")));
  }
  return exception;
}

Result<std::vector<Exception>> ReadExceptions(const SettingReader& list) {
  std::vector<Exception> exceptions;
  std::set<std::string> ids;
  OURO_TRY(const auto items, list.Items());
  if (static_cast<int64_t>(items.size()) > limits::kGateExceptionCount) {
    return Fail(ErrorCode::kLimit,
                fmt::format("more than {} exceptions", limits::kGateExceptionCount), list.Where());
  }
  for (const SettingReader& item : items) {
    OURO_TRY(Exception exception, ReadException(item));
    if (!ids.insert(exception.id).second) {
      return item.Wrong(fmt::format("another exception than {}", exception.id));
    }
    exceptions.push_back(std::move(exception));
  }
  return exceptions;
}

void AppendException(std::string& out, const Exception& exception, bool with_origin) {
  JsonObject object(out, '{');
  object.Text("id", exception.id);
  object.Next("scope");
  out += ScopeJson(exception);
  for (const TextField& row : kTextFields) object.TextIf(row.key, exception.*row.field);
  if (!exception.approvals.empty()) {
    object.Next("approvals");
    out += ApprovalsJson(exception.approvals);
  }
  if (!(exception.facts == ExceptionFacts())) {
    object.Next("facts");
    out += FactsJson(exception.facts);
  }
  if (!exception.renewals.empty()) {
    object.Next("renewals");
    out += RenewalsJson(exception.renewals);
  }
  if (with_origin) object.TextIf("origin", exception.origin);
  object.End();
}

Result<std::vector<Exception>> ReadExceptionFile(std::string source, std::string_view name) {
  ParsedFile file;
  OURO_TRY_STATUS(Parse(std::move(source), name, file));
  if (file.list == io::kNoNode) return std::vector<Exception>();
  return ReadExceptions(SettingReader(file.tree, file.keys, file.list, name, "exceptions"));
}

Result<std::string> AddToFile(std::string_view source, std::string_view name,
                              const Exception& exception) {
  OURO_TRY(const std::vector<Exception> before, ReadExceptionFile(std::string(source), name));
  for (const Exception& other : before) {
    if (other.id == exception.id) {
      return Fail(ErrorCode::kInvalid, fmt::format("there is an exception {} already", other.id),
                  std::string(name));
    }
  }
  ParsedFile file;
  OURO_TRY_STATUS(Parse(std::string(source), name, file));
  std::string out(source);
  if (!out.empty() && out.back() != '\n') out += '\n';
  size_t dash = 2;  // column of the dash
  if (file.list != io::kNoNode && file.tree.node(file.list).count > 0) {
    const uint32_t first = file.list + 1;
    const auto column = static_cast<size_t>(
        file.tree.PositionOf(file.tree.node(first).start).column);  // of the first key, from 1
    const std::string_view line =
        file.tree.Line(file.tree.PositionOf(file.tree.node(first).start).line);
    dash = line.find_first_not_of(' ');
    if (dash == std::string_view::npos || line[dash] != '-' || column < 2) {
      return Fail(ErrorCode::kInvalid,
                  "the list is not written with a dash a line: add the exception by hand",
                  std::string(name));
    }
  } else if (TrimSpace(source).empty()) {
    out += "exceptions:\n";
  } else if (before.empty() && file.list != io::kNoNode) {
    return Fail(ErrorCode::kInvalid, "the list is written as []: remove the brackets first",
                std::string(name));
  }
  out += std::string(dash, ' ') + "- " + AsYaml(exception, dash + 2);
  // What was written must be read back as one more, whatever the file looked like.
  OURO_TRY(const std::vector<Exception> after, ReadExceptionFile(out, name));
  if (after.size() != before.size() + 1) {
    return Fail(ErrorCode::kInvalid,
                "the list does not stand at the end of the file: add the exception by hand",
                std::string(name));
  }
  return out;
}

Result<std::string> ReplaceInFile(std::string_view source, std::string_view name,
                                  const Exception& exception) {
  ParsedFile file;
  OURO_TRY_STATUS(Parse(std::string(source), name, file));
  const io::NodeView list(file.tree, file.keys, file.list);
  for (const io::NodeView& item : list.Children()) {
    if (item.Get("id").Text() != exception.id) continue;
    const io::Node& node = file.tree.node(item.index());
    std::string text;
    if ((node.flags & io::kNodeFlow) != 0) {
      AppendException(text, exception, false);
    } else {
      const auto column = static_cast<size_t>(file.tree.PositionOf(node.start).column);
      text = AsYaml(exception, column - 1);
      text.pop_back();  // the line end stands behind the node
    }
    size_t end = node.end;
    while (end > node.start && (source[end - 1] == '\n' || source[end - 1] == ' ')) --end;
    std::string out(source.substr(0, node.start));
    out += text;
    out += source.substr(end);
    OURO_TRY_STATUS(ReadExceptionFile(out, name));
    return out;
  }
  return Fail(ErrorCode::kNotFound, fmt::format("there is no exception {}", exception.id),
              std::string(name));
}

}  // namespace ouro::gate
