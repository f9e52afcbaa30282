// Every command of the program, one file each beside this one; all.cc lists them. Internal to this
// module.
#pragma once

#include "cli/command.h"

namespace ouro::cli {

extern const Command kAuditExportCommand;
extern const Command kAuditListCommand;
extern const Command kAuditVerifyCommand;
extern const Command kClusterCommand;
extern const Command kCompletionCommand;
extern const Command kConfigCheckCommand;
extern const Command kDbInfoCommand;
extern const Command kDbSsvcCommand;
extern const Command kDbUpdateCommand;
extern const Command kDocumentCommand;
extern const Command kExceptionAddCommand;
extern const Command kExceptionApproveCommand;
extern const Command kExceptionListCommand;
extern const Command kExceptionRenewCommand;
extern const Command kExceptionRevokeCommand;
extern const Command kExceptionShowCommand;
extern const Command kFindingsDecideCommand;
extern const Command kFindingsExplainCommand;
extern const Command kFindingsExportCommand;
extern const Command kFindingsLearnCommand;
extern const Command kFindingsListCommand;
extern const Command kFindingsShowCommand;
extern const Command kGateCommand;
extern const Command kGateGrantCommand;
extern const Command kImportCommand;
extern const Command kInitCommand;
extern const Command kManCommand;
extern const Command kNotifyListCommand;
extern const Command kNotifySendCommand;
extern const Command kNotifySyncCommand;
extern const Command kNotifyTestCommand;
extern const Command kPolicyExplainCommand;
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
extern const Command kWindowCommand;
extern const Command kWindowNextCommand;

}  // namespace ouro::cli
