// Every command of the program, one file each beside this one; all.cc lists them. Internal to this
// module.
#pragma once

#include "cli/command.h"

namespace ouro::cli {

extern const Command kClusterCommand;
extern const Command kCompletionCommand;
extern const Command kConfigCheckCommand;
extern const Command kDocumentCommand;
extern const Command kFindingsExplainCommand;
extern const Command kFindingsListCommand;
extern const Command kFindingsShowCommand;
extern const Command kInitCommand;
extern const Command kManCommand;
extern const Command kProveCommand;
extern const Command kRuleCheckCommand;
extern const Command kRuleEvalCommand;
extern const Command kRuleExportCommand;
extern const Command kRuleListCommand;
extern const Command kRuleShowCommand;
extern const Command kRuleTestCommand;
extern const Command kScanCommand;
extern const Command kServeCertificateCommand;
extern const Command kServeCommand;
extern const Command kServeManifestCommand;

}  // namespace ouro::cli
