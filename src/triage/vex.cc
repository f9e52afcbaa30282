#include "triage/vex.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "model/purl.h"

namespace ouro::triage {
namespace {

using model::Finding;
using model::VexProduct;
using model::VexStatement;
using model::VexStatus;

bool IsImageType(std::string_view type) {
  return type == "oci" || type == "docker";
}

// "registry.example:5000/shop/api:1.2@sha256:…" in parts.
struct Reference {
  std::string_view repository;
  std::string_view tag;
  std::string_view digest;
};

Reference SplitReference(std::string_view text) {
  Reference reference;
  const size_t at = text.find('@');
  if (at != std::string_view::npos) reference.digest = text.substr(at + 1);
  text = text.substr(0, at);
  const size_t slash = text.rfind('/');
  const size_t colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  reference.repository = text.substr(0, colon);
  if (colon != std::string_view::npos) reference.tag = text.substr(colon + 1);
  return reference;
}

std::string_view LastName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

VexMatch MatchVersion(const VexProduct& product, std::string_view type, std::string_view wanted,
                      std::string_view installed, VersionOrder order) {
  if (!product.version_range.empty()) {
    return InVersionRange(order, type, installed, product.version_range) ? VexMatch::kRange
                                                                         : VexMatch::kNone;
  }
  if (wanted.empty()) return VexMatch::kProduct;
  return wanted == installed ? VexMatch::kVersion : VexMatch::kNone;
}

// A purl of an image: the digest is its version, the repository a qualifier.
VexMatch MatchImagePurl(const model::Purl& purl, const model::Image& image) {
  const Reference reference = SplitReference(image.reference);
  const std::string_view digest = image.digest.empty() ? reference.digest : image.digest;
  if (StartsWith(purl.version, "sha256:")) {
    return purl.version == digest ? VexMatch::kVersion : VexMatch::kNone;
  }
  const auto repository = purl.qualifiers.find("repository_url");
  if (repository != purl.qualifiers.end()) {
    const bool whole = repository->second == reference.repository;
    const bool folder = repository->second + "/" + purl.name == reference.repository;
    if (!whole && !folder) return VexMatch::kNone;
  } else {
    const std::string path =
        purl.namespace_name.empty() ? purl.name : purl.namespace_name + "/" + purl.name;
    const bool same = reference.repository == path || EndsWith(reference.repository, "/" + path);
    if (!same) return VexMatch::kNone;
  }
  const auto tag = purl.qualifiers.find("tag");
  const std::string_view wanted = tag != purl.qualifiers.end() ? tag->second : purl.version;
  if (wanted.empty()) return VexMatch::kProduct;
  return wanted == reference.tag ? VexMatch::kVersion : VexMatch::kNone;
}

VexMatch MatchPurls(const VexProduct& product, const model::Purl& wanted, std::string_view text,
                    VersionOrder order) {
  const std::optional<model::Purl> own = model::ParsePurl(text);
  if (!own || own->type != wanted.type || own->namespace_name != wanted.namespace_name ||
      own->name != wanted.name) {
    return VexMatch::kNone;
  }
  for (const auto& [key, value] : wanted.qualifiers) {
    const auto found = own->qualifiers.find(key);
    // A finding that does not tell its architecture is not another one.
    if (found != own->qualifiers.end() && found->second != value) return VexMatch::kNone;
  }
  return MatchVersion(product, own->type, wanted.version, own->version, order);
}

VexMatch MatchImageName(std::string_view id, const model::Image& image) {
  if (id.empty()) return VexMatch::kNone;
  const Reference own = SplitReference(image.reference);
  if (id == image.digest || id == own.digest || id == image.reference) return VexMatch::kVersion;
  const Reference wanted = SplitReference(id);
  if (wanted.repository != own.repository) return VexMatch::kNone;
  if (!wanted.digest.empty()) {
    return wanted.digest == image.digest || wanted.digest == own.digest ? VexMatch::kVersion
                                                                        : VexMatch::kNone;
  }
  if (wanted.tag.empty()) return VexMatch::kProduct;
  return wanted.tag == own.tag ? VexMatch::kVersion : VexMatch::kNone;
}

// One name against what the package is.
VexMatch MatchPackage(const VexProduct& product, std::string_view id, const Finding& finding,
                      VersionOrder order) {
  if (!finding.package || id.empty()) return VexMatch::kNone;
  const model::Package& package = *finding.package;
  if (const std::optional<model::Purl> purl = model::ParsePurl(id)) {
    return MatchPurls(product, *purl, package.purl, order);
  }
  return id == package.name ? MatchVersion(product, package.type, {}, package.version, order)
                            : VexMatch::kNone;
}

// One name against what the package is part of.
VexMatch MatchContext(const VexProduct& product, std::string_view id, const Finding& finding,
                      const std::vector<std::string>& products, VersionOrder order) {
  if (id.empty()) return VexMatch::kProduct;
  const std::optional<model::Purl> purl = model::ParsePurl(id);
  VexMatch best = VexMatch::kNone;
  if (finding.image) {
    best = purl && IsImageType(purl->type) ? MatchImagePurl(*purl, *finding.image)
                                           : MatchImageName(id, *finding.image);
  }
  for (const std::string& name : products) {
    const VexMatch match = purl ? MatchPurls(product, *purl, name, order)
                                : (id == name ? VexMatch::kProduct : VexMatch::kNone);
    best = std::max(best, match);
  }
  if (finding.asset && (id == finding.asset->application || id == finding.asset->repository)) {
    best = std::max(best, VexMatch::kProduct);
  }
  return best;
}

// The gravest of all names of the product.
template <typename Match>
VexMatch AnyName(const VexProduct& product, const Match& match) {
  // A product that is known by digests alone is not every product.
  const bool named = !product.id.empty() || product.identifiers.empty();
  VexMatch best = named ? match(product.id) : VexMatch::kNone;
  for (const std::string& name : product.identifiers) best = std::max(best, match(name));
  return best;
}

// The order of caution: what must not be overruled by a statement of the same time comes first.
int Caution(VexStatus status) {
  switch (status) {
    case VexStatus::kAffected:
      return 0;
    case VexStatus::kUnderInvestigation:
      return 1;
    case VexStatus::kFixed:
      return 2;
    case VexStatus::kNotAffected:
      return 3;
  }
  return 4;
}

struct Candidate {
  const VexStatement* statement;
  VexMatch match;
  UnixSeconds at;  // INT64_MIN: unknown
};

bool HoldsBefore(const Candidate& a, const Candidate& b) {
  if (a.at != b.at) return a.at > b.at;
  const int caution_a = Caution(a.statement->status);
  const int caution_b = Caution(b.statement->status);
  if (caution_a != caution_b) return caution_a < caution_b;
  if (a.match != b.match) return a.match > b.match;
  return std::tie(a.statement->author, a.statement->document, a.statement->justification_word) <
         std::tie(b.statement->author, b.statement->document, b.statement->justification_word);
}

// Does the status keep the finding open?
bool KeepsOpen(VexStatus status) {
  return status == VexStatus::kAffected || status == VexStatus::kUnderInvestigation;
}

std::string Speaker(const VexStatement& statement) {
  const std::string author = statement.author.empty() ? "an unnamed author" : statement.author;
  return statement.document.empty() ? author : fmt::format("{} in {}", author, statement.document);
}

std::string ReasonOf(const VexStatement& statement) {
  std::string reason(model::VexStatusName(statement.status));
  if (statement.justification != model::VexJustification::kNone) {
    reason += fmt::format(": {}", model::VexJustificationName(statement.justification));
  }
  if (!statement.impact.empty()) reason += fmt::format(" ({})", statement.impact);
  return fmt::format("{}, says {}", reason, Speaker(statement));
}

// "pkg:oci/api@sha256:…?repository_url=registry.example/shop/api&tag=1.2" (purl-types: oci).
std::string ImagePurl(const model::Image& image) {
  const Reference reference = SplitReference(image.reference);
  if (reference.repository.empty()) return image.digest;
  model::Purl purl;
  purl.type = "oci";
  purl.name = LowerAscii(LastName(reference.repository));
  purl.version = image.digest.empty() ? std::string(reference.digest) : image.digest;
  purl.qualifiers["repository_url"] = std::string(reference.repository);
  if (!reference.tag.empty()) purl.qualifiers["tag"] = std::string(reference.tag);
  return model::FormatPurl(purl);
}

}  // namespace

VexMatch MatchProduct(const VexProduct& product, const Finding& finding,
                      const std::vector<std::string>& products, VersionOrder order) {
  const auto context = [&](std::string_view id) {
    return MatchContext(product, id, finding, products, order);
  };
  const auto package = [&](std::string_view id) {
    return MatchPackage(product, id, finding, order);
  };
  if (product.subcomponents.empty()) {
    return std::max(AnyName(product, context), AnyName(product, package));
  }
  const VexMatch place = AnyName(product, context);
  if (place == VexMatch::kNone) return VexMatch::kNone;
  VexMatch part = VexMatch::kNone;
  // The range is the product's, not its parts'.
  const VexProduct plain;
  for (const std::string& id : product.subcomponents) {
    part = std::max(part, MatchPackage(plain, id, finding, order));
  }
  return part == VexMatch::kNone ? part : std::max(place, part);
}

VexIndex::VexIndex(const std::vector<VexStatement>& statements, VersionOrder order)
    : order_(order) {
  for (const VexStatement& statement : statements) {
    by_id_[statement.vulnerability].push_back(&statement);
    for (const std::string& alias : statement.aliases) {
      if (alias != statement.vulnerability) by_id_[alias].push_back(&statement);
    }
  }
}

void VexIndex::Collect(std::string_view id, std::vector<const VexStatement*>& out) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  for (const VexStatement* statement : found->second) {
    if (std::find(out.begin(), out.end(), statement) == out.end()) out.push_back(statement);
  }
}

