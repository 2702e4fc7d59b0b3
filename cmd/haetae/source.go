package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/sample"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/snapshot"
	"github.com/haetae/haetae/template"
	"github.com/haetae/haetae/terraform"
)

// sources are the flags that say where a snapshot comes from.
type sources struct {
	from       []string
	account    string
	regions    []string
	live       live
	parameters []string
	now        string
	maxBytes   int64

	store, noStore bool // flags of haetae scan
}

func (s *sources) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.from, "from", nil, `source, may be repeated: aws (the default), a template or folder of them, a
Terraform plan as JSON, a folder of AWS CLI output ([ACCOUNT/]REGION/*.json),
a .snap.zst file, store@TIME or store@latest (a past instant of what scans kept), or sample`)
	s.details(cmd)
}

// details are the flags that say how sources are read.
func (s *sources) details(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.account, "account", "", "account of what does not name one")
	f.StringSliceVar(&s.regions, "region", nil, "of live accounts: the regions to read (default: all that are on); else the region of what does not name one")
	s.live.flags(f)
	f.StringArrayVar(&s.parameters, "parameters", nil, "template parameter KEY=VALUE, or a JSON file of them; may be repeated")
	f.Int64Var(&s.maxBytes, "max-bytes", 0, "largest template to read, in bytes (default 64 MiB)")
	f.StringVar(&s.now, "time", "", "judge ages as of this time (RFC 3339); default is when the source was made")
}

const fromHint = "Give --from aws, a template, a Terraform plan as JSON, a folder of AWS CLI output, a .snap.zst file, store@TIME or sample."

// load reads all sources into one assembled snapshot.
func (a *app) load(ctx context.Context, s *sources, sch *schema.Schema, p *progress) (*haetae.Snapshot, error) {
	if len(s.from) == 0 {
		s.from = []string{"aws"}
	}
	parameters, err := readParameters(s.parameters)
	if err != nil {
		return nil, err
	}
	all := &haetae.Snapshot{}
	for _, from := range s.from {
		p.stage("reading " + from)
		one, err := a.source(ctx, from, s, parameters, p)
		if err != nil {
			return nil, err
		}
		all.Time = max(all.Time, one.Time)
		all.Resources = replace(all.Resources, one.Resources)
		all.Coverage = append(all.Coverage, one.Coverage...)
		all.Problems = append(all.Problems, one.Problems...)
	}
	if s.now != "" {
		t, err := s.instant()
		if err != nil {
			return nil, err
		}
		all.Time = t.Unix()
	}
	if all.Time == 0 {
		all.Time = time.Now().Unix()
	}
	p.stage(fmt.Sprintf("putting %d resources in order", len(all.Resources)))
	if s.keeps(all) {
		// Hashes of secrets would otherwise begin with the second scan.
		if _, err := a.storeDir(); err != nil {
			if a.data != "" || s.store {
				return nil, err
			}
			// A container without a home can scan all the same.
			a.advise("haetae: nothing will be kept: %v", err)
			s.noStore = true
		}
	}
	key, err := a.hashKey() // after the sources: a live account made one
	if err != nil {
		return nil, err
	}
	return graph.Assemble(sch, all, graph.Options{HashKey: key}), nil
}

// instant is the time of --time, or now.
func (s *sources) instant() (time.Time, error) {
	if s.now == "" {
		return time.Now(), nil
	}
	t, err := time.Parse(time.RFC3339, s.now)
	if err != nil {
		return t, usagef("--time %s is not a time such as 2026-03-03T12:00:00Z", s.now)
	}
	return t, nil
}

// replace adds what a further source says. Of what two of them say of the same
// thing in an account, the later one's word counts.
func replace(have, more []*haetae.Resource) []*haetae.Resource {
	index := map[haetae.Key]int{}
	for i, r := range have {
		index[r.Key()] = i
	}
	for _, r := range more {
		if i, ok := index[r.Key()]; ok && !r.Declared() && r.Account != "" {
			have[i] = r
			continue
		}
		have = append(have, r)
	}
	return have
}

