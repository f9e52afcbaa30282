#include "rules/check_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "rules/check_path.h"

namespace ouro::rules {
namespace {

// <AREA>[-<PART>…]-<4 digits>, capital letters and digits: OURO-K8S-0001.
bool IsCheckId(std::string_view id) {
  const size_t dash = id.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || id.size() - dash != 5) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_word = [&](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c); };
  const std::string_view area = id.substr(0, dash);
  if (!std::all_of(id.begin() + static_cast<ptrdiff_t>(dash) + 1, id.end(), is_digit)) return false;
  for (const std::string_view part : SplitText(area, '-')) {
    if (part.empty() || !std::all_of(part.begin(), part.end(), is_word)) return false;
  }
  return true;
}

constexpr std::array<std::string_view, 6> kParameterTypes = {"bool",      "double",       "int",
                                                             "list(int)", "list(string)", "string"};

}  // namespace

tl::unexpected<Error> CheckReader::Bad(uint32_t offset, std::string message) const {
  const io::Position position = tree_.PositionOf(offset);
  return Fail(ErrorCode::kInvalid, std::move(message),
              fmt::format("{}:{}:{}", file_name_, position.line, position.column));
}

tl::unexpected<Error> CheckReader::Bad(io::NodeView value, std::string message) const {
  return Bad(value.exists() ? tree_.node(value.index()).start : 0, std::move(message));
}

Result<std::string> CheckReader::ReadText(io::NodeView value, std::string_view what) const {
  if (!value.IsString()) return Bad(value, fmt::format("{} must be text (put it in quotes)", what));
  const std::string_view text = TrimSpace(value.Text());
  if (text.empty()) return Bad(value, fmt::format("{} is empty", what));
  return std::string(text);
}

Result<bool> CheckReader::ReadBool(io::NodeView value, std::string_view what) const {
  if (value.type() != io::NodeType::kBool) {
    return Bad(value, fmt::format("{} must be true or false", what));
  }
  return tree_.node(value.index()).boolean;
}

Result<std::vector<std::string>> CheckReader::ReadTextList(io::NodeView value,
                                                           std::string_view what) const {
  if (!value.IsList()) return Bad(value, fmt::format("{} must be a list of texts", what));
  std::vector<std::string> items;
  for (const auto& item : value.Children()) {
    OURO_TRY(std::string text, ReadText(item, fmt::format("every entry of {}", what)));
    items.push_back(std::move(text));
  }
  return items;
}

Result<std::string> CheckReader::ReadJson(io::NodeView value) const {
  auto json = io::ToJson(tree_, keys_, value.index());
  if (!json) return Bad(value, json.error().message);
  return json;
}

Result<std::string> CheckReader::ReadPath(io::NodeView value, std::string_view what) const {
  OURO_TRY(std::string text, ReadText(value, what));
  if (auto steps = ParseCheckPath(text); !steps) return Bad(value, steps.error().message);
  return text;
}

template <std::string Check::* kField>
Status CheckReader::CheckText(CheckParts& out, io::NodeView value) {
  OURO_TRY(out.check.*kField, ReadText(value, "the value"));
  return {};
}

template <std::vector<std::string> Check::* kField>
Status CheckReader::CheckTextList(CheckParts& out, io::NodeView value) {
  OURO_TRY(out.check.*kField, ReadTextList(value, "the value"));
  return {};
}

std::span<const CheckReader::Key<CheckReader::CheckParts>> CheckReader::CheckKeys() {
  static constexpr Key<CheckParts> kKeys[] = {
      {"id", &CheckReader::CheckId},
      {"concept", &CheckReader::CheckText<&Check::concept_name>},
      {"title", &CheckReader::CheckText<&Check::title>},
      {"description", &CheckReader::CheckText<&Check::description>},
      {"remediation", &CheckReader::CheckText<&Check::remediation>},
      {"severity", &CheckReader::CheckSeverity},
      {"match", &CheckReader::CheckRule<&CheckReader::RuleMatch>},
      {"expr", &CheckReader::CheckRule<&CheckReader::RuleExpression>},
      {"message", &CheckReader::CheckRule<&CheckReader::RuleMessage>},
      {"at", &CheckReader::CheckRule<&CheckReader::RuleAt>},
      {"fix", &CheckReader::CheckRule<&CheckReader::RuleFix>},
      {"also", &CheckReader::CheckRule<&CheckReader::RuleAlso>},
      {"params", &CheckReader::CheckParams},
      {"aliases", &CheckReader::CheckAliases},
      {"references", &CheckReader::CheckReferences},
      {"profiles", &CheckReader::CheckTextList<&Check::profiles>},
      {"opt_in", &CheckReader::CheckOptIn},
      {"needs", &CheckReader::CheckNeeds},
      {"not_evaluable", &CheckReader::CheckText<&Check::not_evaluable>},
      {"examples", &CheckReader::CheckExamples},
  };
  return kKeys;
}

