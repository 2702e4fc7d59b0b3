// Command bench-detect measures how fast logs are held against rules, next to what
// any reader of them must do at least, and to other engines. scripts/bench-detect.sh
// runs it.
//
// Each measurement is a process of its own, so that its peak of memory is its own,
// and the best of three runs, or the one that took more than five seconds. All read the
// same packed files with all cores. Engines that match the same rules must find the
// same number of matches.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/sigma"
)

func main() {
	stage := flag.String("stage", "", "what to measure; without it everything is")
	out := flag.String("out", "out/bench-detect", "where generated files go")
	dir := flag.String("dir", "", "a folder of CloudTrail files to measure too")
	peer := flag.String("peer", "", "a program that runs other engines: it is given a stage, a folder and rules")
	rules := flag.String("rules", "", "of a stage: a file of Sigma rules")
	files := flag.Int("files", 100, "how many files of 2,000 records are generated")
	profile := flag.String("profile", "", "of a stage: where a CPU profile goes")
	flag.Parse()
	err := error(nil)
	switch {
	case *stage != "":
		err = measure(*stage, *dir, *rules, *profile)
	default:
		err = run(*out, *dir, *peer, *files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-detect:", err)
		os.Exit(1)
	}
}

// result is what a stage prints as JSON.
type result struct {
	Records int     `json:"records"`
	Hits    int     `json:"hits"`   // rules that records matched
	Wall    float64 `json:"wall"`   // seconds
	CPU     float64 `json:"cpu"`    // seconds, of all cores
	Peak    int64   `json:"peak"`   // bytes of memory
	Allocs  float64 `json:"allocs"` // for a record; negative when it is not known
}

func measure(stage, dir, rules, profile string) error {
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var r result
	var before, after runtime.MemStats
	work, err := prepare(stage, dir, rules, &r)
	if err != nil {
		return err
	}
	runtime.ReadMemStats(&before)
	began, cpu := time.Now(), cpuTime()
	if err := work(); err != nil {
		return err
	}
	r.Wall, r.CPU = time.Since(began).Seconds(), (cpuTime() - cpu).Seconds()
	runtime.ReadMemStats(&after)
	r.Allocs = float64(after.Mallocs-before.Mallocs) / float64(max(r.Records, 1))
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return err
	}
	r.Peak = use.Maxrss << 10
	return json.NewEncoder(os.Stdout).Encode(r)
}

func cpuTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// prepare does what is not measured and returns what is.
func prepare(stage, dir, rules string, r *result) (func() error, error) {
	var parsed sigma.Rules
	if rules != "" {
		text, err := os.ReadFile(rules)
		if err != nil {
			return nil, err
		}
		if parsed, err = sigma.Parse(rules, text); err != nil {
			return nil, err
		}
	}
	switch stage {
	case "gunzip":
		return func() error {
			return each(dir, func(in io.Reader) error { _, err := io.Copy(io.Discard, in); return err })
		}, nil
	case "maps":
		var n atomic.Int64
		return func() error {
			err := each(dir, func(in io.Reader) error {
				var file struct{ Records []map[string]any }
				err := json.NewDecoder(in).Decode(&file)
				n.Add(int64(len(file.Records)))
				return err
			})
			r.Records = int(n.Load())
			return err
		}, nil
	case "read":
		return func() error {
			return read(dir, r, ingest.Taker{Event: func(*haetae.Event) error { return nil }, Flow: func(*haetae.Flow) error { return nil }})
		}, nil
	case "rules":
		x, err := sigma.NewIndex(parsed.Rules, sigma.Options{})
		if err != nil {
			return nil, err
		}
		scan, raw := x.NewScan(), x.NewRaw()
		from := sigma.LogSource{Product: "aws", Service: "cloudtrail"}
		return func() error {
			return read(dir, r, ingest.Taker{Event: func(e *haetae.Event) error {
				if err := raw.Reset(e.Raw); err != nil {
					return err
				}
				r.Hits += len(scan.Match(raw, from))
				return nil
			}})
		}, nil
	case "detect":
		all, refused := detect.NewRules(nil, parsed)
		engine, more := detect.New(detect.Options{Rules: all})
		if err := errors.Join(append(refused, more...)...); err != nil {
			return nil, err
		}
		return func() error {
			if err := read(dir, r, ingest.Taker{Event: engine.Event, Flow: engine.Flow}); err != nil {
				return err
			}
			engine.Flush()
			for _, f := range engine.Take() {
				r.Hits += len(f.Events) + f.Cut
			}
			return nil
		}, nil
	}
	return nil, fmt.Errorf("no stage %q", stage)
}

func read(dir string, r *result, t ingest.Taker) error {
	var s ingest.Stats
	if err := ingest.Read(context.Background(), []string{dir}, ingest.ReadOptions{}, &s, t); err != nil {
		return err
	}
	r.Records = s.Records
	if !s.Whole() {
		return fmt.Errorf("not all was read: %v", s.Problems)
	}
	return nil
}

