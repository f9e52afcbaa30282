// Commands and their options as data. One table feeds the parser, --help, shell completion, the man
// page and the hints about misspelt words.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::cli {

// Exit codes of every command; where several hold, the first of 2, 1, 4, 3, 5.
enum class ExitCode : int {
  kClean = 0,    // nothing that blocks
  kBlocked = 1,  // blocked by findings; for `rule test` and `rule check`: something does not agree
  kUsage = 2,    // wrong use or internal error
  kIncomplete = 3,  // something was not examined and the policy fails closed, or an interrupted run
  kWindow = 4,      // blocked by a window
  kPending = 5,     // --strict and a reaction is pending
};

struct Option {
  std::string_view name;   // "--format"
  char short_name = 0;     // 'f' for "-f"; 0: none
  std::string_view value;  // placeholder of the value ("FORMAT"); empty: a flag
  std::string_view help;   // one sentence without final period
  // Words that the value may be, for checking and completion; empty: any. A value "file" or
  // "folder" in `completes` asks the shell for paths.
  std::span<const std::string_view> choices = {};
  std::string_view completes = {};
  bool repeatable = false;  // may be given several times, and takes lists with commas
};

struct Example {
  std::string_view line;
  std::string_view what;
};

// What the parser found.
class Arguments {
 public:
  bool Has(std::string_view name) const { return values_.count(std::string(name)) != 0; }
  // Last value given; empty when the option was not given.
  std::string Value(std::string_view name) const;
  // All values of a repeatable option, split at commas; empty parts are dropped.
  std::vector<std::string> List(std::string_view name) const;
  const std::vector<std::string>& positionals() const { return positionals_; }

  void Add(std::string_view name, std::string value) {
    values_[std::string(name)].push_back(std::move(value));
  }
  void AddPositional(std::string text) { positionals_.push_back(std::move(text)); }

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> positionals_;
};

struct Command {
  std::string_view name;         // "scan", "findings list"
  std::string_view summary;      // one line
  std::string_view positionals;  // as in usage: "[PATH…|-]"; empty: none
  int positional_max = 0;        // -1: any number
  int positional_min = 0;
  std::string_view completes;       // "file", "folder", "shell" or empty: what positionals are
  std::string_view description;     // paragraphs for --help and the man page
  std::span<const Option> options;  // besides the common ones
  std::span<const Example> examples;
  ExitCode (*run)(const Arguments& arguments);
};

// All commands, sorted by name. Defined in cli/commands/all.cc.
std::span<const Command* const> AllCommands();

// First words that stand for several commands ("findings"), with one line each. Sorted.
struct Group {
  std::string_view name;
  std::string_view summary;
};
std::span<const Group> AllGroups();

// Options that every command has.
std::span<const Option> CommonOptions();

// Those of the command, then the common ones it does not define itself.
std::vector<const Option*> OptionsOf(const Command& command);

}  // namespace ouro::cli
