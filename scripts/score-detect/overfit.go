package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae/permission"
)

// shortest is the length from which a text of a rule can give away whom it was made for.
const shortest = 6

// overfitted fails when a detection names a value of people's logs, or a part of one:
// who, from where, with which key, or what of theirs.
func overfitted(values map[string]bool, rules, logs string) error {
	named, words, err := namesIn(values, rules)
	if err != nil {
		return err
	}
	for _, file := range slices.Sorted(maps.Keys(named)) {
		fmt.Fprintf(os.Stderr, "%s names %q, which is of a value of %s\n", file, named[file], logs)
	}
	if len(named) > 0 {
		return errors.New("detections name values of the logs that they are judged by")
	}
	fmt.Fprintf(os.Stderr, "score-detect: %d words of detections, %d values of who, where and what in %s: no detection names one\n", words, len(values), logs)
	return nil
}

// vocabulary are words of AWS in small letters, which say nothing of whose logs they
// are in: names of actions and prefixes of services.
func vocabulary() (map[string]bool, error) {
	c, err := permission.Embedded()
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, p := range c.Prefixes() {
		out[p] = true
	}
	for id := range c.Len() {
		if a, ok := c.ByID(id); ok {
			out[strings.ToLower(a.Name)] = true
		}
	}
	return out, nil
}

// namesIn are the words of rules that are of a value, by file, and how many words were
// looked for.
func namesIn(values map[string]bool, rules string) (named map[string][]string, words int, err error) {
	aws, err := vocabulary()
	if err != nil {
		return nil, 0, err
	}
	named = map[string][]string{}
	all := strings.Join(slices.Collect(maps.Keys(values)), "\n")
	found := map[string]bool{}
	err = filepath.WalkDir(rules, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" || filepath.Base(path) == "defaults.yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		list, err := ruleWords(data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, word := range list {
			// What is left of an ARN when its beginning is cut off is looked for, as in values.
			if word = arnHead.ReplaceAllString(word, ""); len(word) < shortest {
				continue
			}
			is, ok := found[word]
			if !ok {
				is = !aws[word] && strings.Contains(all, word)
				found[word] = is
			}
			if is {
				named[path] = append(named[path], word)
			}
		}
		return nil
	})
	return named, len(found), err
}

// word is what a value can be told by in a text with wildcards or a regular expression.
var word = regexp.MustCompile(fmt.Sprintf(`[A-Za-z0-9_.@:/+=-]{%d,}`, shortest))

// ruleWords are the words, in small letters, of all that decides whether a detection
// fires: its rules, what is counted, and what is said of what is usual. Names of fields
// are none.
func ruleWords(data []byte) ([]string, error) {
	out := map[string]bool{}
	var texts func(v any)
	texts = func(v any) {
		switch v := v.(type) {
		case string:
			for _, w := range word.FindAllString(strings.ReplaceAll(v, `\.`, "."), -1) {
				out[strings.ToLower(w)] = true
			}
		case int, uint64, int64, float64:
			texts(fmt.Sprint(v)) // an account may be written as a number
		case []any:
			for _, x := range v {
				texts(x)
			}
		case map[string]any:
			for _, x := range v {
				texts(x)
			}
		}
	}
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var doc map[string]any
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return slices.Sorted(maps.Keys(out)), nil
		case err != nil:
			return nil, err
		}
		texts(doc["detection"])
		if c, ok := doc["correlation"].(map[string]any); ok {
			texts(c["condition"])
		}
		if own, ok := doc["haetae"].(map[string]any); ok {
			texts(own["baseline"])
		}
	}
}

// own are members of a record whose values are people's own.
var own = regexp.MustCompile(`(?i)^(username|principalid|arn|accountid|accesskeyid|sourceipaddress|sourceidentity|bucketname|s3bucketname|key|prefix|groupname|groupid|instanceid|rolename|rolearn|rolesessionname|policyname|policyarn|recipientaccountid|trailname|trailarn|functionname|loggroupname|loggrouparn|cloudwatchlogsloggrouparn|imageid|keyname|keyid|subnetid|vpcid|secretid|dbinstanceidentifier)$`)

// sharp are values that are people's own wherever they stand: keys, ARNs with an
// account, accounts and addresses.
var sharp = regexp.MustCompile(`^(A(KIA|SIA|IDA|ROA)[A-Z0-9]{12,}|arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[0-9]{12}:.*|[0-9]{12}|[0-9]{1,3}(\.[0-9]{1,3}){3})$`)

// common are the parts of such values that AWS writes the same for everybody.
var common = regexp.MustCompile(`(?i)(^arn:aws:iam::aws:.*|^arn:aws[a-z-]*(:[a-z0-9-]*){0,2}:?|[a-z0-9.-]*\.amazonaws\.com|/?awslogs/.*|(aws-)?service-role/|^(root|administrator|default|admin|hidden_due_to_security_reasons|aws internal)$|^anonymous$)`)

// arnHead is the beginning of an ARN, which says of nobody's logs anything.
var arnHead = regexp.MustCompile(`^arn:aws[a-z-]*(:[a-z0-9-]*){0,2}:?`)

// trail is what people's logs say of themselves.
type trail struct {
	values      map[string]bool // of own members, in small letters, without what is common
	times       map[string]time.Time
	first, last time.Time
}

// readTrail reads all records of a folder of CloudTrail files.
func readTrail(dir string) (*trail, error) {
	t := &trail{values: map[string]bool{}, times: map[string]time.Time{}}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json.gz") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		var file struct{ Records []map[string]any }
		if err := json.NewDecoder(z).Decode(&file); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, r := range file.Records {
			if err := t.add(r); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return nil
	})
	if err == nil && len(t.times) == 0 {
		err = fmt.Errorf("%s has no records of CloudTrail", dir)
	}
	return t, err
}

// add takes up what a record says.
func (t *trail) add(r map[string]any) error {
	id, _ := r["eventID"].(string)
	text, _ := r["eventTime"].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fmt.Errorf("event %s: %w", id, err)
	}
	t.times[id] = at
	t.first, t.last = earlier(t.first, at), later(t.last, at)
	t.take("", r)
	return nil
}

func (t *trail) take(name string, v any) {
	switch v := v.(type) {
	case string:
		if !own.MatchString(name) && !sharp.MatchString(v) {
			return
		}
		for _, part := range common.Split(v, -1) {
			if len(part) >= shortest {
				t.values[strings.ToLower(part)] = true
			}
		}
	case []any:
		for _, x := range v {
			t.take(name, x)
		}
	case map[string]any:
		for n, x := range v {
			t.take(n, x)
		}
	}
}
