// Objects of files, read as `ouro scan` reads them. What cannot be read is a problem by name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/tree.h"
#include "model/report.h"
#include "scan/object.h"
#include "scan/source.h"

namespace ouro::prove {

class FileReader {
 public:
  explicit FileReader(int64_t file_size_max) : file_size_max_(file_size_max) {}

  // Calls `visit` for each object of the file, with trees read with `keys`; objects are valid
  // during the call. Problems are appended. Returns whether the file was read as one of manifests.
  bool Read(const scan::WalkEntry& entry, io::KeyTable& keys, const scan::ObjectKeys& known,
            const std::function<void(const scan::Object&)>& visit,
            std::vector<model::Problem>& problems);

 private:
  bool ReadBytes(const scan::SourceFile& file, std::vector<model::Problem>& problems);

  int64_t file_size_max_;
  std::string bytes_;
  io::Tree tree_;
};

// Does a document hold an action of a template? What it looks like is unknown until it is rendered.
bool IsTemplated(const io::Tree& tree, const io::Root& root);

}  // namespace ouro::prove
