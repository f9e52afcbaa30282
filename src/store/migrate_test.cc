#include "store/migrate.h"

#include <doctest.h>

#include <string>

#include "store/testing.h"

namespace ouro::store {
namespace {

using testing::Folder;

// The tables of version 1, as that version made them.
constexpr const char* kVersion1 = R"sql(
  CREATE TABLE scopes(scope_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE runs(run_id INTEGER PRIMARY KEY, scope_id INTEGER NOT NULL REFERENCES scopes,
    recorded TEXT NOT NULL, started TEXT NOT NULL, command TEXT NOT NULL,
    ouro_version TEXT NOT NULL, profile TEXT NOT NULL, kubernetes_version TEXT NOT NULL,
    verdict TEXT NOT NULL, exit_code INTEGER NOT NULL, finding_count INTEGER NOT NULL,
    not_examined INTEGER NOT NULL);
  CREATE TABLE findings(finding_key INTEGER PRIMARY KEY, finding_id TEXT NOT NULL UNIQUE,
    class INTEGER NOT NULL, check_id TEXT NOT NULL, concept TEXT NOT NULL, aliases TEXT NOT NULL,
    title TEXT NOT NULL, api_version TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL,
    name TEXT NOT NULL, container TEXT NOT NULL, field_path TEXT NOT NULL, file TEXT NOT NULL,
    line_number INTEGER NOT NULL, column_number INTEGER NOT NULL, end_line INTEGER NOT NULL,
    end_column INTEGER NOT NULL, start_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL,
    json_path TEXT NOT NULL, document INTEGER NOT NULL, other_places TEXT NOT NULL,
    severity INTEGER NOT NULL, severity_source TEXT NOT NULL, message TEXT NOT NULL,
    remediation TEXT NOT NULL, links TEXT NOT NULL, fix TEXT NOT NULL, status INTEGER NOT NULL,
    suppression TEXT NOT NULL, stage TEXT NOT NULL, observation_count INTEGER NOT NULL,
    action TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
    run_count INTEGER NOT NULL, last_run INTEGER NOT NULL);
  CREATE INDEX findings_by_check ON findings(check_id);
  CREATE TABLE sightings(scope_id INTEGER NOT NULL REFERENCES scopes,
    finding_key INTEGER NOT NULL REFERENCES findings, open INTEGER NOT NULL,
    first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, closed TEXT, last_run INTEGER NOT NULL,
    places BLOB NOT NULL, PRIMARY KEY(scope_id, finding_key)) WITHOUT ROWID;
  CREATE INDEX sightings_by_finding ON sightings(finding_key);
  PRAGMA application_id = 1869967983;
  PRAGMA user_version = 1;
)sql";

// Two runs of the scope "a.yaml default": the second no longer saw the second finding.
constexpr const char* kContent = R"sql(
  INSERT INTO scopes VALUES(1, 'a.yaml default');
  INSERT INTO runs VALUES(1, 1, '2026-01-01T00:00:00Z', '', 'scan', '0.1', 'default', '1.37',
    'blocked', 1, 2, 0), (2, 1, '2026-01-02T00:00:00Z', '', 'scan', '0.1', 'default', '1.37',
    'blocked', 1, 1, 0);
  INSERT INTO findings VALUES(1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 0, 'OURO-K8S-0001',
    'privileged', '["checkov:CKV_K8S_16"]', 'Container runs privileged', 'apps/v1', 'Deployment',
    'shop', 'web', 'app', 'spec.x', 'a.yaml', 14, 3, 15, 9, 100, 200, '$.spec', 2,
    '[["b.yaml",1,2,3,4,5,6,"$.a",7]]', 4, 'check', 'it is', 'do it', '["https://example.org"]',
    '[["set","$.a","{}"]]', 1, '["ouro.dev/ignore","why","2027-01-01"]', 'ci', 3, 'block',
    '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', 2, 2);
  INSERT INTO findings VALUES(2, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 0, 'OURO-K8S-0002',
    'host-network', '[]', 'Host network', 'apps/v1', 'Deployment', 'shop', 'web', '', '', 'a.yaml',
    0, 0, 0, 0, 0, 0, '', 0, '[]', 3, 'check', 'it is', '', '[]', '[]', 0, '[]', 'ci', 1, '',
    '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 1, 1);
  INSERT INTO sightings VALUES(1, 1, 1, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', NULL, 2,
    'a.yaml');
  INSERT INTO sightings VALUES(1, 2, 0, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z',
    '2026-01-02T00:00:00Z', 1, 'a.yaml');
)sql";

void MakeVersion1(const std::string& path) {
  auto database = Database::Open(path, OpenMode::kCreate).value();
  REQUIRE(database->Execute(kVersion1));
  REQUIRE(database->Execute(kContent));
}

TEST_CASE("a store of version 1 goes on as one of version 2") {
  Folder folder;
  MakeVersion1(folder / "db");
  auto opened = Store::OpenExisting(folder / "db");
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().ToString()));
  std::unique_ptr<Store> store = std::move(*opened);
  const StoredFinding a = store->Find("aaaaaa").value();
  CHECK(a.open);
  CHECK(a.run_count == 2);
  CHECK(a.finding.first_seen == "2026-01-01T00:00:00Z");
  CHECK(a.finding.last_seen == "2026-01-02T00:00:00Z");
  CHECK(a.finding.check == "OURO-K8S-0001");
  CHECK(a.finding.aliases == std::vector<std::string>{"checkov:CKV_K8S_16"});
  CHECK(a.finding.resource == model::Resource{"apps/v1", "Deployment", "shop", "web", "app"});
  CHECK(a.finding.location == model::Location{"a.yaml", 14, 3, 15, 9, 100, 200, "$.spec", 2, ""});
  REQUIRE(a.finding.other_locations.size() == 1);
  CHECK(a.finding.other_locations[0].file == "b.yaml");
  CHECK(a.finding.severity == model::Severity::kCritical);
  CHECK(a.finding.status == model::FindingStatus::kSuppressed);
  CHECK(a.finding.suppressed == model::Suppression{"ouro.dev/ignore", "why", "2027-01-01"});
  CHECK(a.finding.fix == std::vector<model::FixPatch>{{"set", "$.a", "{}"}});
  CHECK(a.finding.count == 3);
  CHECK(a.finding.action == "block");
  CHECK_FALSE(store->Find("bbbbbb").value().open);
  const Issue b = store->FindIssue("bbbbbb", 0).value();
  CHECK(b.status == IssueStatus::kResolved);
  CHECK(b.resolved_at == ParseRfc3339("2026-01-02T00:00:00Z"));
  CHECK(store->Imports("", 10).value().size() == 2);
  CHECK(store->RebuildIndex().value() == 0);

