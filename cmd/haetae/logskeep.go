package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/lake"
	"github.com/haetae/haetae/store"
)

// orphanAge is how long nobody wrote to a file before it is taken for what a killed run
// left: one that is being written gets a row group again and again.
const orphanAge = 6 * time.Hour

// lakeStatus is what the lake has of a log.
type lakeStatus struct {
	Table   string     `json:"table"`
	Log     haetae.Log `json:"log"`
	Records int        `json:"records"`
	Files   int        `json:"files"`
	Bytes   int64      `json:"bytes"`
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
	Days    int        `json:"retentionDays,omitempty"` // 0 is for ever
}

func (a *app) logsStatusCommand() *cobra.Command {
	var output string
	var verify, drop bool
	c := &cobra.Command{
		Use:   "status",
		Short: "What the event lake has: records, files, times, and for how long they are kept",
		Long: `Says for each log what the lake has of it. With --verify every file is held against the
SHA-256 that it had when it was written; exit code 3 means that one is missing or changed.
--drop-missing takes such files out of the list: their records are lost.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := formatOf(output, "table", "json", "ndjson"); err != nil {
				return err
			}
			st, dir, err := a.openLake(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, st.Close()) }()
			files, err := st.LakeFiles(cmd.Context(), "", time.Time{}, time.Time{})
			if err != nil {
				return err
			}
			wrong := 0
			if verify || drop {
				if files, wrong, err = a.verifyLake(cmd.Context(), st, dir, files, drop); err != nil {
					return err
				}
			}
			if err := a.printStatus(cmd.Context(), st, dir, files, output); err != nil {
				return err
			}
			if wrong > 0 {
				return exit(exitIncomplete)
			}
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&verify, "verify", false, "hold every file against what was written")
	f.BoolVar(&drop, "drop-missing", false, "take files that are missing or changed out of the lake")
	f.StringVarP(&output, "output", "o", "table", "table, json or ndjson")
	return c
}

// verifyLake says which files are not what was written, and takes them out where that is
// asked for. It returns those that stay, and how many are wrong.
func (a *app) verifyLake(ctx context.Context, st *store.Store, dir string, files []haetae.LakeFile, drop bool) ([]haetae.LakeFile, int, error) {
	p := a.progress()
	p.stage(a.say("reading files", "파일 확인"))
	defer p.Close()
	var stay []haetae.LakeFile
	var lost []string
	records := 0
	for i := range files {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		if err := lake.Verify(dir, &files[i]); err != nil {
			a.advise("haetae: %v", err)
			lost = append(lost, files[i].Path)
			records += files[i].Records
			continue
		}
		stay = append(stay, files[i])
	}
	if !drop || len(lost) == 0 {
		return files, len(lost), nil
	}
	if err := st.Update(ctx, func(tx *store.Tx) error { return tx.DropLakeFiles(lost) }); err != nil {
		return nil, 0, err
	}
	a.advise(a.say("%d files with %d records are no part of the lake any more.", "파일 %d개(레코드 %d개)를 레이크에서 뺐습니다."), len(lost), records)
	return stay, 0, lake.Remove(dir, lost)
}

func (a *app) printStatus(ctx context.Context, st *store.Store, dir string, files []haetae.LakeFile, output string) error {
	keep, err := st.LakeRetention(ctx)
	if err != nil {
		return err
	}
	list := []lakeStatus{}
	var cells [][]any
	for _, t := range lake.Tables() {
		s := lakeStatus{Table: t.Name, Log: t.Log, Days: keep[t.Log]}
		for _, f := range files {
			if f.Log != t.Log {
				continue
			}
			if s.Files == 0 || f.First.Before(s.First) {
				s.First = f.First
			}
			if f.Last.After(s.Last) {
				s.Last = f.Last
			}
			s.Records += f.Records
			s.Files++
			s.Bytes += f.Bytes
		}
		if s.Files == 0 && s.Days == 0 {
			continue
		}
		list = append(list, s)
		first, last, kept := "–", "–", a.say("for ever", "계속")
		if s.Files > 0 {
			first, last = s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339)
		}
		if s.Days > 0 {
			kept = fmt.Sprintf("%dd", s.Days)
		}
		cells = append(cells, []any{s.Table, string(s.Log), s.Records, s.Files, s.Bytes, bytesEach(s.Bytes, s.Records), first, last, kept})
	}
	err = listing(a, list, []string{a.say("TABLE", "테이블"), a.say("LOG", "로그"), a.say("RECORDS", "레코드"), a.say("FILES", "파일"), a.say("BYTES", "바이트"),
		a.say("BYTES EACH", "레코드당"), a.say("FIRST", "처음"), a.say("LAST", "마지막"), a.say("KEPT", "보존")}, cells, output)
	if err != nil {
		return err
	}
	orphans, err := lake.Orphans(dir, files, time.Now().Add(-orphanAge))
	if err != nil {
		return err
	}
	if len(orphans) > 0 {
		a.advise(a.say("%d files are no part of the lake; a run that was killed left them. haetae logs compact removes them.",
			"레이크에 속하지 않는 파일 %d개가 있습니다. 중단된 실행이 남긴 것이며 haetae logs compact가 지웁니다."), len(orphans))
	}
	return nil
}

func (a *app) logsCompactCommand() *cobra.Command {
	var least int
	c := &cobra.Command{
		Use:   "compact",
		Short: "Make one file of the files of a log and day, and remove what killed runs left",
		Long: `Many small files are slow to ask and take more room. Writes the files of each log and day
anew as one, every record once, and removes files that are no part of the lake and that
nobody wrote to for six hours. What a run has done when it is stopped stays.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if least < 2 {
				return usagef("--min-files is 2 or more")
			}
			st, dir, err := a.openLake(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, st.Close()) }()
			return a.compact(cmd.Context(), st, dir, least)
		},
	}
	c.Flags().IntVar(&least, "min-files", 2, "only days of a log with at least so many files")
	return c
}

