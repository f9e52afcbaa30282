// The audit log as a chain: each entry holds the hash of the one before it, so that an edit, a
// removal or another order shows. Pure; engine/audit_log.h has the file. docs/formats/audit.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ouro::gate {

// Hash that stands before the first entry.
inline constexpr std::string_view kAuditStart =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct AuditEntry {
  int64_t number = 0;  // from 1
  std::string time;    // RFC 3339
  std::string actor;   // who
  std::string action;  // "gate.decide", "gate.break_glass", "exception.add", "findings.decide", …
  std::string object;  // what it is about: an id, a subject
  std::string before;  // state before; empty: none
  std::string after;   // state after
  std::string policy_hash;    // of the policy in force; empty: none was
  std::string findings_hash;  // of the findings judged; empty: none were
  std::string note;
  std::string previous;  // hash of the entry before
  std::string hash;      // SHA-256 over the canonical line without this member
  bool operator==(const AuditEntry&) const = default;
};

// Where a log ends.
struct AuditTail {
  int64_t number = 0;  // of the last entry; 0: there is none
  std::string hash = std::string(kAuditStart);
  bool operator==(const AuditTail&) const = default;
};

// Gives the entry its number, previous hash and hash, and moves the tail behind it.
void ChainEntry(AuditEntry& entry, AuditTail& tail);

// The line of a chained entry, without line end.
std::string AuditLine(const AuditEntry& entry);

// kParse when the line is not an entry in its canonical form.
Result<AuditEntry> ReadAuditLine(std::string_view line);

// Checks lines in order.
class AuditVerifier {
 public:
  // kInvalid with the number of the line and what is wrong: an edited entry, one that is missing or
  // stands elsewhere. Once a line is wrong the rest cannot be told and is not looked at.
  Status Take(std::string_view line);
  const AuditTail& tail() const { return tail_; }

 private:
  AuditTail tail_;
};

}  // namespace ouro::gate