// each unpacks all files with all cores.
func each(dir string, use func(io.Reader) error) error {
	paths := make(chan string)
	errs := make(chan error, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			br, z := bufio.NewReaderSize(nil, 64<<10), new(gzip.Reader)
			for path := range paths {
				f, err := os.Open(path)
				if err == nil {
					br.Reset(f)
					if err = z.Reset(br); err == nil {
						err = use(z)
					}
					f.Close()
				}
				if err != nil {
					select {
					case errs <- fmt.Errorf("%s: %w", path, err):
					default:
					}
				}
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".gz") {
			paths <- path
		}
		return err
	})
	close(paths)
	wait.Wait()
	select {
	case first := <-errs:
		return first
	default:
		return err
	}
}

// run measures everything and prints a table for each kind of files.
func run(out, dir, peer string, files int) error {
	trail, flows, wide := filepath.Join(out, "trail"), filepath.Join(out, "flows"), filepath.Join(out, "flows-wide")
	fmt.Fprintf(os.Stderr, "generating %d files of 2,000 records of CloudTrail, 10 of 200,000 flow records in two formats, and rules\n", files)
	for _, d := range []string{trail, flows, wide} {
		if err := errors.Join(os.RemoveAll(d), os.MkdirAll(d, 0o755)); err != nil {
			return err
		}
	}
	counts := []int{100, 300, 1000}
	path := func(n int) string { return filepath.Join(out, fmt.Sprintf("rules-%d.yml", n)) }
	for _, n := range counts {
		if err := writeRules(path(n), n); err != nil {
			return err
		}
	}
	flowRules := filepath.Join(out, "rules-flow.yml")
	if err := errors.Join(writeTrail(trail, files), writeFlows(flows, flowDefault, 10), writeFlows(wide, flowWide, 10), writeFlowRules(flowRules, 30)); err != nil {
		return err
	}
	debug.FreeOSMemory()
	fmt.Printf("%d cores, %s, the best of three runs, from packed files\n", runtime.NumCPU(), runtime.Version())
	var list []line
	for _, n := range counts {
		list = append(list, line{fmt.Sprintf("haetae, %d rules", n), "detect", path(n), ""})
	}
	list = append(list, line{"  the same without state", "rules", path(1000), ""})
	if peer != "" {
		for _, engine := range []string{"rsigma", "sigma-rust"} {
			for _, n := range counts {
				list = append(list, line{fmt.Sprintf("%s, %d rules", engine, n), engine, path(n), peer})
			}
		}
	}
	first := []line{{"gunzip alone", "gunzip", "", ""}, {"gunzip and encoding/json into maps", "maps", "", ""}, {"haetae, read to events", "read", "", ""}}
	if err := table("CloudTrail, generated, 2,000 records in a file", trail, append(first, list...), nil); err != nil {
		return err
	}
	if dir != "" {
		if err := table("CloudTrail, "+filepath.Base(dir)+", as it was delivered", dir, append(first, list...), nil); err != nil {
			return err
		}
	}
	list = []line{first[0], {"haetae, read to flows", "read", "", ""}, {"haetae, 30 rules", "detect", flowRules, ""}}
	if err := table("VPC flow logs, the default format of 14 fields, on one core", flows, list, []string{"GOMAXPROCS=1"}); err != nil {
		return err
	}
	return table("VPC flow logs, 25 fields, on one core", wide, list, []string{"GOMAXPROCS=1"})
}

type line struct{ title, stage, rules, program string }

func table(title, dir string, list []line, env []string) error {
	fmt.Printf("\n%s\n%-36s %12s %14s %10s %9s %8s %9s\n", title, "", "records/s", "per CPU s", "of gunzip", "peak MB", "allocs", "hits")
	base, results := 0.0, make([]result, len(list))
	found := map[string]int{} // by rules
	records := 0
	for i, l := range list {
		for try := range 3 {
			r, err := stageOf(l, dir, env)
			if err != nil {
				return fmt.Errorf("%s: %w", l.title, err)
			}
			if try == 0 || r.Wall < results[i].Wall {
				results[i] = r
			}
			if r.Wall > 5 {
				break // what takes that long is not to be had much shorter
			}
		}
		records = max(records, results[i].Records)
		if i == 0 {
			continue
		}
		if i == 1 {
			base = float64(records) / results[0].Wall
			list[0].print(results[0], records, base)
		}
		l.print(results[i], records, base)
		if l.rules == "" {
			continue
		}
		if n, known := found[l.rules]; known && n != results[i].Hits && l.stage != "detect" {
			return fmt.Errorf("%s: %d matches, another engine has %d", l.title, results[i].Hits, n)
		} else if !known && l.stage != "detect" {
			found[l.rules] = results[i].Hits
		}
	}
	return nil
}

func (l line) print(r result, records int, base float64) {
	speed := float64(records) / r.Wall
	allocs := "-"
	if r.Allocs >= 0 && r.Records > 0 {
		allocs = fmt.Sprintf("%.1f", r.Allocs)
	}
	hits := "-"
	if l.rules != "" {
		hits = fmt.Sprint(r.Hits)
	}
	fmt.Printf("%-36s %12.0f %14.0f %9.0f%% %9.0f %8s %9s\n", l.title, speed, float64(records)/r.CPU, 100*speed/base, float64(r.Peak)/(1<<20), allocs, hits)
}

func stageOf(l line, dir string, env []string) (r result, err error) {
	program := l.program
	if program == "" {
		if program, err = os.Executable(); err != nil {
			return r, err
		}
	}
	cmd := exec.Command(program, "-stage", l.stage, "-dir", dir, "-rules", l.rules)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(out, &r)
}
