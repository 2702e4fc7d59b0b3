package permission

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// WriteCatalogue writes services in the format that [ReadCatalogue] reads.
// Equal services give equal bytes. It sorts what it is given; ids do not
// matter. Keys and types that actions name must be among those of their
// service, in the same objects.
func WriteCatalogue(w io.Writer, v Version, services []*Service) error {
	text, err := render(v, services)
	if err != nil {
		return err
	}
	// No name and no time in the header, or the bytes would differ by run.
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(z, text); err != nil {
		return err
	}
	return z.Close()
}

func render(v Version, services []*Service) (string, error) {
	slices.SortFunc(services, func(a, b *Service) int { return cmp.Compare(a.Prefix, b.Prefix) })
	e := encoder{}
	e.line("V", v.Source, v.Version, v.Date)
	arns, keys := byARN(services), byKey(services)
	for _, n := range slices.Sorted(maps.Keys(arns)) {
		e.line("N", cmp.Or(n, "-"), strings.Join(arns[n], " "))
	}
	for _, p := range slices.Sorted(maps.Keys(keys)) {
		e.line("P", p, strings.Join(keys[p], " "))
	}
	for _, s := range services {
		if err := e.service(s); err != nil {
			return "", fmt.Errorf("service %s: %w", s.Prefix, err)
		}
	}
	if e.err != nil {
		return "", e.err
	}
	return e.text.String(), nil
}

// byARN lists, for the service in ARNs, the services with such types: the one
// whose prefix it is before the others.
func byARN(services []*Service) map[string][]string {
	out := map[string][]string{}
	for _, s := range services {
		for _, t := range s.Types {
			for _, a := range t.ARNs {
				f := strings.SplitN(a, ":", 4)
				name := ""
				if len(f) == 4 && !strings.ContainsAny(f[2], "$*") {
					name = f[2]
				}
				if !slices.Contains(out[name], s.Prefix) {
					out[name] = append(out[name], s.Prefix)
				}
			}
		}
	}
	for name, prefixes := range out {
		if i := slices.Index(prefixes, name); i > 0 {
			copy(prefixes[1:i+1], prefixes[:i])
			prefixes[0] = name
		}
	}
	return out
}

// byKey lists the services that have keys with a prefix that is not theirs.
func byKey(services []*Service) map[string][]string {
	out := map[string][]string{}
	for _, s := range services {
		for _, k := range s.Keys {
			prefix, _, _ := strings.Cut(k.Name, ":")
			if prefix != s.Prefix && prefix != "aws" && !slices.Contains(out[prefix], s.Prefix) {
				out[prefix] = append(out[prefix], s.Prefix)
			}
		}
	}
	return out
}

type encoder struct {
	text strings.Builder
	err  error
}

// line writes fields; one that would not come back as it was is an error.
func (e *encoder) line(fields ...string) {
	for i, f := range fields {
		if strings.ContainsAny(f, "\t\n\r") {
			e.err = fmt.Errorf("%q cannot be written: it has a tab or a line break", f)
		}
		if i > 0 {
			e.text.WriteByte('\t')
		}
		e.text.WriteString(f)
	}
	e.text.WriteByte('\n')
}

func (e *encoder) service(s *Service) error {
	slices.SortFunc(s.Keys, func(a, b *Key) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Types, func(a, b *Type) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Actions, func(a, b *Action) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	rcp := "-"
	if s.RCP {
		rcp = "r"
	}
	e.line("S", s.Prefix, strconv.Itoa(len(s.Actions)), rcp, s.Name)
	for _, k := range s.Keys {
		kind := string(kindLetters[k.Kind])
		if k.Multivalued {
			kind = "[" + kind
		}
		e.line("K", k.Name, kind)
	}
	for _, t := range s.Types {
		keys, err := keyNumbers(s, t.Keys)
		if err != nil {
			return fmt.Errorf("type %s: %w", t.Name, err)
		}
		e.line(append([]string{"T", t.Name, keys}, t.ARNs...)...)
	}
	for _, a := range s.Actions {
		if err := e.action(s, a); err != nil {
			return fmt.Errorf("action %s: %w", a.Name, err)
		}
	}
	return nil
}

func (e *encoder) action(s *Service, a *Action) error {
	keys, err := keyNumbers(s, a.Keys)
	if err != nil {
		return err
	}
	fields := []string{"A", a.Name, string(levelLetters[a.Level]), keys}
	for _, r := range a.Resources {
		f, err := resourceField(s, r)
		if err != nil {
			return err
		}
		keys, err := keyNumbers(s, r.Keys)
		if err != nil {
			return err
		}
		fields = append(fields, f+keys)
	}
	e.line(fields...)
	for _, one := range a.Cases {
		var list []string
		for _, r := range one.Resources {
			f, err := resourceField(s, r)
			if err != nil {
				return err
			}
			list = append(list, f)
		}
		e.line("C", one.Name, strings.Join(list, " "))
	}
	return nil
}

func resourceField(s *Service, r Resource) (string, error) {
	i := slices.Index(s.Types, r.Type)
	if i < 0 {
		return "", fmt.Errorf("resource type %s is not one of the service", r.Type)
	}
	return strconv.Itoa(i) + string("?!~"[r.Need]), nil
}

func keyNumbers(s *Service, keys []*Key) (string, error) {
	numbers := make([]int, len(keys))
	for i, k := range keys {
		if numbers[i] = slices.IndexFunc(s.Keys, func(o *Key) bool { return o.Name == k.Name }); numbers[i] < 0 {
			return "", fmt.Errorf("key %s is not one of the service", k.Name)
		}
	}
	slices.Sort(numbers)
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, " "), nil
}
