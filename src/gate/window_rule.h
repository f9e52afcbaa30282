// Windows in time with the deliveries they concern. The calendar says when a window is active
// (calendar/window.h); here stands whom it concerns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "calendar/window.h"
#include "gate/subject.h"
#include "io/setting_reader.h"

namespace ouro::gate {

// Globs; an empty list: all. What the subject does not say matches (a delivery to an unknown place
// is not let through by that).
struct WindowRule {
  calendar::Window window;
  std::vector<std::string> applications;
  std::vector<std::string> environments;
  std::vector<std::string> clusters;
  std::vector<std::string> namespaces;
  std::vector<std::string> operations;  // "deploy", "rollback", "restart", "delete", …
  // As written, for the canonical form.
  std::string zone;
  std::string start;
  std::string recurrence;
  std::string origin;  // "ouro.yaml:30:3"; empty: unknown
};

// A list of maps: name, kind, zone, start, rrule (or ical), duration, message, bypass_roles,
// overrun, security_fix_exempt, and the lists above. kInvalid with the place for anything wrong.
Result<std::vector<WindowRule>> ReadWindows(const io::SettingReader& list);

// Canonical JSON of one window.
void AppendWindow(std::string& out, const WindowRule& rule, bool with_origin);

// Does the rule concern the subject: its place and operation?
bool Concerns(const WindowRule& rule, const Subject& subject);
// May the subject pass it, by one of its roles?
bool MayBypass(const WindowRule& rule, const Subject& subject);

struct WindowVerdict {
  bool allowed = true;
  std::string sentence;  // why not, or by what it is allowed; empty: no window concerns the subject
  std::string window;    // name of the deciding one
  std::string reason;    // calendar::WindowReasonName
  std::optional<UnixSeconds> next_allowed;
  std::vector<std::string> bypassed;  // names of windows that the subject may pass
  std::vector<std::string> exempted;  // names of blackouts passed because it is a verified fix
};

// `began`: for an operation that is running already. `security_fix`: the delivery is a verified fix
// of findings that block, which passes windows that are exempt for those. Fails only when the
// calendar does (limits).
Result<WindowVerdict> JudgeWindows(const std::vector<WindowRule>& rules, const Subject& subject,
                                   std::optional<UnixSeconds> began, bool security_fix,
                                   UnixSeconds now);

}  // namespace ouro::gate