VexVerdict VexIndex::Find(const Finding& finding, const std::vector<std::string>& products) const {
  VexVerdict verdict;
  if (!finding.vuln) return verdict;
  std::vector<const VexStatement*> statements;
  Collect(finding.vuln->id, statements);
  for (const std::string& alias : finding.vuln->aliases) Collect(alias, statements);
  std::vector<Candidate> candidates;
  for (const VexStatement* statement : statements) {
    VexMatch match = VexMatch::kNone;
    for (const VexProduct& product : statement->products) {
      match = std::max(match, MatchProduct(product, finding, products, order_));
    }
    if (match == VexMatch::kNone) continue;
    if (statement->status == VexStatus::kFixed && match == VexMatch::kProduct) continue;
    candidates.push_back(
        {statement, match, ParseRfc3339(statement->timestamp).value_or(INT64_MIN)});
  }
  if (candidates.empty()) return verdict;
  std::sort(candidates.begin(), candidates.end(), HoldsBefore);
  verdict.statement = candidates.front().statement;
  verdict.match = candidates.front().match;
  std::vector<std::string_view> heard = {verdict.statement->author};
  for (const Candidate& candidate : candidates) {
    const std::string_view author = candidate.statement->author;
    if (std::find(heard.begin(), heard.end(), author) != heard.end()) continue;
    heard.push_back(author);
    if (candidate.statement->status != verdict.statement->status) {
      verdict.conflicts.push_back(candidate.statement);
    }
  }
  return verdict;
}

