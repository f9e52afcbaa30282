// Priority, owner and due date of a finding: what triage makes of it with the facts at hand. The
// facts are read when it is made; judging asks nothing outside.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "feed/feed.h"
#include "model/finding.h"
#include "store/import_session.h"
#include "triage/owner.h"
#include "triage/sla.h"

namespace ouro::engine {

struct JudgeOptions {
  std::string feeds_file;  // as `ouro db update` wrote it; empty or absent: no feed is known
  std::string codeowners;  // path of a CODEOWNERS file; empty: none
  triage::OwnerPolicy owners;
  triage::SlaCalendar sla;
  UnixSeconds now = 0;
};

// Immutable after Make; reading from several threads is safe.
class FindingJudge {
 public:
  // Fails for a feeds file that is damaged and a CODEOWNERS file that cannot be read.
  static Result<FindingJudge> Make(JudgeOptions options);

  // Completes `vuln` with what the feeds know and fills `judgement`.
  void Judge(model::Finding& finding) const;
  // Who answers for it; empty: nobody is named.
  std::string Owner(const model::Finding& finding) const;
  // Name of the smallest action that closes it together with others; empty: none is known.
  std::string FixGroup(const model::Finding& finding) const;
  // When an issue must be fixed; 0: no date.
  UnixSeconds Due(const store::SlaQuestion& question) const;

  // "feeds of 2026-11-20"; empty: none.
  const std::string& feeds_text() const { return feeds_text_; }

 private:
  explicit FindingJudge(JudgeOptions options) : options_(std::move(options)) {}

  JudgeOptions options_;
  std::optional<feed::Feeds> feeds_;
  std::optional<triage::Codeowners> codeowners_;
  std::string feeds_text_;
};

}  // namespace ouro::engine
