#include <array>

#include "cli/commands/commands.h"

namespace ouro::cli {
namespace {

constexpr std::array<const Command*, 16> kCommands = {
    &kClusterCommand,
    &kCompletionCommand,
    &kConfigCheckCommand,
    &kDocumentCommand,
    &kFindingsExplainCommand,
    &kFindingsListCommand,
    &kFindingsShowCommand,
    &kInitCommand,
    &kManCommand,
    &kRuleCheckCommand,
    &kRuleEvalCommand,
    &kRuleExportCommand,
    &kRuleListCommand,
    &kRuleShowCommand,
    &kRuleTestCommand,
    &kScanCommand,
};

}  // namespace

std::span<const Command* const> AllCommands() {
  return kCommands;
}

}  // namespace ouro::cli
