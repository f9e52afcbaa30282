#include "engine/import.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/finding_judge.h"
#include "engine/import_finding.h"
#include "engine/import_vex.h"
#include "fmt/format.h"
#include "gate/gate.h"
#include "scan/source.h"
#include "triage/triage.h"
#include "triage/vex.h"

namespace ouro::engine {
namespace {

// A report that was read: which importer takes it.
struct OpenReport {
  std::unique_ptr<ingest::ReportInput> input;
  const ingest::Importer* importer = nullptr;
};

model::Problem ProblemOf(const Error& error, const std::string& file) {
  model::Problem problem;
  problem.kind = ErrorCodeName(error.code);
  problem.file = file;
  problem.message = error.message;
  const size_t colon = error.where.find(':');
  problem.line = ParseInt64(error.where.substr(0, colon)).value_or(0);
  if (colon != std::string::npos) {
    problem.column = ParseInt64(error.where.substr(colon + 1)).value_or(0);
  }
  return problem;
}

Result<OpenReport> OpenFile(const ImportRequest& request, const scan::SourceFile& file) {
  std::string bytes;
  OURO_TRY_STATUS(scan::ReadFile(file, request.file_size_max, bytes));
  OpenReport open;
  open.input = std::make_unique<ingest::ReportInput>(file.shown, std::move(bytes));
  if (open.input->bytes().find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return Fail(ErrorCode::kInvalid, "the report is empty: the tool that wrote it may have failed");
  }
  if (!request.tool.empty()) {
    open.importer = ingest::FindImporter(request.tool);
    return open;
  }
  OURO_TRY(open.importer, ingest::DetectImporter(*open.input));
  return open;
}

store::Scope ScopeOf(const ImportRequest& request, const ingest::ReportFacts& facts) {
  return {facts.tool, request.target.empty() ? facts.target : request.target, request.branch,
          request.application};
}

std::string ScopeText(const store::Scope& scope) {
  std::string text = scope.tool;
  for (const std::string* part : {&scope.target, &scope.branch, &scope.application}) {
    if (!part->empty()) text += " " + *part;
  }
  return text;
}

// Counts what an importer gives and hands findings on, completed.
class CompletingSink : public ingest::Sink {
 public:
  CompletingSink(const ImportRequest& request, ImportedReport& report)
      : request_(request), report_(report), completer_(request) {}

  void Begin(const ingest::ReportFacts& facts) override {
    report_.facts = facts;
    report_.scope = ScopeText(ScopeOf(request_, facts));
    completer_.Begin(facts);
  }
  void Add(model::Finding&& finding) override {
    ++report_.findings;
    if (request_.severity_min && finding.severity < *request_.severity_min) {
      ++report_.below;
      return;
    }
    if (!wanted_) return;
    completer_.Complete(finding);
    Take(std::move(finding));
  }
  void AddProblem(model::Problem&& problem) override {
    if (problem.file.empty()) problem.file = report_.file;
    report_.problems.push_back(std::move(problem));
  }
  void AddPassed(int64_t count) override { report_.passed += count; }
  void AddComponent(model::Package&& /*package*/) override { ++report_.components; }
  void AddVex(model::VexStatement&& statement) override {
    ++report_.vex;
    if (wanted_) vex_.push_back(std::move(statement));
  }
  const std::vector<model::VexStatement>& vex() const { return vex_; }
  void AddProposal(std::string&& /*text*/) override { ++report_.proposals; }

 protected:
  virtual void Take(model::Finding&& finding) = 0;
  void SetWanted(bool wanted) { wanted_ = wanted; }
  const ImportRequest& request() const { return request_; }
  ImportedReport& report() { return report_; }

 private:
  const ImportRequest& request_;
  ImportedReport& report_;
  FindingCompleter completer_;
  std::vector<model::VexStatement> vex_;
  bool wanted_ = true;
};

// Keeps nothing: for the first of two readings.
class CountingSink : public CompletingSink {
 public:
  CountingSink(const ImportRequest& request, ImportedReport& report)
      : CompletingSink(request, report) {
    SetWanted(false);
  }

