#include "cli/commands/judge_option.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace ouro::cli {
namespace {

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Where GitHub and GitLab look, in their order.
std::string CodeownersFile() {
  for (const char* path :
       {".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}) {
    std::error_code failed;
    if (std::filesystem::is_regular_file(path, failed)) return path;
  }
  return {};
}

}  // namespace

std::string FeedsFile(const engine::Config& config) {
  if (!config.feeds.file.empty()) return config.feeds.file;
  const std::string data = Variable("XDG_DATA_HOME");
  if (StartsWith(data, "/")) return data + "/ouro/feeds.db";
  const std::string home = Variable("HOME");
  return StartsWith(home, "/") ? home + "/.local/share/ouro/feeds.db" : "feeds.db";
}

engine::JudgeOptions JudgeOptionsOf(const engine::Config& config, UnixSeconds now) {
  engine::JudgeOptions options;
  options.feeds_file = FeedsFile(config);
  options.owners = config.owners;
  options.sla = config.sla;
  options.codeowners = CodeownersFile();
  options.now = now;
  return options;
}

}  // namespace ouro::cli
