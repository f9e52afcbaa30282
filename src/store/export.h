// The canonical form of what is stored. Private to store.
#pragma once

#include <string>

#include "model/finding.h"

namespace ouro::store {

// Appends the evidence of a finding as a JSON object: every field that is not empty, in fixed
// order, without id, issue, times, tool version, commit and vulnerability facts.
void AppendEvidenceJson(std::string& out, const model::Finding& finding);

// Members of JSON objects: `,"name":` before the value but for the first.
void AppendMember(std::string& out, std::string_view name);
void AppendTextMember(std::string& out, std::string_view name, std::string_view value);

}  // namespace ouro::store
