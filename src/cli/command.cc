#include "cli/command.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 3> kColorWords = {"auto", "always", "never"};

constexpr std::array kCommonOptions = {
    Option{
        "--output",
        'o',
        "FILE",
        "write the result to FILE (through a temporary file beside it) instead of standard output",
        {},
        "file"},
    Option{"--config",
           'c',
           "FILE",
           "read this configuration instead of the ouro.yaml that is found upwards from the path",
           {},
           "file"},
    Option{"--no-config", 0, "", "read no configuration at all"},
    Option{"--quiet", 'q', "", "say only what matters most"},
    Option{"--verbose", 'v', "", "say more"},
    Option{"--color", 0, "WHEN",
           "colour: auto (only on a terminal), always or never; NO_COLOR is honoured", kColorWords},
    Option{"--help", 'h', "", "show this help"},
};

constexpr std::array kGroups = {
    Group{"audit", "the log of decisions, hash-chained"},
    Group{"config", "the configuration file"},
    Group{"db", "what public feeds say of vulnerabilities"},
    Group{"exception", "reviewed, owned and dated leaves from the policy"},
    Group{"findings", "findings that a store remembers"},
    Group{"gate", "may this be delivered? and grants for emergencies"},
    Group{"policy", "what the gate decides by"},
    Group{"notify", "who is told what happens"},
    Group{"rule", "checks: list, show, test, evaluate"},
    Group{"serve", "the admission webhook, its certificate and its configuration"},
    Group{"window", "blackout and maintenance windows in time"},
};

}  // namespace

std::string Arguments::Value(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::string() : found->second.back();
}

std::vector<std::string> Arguments::List(std::string_view name) const {
  std::vector<std::string> list;
  const auto found = values_.find(std::string(name));
  if (found == values_.end()) return list;
  for (const std::string& value : found->second) {
    for (const std::string_view part : SplitText(value, ',')) {
      if (!TrimSpace(part).empty()) list.emplace_back(TrimSpace(part));
    }
  }
  return list;
}

std::span<const Option> CommonOptions() {
  return kCommonOptions;
}

std::span<const Group> AllGroups() {
  return kGroups;
}

std::vector<const Option*> OptionsOf(const Command& command) {
  std::vector<const Option*> options;
  for (const Option& option : command.options) options.push_back(&option);
  for (const Option& option : kCommonOptions) {
    const auto same_name = [&](const Option* other) { return other->name == option.name; };
    if (std::none_of(options.begin(), options.end(), same_name)) options.push_back(&option);
  }
  return options;
}

}  // namespace ouro::cli
