#include <array>

#include "cli/commands/commands.h"

namespace ouro::cli {
namespace {

constexpr auto kCommands = std::to_array<const Command*>({
    &kAuditExportCommand,    &kAuditListCommand,      &kAuditVerifyCommand,
    &kClusterCommand,        &kCompletionCommand,     &kConfigCheckCommand,
    &kDbInfoCommand,         &kDbSsvcCommand,         &kDbUpdateCommand,
    &kDocumentCommand,       &kExceptionAddCommand,   &kExceptionApproveCommand,
    &kExceptionListCommand,  &kExceptionRenewCommand, &kExceptionRevokeCommand,
    &kExceptionShowCommand,  &kFindingsDecideCommand, &kFindingsExplainCommand,
    &kFindingsExportCommand, &kFindingsLearnCommand,  &kFindingsListCommand,
    &kFindingsShowCommand,   &kGateCommand,           &kGateGrantCommand,
    &kImportCommand,         &kInitCommand,           &kManCommand,
    &kNotifyListCommand,     &kNotifySendCommand,     &kNotifySyncCommand,
    &kNotifyTestCommand,     &kPolicyExplainCommand,  &kProveCommand,
    &kRuleCheckCommand,      &kRuleEvalCommand,       &kRuleExportCommand,
    &kRuleListCommand,       &kRuleShowCommand,       &kRuleTestCommand,
    &kScanCommand,           &kServeCommand,          &kServeCertificateCommand,
    &kServeManifestCommand,  &kWindowCommand,         &kWindowNextCommand,
});

}  // namespace

std::span<const Command* const> AllCommands() {
  return kCommands;
}

}  // namespace ouro::cli
