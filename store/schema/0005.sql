-- The files of the event lake. What has no row here is none of its files.
CREATE TABLE lake_file (path TEXT PRIMARY KEY, log TEXT NOT NULL, day INTEGER NOT NULL, account_first TEXT NOT NULL, account_last TEXT NOT NULL,
  region_first TEXT NOT NULL, region_last TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX lake_file_day ON lake_file (log, day);
-- How many days the records of a log are kept.
CREATE TABLE lake_retention (log TEXT PRIMARY KEY, days INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW lake_files AS
SELECT path, log, date(day, 'unixepoch') AS day, account_first, account_last, region_first, region_last,
  datetime(first / 1000000, 'unixepoch') AS first, datetime(last / 1000000, 'unixepoch') AS last, records, bytes, sha256
FROM lake_file;