  // The next run of the same scope finds them by their old ids.
  model::Report report;
  report.findings = {store->Find("bbbbbb").value().finding};
  report.findings[0].issue.clear();
  REQUIRE(store->Record(report, "a.yaml default", "2026-01-03T00:00:00Z"));
  CHECK(report.findings[0].first_seen == "2026-01-01T00:00:00Z");
  CHECK_FALSE(store->Find("aaaaaa").value().open);
  CHECK(store->Find("bbbbbb").value().open);
  CHECK(store->FindIssue("bbbbbb", 0).value().reopened == 1);
  store = Store::OpenExisting(folder / "db").value();
  CHECK(store->Find("bbbbbb").value().run_count == 2);
}

TEST_CASE("a migration that fails leaves the file at version 1") {
  Folder folder;
  MakeVersion1(folder / "db");
  {
    auto database = Database::Open(folder / "db", OpenMode::kExisting).value();
    REQUIRE(database->Execute("UPDATE findings SET fix = 'no json'"));
  }
  CHECK(!Store::OpenExisting(folder / "db"));
  auto database = Database::Open(folder / "db", OpenMode::kExisting).value();
  CHECK(database->Value("PRAGMA user_version").value() == 1);
  CHECK(database->Value("SELECT count(*) FROM findings").value() == 2);
  CHECK(database->Value("SELECT count(*) FROM sqlite_schema WHERE name = 'issues'").value() == 0);
}

}  // namespace
}  // namespace ouro::store
