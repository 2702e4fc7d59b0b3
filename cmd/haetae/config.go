package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
)

// configHint is the next step for a file that cannot be used.
const configHint = "Keys are the names of flags: global ones at the top, those of a command below its name (scan: {region: [eu-west-1]})."

// configure gives the flags of a command the values of HAETAE_* variables, and
// then of haetae.yaml, unless the command line gave them.
func (a *app) configure(cmd *cobra.Command) error {
	values, file, err := a.configFile(cmd.Root())
	if err != nil {
		return err
	}
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" || failed != nil {
			return
		}
		name := "HAETAE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v, ok := os.LookupEnv(name); ok && v != "" && f.Name != "content" && f.Name != "exceptions" {
			failed = set(cmd, f, name, v)
			return
		}
		v, ok := values[f.Name]
		if section, is := values[cmd.Name()].(map[string]any); is && section[f.Name] != nil {
			v, ok = section[f.Name], true
		}
		if ok {
			failed = set(cmd, f, file+": "+f.Name, v)
		}
	})
	return failed
}

// set gives a flag a value of a file or of the environment.
func set(cmd *cobra.Command, f *pflag.Flag, where string, v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, one := range list {
		if err := cmd.Flags().Set(f.Name, fmt.Sprint(one)); err != nil {
			return usage{&haetae.Error{Code: haetae.Invalid, Op: where, Err: err, Hint: configHint}}
		}
	}
	return nil
}

// configFile reads the file of --config, or haetae.yaml in the data directory
// when it is there. Keys that no flag has are errors.
func (a *app) configFile(root *cobra.Command) (map[string]any, string, error) {
	path := a.config
	if path == "" {
		path = os.Getenv("HAETAE_CONFIG")
	}
	if path == "" {
		dir, err := a.dataDir()
		if err != nil {
			return nil, "", nil //nolint:nilerr // no home, no state
		}
		path = filepath.Join(dir, "haetae.yaml")
		if _, err := os.Stat(path); err != nil {
			return nil, "", nil //nolint:nilerr // no such file, or no place for one
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, "", usage{&haetae.Error{Code: haetae.NotFound, Op: "--config", Err: err, Hint: "Name a file that exists and that you may read."}}
	}
	var values map[string]any
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, "", usage{&haetae.Error{Code: haetae.Invalid, Op: path, Err: err, Hint: configHint}}
	}
	if err := known(root, values); err != nil {
		return nil, "", usage{&haetae.Error{Code: haetae.Invalid, Op: path, Err: err, Hint: configHint}}
	}
	return values, path, nil
}

// known checks that every key is a flag, or a command with its flags.
func known(root *cobra.Command, values map[string]any) error {
	var unknown []string
	for key, v := range values {
		if root.PersistentFlags().Lookup(key) != nil {
			continue
		}
		i := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == key })
		section, ok := v.(map[string]any)
		if i < 0 || !ok {
			unknown = append(unknown, key)
			continue
		}
		for flag := range section {
			if root.Commands()[i].Flags().Lookup(flag) == nil {
				unknown = append(unknown, key+"."+flag)
			}
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("no flag has the name %s", strings.Join(unknown, ", "))
}
