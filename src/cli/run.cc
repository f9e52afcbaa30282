#include "cli/run.h"

#include <algorithm>
#include <exception>
#include <new>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/parser.h"
#include "engine/engine.h"

namespace ouro::cli {
namespace {

ExitCode Print(const std::string& text) {
  const Status wrote = WriteStdout(text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

bool IsHelpWord(const std::string& word) {
  return word == "--help" || word == "-h";
}

const Group* FindGroup(const std::string& name) {
  for (const Group& group : AllGroups()) {
    if (group.name == name) return &group;
  }
  return nullptr;
}

bool IsCommand(const std::string& name) {
  const auto commands = AllCommands();
  return std::any_of(commands.begin(), commands.end(),
                     [&](const Command* command) { return command->name == name; });
}

ExitCode Dispatch(std::vector<std::string> words) {
  if (words.empty()) {
    return FailWith({ErrorCode::kInvalid, "a command is missing: see ouro --help", {}});
  }
  if (words.front() == "--version" || words.front() == "-V" || words.front() == "version") {
    return Print(fmt::format("ouro {}\n", engine::Version()));
  }
  if (words.front() == "help" || IsHelpWord(words.front())) {
    if (words.size() == 1) return Print(OverviewText());
    words.erase(words.begin());
    words.push_back("--help");
  }
  const Group* group = FindGroup(words.front());
  // A word that is a command too shows its own help.
  if (group != nullptr && !IsCommand(words.front()) && words.size() >= 2 && IsHelpWord(words[1])) {
    return Print(GroupText(*group));
  }
  std::vector<std::string> rest;
  const auto command = FindCommand(words, rest);
  if (!command) return FailWith(command.error());
  const auto arguments = ParseArguments(**command, rest);
  if (!arguments) return FailWith(arguments.error());
  if (arguments->Has("--help")) return Print(HelpText(**command));
  return (*command)->run(*arguments);
}

}  // namespace

int RunCommandLine(const std::vector<std::string>& words) {
  WatchInterrupts();
  try {
    return static_cast<int>(Dispatch(words));
  } catch (const std::bad_alloc&) {
    PrintError(
        {ErrorCode::kLimit, "out of memory: scan parts of this folder or give more memory", {}});
  } catch (const std::exception& error) {
    PrintError({ErrorCode::kInvalid, fmt::format("internal error: {}", error.what()), {}});
  }
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace ouro::cli
