package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/lake"
	"github.com/haetae/haetae/store"
)

// lakeDir is where the files of the lake are, below a data directory.
func lakeDir(data string) string { return filepath.Join(data, "lake") }

// lakeSource is the name under which files are known as imported.
const lakeSource = "lake"

// Between two commits of an import are so many records or so many open files at most.
const (
	importRecords = 2_000_000
	importFiles   = 200
	importKnown   = 20_000_000 // ids that are held
)

func (a *app) logsImportCommand() *cobra.Command {
	var format, output string
	var again bool
	c := &cobra.Command{
		Use:   "import PATH…",
		Short: "Keep all records of log files in the event lake of the data directory",
		Long: `Reads log files as haetae logs sniff does, and keeps every record as Parquet in the
folder lake of the data directory, for haetae logs query and haetae detect --from lake.
A record that is there already is not kept again, and a file that was imported as it is
is not read again. What was stored when an import is stopped stays.

Exit code 3 means that something could not be read; what and why is on stderr.`,
		Example: `  aws s3 sync s3://BUCKET/AWSLogs logs/AWSLogs
  haetae logs import logs --data ./data
  haetae logs query "SELECT eventname, count(*) AS n FROM cloudtrail_logs GROUP BY 1 ORDER BY n DESC" --data ./data`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("log files, or folders of them, are meant: haetae logs import PATH…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(output, "table", "json", "ndjson"); err != nil {
				return err
			}
			opt := ingest.ReadOptions{}
			if format != "" {
				var err error
				if opt.FlowFormat, err = ingest.FlowFormat(format); err != nil {
					return usage{err}
				}
			}
			return a.importLogs(cmd.Context(), args, opt, again, output)
		},
	}
	c.Flags().StringVar(&format, "flow-format", "", "the LogFormat of flow logs that have no header line, as aws ec2 describe-flow-logs prints it")
	c.Flags().BoolVar(&again, "again", false, "read files again that were imported: records that are there are still not kept twice")
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json or ndjson")
	return c
}

// importer writes what is read to the lake.
type importer struct {
	st      *store.Store
	w       *lake.Writer
	known   *lake.Known
	reads   []store.Read
	skipped int // files that were imported before
	before  int // records that were written up to the last commit
	stats   *ingest.Stats
	bytes   map[haetae.Log]int64
	kept    map[haetae.Log]int
	fault   error // of asking the store what was read
}

// commit makes what was written part of the lake.
func (m *importer) commit(ctx context.Context) error {
	files, err := m.w.Flush()
	if err != nil {
		return err
	}
	err = m.st.Update(ctx, func(tx *store.Tx) error {
		for _, r := range m.reads {
			if err := tx.PutRead(r); err != nil {
				return err
			}
		}
		return tx.AddLakeFiles(files)
	})
	if err != nil {
		var paths []string
		for _, f := range files {
			paths = append(paths, f.Path)
		}
		return errors.Join(err, lake.Remove(m.w.Dir(), paths))
	}
	for _, f := range files {
		m.bytes[f.Log] += f.Bytes
		m.kept[f.Log] += f.Records
	}
	m.reads, m.before = nil, m.stats.Records
	if m.known.Len() > importKnown {
		m.known.Reset()
	}
	return nil
}

// done notes that a file was read.
func (m *importer) done(ctx context.Context, s ingest.Source) error {
	if m.fault != nil {
		return m.fault
	}
	m.reads = append(m.reads, store.Read{Source: lakeSource, Key: fileKey(s.File), Time: time.Now(), Records: s.Records, Unread: s.Unread, Mark: fileMark(s.Info)})
	if m.stats.Records-m.before < importRecords && m.w.Files() < importFiles {
		return nil
	}
	return m.commit(ctx)
}

// imported is what an import made of a log.
type imported struct {
	Log     haetae.Log `json:"log"`
	Table   string     `json:"table"`
	Records int        `json:"records"`
	Kept    int        `json:"kept"`
	Again   int        `json:"again"` // were there already
	Bytes   int64      `json:"bytes"`
}

