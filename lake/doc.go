// Package lake keeps every record of every log in Parquet files and finds it again:
// for SQL, in a process of its own that can touch nothing else, and for detections,
// which get the same records in the order of time.
//
// A file holds the records of one log and one day (UTC). It is written under a name
// that nobody can guess and is part of the lake from the moment on in which the caller
// commits its row ([haetae.LakeFile]) to the list of files; what has no row is swept.
// So a transaction that also stores what was read and what was found either has all of
// it or nothing.
//
// Records of CloudTrail and of logs that are JSON are taken apart into columns with the
// names that AWS documents for Athena; members without a column are kept as JSON beside
// them, so that a record is given back with all of its members.
package lake
