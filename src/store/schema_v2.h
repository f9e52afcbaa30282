// The tables of version 2. Private to store; docs/formats/store.md explains them.
#pragma once

namespace ouro::store {

// Keys count up from 1 and are never used again; 0 is "none". Times are seconds since 1970.
inline constexpr const char* kSchemaVersion2 = R"sql(
  CREATE TABLE scopes(
    scope_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    tool TEXT NOT NULL,
    target TEXT NOT NULL,
    branch TEXT NOT NULL,
    application TEXT NOT NULL,
    complete_at INTEGER NOT NULL,
    complete_count INTEGER NOT NULL,
    digest TEXT NOT NULL,
    tool_version TEXT NOT NULL,
    commit_id TEXT NOT NULL
  );
  CREATE TABLE imports(
    import_id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL REFERENCES scopes,
    time INTEGER NOT NULL,
    command TEXT NOT NULL,
    digest TEXT NOT NULL,
    received INTEGER NOT NULL,
    created INTEGER NOT NULL,
    issues_created INTEGER NOT NULL,
    observed INTEGER NOT NULL,
    reopened INTEGER NOT NULL,
    issues_reopened INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    folded INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    issues_resolved INTEGER NOT NULL,
    untouched INTEGER NOT NULL
  );
  CREATE INDEX imports_by_scope ON imports(scope_id);

  CREATE TABLE texts(text_id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, bytes BLOB NOT NULL);
  CREATE INDEX texts_by_hash ON texts(hash);
  CREATE TABLE objects(
    object_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    namespace TEXT NOT NULL,
    kind TEXT NOT NULL,
    api_version TEXT NOT NULL
  );
  CREATE UNIQUE INDEX objects_by_name ON objects(name, namespace, kind, api_version);
  CREATE TABLE rules(
    rule_id INTEGER PRIMARY KEY,
    check_id TEXT NOT NULL,
    concept TEXT NOT NULL,
    aliases TEXT NOT NULL,
    check_rule INTEGER NOT NULL,
    concept_text INTEGER NOT NULL
  );
  CREATE INDEX rules_by_id ON rules(rule_id, check_rule, concept_text);
  CREATE UNIQUE INDEX rules_by_check ON rules(check_id, concept, aliases);
  CREATE TABLE rule_names(
    name TEXT NOT NULL,
    rule_id INTEGER NOT NULL,
    PRIMARY KEY(name, rule_id)
  ) WITHOUT ROWID;
  CREATE TABLE assets(
    asset_id INTEGER PRIMARY KEY,
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    cluster TEXT NOT NULL,
    namespace TEXT NOT NULL,
    UNIQUE(application, environment, cluster, namespace)
  );
  CREATE TABLE sets(set_id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE);
  CREATE TABLE set_members(
    member INTEGER NOT NULL,
    set_id INTEGER NOT NULL,
    PRIMARY KEY(member, set_id)
  ) WITHOUT ROWID;
  CREATE TABLE vulns(
    vuln_key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    epss REAL NOT NULL DEFAULT -1,
    epss_percentile REAL NOT NULL DEFAULT -1,
    epss_at INTEGER NOT NULL DEFAULT 0,
    kev INTEGER NOT NULL DEFAULT 0,
    exploitation TEXT NOT NULL DEFAULT '',
    automatable TEXT NOT NULL DEFAULT '',
    technical_impact TEXT NOT NULL DEFAULT ''
  );
  CREATE TABLE vuln_aliases(
    alias TEXT NOT NULL,
    vuln_key INTEGER NOT NULL REFERENCES vulns,
    PRIMARY KEY(alias, vuln_key)
  ) WITHOUT ROWID;

  CREATE TABLE issues(
    issue_key INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    finding_key INTEGER NOT NULL,
    class INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    status INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    suppressed INTEGER NOT NULL,
    stages_seen INTEGER NOT NULL,
    stages_ever INTEGER NOT NULL,
    rules INTEGER NOT NULL,
    tools INTEGER NOT NULL,
    assets INTEGER NOT NULL,
    object_id INTEGER NOT NULL,
    vuln_key INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    owner_edited INTEGER NOT NULL,
    assignee INTEGER NOT NULL,
    fix_group INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    resolved_at INTEGER NOT NULL,
    reopened INTEGER NOT NULL,
    reopened_at INTEGER NOT NULL,
    sla_due INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    duplicate_of BLOB NOT NULL,
    finding_count INTEGER NOT NULL,
    open_count INTEGER NOT NULL
  );
  CREATE TABLE issue_ids(id BLOB PRIMARY KEY, issue_key INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE findings(
    finding_key INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    issue_key INTEGER NOT NULL,
    class INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    status INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    stages_seen INTEGER NOT NULL,
    stages_ever INTEGER NOT NULL,
    rule_id INTEGER NOT NULL,
    tools INTEGER NOT NULL,
    assets INTEGER NOT NULL,
    object_id INTEGER NOT NULL,
    vuln_key INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    fix_group INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    scope_id INTEGER NOT NULL,
    observation_key INTEGER NOT NULL
  );
  CREATE INDEX findings_by_issue ON findings(issue_key);
  CREATE TABLE finding_ids(
    id BLOB PRIMARY KEY,
    finding_key INTEGER NOT NULL,
    issue_key INTEGER NOT NULL,
    issue_tag INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE observations(
    finding_key INTEGER NOT NULL,
    scope_id INTEGER NOT NULL,
    observation_key INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    gone_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    streak INTEGER NOT NULL,
    run_count INTEGER NOT NULL,
    evidence BLOB NOT NULL,
    PRIMARY KEY(finding_key, scope_id, observation_key)
  ) WITHOUT ROWID;
  CREATE INDEX observations_by_scope ON observations(scope_id) WHERE gone_at = 0;

  CREATE TABLE history(
    history_id INTEGER PRIMARY KEY,
    issue_key INTEGER NOT NULL,
    time INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    from_value TEXT NOT NULL,
    to_value TEXT NOT NULL,
    note TEXT NOT NULL
  );
  CREATE INDEX history_by_issue ON history(issue_key);
  CREATE TABLE outbox(
    message_id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    group_key TEXT NOT NULL,
    payload TEXT NOT NULL,
    state INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    created INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    error TEXT NOT NULL
  );
  CREATE INDEX outbox_due ON outbox(next_try) WHERE state = 0;
  CREATE TABLE decisions(
    decision_id TEXT PRIMARY KEY,
    time INTEGER NOT NULL,
    body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE segments(segment_key INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
)sql";

}  // namespace ouro::store
