#include "rules/eval_batch.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "io/tree.h"
#include "rules/cel.h"
#include "rules/functions/number_text.h"
#include "rules/typed_json.h"

namespace ouro::rules {

namespace {

struct Request {
  std::string expression;
  EnvironmentOptions options;
  bool check_only = false;
  bool want_type = false;                                  // the deduced type beside the value
  bool track_cost = false;                                 // the runtime cost beside the value
  std::vector<std::pair<std::string, uint32_t>> bindings;  // variable → node of its value
};

tl::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalid, std::move(message));
}

bool IsTrue(const io::NodeView& view) {
  return view.type() == io::NodeType::kBool && view.tree().node(view.index()).boolean;
}

// "$T" is how the standard's suite writes a type parameter.
std::string TypeText(const io::NodeView& view) {
  return std::string(view.Text());
}

Status ReadOverloads(const io::NodeView& declaration, EnvironmentOptions& options) {
  for (const io::NodeView& overload : declaration.Get("overloads").Children()) {
    FunctionDeclaration function;
    function.name = declaration.Get("name").Text();
    function.id = overload.Get("id").Text();
    for (const io::NodeView& parameter : overload.Get("params").Children()) {
      function.parameters.push_back(TypeText(parameter));
    }
    function.result = TypeText(overload.Get("result"));
    function.member = IsTrue(overload.Get("instance"));
    if (function.result.empty()) return Refuse("an overload needs \"result\"");
    options.functions.push_back(std::move(function));
  }
  return {};
}

Status ReadTypeEnvironment(const io::NodeView& list, EnvironmentOptions& options) {
  for (const io::NodeView& declaration : list.Children()) {
    const std::string name(declaration.Get("name").Text());
    if (name.empty()) return Refuse("an entry of \"type_env\" needs \"name\"");
    if (declaration.Get("overloads")) {
      OURO_TRY_STATUS(ReadOverloads(declaration, options));
      continue;
    }
    if (!declaration.Get("type").IsString()) {
      return Refuse("an entry of \"type_env\" needs \"type\" or \"overloads\"");
    }
    options.variables.push_back({name, TypeText(declaration.Get("type")), 0});
  }
  return {};
}

void ReadBindings(const io::NodeView& bindings, Request& request) {
  auto& variables = request.options.variables;
  for (const auto& [name, value] : bindings.Members()) {
    std::string variable(name);
    const bool declared =
        std::any_of(variables.begin(), variables.end(),
                    [&variable](const VariableDeclaration& v) { return v.name == variable; });
    if (!declared) variables.push_back({variable, "dyn", 0});
    request.bindings.emplace_back(std::move(variable), value.index());
  }
}

// "1.29", "v1.29" or 1.29 as a number is refused: 1.3 and 1.30 would be the same.
Result<int> ReadMinor(const io::NodeView& version) {
  std::string_view text = version.Text();
  if (StartsWith(text, "v")) text.remove_prefix(1);
  const auto minor = StartsWith(text, "1.") ? ParseInt64(text.substr(2)) : std::nullopt;
  if (!minor || *minor < 0 || *minor > 10'000) {
    return Refuse("\"kubernetes_version\" must be a string such as \"1.37\"");
  }
  return static_cast<int>(*minor);
}

// Libraries by the names of the request. What Kubernetes has under a version number is named apart
// here, because both may not be there at once.
Status ReadNeeds(const io::NodeView& needs, EnvironmentOptions& options) {
  static constexpr std::array<std::string_view, 3> kOfTheLanguage = {"wkt", "block", "macros2"};
  for (const io::NodeView& need : needs.Children()) {
    const std::string name(need.Text());
    const auto libraries = AllLibraries();
    const auto found = std::find_if(libraries.begin(), libraries.end(),
                                    [&](const Library* library) { return library->name == name; });
    const bool known =
        found != libraries.end() || name == "bindings" || name == "comprehensions" ||
        std::find(kOfTheLanguage.begin(), kOfTheLanguage.end(), name) != kOfTheLanguage.end();
    if (!known) return Refuse(fmt::format("unknown library \"{}\" in \"needs\"", Printable(name)));
    // Kubernetes' own strings, ip and cidr declare the same functions.
    if (!options.plain_cel && (name == "strings" || name == "network")) continue;
    options.libraries.push_back(name);
  }
  return {};
}

