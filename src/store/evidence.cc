#include "store/evidence.h"

#include <algorithm>
#include <bit>

namespace ouro::store {
namespace {

constexpr char kEvidenceVersion = 1;

// Which of the parts that few findings have are there.
constexpr uint64_t kHasPackage = 1;
constexpr uint64_t kHasImage = 2;
constexpr uint64_t kHasVuln = 4;
constexpr uint64_t kHasOrigin = 8;
constexpr uint64_t kHasAsset = 16;
constexpr uint64_t kHasJudgement = 32;
constexpr uint64_t kHasSuppression = 64;
constexpr uint64_t kMessageIsTitle = 128;

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void Number(uint64_t value) {
    while (value >= 0x80) {
      out_ += static_cast<char>(value | 0x80);
      value >>= 7;
    }
    out_ += static_cast<char>(value);
  }
  void Signed(int64_t value) {
    Number((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void Text(std::string_view text) {
    Number(text.size());
    out_ += text;
  }
  void Double(double value) {
    const auto bits = std::bit_cast<uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(bits >> shift);
  }

 private:
  std::string& out_;
};

// Reads what Writer wrote. After a damaged place everything is empty and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  bool ok() const { return ok_; }
  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) break;
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    left_ = {};
    return 0;
  }
  uint32_t Small() { return static_cast<uint32_t>(Number()); }
  int64_t Signed() {
    const uint64_t value = Number();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  std::string Text() {
    const uint64_t size = Number();
    if (size > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  double Double() {
    uint64_t bits = 0;
    if (left_.size() < 8) {
      ok_ = false;
      left_ = {};
      return 0;
    }
    for (unsigned i = 0; i < 8; ++i) {
      bits |= uint64_t{static_cast<unsigned char>(left_[i])} << (8 * i);
    }
    left_.remove_prefix(8);
    return std::bit_cast<double>(bits);
  }
  // A count of things of at least one byte each.
  uint64_t Count() {
    const uint64_t count = Number();
    if (count <= left_.size()) return count;
    ok_ = false;
    left_ = {};
    return 0;
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

void WriteTexts(Writer& writer, const std::vector<std::string>& texts) {
  writer.Number(texts.size());
  for (const std::string& text : texts) writer.Text(text);
}

std::vector<std::string> ReadTexts(Reader& reader) {
  std::vector<std::string> texts;
  for (uint64_t count = reader.Count(); count > 0; --count) texts.push_back(reader.Text());
  return texts;
}

void WriteOrigin(Writer& writer, const model::Origin& origin) {
  writer.Text(origin.tool);
  writer.Text(origin.severity);
  writer.Text(origin.description);
  writer.Text(origin.impact);
  writer.Text(origin.category);
  writer.Number(origin.cwes.size());
  for (const int64_t cwe : origin.cwes) writer.Signed(cwe);
  WriteTexts(writer, origin.tags);
  writer.Text(origin.confidence);
  writer.Text(origin.service);
  writer.Text(origin.state);
}

void ReadOrigin(Reader& reader, model::Origin& origin) {
  origin.tool = reader.Text();
  origin.severity = reader.Text();
  origin.description = reader.Text();
  origin.impact = reader.Text();
  origin.category = reader.Text();
  for (uint64_t count = reader.Count(); count > 0; --count) origin.cwes.push_back(reader.Signed());
  origin.tags = ReadTexts(reader);
  origin.confidence = reader.Text();
  origin.service = reader.Text();
  origin.state = reader.Text();
}

std::string PackPackage(const model::Package& package) {
  std::string out;
  Writer writer(out);
  for (const std::string* text : {&package.purl, &package.name, &package.version, &package.type,
                                  &package.path, &package.source}) {
    writer.Text(*text);
  }
  return out;
}

void UnpackPackage(std::string_view bytes, model::Package& package) {
  if (bytes.empty()) return;
  Reader reader(bytes);
  for (std::string* text : {&package.purl, &package.name, &package.version, &package.type,
                            &package.path, &package.source}) {
    *text = reader.Text();
  }
}

std::string PackAsset(const model::Asset& asset) {
  std::string out;
  Writer writer(out);
  for (const std::string* text :
       {&asset.application, &asset.environment, &asset.cluster, &asset.repository, &asset.branch,
        &asset.host, &asset.node_role}) {
    writer.Text(*text);
  }
  return out;
}

void UnpackAsset(std::string_view bytes, model::Asset& asset) {
  if (bytes.empty()) return;
  Reader reader(bytes);
  for (std::string* text : {&asset.application, &asset.environment, &asset.cluster,
                            &asset.repository, &asset.branch, &asset.host, &asset.node_role}) {
    *text = reader.Text();
  }
}

void WriteVuln(Writer& writer, const model::Vuln& vuln) {
  WriteTexts(writer, vuln.aliases);
  writer.Number(vuln.cvss.size());
  for (const model::Cvss& cvss : vuln.cvss) {
    writer.Text(cvss.vector);
    writer.Double(cvss.score);
    writer.Text(cvss.source);
  }
  writer.Text(vuln.published);
}

void ReadVuln(Reader& reader, model::Vuln& vuln) {
  vuln.aliases = ReadTexts(reader);
  for (uint64_t count = reader.Count(); count > 0; --count) {
    model::Cvss& cvss = vuln.cvss.emplace_back();
    cvss.vector = reader.Text();
    cvss.score = reader.Double();
    cvss.source = reader.Text();
  }
  vuln.published = reader.Text();
}

// What a tool says alike of all findings of a rule or vulnerability, as one text that is interned.
void PackAbout(const model::Finding& finding, std::string& out) {
  out.clear();
  Writer writer(out);
  writer.Text(finding.title);
  writer.Text(finding.severity_source);
  WriteTexts(writer, finding.references);
  if (finding.origin) WriteOrigin(writer, *finding.origin);
  if (finding.vuln) WriteVuln(writer, *finding.vuln);
}

// The parts of `finding` that are there say what was written.
bool UnpackAbout(std::string_view bytes, model::Finding& finding) {
  Reader reader(bytes);
  finding.title = reader.Text();
  finding.severity_source = reader.Text();
  finding.references = ReadTexts(reader);
  if (finding.origin) ReadOrigin(reader, *finding.origin);
  if (finding.vuln) ReadVuln(reader, *finding.vuln);
  return reader.ok();
}

std::string PackJudgement(const model::Judgement& judgement) {
  std::string out;
  Writer writer(out);
  writer.Text(judgement.outcome);
  writer.Text(judgement.exposure);
  writer.Text(judgement.reachability);
  writer.Number(judgement.why.size());
  for (const model::Reason& reason : judgement.why) {
    writer.Text(reason.term);
    writer.Text(reason.value);
    writer.Signed(reason.weight);
    writer.Text(reason.text);
  }
  return out;
}

void UnpackJudgement(std::string_view bytes, model::Judgement& judgement) {
  if (bytes.empty()) return;
  Reader reader(bytes);
  judgement.outcome = reader.Text();
  judgement.exposure = reader.Text();
  judgement.reachability = reader.Text();
  for (uint64_t count = reader.Count(); count > 0; --count) {
    model::Reason& reason = judgement.why.emplace_back();
    reason.term = reader.Text();
    reason.value = reader.Text();
    reason.weight = static_cast<int>(reader.Signed());
    reason.text = reader.Text();
  }
}

std::string PackFix(const std::vector<model::FixPatch>& fix) {
  if (fix.empty()) return {};
  std::string out;
  Writer writer(out);
  writer.Number(fix.size());
  for (const model::FixPatch& patch : fix) {
    writer.Text(patch.op);
    writer.Text(patch.json_path);
    writer.Text(patch.value);
  }
  return out;
}

void UnpackFix(std::string_view bytes, std::vector<model::FixPatch>& fix) {
  if (bytes.empty()) return;
  Reader reader(bytes);
  for (uint64_t count = reader.Count(); count > 0; --count) {
    model::FixPatch& patch = fix.emplace_back();
    patch.op = reader.Text();
    patch.json_path = reader.Text();
    patch.value = reader.Text();
  }
}

// Interns texts and writes their numbers.
class Interner {
 public:
  Interner(Dictionary& dictionary, Writer& writer) : dictionary_(dictionary), writer_(writer) {}
  Status Text(std::string_view text) {
    OURO_TRY(const uint32_t number, dictionary_.Text(text));
    writer_.Number(number);
    return {};
  }
  Status Place(const model::Location& place) {
    OURO_TRY_STATUS(Text(place.file));
    writer_.Signed(place.line);
    writer_.Signed(place.column);
    writer_.Signed(place.end_line);
    writer_.Signed(place.end_column);
    writer_.Number(place.start_offset);
    writer_.Number(place.end_offset);
    OURO_TRY_STATUS(Text(place.json_path));
    writer_.Signed(place.document);
    return {};
  }

 private:
  Dictionary& dictionary_;
  Writer& writer_;
};

Status ReadPlace(Dictionary& dictionary, Reader& reader, model::Location& place) {
  OURO_TRY(place.file, dictionary.TextOf(reader.Small()));
  place.line = reader.Signed();
  place.column = reader.Signed();
  place.end_line = reader.Signed();
  place.end_column = reader.Signed();
  place.start_offset = reader.Small();
  place.end_offset = reader.Small();
  OURO_TRY(place.json_path, dictionary.TextOf(reader.Small()));
  place.document = reader.Signed();
  return {};
}

Status FillHead(Dictionary& dictionary, const model::Finding& finding, std::string_view owner,
                std::string_view fix_group, UnixSeconds now, EvidenceHead& head) {
  head.finding_class = static_cast<uint32_t>(finding.finding_class);
  head.severity = static_cast<uint32_t>(finding.severity);
  head.status = static_cast<uint32_t>(finding.status);
  const int priority = finding.judgement ? finding.judgement->priority : 0;
  head.priority = static_cast<uint32_t>(std::clamp(priority, 0, 255));
  head.stage = StageBit(finding.stage);
  OURO_TRY(head.rule, dictionary.Rule(finding));
  const bool imported = finding.origin && !finding.origin->tool.empty();
  OURO_TRY(head.tool, dictionary.Text(imported ? std::string_view(finding.origin->tool) : "ouro"));
  AssetKey asset;
  if (finding.asset) {
    asset.application = finding.asset->application;
    asset.environment = finding.asset->environment;
    asset.cluster = finding.asset->cluster;
  }
  asset.namespace_name = finding.resource.namespace_name;
  OURO_TRY(head.asset, dictionary.Asset(asset));
  OURO_TRY(head.object, dictionary.Object(finding.resource));
  head.vuln = 0;
  if (finding.vuln) {
    OURO_TRY(head.vuln, dictionary.Vuln(*finding.vuln, now));
  }
  OURO_TRY(head.owner, dictionary.Text(owner));
  OURO_TRY(head.fix_group, dictionary.Text(fix_group));
  return {};
}

void WriteHead(Writer& writer, const EvidenceHead& head) {
  for (const uint32_t number :
       {head.finding_class, head.severity, head.status, head.priority, head.stage, head.rule,
        head.tool, head.asset, head.object, head.vuln, head.owner, head.fix_group}) {
    writer.Number(number);
  }
}

EvidenceHead ReadHead(Reader& reader) {
  EvidenceHead head;
  for (uint32_t* number :
       {&head.finding_class, &head.severity, &head.status, &head.priority, &head.stage, &head.rule,
        &head.tool, &head.asset, &head.object, &head.vuln, &head.owner, &head.fix_group}) {
    *number = reader.Small();
  }
  head.finding_class =
      std::min(head.finding_class, static_cast<uint32_t>(model::FindingClass::kLint));
  head.severity = std::min(head.severity, static_cast<uint32_t>(model::Severity::kCritical));
  head.status = std::min(head.status, static_cast<uint32_t>(model::FindingStatus::kError));
  return head;
}

// The parts that few findings have, in the order of their bits.
Status WriteParts(Interner& interner, Writer& writer, const model::Finding& finding) {
  if (finding.package) OURO_TRY_STATUS(interner.Text(PackPackage(*finding.package)));
  if (finding.image) {
    OURO_TRY_STATUS(interner.Text(finding.image->reference));
    OURO_TRY_STATUS(interner.Text(finding.image->digest));
    OURO_TRY_STATUS(interner.Text(finding.image->layer));
  }
  if (finding.vuln) {
    OURO_TRY_STATUS(interner.Text(finding.vuln->fixed_in));
    OURO_TRY_STATUS(interner.Text(finding.vuln->fix_state));
  }
  if (finding.origin) {
    writer.Text(finding.origin->uid);
    writer.Text(finding.origin->endpoint);
    writer.Text(finding.origin->snippet_hash);
    writer.Signed(finding.origin->occurrences);
  }
  if (finding.asset) OURO_TRY_STATUS(interner.Text(PackAsset(*finding.asset)));
  if (finding.judgement) OURO_TRY_STATUS(interner.Text(PackJudgement(*finding.judgement)));
  if (finding.suppressed) {
    OURO_TRY_STATUS(interner.Text(finding.suppressed->by));
    OURO_TRY_STATUS(interner.Text(finding.suppressed->reason));
    writer.Text(finding.suppressed->until);
  }
  return {};
}

Status ReadParts(Dictionary& dictionary, Reader& reader, uint64_t parts, const EvidenceHead& head,
                 model::Finding& finding) {
  if ((parts & kHasPackage) != 0) {
    OURO_TRY(const std::string packed, dictionary.TextOf(reader.Small()));
    UnpackPackage(packed, finding.package.Make());
  }
  if ((parts & kHasImage) != 0) {
    model::Image& image = finding.image.Make();
    OURO_TRY(image.reference, dictionary.TextOf(reader.Small()));
    OURO_TRY(image.digest, dictionary.TextOf(reader.Small()));
    OURO_TRY(image.layer, dictionary.TextOf(reader.Small()));
  }
  if ((parts & kHasVuln) != 0) {
    model::Vuln& vuln = *finding.vuln;
    OURO_TRY(vuln.id, dictionary.VulnIdOf(head.vuln));
    OURO_TRY(vuln.fixed_in, dictionary.TextOf(reader.Small()));
    OURO_TRY(vuln.fix_state, dictionary.TextOf(reader.Small()));
  }
  if ((parts & kHasOrigin) != 0) {
    model::Origin& origin = *finding.origin;
    origin.uid = reader.Text();
    origin.endpoint = reader.Text();
    origin.snippet_hash = reader.Text();
    origin.occurrences = reader.Signed();
  }
  if ((parts & kHasAsset) != 0) {
    OURO_TRY(const std::string packed, dictionary.TextOf(reader.Small()));
    UnpackAsset(packed, finding.asset.Make());
  }
  if ((parts & kHasJudgement) != 0) {
    OURO_TRY(const std::string packed, dictionary.TextOf(reader.Small()));
    UnpackJudgement(packed, finding.judgement.Make());
    finding.judgement->priority = static_cast<int>(head.priority);
  }
  if ((parts & kHasSuppression) != 0) {
    model::Suppression& suppression = finding.suppressed.emplace();
    OURO_TRY(suppression.by, dictionary.TextOf(reader.Small()));
    OURO_TRY(suppression.reason, dictionary.TextOf(reader.Small()));
    suppression.until = reader.Text();
  }
  return {};
}

uint64_t PartsOf(const model::Finding& finding) {
  uint64_t parts = 0;
  if (finding.package) parts |= kHasPackage;
  if (finding.image) parts |= kHasImage;
  if (finding.vuln) parts |= kHasVuln;
  if (finding.origin) parts |= kHasOrigin;
  if (finding.asset) parts |= kHasAsset;
  if (finding.judgement) parts |= kHasJudgement;
  if (finding.suppressed) parts |= kHasSuppression;
  if (finding.message == finding.title) parts |= kMessageIsTitle;
  return parts;
}

tl::unexpected<Error> Damaged() {
  return Fail(ErrorCode::kParse, "the store is damaged: the evidence of an observation is broken");
}

}  // namespace

Status PackEvidence(Dictionary& dictionary, const model::Finding& finding, std::string_view owner,
                    std::string_view fix_group, UnixSeconds now, EvidenceHead& head,
                    std::string& out) {
  OURO_TRY_STATUS(FillHead(dictionary, finding, owner, fix_group, now, head));
  out.assign(1, kEvidenceVersion);
  Writer writer(out);
  Interner interner(dictionary, writer);
  WriteHead(writer, head);
  const uint64_t parts = PartsOf(finding);
  writer.Number(parts);
  OURO_TRY_STATUS(interner.Text(finding.resource.container));
  OURO_TRY_STATUS(interner.Text(finding.field_path));
  std::string about;
  PackAbout(finding, about);
  OURO_TRY_STATUS(interner.Text(about));
  if ((parts & kMessageIsTitle) == 0) writer.Text(finding.message);
  OURO_TRY_STATUS(interner.Text(finding.remediation));
  OURO_TRY_STATUS(interner.Text(PackFix(finding.fix)));
  OURO_TRY_STATUS(interner.Text(finding.stage));
  OURO_TRY_STATUS(interner.Text(finding.action));
  writer.Signed(finding.count);
  OURO_TRY_STATUS(interner.Place(finding.location));
  writer.Number(finding.other_locations.size());
  for (const model::Location& place : finding.other_locations) {
    OURO_TRY_STATUS(interner.Place(place));
  }
  return WriteParts(interner, writer, finding);
}

Result<EvidenceHead> ReadEvidenceHead(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kEvidenceVersion) return Damaged();
  Reader reader(bytes.substr(1));
  const EvidenceHead head = ReadHead(reader);
  if (!reader.ok()) return Damaged();
  return head;
}

Result<model::Finding> UnpackEvidence(Dictionary& dictionary, std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kEvidenceVersion) return Damaged();
  Reader reader(bytes.substr(1));
  const EvidenceHead head = ReadHead(reader);
  model::Finding finding;
  finding.finding_class = static_cast<model::FindingClass>(head.finding_class);
  finding.severity = static_cast<model::Severity>(head.severity);
  finding.status = static_cast<model::FindingStatus>(head.status);
  OURO_TRY(RuleNames rule, dictionary.RuleOf(head.rule));
  finding.check = std::move(rule.check);
  finding.concept_name = std::move(rule.concept_name);
  finding.aliases = std::move(rule.aliases);
  OURO_TRY(finding.resource, dictionary.ObjectOf(head.object));
  const uint64_t parts = reader.Number();
  OURO_TRY(finding.resource.container, dictionary.TextOf(reader.Small()));
  OURO_TRY(finding.field_path, dictionary.TextOf(reader.Small()));
  if ((parts & kHasVuln) != 0) finding.vuln.Make();
  if ((parts & kHasOrigin) != 0) finding.origin.Make();
  OURO_TRY(const std::string about, dictionary.TextOf(reader.Small()));
  if (!UnpackAbout(about, finding)) return Damaged();
  finding.message = (parts & kMessageIsTitle) != 0 ? finding.title : reader.Text();
  OURO_TRY(finding.remediation, dictionary.TextOf(reader.Small()));
  OURO_TRY(const std::string fix, dictionary.TextOf(reader.Small()));
  UnpackFix(fix, finding.fix);
  OURO_TRY(finding.stage, dictionary.TextOf(reader.Small()));
  OURO_TRY(finding.action, dictionary.TextOf(reader.Small()));
  finding.count = reader.Signed();
  OURO_TRY_STATUS(ReadPlace(dictionary, reader, finding.location));
  for (uint64_t count = reader.Count(); count > 0; --count) {
    OURO_TRY_STATUS(ReadPlace(dictionary, reader, finding.other_locations.emplace_back()));
  }
  OURO_TRY_STATUS(ReadParts(dictionary, reader, parts, head, finding));
  if (!reader.ok()) return Damaged();
  return finding;
}

}  // namespace ouro::store
