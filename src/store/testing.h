// What the tests of the store share. Not part of the program.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "fmt/format.h"
#include "store/store.h"

namespace ouro::store::testing {

// A folder of its own that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ouro-store-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline constexpr UnixSeconds kNow = 1'790'000'000;
inline constexpr UnixSeconds kDay = 86'400;

inline std::string IdFor(std::string_view text) {
  TupleHasher hasher("test");
  hasher.Add("text", text);
  return hasher.Finish();
}

inline ObservationKey KeyFor(std::string_view text) {
  return ParseObservationKey(IdFor(text)).value();
}

inline Scope ScopeFor(std::string tool, std::string target = "shop") {
  Scope scope;
  scope.tool = std::move(tool);
  scope.target = std::move(target);
  return scope;
}

// A finding of a tool about an object; its issue is that of concept and object.
inline model::Finding FindingOf(const std::string& tool, const std::string& concept_name,
                                const std::string& object,
                                model::Severity severity = model::Severity::kHigh) {
  model::Finding finding;
  finding.id = IdFor(tool + "/" + concept_name + "/" + object);
  finding.issue = IdFor(concept_name + "/" + object);
  finding.check = tool + ":" + concept_name;
  finding.concept_name = concept_name;
  finding.title = "about " + concept_name;
  finding.message = "of " + object;
  finding.resource = {"apps/v1", "Deployment", "shop", object, "app"};
  finding.severity = severity;
  finding.origin.Make().tool = tool;
  finding.asset.Make().application = "shop";
  finding.location.file = object + ".yaml";
  finding.location.line = 7;
  finding.judgement.Make().priority = 10 * static_cast<int>(severity) + 5;
  return finding;
}

// Imports the findings, each with its place as key.
inline Result<ImportCounts> Import(Store& store, const Scope& scope,
                                   const std::vector<model::Finding>& findings, UnixSeconds now,
                                   ImportMeta meta = {}, const CommitOptions& options = {}) {
  OURO_TRY(ImportSession session, store.BeginImport(scope, std::move(meta), now));
  for (const model::Finding& finding : findings) {
    const std::string key = finding.id + finding.location.file;
    OURO_TRY_STATUS(session.Add(finding, KeyFor(key), "team-" + finding.resource.name,
                                "fix " + finding.concept_name));
  }
  return session.Commit(options);
}

inline std::string ExportOf(Store& store) {
  std::string text;
  const Status status = store.Export([&text](std::string_view line) -> Status {
    text += line;
    return {};
  });
  return status ? text : "error: " + status.error().ToString();
}

}  // namespace ouro::store::testing