Result<Request> ReadRequest(const io::NodeView& root) {
  if (!root.IsMap()) return Refuse("a request is a JSON object");
  Request request;
  const io::NodeView expression = root.Get("expr");
  if (!expression.IsString()) return Refuse("\"expr\" is missing");
  request.expression = expression.Text();
  EnvironmentOptions& options = request.options;
  const io::NodeView version = root.Get("kubernetes_version");
  if (version) {
    OURO_TRY(options.kubernetes_minor, ReadMinor(version));
  } else if (root.Get("bindings") || root.Get("type_env")) {
    // Whoever brings variables along without naming a Kubernetes means the language as such.
    options.plain_cel = true;
    options.kubernetes_minor = 0;
  }
  options.container = root.Get("container").Text();
  options.type_check = !IsTrue(root.Get("disable_check"));
  options.macros = !IsTrue(root.Get("disable_macros"));
  request.check_only = IsTrue(root.Get("check_only"));
  request.want_type = options.type_check;
  request.track_cost = IsTrue(root.Get("track_cost"));
  if (request.track_cost) {
    options.call_cost_limit = static_cast<uint64_t>(limits::kCelCallCostLimit);
  }
  OURO_TRY_STATUS(ReadNeeds(root.Get("needs"), options));
  OURO_TRY_STATUS(ReadTypeEnvironment(root.Get("type_env"), options));
  ReadBindings(root.Get("bindings"), request);
  return request;
}

std::string Answer(std::string_view key, std::string_view text) {
  std::string out = fmt::format("{{\"{}\":", key);
  AppendJsonString(out, text);
  return out + "}";
}

Result<std::string> Evaluate(const Request& request, const io::Tree& tree, io::KeyTable& keys,
                             const std::shared_ptr<const Environment>& environment) {
  ProgramBuilder builder(environment, keys);
  const auto compiled = builder.Add(request.expression);
  if (!compiled) return Answer("compile_error", compiled.error().ToString());
  if (request.check_only) return Answer("type", compiled->result_type);
  const auto program = builder.Build();
  Arena arena;
  Evaluator evaluator(program, keys);
  for (const auto& [name, node] : request.bindings) {
    const auto value = DecodeTyped(tree, keys, node, arena);
    if (!value) {
      return Refuse(fmt::format("binding \"{}\": {}", Printable(name), value.error().message));
    }
    evaluator.Bind(environment->VariableIndex(name), *value);
  }
  const Value result = evaluator.Run(compiled->entry);
  if (result.is_error()) return Answer("error", result.str());
  auto encoded = EncodeTyped(result, keys);
  if (!encoded) return Answer("error", encoded.error().message);
  std::string out = "{\"value\":" + *encoded;
  if (request.want_type) {
    out += ",\"type\":";
    AppendJsonString(out, compiled->result_type);
  }
  if (request.track_cost) out += fmt::format(",\"cost\":{}", evaluator.cost());
  return out + "}";
}

Result<std::string> Process(std::string_view line) {
  if (static_cast<int64_t>(line.size()) > limits::kBatchLineSizeBytes) {
    return Fail(ErrorCode::kLimit, "the request line is too long");
  }
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::string(line), {}, keys, tree));
  if (tree.roots().size() != 1 || tree.roots().front().failed) {
    const bool explained = !tree.problems().empty();
    return Fail(ErrorCode::kParse, explained ? tree.problems().front().error.ToString()
                                             : "a request line is one JSON object");
  }
  OURO_TRY(const Request request, ReadRequest(io::NodeView(tree, keys, tree.roots().front().node)));
  auto environment = Environment::Create(request.options);
  if (!environment) return Answer("compile_error", environment.error().ToString());
  return Evaluate(request, tree, keys, *environment);
}

}  // namespace

std::string EvalBatchLine(std::string_view line) {
  auto answer = Process(line);
  return answer ? std::move(*answer) : Answer("request_error", answer.error().ToString());
}

}  // namespace ouro::rules
