// Package URLs: parse, write, and the form without version that identities use.
// Source: the package-url specification (PURL-SPECIFICATION, PURL-TYPES), ECMA-427.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::model {

struct Purl {
  std::string type;            // "deb", lower case
  std::string namespace_name;  // "debian", "org.slf4j", "@scope"; segments joined by '/', decoded
  std::string name;            // decoded
  std::string version;         // decoded; may be empty
  std::map<std::string, std::string> qualifiers;  // keys lower case, values decoded, none empty
  std::string subpath;
  bool operator==(const Purl&) const = default;
};

// nullopt when the text is no package URL. Applies the rules of known types: names of bitbucket,
// github, pypi (also '_' to '-'), … in lower case.
std::optional<Purl> ParsePurl(std::string_view text);

// Canonical text: percent-encoded, qualifiers sorted by key.
std::string FormatPurl(const Purl& purl);

// Canonical text without version, qualifiers and subpath: the package as such.
std::string PurlWithoutVersion(std::string_view purl);

// The purl type of a tool's word for an ecosystem ("python-pkg", "gobinary", "Maven", "dpkg",
// "node-pkg", "jar", "RubyGems", "debian", "alpine", "crates.io", …); the word itself in lower case
// when nobody knows it.
std::string PurlType(std::string_view ecosystem);

// A purl of parts as a tool gives them: `name` may hold its namespace ("org.slf4j:slf4j-api",
// "@scope/name", "github.com/a/b"); `distribution` ("debian", "alpine", "redhat") is the namespace
// of OS packages. Empty name: empty text.
std::string MakePurl(std::string_view ecosystem, std::string_view name, std::string_view version,
                     std::string_view distribution = {});

}  // namespace ouro::model