 private:
  void Take(model::Finding&& /*finding*/) override {}
};

class VectorSink : public CompletingSink {
 public:
  VectorSink(const ImportRequest& request, ImportedReport& report,
             std::vector<model::Finding>& findings)
      : CompletingSink(request, report), findings_(findings) {}

 private:
  void Take(model::Finding&& finding) override { findings_.push_back(std::move(finding)); }
  std::vector<model::Finding>& findings_;
};

// What a session is begun with.
store::ImportMeta MetaOf(const ImportRequest& request, const ingest::ReportFacts& facts,
                         std::string digest) {
  store::ImportMeta meta;
  meta.close_old = request.close_old;
  meta.digest = std::move(digest);
  meta.command = "import";
  meta.tool_version = facts.tool_version;
  meta.commit = request.commit;
  if (request.judge != nullptr) {
    meta.sla_due = [judge = request.judge](const store::SlaQuestion& question) {
      return judge->Due(question);
    };
  }
  return meta;
}

// Writes into a session of the store. The session is begun with the first report's facts, unless
// one is given: then several reports of one scope share it.
class StoreSink : public CompletingSink {
 public:
  StoreSink(const ImportRequest& request, ImportedReport& report, store::Store& store,
            std::string digest, store::ImportSession* shared)
      : CompletingSink(request, report),
        store_(store),
        digest_(std::move(digest)),
        session_(shared) {}

  void Begin(const ingest::ReportFacts& facts) override {
    CompletingSink::Begin(facts);
    if (session_ != nullptr) return;
    auto begun = store_.BeginImport(ScopeOf(request(), facts), MetaOf(request(), facts, digest_),
                                    request().now);
    if (!begun) {
      status_ = tl::unexpected<Error>(begun.error());
      SetWanted(false);
      return;
    }
    own_ = std::make_unique<store::ImportSession>(std::move(*begun));
    session_ = own_.get();
    SetWanted(!session_->is_repeat());
  }

  // The first error of the store; no more findings are taken after it.
  const Status& status() const { return status_; }

  Result<store::ImportCounts> Finish(const store::CommitOptions& options) {
    if (!status_) return tl::unexpected<Error>(status_.error());
    if (own_ == nullptr) return store::ImportCounts{};
    if (own_->is_repeat()) {
      report().repeated = true;
      return own_->Repeat();
    }
    return own_->Commit(options);
  }

 private:
  void Take(model::Finding&& finding) override {
    const auto key = store::ParseObservationKey(triage::ObservationKey(finding));
    if (!key) {
      status_ = tl::unexpected<Error>(key.error());
    } else {
      const FindingJudge* judge = request().judge;
      const std::string owner = judge == nullptr ? "" : judge->Owner(finding);
      const std::string group = judge == nullptr ? "" : judge->FixGroup(finding);
      status_ = session_->Add(finding, *key, owner, group);
    }
    if (!status_) SetWanted(false);
  }

  store::Store& store_;
  std::string digest_;
  store::ImportSession* session_;
  std::unique_ptr<store::ImportSession> own_;
  Status status_;
};

void AddCounts(const store::ImportCounts& part, store::ImportCounts& total) {
  total.received += part.received;
  total.created += part.created;
  total.issues_created += part.issues_created;
  total.observed += part.observed;
  total.reopened += part.reopened;
  total.issues_reopened += part.issues_reopened;
  total.updated += part.updated;
  total.unchanged += part.unchanged;
  total.folded += part.folded;
  total.closed += part.closed;
  total.issues_resolved += part.issues_resolved;
  total.untouched += part.untouched;
}

// What decides about a report besides its bytes: the same bytes under other options are another
// import.
std::string DigestOf(const ImportRequest& request, std::string_view bytes) {
  TupleHasher hasher("ouro/import/v1");
  hasher.Add("version", Version());
  hasher.Add("options",
             fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", request.tool, request.environment,
                         request.cluster, request.repository, request.stage, request.source,
                         request.severity_min ? static_cast<int>(*request.severity_min) : -1,
                         request.close_old));
  hasher.Add("bytes", bytes);
  return hasher.Finish();
}

class Importing {
 public:
  Importing(const ImportRequest& request, store::Store* store, ImportOutcome& outcome)
      : request_(request), store_(store), outcome_(outcome) {}

