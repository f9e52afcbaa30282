#include "cli/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::cli {
namespace {

std::vector<std::string_view> FirstWords() {
  std::vector<std::string_view> words = {"help", "version"};
  for (const Command* command : AllCommands()) {
    words.push_back(command->name.substr(0, command->name.find(' ')));
  }
  return words;
}

const Command* FindByName(std::string_view name) {
  for (const Command* command : AllCommands()) {
    if (command->name == name) return command;
  }
  return nullptr;
}

std::vector<std::string_view> WordsBehind(std::string_view first) {
  std::vector<std::string_view> words;
  const std::string prefix = std::string(first) + " ";
  for (const Command* command : AllCommands()) {
    if (StartsWith(command->name, prefix)) words.push_back(command->name.substr(prefix.size()));
  }
  return words;
}

std::string Joined(const std::vector<std::string_view>& words) {
  return JoinText(std::vector<std::string>(words.begin(), words.end()), ", ");
}

tl::unexpected<Error> UnknownOption(const Command& command, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string_view> known;
  for (const Option* option : OptionsOf(command)) known.push_back(option->name);
  const std::string_view nearest = NearestWord(name, known);
  return Fail(
      ErrorCode::kInvalid,
      nearest.empty()
          ? fmt::format("unknown option {}: see ouro {} --help", Printable(name), command.name)
          : fmt::format("unknown option {}: did you mean {}?", Printable(name), nearest));
}

Status CheckChoice(const Option& option, const std::string& value) {
  if (option.choices.empty()) return {};
  const auto found = std::find(option.choices.begin(), option.choices.end(), value);
  if (found != option.choices.end()) return {};
  const std::vector<std::string_view> known(option.choices.begin(), option.choices.end());
  const std::string_view nearest = NearestWord(value, known);
  return Fail(ErrorCode::kInvalid,
              fmt::format("{} does not know \"{}\": {}", option.name, Printable(value),
                          nearest.empty() ? "use one of " + Joined(known)
                                          : fmt::format("did you mean {}?", nearest)));
}

Status CheckPositionals(const Command& command, size_t count) {
  if (command.positional_max >= 0 && count > static_cast<size_t>(command.positional_max)) {
    return Fail(ErrorCode::kInvalid,
                command.positional_max == 0
                    ? fmt::format("ouro {} takes no arguments: see --help", command.name)
                    : fmt::format("too many arguments: usage is ouro {} {}", command.name,
                                  command.positionals));
  }
  if (count < static_cast<size_t>(command.positional_min)) {
    return Fail(ErrorCode::kInvalid, fmt::format("an argument is missing: usage is ouro {} {}",
                                                 command.name, command.positionals));
  }
  return {};
}

}  // namespace

Result<const Command*> FindCommand(const std::vector<std::string>& words,
                                   std::vector<std::string>& rest) {
  const std::string& first = words.front();
  // Both words first: a word may be a command and the first word of others ("serve", "serve
  // manifest").
  if (words.size() >= 2) {
    if (const Command* command = FindByName(first + " " + words[1])) {
      rest.assign(words.begin() + 2, words.end());
      return command;
    }
  }
  if (const Command* command = FindByName(first)) {
    rest.assign(words.begin() + 1, words.end());
    return command;
  }
  const std::vector<std::string_view> seconds = WordsBehind(first);
  if (seconds.empty()) {
    const std::string_view nearest = NearestWord(first, FirstWords());
    return Fail(
        ErrorCode::kInvalid,
        nearest.empty()
            ? fmt::format("unknown command \"{}\": see ouro --help", Printable(first))
            : fmt::format("unknown command \"{}\": did you mean {}?", Printable(first), nearest));
  }
  if (words.size() < 2 || StartsWith(words[1], "-")) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("ouro {} needs a second word: {}", first, Joined(seconds)));
  }
  const Command* command = FindByName(first + " " + words[1]);
  if (command == nullptr) {
    const std::string_view nearest = NearestWord(words[1], seconds);
    return Fail(ErrorCode::kInvalid,
                fmt::format("unknown command \"{} {}\": {}", first, Printable(words[1]),
                            nearest.empty() ? "known are " + Joined(seconds)
                                            : fmt::format("did you mean {}?", nearest)));
  }
  rest.assign(words.begin() + 2, words.end());
  return command;
}

Result<Arguments> ParseArguments(const Command& command, const std::vector<std::string>& words) {
  const std::vector<const Option*> options = OptionsOf(command);
  std::deque<std::vector<std::string>> values(options.size());
  std::deque<int64_t> counts(options.size(), 0);
  std::vector<std::string> positionals;
  std::vector<std::string> left;
  // What stands behind "--" is no option, however it looks.
  const auto options_end = std::find(words.begin(), words.end(), "--");
  try {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    for (size_t i = 0; i < options.size(); ++i) {
      const Option& option = *options[i];
      std::string names(option.name);
      if (option.short_name != 0) names += std::string(",-") + option.short_name;
      if (option.value.empty()) {
        app.add_flag(names, counts[i]);
      } else {
        app.add_option(names, values[i])->allow_extra_args(false);
      }
    }
    app.add_option("positionals", positionals);
    std::vector<std::string> reversed(words.begin(), options_end);
    std::reverse(reversed.begin(), reversed.end());
    app.parse(reversed);
    left = app.remaining();
  } catch (const CLI::Error& error) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: see ouro {} --help", error.what(), command.name));
  }
  for (const std::string& word : left) {
    if (StartsWith(word, "-") && word != "-") return UnknownOption(command, word);
    positionals.push_back(word);
  }
  if (options_end != words.end()) {
    positionals.insert(positionals.end(), options_end + 1, words.end());
  }
  Arguments arguments;
  for (size_t i = 0; i < options.size(); ++i) {
    if (counts[i] > 0) arguments.Add(options[i]->name, "");
    for (std::string& value : values[i]) {
      OURO_TRY_STATUS(CheckChoice(*options[i], value));
      arguments.Add(options[i]->name, std::move(value));
    }
  }
  if (arguments.Has("--help")) return arguments;
  OURO_TRY_STATUS(CheckPositionals(command, positionals.size()));
  for (std::string& positional : positionals) arguments.AddPositional(std::move(positional));
  return arguments;
}

}  // namespace ouro::cli
