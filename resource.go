package haetae

import (
	"cmp"
	"slices"
	"strings"
)

// Resource is one thing that is: a bucket, a user, an account setting. Type is
// the CloudFormation type name and Props has the shape of its schema.
type Resource struct {
	Type    string // "AWS::EC2::SecurityGroup"; Haetae::Account and the like for singletons
	ID      string // the primary identifier; in a template the logical id
	ARN     string // "" when the type has none or it is not known yet
	Account string // twelve digits; "" in a template
	Region  string // "us-east-1"; "" for global types and in a template
	// Stack names the template that declares the resource, "" for a live
	// account. Templates that do not nest each other are separate worlds.
	Stack string

	Tags map[string]any // values are strings or [*Unknown]; nil is no tags
	// TagsUnknown is set when the tags were not read; Tags then holds those known.
	TagsUnknown *Unknown

	Props    map[string]any // effective: defaults filled in
	Observed map[string]any // what only a live account knows
	Volatile map[string]any // facts that change by themselves, outside the content hash

	Origin Origin

	// Stub is set for a parent that is known only through a child: all that
	// the child does not say of it is unknown.
	Stub *Unknown
}

// Key identifies a resource within a snapshot.
type Key struct {
	Stack, Account, Region, Type, ID string
}

// Key returns the identity of the resource.
func (r *Resource) Key() Key {
	return Key{r.Stack, r.Account, r.Region, r.Type, r.ID}
}

// Declared tells whether the resource comes from a template or a plan rather
// than from a live account.
func (r *Resource) Declared() bool { return r.Stack != "" }

// Answered tells whether the resource is what AWS itself said of it, live or
// through the AWS CLI: what a whole answer leaves out is not set.
func (r *Resource) Answered() bool { return r.Origin.Source == "aws" || r.Origin.Source == "cli" }

// Service returns the service part of the type: "EC2" of "AWS::EC2::Instance".
func (r *Resource) Service() string { return ServiceOf(r.Type) }

// ServiceOf returns the service part of a type name, or the name itself.
func ServiceOf(typ string) string {
	if _, rest, ok := strings.Cut(typ, "::"); ok {
		if s, _, ok := strings.Cut(rest, "::"); ok {
			return s
		}
		return rest
	}
	return typ
}

// Compare orders resources by account, region, type, stack and ID, the order
// of a snapshot file.
func (r *Resource) Compare(o *Resource) int {
	return cmp.Or(
		strings.Compare(r.Account, o.Account),
		strings.Compare(r.Region, o.Region),
		strings.Compare(r.Type, o.Type),
		strings.Compare(r.Stack, o.Stack),
		strings.Compare(r.ID, o.ID),
	)
}

// Place is a position in a file that people can open.
type Place struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"` // from 1; 0 when not known
	// Child is the logical id of the folded child that the property came from.
	Child string `json:"logicalId,omitempty"`
}

// Origin says where a resource and its properties came from.
type Origin struct {
	Source    string // "template", "cli", "aws", "sample", "plan"
	Place            // of the resource itself
	LogicalID string // in templates
	// Paths holds the place of each declared property, by dotted path
	// ("SecurityGroupIngress[0].CidrIp"). Properties that are not in it were
	// given by a default.
	Paths map[string]Place
	// Children are the folded children, in order.
	Children []Place
	// Suppressions are exceptions that the template itself carries.
	Suppressions []Suppression
}

// At returns the place of a property path, or of its nearest declared parent,
// or of the resource.
func (o *Origin) At(path string) Place {
	for path != "" {
		if p, ok := o.Paths[path]; ok {
			return p
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			break
		}
		path = path[:i]
	}
	return o.Place
}

// Suppression is one exception written into a template's metadata for a tool.
type Suppression struct {
	Tool   string // "guard", "checkov", "cfn-nag"
	ID     string // the tool's own rule id
	Reason string
	Place  Place
}

// EdgeKind is the kind of a relation between two resources.
type EdgeKind string

