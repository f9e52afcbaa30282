// Pages and groups over the column index. Private to store.
#pragma once

#include "base/error.h"
#include "store/core.h"
#include "store/query.h"

namespace ouro::store {

// Keys of one page.
Result<Page<int64_t>> SelectPage(Core& core, Table table, const PageQuery& query);
Result<Groups> SelectGroups(Core& core, Table table, GroupKey key, const Filter& filter,
                            int64_t limit, int64_t now);
// All keys that match, ascending.
Result<std::vector<int64_t>> SelectAll(Core& core, Table table, const Filter& filter, int64_t now);

}  // namespace ouro::store
