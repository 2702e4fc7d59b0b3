-- Relations between resources as they are now.
CREATE TABLE edge (source INTEGER NOT NULL, kind TEXT NOT NULL, target INTEGER NOT NULL, path TEXT NOT NULL, PRIMARY KEY (source, kind, target, path)) WITHOUT ROWID;
CREATE INDEX edge_target ON edge (target);

CREATE INDEX finding_first ON finding (first);

-- What haetae query offers; docs/query.md explains each column.
CREATE VIEW resources AS
SELECT t.text AS type, r.name AS id, json_extract(f.body, '$.arn') AS arn, a.text AS account, g.text AS region, s.text AS stack,
  json_extract(d.body, '$.tags') AS tags, datetime(v.valid_from, 'unixepoch') AS since, r.id AS key
FROM version v JOIN resource r ON r.id = v.resource JOIN world w ON w.id = r.world JOIN document d ON d.id = v.document
  JOIN fact x ON x.resource = v.resource AND x.valid_to = 9223372036854775807 JOIN document f ON f.id = x.document
  JOIN word t ON t.id = r.type JOIN word a ON a.id = w.account JOIN word g ON g.id = r.region JOIN word s ON s.id = w.stack
WHERE v.valid_to = 9223372036854775807;

CREATE VIEW properties AS
SELECT r.id AS key, t.text AS type, r.name AS id, a.text AS account, g.text AS region,
  json_extract(d.body, '$.props') AS props, json_extract(d.body, '$.observed') AS observed, json_extract(f.body, '$.volatile') AS volatile
FROM version v JOIN resource r ON r.id = v.resource JOIN world w ON w.id = r.world JOIN document d ON d.id = v.document
  JOIN fact x ON x.resource = v.resource AND x.valid_to = 9223372036854775807 JOIN document f ON f.id = x.document
  JOIN word t ON t.id = r.type JOIN word a ON a.id = w.account JOIN word g ON g.id = r.region
WHERE v.valid_to = 9223372036854775807;

CREATE VIEW edges AS
SELECT e.source AS source_key, st.text AS source_type, sr.name AS source_id, e.kind, e.target AS target_key, tt.text AS target_type, tr.name AS target_id, e.path
FROM edge e JOIN resource sr ON sr.id = e.source JOIN resource tr ON tr.id = e.target JOIN word st ON st.id = sr.type JOIN word tt ON tt.id = tr.type;

CREATE VIEW findings AS
SELECT lower(hex(f.uid)) AS uid, u.name AS control,
  CASE f.severity WHEN 1 THEN 'INFORMATIONAL' WHEN 2 THEN 'LOW' WHEN 3 THEN 'MEDIUM' WHEN 4 THEN 'HIGH' ELSE 'CRITICAL' END AS severity,
  CASE f.status WHEN 1 THEN 'FAIL' WHEN 2 THEN 'UNKNOWN' WHEN 3 THEN 'PASS' WHEN 4 THEN 'NOT_APPLICABLE' ELSE 'GONE' END AS status,
  CASE f.workflow WHEN 1 THEN 'NEW' WHEN 2 THEN 'NOTIFIED' WHEN 3 THEN 'RESOLVED' ELSE 'SUPPRESSED' END AS workflow,
  t.text AS type, d.resource AS id, d.arn AS arn, a.text AS account, g.text AS region, u.title_en AS title,
  json_extract(d.body, '$.reason') AS reason, json_extract(h.body, '$.assignee') AS assignee, json_extract(h.body, '$.note') AS note,
  datetime(f.first, 'unixepoch') AS first, f.first AS first_unix,
  datetime(CASE WHEN f.open THEN coalesce(x.last, w.time) ELSE f.last END, 'unixepoch') AS last,
  CASE WHEN f.closed = 0 THEN NULL ELSE datetime(f.closed, 'unixepoch') END AS closed, f.count, y.text AS stale
FROM finding f JOIN rule u ON u.id = f.rule JOIN world w ON w.id = f.world JOIN word t ON t.id = f.type JOIN word a ON a.id = f.account JOIN word g ON g.id = f.region
  JOIN detail d ON d.finding = f.id LEFT JOIN triage h ON h.finding = f.id LEFT JOIN stale x ON x.finding = f.id LEFT JOIN word y ON y.id = x.reason;

-- Findings added up: kept so by every write, so that nobody has to count.
CREATE VIEW counts AS
SELECT a.text AS account, u.name AS control,
  CASE n.severity WHEN 1 THEN 'INFORMATIONAL' WHEN 2 THEN 'LOW' WHEN 3 THEN 'MEDIUM' WHEN 4 THEN 'HIGH' ELSE 'CRITICAL' END AS severity,
  CASE n.status WHEN 1 THEN 'FAIL' WHEN 2 THEN 'UNKNOWN' WHEN 3 THEN 'PASS' WHEN 4 THEN 'NOT_APPLICABLE' ELSE 'GONE' END AS status,
  CASE n.workflow WHEN 1 THEN 'NEW' WHEN 2 THEN 'NOTIFIED' WHEN 3 THEN 'RESOLVED' ELSE 'SUPPRESSED' END AS workflow, n.n AS findings
FROM tally n JOIN word a ON a.id = n.account JOIN rule u ON u.id = n.rule;

CREATE VIEW coverage AS
SELECT a.text AS account, g.text AS region, s.text AS stack, t.text AS type, json_extract(l.body, '$.status') AS status, json_extract(l.body, '$.reason') AS reason,
  json_extract(l.body, '$.detail') AS detail, json_extract(l.body, '$.actions') AS actions, datetime(l.valid_from, 'unixepoch') AS since
FROM listing l JOIN world w ON w.id = l.world JOIN word a ON a.id = w.account JOIN word s ON s.id = w.stack JOIN word g ON g.id = l.region JOIN word t ON t.id = l.type
WHERE l.valid_to = 9223372036854775807;

CREATE VIEW history AS
SELECT lower(hex(f.uid)) AS uid, datetime(e.time, 'unixepoch') AS time, e.who, e.field, e.old, e.new FROM entry e JOIN finding f ON f.id = e.finding;

CREATE VIEW scans AS
SELECT id, datetime(time, 'unixepoch') AS time, json_extract(body, '$.version') AS version, json_extract(body, '$.sources') AS sources, json_extract(body, '$.accounts') AS accounts,
  json_extract(body, '$.regions') AS regions, json_extract(body, '$.rules') AS controls, json_extract(body, '$.resources') AS resources,
  json_extract(body, '$.tally.new') AS new, json_extract(body, '$.tally.fixed') AS fixed, json_extract(body, '$.tally.back') AS back, json_extract(body, '$.tally.unknown') AS unknown
FROM scan;