  // Finds the files of the request, in order.
  Status FindFiles() {
    if (!request_.tool.empty() && ingest::FindImporter(request_.tool) == nullptr) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("--tool does not know \"{}\": `ouro import --formats` lists all",
                              request_.tool));
    }
    scan::WalkOptions options;
    options.use_gitignore = false;
    options.file_size_max = request_.file_size_max;
    options.stdin_name = request_.stdin_name;
    return scan::Walk(request_.paths, options, [this](scan::WalkEntry&& entry) {
      if (entry.outcome == scan::WalkEntry::Outcome::kFile) files_.push_back(std::move(entry.file));
      if (entry.outcome == scan::WalkEntry::Outcome::kProblem) {
        outcome_.problems.push_back(std::move(entry.problem));
        ++outcome_.refused;
      }
      return request_.stop == nullptr || !request_.stop->load();
    });
  }

  const std::vector<scan::SourceFile>& files() const { return files_; }

  // Opens one report; a file that is none is said so and gives nothing.
  std::optional<OpenReport> Open(const scan::SourceFile& file) {
    Result<OpenReport> open = OpenFile(request_, file);
    if (open) return std::move(*open);
    model::Problem problem = ProblemOf(open.error(), file.shown);
    // In a folder not every file is a report.
    const bool stray = !file.named && open.error().code == ErrorCode::kUnsupported;
    if (stray) {
      ++outcome_.skipped;
      problem.warning = true;
    } else {
      ++outcome_.refused;
    }
    outcome_.problems.push_back(std::move(problem));
    return std::nullopt;
  }

  void Refuse(const Error& error, const std::string& file) {
    outcome_.problems.push_back(ProblemOf(error, file));
    ++outcome_.refused;
  }

  // Reads one report into a session of its own.
  Status ImportOne(const scan::SourceFile& file) {
    std::optional<OpenReport> open = Open(file);
    if (!open) return {};
    ImportedReport report;
    report.file = file.shown;
    report.importer = open->importer;
    StoreSink sink(request_, report, *store_, DigestOf(request_, open->input->bytes()), nullptr);
    const Status read = open->importer->read(*open->input, sink);
    OURO_TRY_STATUS(sink.status());
    if (!read) {
      Refuse(read.error(), file.shown);
      return {};
    }
    OURO_TRY(report.counts, sink.Finish(CommitOptions()));
    KeepVex(sink.vex());
    AddCounts(report.counts, outcome_.total);
    Keep(std::move(report));
    return {};
  }

  // Reports that close: those of one scope go into one session, wherever they stand in the order.
  Status ImportByScope() {
    std::map<std::string, std::vector<size_t>> by_scope;
    for (size_t i = 0; i < files_.size(); ++i) {
      std::optional<OpenReport> open = Open(files_[i]);
      if (!open) continue;
      ImportedReport report;
      report.file = files_[i].shown;
      report.importer = open->importer;
      CountingSink sink(request_, report);
      if (const Status read = open->importer->read(*open->input, sink); !read) {
        Refuse(read.error(), report.file);
        continue;
      }
      by_scope[store::ScopeName(ScopeOf(request_, report.facts))].push_back(i);
      first_.emplace(i, std::move(report));
    }
    for (const auto& [scope, indexes] : by_scope) OURO_TRY_STATUS(ImportScope(indexes));
    return {};
  }

  store::CommitOptions CommitOptions() const {
    store::CommitOptions options;
    options.messages = request_.messages;
    return options;
  }

  void KeepVex(const std::vector<model::VexStatement>& statements) {
    vex_.insert(vex_.end(), statements.begin(), statements.end());
  }
  const std::vector<model::VexStatement>& vex() const { return vex_; }

  void Keep(ImportedReport report) {
    outcome_.problems.insert(outcome_.problems.end(), report.problems.begin(),
                             report.problems.end());
    outcome_.reports.push_back(std::move(report));
  }

 private:
  Status ImportScope(const std::vector<size_t>& indexes) {
    if (indexes.size() == 1) return ImportOne(files_[indexes.front()]);
    const ingest::ReportFacts& facts = first_.at(indexes.front()).facts;
    OURO_TRY(
        store::ImportSession session,
        store_->BeginImport(ScopeOf(request_, facts), MetaOf(request_, facts, ""), request_.now));
    for (const size_t index : indexes) {
      OURO_TRY(OpenReport open, OpenFile(request_, files_[index]));
      ImportedReport report;
      report.file = files_[index].shown;
      report.importer = open.importer;
      StoreSink sink(request_, report, *store_, "", &session);
      OURO_TRY_STATUS(open.importer->read(*open.input, sink));
      OURO_TRY_STATUS(sink.status());
      KeepVex(sink.vex());
      Keep(std::move(report));
    }
    OURO_TRY(const store::ImportCounts counts, session.Commit(CommitOptions()));
    outcome_.reports.back().counts = counts;
    AddCounts(counts, outcome_.total);
    return {};
  }

  const ImportRequest& request_;
  store::Store* store_;
  ImportOutcome& outcome_;
  std::vector<scan::SourceFile> files_;
  std::map<size_t, ImportedReport> first_;  // by index into files_
  std::vector<model::VexStatement> vex_;
};

