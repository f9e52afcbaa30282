#include "cli/settings.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::cli {
namespace {

void SetOrigin(engine::Config& config, std::string_view setting, std::string_view option) {
  config.origins[std::string(setting)] = option;
}

using ExcludeField = std::string scan::ObjectExclude::*;

struct ExcludeOption {
  std::string_view option;
  std::string_view setting;
  ExcludeField field;
};
constexpr std::array<ExcludeOption, 4> kExcludeOptions = {{
    {"--exclude-namespace", "exclude.namespaces", &scan::ObjectExclude::namespace_name},
    {"--exclude-kind", "exclude.kinds", &scan::ObjectExclude::kind},
    {"--exclude-name", "exclude.names", &scan::ObjectExclude::name},
    {"--exclude-label", "exclude.labels", &scan::ObjectExclude::label},
}};

// Excludes add up: what a file leaves out stays out.
void AddExcludes(const Arguments& arguments, engine::Config& config) {
  for (const std::string& pattern : arguments.List("--exclude")) {
    config.exclude_paths.push_back(pattern);
    SetOrigin(config, "exclude.paths", "--exclude");
  }
  for (const ExcludeOption& known : kExcludeOptions) {
    for (std::string& text : arguments.List(known.option)) {
      scan::ObjectExclude rule;
      rule.*known.field = std::move(text);
      config.exclude_objects.push_back(std::move(rule));
      SetOrigin(config, known.setting, known.option);
    }
  }
}

Status ApplyPolicyFlags(const Arguments& arguments, engine::Config& config) {
  if (arguments.Has("--fail-on")) {
    const std::string word = arguments.Value("--fail-on");
    config.policy.fail_on = model::ParseSeverity(word);
    // "high" is the built-in threshold as well, but now somebody asked for it.
    config.policy.origin = "--fail-on";
    SetOrigin(config, "policy.fail_on", "--fail-on");
  }
  if (arguments.Has("--incomplete")) {
    config.policy.incomplete = arguments.Value("--incomplete") == "block"
                                   ? gate::OnIncomplete::kBlock
                                   : gate::OnIncomplete::kObserve;
    SetOrigin(config, "policy.incomplete", "--incomplete");
  }
  if (arguments.Has("--strict")) {
    config.policy.strict = true;
    SetOrigin(config, "policy.strict", "--strict");
  }
  return {};
}

}  // namespace

Result<engine::Config> LoadConfig(const Arguments& arguments, const std::string& start) {
  if (arguments.Has("--config")) return engine::ReadConfigFile(arguments.Value("--config"));
  if (arguments.Has("--no-config")) return engine::Config();
  const std::string file = engine::FindConfigFile(start == "-" ? "." : start);
  if (file.empty()) return engine::Config();
  return engine::ReadConfigFile(file);
}

Status ApplyFlags(const Arguments& arguments, engine::Config& config) {
  const auto text = [&](std::string_view option, std::string_view setting, std::string& field) {
    if (!arguments.Has(option)) return;
    field = arguments.Value(option);
    SetOrigin(config, setting, option);
  };
  text("--profile", "profile", config.profile);
  text("--kubernetes-version", "kubernetes_version", config.kubernetes_version);
  text("--store", "store", config.store);
  text("--baseline", "baseline", config.baseline);
  if (arguments.Has("--only")) {
    config.only = arguments.List("--only");
    SetOrigin(config, "only", "--only");
  }
  for (std::string& id : arguments.List("--skip")) {
    config.skip.push_back(std::move(id));
    SetOrigin(config, "skip", "--skip");
  }
  for (std::string& folder : arguments.List("--checks")) {
    config.check_folders.push_back(std::move(folder));
    SetOrigin(config, "check_folders", "--checks");
  }
  AddExcludes(arguments, config);
  return ApplyPolicyFlags(arguments, config);
}

Result<int64_t> ParseSize(std::string_view text) {
  int shift = 0;
  std::string_view digits = text;
  if (!digits.empty()) {
    switch (digits.back()) {
      case 'k':
      case 'K':
        shift = 10;
        break;
      case 'm':
      case 'M':
        shift = 20;
        break;
      case 'g':
      case 'G':
        shift = 30;
        break;
      default:
        break;
    }
    if (shift > 0) digits.remove_suffix(1);
  }
  const auto count = ParseInt64(digits);
  // Offsets into a file are 32 bits wide.
  constexpr int64_t kSizeMax = (int64_t{1} << 32) - 1;
  if (!count || *count <= 0 || *count > (kSizeMax >> shift)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("--max-file-size does not know \"{}\": write bytes or 64M, below 4G",
                            Printable(text)));
  }
  return *count << shift;
}

}  // namespace ouro::cli
