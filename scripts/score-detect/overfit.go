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

	"go.yaml.in/yaml/v4"
)

// overfitted fails when a detection names a value of people's logs: who, from where, with
// which key, or what of theirs. What AWS and its tools write the same everywhere is no such
// value, nor is what detections say about logs in words.
func overfitted(dir string, _ map[string]label) error {
	values, err := valuesOf(dir)
	if err != nil {
		return err
	}
	named := map[string][]string{}
	err = filepath.WalkDir("content/detections", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" || filepath.Base(path) == "defaults.yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		texts, err := ruleTexts(data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, text := range texts {
			if values[strings.ToLower(text)] {
				named[path] = append(named[path], text)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(named) > 0 {
		for _, path := range slices.Sorted(maps.Keys(named)) {
			fmt.Fprintf(os.Stderr, "%s names %q, which is a value of %s\n", path, named[path], dir)
		}
		return errors.New("detections name values of the logs that they are judged by")
	}
	fmt.Printf("%d values of who, where and what in %s: no detection names one\n", len(values), dir)
	return nil
}

// ruleTexts are the texts below detection of all documents of a file.
func ruleTexts(data []byte) ([]string, error) {
	var out []string
	var texts func(v any)
	texts = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) >= 5 {
				out = append(out, v)
			}
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
			return out, nil
		case err != nil:
			return nil, err
		}
		texts(doc["detection"])
	}
}

// own are members of a record whose values are people's own.
var own = regexp.MustCompile(`(?i)^(username|principalid|arn|accountid|accesskeyid|sourceipaddress|bucketname|key|groupname|groupid|instanceid|rolename|rolearn|policyname|recipientaccountid|trailname|name|functionname|s3bucketname|loggroupname|imageid|keyname|subnetid|vpcid|useragent|host)$`)

// common are values that AWS writes everywhere.
var common = regexp.MustCompile(`(?i)(\.amazonaws\.com$|^arn:aws:iam::aws:|^(root|administrator|default|admin|aws internal|signin\.aws\.amazon\.com)$|^aws-cli|^boto3|^aws(service)?role|console)`)

// valuesOf are the values of own members in all records, in lower case.
func valuesOf(dir string) (map[string]bool, error) {
	out := map[string]bool{}
	var take func(name string, v any)
	take = func(name string, v any) {
		switch v := v.(type) {
		case string:
			if own.MatchString(name) && len(v) >= 5 && !common.MatchString(v) {
				out[strings.ToLower(v)] = true
			}
		case []any:
			for _, x := range v {
				take(name, x)
			}
		case map[string]any:
			for n, x := range v {
				take(n, x)
			}
		}
	}
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
		var file struct{ Records []any }
		if err := json.NewDecoder(z).Decode(&file); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		take("", any(file.Records))
		return nil
	})
	return out, err
}
