#include "cli/help.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::cli {
namespace {

constexpr size_t kTextColumns = 96;

constexpr std::string_view kExitCodes =
    "Exit codes: 0 nothing blocks; 1 blocked by findings; 2 wrong use or internal error; 3 "
    "incomplete "
    "and the policy fails closed, or interrupted; 4 blocked by a window; 5 --strict and a reaction "
    "is "
    "pending. Where several hold: 2, 1, 4, 3, 5.";

// Breaks text at blanks; the first line begins at column `column`, the others at `indent`.
void AppendWrapped(std::string& out, std::string_view text, size_t indent, size_t column) {
  for (const std::string_view word : SplitText(text, ' ')) {
    if (word.empty()) continue;
    // Columns are counted in bytes; the few longer characters only break lines a little earlier.
    if (column > indent && column + 1 + word.size() > kTextColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

std::string OptionLabel(const Option& option) {
  std::string label = option.short_name != 0 ? fmt::format("-{}, ", option.short_name) : "    ";
  label += option.name;
  if (!option.value.empty()) label += fmt::format(" {}", option.value);
  return label;
}

std::string OptionHelp(const Option& option) {
  std::string help(option.help);
  if (!option.choices.empty() && help.find(option.choices.front()) == std::string::npos) {
    std::vector<std::string> words(option.choices.begin(), option.choices.end());
    help += ": " + JoinText(words, ", ");
  }
  if (option.repeatable) help += " (may be repeated, or a list with commas)";
  return help;
}

constexpr size_t kOptionIndent = 32;

void AppendOptions(std::string& out, const Command& command) {
  out += "\nOptions:\n";
  for (const Option* option : OptionsOf(command)) {
    std::string line = "  " + OptionLabel(*option);
    if (line.size() + 2 > kOptionIndent) {
      out += line + "\n" + std::string(kOptionIndent, ' ');
    } else {
      out += line + std::string(kOptionIndent - line.size(), ' ');
    }
    AppendWrapped(out, OptionHelp(*option), kOptionIndent, kOptionIndent);
  }
}

}  // namespace

std::string OverviewText() {
  std::string out =
      "ouro keeps Kubernetes delivery secure: it scans manifests, explains what it finds and says "
      "what blocks.\n\nUsage: ouro COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n";
  for (const Command* command : AllCommands()) {
    out += fmt::format("  {:<18}{}\n", command->name, command->summary);
  }
  out += "\n";
  AppendWrapped(out, kExitCodes, 0, 0);
  out +=
      "\nExamples:\n"
      "  ouro scan .                          scan this folder\n"
      "  helm template CHART | ouro scan -    scan what a chart renders to\n"
      "  ouro COMMAND --help                  help with examples for each command\n"
      "  ouro --version                       print the version\n";
  return out;
}

std::string HelpText(const Command& command) {
  std::string out = fmt::format("ouro {}: {}\n\nUsage: ouro {} [OPTIONS]", command.name,
                                command.summary, command.name);
  if (!command.positionals.empty()) out += fmt::format(" {}", command.positionals);
  out += "\n";
  for (const std::string_view paragraph : SplitText(command.description, '\n')) {
    if (paragraph.empty()) continue;
    out += "\n";
    AppendWrapped(out, paragraph, 0, 0);
  }
  AppendOptions(out, command);
  if (!command.examples.empty()) {
    out += "\nExamples:\n";
    for (const Example& example : command.examples) {
      out += fmt::format("  {}\n      {}\n", example.line, example.what);
    }
  }
  out += "\n";
  AppendWrapped(out, kExitCodes, 0, 0);
  return out;
}

std::string GroupText(const Group& group) {
  std::string out = fmt::format("ouro {}: {}\n\nCommands:\n", group.name, group.summary);
  for (const Command* command : AllCommands()) {
    if (!StartsWith(command->name, std::string(group.name) + " ")) continue;
    out += fmt::format("  {:<18}{}\n", command->name, command->summary);
  }
  out += fmt::format("\nouro {} COMMAND --help tells more.\n", group.name);
  return out;
}

namespace {

// Text for troff: backslashes, hyphens and leading periods and quotes are special.
std::string Troff(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (text.substr(i, 3) == "…") {
      out += "...";  // man pages stay in ASCII, which every troff takes
      i += 2;
    } else if ((c == '.' || c == '\'') && (i == 0 || text[i - 1] == '\n')) {
      out += "\\&";
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

void AppendManOptions(std::string& out, std::span<const Option> options) {
  for (const Option& option : options) {
    out += ".TP\n";
    if (option.short_name != 0) out += fmt::format("\\fB\\-{}\\fR, ", option.short_name);
    out += fmt::format("\\fB{}\\fR", Troff(option.name));
    if (!option.value.empty()) out += fmt::format(" \\fI{}\\fR", Troff(option.value));
    out += fmt::format("\n{}.\n", Troff(OptionHelp(option)));
  }
}

}  // namespace

std::string ManPage() {
  std::string out =
      ".TH OURO 1\n.SH NAME\nouro \\- continuous security of Kubernetes delivery\n.SH SYNOPSIS\n"
      ".B ouro\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n.SH DESCRIPTION\n"
      "ouro scans Kubernetes manifests, explains what it finds and decides what blocks.\n"
      ".SH COMMANDS\n";
  for (const Command* command : AllCommands()) {
    out += fmt::format(".SS \"ouro {} {}\"\n{}.\n", Troff(command->name),
                       Troff(command->positionals), Troff(command->summary));
    for (const std::string_view paragraph : SplitText(command->description, '\n')) {
      if (!paragraph.empty()) out += fmt::format(".PP\n{}\n", Troff(paragraph));
    }
    AppendManOptions(out, command->options);
    for (const Example& example : command->examples) {
      out +=
          fmt::format(".PP\n.nf\n\\fB{}\\fR\n.fi\n{}.\n", Troff(example.line), Troff(example.what));
    }
  }
  out += ".SH COMMON OPTIONS\n";
  AppendManOptions(out, CommonOptions());
  out += fmt::format(".SH EXIT STATUS\n{}\n", Troff(kExitCodes));
  out +=
      ".SH FILES\n.TP\nouro.yaml\nconfiguration, found upwards from the scanned path, then in\n"
      "$XDG_CONFIG_HOME/ouro/ and /etc/ouro/.\n"
      ".SH ENVIRONMENT\n.TP\nNO_COLOR\nno colour when set to anything.\n";
  return out;
}

}  // namespace ouro::cli
