// What SARIF leaves to each tool: which of the importers' names the driver has, of which class a
// result is, and what the tool writes into message texts. Private to ingest.
#pragma once

#include <string>
#include <string_view>

#include "ingest/field.h"
#include "model/finding.h"

namespace ouro::ingest {
inline namespace vuln_reports {

// A driver as the native importer of the tool names it.
struct SarifDriver {
  std::string prefix;  // "kubelinter"; a slug of the driver's name when nobody knows it
  model::FindingClass finding_class = model::FindingClass::kLint;
  bool known = false;
};

SarifDriver DriverOf(std::string_view name);

// One result before it is spread over its locations.
struct SarifResult {
  const SarifDriver& driver;
  io::NodeView result;
  io::NodeView rule;  // does not exist when the report does not describe it
  std::string rule_id;
  std::string message;
};

// Class of the result: the driver's, or what the rule says of itself (a vulnerability id, Trivy's
// name of the rule, tags "secret", "license").
model::FindingClass ClassOfResult(const SarifResult& from);

// The rule's id without what the tool adds to it ("[HIGH] CVE-…" of old Trivy, the package in the
// ids of Grype).
std::string NativeRuleId(const SarifResult& from);

// Fills what the tool's texts know: package, versions, severity word, object, container; cuts the
// message down to what it says about the subject.
void ReadToolText(const SarifResult& from, model::Finding& finding);

}  // namespace vuln_reports
}  // namespace ouro::ingest
