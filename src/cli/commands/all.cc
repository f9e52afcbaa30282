#include <array>

#include "cli/commands/commands.h"

namespace ouro::cli {
namespace {

constexpr std::array<const Command*, 20> kCommands = {
    &kClusterCommand,
    &kCompletionCommand,
    &kConfigCheckCommand,
    &kDocumentCommand,
    &kFindingsExplainCommand,
    &kFindingsListCommand,
    &kFindingsShowCommand,
    &kInitCommand,
    &kManCommand,
    &kProveCommand,
    &kRuleCheckCommand,
    &kRuleEvalCommand,
    &kRuleExportCommand,
    &kRuleListCommand,
    &kRuleShowCommand,
    &kRuleTestCommand,
    &kScanCommand,
    &kServeCommand,
    &kServeCertificateCommand,
    &kServeManifestCommand,
};

}  // namespace

std::span<const Command* const> AllCommands() {
  return kCommands;
}

}  // namespace ouro::cli
