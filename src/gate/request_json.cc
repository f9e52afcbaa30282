// Requests as JSON: what record.h says of them.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "gate/exception_text.h"
#include "gate/finding_json.h"
#include "gate/json_object.h"
#include "gate/policy_reader.h"
#include "gate/policy_writer.h"
#include "gate/record.h"
#include "gate/selector_text.h"

namespace ouro::gate {
namespace {

using io::NodeView;
using io::SettingReader;

Result<UnixSeconds> ReadInstant(const SettingReader& value) {
  OURO_TRY(const std::string text, ReadTimeValue(value));
  return ParseRfc3339(text).value_or(0);
}

Status ReadFindings(const SettingReader& member, const NodeView& list,
                    std::vector<InputFinding>& findings) {
  if (!list.IsList()) return member.Wrong("a list of findings");
  const std::vector<NodeView> items = list.Children();
  if (static_cast<int64_t>(items.size()) > limits::kFindingCount) {
    return Fail(ErrorCode::kLimit, fmt::format("more than {} findings", limits::kFindingCount));
  }
  findings.reserve(items.size());
  for (const NodeView& item : items) {
    OURO_TRY(InputFinding input, ReadFinding(item, findings.size()));
    findings.push_back(std::move(input));
  }
  return {};
}

// true: nothing is known at all; a number: so many parts were not examined; a map for both.
Status ReadIncompleteState(const SettingReader& member, DataState& data) {
  if (!member.IsMap()) {
    if (const auto count = member.Integer()) {
      if (*count < 0) return member.Wrong("0 or more");
      data.not_examined = *count;
      return {};
    }
    OURO_TRY(const bool incomplete, member.Boolean());
    data.present = !incomplete;
    return {};
  }
  OURO_TRY(const auto parts, member.Members());
  for (const SettingReader& part : parts) {
    if (part.key() == "no_data") {
      OURO_TRY(const bool no_data, part.Boolean());
      data.present = !no_data;
    } else if (part.key() == "not_examined") {
      OURO_TRY(data.not_examined, part.Integer());
      if (data.not_examined < 0) return part.Wrong("0 or more");
    } else if (part.key() == "observed_at") {
      OURO_TRY(data.observed_at, ReadInstant(part));
    } else if (part.key() == "missing") {
      OURO_TRY(data.missing, part.TextList());
    } else {
      return part.Unknown({"no_data", "not_examined", "observed_at", "missing"});
    }
  }
  return {};
}

Status ReadGrants(const SettingReader& list, bool trusted, std::vector<Grant>& grants) {
  OURO_TRY(const auto items, list.Items());
  for (const SettingReader& item : items) {
    OURO_TRY(Grant grant, ReadGrant(item, trusted));
    grants.push_back(std::move(grant));
  }
  return {};
}

// The readers of members that are settings.
Result<bool> ReadSettingMember(const SettingReader& member, bool trusted, Request& request) {
  const std::string_view key = member.key();
  if (key == "policy") {
    OURO_TRY(request.policy, ReadPolicy(member));
  } else if (key == "subject") {
    OURO_TRY(request.subject, ReadSubject(member));
  } else if (key == "now") {
    OURO_TRY(request.now, ReadInstant(member));
  } else if (key == "began") {
    OURO_TRY(request.began, ReadInstant(member));
  } else if (key == "tzdata") {
    OURO_TRY(request.tzdata, member.Text());
  } else if (key == "exceptions") {
    OURO_TRY(request.exceptions, ReadExceptions(member));
  } else if (key == "windows") {
    OURO_TRY(request.windows, ReadWindows(member));
  } else if (key == "grants") {
    OURO_TRY_STATUS(ReadGrants(member, trusted, request.grants));
  } else if (key == "baseline") {
    OURO_TRY(request.baseline, member.TextList());
  } else if (key == "incomplete") {
    OURO_TRY_STATUS(ReadIncompleteState(member, request.data));
  } else {
    return false;
  }
  return true;
}

void AppendFindings(JsonObject& parent, std::string& out, std::string_view name,
                    const std::vector<InputFinding>& findings) {
  parent.Next(name);
  JsonObject list(out, '[');
  for (const InputFinding& input : findings) {
    list.Next();
    AppendFinding(out, input);
  }
  list.End();
}

void AppendState(JsonObject& parent, std::string& out, const DataState& data) {
  if (data == DataState()) return;
  parent.Next("incomplete");
  JsonObject object(out, '{');
  if (!data.present) object.Bool("no_data", true);
  if (data.not_examined > 0) object.Int("not_examined", data.not_examined);
  if (data.observed_at) object.Text("observed_at", FormatRfc3339(*data.observed_at));
  object.TextsIf("missing", data.missing);
  object.End();
}

}  // namespace

Result<Request> ReadRequest(const NodeView& map, bool trusted) {
  Request request;
  const SettingReader top(map.tree(), map.keys(), map.index(), "", "");
  bool has_findings = false;
  bool has_now = false;
  OURO_TRY(const auto members, top.Members());
  for (const SettingReader& member : members) {
    const std::string_view key = member.key();
    if (member.IsNull()) continue;
    if (key == "findings") {
      has_findings = true;
      OURO_TRY_STATUS(ReadFindings(member, map.Get(key), request.findings));
      continue;
    }
    if (key == "fixes") {
      OURO_TRY_STATUS(ReadFindings(member, map.Get(key), request.fixes));
      continue;
    }
    if (key == "inputs" && !trusted) continue;
    has_now = has_now || key == "now";
    OURO_TRY(const bool known, ReadSettingMember(member, trusted, request));
    if (!known) {
      return member.Unknown({"policy", "findings", "subject", "now", "exceptions", "windows",
                             "grants", "baseline", "incomplete", "began", "fixes", "tzdata",
                             "inputs"});
    }
  }
  if (!has_now) return top.Wrong("a map with now, the time of the decision");
  // Silence about findings is not the same as an empty list.
  if (!has_findings) request.data.present = false;
  return request;
}

void AppendRequest(std::string& out, const Request& request) {
  JsonObject object(out, '{');
  object.Next("policy");
  AppendPolicy(out, request.policy, true);
  object.Next("subject");
  AppendSubject(out, request.subject);
  object.Text("now", FormatRfc3339(request.now));
  if (request.began) object.Text("began", FormatRfc3339(*request.began));
  object.TextIf("tzdata", request.tzdata);
  AppendState(object, out, request.data);
  if (request.baseline) object.Texts("baseline", *request.baseline);
  if (!request.exceptions.empty()) {
    object.Next("exceptions");
    JsonObject list(out, '[');
    for (const Exception& exception : request.exceptions) {
      list.Next();
      AppendException(out, exception, true);
    }
    list.End();
  }
  if (!request.windows.empty()) {
    object.Next("windows");
    JsonObject list(out, '[');
    for (const WindowRule& rule : request.windows) {
      list.Next();
      AppendWindow(out, rule, true);
    }
    list.End();
  }
  if (!request.grants.empty()) {
    object.Next("grants");
    JsonObject list(out, '[');
    for (const Grant& grant : request.grants) {
      list.Next();
      AppendGrant(out, grant, true);
    }
    list.End();
  }
  if (!request.fixes.empty()) AppendFindings(object, out, "fixes", request.fixes);
  AppendFindings(object, out, "findings", request.findings);
  object.End();
}

}  // namespace ouro::gate