// compaction counts what was made of files.
type compaction struct {
	was, is, twice int
	before, after  int64
}

func (a *app) compact(ctx context.Context, st *store.Store, dir string, least int) error {
	p := a.progress()
	p.stage(a.say("compacting", "합치기"))
	n, err := compactAll(ctx, st, dir, least)
	p.Close()
	if err != nil {
		return err
	}
	files, err := st.LakeFiles(ctx, "", time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	orphans, err := lake.Orphans(dir, files, time.Now().Add(-orphanAge))
	if err != nil {
		return err
	}
	var paths []string
	for _, o := range orphans {
		paths = append(paths, o.Path)
	}
	if err := lake.Remove(dir, paths); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, a.say("%d files are %d now: %d bytes, before %d. %d records were there twice. %d files of killed runs were removed.\n",
		"파일 %d개가 %d개가 되었습니다: %d바이트(이전 %d). 두 번 있던 레코드 %d개. 중단된 실행의 파일 %d개를 지웠습니다.\n"), n.was, n.is, n.after, n.before, n.twice, len(paths))
	return printed(err)
}

// compactAll makes one file of the files of each log and day, one transaction for each.
func compactAll(ctx context.Context, st *store.Store, dir string, least int) (n compaction, err error) {
	files, err := st.LakeFiles(ctx, "", time.Time{}, time.Time{})
	if err != nil {
		return n, err
	}
	for _, group := range lake.Small(files, least) {
		c, err := lake.Compact(ctx, dir, group)
		if err != nil {
			return n, err
		}
		var old, added []string
		for _, f := range group {
			old = append(old, f.Path)
			n.before += f.Bytes
		}
		for _, f := range c.Files {
			added = append(added, f.Path)
			n.after += f.Bytes
		}
		err = st.Update(ctx, func(tx *store.Tx) error { return errors.Join(tx.DropLakeFiles(old), tx.AddLakeFiles(c.Files)) })
		if err != nil {
			return n, errors.Join(err, lake.Remove(dir, added))
		}
		if err := lake.Remove(dir, old); err != nil {
			return n, err
		}
		n.was, n.is, n.twice = n.was+len(group), n.is+len(c.Files), n.twice+c.Twice
	}
	return n, nil
}

