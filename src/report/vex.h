// VEX documents: OpenVEX 0.2.0, CycloneDX 1.6 and CSAF 2.0 (profile csaf_vex). Pure.
// docs/formats/vex.md says which words stand for which.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/vex.h"

namespace ouro::report {

struct VexDocument {
  std::string author;  // who says it; "ouro" when empty
  std::string
      name_space;       // CSAF publisher.namespace, an address of the author; a default when empty
  std::string title;    // "VEX of registry.example/shop/api"; a default when empty
  int64_t version = 1;  // of the document
  UnixSeconds at = 0;   // when it is written; also of statements without a time
  std::string tool_version;  // of ouro
  // Sorted and merged (triage::MergeStatements). Statements without vulnerability or products are
  // left out: none of the formats can hold them.
  std::vector<model::VexStatement> statements;
};

// The id of a document follows from its content: the same statements give the same id.
using VexWriter = void (*)(const VexDocument& document, std::string& out);
void WriteOpenVex(const VexDocument& document, std::string& out);
void WriteCycloneDxVex(const VexDocument& document, std::string& out);
void WriteCsafVex(const VexDocument& document, std::string& out);

// "openvex", "cyclonedx", "csaf"; nullptr for another word.
VexWriter FindVexWriter(std::string_view format);

// Left-out statements, for a warning.
int64_t CountUnwritable(const VexDocument& document);

}  // namespace ouro::report
