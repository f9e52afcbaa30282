#include "cli/parser.h"

#include <algorithm>
#include <set>

#include <doctest.h>

#include "base/text.h"
#include "cli/help.h"
#include "cli/settings.h"

namespace ouro::cli {
namespace {

const Command& Named(std::vector<std::string> words) {
  std::vector<std::string> rest;
  const auto command = FindCommand(words, rest);
  REQUIRE(command);
  return **command;
}

Result<Arguments> ParseScan(const std::vector<std::string>& words) {
  return ParseArguments(Named({"scan"}), words);
}

TEST_CASE("options and positionals in any order") {
  const auto arguments = ParseScan(
      {"a", "--format=json", "-q", "--only", "x,y", "b", "--only", "z", "-", "--", "--c"});
  REQUIRE(arguments);
  CHECK(arguments->positionals() == std::vector<std::string>{"a", "b", "-", "--c"});
  CHECK(arguments->Value("--format") == "json");
  CHECK(arguments->Has("--quiet"));
  CHECK_FALSE(arguments->Has("--verbose"));
  CHECK(arguments->List("--only") == std::vector<std::string>{"x", "y", "z"});
}

TEST_CASE("the last value of an option counts") {
  CHECK(ParseScan({"--format", "json", "--format", "sarif"})->Value("--format") == "sarif");
  CHECK(ParseScan({"-o", "a"})->Value("--output") == "a");
}

TEST_CASE("wrong words are told with the nearest known one") {
  const auto message = [](const Result<Arguments>& parsed) {
    REQUIRE_FALSE(parsed);
    return parsed.error().message;
  };
  CHECK(message(ParseScan({"--fromat", "json"})).find("--format?") != std::string::npos);
  CHECK(message(ParseScan({"--fromat=json"})).find("--format?") != std::string::npos);
  CHECK(message(ParseScan({"--format", "jsn"})).find("json?") != std::string::npos);
  CHECK(message(ParseScan({"--output"})).find("--output") != std::string::npos);
  CHECK(message(ParseArguments(Named({"man"}), {"x"})).find("no arguments") != std::string::npos);
  CHECK(message(ParseArguments(Named({"rule", "show"}), {})).find("missing") != std::string::npos);
  std::vector<std::string> rest;
  CHECK(FindCommand({"scn"}, rest).error().message.find("scan?") != std::string::npos);
  CHECK(FindCommand({"rule", "shw"}, rest).error().message.find("show?") != std::string::npos);
  CHECK(FindCommand({"rule"}, rest).error().message.find("second word") != std::string::npos);
}

TEST_CASE("the command table: sorted, unique, documented") {
  std::string_view before;
  for (const Command* command : AllCommands()) {
    CAPTURE(command->name);
    CHECK(before < command->name);
    before = command->name;
    CHECK_FALSE(command->summary.empty());
    CHECK(command->summary.back() != '.');
    CHECK_FALSE(command->examples.empty());
    const bool has_action = command->run != nullptr;
    CHECK(has_action);
    std::set<std::string_view> names;
    std::set<char> short_names;
    for (const Option* option : OptionsOf(*command)) {
      CAPTURE(option->name);
      CHECK(StartsWith(option->name, "--"));
      CHECK(names.insert(option->name).second);
      if (option->short_name != 0) CHECK(short_names.insert(option->short_name).second);
      CHECK_FALSE(option->help.empty());
      CHECK(option->help.back() != '.');
      if (option->value.empty()) CHECK(option->choices.empty());
    }
    for (const Example& example : command->examples) {
      CHECK(example.line.find("ouro") != std::string_view::npos);
    }
    const size_t blank = command->name.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto is_group = [&](const Group& group) {
      return group.name == command->name.substr(0, blank);
    };
    CHECK(std::any_of(AllGroups().begin(), AllGroups().end(), is_group));
  }
}

TEST_CASE("texts made of the table name every command and option") {
  const std::string page = ManPage();
  const std::string overview = OverviewText();
  for (const Command* command : AllCommands()) {
    CHECK(overview.find(command->name) != std::string::npos);
    const std::string help = HelpText(*command);
    for (const Option* option : OptionsOf(*command)) {
      CHECK(help.find(option->name) != std::string::npos);
    }
  }
  CHECK(page.find("findings explain") != std::string::npos);
  for (const std::string_view shell : {"bash", "zsh", "fish"}) {
    const auto script = CompletionScript(shell);
    REQUIRE(script);
    CHECK(script->find("kubernetes-version") != std::string::npos);
  }
  CHECK_FALSE(CompletionScript("csh"));
}

TEST_CASE("sizes") {
  CHECK(ParseSize("10") == 10);
  CHECK(ParseSize("64M") == 64 << 20);
  CHECK(ParseSize("1k") == 1024);
  for (const std::string_view text : {"", "0", "-1", "4G", "M", "1x", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseSize(text));
  }
}

}  // namespace
}  // namespace ouro::cli
