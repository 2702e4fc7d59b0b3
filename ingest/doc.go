// Package ingest reads logs: one file for each format. What a file holds is told
// from its content, not from its name, and whatever cannot be read is counted
// and named in [Stats]: nothing is skipped silently.
//
// Readers stream. However large, broken or hostile a file is, they keep no more
// of it than one line, one JSON value or one batch of Parquet rows.
package ingest
