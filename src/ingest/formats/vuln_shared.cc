#include "ingest/formats/vuln_shared.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "fmt/format.h"
#include "model/purl.h"

namespace ouro::ingest {
inline namespace vuln_reports {
namespace {

// Letters of the hashes that controllers append to names (k8s.io/apimachinery util/rand).
constexpr std::string_view kHashLetters = "bcdfghjklmnpqrstvwxz2456789";

bool IsHash(std::string_view text, size_t least, size_t most) {
  return text.size() >= least && text.size() <= most &&
         text.find_first_not_of(kHashLetters) == std::string_view::npos;
}

bool IsDecimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Packages of distributions; only these have the distribution as their namespace.
bool IsOsType(std::string_view type) {
  return type == "deb" || type == "rpm" || type == "apk" || type == "alpm";
}

// Rank of a rating: the newest version of CVSS counts.
int VersionRank(const model::Cvss& rating) {
  if (StartsWith(rating.vector, "CVSS:4")) return 3;
  if (StartsWith(rating.vector, "CVSS:3")) return 2;
  return rating.vector.empty() ? 1 : 0;
}

struct Word {
  std::string_view text;
  bool quoted = false;
};

// Words of a sentence; what stands in quotes is one word without them.
std::vector<Word> WordsOf(std::string_view sentence) {
  std::vector<Word> words;
  for (size_t i = 0; i < sentence.size();) {
    if (sentence[i] == ' ' || sentence[i] == '\n') {
      ++i;
      continue;
    }
    const char quote = sentence[i];
    const bool quoted = quote == '\'' || quote == '"';
    const size_t begin = quoted ? i + 1 : i;
    const size_t end =
        std::min(quoted ? sentence.find(quote, begin) : sentence.find_first_of(" \n", begin),
                 sentence.size());
    words.push_back({sentence.substr(begin, end - begin), quoted});
    i = quoted ? end + 1 : end;
  }
  return words;
}

// "in 'shop' namespace", "with 'shop' namespace", "in namespace 'shop'", "(namespace: shop)".
std::string NamespaceIn(const std::vector<Word>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i].text;
    if (word == "(namespace:" && i + 1 < words.size()) {
      const std::string_view name = words[i + 1].text;
      return std::string(EndsWith(name, ")") ? name.substr(0, name.size() - 1) : name);
    }
    if (word != "namespace" || i == 0) continue;
    if (words[i - 1].text == "in" && i + 1 < words.size() && words[i + 1].quoted) {
      return std::string(words[i + 1].text);
    }
    if (i >= 2 && (words[i - 2].text == "in" || words[i - 2].text == "with")) {
      return std::string(words[i - 1].text);
    }
  }
  return {};
}

template <typename List, typename Value>
void AddOnce(List& list, Value value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

}  // namespace

Result<std::vector<io::NodeView>> JsonValues(const ReportInput& input) {
  if (const Error* error = input.json_error()) return tl::unexpected<Error>(*error);
  if (input.values().empty())
    return Fail(ErrorCode::kParse, "the report holds no JSON value", "1:1");
  return input.values();
}

Result<io::NodeView> JsonRoot(const ReportInput& input) {
  OURO_TRY(const std::vector<io::NodeView> values, JsonValues(input));
  return values.front();
}

Result<XmlNode> XmlRoot(const ReportInput& input) {
  if (const Error* error = input.xml_error()) return tl::unexpected<Error>(*error);
  if (!input.xml()) return Fail(ErrorCode::kParse, "the report holds no XML element", "1:1");
  return input.xml();
}

tl::unexpected<Error> MissingPart(io::NodeView node, std::string_view part) {
  return Fail(ErrorCode::kInvalid, fmt::format("the report has no {}", part), PlaceOf(node));
}

model::Finding NewFinding(model::FindingClass finding_class, std::string_view tool,
                          std::string_view version, std::string_view rule) {
  model::Finding finding;
  finding.finding_class = finding_class;
  finding.check = fmt::format("{}:{}", tool, rule);
  finding.stage = "import";
  finding.origin.Make().tool = tool;
  finding.origin->tool_version = version;
  return finding;
}

model::Finding NewVulnFinding(std::string_view tool, std::string_view version,
                              std::vector<std::string> ids) {
  std::erase(ids, "");
  const std::string own = ids.empty() ? "unknown" : ids.front();
  model::Finding finding = NewFinding(model::FindingClass::kVuln, tool, version, own);
  SetVulnIds(finding.vuln.Make(), std::move(ids));
  if (finding.vuln->id.empty()) finding.vuln->id = own;
  return finding;
}

std::optional<model::Package> PackageOfPurl(std::string_view purl) {
  const std::optional<model::Purl> parsed = model::ParsePurl(purl);
  if (!parsed) return std::nullopt;
  model::Package package;
  package.purl = model::FormatPurl(*parsed);
  package.type = parsed->type;
  package.version = parsed->version;
  const std::string& space = parsed->namespace_name;
  if (space.empty() || IsOsType(parsed->type)) {
    package.name = parsed->name;
  } else {
    package.name = fmt::format("{}{}{}", space, parsed->type == "maven" ? ":" : "/", parsed->name);
  }
  return package;
}

void SetPackage(model::Finding& finding, std::string_view ecosystem, std::string_view name,
                std::string_view version, std::string_view distribution) {
  if (name.empty()) return;
  model::Package& package = finding.package.Make();
  package.name = name;
  package.version = version;
  if (package.type.empty() && !ecosystem.empty()) package.type = model::PurlType(ecosystem);
  if (package.purl.empty() && !ecosystem.empty()) {
    const bool is_os = IsOsType(package.type);
    package.purl = model::MakePurl(ecosystem, name, version, is_os ? distribution : "");
  }
}

bool SetPackagePurl(model::Finding& finding, std::string_view purl) {
  std::optional<model::Package> read = PackageOfPurl(purl);
  if (!read) return false;
  model::Package& package = finding.package.Make();
  package.purl = std::move(read->purl);
  package.type = std::move(read->type);
  if (package.name.empty()) package.name = std::move(read->name);
  if (package.version.empty()) package.version = std::move(read->version);
  return true;
}

void AddCvss(model::Vuln& vuln, std::string_view vector, double score, std::string_view source,
             std::string_view version) {
  vector = TrimSpace(vector);
  if (StartsWith(vector, "CVSS2#")) vector.remove_prefix(6);
  if (StartsWith(vector, "(") && EndsWith(vector, ")")) {
    vector = vector.substr(1, vector.size() - 2);
  }
  if (vector.empty() && score < 0) return;
  model::Cvss rating;
  rating.vector = vector;
  if (StartsWith(vector, "AV:") && vector.find("/PR:") != std::string_view::npos) {
    const bool is_v4 = vector.find("/AT:") != std::string_view::npos;
    const std::string_view prefix = is_v4                                           ? "CVSS:4.0/"
                                    : version.find("3.0") != std::string_view::npos ? "CVSS:3.0/"
                                                                                    : "CVSS:3.1/";
    rating.vector.insert(0, prefix);
  }
  rating.score = score;
  rating.source = source;
  AddOnce(vuln.cvss, std::move(rating));
}

double BestScore(const model::Vuln& vuln) {
  double best = -1;
  int best_rank = -1;
  for (const model::Cvss& rating : vuln.cvss) {
    if (rating.score < 0) continue;
    const int rank = VersionRank(rating);
    if (rank < best_rank || (rank == best_rank && rating.score <= best)) continue;
    best = rating.score;
    best_rank = rank;
  }
  return best;
}

void SetFixedIn(model::Finding& finding, const std::vector<std::string>& versions) {
  std::vector<std::string> known;
  for (const std::string& version : versions) {
    const std::string_view trimmed = TrimSpace(version);
    if (!trimmed.empty()) AddOnce(known, std::string(trimmed));
  }
  if (known.empty()) return;
  model::Vuln& vuln = finding.vuln.Make();
  vuln.fixed_in = JoinText(known, ", ");
  vuln.fix_state = "fixed";
  if (!finding.remediation.empty()) return;
  const std::string name = finding.package ? finding.package->name : "";
  finding.remediation =
      fmt::format("Upgrade {} to {}", name.empty() ? "the package" : name, JoinText(known, " or "));
}

std::string FixState(std::string_view word) {
  const std::string lower = ReplaceAll(LowerAscii(word), "_", "-");
  if (lower.empty()) return {};
  if (lower == "fixed" || lower == "available" || lower == "resolved") return "fixed";
  if (lower == "wont-fix" || lower == "will-not-fix" || lower == "won't fix" ||
      lower == "end-of-life" || lower == "out-of-support-scope") {
    return "wont-fix";
  }
  if (lower == "not-fixed" || lower == "affected" || lower == "fix-deferred" ||
      lower == "under-investigation" || lower == "none" || lower == "needed" ||
      lower == "deferred" || lower == "pending") {
    return "not-fixed";
  }
  return "unknown";
}

void AddReference(model::Finding& finding, std::string_view url) {
  url = TrimSpace(url);
  if (!url.empty()) AddOnce(finding.references, std::string(url));
}

void AddReferences(model::Finding& finding, const std::vector<std::string>& urls) {
  for (const std::string& url : urls) AddReference(finding, url);
}

void AddCwes(model::Finding& finding, std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(",;|[]\"' \n", at), text.size());
    const std::string_view part = text.substr(at, end - at);
    at = end + 1;
    const bool is_cwe = IsDecimal(part) || StartsWith(LowerAscii(part), "cwe");
    if (!is_cwe) continue;
    if (const std::optional<int64_t> number = CweNumber(part); number && *number > 0) {
      AddOnce(finding.origin.Make().cwes, *number);
    }
  }
}

