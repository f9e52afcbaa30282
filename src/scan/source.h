// Sources: what a run reads. Folders are walked, files are named, standard input is read once; each
// becomes a stream of entries in a stable order (byte order of paths).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "model/finding.h"
#include "model/report.h"

namespace ouro::scan {

// What a file is, decided by name and content.
enum class FileKind : uint8_t {
  kManifest,   // YAML or JSON that may hold Kubernetes objects
  kTemplated,  // a template ({{ }}) outside a rendered chart: not examined, said so
  kOther,      // no kind that this run examines
};

struct WalkOptions {
  // Patterns in gitignore syntax on the path relative to the scanned folder; for a file named by
  // itself, on the path as it was given.
  std::vector<std::string> excludes;
  // Honour .gitignore files (nested ones, and those of the parents up to the repository's root) and
  // .git/info/exclude. A folder named by the caller is walked even where a parent ignores it. What
  // git tracks in spite of a pattern is not known here: the pattern wins.
  bool use_gitignore = true;
  // Links to files are read, as kubectl does; links to folders are excluded unless this is set.
  // Loops end either way.
  bool follow_links = false;
  int64_t file_size_max = limits::kFileSizeBytes;
  std::string stdin_name = "-";
};

struct SourceFile {
  std::string path;  // to open; "-" for standard input
  std::string
      shown;  // as reports show it: the argument joined with the relative path, '/' separators
  bool named = false;  // given by itself, not found inside a folder
};

// One entry of a walk: a file to read, what is left out, or what cannot be read.
struct WalkEntry {
  enum class Outcome : uint8_t { kFile, kExcluded, kProblem } outcome = Outcome::kFile;
  SourceFile file;
  // kExcluded: how many files are left out; all files below for a folder (0 for an empty one).
  int64_t file_count = 1;
  model::Problem problem;  // kProblem; also a warning beside kExcluded, when `message` is not empty
};

// Walks all paths and calls `visit` for each entry in order; `visit` returns false to stop. A path
// that does not exist is kNotFound and nothing is visited; everything below a path that cannot be
// read becomes an entry. The folder .git is passed over silently: it is no part of a delivery.
Status Walk(const std::vector<std::string>& paths, const WalkOptions& options,
            const std::function<bool(WalkEntry&&)>& visit);

// Is this the name of a descriptor that the caller's shell has opened (/dev/fd/N, /dev/stdin)? Only
// there may a pipe stand in the place of a file: somebody writes to it, and it ends.
bool IsOpenDescriptor(std::string_view path);

// Reads a whole file (or standard input for "-") into `bytes`, whose capacity is kept. kLimit when
// it is larger than `size_max`, kUnsupported for folders, sockets and devices, and for pipes that
// were not handed over as an open descriptor (/dev/fd/N, /dev/stdin); kNotFound when it has
// vanished.
Status ReadFile(const SourceFile& file, int64_t size_max, std::string& bytes);

// As ReadFile, but at most the first `size` bytes of a regular file; shorter files give less.
Status ReadHead(const SourceFile& file, size_t size, std::string& bytes);

// What the name alone tells, so that most files of a repository need not be opened.
enum class NameHint : uint8_t {
  kYaml,
  kJson,
  kUnknown,    // the content decides: read the head and ask DetectKind
  kOther,      // known to hold no manifest (source code, pictures, archives, …)
  kDockerfile  // a kind of delivery file that this program does not examine
};
NameHint HintOfName(std::string_view path);

// Decides by name and content, where `content` may be only the head of the file. Never kTemplated
// for content that may still be readable: see FindTemplateMark for that question.
FileKind DetectKind(std::string_view path, std::string_view content);

// Offset of the first template mark ("{{" or "{%") of `text` that stands outside quotes and
// comments; nullopt when there is none. For text that a reader has refused.
std::optional<size_t> FindTemplateMark(std::string_view text);

// Does this plain scalar hold an action of a Helm template ("{{ .Values.name }}")? Marks of other
// programs that stand in real manifests (Argo's "{{inputs.x}}", alert rules' "{{ with $x }}") do
// not count.
bool HasTemplateAction(std::string_view scalar);

}  // namespace ouro::scan
