#include "cli/commands/findings_query.h"

#include <chrono>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::cli {
namespace {

std::optional<model::FindingClass> ClassOf(std::string_view word) {
  for (size_t i = 0; i < kClassWords.size(); ++i) {
    if (kClassWords[i] == word) return static_cast<model::FindingClass>(i);
  }
  return std::nullopt;
}

}  // namespace

UnixSeconds PresentTime() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

Result<store::Filter> FilterOf(const Arguments& arguments) {
  store::Filter filter;
  filter.open_only = !arguments.Has("--all");
  for (const std::string& word : arguments.List("--status")) {
    const auto status = store::ParseIssueStatus(word);
    if (!status) return Fail(ErrorCode::kInvalid, "--status does not know this word", word);
    filter.statuses.push_back(*status);
    filter.open_only = false;
  }
  if (arguments.Has("--severity")) {
    filter.severity_min = model::ParseSeverity(arguments.Value("--severity"));
  }
  if (arguments.Has("--class")) filter.finding_class = ClassOf(arguments.Value("--class"));
  filter.check = arguments.Value("--check");
  filter.namespace_name = arguments.Value("--namespace");
  filter.cluster = arguments.Value("--cluster");
  filter.environment = arguments.Value("--environment");
  filter.application = arguments.Value("--app");
  filter.owner = arguments.Value("--owner");
  filter.vuln = arguments.Value("--cve");
  filter.tool = arguments.Value("--tool");
  filter.stage = arguments.Value("--stage");
  filter.fix_group = arguments.Value("--fix-group");
  filter.name_prefix = arguments.Value("--name");
  if (arguments.Has("--since")) {
    const auto since = ParseRfc3339(arguments.Value("--since"));
    if (!since) return Fail(ErrorCode::kInvalid, "--since needs a date: 2026-11-21", "--since");
    filter.first_seen_min = *since;
  }
  return filter;
}

Result<store::PageQuery> PageQueryOf(const Arguments& arguments, UnixSeconds now) {
  store::PageQuery query;
  query.now = now;
  OURO_TRY(query.filter, FilterOf(arguments));
  if (arguments.Has("--sort")) {
    const auto sort = store::ParseSort(arguments.Value("--sort"));
    if (!sort) return Fail(ErrorCode::kInvalid, "--sort does not know this word");
    query.sort = *sort;
  }
  if (arguments.Has("--limit")) {
    const auto limit = ParseInt64(arguments.Value("--limit"));
    if (!limit || *limit < 1) return Fail(ErrorCode::kInvalid, "--limit needs a number above 0");
    query.limit = *limit;
  }
  query.cursor = arguments.Value("--cursor");
  return query;
}

}  // namespace ouro::cli