func (a *app) logsRetainCommand() *cobra.Command {
	var apply bool
	var output string
	c := &cobra.Command{
		Use:   "retain [LOG=DAYS…]",
		Short: "For how long the records of a log are kept, and delete what is older",
		Long: `LOG is the name of a log or of its table, DAYS 90d, 7y, or none for ever. Without --apply
it is only counted what would be deleted; with it the times are kept, and records of days
that are older are deleted from the lake, also those of times that were given before.`,
		Example: `  haetae logs retain cloudtrail=400d vpcflow=30d
  haetae logs retain cloudtrail=400d vpcflow=30d --apply
  haetae logs retain --apply`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := formatOf(output, "table", "json", "ndjson"); err != nil {
				return err
			}
			said, err := retentionsOf(args)
			if err != nil {
				return err
			}
			st, dir, err := a.openLake(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, st.Close()) }()
			return a.retainLogs(cmd.Context(), st, dir, said, apply, output, time.Now())
		},
	}
	c.Flags().BoolVar(&apply, "apply", false, "do it; otherwise it is only counted")
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json or ndjson")
	return c
}

// retentionsOf reads for how many days logs are kept; 0 is for ever.
func retentionsOf(args []string) (map[haetae.Log]int, error) {
	out := map[haetae.Log]int{}
	for _, arg := range args {
		name, text, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, usagef("LOG=DAYS is meant, not %q", arg)
		}
		age, err := daysOf(text)
		if err != nil {
			return nil, usagef("%s: %w", arg, err)
		}
		var log haetae.Log
		var known []string
		for _, t := range lake.Tables() {
			known = append(known, string(t.Log))
			if name == string(t.Log) || name == t.Name {
				log = t.Log
			}
		}
		if log == "" {
			sort.Strings(known)
			return nil, usagef("there is no log %q: %s", name, strings.Join(known, ", "))
		}
		out[log] = int(age / (24 * time.Hour))
	}
	return out, nil
}

// retained is what is older than a log is kept.
type retained struct {
	Log     haetae.Log `json:"log"`
	Days    int        `json:"retentionDays,omitempty"`
	Records int        `json:"records"`
	Files   int        `json:"files"`
	Bytes   int64      `json:"bytes"`
	Deleted bool       `json:"deleted"`
}

func (a *app) retainLogs(ctx context.Context, st *store.Store, dir string, said map[haetae.Log]int, apply bool, output string, now time.Time) error {
	keep, err := st.LakeRetention(ctx)
	if err != nil {
		return err
	}
	for log, days := range said {
		if keep[log] = days; days == 0 {
			delete(keep, log)
		}
	}
	files, err := st.LakeFiles(ctx, "", time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	old := lake.Older(files, keep, now)
	if apply {
		var paths []string
		for _, f := range old {
			paths = append(paths, f.Path)
		}
		err := st.Update(ctx, func(tx *store.Tx) error {
			for log, days := range said {
				if err := tx.SetLakeRetention(log, days); err != nil {
					return err
				}
			}
			return tx.DropLakeFiles(paths)
		})
		if err != nil {
			return err
		}
		if err := lake.Remove(dir, paths); err != nil {
			return err
		}
	}
	list := []retained{}
	var cells [][]any
	for _, t := range lake.Tables() {
		r := retained{Log: t.Log, Days: keep[t.Log], Deleted: apply}
		_, asked := said[t.Log]
		if r.Days == 0 && !asked {
			continue
		}
		for _, f := range old {
			if f.Log == t.Log {
				r.Records, r.Files, r.Bytes = r.Records+f.Records, r.Files+1, r.Bytes+f.Bytes
			}
		}
		kept := a.say("for ever", "계속")
		if r.Days > 0 {
			kept = fmt.Sprintf("%dd", r.Days)
		}
		list = append(list, r)
		cells = append(cells, []any{string(r.Log), kept, r.Records, r.Files, r.Bytes})
	}
	err = listing(a, list, []string{a.say("LOG", "로그"), a.say("KEPT", "보존"), a.say("OLDER RECORDS", "지난 레코드"), a.say("FILES", "파일"), a.say("BYTES", "바이트")}, cells, output)
	if err != nil {
		return err
	}
	if !apply {
		a.advise(a.say("Nothing was changed: --apply does it.", "바뀐 것은 없습니다. --apply를 주면 실행합니다."))
	}
	return nil
}