VexCounts ApplyVex(std::vector<Finding>& findings, const VexIndex& index,
                   std::vector<model::Problem>& problems) {
  VexCounts counts;
  for (Finding& finding : findings) {
    if (finding.status != model::FindingStatus::kOpen) continue;
    const VexVerdict verdict = index.Find(finding);
    if (verdict.statement == nullptr) continue;
    if (!verdict.conflicts.empty()) {
      ++counts.conflicts;
      model::Problem problem;
      problem.kind = "vex_conflict";
      problem.file = finding.location.file;
      problem.object = finding.package ? finding.package->purl : std::string();
      problem.message =
          fmt::format("{}: {} says {}, {} said {}; the newer one holds", finding.vuln->id,
                      Speaker(*verdict.statement), model::VexStatusName(verdict.statement->status),
                      Speaker(*verdict.conflicts.front()),
                      model::VexStatusName(verdict.conflicts.front()->status));
      problem.warning = true;
      problems.push_back(std::move(problem));
    }
    if (KeepsOpen(verdict.statement->status)) {
      ++counts.confirmed;
      continue;
    }
    ++counts.suppressed;
    finding.status = model::FindingStatus::kSuppressed;
    finding.suppressed = model::Suppression{"vex", ReasonOf(*verdict.statement), {}};
  }
  return counts;
}

