package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

// maxFile bounds what is read of one file.
const maxFile = 512 << 20

// regionName is the shape of a region's name, which a folder and the beginning
// of an availability zone have.
var regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}$`)

// loaded is one document with what its place says of it.
type loaded struct {
	answer
	file    string
	account string // of the folder; "" when it does not say
	group   string // the folder above the region
	region  string
	global  bool // the folder is for global services
}

// loader reads one folder.
type loader struct {
	names    *names
	docs     []loaded
	problems []haetae.Problem
	shown    string
}

// Load reads a folder of AWS CLI output, [ACCOUNT/]REGION/*.json or flat.
// shown is how the user wrote the folder; it comes before file names in the
// snapshot. What a folder does not hold is not an error: it is coverage that
// is missing, and properties that are unknown.
func Load(ctx context.Context, fsys fs.FS, shown string, o Options) (*haetae.Snapshot, error) {
	l := &loader{names: newNames(All), shown: shown}
	files, err := list(fsys)
	if err != nil {
		return nil, &haetae.Error{Code: haetae.NotFound, Op: "read " + shown, Err: err, Hint: "name a folder that exists and that you may read"}
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", shown, err)
		}
		l.read(fsys, f)
	}
	b := NewBuilder(o)
	used := l.feed(b, o)
	if used == 0 {
		err := errors.New("no file in it is the output of an AWS CLI command that haetae reads")
		if len(l.problems) > 0 {
			p := l.problems[0]
			err = fmt.Errorf("%w; %s: %s", err, p.Place.File, p.Error)
		}
		return nil, &haetae.Error{
			Code: haetae.Invalid, Op: "read " + shown, Err: err,
			Hint: "fill a folder with the script that `haetae collect --script` prints, or name a CloudFormation template, a plan or a snapshot instead",
		}
	}
	s := b.Snapshot()
	s.Problems = append(l.problems, s.Problems...)
	slices.SortStableFunc(s.Problems, func(a, b haetae.Problem) int {
		return cmp.Or(strings.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Line, b.Place.Line))
	})
	return s, nil
}

// Is tells whether a folder looks like one of AWS CLI output: one file at
// least has the name of a command, or is the answer of exactly one.
func Is(fsys fs.FS) bool {
	files, err := list(fsys)
	if err != nil {
		return false
	}
	n := newNames(All)
	for i, f := range files {
		if ops, _ := n.file(stem(f)); len(ops) > 0 {
			return true
		}
		if i >= 200 {
			continue
		}
		info, err := fs.Stat(fsys, f)
		if err != nil || info.Size() > 4<<20 {
			continue
		}
		data, err := fs.ReadFile(fsys, f)
		if err != nil {
			continue
		}
		docs, err := parse(data)
		if err == nil && len(docs) > 0 && docs[0].code == "" && len(n.content(docs[0].body)) == 1 {
			return true
		}
	}
	return false
}

// list returns the JSON files of a folder, sorted. Hidden folders are left out.
func list(fsys fs.FS) ([]string, error) {
	var out []string
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && p == ".":
			return err
		case err != nil:
			return nil // a folder that vanished or is closed to us: its files are not there
		case d.IsDir() && p != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() && strings.EqualFold(path.Ext(p), ".json"):
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

func stem(file string) string {
	base := path.Base(file)
	return base[:len(base)-len(path.Ext(base))]
}

// problem notes that a file could not be used.
func (l *loader) problem(file string, line int, text, hint string, fatal bool) {
	l.problems = append(l.problems, haetae.Problem{
		Place: haetae.Place{File: path.Join(l.shown, file), Line: line}, Error: text, Hint: hint, Fatal: fatal,
	})
}

// read reads the documents of one file.
func (l *loader) read(fsys fs.FS, file string) {
	data, err := readFile(fsys, file)
	if err != nil {
		hint := "check that the file is still there and that you may read it"
		l.problem(file, 0, err.Error(), hint, true)
		return
	}
	docs, err := parse(data)
	if err != nil {
		var u *unreadable
		if errors.As(err, &u) {
			l.problem(file, u.line, u.text, u.hint, true)
		} else {
			l.problem(file, 0, err.Error(), "", true)
		}
		return
	}
	for _, d := range docs {
		at := where(file)
		at.answer, at.file = d, file
		l.docs = append(l.docs, at)
	}
}

// readFile reads a file up to the limit.
func readFile(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", errors.Unwrap(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	return data, nil
}

// where reads account and region from the folders above a file.
func where(file string) (at loaded) {
	dirs := strings.Split(path.Dir(file), "/")
	end := len(dirs)
	for i, d := range dirs {
		switch {
		case isAccount(d):
			at.account = d
		case d == "global" || d == "aws-global":
			at.global, end = true, i
		case regionName.MatchString(d):
			at.region, end = d, i
		}
	}
	at.group = strings.Join(dirs[:end], "/")
	return at
}

// feed adds the documents to the Builder and returns how many were used.
func (l *loader) feed(b *Builder, o Options) (used int) {
	accounts := l.accounts(o)
	region := o.Region
	if region == "" && slices.ContainsFunc(l.docs, func(d loaded) bool { return d.region == "" && !d.global }) {
		region = common(l.docs, func(d loaded) string { return cmp.Or(d.region, regionIn(d.body)) })
	}
	for _, d := range l.docs {
		op, parent, trouble := l.names.identify(stem(d.file), d.answer)
		if trouble != "" {
			l.problem(d.file, 0, trouble, "name the file COMMAND.json, or COMMAND.PARENT.json when the command is about one thing: get-bucket-policy.my-bucket.json", false)
			continue
		}
		used++
		a := &Answer{
			Op: op, Account: accounts[d.group], Region: d.region, Body: d.body,
			Code: d.code, Message: d.message, Place: haetae.Place{File: path.Join(l.shown, d.file)},
			Params: l.names.params(op, stem(d.file)),
		}
		if a.Region == "" && !d.global {
			a.Region = cmp.Or(regionIn(d.body), region)
		}
		if a.Body == nil {
			a.Body = map[string]any{}
		}
		if p := l.names.param(op); p != "" && parent != "" && !has(a.Body, p) {
			a.Body[p] = parent
		}
		b.Add(a)
	}
	return used
}

// accounts says which account each group of folders belongs to: the one that
// the folder is named after, else that of get-caller-identity in it, else the
// option, else the owner of most of what is in it.
func (l *loader) accounts(o Options) map[string]string {
	groups := map[string][]loaded{}
	for _, d := range l.docs {
		groups[d.group] = append(groups[d.group], d)
	}
	out := map[string]string{}
	for g, docs := range groups {
		named := common(docs, func(d loaded) string { return d.account })
		caller := common(docs, func(d loaded) string {
			if has(d.body, "UserId") && has(d.body, "Arn") {
				return str(d.body, "Account")
			}
			return ""
		})
		out[g] = cmp.Or(named, caller, o.Account)
		if out[g] == "" {
			out[g] = common(docs, func(d loaded) string { return ownerIn(d.body) })
		}
	}
	return out
}

// common returns the text that most documents give, the first in order of the
// alphabet when there are several, and "" when none gives any.
func common(docs []loaded, of func(loaded) string) string {
	n := map[string]int{}
	for _, d := range docs {
		if s := of(d); s != "" {
			n[s]++
		}
	}
	best := ""
	for _, s := range slices.Sorted(maps.Keys(n)) {
		if best == "" || n[s] > n[best] {
			best = s
		}
	}
	return best
}

// regionIn returns the first region that an answer gives away, looking in the
// order of the members' names.
func regionIn(body map[string]any) string {
	return search(body, 6, func(k, s string) string {
		if k == "AvailabilityZone" && len(s) > 1 && regionName.MatchString(s[:len(s)-1]) {
			return s[:len(s)-1]
		}
		if n, err := arn.Parse(s); err == nil && regionName.MatchString(n.Region) {
			return n.Region
		}
		return ""
	})
}

// ownerIn returns the first account that an answer gives away as an owner.
func ownerIn(body map[string]any) string {
	return search(body, 6, func(k, s string) string {
		if k == "OwnerId" && isAccount(s) {
			return s
		}
		if n, err := arn.Parse(s); err == nil && isAccount(n.Account) && strings.HasSuffix(strings.ToLower(k), "arn") {
			return n.Account
		}
		return ""
	})
}

// search returns the first result of a function over the strings of a tree.
func search(v any, depth int, of func(key, s string) string) string {
	var walk func(k string, v any, depth int) string
	walk = func(k string, v any, depth int) string {
		switch v := v.(type) {
		case string:
			return of(k, v)
		case []any:
			for _, e := range v {
				if r := walk(k, e, depth); r != "" {
					return r
				}
			}
		case map[string]any:
			if depth == 0 {
				return ""
			}
			for _, k := range slices.Sorted(maps.Keys(v)) {
				if r := walk(k, v[k], depth-1); r != "" {
					return r
				}
			}
		}
		return ""
	}
	return walk("", v, depth)
}
