#include "store/rows.h"

#include <algorithm>

#include "base/text.h"

namespace ouro::store {
namespace {

constexpr std::string_view kEmptyList = "[]";

void AppendTexts(std::string& out, std::initializer_list<std::string_view> texts) {
  out += '[';
  bool first = true;
  for (const std::string_view text : texts) {
    if (!first) out += ',';
    first = false;
    AppendJsonString(out, text);
  }
  out += ']';
}

void SetTexts(std::string& out, const std::vector<std::string>& texts) {
  out = '[';
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    AppendJsonString(out, text);
  }
  out += ']';
}

// [[op, path, value], …]
void SetFix(std::string& out, const std::vector<model::FixPatch>& fix) {
  out = '[';
  for (const model::FixPatch& patch : fix) {
    if (out.size() > 1) out += ',';
    AppendTexts(out, {patch.op, patch.json_path, patch.value});
  }
  out += ']';
}

// [[file, line, column, end line, end column, start offset, end offset, JSON path, document], …]
void SetPlaces(std::string& out, const std::vector<model::Location>& places) {
  out = '[';
  for (const model::Location& place : places) {
    if (out.size() > 1) out += ',';
    out += '[';
    AppendJsonString(out, place.file);
    for (const int64_t number : {place.line, place.column, place.end_line, place.end_column,
                                 int64_t{place.start_offset}, int64_t{place.end_offset}}) {
      out += ',';
      out += std::to_string(number);
    }
    out += ',';
    AppendJsonString(out, place.json_path);
    out += ',';
    out += std::to_string(place.document);
    out += ']';
  }
  out += ']';
}

// A number out of a file that anyone may have changed, as an enumerator.
template <typename Enum>
Enum Bounded(int64_t value, Enum last) {
  return static_cast<Enum>(std::clamp<int64_t>(value, 0, static_cast<int64_t>(last)));
}

void ReadLocation(Statement& row, model::Location& place) {
  place.file = row.Text();
  place.line = row.Int();
  place.column = row.Int();
  place.end_line = row.Int();
  place.end_column = row.Int();
  place.start_offset = static_cast<uint32_t>(row.Int());
  place.end_offset = static_cast<uint32_t>(row.Int());
  place.json_path = row.Text();
  place.document = row.Int();
}

}  // namespace

void FindingBinder::Bind(Statement& s, const model::Finding& f, std::string_view now) {
  SetTexts(aliases_, f.aliases);
  SetTexts(links_, f.references);
  SetFix(fix_, f.fix);
  SetPlaces(places_, f.other_locations);
  suppression_ = '[';
  if (f.suppressed) {
    suppression_.clear();
    AppendTexts(suppression_, {f.suppressed->by, f.suppressed->reason, f.suppressed->until});
  } else {
    suppression_ = kEmptyList;
  }
  const model::Location& place = f.location;
  s.Bind(f.id).Bind(static_cast<int64_t>(f.finding_class)).Bind(f.check).Bind(f.concept_name);
  s.Bind(aliases_).Bind(f.title).Bind(f.resource.api_version).Bind(f.resource.kind);
  s.Bind(f.resource.namespace_name).Bind(f.resource.name).Bind(f.resource.container);
  s.Bind(f.field_path).Bind(place.file).Bind(place.line).Bind(place.column).Bind(place.end_line);
  s.Bind(place.end_column).Bind(int64_t{place.start_offset}).Bind(int64_t{place.end_offset});
  s.Bind(place.json_path).Bind(place.document).Bind(places_);
  s.Bind(static_cast<int64_t>(f.severity)).Bind(f.severity_source).Bind(f.message);
  s.Bind(f.remediation).Bind(links_).Bind(fix_).Bind(static_cast<int64_t>(f.status));
  s.Bind(suppression_).Bind(f.stage).Bind(f.count).Bind(f.action).Bind(now);
}

Result<FindingReader> FindingReader::Make(Database& database) {
  OURO_TRY(Statement texts, database.Prepare("SELECT value FROM json_each(?)"));
  OURO_TRY(Statement fixes,
           database.Prepare("SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
                            "json_extract(value, '$[2]') FROM json_each(?)"));
  OURO_TRY(Statement places,
           database.Prepare("SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
                            "json_extract(value, '$[2]'), json_extract(value, '$[3]'), "
                            "json_extract(value, '$[4]'), json_extract(value, '$[5]'), "
                            "json_extract(value, '$[6]'), json_extract(value, '$[7]'), "
                            "json_extract(value, '$[8]') FROM json_each(?)"));
  return FindingReader(std::move(texts), std::move(fixes), std::move(places));
}

Status FindingReader::ReadTexts(const std::string& json, std::vector<std::string>& out) {
  if (json == kEmptyList) return {};
  texts_.Bind(json);
  for (;;) {
    OURO_TRY(const bool row, texts_.Step());
    if (!row) break;
    out.push_back(texts_.Text());
  }
  texts_.Reset();
  return {};
}

Status FindingReader::ReadFix(const std::string& json, std::vector<model::FixPatch>& out) {
  if (json == kEmptyList) return {};
  fixes_.Bind(json);
  for (;;) {
    OURO_TRY(const bool row, fixes_.Step());
    if (!row) break;
    model::FixPatch& patch = out.emplace_back();
    patch.op = fixes_.Text();
    patch.json_path = fixes_.Text();
    patch.value = fixes_.Text();
  }
  fixes_.Reset();
  return {};
}

Status FindingReader::ReadPlaces(const std::string& json, std::vector<model::Location>& out) {
  if (json == kEmptyList) return {};
  places_.Bind(json);
  for (;;) {
    OURO_TRY(const bool row, places_.Step());
    if (!row) break;
    ReadLocation(places_, out.emplace_back());
  }
  places_.Reset();
  return {};
}

Result<model::Finding> FindingReader::Read(Statement& row) {
  model::Finding f;
  f.id = row.Text();
  f.finding_class = Bounded(row.Int(), model::FindingClass::kLint);
  f.check = row.Text();
  f.concept_name = row.Text();
  OURO_TRY_STATUS(ReadTexts(row.Text(), f.aliases));
  f.title = row.Text();
  f.resource.api_version = row.Text();
  f.resource.kind = row.Text();
  f.resource.namespace_name = row.Text();
  f.resource.name = row.Text();
  f.resource.container = row.Text();
  f.field_path = row.Text();
  ReadLocation(row, f.location);
  OURO_TRY_STATUS(ReadPlaces(row.Text(), f.other_locations));
  f.severity = Bounded(row.Int(), model::Severity::kCritical);
  f.severity_source = row.Text();
  f.message = row.Text();
  f.remediation = row.Text();
  OURO_TRY_STATUS(ReadTexts(row.Text(), f.references));
  OURO_TRY_STATUS(ReadFix(row.Text(), f.fix));
  f.status = Bounded(row.Int(), model::FindingStatus::kError);
  std::vector<std::string> suppression;
  OURO_TRY_STATUS(ReadTexts(row.Text(), suppression));
  if (suppression.size() == 3) {
    f.suppressed = model::Suppression{suppression[0], suppression[1], suppression[2]};
  }
  f.stage = row.Text();
  f.count = row.Int();
  f.action = row.Text();
  f.last_seen = row.Text();
  return f;
}

}  // namespace ouro::store
