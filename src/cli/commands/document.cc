#include <array>
#include <string>

#include "base/limits.h"
#include "base/text.h"
#include "cli/batch.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "io/document_batch.h"
#include "scan/source.h"

namespace ouro::cli {
namespace {

constexpr std::array kOptions = {
    Option{"--batch", 0, "",
           "read requests from standard input, one JSON object a line: {\"yaml\": text} or "
           "{\"yaml_b64\": base64}"},
    Option{"--spans", 0, "", "give each node with line, column, start and end"},
};
constexpr std::array kExamples = {
    Example{"ouro document deploy.yaml",
            "the documents of a file as Kubernetes reads them, as JSON"},
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

ExitCode RunDocument(const Arguments& arguments) {
  const bool spans = arguments.Has("--spans");
  if (arguments.Has("--batch")) {
    return RunBatch([spans](std::string_view line) { return io::DocumentBatchLine(line, spans); });
  }
  if (arguments.positionals().empty()) {
    return FailWith(
        {ErrorCode::kInvalid, "name a file, - for standard input, or give --batch", {}});
  }
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
