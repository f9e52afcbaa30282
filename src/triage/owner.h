// Who must act on a finding: labels of the object, its namespace, CODEOWNERS of the file, path
// rules, a default. Pure functions of texts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ouro::triage {

// A CODEOWNERS file (GitHub and GitLab). One rule a line: a pattern and its owners; '#' begins a
// comment, a backslash makes the next character itself. The last rule that matches wins; a rule
// without owners takes a path out. GitLab's "[Section] @default", "^[Optional]" and
// "[Section][2]" begin sections: each section has its own last match, and the owners of all
// sections together own the path. A rule of a section without owners has the section's.
//
// Patterns are those of the documentation of both: a leading or inner '/' ties them to the root, a
// trailing '/' means a folder with all that is in it, '*' is any run within one name, '**' any
// number of folders, and a name alone matches at any depth. "docs/*" matches the files of docs, not
// those of folders below it.
class Codeowners {
 public:
  // kLimit above limits::kCodeownersSizeBytes or limits::kCodeownersRuleCount. A line that is no
  // rule is passed over, as GitHub does, and counted.
  static Result<Codeowners> Parse(std::string_view text);

  struct Match {
    std::vector<std::string> owners;  // in the order written, each once; empty: none
    int64_t line = 0;                 // of the rule that decided (of the last section); 0: no match
  };
  // `path` is relative to the root of the repository, '/' as separator.
  Match Find(std::string_view path) const;
  int64_t skipped_line_count() const { return skipped_line_count_; }

 private:
  struct Rule {
    std::vector<std::string> segments;  // of the pattern; "**": any number
    bool folder = false;                // ends in '/': only what is below it
    bool direct = false;                // ends in "/*": not what is below it
    std::vector<std::string> owners;
    int64_t line = 0;
  };
  struct Section {
    std::string name;  // lower case; sections with one name are one
    std::vector<std::string> owners;
    std::vector<Rule> rules;
  };
  static bool Matches(const Rule& rule, const std::vector<std::string_view>& path);
  bool BeginSection(std::string_view line);
  Result<bool> AddRule(std::string_view line, int64_t number);

  std::vector<Section> sections_;
  size_t current_ = 0;
  int64_t rule_count_ = 0;
  int64_t skipped_line_count_ = 0;
};

struct OwnerRule {
  std::string pattern;  // glob ('*' any run, '?' any one byte)
  std::string owner;
  bool operator==(const OwnerRule&) const = default;
};

struct OwnerPolicy {
  std::vector<std::string> label_keys = {"ouro.dev/owner", "team",
                                         "owner"};  // the first that is there
  std::vector<OwnerRule> namespaces;                // the first match wins
  std::vector<OwnerRule> paths;  // over the path of the file; the first match wins
  std::string base_image_owner;  // of what lies in the base of an image; empty: as the rest
  std::string default_owner;
};

struct OwnerFacts {
  std::map<std::string, std::string> labels;            // of the object
  std::map<std::string, std::string> namespace_labels;  // of its namespace
  std::string namespace_name;
  std::string path;  // of the file, relative to its repository; empty: none
  bool in_base_image = false;
};

struct OwnerAnswer {
  std::string owner;                // the first one; empty: nobody
  std::vector<std::string> owners;  // all
  std::string why;                  // "label team", "CODEOWNERS line 12", "namespace rule shop-*"
  bool operator==(const OwnerAnswer&) const = default;
};

// Base image, then labels of the object and of its namespace, then namespace rules, then CODEOWNERS
// (nullptr: none), then path rules, then the default.
OwnerAnswer FindOwner(const OwnerPolicy& policy, const Codeowners* codeowners,
                      const OwnerFacts& facts);

}  // namespace ouro::triage
