// A node of a file that people write (ouro.yaml, exceptions), together with what a good error
// message needs: the file, the place and the dotted name of the setting.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "io/tree.h"

namespace ouro::io {

// Cheap to copy; valid as long as the tree, the keys and the file name.
class SettingReader {
 public:
  SettingReader(const Tree& tree, const KeyTable& keys, uint32_t slot, std::string_view file,
                std::string name)
      : tree_(&tree), keys_(&keys), slot_(slot), file_(file), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  std::string_view file() const { return file_; }
  std::string_view key() const;
  // "file:line:column" of the key, or of the value where there is no key.
  std::string Where() const;
  bool IsNull() const;
  bool IsMap() const;
  bool IsList() const;

  Result<std::string> Text() const;  // strings; numbers as they are written ("1.30" stays "1.30")
  Result<bool> Boolean() const;
  Result<int64_t> Integer() const;                     // a whole number
  Result<double> Number() const;                       // any finite number
  Result<std::vector<SettingReader>> Items() const;    // list
  Result<std::vector<SettingReader>> Members() const;  // map, in order
  Result<std::vector<std::string>> TextList() const;   // list of text, or one text
  Result<std::string> Json() const;

  // "… must be <what>", with the place.
  tl::unexpected<Error> Wrong(std::string_view what) const;
  // The key is none of `known`: names the nearest.
  tl::unexpected<Error> Unknown(const std::vector<std::string_view>& known) const;

 private:
  uint32_t node() const { return tree_->Resolve(slot_); }

  const Tree* tree_;
  const KeyTable* keys_;
  uint32_t slot_;
  std::string_view file_;
  std::string name_;
};

}  // namespace ouro::io
