-- Words that repeat: accounts, regions, types, stacks, reasons. "" is a word too.
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE rule (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, severity INTEGER NOT NULL, type INTEGER NOT NULL, title_en TEXT NOT NULL, title_ko TEXT NOT NULL);

-- Scans, and when each account or stack was last looked at.
CREATE TABLE scan (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, body TEXT NOT NULL, problems TEXT NOT NULL);
CREATE INDEX scan_time ON scan (time);
CREATE TABLE world (id INTEGER PRIMARY KEY, stack INTEGER NOT NULL, account INTEGER NOT NULL, time INTEGER NOT NULL, UNIQUE (stack, account));

-- The hot part of findings: numbers only.
CREATE TABLE finding (
  id INTEGER PRIMARY KEY,
  uid BLOB NOT NULL UNIQUE,
  hash BLOB NOT NULL,
  rule INTEGER NOT NULL, world INTEGER NOT NULL, account INTEGER NOT NULL, region INTEGER NOT NULL, type INTEGER NOT NULL,
  severity INTEGER NOT NULL, status INTEGER NOT NULL, open INTEGER NOT NULL,
  workflow INTEGER NOT NULL, author INTEGER NOT NULL DEFAULT 0, said INTEGER NOT NULL DEFAULT 0, expires INTEGER NOT NULL DEFAULT 0,
  first INTEGER NOT NULL, last INTEGER NOT NULL, closed INTEGER NOT NULL DEFAULT 0, count INTEGER NOT NULL DEFAULT 1
);
-- Every filter of a list is answered from an index alone.
CREATE INDEX finding_list ON finding (open DESC, severity DESC, id, status, workflow, account, region, rule);
CREATE INDEX finding_account ON finding (account, open DESC, severity DESC, id, status, workflow, region, rule);
CREATE INDEX finding_rule ON finding (rule, open DESC, severity DESC, id, status, workflow, account, region);
-- Suppressions that end some day; few.
CREATE INDEX finding_expires ON finding (expires) WHERE expires <> 0;
CREATE TABLE detail (finding INTEGER PRIMARY KEY, resource TEXT NOT NULL, arn TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE stale (finding INTEGER PRIMARY KEY, since INTEGER NOT NULL, last INTEGER NOT NULL, reason INTEGER NOT NULL);
CREATE TABLE triage (finding INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE entry (id INTEGER PRIMARY KEY, finding INTEGER NOT NULL, time INTEGER NOT NULL, who TEXT NOT NULL, field TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL);
CREATE INDEX entry_finding ON entry (finding, id);
-- Kept up to date by every write, so that nobody has to count.
CREATE TABLE tally (account INTEGER NOT NULL, rule INTEGER NOT NULL, severity INTEGER NOT NULL, status INTEGER NOT NULL, workflow INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (account, rule, severity, status, workflow)) WITHOUT ROWID;
-- What passed and what a control does not apply to: the list of resources as zstd of lines.
CREATE TABLE pass (rule INTEGER NOT NULL, world INTEGER NOT NULL, region INTEGER NOT NULL, time INTEGER NOT NULL, passed INTEGER NOT NULL, exempt INTEGER NOT NULL, resources BLOB NOT NULL, PRIMARY KEY (rule, world, region)) WITHOUT ROWID;

-- Resources; valid_to of what holds now is 9223372036854775807.
CREATE TABLE document (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE resource (id INTEGER PRIMARY KEY, world INTEGER NOT NULL, region INTEGER NOT NULL, type INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (world, region, type, name));
CREATE TABLE version (resource INTEGER NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (resource, valid_from)) WITHOUT ROWID;
CREATE INDEX version_to ON version (valid_to, resource, document);
CREATE INDEX version_document ON version (document);
-- What changes by itself, and where the resource was read.
CREATE TABLE fact (resource INTEGER NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (resource, valid_from)) WITHOUT ROWID;
CREATE INDEX fact_to ON fact (valid_to, resource, document);
CREATE INDEX fact_document ON fact (document);
CREATE TABLE listing (id INTEGER PRIMARY KEY, world INTEGER NOT NULL, region INTEGER NOT NULL, type INTEGER NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX listing_to ON listing (valid_to, world);
