package actor

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/graph"
)

// World is what a snapshot knows of actors and addresses. It may be read by many
// goroutines. The nil World knows nothing.
type World struct {
	accounts  map[string]bool
	about     map[string]about // of users, roles and functions by ARN, of instances by id
	named     map[name]about   // of users and roles: paths are not in the names of sessions
	instances map[string]*instance
	holders   map[netip.Addr][]holder
	nets      []prefixHolder
	endpoints map[string]string   // account by id
	nics      map[string]string   // instance by interface
	functions map[function]string // ARN
}

// name is that of a user or a role, of which the path is not known.
type name struct {
	account string
	kind    haetae.ActorKind
	name    string
}

// function is one by the ARN of its role and its name, as its sessions have them.
type function struct{ role, name string }

// about is who answers for something.
type about struct {
	owner string
	tags  map[string]string
}

// instance is what is known of an instance.
type instance struct {
	account string
	public  bool // it has a public address of its own
}

// holder is who has an address.
type holder struct {
	resource string
	instance string // when it is an interface of one
}

type prefixHolder struct {
	prefix   netip.Prefix
	resource string
}

// Read takes what is needed out of a snapshot.
func Read(g *graph.Graph) *World {
	w := &World{accounts: map[string]bool{}, about: map[string]about{}, instances: map[string]*instance{}, holders: map[netip.Addr][]holder{},
		endpoints: map[string]string{}, nics: map[string]string{}, functions: map[function]string{}, named: map[name]about{}}
	list := g.Resources()
	for _, r := range list {
		if r.Account != "" {
			w.accounts[r.Account] = true
		}
		switch r.Type {
		case "AWS::Organizations::Account":
			if id := text(r.Observed, "AccountId"); id != "" {
				w.accounts[id] = true
			}
		case "AWS::EC2::Instance":
			w.instances[r.ID] = &instance{account: r.Account}
		case "AWS::EC2::NetworkInterface":
			if a, ok := r.Props["Attachment"].(map[string]any); ok {
				w.nics[r.ID] = text(a, "InstanceId")
			}
		case "AWS::EC2::VPCEndpoint":
			w.endpoints[r.ID] = r.Account
		case "AWS::Lambda::Function":
			w.functions[function{text(r.Props, "Role"), text(r.Props, "FunctionName")}] = r.ARN
		}
	}
	for _, r := range list {
		w.owner(r)
		w.addresses(r)
	}
	return w
}

// Accounts is a World that knows nothing but that these accounts are the
// organisation's.
func Accounts(ids ...string) *World {
	w := &World{accounts: map[string]bool{}}
	for _, id := range ids {
		w.accounts[id] = true
	}
	return w
}

// owner keeps who answers for what can be an actor.
func (w *World) owner(r *haetae.Resource) {
	key := r.ARN
	var n name
	switch r.Type {
	case "AWS::IAM::User":
		n = name{r.Account, haetae.UserActor, text(r.Props, "UserName")}
	case "AWS::IAM::Role":
		n = name{r.Account, haetae.RoleActor, text(r.Props, "RoleName")}
	case "AWS::EC2::Instance":
		key = r.ID
	case "AWS::Lambda::Function":
	default:
		return
	}
	tags := map[string]string{}
	for k, v := range r.Tags {
		if s, ok := v.(string); ok {
			tags[k] = s
		}
	}
	if len(tags) == 0 {
		return
	}
	a := about{owner: Owner(tags), tags: tags}
	w.about[key] = a
	if n.name != "" {
		w.named[n] = a
	}
}

// Owner is who answers for something, by its tags: the value of the first of owner,
// owned-by, team, squad, contact and email that it has, however the name is written.
func Owner(tags map[string]string) string {
	plain := map[string]string{}
	for _, k := range slices.Backward(slices.Sorted(func(yield func(string) bool) {
		for k := range tags {
			if !yield(k) {
				return
			}
		}
	})) {
		plain[strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(k[strings.LastIndexAny(k, ":/")+1:]))] = tags[k]
	}
	for _, k := range []string{"owner", "ownedby", "ownerteam", "team", "squad", "contact", "email"} {
		if v := strings.TrimSpace(plain[k]); v != "" {
			return v
		}
	}
	return ""
}