Status CheckReader::CheckId(CheckParts& out, io::NodeView value) {
  OURO_TRY(out.check.id, ReadText(value, "id"));
  if (!IsCheckId(out.check.id)) {
    return Bad(value, "id must look like OURO-K8S-0001: capital words and four digits");
  }
  return {};
}

Status CheckReader::CheckSeverity(CheckParts& out, io::NodeView value) {
  OURO_TRY(const std::string text, ReadText(value, "severity"));
  const auto severity = model::ParseSeverity(text);
  if (!severity) return Bad(value, "severity must be info, low, medium, high or critical");
  out.check.severity = *severity;
  return {};
}

Status CheckReader::CheckOptIn(CheckParts& out, io::NodeView value) {
  OURO_TRY(out.check.opt_in, ReadBool(value, "opt_in"));
  return {};
}

Status CheckReader::CheckNeeds(CheckParts& out, io::NodeView value) {
  OURO_TRY(const std::string text, ReadText(value, "needs"));
  if (text != "inventory") return Bad(value, "needs knows only \"inventory\"");
  out.check.needs_inventory = true;
  return {};
}

Status CheckReader::CheckReferences(CheckParts& out, io::NodeView value) {
  OURO_TRY(out.check.references, ReadTextList(value, "references"));
  for (const auto& url : out.check.references) {
    if (!StartsWith(url, "https://")) return Bad(value, "every reference must be an https URL");
  }
  return {};
}

Status CheckReader::ParamType(Parameter& out, io::NodeView value) {
  OURO_TRY(out.type, ReadText(value, "type"));
  if (std::find(kParameterTypes.begin(), kParameterTypes.end(), out.type) ==
      kParameterTypes.end()) {
    return Bad(value, "type must be bool, int, double, string, list(int) or list(string)");
  }
  return {};
}

Status CheckReader::ParamDefault(Parameter& out, io::NodeView value) {
  OURO_TRY(out.default_json, ReadJson(value));
  return {};
}

Status CheckReader::ParamDescription(Parameter& out, io::NodeView value) {
  OURO_TRY(out.description, ReadText(value, "description"));
  return {};
}

Status CheckReader::CheckParams(CheckParts& out, io::NodeView value) {
  static constexpr Key<Parameter> kKeys[] = {
      {"type", &CheckReader::ParamType},
      {"default", &CheckReader::ParamDefault},
      {"description", &CheckReader::ParamDescription},
  };
  if (!value.IsMap()) return Bad(value, "params must be a map of name to {type, default}");
  for (const auto& [name, definition] : value.Members()) {
    Parameter parameter;
    parameter.name = std::string(name);
    OURO_TRY_STATUS(ReadMap<Parameter>(definition, "a parameter", kKeys, parameter));
    if (parameter.type.empty() || parameter.default_json.empty()) {
      return Bad(definition, "a parameter needs type and default");
    }
    if (!ParameterFits(parameter, parameter.default_json)) {
      return Bad(definition, fmt::format("default is not of type {}", parameter.type));
    }
    out.check.parameters.push_back(std::move(parameter));
  }
  return {};
}

Status CheckReader::CheckAliases(CheckParts&, io::NodeView value) {
  aliases_ = value;
  return {};
}

Status CheckReader::RequireComplete(const CheckParts& parts, io::NodeView root) const {
  const Check& check = parts.check;
  const std::array<std::pair<std::string_view, const std::string*>, 5> required = {{
      {"id", &check.id},
      {"concept", &check.concept_name},
      {"title", &check.title},
      {"description", &check.description},
      {"remediation", &check.remediation},
  }};
  for (const auto& [name, text] : required) {
    if (text->empty()) return Bad(root, fmt::format("key \"{}\" is missing", name));
  }
  if (!root.Get("severity")) return Bad(root, "key \"severity\" is missing");
  const bool has_rule = parts.rule.has_match && !parts.rule.rule.expression.empty();
  if (check.not_evaluable.empty() && !has_rule) {
    return Bad(root,
               "keys \"match\" and \"expr\" are needed, or \"not_evaluable\" with the reason");
  }
  if (!check.not_evaluable.empty() && !parts.rule.rule.expression.empty()) {
    return Bad(root, "a check that is \"not_evaluable\" has no \"expr\"");
  }
  return {};
}

