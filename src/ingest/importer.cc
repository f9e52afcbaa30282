#include "ingest/importer.h"

#include <algorithm>

#include "fmt/format.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

// Bytes that begin as JSON or XML but break off are broken, not unknown.
const Error* BrokenBytes(const ReportInput& input) {
  if (input.LooksLikeJson()) return input.json_error();
  if (input.LooksLikeXml()) return input.xml_error();
  return nullptr;
}

}  // namespace

const Importer* FindImporter(std::string_view name) {
  for (const Importer* importer : AllImporters()) {
    if (importer->name == name) return importer;
  }
  return nullptr;
}

Result<const Importer*> DetectImporter(const ReportInput& input) {
  const Importer* best = nullptr;
  int best_score = kNo;
  for (const Importer* importer : AllImporters()) {
    const int score = importer->detect(input);
    if (score <= best_score) continue;
    best = importer;
    best_score = score;
  }
  if (best_score >= kSure) return best;
  if (const Error* broken = BrokenBytes(input)) return tl::unexpected<Error>(*broken);
  if (best != nullptr) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("no known report format; the closest is {} ({}): if it is one, say "
                            "--tool {}",
                            best->title, best->reads, best->name));
  }
  return Fail(ErrorCode::kUnsupported,
              "no known report format; `ouro import --formats` lists those that are");
}

}  // namespace ouro::ingest