bool Stopped(const ImportRequest& request) {
  return request.stop != nullptr && request.stop->load();
}

}  // namespace

Result<ImportOutcome> Import(const ImportRequest& request, store::Store& store) {
  ImportOutcome outcome;
  Importing importing(request, &store, outcome);
  OURO_TRY_STATUS(importing.FindFiles());
  if (request.close_old && importing.files().size() > 1) {
    OURO_TRY_STATUS(importing.ImportByScope());
  } else {
    for (const scan::SourceFile& file : importing.files()) {
      if (Stopped(request)) break;
      OURO_TRY_STATUS(importing.ImportOne(file));
    }
  }
  OURO_TRY(outcome.cleared_by_vex, DecideByVex(importing.vex(), store, request.now));
  return outcome;
}

Result<model::Report> ReadReports(const ImportRequest& request, bool fold, ImportOutcome& outcome) {
  Importing importing(request, nullptr, outcome);
  OURO_TRY_STATUS(importing.FindFiles());
  model::Report report;
  report.run.ouro_version = Version();
  report.run.command = "import";
  report.run.paths = request.paths;
  report.run.started = FormatRfc3339(request.now);
  for (const scan::SourceFile& file : importing.files()) {
    if (Stopped(request)) break;
    std::optional<OpenReport> open = importing.Open(file);
    if (!open) continue;
    ImportedReport imported;
    imported.file = file.shown;
    imported.importer = open->importer;
    std::vector<model::Finding> findings;
    VectorSink sink(request, imported, findings);
    if (const Status read = open->importer->read(*open->input, sink); !read) {
      importing.Refuse(read.error(), file.shown);
      continue;
    }
    importing.KeepVex(sink.vex());
    report.counts.passed += imported.passed;
    ++report.counts.files_examined;
    std::move(findings.begin(), findings.end(), std::back_inserter(report.findings));
    importing.Keep(std::move(imported));
  }
  report.counts.files_skipped = outcome.skipped;
  report.counts.files_failed = outcome.refused;
  report.counts.files = report.counts.files_examined + outcome.skipped + outcome.refused;
  report.problems = outcome.problems;
  if (!importing.vex().empty()) {
    triage::ApplyVex(report.findings, triage::VexIndex(importing.vex()), report.problems);
  }
  if (fold) triage::FoldDuplicates(report.findings);
  triage::CountFindings(report.findings, report.problems, report.counts);
  return report;
}

}  // namespace ouro::engine
