// Package store keeps findings, what people say of them, resources and their
// history in one SQLite file. There is one writer at a time and any number of
// readers, in one process or several; what a write acknowledged is on disk.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/haetae/haetae"
)

//go:embed schema/*.sql
var schema embed.FS

// File is the name of the database in a data directory.
const File = "haetae.db"

// applicationID marks a file as a store of haetae: "htae".
const applicationID = 0x68746165

// forever is the valid_to of what holds now.
const forever = 1<<63 - 1

// busyTimeout is how long a write waits for another process, in milliseconds: a
// scan of a million findings writes for less than a minute.
const busyTimeout = 120_000

// Store is an open store. It may be used by many goroutines.
type Store struct {
	path  string
	write *sql.DB // one connection
	read  *sql.DB
}

// Open opens the store of a data directory and brings it up to date; the
// directory and the file are made when they are not there.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failure("make the data directory", err)
	}
	path := filepath.Join(dir, File)
	// Made here, since SQLite would let others read it.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, failure("open the store", err)
	}
	if err := f.Close(); err != nil {
		return nil, failure("open the store", err)
	}
	s := &Store{path: path}
	s.write, err = connect(path, "rwc", 1, "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)", "wal_autocheckpoint(40000)", "cache_size(-131072)", "temp_store(2)")
	if err != nil {
		return nil, err
	}
	if err := patiently(ctx, func() error { return s.migrate(ctx) }); err != nil {
		return nil, errors.Join(err, s.write.Close())
	}
	s.read, err = connect(path, "ro", 4, "query_only(1)", "cache_size(-65536)", "temp_store(2)", "mmap_size(1073741824)")
	if err != nil {
		return nil, errors.Join(err, s.write.Close())
	}
	return s, nil
}

// patiently tries again while another process holds the file: where a database
// becomes one with a log, SQLite does not wait by itself.
func patiently(ctx context.Context, try func() error) error {
	end := time.Now().Add(busyTimeout * time.Millisecond)
	for {
		err := try()
		var lite *sqlite.Error
		if !errors.As(err, &lite) || lite.Code()&0xff != lib.SQLITE_BUSY || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Exists tells whether a data directory has a store.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, File))
	return err == nil
}

func connect(path, mode string, conns int, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, failure("open the store", err)
	}
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout)}, pragmas...)}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, failure("open the store", err)
	}
	db.SetMaxOpenConns(conns)
	return db, nil
}

// Close closes the store.
func (s *Store) Close() error {
	return errors.Join(s.read.Close(), s.write.Close())
}

// migrations are the numbered files of the schema, in order.
func migrations() ([]string, error) {
	names, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		return nil, fmt.Errorf("built-in schema of the store: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// migrate brings the database to the newest version, one transaction for each.
func (s *Store) migrate(ctx context.Context) error {
	names, err := migrations()
	if err != nil {
		return err
	}
	for {
		done, err := s.migrateOne(ctx, names)
		if err != nil || done {
			return err
		}
	}
}

func (s *Store) migrateOne(ctx context.Context, names []string) (done bool, err error) {
	var version, id, tables int
	tx, err := s.write.BeginTx(ctx, &sql.TxOptions{ReadOnly: false})
	if err != nil {
		return false, failure("open the store", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	// The version is read inside the transaction: another process may be at it.
	for q, to := range map[string]*int{"PRAGMA user_version": &version, "PRAGMA application_id": &id, "SELECT count(*) FROM sqlite_master": &tables} {
		if err := tx.QueryRowContext(ctx, q).Scan(to); err != nil {
			return false, failure("open the store", err)
		}
	}
	switch {
	case id != applicationID && tables > 0:
		return false, &haetae.Error{Code: haetae.Invalid, Op: s.path, Err: errors.New("not a store of haetae"), Hint: "Give another data directory with --data."}
	case version > len(names):
		return false, &haetae.Error{Code: haetae.Invalid, Op: s.path, Err: fmt.Errorf("the store has version %d; this program knows %d", version, len(names)),
			Hint: "Use the haetae version that wrote it or a newer one, or another data directory with --data."}
	case version == len(names):
		return true, ignoreDone(tx.Rollback())
	}
	text, err := schema.ReadFile(names[version])
	if err != nil {
		return false, fmt.Errorf("built-in schema of the store: %w", err)
	}
	for _, q := range []string{string(text), fmt.Sprintf("PRAGMA user_version = %d", version+1), fmt.Sprintf("PRAGMA application_id = %d", applicationID)} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return false, failure("bring the store from version "+fmt.Sprint(version)+" to the next", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return false, failure("bring the store up to date", err)
	}
	return false, nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// Update calls write with a transaction that no other write runs beside, and
// commits it when it returns nil. When Update returns nil, all of it is on
// disk; when it returns an error, nothing of it is.
func (s *Store) Update(ctx context.Context, write func(*Tx) error) error {
	sqltx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return failure("write to the store", err)
	}
	tx := newTx(ctx, sqltx)
	if err := errors.Join(write(tx), tx.close()); err != nil {
		return errors.Join(failure("write to the store", err), ignoreDone(sqltx.Rollback()))
	}
	if err := sqltx.Commit(); err != nil {
		return errors.Join(failure("write to the store", err), ignoreDone(sqltx.Rollback()))
	}
	return nil
}

// failure says what a failed operation means to the user.
func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *haetae.Error
	if errors.As(err, &known) {
		return err
	}
	e := &haetae.Error{Code: haetae.Unavailable, Op: op, Err: err, Hint: "Check the permissions of the data directory, or give another with --data."}
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return e
	}
	switch lite.Code() & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR:
		e.Hint = "The disk may be full: make room and run the command again. What was stored before is whole."
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		e.Code, e.Hint = haetae.Conflict, "Another haetae is writing to the same data directory: wait for it and run the command again."
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		e.Hint = "The file " + File + " is damaged: put back a copy of it, or move it away to begin anew."
	case lib.SQLITE_INTERRUPT:
		e.Hint = ""
	case lib.SQLITE_ERROR:
		if strings.Contains(err.Error(), "interrupted") {
			e.Hint = ""
		}
	}
	return e
}