// Structural kinds come from references in properties.
const (
	In          EdgeKind = "in"
	AttachedTo  EdgeKind = "attached-to"
	EncryptedBy EdgeKind = "encrypted-by"
	LogsTo      EdgeKind = "logs-to"
	Targets     EdgeKind = "targets"
	RoutesTo    EdgeKind = "routes-to"
	MemberOf    EdgeKind = "member-of"
	RunsAs      EdgeKind = "runs-as"
)

// Derived kinds follow from permissions and from the network.
const (
	CanAssume EdgeKind = "can-assume" // of a user or a role to a role
	CanDo     EdgeKind = "can-do"     // of a user or a role to what it may do the action of the proof on
	CanReach  EdgeKind = "can-reach"  // of what has interfaces, or the internet, to what its packets get to
)

// Edge is a directed relation with what proves it.
type Edge struct {
	From, To *Resource
	Kind     EdgeKind
	Path     string // property of From that refers to To; "" for derived edges
	Proof    *Proof // of derived edges; nil for those of properties
}

// Proof says why a derived edge is there.
type Proof struct {
	Action string `json:"action"` // of can-assume and can-do
	// Conditional is set when a caller or sender must meet conditions.
	Conditional bool `json:"conditional"`
	// Layers allow it together: "identity", "resource".
	Layers []string `json:"layers"`
	// Statements are the allowing ones: the policy's name and the statement's.
	Statements []string `json:"statements"`
	// Packets of can-reach are those that get through: "tcp 443,8443", "udp 53".
	Packets []string `json:"packets,omitempty"`
	// Hops of can-reach are what lets packets through, in order, with its rule.
	Hops []string `json:"hops,omitempty"`
}

// CoverageStatus says how much of a type was listed.
type CoverageStatus string

// A listing is complete, or some of it is missing, or nothing was listed.
const (
	Complete CoverageStatus = "complete"
	Partial  CoverageStatus = "partial"
	Missing  CoverageStatus = "missing"
)

// Coverage says what is known about the listing of one type in one place.
type Coverage struct {
	Stack   string         `json:"stack,omitempty"`
	Account string         `json:"account,omitempty"`
	Region  string         `json:"region,omitempty"`
	Type    string         `json:"type"` // "*" for all types not named otherwise
	Status  CoverageStatus `json:"status"`
	Reason  Reason         `json:"reason,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Actions []string       `json:"actions,omitempty"`
}

// Snapshot is what is, at one time. Resources and Coverage are sorted.
type Snapshot struct {
	Time      int64 // Unix seconds UTC: the time that rules see; 0 when the source has none
	Resources []*Resource
	Coverage  []Coverage
	Problems  []Problem // inputs that could not be read, or only in part
}

// Problem is an input, or a part of one, that could not be read.
type Problem struct {
	Place Place  `json:"origin"`
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"` // the next step for the user
	// Fatal means that nothing of the file was used.
	Fatal bool `json:"fatal,omitempty"`
}

// Delta is what changed between two snapshots.
type Delta struct {
	Added, Removed []*Resource
	Changed        []Change
}

// Change is one resource before and after.
type Change struct {
	Before, After *Resource
	Paths         []string // properties that differ, sorted
}

// Empty tells whether nothing changed.
func (d Delta) Empty() bool {
	return len(d.Added)+len(d.Removed)+len(d.Changed) == 0
}

// Sort puts the snapshot into its canonical order, each coverage row once.
func (s *Snapshot) Sort() {
	slices.SortStableFunc(s.Resources, (*Resource).Compare)
	slices.SortFunc(s.Coverage, func(a, b Coverage) int {
		return cmp.Or(
			strings.Compare(a.Stack, b.Stack), strings.Compare(a.Account, b.Account),
			strings.Compare(a.Region, b.Region), strings.Compare(a.Type, b.Type),
			strings.Compare(string(a.Status), string(b.Status)), strings.Compare(a.Detail, b.Detail))
	})
	s.Coverage = slices.CompactFunc(s.Coverage, func(a, b Coverage) bool {
		return a.Stack == b.Stack && a.Account == b.Account && a.Region == b.Region && a.Type == b.Type && a.Status == b.Status && a.Detail == b.Detail
	})
}
