// Brings a file to the version of this program. Private to store.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "store/core.h"
#include "store/sqlite.h"

namespace ouro::store {

// PRAGMA application_id: "ouro" in ASCII.
inline constexpr int kApplicationId = 0x6f75726f;
inline constexpr int64_t kStoreVersion = 2;

// Opens the file and makes it a store of kStoreVersion. A database of someone else is never written
// to. Errors as Store::Open.
Result<std::unique_ptr<Core>> OpenCore(const std::string& path, OpenMode mode);

// Version 1 → 2, within a transaction: reads the old tables and drops them.
Status MigrateVersion1(Core& core);

// Builds the column index anew; gives how many values differed.
Result<int64_t> RebuildColumns(Core& core);

}  // namespace ouro::store
