#include "engine/config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/setting_reader.h"
#include "engine/settings.h"
#include "gate/policy_reader.h"
#include "rules/cel.h"
#include "scan/source.h"

namespace ouro::engine {
namespace {

const Setting* FindSetting(std::string_view name) {
  for (const Setting& setting : AllSettings()) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

bool IsParent(std::string_view name) {
  for (const Setting& setting : AllSettings()) {
    if (StartsWith(setting.name, std::string(name) + ".")) return true;
  }
  return false;
}

// Names below `parent` ("" at the top), one level deep, each once.
std::vector<std::string_view> NamesBelow(std::string_view parent) {
  std::vector<std::string_view> names;
  for (const Setting& setting : AllSettings()) {
    std::string_view name = setting.name;
    if (!parent.empty()) {
      if (!StartsWith(name, std::string(parent) + ".")) continue;
      name.remove_prefix(parent.size() + 1);
    }
    name = name.substr(0, name.find('.'));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

Status ReadMembers(const SettingReader& map, Config& config) {
  OURO_TRY(const auto members, map.Members());
  for (const SettingReader& member : members) {
    const Setting* setting = FindSetting(member.name());
    if (setting == nullptr && !IsParent(member.name()))
      return member.Unknown(NamesBelow(map.name()));
    if (member.IsNull()) continue;
    if (setting == nullptr) {
      OURO_TRY_STATUS(ReadMembers(member, config));
      continue;
    }
    OURO_TRY_STATUS(setting->read(member, config));
    config.origins[std::string(setting->name)] = member.Where();
  }
  return {};
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {};
  return path.substr(0, slash + 1);
}

bool IsReadable(const std::string& path) {
  return access(path.c_str(), R_OK) == 0;
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

void AppendCommented(std::string& out, std::string_view text, std::string_view indent) {
  for (const std::string_view line : SplitText(text, '\n')) {
    out += fmt::format("# {}{}\n", indent, line);
  }
}

}  // namespace

Result<Config> ReadConfig(std::string source, std::string_view file_name) {
  io::KeyTable keys;
  io::Tree tree;
  io::ReadOptions options;
  options.strict_keys = true;
  if (static_cast<int64_t>(source.size()) > limits::kConfigFileSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("larger than {} bytes", limits::kConfigFileSizeBytes),
                std::string(file_name));
  }
  if (const Status read = io::ReadDocument(std::move(source), options, keys, tree); !read) {
    return tl::unexpected<Error>(WithContext(read.error(), file_name));
  }
  for (const io::ReadProblem& problem : tree.problems()) {
    return tl::unexpected<Error>(WithContext(problem.error, file_name));
  }
  Config config;
  config.file = file_name;
  bool has_content = false;
  for (const io::Root& root : tree.roots()) {
    if (root.node == io::kNoNode || tree.node(root.node).type == io::NodeType::kNull) continue;
    if (has_content) {
      return Fail(ErrorCode::kInvalid, "one document is expected, not several",
                  std::string(file_name));
    }
    has_content = true;
    const SettingReader top(tree, keys, root.node, file_name, "");
    if (tree.node(tree.Resolve(root.node)).type != io::NodeType::kMap) {
      return Fail(ErrorCode::kInvalid, "a map of settings is expected", top.Where());
    }
    OURO_TRY_STATUS(ReadMembers(top, config));
  }
  for (const auto& [name, where] : config.origins) {
    if (StartsWith(name, "policy.")) config.policy.origin = file_name;
  }
  OURO_TRY_STATUS(gate::CheckPolicy(config.policy));
  return config;
}

Result<Config> ReadConfigFile(const std::string& path) {
  std::string source;
  if (const Status read = scan::ReadFile({path, path, true}, limits::kConfigFileSizeBytes, source);
      !read) {
    Error error = read.error();
    if (error.code == ErrorCode::kNotFound) error.message = "no such file: check --config";
    return tl::unexpected<Error>(std::move(error));
  }
  OURO_TRY(Config config, ReadConfig(std::move(source), path));
  const std::string folder = FolderOf(path);
  const auto make_relative = [&](std::string& name) {
    if (!name.empty() && name.front() != '/') name = folder + name;
  };
  for (std::string& name : config.check_folders) make_relative(name);
  make_relative(config.store);
  make_relative(config.baseline);
  make_relative(config.exceptions);
  make_relative(config.audit);
  if (config.policy.break_glass) make_relative(config.policy.break_glass->key_file);
  return config;
}

std::string FindConfigFile(const std::string& start) {
  // Relative names are kept as long as possible: they are what messages show.
  char* real = realpath(start.empty() ? "." : start.c_str(), nullptr);
  std::string folder = real == nullptr ? std::string() : std::string(real);
  std::free(real);
  char* here = realpath(".", nullptr);
  const std::string working = here == nullptr ? std::string() : std::string(here) + "/";
  std::free(here);
  while (!folder.empty()) {
    const std::string candidate = folder == "/" ? "/ouro.yaml" : folder + "/ouro.yaml";
    if (IsReadable(candidate)) {
      const bool below = !working.empty() && StartsWith(candidate, working);
      return below ? candidate.substr(working.size()) : candidate;
    }
    if (folder == "/") break;
    const size_t slash = folder.rfind('/');
    folder.resize(slash == 0 || slash == std::string::npos ? 1 : slash);
  }
  const std::string home = Environment("HOME");
  std::string base = Environment("XDG_CONFIG_HOME");
  if (base.empty() && !home.empty()) base = home + "/.config";
  if (!base.empty() && IsReadable(base + "/ouro/ouro.yaml")) return base + "/ouro/ouro.yaml";
  if (IsReadable("/etc/ouro/ouro.yaml")) return "/etc/ouro/ouro.yaml";
  return {};
}

std::string CommentedConfig() {
  std::string out =
      "# ouro.yaml: what a scan looks at, which checks run, and what blocks.\n"
      "# Every setting is shown with an example and its default; remove the # to set it.\n"
      "# `ouro config check` tells the effective values and where each comes from.\n";
  std::string_view open_parent;
  for (const Setting& setting : AllSettings()) {
    const size_t dot = setting.name.find('.');
    const std::string_view parent =
        dot == std::string_view::npos ? std::string_view() : setting.name.substr(0, dot);
    out += "\n";
    if (!parent.empty() && parent != open_parent) out += fmt::format("# {}:\n", parent);
    open_parent = parent;
    const std::string_view indent = parent.empty() ? "" : "  ";
    out += fmt::format("# {}# {}\n", indent, setting.doc);
    out += fmt::format("# {}# {}; default: {}\n", indent, setting.type, setting.default_text);
    AppendCommented(out, setting.example, indent);
  }
  return out;
}

Result<int> ParseKubernetesVersion(std::string_view text, std::string& warning) {
  if (text.empty()) return -1;
  std::string_view rest = text;
  if (rest.front() == 'v') rest.remove_prefix(1);
  const std::vector<std::string_view> parts = SplitText(rest, '.');
  const auto major = ParseInt64(parts[0]);
  const auto minor = parts.size() > 1 ? ParseInt64(parts[1]) : std::nullopt;
  const bool patch_ok = parts.size() < 3 || (parts.size() == 3 && ParseInt64(parts[2]).has_value());
  if (major != 1 || !minor || *minor < 0 || *minor > 10'000 || !patch_ok) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is no Kubernetes version: write 1.0 … 1.{}", Printable(text),
                            rules::kNewestKubernetesMinor));
  }
  if (*minor > rules::kNewestKubernetesMinor) {
    warning = fmt::format("Kubernetes 1.{} is newer than the newest known version; 1.{} is used",
                          *minor, rules::kNewestKubernetesMinor);
    return rules::kNewestKubernetesMinor;
  }
  return static_cast<int>(*minor);
}

}  // namespace ouro::engine
