// The checks of a run: built in, and read from folders of the user's.
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "engine/engine.h"
#include "scan/source.h"

namespace ouro::engine {
namespace {

bool IsCheckFile(std::string_view path) {
  return scan::HintOfName(path) == scan::NameHint::kYaml;
}

Status LoadFolder(const std::string& folder, std::vector<rules::Check>& library) {
  Status status;
  scan::WalkOptions options;
  options.use_gitignore = false;
  const auto visit = [&](scan::WalkEntry&& entry) {
    if (entry.outcome == scan::WalkEntry::Outcome::kProblem) {
      status = Fail(ErrorCode::kIo, entry.problem.message, entry.file.shown);
      return false;
    }
    if (entry.outcome != scan::WalkEntry::Outcome::kFile || !IsCheckFile(entry.file.path)) {
      return true;
    }
    std::string source;
    status = scan::ReadFile(entry.file, limits::kCheckFileSizeBytes, source);
    if (!status) return false;
    auto check = rules::ReadCheck(std::move(source), entry.file.shown);
    if (!check) {
      status = tl::unexpected<Error>(check.error());
      return false;
    }
    for (const rules::Check& known : library) {
      if (known.id != check->id) continue;
      status = Fail(ErrorCode::kInvalid,
                    fmt::format("the id {} is taken by {}: give this check another id", check->id,
                                known.source_file.empty() ? "a built-in check" : known.source_file),
                    entry.file.shown);
      return false;
    }
    library.push_back(std::move(*check));
    if (static_cast<int64_t>(library.size()) > limits::kCheckCount) {
      status =
          Fail(ErrorCode::kLimit, fmt::format("more than {} checks", limits::kCheckCount), folder);
      return false;
    }
    return true;
  };
  if (auto walked = scan::Walk({folder}, options, visit); !walked) {
    return tl::unexpected<Error>(Error{
        walked.error().code, "no such check folder: check --checks and check_folders", folder});
  }
  return status;
}

}  // namespace

Result<std::vector<rules::Check>> LoadLibrary(const std::vector<std::string>& check_folders,
                                              bool with_examples) {
  std::vector<rules::Check> library =
      with_examples ? rules::BuiltinChecksWithExamples() : rules::BuiltinChecks();
  for (const std::string& folder : check_folders) OURO_TRY_STATUS(LoadFolder(folder, library));
  return library;
}

rules::SelectionOptions SelectionOf(const Config& config) {
  rules::SelectionOptions selection;
  selection.profile = config.profile;
  selection.only = config.only;
  selection.skip = config.skip;
  selection.parameters = config.parameters;
  selection.severities = config.severities;
  return selection;
}

}  // namespace ouro::engine
