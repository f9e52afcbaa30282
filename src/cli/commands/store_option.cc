#include "cli/commands/store_option.h"

#include <filesystem>
#include <system_error>

#include "cli/output.h"

namespace ouro::cli {
namespace {

constexpr std::string_view kDefaultFolder = ".ouro";
constexpr std::string_view kDefaultStore = ".ouro/store.db";

// What is remembered here belongs to this machine, not to the repository.
Status MakeDefaultFolder() {
  std::error_code failed;
  const std::filesystem::path folder(kDefaultFolder);
  if (std::filesystem::is_directory(folder, failed)) return {};
  std::filesystem::create_directory(folder, failed);
  if (failed) return Fail(ErrorCode::kIo, failed.message(), folder.string());
  return WriteFile((folder / ".gitignore").string(), "*\n");
}

}  // namespace

std::string StorePath(const Arguments& arguments, const engine::Config& config) {
  if (arguments.Has("--store")) return arguments.Value("--store");
  return config.store.empty() ? std::string(kDefaultStore) : config.store;
}

Result<std::unique_ptr<store::Store>> OpenStoreToWrite(const Arguments& arguments,
                                                       const engine::Config& config) {
  const std::string path = StorePath(arguments, config);
  if (path == kDefaultStore) OURO_TRY_STATUS(MakeDefaultFolder());
  return store::Store::Open(path);
}

Result<std::unique_ptr<store::Store>> OpenStoreToRead(const Arguments& arguments,
                                                      const engine::Config& config) {
  const std::string path = StorePath(arguments, config);
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) {
    return Fail(ErrorCode::kNotFound,
                "no such store: `ouro import` and `ouro scan --store FILE` make one", path);
  }
  return store::Store::OpenExisting(path);
}

}  // namespace ouro::cli
