#include <array>

#include "cli/commands/commands.h"
#include "cli/help.h"
#include "cli/output.h"

namespace ouro::cli {
namespace {

constexpr std::array kExamples = {
    Example{"ouro man | man -l -", "read it"},
    Example{"ouro man --output /usr/local/share/man/man1/ouro.1", "install it"},
};

ExitCode RunMan(const Arguments& arguments) {
  const Status wrote = WriteResult(arguments, ManPage());
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kManCommand = {"man", "print the manual page",          "", 0,         0,
                             "",    "In the form that man(1) reads.", {}, kExamples, RunMan};

}  // namespace ouro::cli
