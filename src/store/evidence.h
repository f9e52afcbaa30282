// The evidence of an observation: a finding as one report had it, packed. Private to store.
//
// A record of a version byte, then fields in fixed order: numbers as varints (signed ones
// zigzagged), interned values by their number (store/dictionary.h), texts of their own with their
// size before them. What changes with every run though nothing changed (tool version, commit) is
// not in it but with the scope; what a feed changes (EPSS, KEV) is with the vulnerability.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/finding.h"
#include "store/dictionary.h"
#include "store/issue.h"

namespace ouro::store {

// What the store asks of an observation without unpacking all of it; stands first in the record.
struct EvidenceHead {
  uint32_t finding_class = 0;
  uint32_t severity = 0;
  uint32_t status = 0;  // model::FindingStatus
  uint32_t priority = 0;
  uint32_t stage = 0;  // StageBit
  uint32_t rule = 0;
  uint32_t tool = 0;   // text
  uint32_t asset = 0;  // application, environment, cluster, namespace
  uint32_t object = 0;
  uint32_t vuln = 0;
  uint32_t owner = 0;      // text
  uint32_t fix_group = 0;  // text
  bool operator==(const EvidenceHead&) const = default;
};

// Fills `head` and replaces `out`. New values are added to the dictionary.
Status PackEvidence(Dictionary& dictionary, const model::Finding& finding, std::string_view owner,
                    std::string_view fix_group, UnixSeconds now, EvidenceHead& head,
                    std::string& out);
// kParse for a damaged record.
Result<EvidenceHead> ReadEvidenceHead(std::string_view bytes);
// The finding without id, issue, times, tool version, commit and vulnerability facts.
Result<model::Finding> UnpackEvidence(Dictionary& dictionary, std::string_view bytes);

}  // namespace ouro::store
