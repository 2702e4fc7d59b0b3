package terraform

import (
	"strings"

	"github.com/haetae/haetae"
)

// document is what `terraform show -json` prints of a plan, or of a state.
type document struct {
	FormatVersion string        `json:"format_version"`
	PlannedValues *values       `json:"planned_values"`
	Values        *values       `json:"values"` // of a state
	Changes       []change      `json:"resource_changes"`
	Configuration configuration `json:"configuration"`
	PriorState    struct {
		Values *values `json:"values"`
	} `json:"prior_state"`
	Variables map[string]struct {
		Value any `json:"value"`
	} `json:"variables"`
}

// values are the resources of a plan after it, or of a state.
type values struct {
	Root module `json:"root_module"`
}

// module is one instance of a module.
type module struct {
	Address   string     `json:"address"`
	Resources []resource `json:"resources"`
	Children  []module   `json:"child_modules"`
}

// resource is one instance of a resource.
type resource struct {
	Address   string         `json:"address"`
	Mode      string         `json:"mode"`
	Type      string         `json:"type"`
	Name      string         `json:"name"`
	Index     any            `json:"index"`
	Values    map[string]any `json:"values"`
	Sensitive any            `json:"sensitive_values"`
}

// change is what a plan does to one instance.
type change struct {
	Address string `json:"address"`
	Module  string `json:"module_address"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Index   any    `json:"index"`
	Deposed string `json:"deposed"`
	Change  struct {
		After     any `json:"after"`
		Unknown   any `json:"after_unknown"`
		Sensitive any `json:"after_sensitive"`
	} `json:"change"`
}

// configuration is what the *.tf files say, without the text of expressions.
type configuration struct {
	Providers map[string]provider `json:"provider_config"`
	Root      *configModule       `json:"root_module"`
}

type provider struct {
	Name        string         `json:"name"`
	Module      string         `json:"module_address"`
	Expressions map[string]any `json:"expressions"`
}

type configModule struct {
	Resources []configResource       `json:"resources"`
	Calls     map[string]*moduleCall `json:"module_calls"`
	Outputs   map[string]struct {
		Expression any `json:"expression"`
	} `json:"outputs"`

	named map[string]*configResource // by address, made when first needed
}

type configResource struct {
	Address     string         `json:"address"`
	Mode        string         `json:"mode"`
	Type        string         `json:"type"`
	Provider    string         `json:"provider_config_key"`
	Expressions map[string]any `json:"expressions"`
}

type moduleCall struct {
	Source      string         `json:"source"`
	Expressions map[string]any `json:"expressions"`
	Module      *configModule  `json:"module"`
}

// instance is one resource or data source with all that the document says of it.
type instance struct {
	resource
	module    string // address of the module instance, "" for the root
	unknown   any
	sensitive any
	config    *configResource // nil when there is no configuration
}

// maxDepth is how deep modules may lie in modules.
const maxDepth = 100

// walk visits every instance of a module and its children.
func (m *module) walk(depth int, visit func(at *module, r *resource)) {
	if depth > maxDepth {
		return
	}
	for i := range m.Resources {
		visit(m, &m.Resources[i])
	}
	for i := range m.Children {
		m.Children[i].walk(depth+1, visit)
	}
}

// instances returns what there will be after the plan, or what a state holds, in
// the order of the document: resources, and the data sources that are read
// while the plan is carried out.
func (d *document) instances() []*instance {
	var out []*instance
	root := d.PlannedValues
	if root == nil {
		root = d.Values
	}
	changes := map[string]*change{}
	for i := range d.Changes {
		if c := &d.Changes[i]; c.Deposed == "" {
			changes[c.Address] = c
		}
	}
	add := func(in *instance) {
		in.Values, _ = haetae.Normalize(in.Values).(map[string]any)
		in.Index = haetae.Normalize(in.Index)
		in.config = d.configOf(in)
		out = append(out, in)
	}
	seen := map[string]bool{}
	collect := func(m *module, r *resource) {
		if seen[r.Address] {
			return
		}
		seen[r.Address] = true
		in := &instance{resource: *r, module: m.Address, sensitive: r.Sensitive}
		if c := changes[r.Address]; c != nil {
			in.unknown = c.Change.Unknown
			if c.Change.Sensitive != nil {
				in.sensitive = c.Change.Sensitive
			}
		}
		add(in)
	}
	root.Root.walk(0, collect)
	for i := range d.Changes {
		c := &d.Changes[i]
		after, ok := c.Change.After.(map[string]any)
		if c.Mode != "data" || seen[c.Address] || !ok {
			continue
		}
		seen[c.Address] = true
		add(&instance{
			resource: resource{Address: c.Address, Mode: c.Mode, Type: c.Type, Name: c.Name, Index: c.Index, Values: after},
			module:   c.Module, unknown: c.Change.Unknown, sensitive: c.Change.Sensitive,
		})
	}
	if d.PriorState.Values != nil {
		d.PriorState.Values.Root.walk(0, func(m *module, r *resource) {
			if r.Mode == "data" {
				collect(m, r)
			}
		})
	}
	return out
}

// configOf finds the configuration of an instance.
func (d *document) configOf(in *instance) *configResource {
	m := d.moduleConfig(in.module)
	if m == nil {
		return nil
	}
	if m.named == nil {
		m.named = make(map[string]*configResource, len(m.Resources))
		for i := range m.Resources {
			m.named[m.Resources[i].Address] = &m.Resources[i]
		}
	}
	if in.Mode == "data" {
		return m.named["data."+in.Type+"."+in.Name]
	}
	return m.named[in.Type+"."+in.Name]
}

// moduleConfig finds the configuration of a module by the address of one of its
// instances, nil when there is none.
func (d *document) moduleConfig(address string) *configModule {
	m := d.Configuration.Root
	for _, name := range moduleNames(address) {
		if m == nil || m.Calls[name] == nil {
			return nil
		}
		m = m.Calls[name].Module
	}
	return m
}

// moduleNames are the names in the address of a module instance: a and b in
// module.a["x"].module.b.
func moduleNames(address string) []string {
	var out []string
	steps := split(address)
	for i := 0; i+1 < len(steps); i++ {
		if steps[i] == "module" {
			out = append(out, steps[i+1])
			i++
		}
	}
	return out
}

// split cuts an address or a reference into its names and indexes:
// aws_subnet.s["a.b"].id is aws_subnet, s, ["a.b"] and id.
func split(s string) []string {
	var out []string
	for s != "" {
		end := 0
		switch {
		case s[0] == '.':
			s = s[1:]
			continue
		case s[0] == '[':
			end = indexEnd(s)
		default:
			if end = strings.IndexAny(s, ".["); end < 0 {
				end = len(s)
			}
		}
		out = append(out, s[:end])
		s = s[end:]
	}
	return out
}

// indexEnd is where the index that s begins with ends.
func indexEnd(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ']' && !quoted:
			return i + 1
		}
	}
	return len(s)
}

// isIndex tells whether a step of an address is an index.
func isIndex(step string) bool { return strings.HasPrefix(step, "[") }
