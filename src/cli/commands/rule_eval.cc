#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/batch.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "engine/config.h"
#include "rules/cel.h"
#include "rules/eval_batch.h"
#include "scan/source.h"

namespace ouro::cli {
namespace {

constexpr std::array kOptions = {
    Option{"--batch", 0, "", "read requests from standard input, one JSON object a line"},
    Option{"--object",
           0,
           "FILE",
           "bind the first document of this file as `object` (- for stdin)",
           {},
           "file"},
    Option{"--kubernetes-version", 0, "VERSION",
           "the Kubernetes version whose functions are known; default: the newest known"},
};
constexpr std::array kExamples = {
    Example{"ouro rule eval '1 + 1'", "a value"},
    Example{"ouro rule eval 'object.spec.replicas > 1' --object deploy.yaml", "about an object"},
    Example{"ouro rule eval --batch < requests.ndjson", "many expressions in one process"},
};

constexpr int kPrintDepthMax = 200;

void AppendValue(std::string& out, const rules::Value& value, const io::KeyTable& keys, int depth);

void AppendList(std::string& out, const rules::Value& list, const io::KeyTable& keys, int depth) {
  out += '[';
  bool first = true;
  for (rules::Walker walker(list, keys); walker.Next(); first = false) {
    if (!first) out += ',';
    AppendValue(out, walker.value(), keys, depth + 1);
  }
  out += ']';
}

void AppendMap(std::string& out, const rules::Value& map, const io::KeyTable& keys, int depth) {
  out += '{';
  bool first = true;
  for (rules::Walker walker(map, keys); walker.Next(); first = false) {
    if (!first) out += ',';
    std::string key;
    AppendValue(key, walker.key(), keys, depth + 1);
    if (key.empty() || key.front() != '"') key = "\"" + key + "\"";
    out += key + ":";
    AppendValue(out, walker.value(), keys, depth + 1);
  }
  out += '}';
}

std::string DoubleText(double number) {
  return std::isfinite(number) ? fmt::format("{}", number) : fmt::format("\"{}\"", number);
}

std::string DurationText(const rules::Value& value) {
  const bool negative = value.integer < 0 || value.nanos() < 0;
  return fmt::format("{}{}.{:09}s", negative ? "-" : "", std::abs(value.integer),
                     std::abs(value.nanos()));
}

// A value for people: JSON where JSON has a word for it, else text.
void AppendValue(std::string& out, const rules::Value& value, const io::KeyTable& keys, int depth) {
  using rules::Kind;
  if (depth > kPrintDepthMax) {
    out += "\"…\"";
    return;
  }
  switch (value.kind) {
    case Kind::kNull:
      out += "null";
      return;
    case Kind::kBool:
      out += value.boolean ? "true" : "false";
      return;
    case Kind::kInt:
      out += fmt::format("{}", value.integer);
      return;
    case Kind::kUint:
      out += fmt::format("{}", value.unsigned_integer);
      return;
    case Kind::kDouble:
      out += DoubleText(value.number);
      return;
    case Kind::kError:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
      return AppendJsonString(out, value.str());
    case Kind::kList:
    case Kind::kTreeList:
      return AppendList(out, value, keys, depth);
    case Kind::kMap:
    case Kind::kTreeMap:
      return AppendMap(out, value, keys, depth);
    case Kind::kOptional:
      if (value.optional->has_value) {
        return AppendValue(out, value.optional->value, keys, depth + 1);
      }
      out += "null";
      return;
    case Kind::kDuration:
      return AppendJsonString(out, DurationText(value));
    case Kind::kTimestamp:
      return AppendJsonString(out, FormatRfc3339(value.integer));
    case Kind::kOpaque:
      return AppendJsonString(out, value.opaque->type->to_text(*value.opaque));
  }
}

Status ReadObject(const std::string& path, io::KeyTable& keys, io::Tree& tree) {
  std::string bytes;
  if (const Status read = scan::ReadFile({path, path, true}, limits::kFileSizeBytes, bytes);
      !read) {
    Error error = read.error();
    if (error.code == ErrorCode::kNotFound) error.message = "no such file: check --object";
    return tl::unexpected<Error>(std::move(error));
  }
  if (const Status read = io::ReadDocument(std::move(bytes), {}, keys, tree); !read) {
    return tl::unexpected<Error>(WithContext(read.error(), path));
  }
  for (const io::Root& root : tree.roots()) {
    if (root.node != io::kNoNode) return {};
  }
  if (!tree.problems().empty()) {
    return tl::unexpected<Error>(WithContext(tree.problems().front().error, path));
  }
  return Fail(ErrorCode::kInvalid, "no document in it", path);
}

Result<std::string> Evaluate(const Arguments& arguments) {
  std::string warning;
  OURO_TRY(const int minor,
           engine::ParseKubernetesVersion(arguments.Value("--kubernetes-version"), warning));
  if (!warning.empty()) PrintWarning(warning);
  rules::EnvironmentOptions options;
  if (minor >= 0) options.kubernetes_minor = minor;
  const bool has_object = arguments.Has("--object");
  if (has_object) options.variables.push_back({"object", "dyn", 0});
  OURO_TRY(const auto environment, rules::Environment::Create(std::move(options)));
  io::KeyTable keys;
  rules::ProgramBuilder builder(environment, keys);
  auto compiled = builder.Add(arguments.positionals().front());
  if (!compiled) return tl::unexpected<Error>(WithContext(compiled.error(), "expression"));
  io::Tree tree;
  if (has_object) OURO_TRY_STATUS(ReadObject(arguments.Value("--object"), keys, tree));
  rules::Evaluator evaluator(builder.Build(), keys);
  if (has_object) {
    for (const io::Root& root : tree.roots()) {
      if (root.node == io::kNoNode) continue;
      evaluator.Bind(environment->VariableIndex("object"), rules::Value::OfNode(tree, root.node));
      break;
    }
  }
  const rules::Value value = evaluator.Run(compiled->entry);
  if (value.kind == rules::Kind::kError) {
    return Fail(ErrorCode::kInvalid, std::string(value.text, value.extra), "expression");
  }
  std::string out;
  AppendValue(out, value, keys, 0);
  return out + "\n";
}

ExitCode RunRuleEval(const Arguments& arguments) {
  if (arguments.Has("--batch")) {
    return RunBatch([](std::string_view line) { return rules::EvalBatchLine(line); });
  }
  if (arguments.positionals().empty()) {
    return FailWith({ErrorCode::kInvalid, "give an expression or --batch", {}});
  }
  const auto text = Evaluate(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kRuleEvalCommand = {"rule eval",
                                  "evaluate a CEL expression",
                                  "[EXPR]",
                                  1,
                                  0,
                                  "",
                                  "Evaluates EXPR, in which `object` stands for the document of "
                                  "--object, and prints the value as "
                                  "JSON. With --batch, see docs/formats/rule-eval.md.",
                                  kOptions,
                                  kExamples,
                                  RunRuleEval};

}  // namespace ouro::cli
