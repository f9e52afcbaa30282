#include <array>

#include "cli/commands/commands.h"

namespace ouro::cli {
namespace {

constexpr std::array<const Command*, 14> kCommands = {
    &kCompletionCommand,   &kConfigCheckCommand,  &kDocumentCommand, &kFindingsExplainCommand,
    &kFindingsListCommand, &kFindingsShowCommand, &kInitCommand,     &kManCommand,
    &kRuleCheckCommand,    &kRuleEvalCommand,     &kRuleListCommand, &kRuleShowCommand,
    &kRuleTestCommand,     &kScanCommand,
};

}  // namespace

std::span<const Command* const> AllCommands() {
  return kCommands;
}

}  // namespace ouro::cli