Result<Check> CheckReader::Read(uint32_t root_index) {
  const io::NodeView root(tree_, keys_, root_index);
  CheckParts parts;
  OURO_TRY_STATUS(ReadMap<CheckParts>(root, "a check", CheckKeys(), parts));
  OURO_TRY_STATUS(RequireComplete(parts, root));
  Check& check = parts.check;
  if (aliases_) {
    if (!aliases_.IsMap()) return Bad(aliases_, "aliases must be a map of tool to list of ids");
    for (const auto& [tool, ids] : aliases_.Members()) {
      if (!ids.IsList()) return Bad(ids, fmt::format("aliases.{} must be a list of ids", tool));
      for (const auto& id : ids.Children()) {
        OURO_TRY(Alias alias, ReadAlias(tool, id, parts.rule));
        for (const auto& [name, json] : alias.parameters) {
          const auto known = std::find_if(check.parameters.begin(), check.parameters.end(),
                                          [&](const auto& p) { return p.name == name; });
          if (known == check.parameters.end() || !ParameterFits(*known, json)) {
            return Bad(id,
                       fmt::format("parameter {:?} is not one of the check's, or of the wrong type",
                                   name));
          }
        }
        check.aliases.push_back(std::move(alias));
      }
    }
  }
  check.match = std::move(parts.rule.rule.match);
  check.expression = std::move(parts.rule.rule.expression);
  check.message = std::move(parts.rule.rule.message);
  check.at = std::move(parts.rule.rule.at);
  check.fixes = std::move(parts.rule.rule.fixes);
  check.also = std::move(parts.rule.also);
  check.source_file = std::string(file_name_);
  return std::move(check);
}

std::vector<Rule> RulesOf(const Check& check) {
  std::vector<Rule> rules;
  rules.push_back({check.match, check.expression, check.message, check.at, check.fixes});
  rules.insert(rules.end(), check.also.begin(), check.also.end());
  return rules;
}

bool ParameterFits(const Parameter& parameter, std::string_view json) {
  io::KeyTable keys;
  io::Tree tree;
  if (!io::ReadJson(std::string(json), {}, keys, tree) || tree.roots().size() != 1 ||
      tree.roots()[0].failed || !tree.problems().empty()) {
    return false;
  }
  const io::NodeView value(tree, keys, tree.roots()[0].node);
  const auto fits = [](const io::NodeView& item, std::string_view type) {
    const io::NodeType t = item.type();
    if (type == "bool") return t == io::NodeType::kBool;
    if (type == "string") return t == io::NodeType::kString;
    if (type == "int") return t == io::NodeType::kInt;
    return type == "double" && (t == io::NodeType::kInt || t == io::NodeType::kDouble);
  };
  std::string_view type = parameter.type;
  if (!StartsWith(type, "list(")) return value.exists() && fits(value, type);
  type = type.substr(5, type.size() - 6);
  if (!value.IsList()) return false;
  const auto items = value.Children();
  return std::all_of(items.begin(), items.end(), [&](const auto& i) { return fits(i, type); });
}

Result<Check> ReadCheck(std::string source, std::string_view file_name) {
  if (source.size() > static_cast<size_t>(limits::kCheckFileSizeBytes)) {
    return Fail(ErrorCode::kLimit,
                fmt::format("a check file may have at most {} bytes", limits::kCheckFileSizeBytes),
                std::string(file_name));
  }
  io::KeyTable keys;
  io::Tree tree;
  io::ReadOptions options;
  options.strict_keys = true;
  options.keep_comments = false;
  if (auto status = io::ReadYaml(std::move(source), options, keys, tree); !status) {
    return tl::unexpected<Error>(WithContext(std::move(status).error(), file_name));
  }
  for (const auto& problem : tree.problems()) {
    Error error = problem.error;
    error.where = fmt::format("{}:{}", file_name, error.where);
    return tl::unexpected<Error>(std::move(error));
  }
  std::vector<uint32_t> documents;
  for (const auto& root : tree.roots()) {
    if (root.node != io::kNoNode) documents.push_back(root.node);
  }
  if (documents.size() != 1) {
    return Fail(ErrorCode::kInvalid, "a check file holds exactly one document",
                std::string(file_name));
  }
  return CheckReader(tree, keys, file_name).Read(documents[0]);
}

}  // namespace ouro::rules
