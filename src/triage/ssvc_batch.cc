#include "triage/ssvc_batch.h"

#include <fmt/format.h>

#include "base/text.h"
#include "io/tree.h"
#include "triage/ssvc.h"

namespace ouro::triage {
namespace {

Result<SsvcAnswer> Answer(std::string_view line) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::string(line), {}, keys, tree));
  if (!tree.problems().empty()) return tl::unexpected<Error>(tree.problems().front().error);
  if (tree.roots().empty()) return Fail(ErrorCode::kInvalid, "a request is a JSON object");
  const io::NodeView request(tree, keys, tree.roots().front().node);
  const std::string_view name = request.Get("table").Text();
  const SsvcTable* const table = FindSsvcTable(name);
  if (table == nullptr) {
    std::string known;
    for (const SsvcTable& other : SsvcTables()) {
      known += known.empty() ? "" : ", ";
      known += other.name;
    }
    return Fail(ErrorCode::kInvalid, fmt::format("there is no table \"{}\"; there are: {}",
                                                 Printable(name.substr(0, 60)), known));
  }
  std::vector<SsvcInput> inputs;
  for (const auto& [key, value] : request.Get("inputs").Members()) {
    if (!value.IsString() && value.type() != io::NodeType::kNull) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("the input \"{}\" must be text", Printable(key)));
    }
    inputs.emplace_back(key, value.Text());
  }
  return DecideSsvc(*table, inputs);
}

}  // namespace

std::string SsvcBatchLine(std::string_view line) {
  const Result<SsvcAnswer> answer = Answer(line);
  std::string out = answer ? "{\"outcome\":" : "{\"error\":";
  AppendJsonString(out, answer ? answer->outcome : std::string_view(answer.error().message));
  if (answer && !answer->assumed.empty()) {
    out += ",\"assumed\":[";
    for (const std::string_view name : answer->assumed) {
      if (out.back() != '[') out += ',';
      AppendJsonString(out, name);
    }
    out += ']';
  }
  return out + "}";
}

}  // namespace ouro::triage
