#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "feed/cve_key.h"
#include "feed/reader.h"
#include "io/tree.h"

namespace ouro::feed {
namespace {

using io::NodeView;
using model::Answer;
using model::Exploitation;
using model::TechnicalImpact;

UnixSeconds DateOf(const NodeView& value) {
  return ParseRfc3339(value.Text()).value_or(0);
}

// Words of SSVC as the enrichment writes them. What is none of them is unknown.
Exploitation ParseExploitation(std::string_view word) {
  if (EqualsIgnoreCase(word, "none")) return Exploitation::kNone;
  if (EqualsIgnoreCase(word, "poc") || EqualsIgnoreCase(word, "public poc")) {
    return Exploitation::kPoc;
  }
  return EqualsIgnoreCase(word, "active") ? Exploitation::kActive : Exploitation::kUnknown;
}
Answer ParseAnswer(std::string_view word) {
  if (EqualsIgnoreCase(word, "yes")) return Answer::kYes;
  return EqualsIgnoreCase(word, "no") ? Answer::kNo : Answer::kUnknown;
}
TechnicalImpact ParseImpact(std::string_view word) {
  if (EqualsIgnoreCase(word, "total")) return TechnicalImpact::kTotal;
  return EqualsIgnoreCase(word, "partial") ? TechnicalImpact::kPartial : TechnicalImpact::kUnknown;
}

// All documents of the text, or the first problem.
Status ReadTree(std::string text, std::string_view name, io::KeyTable& keys, io::Tree& tree) {
  io::ReadOptions options;
  options.keep_comments = false;
  const Status read = io::ReadJson(std::move(text), options, keys, tree);
  if (!read) return tl::unexpected<Error>(WithContext(read.error(), name));
  for (const io::ReadProblem& problem : tree.problems()) {
    if (!problem.warning) return tl::unexpected<Error>(WithContext(problem.error, name));
  }
  return {};
}

tl::unexpected<Error> Wrong(std::string_view name, std::string_view what) {
  return Fail(ErrorCode::kParse, std::string(what), std::string(name));
}

Status AddCatalogue(const NodeView& root, std::string_view name, FeedBuilder& builder) {
  FeedSource source = builder.source(FeedKind::kKev);
  source.data_at = DateOf(root.Get("dateReleased"));
  for (const NodeView& row : root.Get("vulnerabilities").Children()) {
    const std::optional<uint32_t> key = CveKey(row.Get("cveID").Text());
    if (!key) return Wrong(name, "an entry of the KEV catalogue has no CVE id (cveID)");
    builder.AddKev(*key, DateOf(row.Get("dateAdded")), DateOf(row.Get("dueDate")),
                   row.Get("knownRansomwareCampaignUse").Text() == "Known");
  }
  builder.SetSource(FeedKind::kKev, std::move(source));
  return {};
}

// {"Exploitation": "none"}, {"Automatable": "no"}, {"Technical Impact": "partial"}
bool AddSsvcOptions(const NodeView& content, model::VulnFacts& facts) {
  bool any = false;
  for (const NodeView& option : content.Get("options").Children()) {
    for (const auto& [key, value] : option.Members()) {
      if (key == "Exploitation") facts.exploitation = ParseExploitation(value.Text());
      if (key == "Automatable") facts.automatable = ParseAnswer(value.Text());
      if (key == "Technical Impact") facts.technical_impact = ParseImpact(value.Text());
      any = true;
    }
  }
  return any;
}

// One container: true when it holds SSVC inputs or a vector.
bool AddContainer(const NodeView& container, model::VulnFacts& facts) {
  bool any = false;
  for (const NodeView& metric : container.Get("metrics").Children()) {
    const NodeView other = metric.Get("other");
    if (other.Get("type").Text() == "ssvc") any |= AddSsvcOptions(other.Get("content"), facts);
    for (const char* version : {"cvssV4_0", "cvssV3_1", "cvssV3_0"}) {
      const std::string_view vector = metric.Get(version).Get("vectorString").Text();
      if (!facts.cvss.empty() || vector.empty()) continue;
      facts.cvss = vector;
      any = true;
    }
  }
  return any;
}

void AddRecord(const NodeView& record, FeedBuilder& builder) {
  const std::optional<uint32_t> key = CveKey(record.Get("cveMetadata").Get("cveId").Text());
  if (!key) return;
  model::VulnFacts facts;
  bool any = false;
  for (const NodeView& container : record.Get("containers").Get("adp").Children()) {
    any |= AddContainer(container, facts);
  }
  if (any) builder.AddEnrichment(*key, facts);
}

// A row of JSON lines, as ouro's own data keeps it.
Status AddFlatRow(const NodeView& row, std::string_view name, FeedBuilder& builder) {
  const std::optional<uint32_t> key = CveKey(row.Get("cve").Text());
  if (!key) return Wrong(name, "a row has no CVE id (cve)");
  model::VulnFacts facts;
  facts.exploitation = ParseExploitation(row.Get("exploitation").Text());
  facts.automatable = ParseAnswer(row.Get("automatable").Text());
  facts.technical_impact = ParseImpact(row.Get("technical_impact").Text());
  facts.cvss = row.Get("cvssv3_1").Text();
  builder.AddEnrichment(*key, facts);
  return {};
}

// Columns by their names; a table may have others.
Status ReadTable(std::string_view text, std::string_view name, FeedBuilder& builder) {
  constexpr std::array<std::string_view, 5> kColumns = {
      "#cve", "cvss_vector", "ssvc_exploitation", "ssvc_automatable", "ssvc_technical_impact"};
  std::array<size_t, kColumns.size()> places{};
  int64_t number = 0;
  for (const std::string_view line : SplitText(text, '\n')) {
    ++number;
    if (TrimSpace(line).empty()) continue;
    const std::vector<std::string_view> cells = SplitText(line, '\t');
    const auto cell = [&](size_t column) {
      return places[column] < cells.size() ? TrimSpace(cells[places[column]]) : std::string_view();
    };
    if (number == 1) {
      for (size_t i = 0; i < kColumns.size(); ++i) {
        const auto found = std::find(cells.begin(), cells.end(), kColumns[i]);
        places[i] = static_cast<size_t>(found - cells.begin());
      }
      continue;
    }
    const std::optional<uint32_t> key = CveKey(cell(0));
    if (!key) return Wrong(fmt::format("{}:{}", name, number), "this row has no CVE id");
    model::VulnFacts facts;
    facts.cvss = cell(1);
    facts.exploitation = ParseExploitation(cell(2));
    facts.automatable = ParseAnswer(cell(3));
    facts.technical_impact = ParseImpact(cell(4));
    builder.AddEnrichment(*key, facts);
  }
  return {};
}

}  // namespace

struct EnrichmentReader::State {
  io::KeyTable keys;
  io::Tree tree;
};

EnrichmentReader::EnrichmentReader() : state_(std::make_unique<State>()) {}
EnrichmentReader::~EnrichmentReader() = default;

Status EnrichmentReader::Read(std::string text, std::string_view name, FeedBuilder& builder) {
  OURO_TRY_STATUS(ReadTree(std::move(text), name, state_->keys, state_->tree));
  for (const io::Root& root : state_->tree.roots()) {
    const NodeView record(state_->tree, state_->keys, root.node);
    if (record.Get("cveMetadata")) {
      AddRecord(record, builder);
    } else if (record.Get("cve").IsString()) {
      OURO_TRY_STATUS(AddFlatRow(record, name, builder));
    }
  }
  return {};
}

Status ReadKev(std::string text, std::string_view name, FeedBuilder& builder) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(ReadTree(std::move(text), name, keys, tree));
  for (const io::Root& root : tree.roots()) {
    const NodeView row(tree, keys, root.node);
    if (row.Get("vulnerabilities").IsList()) {
      OURO_TRY_STATUS(AddCatalogue(row, name, builder));
      continue;
    }
    const std::optional<uint32_t> key = CveKey(row.Get("cve").Text());
    if (!key) return Wrong(name, "a row has no CVE id (cve)");
    builder.AddKev(*key, DateOf(row.Get("added")), DateOf(row.Get("due")),
                   row.Get("ransomware").Text() == "Known");
  }
  return {};
}

