// One worker of a scan: files in, findings and problems out. Internal to this module.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/place.h"
#include "io/tree.h"
#include "model/report.h"
#include "rules/inventory.h"
#include "rules/rule_set.h"
#include "scan/object.h"
#include "scan/source.h"
#include "scan/suppression.h"

namespace ouro::engine {

// What all workers share; constant while they run, except the counter.
struct ScanContext {
  std::shared_ptr<const rules::RuleSet> rules;
  const io::KeyTable* keys = nullptr;  // the table that the rules were compiled against
  // First pass: null; RBAC objects and the accounts of pod templates are collected. Second pass,
  // for checks that need the inventory: the finished one; counts and problems are those of the
  // first.
  const rules::Inventory* inventory = nullptr;
  bool collects_inventory = false;
  const std::vector<rules::Check>* library = nullptr;
  const std::vector<scan::ObjectExclude>* excludes = nullptr;
  // Content of sources that can be read only once (standard input, pipes), by path.
  const std::map<std::string, Result<std::string>>* read_already = nullptr;
  int64_t file_size_max = 0;
  bool show_passed = false;
  bool name_skipped = false;
  UnixSeconds now = 0;
  std::atomic<int64_t>* finding_count = nullptr;
};

// What one file gave. Static texts of findings (title, remediation, …) are left out; the engine
// adds them once duplicates are folded.
struct FileResult {
  size_t index = 0;
  bool second_pass = false;
  std::vector<model::Finding> findings;
  std::vector<model::Problem> problems;
  std::vector<model::Passed> passed;
};

// A file with workloads whose accounts the inventory must be asked about, once it is complete.
struct PendingFile {
  size_t index = 0;
  scan::WalkEntry entry;
  std::vector<std::pair<std::string, std::string>> accounts;  // (namespace, name) per pod template
};

class FileScanner : private rules::HitSink {
 public:
  explicit FileScanner(const ScanContext& context);
  ~FileScanner() override;

  // Handles one entry of the walk and remembers what it gave.
  void Scan(size_t index, const scan::WalkEntry& entry);

  std::vector<FileResult>& results() { return results_; }
  const model::Counts& counts() const { return counts_; }
  rules::Inventory& inventory() { return inventory_; }  // collected, not finished
  std::vector<PendingFile>& pending() { return pending_; }

 private:
  struct FileState;

  void ScanFile(const scan::SourceFile& file);
  bool Read(const scan::SourceFile& file, std::string& bytes);
  bool IsManifest(const scan::SourceFile& file, std::string& bytes, bool& already_read);
  void SkipFile(const scan::SourceFile& file, std::string_view why, bool examinable);
  void ReportReadProblems(FileState& state);
  void ReportTemplates(const FileState& state);
  void ScanDocument(uint32_t root, FileState& state);
  void ScanObject(scan::Object&& object, FileState& state);
  void OnHit(rules::Hit&& hit) override;
  void CheckSelectors(const std::vector<scan::InlineSuppression>& suppressions, size_t from,
                      FileState& state);
  void AddProblem(model::Problem problem);
  void CountFile(const FileState& state);
  void RenewKeys();

  const ScanContext& context_;
  io::KeyTable keys_;
  std::unique_ptr<scan::ObjectKeys> known_;
  std::unique_ptr<rules::RuleRunner> runner_;
  io::Tree tree_;
  std::string bytes_;
  std::vector<FileResult> results_;
  rules::Inventory inventory_;
  std::vector<PendingFile> pending_;
  std::vector<std::pair<std::string, std::string>> accounts_;  // of the current file
  FileResult current_;
  model::Counts counts_;
  // While an object is judged.
  const scan::Object* object_ = nullptr;
  const std::string* shown_ = nullptr;
  PlaceFinder* places_ = nullptr;
};

// Does any check of the library answer to this selector (an id, alias or concept, globs included)?
bool KnowsSelector(const std::vector<rules::Check>& library, std::string_view selector);

// The selector of a finding's aliases as reports have them ("checkov:CKV_K8S_16"), sorted.
std::vector<std::string> AliasTexts(const rules::Check& check);

// "Deployment shop/web", or without namespace "ClusterRole admin".
std::string ObjectText(const model::Resource& resource);

}  // namespace ouro::engine
