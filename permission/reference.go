package permission

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// The files of AWS's service reference, as far as they are used
// (https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html).
type (
	refService struct {
		Name          string
		Actions       []refAction
		Resources     []refResource
		ConditionKeys []struct {
			Name  string
			Types []string
		}
	}
	refAction struct {
		Name                string
		ActionConditionKeys []string
		Resources           []struct{ Name string }
		Annotations         struct {
			Properties struct{ IsList, IsPermissionManagement, IsTaggingOnly, IsWrite bool }
		}
	}
	refResource struct {
		Name          string
		ARNFormats    []string
		ConditionKeys []string
	}
)

// ReadReference reads the JSON files of AWS's service reference in a folder,
// one for each service, for [WriteCatalogue]; date is the day on which they
// were fetched. service-list.json is passed over.
//
// The reference does not say which resource types an action requires, what keys
// it carries for each, the names of services, and where resource control
// policies apply. That is taken from the known catalogue, where it has the
// same; what it does not have is [NotSaid].
func ReadReference(folder fs.FS, date string, known *Catalogue) (Version, []*Service, error) {
	v := Version{Source: "service-reference", Date: date}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return v, nil, fmt.Errorf("the day of the service reference: %w", err)
	}
	var services []*Service
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".json" || path.Base(name) == "service-list.json" {
			return err
		}
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		s, err := readService(data, known)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if slices.ContainsFunc(services, func(o *Service) bool { return o.Prefix == s.Prefix }) {
			return fmt.Errorf("%s: there are two files of service %s", name, s.Prefix)
		}
		services = append(services, s)
		return nil
	})
	if err == nil && len(services) == 0 {
		err = errors.New("there are no files of services in the folder")
	}
	return v, services, err
}

// readService reads the file of one service.
func readService(data []byte, known *Catalogue) (*Service, error) {
	var in refService
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, err
	}
	if in.Name == "" || in.Name != strings.ToLower(in.Name) || strings.ContainsAny(in.Name, "\t\n :*?") {
		return nil, fmt.Errorf("%q is not the prefix of a service", in.Name)
	}
	old, ok := known.Service(in.Name)
	if !ok {
		old = &Service{}
	}
	s := &Service{Prefix: in.Name, Name: old.Name, RCP: old.RCP}
	keys := map[string]*Key{}
	for _, c := range in.ConditionKeys {
		if len(c.Types) == 0 {
			return nil, fmt.Errorf("condition key %s has no type", c.Name)
		}
		k, err := ParseKey(c.Name, c.Types[0])
		if err != nil {
			return nil, err
		}
		if keys[strings.ToLower(c.Name)] == nil {
			keys[strings.ToLower(c.Name)] = k
			s.Keys = append(s.Keys, k)
		}
	}
	named := func(names []string) ([]*Key, error) {
		var out []*Key
		for _, n := range names {
			k := keys[strings.ToLower(n)]
			if k == nil {
				return nil, fmt.Errorf("there is no condition key %s", n)
			}
			if !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
		return out, nil
	}
	for _, r := range in.Resources {
		t := &Type{Service: s.Prefix, Name: r.Name, ARNs: r.ARNFormats}
		var err error
		if t.Keys, err = named(r.ConditionKeys); err != nil {
			return nil, fmt.Errorf("resource type %s: %w", r.Name, err)
		}
		s.Types = append(s.Types, t)
	}
	for _, ra := range in.Actions {
		was, _ := known.Action(s.Prefix, ra.Name)
		a := &Action{Service: s.Prefix, Name: ra.Name, Level: levelOf(ra)}
		var err error
		if a.Keys, err = named(ra.ActionConditionKeys); err != nil {
			return nil, fmt.Errorf("action %s: %w", ra.Name, err)
		}
		for _, rr := range ra.Resources {
			i := slices.IndexFunc(s.Types, func(t *Type) bool { return t.Name == rr.Name })
			if i < 0 {
				return nil, fmt.Errorf("action %s: there is no resource type %s", ra.Name, rr.Name)
			}
			a.Resources = append(a.Resources, withNeed(s.Types[i], was, keys))
		}
		a.Cases = casesOf(s, was)
		s.Actions = append(s.Actions, a)
	}
	return s, nil
}

// withNeed says what the known catalogue says of an action and a type.
func withNeed(t *Type, was *Action, keys map[string]*Key) Resource {
	r := Resource{Type: t, Need: NotSaid}
	if was == nil {
		return r
	}
	for _, o := range was.Resources {
		if o.Type.Name != t.Name {
			continue
		}
		r.Need = o.Need
		for _, k := range o.Keys {
			if now := keys[strings.ToLower(k.Name)]; now != nil {
				r.Keys = append(r.Keys, now)
			}
		}
	}
	return r
}

// casesOf carries over the cases whose types are all still there.
func casesOf(s *Service, was *Action) []Case {
	if was == nil {
		return nil
	}
	var out []Case
	for _, c := range was.Cases {
		now := Case{Name: c.Name}
		for _, r := range c.Resources {
			if i := slices.IndexFunc(s.Types, func(t *Type) bool { return t.Name == r.Type.Name }); i >= 0 {
				now.Resources = append(now.Resources, Resource{Type: s.Types[i], Need: r.Need})
			}
		}
		if len(now.Resources) == len(c.Resources) {
			out = append(out, now)
		}
	}
	return out
}

// levelOf reads the properties; an action with none of them only reads.
func levelOf(a refAction) Level {
	switch p := a.Annotations.Properties; {
	case p.IsPermissionManagement:
		return PermissionsManagement
	case p.IsTaggingOnly:
		return Tagging
	case p.IsWrite:
		return Write
	case p.IsList:
		return List
	default:
		return Read
	}
}

// ParseKey makes a key of its name and of its type as AWS's service reference
// writes it, such as "String" or "ArrayOfARN".
func ParseKey(name, kind string) (*Key, error) {
	k := &Key{Name: name}
	kind, k.Multivalued = strings.CutPrefix(kind, "ArrayOf")
	i := slices.Index(kindNames[:], kind)
	if i < 1 || !strings.Contains(name, ":") {
		return nil, fmt.Errorf("condition key %q of type %q is not known", name, kind)
	}
	k.Kind = Kind(i)
	return k, nil
}
