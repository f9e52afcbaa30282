// Triage: identity, duplicates, suppressions, baseline. Pure functions of values.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/finding.h"
#include "model/report.h"
#include "triage/identity.h"

namespace ouro::triage {

// Gives every finding its id and its issue (triage/identity.h).
void AssignFingerprints(std::vector<model::Finding>& findings);

// Folds findings with equal id into one: the first by file and line stays, counts add up, the
// places of the others are kept (sorted, each once, at most kOtherLocationCountMax). A finding that
// is open in one place stays open, whatever was suppressed in another: a suppression never reaches
// further than it was written. Therefore run it after ApplySuppressions. Findings without id stay
// apart. The result does not depend on the order of the input and is ordered as SortFindings
// orders; folding parts first and then all that is left gives the same as folding everything.
inline constexpr int kOtherLocationCountMax = 20;
void FoldDuplicates(std::vector<model::Finding>& findings);

// A suppression that applies to findings by pure data (what scan found inline, or ouro.yaml's).
struct SuppressionRule {
  std::string by;
  std::string selector;  // see SelectorMatches
  std::string reason;
  std::string until;  // RFC 3339 date: the last day on which it holds (UTC)
  // Scope; empty or 0 fields match everything.
  std::string file;  // exact: what stands inside a file must never reach into another one, whatever
                     // the files are called
  std::string file_glob;  // glob over the file, for rules of ouro.yaml
  int64_t document = -1;
  model::Resource resource;  // glob per field
  std::string container;
  int64_t line = 0;
  // Filled by ApplySuppressions.
  int64_t matched = 0;
};

// Marks findings (status, suppressed) and counts in each rule how many it hid. Rules are tried in
// order; the first match wins; findings that are suppressed already stay as they are. A rule holds
// up to the end of its last day (UTC). An expired rule, or one whose date cannot be read, does not
// apply; when it leaves a finding open that it would have hidden, it is one warning in `problems`.
void ApplySuppressions(std::vector<model::Finding>& findings, std::vector<SuppressionRule>& rules,
                       UnixSeconds now, std::vector<model::Problem>& problems);

// Does `selector` name this finding? It is a check id, an alias ("checkov:CKV_K8S_16"), a concept
// or a finding's id, compared exactly; with '*' it is a glob over check id and aliases ("checkov:*"
// names every finding that has an id of that tool), and "*" alone names every finding.
bool SelectorMatches(std::string_view selector, const model::Finding& finding);

// Marks findings whose id the baseline knows as suppressed by "baseline"; findings that are
// suppressed already keep their suppression.
void ApplyBaseline(std::vector<model::Finding>& findings, const std::set<std::string>& known_ids);

// Reads the ids that a baseline file knows. Five forms are told apart by content: a baseline file
// as WriteBaseline writes it, a JSON report, an NDJSON report and a SARIF report of ours, and plain
// text with one id a line ('#' begins a comment). Of a report the open findings count and those
// that its own baseline hid; a finding that was suppressed by its author does not, so that it comes
// back when the suppression ends. `name` is for messages. kParse for broken bytes, kInvalid for a
// document that is none of these (another tool's SARIF, say), kLimit past limits::kFindingCount.
Result<std::set<std::string>> ReadBaseline(std::string bytes, std::string_view name);

// The baseline file for what is known now: one line a finding, sorted by id, so that a review shows
// what was accepted. Takes the same findings of a report as ReadBaseline does.
std::string WriteBaseline(const std::vector<model::Finding>& findings);

// Fills the counts that follow from findings and problems: `open` by severity, `suppressed`
// (without the baseline's), `baseline` and `not_examined`.
void CountFindings(const std::vector<model::Finding>& findings,
                   const std::vector<model::Problem>& problems, model::Counts& counts);

// Order of every report: file, line, column, check, id; then all that could still differ, so that
// the order is total and the input's order never shows.
void SortFindings(std::vector<model::Finding>& findings);

}  // namespace ouro::triage
