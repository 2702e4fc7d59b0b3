-- What detect remembers: windows, baselines, sequences, actors. Keys are detect's own.
CREATE TABLE detect_state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
-- What it has read: each file, object or batch once, by the source's own key.
CREATE TABLE detect_read (source TEXT NOT NULL, key TEXT NOT NULL, time INTEGER NOT NULL, records INTEGER NOT NULL, unread INTEGER NOT NULL, mark TEXT NOT NULL,
  PRIMARY KEY (source, key)) WITHOUT ROWID;
-- How far a source is, in its own words.
CREATE TABLE detect_source (source TEXT PRIMARY KEY, position BLOB NOT NULL) WITHOUT ROWID;
-- What it found. The body is the finding as detect prints it.
CREATE TABLE detection (id TEXT PRIMARY KEY, rule TEXT NOT NULL, kind TEXT NOT NULL, severity INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  account TEXT NOT NULL, region TEXT NOT NULL, actor TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX detection_last ON detection (last);
CREATE INDEX detection_rule ON detection (rule, last);
CREATE VIEW detections AS
SELECT id, rule, kind, CASE severity WHEN 1 THEN 'INFORMATIONAL' WHEN 2 THEN 'LOW' WHEN 3 THEN 'MEDIUM' WHEN 4 THEN 'HIGH' WHEN 5 THEN 'CRITICAL' ELSE 'INFORMATIONAL' END AS severity,
  json_extract(body, '$.title') AS title, datetime(first, 'unixepoch') AS first, datetime(last, 'unixepoch') AS last, last AS last_unix, account, region, actor,
  json_extract(body, '$.actor.address') AS address, json_extract(body, '$.action') AS action, json_array_length(body, '$.events') AS events, body
FROM detection;