// addresses keeps the addresses that a resource has.
func (w *World) addresses(r *haetae.Resource) {
	switch r.Type {
	case "AWS::EC2::NetworkInterface":
		i := w.nics[r.ID]
		w.has(r.ID, i, r.Props["PrivateIpAddress"], r.Props["PrivateIpAddresses"], r.Props["Ipv6Addresses"], r.Props["Ipv4Prefixes"], r.Props["Ipv6Prefixes"])
		w.public(i, w.has(r.ID, i, r.Observed["PublicIp"], r.Observed["Addresses"]))
	case "AWS::EC2::Instance":
		w.has(r.ID, r.ID, r.Props["PrivateIpAddress"], r.Props["Ipv6Addresses"])
		w.public(r.ID, w.has(r.ID, r.ID, r.Observed["PublicIp"]))
	case "AWS::EC2::EIP":
		i := text(r.Props, "InstanceId")
		if i == "" {
			i = w.nics[text(r.Props, "NetworkInterfaceId")]
		}
		ip := r.Observed["PublicIp"]
		if ip == nil {
			ip, _, _ = strings.Cut(r.ID, "|")
		}
		w.public(i, w.has(r.ID, i, ip))
	case "AWS::EC2::NatGateway":
		w.has(r.ID, "", r.Observed["Addresses"], r.Props["PrivateIpAddress"])
	case "AWS::ECS::Task":
		w.has(r.ID, "", r.Observed["NetworkInterfaces"])
	}
}

func (w *World) public(i string, has bool) {
	if x := w.instances[i]; x != nil && has {
		x.public = true
	}
}

// has keeps all addresses that values hold: texts, lists, and objects whose fields
// are addresses. It tells whether there was a public one.
func (w *World) has(resource, instance string, values ...any) (public bool) {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			if a, err := netip.ParseAddr(v); err == nil {
				a = a.Unmap()
				if h := (holder{resource, instance}); !slices.Contains(w.holders[a], h) {
					w.holders[a] = append(w.holders[a], h)
				}
				public = public || !address.Private(a)
			} else if p, err := netip.ParsePrefix(v); err == nil {
				w.nets = append(w.nets, prefixHolder{p.Masked(), resource})
			}
		case []any:
			public = w.has(resource, instance, v...) || public
		case map[string]any:
			for _, name := range []string{"PrivateIpAddress", "PrivateIp", "PublicIp", "Ipv6Address", "Ipv4Prefix", "Ipv6Prefix"} {
				public = w.has(resource, instance, v[name]) || public
			}
		}
	}
	return public
}

// Own tells a book which addresses are the organisation's. Private networks of
// different VPCs may have the same; the book then names one who has it.
func (w *World) Own(b *address.Book) {
	if w == nil {
		return
	}
	for _, n := range w.nets {
		b.AddOwn(n.prefix, n.resource)
	}
	for a, list := range w.holders {
		best := list[0]
		for _, h := range list { // an instance says more than its interface
			if h.resource == h.instance && (best.resource != best.instance || h.resource < best.resource) {
				best = h
			}
		}
		b.AddOwn(netip.PrefixFrom(a, a.BitLen()), best.resource)
	}
}

// describe fills in who answers for an actor: for what it is, else for its role.
func (w *World) describe(a *haetae.Actor, role string) {
	if w == nil {
		return
	}
	x, ok := w.about[a.ID]
	if !ok {
		x, ok = w.about[role]
	}
	if !ok {
		n := name{a.Account, haetae.RoleActor, a.Name}
		if a.Kind == haetae.UserActor {
			n.kind = haetae.UserActor
		}
		x, ok = w.named[n]
	}
	if ok {
		a.Owner, a.Tags = x.owner, x.tags
	}
}

// functionOf gives the ARN of the function with a role and a name.
func (w *World) functionOf(role, name string) string {
	if w == nil {
		return ""
	}
	return w.functions[function{role, name}]
}

// known tells whether an id is an instance of the snapshot.
func (w *World) known(id string) *instance {
	if w == nil {
		return nil
	}
	return w.instances[id]
}

// of gives who has an address.
func (w *World) of(a netip.Addr) []holder {
	if w == nil {
		return nil
	}
	if list := w.holders[a]; list != nil {
		return list
	}
	for _, n := range w.nets {
		if n.prefix.Contains(a) {
			return []holder{{resource: n.resource}}
		}
	}
	return nil
}

func text(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

// accountIn gives the account of an ARN.
func accountIn(s string) string {
	n, err := arn.Parse(s)
	if err != nil {
		return ""
	}
	return n.Account
}
