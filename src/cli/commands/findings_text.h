// Issues and findings of the store in words and as JSON. Internal to the commands.
#pragma once

#include <string>

#include "store/query.h"
#include "store/store.h"

namespace ouro::cli {

inline constexpr size_t kShortIdSize = 12;

// "Deployment shop/web [app]", a package, a host or an image: what it is about.
std::string SubjectOf(const model::Finding& finding);
std::string SubjectOf(const store::Issue& issue);
std::string PlaceOf(const model::Finding& finding);
std::string TimeText(UnixSeconds seconds);  // RFC 3339; empty for 0
// Where an issue is seen, in one word: "open", "fix not deployed", "drift", "blocked, never ran",
// "resolved", or its status.
std::string StageVerdict(const store::Issue& issue);

std::string IssueTable(const store::Page<store::Issue>& page);
std::string FindingTable(const store::Page<store::StoredFinding>& page);
std::string GroupTable(store::GroupKey key, const store::Groups& groups);

void AppendIssueJson(std::string& out, const store::Issue& issue);
void AppendStoredFindingJson(std::string& out, const store::StoredFinding& stored);

// One issue with everything behind it.
std::string DetailText(const store::IssueDetail& detail);
std::string DetailJson(const store::IssueDetail& detail);

}  // namespace ouro::cli
