// One worker of a scan: files in, findings and problems out. Internal to this module.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/judge.h"
#include "io/tree.h"
#include "model/report.h"
#include "rules/inventory.h"
#include "scan/object.h"
#include "scan/source.h"

namespace ouro::engine {

// What all workers share; constant while they run, except the counter.
struct ScanContext {
  std::shared_ptr<const Snapshot> snapshot;
  // First pass: null; RBAC objects and the accounts of pod templates are collected. Second pass,
  // for checks that need the inventory: the finished one; counts and problems are those of the
  // first.
  const rules::Inventory* inventory = nullptr;
  bool collects_inventory = false;
  // Content of sources that can be read only once (standard input, pipes), by path.
  const std::map<std::string, Result<std::string>>* read_already = nullptr;
  int64_t file_size_max = 0;
  bool name_skipped = false;
  UnixSeconds now = 0;
  std::atomic<int64_t>* finding_count = nullptr;
};

// What one file gave besides findings.
struct FileResult {
  size_t index = 0;
  bool second_pass = false;
  std::vector<model::Problem> problems;
  std::vector<model::Passed> passed;
};

// A file with workloads whose accounts the inventory must be asked about, once it is complete.
struct PendingFile {
  size_t index = 0;
  scan::WalkEntry entry;
  std::vector<Account> accounts;
};

class FileScanner {
 public:
  explicit FileScanner(const ScanContext& context);
  ~FileScanner();

  // Handles one entry of the walk and remembers what it gave. `documents`: those of a YAML file
  // that are read; null: all.
  void Scan(size_t index, const scan::WalkEntry& entry,
            const std::vector<bool>* documents = nullptr);

  std::vector<FileResult>& results() { return results_; }
  // With fingerprints, but without the static texts of their checks (title, remediation, …): the
  // engine adds those to what is left after the last fold. Duplicates are folded now and then, so
  // that memory grows with distinct findings and not with copies of objects.
  std::vector<model::Finding>& findings() { return findings_; }
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
  void AddProblem(model::Problem problem);
  void CountFile(const FileState& state);
  void KeepFindings();
  bool second_pass() const { return context_.inventory != nullptr; }

  const ScanContext& context_;
  Judge judge_;
  io::ReadOptions read_options_;
  io::Tree tree_;
  std::string bytes_;
  std::vector<FileResult> results_;
  rules::Inventory inventory_;
  std::vector<PendingFile> pending_;
  std::vector<model::Finding> findings_;
  size_t folded_count_ = 0;  // findings that the last fold left
  Judgement current_;        // of the current file
  model::Counts counts_;
  const std::string* shown_ = nullptr;  // name of the current file
};

}  // namespace ouro::engine
