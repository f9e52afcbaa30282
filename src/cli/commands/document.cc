#include <array>
#include <string>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/batch.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "io/document_batch.h"
#include "io/tree.h"
#include "scan/source.h"

namespace ouro::cli {
namespace {

constexpr std::array kOptions = {
    Option{"--batch", 0, "",
           "read requests from standard input, one JSON object a line: {\"yaml\": text} or "
           "{\"yaml_b64\": base64}"},
    Option{"--check", 0, "",
           "read every YAML and JSON file of a folder, or one file, and tell only what cannot be "
           "read"},
    Option{"--spans", 0, "", "give each node with line, column, start and end"},
};
constexpr std::array kExamples = {
    Example{"ouro document deploy.yaml",
            "the documents of a file as Kubernetes reads them, as JSON"},
    Example{"ouro document --check deploy/", "can Kubernetes read all of this folder?"},
    Example{"ouro document --batch < requests.ndjson", "many documents in one process"},
};

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 4648 §4, with padding. The bytes of a file need not be UTF-8, so they cannot travel as text.
std::string Base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group <<= 8;
      if (i + j < bytes.size()) group |= static_cast<unsigned char>(bytes[i + j]);
    }
    for (size_t j = 0; j < 4; ++j) {
      const bool padding = i + j > bytes.size();
      out += padding ? '=' : kBase64Digits[(group >> (18 - 6 * j)) & 63];
    }
  }
  return out;
}

// What --check found so far.
struct Check {
  io::KeyTable keys;
  io::Tree tree;
  std::string bytes;
  std::string lines;
  int64_t file_count = 0;
  int64_t document_count = 0;
  int64_t failed_count = 0;

  void Fail(std::string_view file, std::string_view place, std::string_view message) {
    ++failed_count;
    lines += fmt::format("{}{}{}: {}\n", Printable(file), place.empty() ? "" : ":", place,
                         Printable(message));
  }
  void Read(const scan::SourceFile& file) {
    const scan::NameHint hint = scan::HintOfName(file.shown);
    const bool by_name = hint == scan::NameHint::kYaml || hint == scan::NameHint::kJson;
    if (!by_name && !file.named) return;
    ++file_count;
    const Status read = scan::ReadFile(file, limits::kFileSizeBytes, bytes);
    const Status parsed =
        read ? io::ReadDocument(std::move(bytes), io::ReadOptions{}, keys, tree) : read;
    if (!parsed) return Fail(file.shown, {}, parsed.error().message);
    document_count += static_cast<int64_t>(tree.roots().size());
    for (const io::ReadProblem& problem : tree.problems()) {
      if (!problem.warning) Fail(file.shown, problem.error.where, problem.error.message);
    }
    bytes = tree.TakeSource();
  }
};

// Reads and does nothing else, which is also the measure of what a scan may cost (perf/README.md).
ExitCode RunCheck(const Arguments& arguments) {
  Check check;
  const Status walked = scan::Walk(arguments.positionals(), {}, [&](scan::WalkEntry&& entry) {
    if (entry.outcome == scan::WalkEntry::Outcome::kFile) check.Read(entry.file);
    if (entry.outcome == scan::WalkEntry::Outcome::kProblem) {
      check.Fail(entry.file.shown, {}, entry.problem.message);
    }
    return true;
  });
  if (!walked) return FailWith(walked.error());
  check.lines += fmt::format("{} files, {} documents, {} could not be read\n", check.file_count,
                             check.document_count, check.failed_count);
  const Status wrote = WriteResult(arguments, check.lines);
  if (!wrote) return FailWith(wrote.error());
  return check.failed_count == 0 ? ExitCode::kClean : ExitCode::kIncomplete;
}

ExitCode RunDocument(const Arguments& arguments) {
  const bool spans = arguments.Has("--spans");
  if (arguments.Has("--batch")) {
    return RunBatch([spans](std::string_view line) { return io::DocumentBatchLine(line, spans); });
  }
  if (arguments.positionals().empty()) {
    return FailWith(
        {ErrorCode::kInvalid, "name a file, - for standard input, or give --batch", {}});
  }
  if (arguments.Has("--check")) return RunCheck(arguments);
  const std::string& path = arguments.positionals().front();
  std::string bytes;
  const Status read = scan::ReadFile({path, path, true}, limits::kFileSizeBytes, bytes);
  if (!read) {
    Error error = read.error();
    if (error.code == ErrorCode::kNotFound) error.message = "no such file: check the path";
    return FailWith(error);
  }
  const std::string request = "{\"yaml_b64\":\"" + Base64(bytes) + "\"}";
  const Status wrote = WriteResult(arguments, io::DocumentBatchLine(request, spans) + "\n");
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kDocumentCommand = {
    "document",
    "print YAML or JSON documents as Kubernetes reads them",
    "[FILE|-]",
    1,
    0,
    "file",
    "Prints one line of JSON: the documents, and what could not be read. See "
    "docs/formats/document.md.",
    kOptions,
    kExamples,
    RunDocument};

}  // namespace ouro::cli
