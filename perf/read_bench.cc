// Speed of reading YAML: ouro's reader beside libyaml's event stream and libyaml's document tree.
//
//   read_bench FOLDER [ROUNDS]
//
// Reads every .yaml, .yml and .json file below FOLDER into memory, then reads all of them ROUNDS
// times (default 5) with each reader and prints MB per CPU second of the best round, 1 MB =
// 1,000,000 bytes. Only parsing is timed, not the file system. ouro's figures include spans,
// comments, interned keys and resolved scalars of every node; a libyaml event carries start and end
// marks only.

#include <yaml.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "io/key_table.h"
#include "io/tree.h"

namespace {

struct Corpus {
  std::vector<std::string> files;
  size_t size_bytes = 0;
};

struct Tally {
  int64_t value_count = 0;   // nodes or events
  int64_t failed_count = 0;  // documents or files that were refused
};

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Corpus Load(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    const bool wanted = extension == ".yaml" || extension == ".yml" || extension == ".json";
    if (wanted && entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  Corpus corpus;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    corpus.files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    corpus.size_bytes += corpus.files.back().size();
  }
  return corpus;
}

Tally ReadWithOuro(const Corpus& corpus, bool use_shortcut) {
  static ouro::io::KeyTable keys;
  static ouro::io::Tree tree;
  ouro::io::ReadOptions options;
  options.use_shortcut = use_shortcut;
  Tally tally;
  for (const std::string& file : corpus.files) {
    // The reader owns the bytes it reads, so this copy belongs to its cost. The buffer goes round,
    // as it does in a scan of many files.
    std::string bytes = tree.TakeSource();
    bytes.assign(file);
    if (!ouro::io::ReadYaml(std::move(bytes), options, keys, tree)) ++tally.failed_count;
    tally.value_count += tree.node_count();
    for (const ouro::io::Root& root : tree.roots()) tally.failed_count += root.failed ? 1 : 0;
  }
  return tally;
}

Tally ReadEvents(const Corpus& corpus) {
  Tally tally;
  for (const std::string& file : corpus.files) {
    yaml_parser_t parser;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(file.data()),
                                 file.size());
    bool done = false;
    while (!done) {
      yaml_event_t event;
      if (!yaml_parser_parse(&parser, &event)) {
        ++tally.failed_count;
        break;
      }
      ++tally.value_count;
      done = event.type == YAML_STREAM_END_EVENT;
      yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
  }
  return tally;
}

Tally ReadTree(const Corpus& corpus) {
  Tally tally;
  for (const std::string& file : corpus.files) {
    yaml_parser_t parser;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(file.data()),
                                 file.size());
    bool done = false;
    while (!done) {
      yaml_document_t document;
      if (!yaml_parser_load(&parser, &document)) {
        ++tally.failed_count;
        break;
      }
      done = yaml_document_get_root_node(&document) == nullptr;
      tally.value_count += document.nodes.top - document.nodes.start;
      yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
  }
  return tally;
}

struct Measurement {
  double megabytes_per_second = 0;
  Tally tally;
};

Measurement Measure(const Corpus& corpus, int rounds, const std::function<Tally()>& read) {
  Measurement result;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < rounds; ++i) {
    const double start = CpuSeconds();
    result.tally = read();
    best = std::min(best, CpuSeconds() - start);
  }
  result.megabytes_per_second = static_cast<double>(corpus.size_bytes) / 1e6 / best;
  return result;
}

int Run(const std::string& folder, int rounds) {
  const Corpus corpus = Load(folder);
  if (corpus.size_bytes == 0) {
    fmt::print(stderr, "read_bench: no .yaml, .yml or .json file with content below {}\n", folder);
    return 2;
  }
  fmt::print("{} files, {:.1f} MB, best of {} rounds, CPU time\n\n", corpus.files.size(),
             static_cast<double>(corpus.size_bytes) / 1e6, rounds);
  const auto ouro = Measure(corpus, rounds, [&] { return ReadWithOuro(corpus, true); });
  const auto scanner = Measure(corpus, rounds, [&] { return ReadWithOuro(corpus, false); });
  const auto events = Measure(corpus, rounds, [&] { return ReadEvents(corpus); });
  const auto tree = Measure(corpus, rounds, [&] { return ReadTree(corpus); });
  fmt::print(
      "| reader | MB/s | ouro is faster by | nodes or events | refused |\n|---|---|---|---|---|\n");
  const auto row = [&](const char* name, const Measurement& m) {
    fmt::print("| {} | {:.0f} | {:.1f} | {} | {} |\n", name, m.megabytes_per_second,
               ouro.megabytes_per_second / m.megabytes_per_second, m.tally.value_count,
               m.tally.failed_count);
  };
  row("ouro, tree with spans", ouro);
  row("ouro without the line shortcut", scanner);
  row("libyaml, events", events);
  row("libyaml, document tree", tree);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fmt::print(stderr, "usage: read_bench FOLDER [ROUNDS]\n");
    return 2;
  }
  try {
    return Run(argv[1], argc == 3 ? std::max(1, std::atoi(argv[2])) : 5);
  } catch (const std::filesystem::filesystem_error& error) {
    fmt::print(stderr, "read_bench: {}\n", error.what());
    return 2;
  }
}