Status ReadVulnrichment(std::string text, std::string_view name, FeedBuilder& builder) {
  if (StartsWith(text, "#cve\t")) return ReadTable(text, name, builder);
  EnrichmentReader reader;
  return reader.Read(std::move(text), name, builder);
}

std::optional<FeedKind> DetectFeed(std::string_view text) {
  constexpr size_t kHeadSize = 4'096;
  text = TrimSpace(text.substr(0, kHeadSize));
  if (StartsWith(text, "#model_version") || StartsWith(text, "cve,epss")) return FeedKind::kEpss;
  if (StartsWith(text, "#cve\t")) return FeedKind::kVulnrichment;
  if (StartsWith(text, "CVE-")) return FeedKind::kEpss;
  if (!StartsWith(text, "{")) return std::nullopt;
  const auto has = [text](std::string_view key) {
    return text.find(key) != std::string_view::npos;
  };
  if (has("\"catalogVersion\"") || has("\"cveID\"") || has("\"ransomware\"")) return FeedKind::kKev;
  if (has("\"cveMetadata\"") || has("\"technical_impact\"") || has("\"automatable\"")) {
    return FeedKind::kVulnrichment;
  }
  return std::nullopt;
}

Status ReadFeed(FeedKind kind, std::string text, std::string_view name, FeedBuilder& builder) {
  switch (kind) {
    case FeedKind::kEpss:
      return ReadEpss(text, name, builder);
    case FeedKind::kKev:
      return ReadKev(std::move(text), name, builder);
    case FeedKind::kVulnrichment:
      return ReadVulnrichment(std::move(text), name, builder);
  }
  return {};
}

}  // namespace ouro::feed
