// Completion scripts, made of the command table. Each is static: the shell never runs ouro to
// complete a word.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/help.h"

namespace ouro::cli {
namespace {

std::string Words(std::span<const std::string_view> words) {
  return JoinText(std::vector<std::string>(words.begin(), words.end()), " ");
}

// First words of all commands, each once, and the two words that are no commands.
std::vector<std::string> TopWords() {
  std::vector<std::string> words = {"help", "version"};
  for (const Command* command : AllCommands()) {
    words.emplace_back(command->name.substr(0, command->name.find(' ')));
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::vector<std::string> SecondWords(std::string_view group) {
  std::vector<std::string> words;
  for (const Command* command : AllCommands()) {
    if (StartsWith(command->name, std::string(group) + " ")) {
      words.emplace_back(command->name.substr(group.size() + 1));
    }
  }
  return words;
}

// Words that complete a positional: those of a fixed set, or none when paths are meant.
std::string PositionalWords(const Command& command) {
  return command.completes == "shell" ? std::string("bash zsh fish") : std::string();
}

std::string BashScript() {
  std::string out =
      "# bash completion of ouro: source it, or put it into /etc/bash_completion.d/ouro\n"
      "_ouro() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command=${COMP_WORDS[1]}\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"" +
      JoinText(TopWords(), " ") + " --help --version\" -- \"$cur\"))\n    return\n  fi\n";
  for (const Group& group : AllGroups()) {
    out += fmt::format(
        "  if [[ $command == {0} && ${{COMP_WORDS[2]}} != -* ]]; then\n    if [ \"$COMP_CWORD\" "
        "-eq 2 ]; then\n"
        "      COMPREPLY=($(compgen -W \"{1}\" -- \"$cur\"))\n      return\n    fi\n"
        "    command=\"{0} ${{COMP_WORDS[2]}}\"\n  fi\n",
        group.name, JoinText(SecondWords(group.name), " "));
  }
  out += "  local words=\n  case $command in\n";
  for (const Command* command : AllCommands()) {
    out += fmt::format("    \"{}\")\n      case $prev in\n", command->name);
    std::string names;
    for (const Option* option : OptionsOf(*command)) {
      names += std::string(option->name) + " ";
      if (option->value.empty()) continue;
      std::string pattern(option->name);
      if (option->short_name != 0) pattern += fmt::format("|-{}", option->short_name);
      if (!option->choices.empty()) {
        out += fmt::format("        {}) COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); return ;;\n",
                           pattern, Words(option->choices));
      } else if (option->completes == "folder") {
        out +=
            fmt::format("        {}) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n", pattern);
      } else if (option->completes == "file") {
        out +=
            fmt::format("        {}) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", pattern);
      } else {
        out += fmt::format("        {}) return ;;\n", pattern);
      }
    }
    out += fmt::format("      esac\n      words=\"{}\" ;;\n", names + PositionalWords(*command));
  }
  out +=
      "  esac\n"
      "  if [[ $cur == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
      "  else\n"
      "    local plain=() word\n"
      "    for word in $words; do [[ $word == -* ]] || plain+=(\"$word\"); done\n"
      "    COMPREPLY=($(compgen -W \"${plain[*]}\" -- \"$cur\"))\n"
      "    [ ${#plain[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- \"$cur\"))\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -F _ouro ouro\n";
  return out;
}

// Text inside the single quotes of a zsh or fish word.
std::string Quoted(std::string_view text, bool zsh) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += zsh ? "'\\''" : "\\'";
    } else if (zsh && (c == '[' || c == ']' || c == ':')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string ZshOption(const Option& option) {
  std::string action;
  if (!option.value.empty()) {
    action = fmt::format(":{}:", LowerAscii(option.value));
    if (!option.choices.empty()) {
      action += fmt::format("({})", Words(option.choices));
    } else if (option.completes == "folder") {
      action += "_files -/";
    } else if (option.completes == "file") {
      action += "_files";
    }
  }
  return fmt::format("        '{}{}[{}]{}' \\\n", option.repeatable ? "*" : "", option.name,
                     Quoted(option.help, true), action);
}

std::string ZshScript() {
  std::string out =
      "#compdef ouro\n# zsh completion of ouro: put it as _ouro into a folder of $fpath\n"
      "_ouro() {\n  local command=$words[2]\n  if (( CURRENT == 2 )); then\n    compadd -- " +
      JoinText(TopWords(), " ") + " --help --version\n    return\n  fi\n  local shift_by=1\n";
  for (const Group& group : AllGroups()) {
    out += fmt::format(
        "  if [[ $command == {0} && $words[3] != -* ]]; then\n    if (( CURRENT == 3 )); then\n"
        "      compadd -- {1}\n      return\n    fi\n    command=\"{0} $words[3]\"\n"
        "    shift_by=2\n  fi\n",
        group.name, JoinText(SecondWords(group.name), " "));
  }
  out += "  shift $shift_by words\n  (( CURRENT -= shift_by ))\n  case $command in\n";
  for (const Command* command : AllCommands()) {
    out += fmt::format("    \"{}\")\n      _arguments \\\n", command->name);
    for (const Option* option : OptionsOf(*command)) out += ZshOption(*option);
    const std::string words = PositionalWords(*command);
    out += words.empty() ? "        '*:path:_files' ;;\n"
                         : fmt::format("        '*:word:({})' ;;\n", words);
  }
  out += "  esac\n}\n_ouro \"$@\"\n";
  return out;
}

std::string FishCondition(const Command& command) {
  const size_t blank = command.name.find(' ');
  if (blank == std::string_view::npos) {
    return fmt::format("__fish_seen_subcommand_from {}", command.name);
  }
  return fmt::format("__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}",
                     command.name.substr(0, blank), command.name.substr(blank + 1));
}

std::string FishScript() {
  std::string out = "# fish completion of ouro: put it into ~/.config/fish/completions/ouro.fish\n";
  for (const std::string& word : TopWords()) {
    out += fmt::format("complete -c ouro -n __fish_use_subcommand -f -a {}\n", word);
  }
  for (const Group& group : AllGroups()) {
    const std::string words = JoinText(SecondWords(group.name), " ");
    out += fmt::format(
        "complete -c ouro -f -n '__fish_seen_subcommand_from {0}; and not "
        "__fish_seen_subcommand_from {1}' -a '{1}'\n",
        group.name, words);
  }
  for (const Command* command : AllCommands()) {
    const std::string condition = FishCondition(*command);
    for (const Option* option : OptionsOf(*command)) {
      out += fmt::format("complete -c ouro -n '{}' -l {}", condition, option->name.substr(2));
      if (option->short_name != 0) out += fmt::format(" -s {}", option->short_name);
      if (!option->value.empty()) out += " -r";
      if (!option->choices.empty()) out += fmt::format(" -f -a '{}'", Words(option->choices));
      out += fmt::format(" -d '{}'\n", Quoted(option->help, false));
    }
    const std::string words = PositionalWords(*command);
    if (!words.empty())
      out += fmt::format("complete -c ouro -f -n '{}' -a '{}'\n", condition, words);
  }
  return out;
}

}  // namespace

Result<std::string> CompletionScript(std::string_view shell) {
  if (shell == "bash") return BashScript();
  if (shell == "zsh") return ZshScript();
  if (shell == "fish") return FishScript();
  const std::string_view nearest = NearestWord(shell, {"bash", "zsh", "fish"});
  return Fail(
      ErrorCode::kInvalid,
      nearest.empty()
          ? fmt::format("no completion for \"{}\": bash, zsh and fish are known", Printable(shell))
          : fmt::format("no completion for \"{}\": did you mean {}?", Printable(shell), nearest));
}

}  // namespace ouro::cli
