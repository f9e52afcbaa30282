// What the three writers of VEX share. Private to report/vex*.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/vex.h"
#include "report/vex.h"

namespace ouro::report {

// Statements that can be written, in order.
std::vector<const model::VexStatement*> WritableStatements(const VexDocument& document);

// 32 hexadecimal digits of everything that is said.
std::string VexContentId(const VexDocument& document, std::string_view format);

// RFC 9562 version 8 from those digits: "urn:uuid:…" without the prefix.
std::string VexUuid(std::string_view content_id);

std::string VexAuthor(const VexDocument& document);
std::string VexTimeOf(const model::VexStatement& statement, const VexDocument& document);

// Every part that the statement speaks of: its subcomponents, or the product itself.
std::vector<std::string> VexParts(const model::VexProduct& product);

}  // namespace ouro::report
