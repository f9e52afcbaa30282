// How another tool's report becomes findings. One importer a format, each one file in formats/ and
// one line in formats/all.cc. An importer is two pure functions of the bytes: what is this, and
// read it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ingest/report_input.h"
#include "model/finding.h"
#include "model/vex.h"

namespace ouro::ingest {

// What a report says about itself. Everything but `tool` may be empty.
struct ReportFacts {
  std::string tool;          // "trivy": the prefix of its check ids; SARIF and the like name it
  std::string tool_version;  // "0.56.1"
  std::string target;        // what was examined: an image, a folder, a cluster, a URL
  std::string created;       // when, RFC 3339 or a date, as the report has it
};

// Takes what an importer reads, in the order of the report. Implementations: a list (dry run,
// tests), the store (engine/import.h).
class Sink {
 public:
  virtual ~Sink() = default;
  // Once, before anything else.
  virtual void Begin(const ReportFacts& facts) = 0;
  virtual void Add(model::Finding&& finding) = 0;
  // Something of the report that could not be taken over, in full or in part, and why.
  virtual void AddProblem(model::Problem&& problem) = 0;
  // Things that the tool examined and found good: counters, never rows.
  virtual void AddPassed(int64_t count) = 0;
  // A component of an SBOM without a finding of its own.
  virtual void AddComponent(model::Package&& package) = 0;
  virtual void AddVex(model::VexStatement&& statement) = 0;
  // A proposal (a role of audit2rbac, say) as the YAML or JSON text of one object.
  virtual void AddProposal(std::string&& text) = 0;
};

// Everything in lists: for --dry-run and for tests.
class ListSink : public Sink {
 public:
  void Begin(const ReportFacts& begin) override { facts = begin; }
  void Add(model::Finding&& finding) override { findings.push_back(std::move(finding)); }
  void AddProblem(model::Problem&& problem) override { problems.push_back(std::move(problem)); }
  void AddPassed(int64_t count) override { passed += count; }
  void AddComponent(model::Package&& package) override { components.push_back(std::move(package)); }
  void AddVex(model::VexStatement&& statement) override { vex.push_back(std::move(statement)); }
  void AddProposal(std::string&& text) override { proposals.push_back(std::move(text)); }

  ReportFacts facts;
  std::vector<model::Finding> findings;
  std::vector<model::Problem> problems;
  std::vector<model::Package> components;
  std::vector<model::VexStatement> vex;
  std::vector<std::string> proposals;
  int64_t passed = 0;
};

// How sure `detect` is. From kSure on the report is taken; below it is only the closest guess of
// the message that refuses an unknown format.
inline constexpr int kNo = 0;
inline constexpr int kGuess = 30;   // some of the keys are there
inline constexpr int kSure = 60;    // the shape is that of this tool
inline constexpr int kNamed = 100;  // the report names the tool or the schema

struct Importer {
  std::string_view name;   // stable: "trivy", "gitlab-sast"; what --tool takes
  std::string_view title;  // for people: "Trivy"
  std::string_view reads;  // "trivy image, fs, config and k8s with --format json"
  std::string_view unit;   // what one finding is: "one vulnerability of one package in one target"
  // How sure it is that the report is of this format: kNo … kNamed. Looks at few keys, never fails.
  int (*detect)(const ReportInput& input);
  // Reads the whole report into the sink. kParse with a place ("line:column" in Error::where) when
  // the bytes are broken, kInvalid when a part that is needed is missing or of the wrong type.
  // Nothing has been added to the sink when it fails: whatever can be wrong is looked at before the
  // first Add, or the caller throws away what it got. A single odd entry is a problem, not a
  // failure.
  Status (*read)(const ReportInput& input, Sink& sink);
};

// All importers, in the order of their names.
std::span<const Importer* const> AllImporters();

// By name; null when there is none.
const Importer* FindImporter(std::string_view name);

// The importer for the report. kUnsupported with the closest guess when none is sure; kParse when
// the bytes begin as JSON or XML but break off (with the place).
Result<const Importer*> DetectImporter(const ReportInput& input);

}  // namespace ouro::ingest