void AddTag(model::Finding& finding, std::string_view tag) {
  tag = TrimSpace(tag);
  if (!tag.empty()) AddOnce(finding.origin.Make().tags, std::string(tag));
}

void SetState(model::Finding& finding, std::string_view state, std::string_view reason) {
  if (state.empty()) return;
  model::Origin& origin = finding.origin.Make();
  origin.state = state;
  finding.status = model::FindingStatus::kSuppressed;
  finding.suppressed =
      model::Suppression{origin.tool, std::string(reason.empty() ? state : reason), {}};
}

std::string VulnTitle(std::string_view id, std::string_view name, std::string_view version) {
  std::string title(id);
  for (const std::string_view part : {name, version}) {
    if (part.empty()) continue;
    if (!title.empty()) title += ' ';
    title += part;
  }
  return title;
}

std::string FirstLine(std::string_view text, size_t size_max) {
  text = TrimSpace(text);
  std::string_view line = TrimSpace(text.substr(0, text.find_first_of("\r\n")));
  if (line.size() <= size_max) return std::string(line);
  line = line.substr(0, size_max);
  line = line.substr(0, ValidUtf8Prefix(line));
  return std::string(line) + "…";
}

std::string OneLine(std::string_view text, size_t size_max) {
  std::string line;
  for (const char c : TrimSpace(text)) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) line += c;
    if (blank && !EndsWith(line, " ")) line += ' ';
  }
  return FirstLine(line, size_max);
}

