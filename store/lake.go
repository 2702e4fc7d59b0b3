package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/haetae/haetae"
)

// AddLakeFiles makes files part of the event lake. They have to be on the disk.
func (t *Tx) AddLakeFiles(list []haetae.LakeFile) error {
	for _, f := range list {
		err := t.exec(`INSERT INTO lake_file VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`, f.Path, string(f.Log), f.Day.Unix(), f.AccountFirst, f.AccountLast, f.RegionFirst, f.RegionLast,
			f.First.UnixMicro(), f.Last.UnixMicro(), f.Records, f.Bytes, f.SHA256)
		if err != nil {
			return fmt.Errorf("lake file %s: %w", f.Path, err)
		}
	}
	return nil
}

// DropLakeFiles takes files out of the event lake. It is an error when one is not in
// it: somebody else took it out, and what stands in its place would be there twice.
func (t *Tx) DropLakeFiles(paths []string) error {
	for _, path := range paths {
		s, err := t.prepare(`DELETE FROM lake_file WHERE path = ?`)
		if err != nil {
			return err
		}
		r, err := s.ExecContext(t.ctx, path)
		if err != nil {
			return fmt.Errorf("lake file %s: %w", path, err)
		}
		n, err := r.RowsAffected()
		if err != nil {
			return fmt.Errorf("lake file %s: %w", path, err)
		}
		if n != 1 {
			return &haetae.Error{Code: haetae.Conflict, Op: "change the lake", Err: fmt.Errorf("%s is not in it any more", path),
				Hint: "Another haetae changed it at the same time: run the command again."}
		}
	}
	return nil
}

// LakeFiles are the files of the event lake with records in a time, by log and time.
// A log of "" is all of them; zero times have no bound.
func (s *Store) LakeFiles(ctx context.Context, log haetae.Log, since, until time.Time) ([]haetae.LakeFile, error) {
	from, to := int64(-1<<62), int64(1<<62)
	if !since.IsZero() {
		from = since.UnixMicro()
	}
	if !until.IsZero() {
		to = until.UnixMicro()
	}
	rows, err := s.read.QueryContext(ctx, `SELECT path, log, day, account_first, account_last, region_first, region_last, first, last, records, bytes, sha256
		FROM lake_file WHERE (?1 = '' OR log = ?1) AND last >= ?2 AND first < ?3 ORDER BY log, first, path`, string(log), from, to)
	if err != nil {
		return nil, failure("read the list of the lake", err)
	}
	var list []haetae.LakeFile
	err = walk(rows, func(r *sql.Rows) error {
		var f haetae.LakeFile
		var day, first, last int64
		err := r.Scan(&f.Path, &f.Log, &day, &f.AccountFirst, &f.AccountLast, &f.RegionFirst, &f.RegionLast, &first, &last, &f.Records, &f.Bytes, &f.SHA256)
		f.Day, f.First, f.Last = time.Unix(day, 0).UTC(), time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
		list = append(list, f)
		return err
	})
	return list, failure("read the list of the lake", err)
}

// SetLakeRetention says for how many days the records of a log are kept; 0 is for ever.
func (t *Tx) SetLakeRetention(log haetae.Log, days int) error {
	if days == 0 {
		return t.exec(`DELETE FROM lake_retention WHERE log = ?`, string(log))
	}
	if days < 0 {
		return errors.New("records are kept for a day at least")
	}
	return t.exec(`INSERT INTO lake_retention VALUES (?,?) ON CONFLICT DO UPDATE SET days = excluded.days`, string(log), days)
}

// LakeRetention is for how many days the records of logs are kept, of those for which
// somebody said so.
func (s *Store) LakeRetention(ctx context.Context) (map[haetae.Log]int, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT log, days FROM lake_retention`)
	if err != nil {
		return nil, failure("read the retention of the lake", err)
	}
	out := map[haetae.Log]int{}
	err = walk(rows, func(r *sql.Rows) error {
		var log haetae.Log
		var days int
		err := r.Scan(&log, &days)
		out[log] = days
		return err
	})
	return out, failure("read the retention of the lake", err)
}
