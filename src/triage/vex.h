// VEX: which statements speak of a finding, which of them holds, and what ouro's own decisions say
// in the words of VEX. docs/formats/vex.md has the tables. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"
#include "model/vex.h"
#include "triage/version_order.h"

namespace ouro::triage {

// What a statement's product was matched with.
enum class VexMatch : uint8_t {
  kNone,
  kProduct,  // the product without version, or with every version
  kRange,    // the installed version lies in the statement's range
  kVersion   // the very version, or the digest of the image
};

// Does a product of the statement mean the place of the finding?
//
// A package is matched by its purl: type, namespace and name are equal, qualifiers of the statement
// are those of the finding, and the version is the same where the statement names one. An image is
// matched by its digest, its reference, its repository, or a purl of type oci or docker. Names that
// are no purls are compared with the image, the application, the repository and `products`. With
// subcomponents the product must be where the package is, and one of them the package itself.
//
// `products` are further names of what the finding is part of (the root component of an SBOM).
VexMatch MatchProduct(const model::VexProduct& product, const model::Finding& finding,
                      const std::vector<std::string>& products, VersionOrder order);

struct VexVerdict {
  const model::VexStatement* statement = nullptr;  // that holds; nullptr: none speaks of it
  VexMatch match = VexMatch::kNone;
  // The newest statement of each other author that says something else, newest first.
  std::vector<const model::VexStatement*> conflicts;
};

// Statements, found by vulnerability. The statements must outlive it.
class VexIndex {
 public:
  explicit VexIndex(const std::vector<model::VexStatement>& statements,
                    VersionOrder order = NaturalVersionOrder);

  // The newest statement that matches holds (one without a time is older than all others). Of equal
  // times the more cautious one: affected, under investigation, fixed, not affected. "fixed" counts
  // only for a version or range: of a product as such it does not say since when. A statement
  // without products matches nothing.
  VexVerdict Find(const model::Finding& finding,
                  const std::vector<std::string>& products = {}) const;

 private:
  void Collect(std::string_view id, std::vector<const model::VexStatement*>& out) const;

  std::unordered_map<std::string_view, std::vector<const model::VexStatement*>> by_id_;
  VersionOrder order_;
};

struct VexCounts {
  int64_t suppressed = 0;  // findings that a statement closed
  int64_t confirmed = 0;   // findings that a statement calls affected or under investigation
  int64_t conflicts = 0;   // findings on which authors disagree
};

// Suppresses open findings that the statement calls not affected or fixed, by "vex"; the reason
// names justification, author and document. Each conflict is one warning in `problems`.
VexCounts ApplyVex(std::vector<model::Finding>& findings, const VexIndex& index,
                   std::vector<model::Problem>& problems);

// ouro's own decision on a finding or issue, in the words of the store.
struct VexDecision {
  std::string status;         // "not_affected", "false_positive", "risk_accepted", "resolved", …
  std::string justification;  // a word of VEX; empty: none
  std::string reason;         // free text
  std::string who;
  std::string at;  // RFC 3339
};

// The status of VEX for a status of ours (field table: new, triaged and the like are under
// investigation or affected). `confirmed`: triage said that it is true.
model::VexStatus VexStatusOf(std::string_view status, bool confirmed);

// The statement that a decision is. Product: the image with the package as subcomponent, else the
// package; empty vulnerability when the finding is none (the caller leaves it out).
model::VexStatement StatementOf(const model::Finding& finding, const VexDecision& decision);

// Joins statements that differ in their products only, and sorts by vulnerability, status and so
// on: the same decisions give the same document.
std::vector<model::VexStatement> MergeStatements(std::vector<model::VexStatement> statements);

}  // namespace ouro::triage
