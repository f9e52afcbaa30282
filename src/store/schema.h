// The tables of the store, one step a version. Private to store; docs/formats/store.md explains
// them.
#pragma once

#include <array>

namespace ouro::store {

// PRAGMA application_id: "ouro" in ASCII.
inline constexpr int kApplicationId = 0x6f75726f;

// Step n brings a file from version n to n + 1. Steps are never changed after a release, only
// added.
inline constexpr std::array<const char*, 1> kMigrations = {R"sql(
  CREATE TABLE scopes(
    scope_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  );
  CREATE TABLE runs(
    run_id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL REFERENCES scopes,
    recorded TEXT NOT NULL,
    started TEXT NOT NULL,
    command TEXT NOT NULL,
    ouro_version TEXT NOT NULL,
    profile TEXT NOT NULL,
    kubernetes_version TEXT NOT NULL,
    verdict TEXT NOT NULL,
    exit_code INTEGER NOT NULL,
    finding_count INTEGER NOT NULL,
    not_examined INTEGER NOT NULL
  );
  CREATE TABLE findings(
    finding_key INTEGER PRIMARY KEY,
    finding_id TEXT NOT NULL UNIQUE,
    class INTEGER NOT NULL,
    check_id TEXT NOT NULL,
    concept TEXT NOT NULL,
    aliases TEXT NOT NULL,
    title TEXT NOT NULL,
    api_version TEXT NOT NULL,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    container TEXT NOT NULL,
    field_path TEXT NOT NULL,
    file TEXT NOT NULL,
    line_number INTEGER NOT NULL,
    column_number INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    end_column INTEGER NOT NULL,
    start_offset INTEGER NOT NULL,
    end_offset INTEGER NOT NULL,
    json_path TEXT NOT NULL,
    document INTEGER NOT NULL,
    other_places TEXT NOT NULL,
    severity INTEGER NOT NULL,
    severity_source TEXT NOT NULL,
    message TEXT NOT NULL,
    remediation TEXT NOT NULL,
    links TEXT NOT NULL,
    fix TEXT NOT NULL,
    status INTEGER NOT NULL,
    suppression TEXT NOT NULL,
    stage TEXT NOT NULL,
    observation_count INTEGER NOT NULL,
    action TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    run_count INTEGER NOT NULL,
    last_run INTEGER NOT NULL
  );
  CREATE INDEX findings_by_check ON findings(check_id);
  CREATE TABLE sightings(
    scope_id INTEGER NOT NULL REFERENCES scopes,
    finding_key INTEGER NOT NULL REFERENCES findings,
    open INTEGER NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    closed TEXT,
    last_run INTEGER NOT NULL,
    places BLOB NOT NULL,
    PRIMARY KEY(scope_id, finding_key)
  ) WITHOUT ROWID;
  CREATE INDEX sightings_by_finding ON sightings(finding_key);
)sql"};

// The columns of `findings` that a run writes, in the order in which they are bound and read.
inline constexpr std::array<const char*, 34> kFindingColumns = {
    "finding_id", "class",        "check_id",      "concept",
    "aliases",    "title",        "api_version",   "kind",
    "namespace",  "name",         "container",     "field_path",
    "file",       "line_number",  "column_number", "end_line",
    "end_column", "start_offset", "end_offset",    "json_path",
    "document",   "other_places", "severity",      "severity_source",
    "message",    "remediation",  "links",         "fix",
    "status",     "suppression",  "stage",         "observation_count",
    "action",     "last_seen"};

}  // namespace ouro::store
