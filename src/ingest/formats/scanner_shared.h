// What the importers of code, secret, cloud, web and network scanners share: the beginning of a
// finding, paths, HTML to text, and folding of equal entries. All functions are pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "ingest/importer.h"

namespace ouro::ingest {

// A finding with class, check "<tool>:<rule>", title and the tool of its origin. The stage is
// "import".
model::Finding ScannerFinding(model::FindingClass finding_class, std::string_view tool,
                              std::string_view rule, std::string title);

// Something that the tool itself could not examine, or that could not be taken over. `line` 0:
// unknown.
model::Problem ScannerProblem(ErrorCode code, std::string_view file, int64_t line,
                              std::string message);
// The same, where everything was examined all the same.
model::Problem ScannerWarning(ErrorCode code, std::string_view file, std::string message);

// Severity of a report that has none: `severity`, with the source "<tool> (no severity given)".
void SetAssumedSeverity(model::Finding& finding, std::string_view tool, model::Severity severity);

// Adds a score or a vector to the finding's vulnerability facts where either is known.
void AddCvss(model::Finding& finding, std::string_view vector, double score,
             std::string_view source = {});

// CWE numbers of texts ("CWE-79: …", "79"), in order, each once.
void AddCwe(model::Finding& finding, std::string_view text);
void AddCwes(model::Finding& finding, const std::vector<std::string>& texts);

// Adds what is not empty and not there yet.
void AddUnique(std::vector<std::string>& list, std::string_view text);

// A path with '/' as separator and without leading "./".
std::string ReportPath(std::string_view path);

// Host of a URL or of "host:port": "https://a.example:8443/x" → "a.example"; user names are
// dropped.
std::string HostOf(std::string_view url);
// Scheme, host and port of a URL without path; the text itself when it is no URL.
std::string SiteOf(std::string_view url);

// Text of HTML: tags dropped (blocks end a line), the usual entities decoded, blanks folded.
std::string PlainText(std::string_view html);

// http and https addresses in a text or in HTML, in order, each once.
std::vector<std::string> UrlsIn(std::string_view text);

// Appends "**Label:** value" as a line (Markdown); nothing when the value is empty.
void AppendFact(std::string& text, std::string_view label, std::string_view value);

// First line of a text, at most `size` bytes of it, cut at a whole character.
std::string FirstLine(std::string_view text, size_t size = 200);

// The text with every occurrence of the secret (also of its trimmed form) as "[secret]".
std::string WithoutSecret(std::string_view text, std::string_view secret);
// Whether a rule of a code scanner is about credentials, so that quoted source must not be kept.
bool IsAboutSecrets(std::string_view rule, const std::vector<int64_t>& cwes);

// Hash of quoted source without line numbers and indentation, so that it survives a move; empty
// text: empty.
std::string CodeHash(std::string_view code);
// The same for source whose lines begin with their numbers ("12: call()"): lines `first` to `last`
// only, so that a change next to them is none; all lines when none has such a number.
std::string NumberedCodeHash(std::string_view code, int64_t first, int64_t last);

// The report's JSON (the first value). kParse with the place when the bytes are broken, kInvalid
// when they are no JSON at all.
Result<io::NodeView> JsonOf(const ReportInput& input);
// The entries of a report that is a list, or one value a line, or one object: never fails on an
// empty report or on `null`, which such tools write when they found nothing. kParse as above.
Result<std::vector<io::NodeView>> RecordsOf(const ReportInput& input);
// The list at a key. kInvalid with the place when the key is absent or no list; `null` is an empty
// list.
Result<std::vector<io::NodeView>> ListOf(io::NodeView map, std::string_view key);
// The root element, which must have that name. kParse with the place, or kInvalid.
Result<XmlNode> XmlOf(const ReportInput& input, std::string_view root_name);

// Folds entries that say the same of the same subject: the first one stays in its place, later ones
// add to its count, its occurrences, its other places (at most 20) and its description.
class FindingFolder {
 public:
  // `key` holds everything that tells two subjects apart.
  void Add(const std::string& key, model::Finding&& finding);
  // Hands everything to the sink, in the order of the first entries.
  void Flush(Sink& sink);

 private:
  std::vector<model::Finding> findings_;
  std::unordered_map<std::string, size_t> places_;
};

}  // namespace ouro::ingest