VexStatus VexStatusOf(std::string_view status, bool confirmed) {
  struct Row {
    std::string_view word;
    VexStatus status;
  };
  constexpr std::array kRows = {
      Row{"duplicate", VexStatus::kUnderInvestigation},
      Row{"false_positive", VexStatus::kNotAffected},
      Row{"fix_proposed", VexStatus::kAffected},
      Row{"fixed_unverified", VexStatus::kAffected},
      Row{"in_progress", VexStatus::kAffected},
      Row{"not_affected", VexStatus::kNotAffected},
      Row{"out_of_scope", VexStatus::kUnderInvestigation},
      Row{"resolved", VexStatus::kFixed},
      Row{"risk_accepted", VexStatus::kAffected},
  };
  for (const Row& row : kRows) {
    if (row.word == status) return row.status;
  }
  return confirmed ? VexStatus::kAffected : VexStatus::kUnderInvestigation;
}

VexStatement StatementOf(const Finding& finding, const VexDecision& decision) {
  VexStatement statement;
  if (!finding.vuln) return statement;
  statement.vulnerability = finding.vuln->id;
  statement.aliases = finding.vuln->aliases;
  statement.status = VexStatusOf(decision.status, decision.status == "triaged");
  statement.timestamp = decision.at;
  statement.author = decision.who;
  const std::string package = finding.package ? finding.package->purl : std::string();
  VexProduct product;
  product.id = finding.image ? ImagePurl(*finding.image) : package;
  if (finding.image && !package.empty()) product.subcomponents.push_back(package);
  if (finding.image && !finding.image->digest.empty()) {
    product.identifiers.push_back(finding.image->digest);
  }
  if (!product.id.empty()) statement.products.push_back(std::move(product));
  if (statement.status == VexStatus::kNotAffected) {
    statement.justification = model::ParseVexJustification(decision.justification)
                                  .value_or(model::VexJustification::kNone);
    statement.justification_word = decision.justification;
    // The record is wrong: what it names is not there.
    if (decision.status == "false_positive" &&
        statement.justification == model::VexJustification::kNone) {
      statement.justification = model::VexJustification::kComponentNotPresent;
    }
    statement.impact = decision.reason;
  } else if (statement.status == VexStatus::kAffected) {
    statement.action = decision.reason;
    if (decision.status == "risk_accepted") statement.response = "will_not_fix";
  } else {
    statement.impact = decision.reason;
  }
  return statement;
}

std::vector<VexStatement> MergeStatements(std::vector<VexStatement> statements) {
  const auto key = [](const VexStatement& s) {
    return std::tie(s.vulnerability, s.status, s.justification, s.justification_word, s.impact,
                    s.action, s.response, s.timestamp, s.author, s.aliases, s.document);
  };
  std::sort(statements.begin(), statements.end(),
            [&key](const VexStatement& a, const VexStatement& b) { return key(a) < key(b); });
  std::vector<VexStatement> merged;
  for (VexStatement& statement : statements) {
    if (merged.empty() || key(merged.back()) != key(statement)) {
      merged.push_back(std::move(statement));
      continue;
    }
    std::move(statement.products.begin(), statement.products.end(),
              std::back_inserter(merged.back().products));
  }
  const auto less = [](const VexProduct& a, const VexProduct& b) {
    return std::tie(a.id, a.version_range, a.subcomponents, a.identifiers) <
           std::tie(b.id, b.version_range, b.subcomponents, b.identifiers);
  };
  for (VexStatement& statement : merged) {
    std::vector<VexProduct>& products = statement.products;
    std::sort(products.begin(), products.end(), less);
    products.erase(std::unique(products.begin(), products.end()), products.end());
  }
  return merged;
}

}  // namespace ouro::triage
