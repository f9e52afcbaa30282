// Places of other tools' reports in the manifests that they looked at: a report that knows only
// "containers[0]" of an object is told the container's name, and an object its namespace.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/tree.h"
#include "model/finding.h"

namespace ouro::engine {

// Reads files below one folder, each at most once. Nothing outside the folder is ever opened,
// whatever a report says. Not thread-safe.
class SourceLookup {
 public:
  explicit SourceLookup(std::string folder);
  ~SourceLookup();

  // Fills container, namespace, API version and field path of the finding's resource where the
  // source tells them; leaves it as it is where the file or the object is not found.
  void Resolve(model::Finding& finding);

 private:
  struct File;
  const File* Open(std::string_view file);
  std::string FindFile(std::string_view file) const;

  std::string folder_;
  std::map<std::string, std::unique_ptr<File>, std::less<>> files_;  // by the report's name
};

}  // namespace ouro::engine
