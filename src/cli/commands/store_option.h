// Which store a command uses: --store, else `store` of ouro.yaml, else .ouro/store.db in the
// working directory. Internal to the commands.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/command.h"
#include "engine/config.h"
#include "store/store.h"

namespace ouro::cli {

inline constexpr std::string_view kStoreHelp =
    "the SQLite file of findings; default: `store` of ouro.yaml, else .ouro/store.db";

std::string StorePath(const Arguments& arguments, const engine::Config& config);

// Makes the store where there is none (and the folder .ouro, which git is told to ignore).
Result<std::unique_ptr<store::Store>> OpenStoreToWrite(const Arguments& arguments,
                                                       const engine::Config& config);

// kNotFound with a remedy where there is none: a list of nothing must not come from a misspelt
// name.
Result<std::unique_ptr<store::Store>> OpenStoreToRead(const Arguments& arguments,
                                                      const engine::Config& config);

}  // namespace ouro::cli
