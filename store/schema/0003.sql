-- What files accept: each exception once as it was written, and the findings that it covers.
CREATE TABLE exception (id INTEGER PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL UNIQUE);
CREATE TABLE excepted (finding INTEGER PRIMARY KEY, exception INTEGER NOT NULL);
CREATE INDEX excepted_exception ON excepted (exception);
-- What is known of the whole store, by name.
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- In stale, a row without a reason is a finding that was out of scope since last: not stale.
DROP VIEW findings;
CREATE VIEW findings AS
SELECT lower(hex(f.uid)) AS uid, u.name AS control,
  CASE f.severity WHEN 1 THEN 'INFORMATIONAL' WHEN 2 THEN 'LOW' WHEN 3 THEN 'MEDIUM' WHEN 4 THEN 'HIGH' ELSE 'CRITICAL' END AS severity,
  CASE f.status WHEN 1 THEN 'FAIL' WHEN 2 THEN 'UNKNOWN' WHEN 3 THEN 'PASS' WHEN 4 THEN 'NOT_APPLICABLE' ELSE 'GONE' END AS status,
  CASE f.workflow WHEN 1 THEN 'NEW' WHEN 2 THEN 'NOTIFIED' WHEN 3 THEN 'RESOLVED' ELSE 'SUPPRESSED' END AS workflow,
  t.text AS type, d.resource AS id, d.arn AS arn, a.text AS account, g.text AS region, u.title_en AS title,
  json_extract(d.body, '$.reason') AS reason, json_extract(h.body, '$.assignee') AS assignee, json_extract(h.body, '$.note') AS note,
  datetime(f.first, 'unixepoch') AS first, f.first AS first_unix,
  datetime(CASE WHEN f.open THEN coalesce(x.last, w.time) ELSE f.last END, 'unixepoch') AS last,
  CASE WHEN f.closed = 0 THEN NULL ELSE datetime(f.closed, 'unixepoch') END AS closed, f.count, nullif(y.text, '') AS stale,
  nullif(k.name, '') AS exception
FROM finding f JOIN rule u ON u.id = f.rule JOIN world w ON w.id = f.world JOIN word t ON t.id = f.type JOIN word a ON a.id = f.account JOIN word g ON g.id = f.region
  JOIN detail d ON d.finding = f.id LEFT JOIN triage h ON h.finding = f.id LEFT JOIN stale x ON x.finding = f.id LEFT JOIN word y ON y.id = x.reason
  LEFT JOIN excepted e ON e.finding = f.id LEFT JOIN exception k ON k.id = e.exception;
