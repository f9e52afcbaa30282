// Facts of vulnerabilities: kept once, so that a feed's reload touches no finding.
#include <memory>

#include "fmt/format.h"
#include "store/core.h"
#include "store/derive.h"
#include "store/evidence.h"
#include "store/read.h"
#include "store/store.h"

namespace ouro::store {
namespace {

using Judge = std::function<model::Judgement(const model::Finding&, const VulnFacts&)>;

// Gives the numbers of the vulnerabilities whose facts changed, with the facts.
Result<std::unordered_map<uint32_t, const VulnFacts*>> StoreFacts(Core& core,
                                                                  std::span<const VulnFacts> facts,
                                                                  UnixSeconds now) {
  std::unordered_map<uint32_t, const VulnFacts*> changed;
  OURO_TRY(Statement update,
           core.database->Prepare(
               "UPDATE vulns SET epss = ?1, epss_percentile = ?2, epss_at = ?3, kev = ?4, "
               "exploitation = ?5, automatable = ?6, technical_impact = ?7 WHERE id = ?8 AND "
               "(epss <> ?1 OR epss_percentile <> ?2 OR kev <> ?4 OR exploitation <> ?5 OR "
               "automatable <> ?6 OR technical_impact <> ?7) RETURNING vuln_key"));
  for (const VulnFacts& fact : facts) {
    update.Bind(fact.epss).Bind(fact.epss_percentile).Bind(now).Bind(int64_t{fact.kev});
    update.Bind(fact.exploitation).Bind(fact.automatable).Bind(fact.technical_impact);
    update.Bind(fact.id);
    OURO_TRY(const bool row, update.Step());
    if (row) changed.emplace(static_cast<uint32_t>(update.Int()), &fact);
    update.Reset();
  }
  return changed;
}

// Findings that are seen and refer to one of the vulnerabilities.
Result<std::vector<int64_t>> Concerned(
    Core& core, const std::unordered_map<uint32_t, const VulnFacts*>& changed) {
  std::vector<int64_t> keys;
  OURO_TRY(const uint32_t segment_count, core.columns.SegmentCount(Table::kFindings));
  const auto states = std::make_unique<ColumnData>();
  const auto vulns = std::make_unique<ColumnData>();
  for (uint32_t segment = 0; segment < segment_count; ++segment) {
    OURO_TRY(const uint32_t count,
             core.columns.Read(Table::kFindings, Column::kState, segment, *states));
    OURO_TRY_STATUS(core.columns.Read(Table::kFindings, Column::kVuln, segment, *vulns));
    for (uint32_t i = 0; i < count; ++i) {
      if (((*states)[i] & kStateSeen) == 0 || (*vulns)[i] == 0) continue;
      if (!changed.contains((*vulns)[i])) continue;
      keys.push_back(int64_t{segment} * kSegmentItemCount + i + 1);
    }
  }
  return keys;
}

// Gives the finding the judgement that follows from the facts, in the evidence that is shown.
Status JudgeAnew(Core& core, int64_t key, const VulnFacts& facts, const Judge& judge,
                 UnixSeconds now) {
  OURO_TRY(const FindingRow row, core.LoadFinding(key));
  OURO_TRY(StoredFinding stored, ReadFinding(core, key));
  model::Finding& finding = stored.finding;
  finding.judgement = judge(finding, facts);
  OURO_TRY(const std::string owner, core.dictionary.TextOf(row.owner));
  OURO_TRY(const std::string fix_group, core.dictionary.TextOf(row.fix_group));
  EvidenceHead head;
  std::string evidence;
  OURO_TRY_STATUS(PackEvidence(core.dictionary, finding, owner, fix_group, now, head, evidence));
  OURO_TRY(Statement update,
           core.database->Prepare("UPDATE observations SET evidence = ? WHERE finding_key = ? "
                                  "AND scope_id = ? AND observation_key = ?"));
  update.BindBlob(evidence).Bind(key).Bind(row.scope).Bind(row.observation);
  return update.Run();
}

}  // namespace

Result<int64_t> Store::SetVulnFacts(std::span<const VulnFacts> facts, UnixSeconds now,
                                    const Judge& judge) {
  Core& core = *core_;
  OURO_TRY(Transaction transaction, core.BeginWriting());
  const auto work = [&]() -> Result<int64_t> {
    OURO_TRY(const auto changed, StoreFacts(core, facts, now));
    if (judge && !changed.empty()) {
      OURO_TRY(const std::vector<int64_t> keys, Concerned(core, changed));
      Derivation derivation;
      derivation.now = now;
      derivation.who = "facts";
      for (const int64_t key : keys) {
        OURO_TRY(const FindingRow row, core.LoadFinding(key));
        OURO_TRY_STATUS(JudgeAnew(core, key, *changed.at(row.vuln), judge, now));
      }
      derivation.findings = keys;
      OURO_TRY_STATUS(Derive(core, derivation));
    }
    OURO_TRY_STATUS(transaction.Commit());
    return static_cast<int64_t>(changed.size());
  };
  Result<int64_t> count = work();
  if (!count) core.Forget();
  return count;
}

Result<VulnFacts> Store::FindVulnFacts(std::string_view id_or_alias) {
  OURO_TRY(Statement get, core_->database->Prepare(
                              "SELECT id, epss, epss_percentile, kev, exploitation, automatable, "
                              "technical_impact FROM vulns WHERE id = ?1 OR vuln_key IN "
                              "(SELECT vuln_key FROM vuln_aliases WHERE alias = ?1) "
                              "ORDER BY id <> ?1, id LIMIT 1"));
  get.Bind(id_or_alias);
  OURO_TRY(const bool found, get.Step());
  if (!found) {
    return Fail(ErrorCode::kNotFound, fmt::format("no finding has {}", id_or_alias),
                core_->database->path());
  }
  VulnFacts facts;
  facts.id = get.Text();
  facts.epss = get.Double();
  facts.epss_percentile = get.Double();
  facts.kev = get.Int() != 0;
  facts.exploitation = get.Text();
  facts.automatable = get.Text();
  facts.technical_impact = get.Text();
  return facts;
}

}  // namespace ouro::store
