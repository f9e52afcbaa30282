// The audit log as a file: one entry a line, appended only. gate/audit.h is the chain.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gate/audit.h"

namespace ouro::engine {

// Appends entries to the file (made when it is not there; its folder must exist), chains them to
// what is there and waits until they are on disk. Other writers wait (an advisory lock on the
// file). What a killed writer left behind the last line end is removed first; the first new entry
// notes it. kParse when the last line is no entry: then nothing is written.
Status AppendAudit(const std::string& path, std::vector<gate::AuditEntry> entries);

struct AuditCheck {
  int64_t count = 0;      // entries that are in order
  std::string last_hash;  // of the last of them
  std::string fault;      // what is wrong with the next one; empty: nothing
};
// Reads the file from its beginning. `expect`: hash that the last entry must have, which is the
// only way to see that the end was cut off; empty: not checked. kNotFound and kIo for the file
// itself.
Result<AuditCheck> VerifyAudit(const std::string& path, std::string_view expect);

// Calls `each` with every entry, oldest first, until it gives an error. kInvalid at the first that
// is not in order.
Status ForEachAudit(const std::string& path,
                    const std::function<Status(const gate::AuditEntry&)>& each);

}  // namespace ouro::engine