// source reads one source, recognising what it is.
func (a *app) source(ctx context.Context, from string, s *sources, parameters map[string]string, p *progress) (*haetae.Snapshot, error) {
	switch {
	case from == "sample":
		return sample.Snapshot()
	case from == "aws":
		return a.aws(ctx, s, p)
	case strings.HasPrefix(from, "store@"):
		return a.past(ctx, strings.TrimPrefix(from, "store@"))
	case from == "-":
		data, err := io.ReadAll(a.in)
		if err != nil {
			return nil, fmt.Errorf("read stdin: %w", err)
		}
		if terraform.Is(data) {
			return terraform.Parse(data, "-", s.terraform())
		}
		return template.Parse(data, "-", s.template(parameters))
	}
	info, err := os.Stat(from)
	if err != nil {
		hint := fromHint
		if errors.Is(err, fs.ErrPermission) {
			hint = "Check the permissions of the file and of the folders above it."
		}
		return nil, &haetae.Error{Code: haetae.NotFound, Op: "--from", Err: err, Hint: hint}
	}
	if info.IsDir() {
		return a.folder(ctx, from, s, parameters)
	}
	head, err := headOf(from)
	if err != nil {
		return nil, err
	}
	if snapshot.Is(head) {
		f, err := os.Open(from)
		if err != nil {
			return nil, fmt.Errorf("open snapshot: %w", err)
		}
		snap, err := snapshot.Read(f, from)
		return snap, errors.Join(err, f.Close())
	}
	dir, name := filepath.Split(from)
	if dir == "" {
		dir = "."
	}
	if terraform.Is(head) {
		return terraform.Load(ctx, os.DirFS(dir), name, strings.TrimSuffix(from, name), s.terraform())
	}
	return template.Load(ctx, os.DirFS(dir), name, strings.TrimSuffix(from, name), s.template(parameters))
}

// folder reads a folder of templates or of AWS CLI output.
func (a *app) folder(ctx context.Context, from string, s *sources, parameters map[string]string) (*haetae.Snapshot, error) {
	fsys := os.DirFS(from)
	if tf, err := fs.Glob(fsys, "*.tf"); err == nil && len(tf) > 0 {
		return terraformFolder(ctx, fsys, from, s)
	}
	if !hasTemplate(fsys) && inventory.Is(fsys) {
		return inventory.Load(ctx, fsys, from, inventory.Options{Account: s.account, Region: s.region(),
			// graph.Assemble redacts what every source reads, in one place.
			Redact: func(_, value string) any { return value }})
	}
	return template.Load(ctx, fsys, ".", from, s.template(parameters))
}

// terraformFolder reads the plans that lie in a folder of *.tf files.
func terraformFolder(ctx context.Context, fsys fs.FS, from string, s *sources) (*haetae.Snapshot, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", from, err)
	}
	all, found := &haetae.Snapshot{}, false
	for _, name := range names {
		head, err := headOf(filepath.Join(from, name))
		if err != nil {
			return nil, err
		}
		if !terraform.Is(head) {
			continue
		}
		one, err := terraform.Load(ctx, fsys, name, from, s.terraform())
		if err != nil {
			return nil, err
		}
		found = true
		all.Resources = replace(all.Resources, one.Resources)
		all.Coverage = append(all.Coverage, one.Coverage...)
		all.Problems = append(all.Problems, one.Problems...)
	}
	if !found {
		return nil, &haetae.Error{Code: haetae.NotFound, Op: from, Err: errors.New("the folder holds *.tf files but no plan"),
			Hint: "Write one into it: terraform plan -out plan.bin && terraform show -json plan.bin > plan.json"}
	}
	return all, nil
}

// hasTemplate tells whether one of the first files of a folder is a template.
// Answers of AWS never look like one, but a template may be named like a
// command.
func hasTemplate(fsys fs.FS) bool {
	found, seen := false, 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // the loader will say what it cannot read
		}
		switch filepath.Ext(name) {
		case ".json", ".yaml", ".yml", ".template":
		default:
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if err == nil && template.Is(data) {
			found = true
		}
		if seen++; found || seen >= 500 {
			return fs.SkipAll
		}
		return nil
	})
	return err == nil && found
}

// region is the region of what does not name one.
func (s *sources) region() string {
	if len(s.regions) == 0 {
		return ""
	}
	return s.regions[0]
}

func (s *sources) template(parameters map[string]string) template.Options {
	return template.Options{Parameters: parameters, Account: s.account, Region: s.region(), MaxBytes: s.maxBytes}
}

func (s *sources) terraform() terraform.Options {
	return terraform.Options{Account: s.account, Region: s.region(), MaxBytes: s.maxBytes}
}

func headOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &haetae.Error{Code: haetae.NotFound, Op: "--from", Err: err, Hint: fromHint}
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), f.Close())
	}
	return head[:n], f.Close()
}
