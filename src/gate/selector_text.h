// Selectors as text: the keys of a rule or of an exception's scope, read and written by one table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gate/json_object.h"
#include "gate/policy.h"
#include "io/setting_reader.h"

namespace ouro::gate {

// Takes the member when its key is one of a selector; false: it is not. Compiles `when`: an error
// in an expression is an error of the policy.
Result<bool> ReadSelectorMember(const io::SettingReader& member, Selector& selector);

// Keys of a selector, for messages about unknown ones.
std::vector<std::string_view> SelectorKeys();

// Members in the order of the table, those that are not set left out.
void AppendSelector(JsonObject& object, std::string& out, const Selector& selector);

// "checks CVE-2024-1, namespaces shop-*": in words for people; "every finding" when empty.
std::string SelectorTitle(const Selector& selector);

// Shared by the readers of the gate: values with their checks.
Result<model::Severity> ReadSeverityValue(const io::SettingReader& value);
// RFC 3339 with date and time, or a date alone (midnight UTC); gives the text as it is.
Result<std::string> ReadTimeValue(const io::SettingReader& value);

}  // namespace ouro::gate
