// Exceptions as text: docs/formats/exception.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gate/exception.h"
#include "io/setting_reader.h"

namespace ouro::gate {

// One exception: a map with id, scope, reason, owner, requested_by, requested_at and expires_at;
// the rest may be absent. kInvalid with the place for what is missing, unknown or wrong.
Result<Exception> ReadException(const io::SettingReader& map);
// A list of them; ids must be different.
Result<std::vector<Exception>> ReadExceptions(const io::SettingReader& list);

// Canonical JSON; `with_origin`: where it stands, too.
void AppendException(std::string& out, const Exception& exception, bool with_origin);

// A file of exceptions: YAML or JSON, a list or a map with `exceptions`. An empty file holds none.
Result<std::vector<Exception>> ReadExceptionFile(std::string source, std::string_view name);

// The file with one more exception. Every byte that is there stays. `source` may be empty: then a
// new file is begun. kInvalid where the list is no block list at the end of the file.
Result<std::string> AddToFile(std::string_view source, std::string_view name,
                              const Exception& exception);
// The file with the exception of that id in its new form; what stands outside of it stays byte for
// byte. kNotFound when there is none.
Result<std::string> ReplaceInFile(std::string_view source, std::string_view name,
                                  const Exception& exception);

}  // namespace ouro::gate