func (a *app) importLogs(ctx context.Context, paths []string, opt ingest.ReadOptions, again bool, output string) (err error) {
	data, err := a.dataDir()
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	w, err := lake.NewWriter(lakeDir(data))
	if err != nil {
		return err
	}
	var stats ingest.Stats
	m := &importer{st: st, w: w, stats: &stats, bytes: map[haetae.Log]int64{}, kept: map[haetae.Log]int{}}
	m.known = lake.NewKnown(lakeDir(data), func(log haetae.Log, from, to time.Time) ([]haetae.LakeFile, error) {
		return st.LakeFiles(ctx, log, from, to)
	})
	w.Known = m.known
	if !again {
		opt.Skip = func(path string, info fs.FileInfo) bool {
			r, ok, err := st.WasRead(ctx, lakeSource, fileKey(path))
			if err != nil && m.fault == nil {
				m.fault = err
			}
			if ok = ok && r.Mark == fileMark(info); ok {
				m.skipped++
			}
			return ok
		}
	}
	opt.Done = func(s ingest.Source) error { return m.done(ctx, s) }
	p := a.progress()
	p.stage(a.say("keeping records", "레코드 보관"))
	err = ingest.Read(ctx, paths, opt, &stats, ingest.Taker{Event: w.Event, Flow: w.Flow, Lookup: w.Lookup})
	if err == nil {
		err = errors.Join(m.fault, m.commit(ctx))
	}
	p.Close()
	if err != nil {
		err = errors.Join(err, w.Discard())
		if errors.Is(err, fs.ErrNotExist) && haetae.HintOf(err) == "" {
			return usage{&haetae.Error{Code: haetae.NotFound, Err: err, Hint: "Give log files, or folders of them."}}
		}
		return err
	}
	if err := a.printImported(m, output); err != nil {
		return err
	}
	a.adviseUnread(&stats)
	if m.skipped > 0 {
		a.advise(a.say("%d files were imported before and not read again.", "이미 가져온 파일 %d개는 다시 읽지 않았습니다."), m.skipped)
	}
	if !stats.Whole() {
		return exit(exitIncomplete)
	}
	return nil
}

// adviseUnread says what could not be read.
func (a *app) adviseUnread(stats *ingest.Stats) {
	for _, p := range stats.Problems {
		a.advise("haetae: not read: %s", p)
	}
	if n := stats.UnreadFiles + stats.UnreadRecords + stats.UnreadFields - len(stats.Problems); n > 0 {
		a.advise("haetae: not read: %d more", n)
	}
	if stats.PassedRecords > 0 {
		a.advise(a.say("%d records say nothing of who did what (other stages of a request, messages of a server) and are not kept.",
			"누가 무엇을 했는지 말하지 않는 레코드 %d개(요청의 다른 단계, 서버 메시지)는 보관하지 않았습니다."), stats.PassedRecords)
	}
}

func (a *app) printImported(m *importer, output string) error {
	rows := []imported{}
	var cells [][]any
	for _, t := range lake.Tables() {
		r := imported{Log: t.Log, Table: t.Name, Records: m.stats.Logs[t.Log], Kept: m.kept[t.Log], Again: m.w.Again[t.Log], Bytes: m.bytes[t.Log]}
		if r.Records == 0 {
			continue
		}
		rows = append(rows, r)
		cells = append(cells, []any{t.Name, string(r.Log), r.Records, r.Kept, r.Again, r.Bytes, bytesEach(r.Bytes, r.Kept)})
	}
	return listing(a, rows, []string{a.say("TABLE", "테이블"), a.say("LOG", "로그"), a.say("RECORDS", "레코드"), a.say("KEPT", "보관"), a.say("AGAIN", "중복"),
		a.say("BYTES", "바이트"), a.say("BYTES EACH", "레코드당")}, cells, output)
}

// bytesEach is how many bytes each record takes.
func bytesEach(bytes int64, records int) string {
	if records == 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(bytes)/float64(records), 'f', 1, 64)
}

// openLake opens the store and gives the folder of the lake, for a command that needs
// what is in it.
func (a *app) openLake(ctx context.Context) (*store.Store, string, error) {
	data, err := a.dataDir()
	if err != nil {
		return nil, "", err
	}
	if !store.Exists(data) {
		return nil, "", &haetae.Error{Code: haetae.NotFound, Op: data, Err: errors.New("nothing is kept yet"), Hint: fmt.Sprintf("Keep logs first: haetae logs import PATH… --data %s", data)}
	}
	st, err := store.Open(ctx, data)
	return st, lakeDir(data), err
}