void AddFactLine(std::string& text, std::string_view label, std::string_view value) {
  if (value.empty()) return;
  if (!text.empty()) text += '\n';
  text += fmt::format("{}: {}", label, value);
}

void SetSeverityWordOrScore(model::Finding& finding, std::string_view tool, std::string_view word,
                            double score) {
  const bool known = SeverityOfWord(word).has_value() && !EqualsIgnoreCase(word, "unknown");
  if (known || score < 0) {
    SetSeverity(finding, tool, word);
    return;
  }
  finding.severity = SeverityOfScore(score);
  finding.severity_source = fmt::format("{} (CVSS)", tool);
  finding.origin.Make().severity = word.empty() ? fmt::format("{}", score) : std::string(word);
}

void Folder::Add(const std::string& key, model::Finding&& finding) {
  static constexpr size_t kPlacesMax = 20;
  const auto [found, is_new] = by_key_.emplace(key, findings_.size());
  if (is_new) {
    findings_.push_back(std::move(finding));
    return;
  }
  model::Finding& first = findings_[found->second];
  first.count += finding.count;
  first.origin.Make().occurrences += finding.origin ? finding.origin->occurrences : 1;
  const bool elsewhere = !finding.location.file.empty() && !(finding.location == first.location);
  if (elsewhere && first.other_locations.size() < kPlacesMax) {
    first.other_locations.push_back(std::move(finding.location));
  }
}

