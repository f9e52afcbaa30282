// A folder of files for tests, gone at the end of its scope.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <doctest.h>

namespace ouro::scan {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ouro-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string At(std::string_view name) const { return path_ + "/" + std::string(name); }
  void Write(std::string_view name, std::string_view content) const {
    const std::filesystem::path file = At(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }
  void Link(std::string_view name, std::string_view target) const {
    std::filesystem::create_symlink(std::string(target), At(name));
  }

 private:
  std::string path_;
};

}  // namespace ouro::scan
