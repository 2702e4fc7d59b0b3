package collect

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jmespath/go-jmespath"

	"github.com/haetae/haetae/inventory"
)

// step is one call of the literals. Calls of several kinds that ask the same
// are one step.
type step struct {
	call   *inventory.Call
	global bool
}

// follow is a step that is made for what a query finds in an answer.
type follow struct {
	query *jmespath.JMESPath
	step  *step
}

// plan is what is asked in one kind of place: of a whole account, or of one of
// its regions.
type plan struct {
	roots   []*step             // asked once in each place
	follows map[string][]follow // by the operation in whose answers parents are
	opens   map[string][]follow // by the operation whose answers tell that calls are of use
}

// plans returns the plan of a whole account and that of a region. keep says
// which kinds are asked; extras name the groups of calls that are made only
// when somebody asks for them.
func plans(kinds []inventory.Kind, extras []string, keep func(*inventory.Kind) bool) (global, region *plan, err error) {
	global = &plan{follows: map[string][]follow{}, opens: map[string][]follow{}}
	region = &plan{follows: map[string][]follow{}, opens: map[string][]follow{}}
	seen := map[string]*step{}
	linked := map[string]bool{}
	for i := range kinds {
		k := &kinds[i]
		if !keep(k) {
			continue
		}
		for j := range k.Calls {
			c := &k.Calls[j]
			if c.Other || c.Extra != "" && !slices.Contains(extras, c.Extra) {
				continue
			}
			p := region
			if k.Global {
				p = global
			}
			params, err := json.Marshal(c.Params)
			if err != nil {
				return nil, nil, fmt.Errorf("parameters of %s: %w", c.Op, err)
			}
			id := fmt.Sprint(k.Global, c.Op, c.Param, string(params))
			s := seen[id]
			if s == nil {
				s = &step{call: c, global: k.Global}
				seen[id] = s
				if err := p.opened(s); err != nil {
					return nil, nil, err
				}
				if c.Param == "" {
					p.roots = append(p.roots, s)
				}
			}
			for _, src := range c.Sources() {
				link := id + " " + src.Op + " " + src.Query
				if c.Param == "" || linked[link] {
					continue
				}
				linked[link] = true
				q, err := jmespath.Compile(src.Query)
				if err != nil {
					return nil, nil, fmt.Errorf("parents of %s: %s: %w", c.Op, src.Query, err)
				}
				p.follows[src.Op] = append(p.follows[src.Op], follow{q, s})
			}
		}
	}
	return global, region, nil
}

// opened notes what tells that a step is of use.
func (p *plan) opened(s *step) error {
	op, query, ok := strings.Cut(s.call.If, " ")
	if !ok {
		return nil
	}
	q, err := jmespath.Compile(query)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", s.call.Op, query, err)
	}
	p.opens[op] = append(p.opens[op], follow{q, s})
	return nil
}

// parents returns the texts that a query finds in an answer.
func (f follow) parents(body map[string]any) ([]string, error) {
	found, err := f.query.Search(body)
	if err != nil {
		return nil, fmt.Errorf("parents of %s: %w", f.step.call.Op, err)
	}
	switch found := found.(type) {
	case string:
		return []string{found}, nil
	case []any:
		out := make([]string, 0, len(found))
		for _, v := range found {
			if s, ok := v.(string); ok && s != "" {
				out = append(out, s)
			}
		}
		return out, nil
	}
	return nil, nil
}

// Extras are the names of the groups of calls that are made only when somebody
// asks for them.
func Extras() []string {
	names := map[string]bool{}
	for i := range inventory.All {
		for j := range inventory.All[i].Calls {
			if e := inventory.All[i].Calls[j].Extra; e != "" {
				names[e] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