void Folder::Flush(Sink& sink) {
  for (model::Finding& finding : findings_) sink.Add(std::move(finding));
  findings_.clear();
  by_key_.clear();
}

std::string LocationPath(std::string_view path) {
  std::string text = ReplaceAll(path, "\\", "/");
  while (StartsWith(text, "./")) text.erase(0, 2);
  return text;
}

Owner OwnerOf(std::string_view kind, std::string_view name) {
  const size_t dash = name.rfind('-');
  if (dash != std::string_view::npos && dash > 0) {
    const std::string_view tail = name.substr(dash + 1);
    if (kind == "ReplicaSet" && IsHash(tail, 6, 10)) {
      return {"Deployment", std::string(name.substr(0, dash))};
    }
    // CronJob controllers append the minute since 1970 (or the second, in old versions).
    if (kind == "Job" && IsDecimal(tail) && (tail.size() == 8 || tail.size() == 10)) {
      return {"CronJob", std::string(name.substr(0, dash))};
    }
  }
  return {std::string(kind), std::string(name)};
}

std::string_view KubernetesKind(std::string_view word) {
  static constexpr std::array<std::string_view, 21> kKinds = {"Pod",
                                                              "Deployment",
                                                              "StatefulSet",
                                                              "DaemonSet",
                                                              "ReplicaSet",
                                                              "Job",
                                                              "CronJob",
                                                              "Service",
                                                              "Ingress",
                                                              "ConfigMap",
                                                              "Secret",
                                                              "ClusterRoleBinding",
                                                              "ClusterRole",
                                                              "RoleBinding",
                                                              "Role",
                                                              "NetworkPolicy",
                                                              "ServiceAccount",
                                                              "Namespace",
                                                              "ReplicationController",
                                                              "PodSecurityPolicy",
                                                              "DeploymentConfig"};
  for (const std::string_view kind : kKinds) {
    if (EqualsIgnoreCase(kind, word)) return kind;
  }
  return {};
}

Subject SubjectInMessage(std::string_view message) {
  const std::vector<Word> words = WordsOf(message);
  const auto word = [&words](size_t i) {
    return i < words.size() ? words[i].text : std::string_view();
  };
  Subject subject;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const bool joined = word(i + 2) == "of" || word(i + 2) == "in";
    if (EqualsIgnoreCase(word(i), "container") && subject.container.empty() &&
        (words[i + 1].quoted || joined)) {
      subject.container = word(i + 1);
    }
    const std::string_view kind = KubernetesKind(word(i));
    const bool begins = i == 0 || word(i - 1) == "of" || word(i - 1) == "in";
    if (!kind.empty() && subject.kind.empty() && begins &&
        (words[i + 1].quoted || words[i].text != kind)) {
      subject.kind = kind;
      subject.name = word(i + 1);
    }
  }
  subject.namespace_name = NamespaceIn(words);
  return subject;
}

std::string TrivyCheckId(std::string_view id) {
  if (StartsWith(id, "AVD-")) return std::string(id.substr(4));
  for (const std::string_view prefix : {"KSV", "KCV", "DS"}) {
    if (!StartsWith(id, prefix)) continue;
    const std::string_view number = id.substr(prefix.size());
    if (!IsDecimal(number) || number.size() > 4) continue;
    return fmt::format("{}-{:0>4}", prefix, number);
  }
  return std::string(id);
}

bool ContainsIgnoreCase(std::string_view text, std::string_view word) {
  return LowerAscii(text).find(LowerAscii(word)) != std::string::npos;
}

}  // namespace vuln_reports
}  // namespace ouro::ingest
