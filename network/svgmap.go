package network

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// MapOptions says what of a network a map shows.
type MapOptions struct {
	// Accounts, Regions and VPCs, by their IDs: only these; all when empty.
	Accounts, Regions, VPCs []string
	// Tags are KEY or KEY=VALUE: only what has them all, itself or by the subnet or
	// VPC that it is in.
	Tags []string
	// By says by what the interfaces of a subnet are put together when they are too
	// many: "sg" or "tag:KEY".
	By   Zones
	Lang string // "ko" or "en"
}

// mapLimit is how many boxes a map has at most, those that hold others included.
const mapLimit = 300

// atlas is what a map draws: what of the world the options ask for, in boxes that
// hold boxes, folded until there are few enough.
type atlas struct {
	w        *World
	o        MapOptions
	lang     tongue
	exposed  map[*nic]Exposed
	points   map[*vpc][]*endpoint // gateway endpoints
	accounts []*mapAccount
	rest     *tally // accounts that were folded into one
	all      tally
	hidden   int // VPCs that the options leave out
	folds    []string
	unknown  []string
}

// frame is where a box is, in pixels.
type frame struct{ x, y, w, h int }

func (f *frame) right() int  { return f.x + f.w }
func (f *frame) bottom() int { return f.y + f.h }
func (f *frame) middle() int { return f.y + f.h/2 }

type mapAccount struct {
	frame
	id, name string
	live     bool // not of a template
	regions  []*mapRegion
	sum      tally
	folded   bool
}

type mapRegion struct {
	frame
	name   string
	vpcs   []*mapVPC
	hubs   []*mapHub
	loose  []*nic // interfaces of which the VPC is not known
	rest   *tally // VPCs that were folded into one
	tiles  []mapTile
	sum    tally
	folded bool
}

// mapHub is a transit gateway.
type mapHub struct {
	frame
	hub   *hub
	other []*mapGate // what is attached and no VPC
}

type mapVPC struct {
	frame
	v           *vpc
	left, right []*mapGate // to the internet, and to other networks
	inner       []*mapGate // in one of its subnets
	zones       []*mapZone
	sum         tally
	folded      bool
	rows        []mapRow
}

type mapZone struct {
	frame
	name      string
	subnets   []*mapSubnet
	band, col int
}

// mapSubnet is a subnet, or several that were put together.
type mapSubnet struct {
	frame
	zone  *mapZone
	of    []*subnet
	tier  tier
	chips []*mapChip
	gates []*mapGate
	notes []string
	row   int
}

// tier is what a subnet's routes make of it.
type tier int

const (
	public tier = iota // it has a route to an internet gateway
	outward
	private
	obscure
)

// mapChip is interfaces of one thing, or of several that were put together.
type mapChip struct {
	frame
	name, kind, detail string
	open               []string // what the internet may send
	verdict            Verdict  // "" when the internet does not get there
	nics               []*nic
	things             []*haetae.Resource
	deck               bool
}

// mapGate is what routes lead to.
type mapGate struct {
	frame
	kind, id, name string
	detail         []string
	dests          []string
	nics           []*nic // when it is in a subnet
	chip           *mapChip
	in             *mapSubnet // of the chip
	peer           *peering
	hub            *hub
	broken         bool
	deck           bool
	absent         bool // it is not in the snapshot
	lane           int
}

// tally is what is in a box, for when it is folded.
type tally struct{ accounts, regions, vpcs, subnets, nics, reached, perhaps int }

func (t *tally) add(o tally) {
	t.accounts += o.accounts
	t.regions += o.regions
	t.vpcs += o.vpcs
	t.subnets += o.subnets
	t.nics += o.nics
	t.reached += o.reached
	t.perhaps += o.perhaps
}

// survey finds what of the world the options ask for.
func (w *World) survey(o MapOptions) (*atlas, error) {
	if o.By == "" {
		o.By = "sg"
	}
	if key, tagged := strings.CutPrefix(string(o.By), "tag:"); o.By != "sg" && (!tagged || key == "") {
		return nil, errors.New("interfaces are put together by sg or tag:KEY")
	}
	a := &atlas{w: w, o: o, lang: tongue(o.Lang), exposed: map[*nic]Exposed{}, points: map[*vpc][]*endpoint{}}
	for _, e := range w.Exposure() {
		a.exposed[e.nic] = e
	}
	for _, r := range w.g.Resources() {
		if e, ok := w.of[r].(*endpoint); ok && e.kind == "Gateway" {
			a.points[e.vpc] = append(a.points[e.vpc], e)
		}
	}
	vpcs := slices.Clone(w.vpcs)
	slices.SortStableFunc(vpcs, func(x, y *vpc) int {
		return cmp.Or(strings.Compare(x.res.Stack, y.res.Stack), strings.Compare(x.res.Account, y.res.Account), strings.Compare(x.res.Region, y.res.Region),
			len(y.nics)-len(x.nics), strings.Compare(x.id(), y.id()))
	})
	for _, v := range vpcs {
		if v.res.Stub != nil && len(v.subnets) == 0 && len(v.nics) == 0 {
			continue // another's, of which only the name is known
		}
		box := a.vpcBox(v)
		if box == nil {
			a.hidden++
			continue
		}
		r := a.regionOf(v.res)
		r.vpcs = append(r.vpcs, box)
	}
	for _, h := range w.hubs {
		a.addHub(h)
	}
	for _, n := range w.nics {
		if n.vpc == nil && len(o.VPCs) == 0 && len(o.Tags) == 0 && a.asked(n.res) {
			r := a.regionOf(n.res)
			r.loose = append(r.loose, n)
		}
	}
	slices.SortStableFunc(a.accounts, func(x, y *mapAccount) int { return strings.Compare(x.id, y.id) })
	a.sum()
	a.unknown = a.missing()
	if len(a.accounts) == 0 && (len(o.Accounts)+len(o.Regions)+len(o.VPCs)+len(o.Tags) > 0) {
		return nil, &haetae.Error{Code: haetae.NotFound, Err: errors.New("nothing in the network is what the map was asked for"),
			Hint: "Leave out --account, --region, --vpc or --tag, or check how they are written."}
	}
	return a, nil
}

// asked tells whether the account and the region of a resource are asked for.
func (a *atlas) asked(r *haetae.Resource) bool {
	return (len(a.o.Accounts) == 0 || slices.Contains(a.o.Accounts, r.Account)) && (len(a.o.Regions) == 0 || slices.Contains(a.o.Regions, r.Region))
}

// tagged tells whether each tag that is asked for is on one of the resources.
func (a *atlas) tagged(list ...*haetae.Resource) bool {
	for _, tag := range a.o.Tags {
		key, value, exact := strings.Cut(tag, "=")
		if !slices.ContainsFunc(list, func(r *haetae.Resource) bool {
			v, has := r.Tags[key].(string)
			return has && (!exact || v == value)
		}) {
			return false
		}
	}
	return true
}

// regionOf returns the box of a resource's region.
func (a *atlas) regionOf(r *haetae.Resource) *mapRegion {
	id := cmp.Or(r.Stack, r.Account)
	i := slices.IndexFunc(a.accounts, func(x *mapAccount) bool { return x.id == id })
	if i < 0 {
		i = len(a.accounts)
		a.accounts = append(a.accounts, &mapAccount{id: id, name: a.accountName(r), live: !r.Declared()})
	}
	acct := a.accounts[i]
	j := slices.IndexFunc(acct.regions, func(x *mapRegion) bool { return x.name == r.Region })
	if j < 0 {
		j = len(acct.regions)
		acct.regions = append(acct.regions, &mapRegion{name: r.Region})
	}
	return acct.regions[j]
}

func (a *atlas) accountName(r *haetae.Resource) string {
	switch {
	case r.Declared():
		return a.lang.say("declared by ", "선언: ") + r.Stack
	case r.Account == "":
		return a.lang.say("account not known", "계정을 알 수 없음")
	}
	name := ""
	for _, x := range a.w.named[r.Account] {
		switch x.Type {
		case "AWS::Organizations::Account":
			name = text(x.Props["AccountName"])
		case "Haetae::Account":
			name = cmp.Or(name, text(x.Observed["Name"]), text(x.Observed["Alias"]))
		}
	}
	return a.lang.say("account ", "계정 ") + strings.TrimSpace(name+" "+r.Account)
}

// nameOf is what people call a resource: its tag, else its ID.
func nameOf(r *haetae.Resource) string {
	if s := text(r.Tags["Name"]); s != "" {
		return s
	}
	if strings.HasPrefix(r.ID, "arn:") {
		parts := strings.Split(r.ID, "/")
		if len(parts) > 2 {
			return parts[len(parts)-2]
		}
		return last(r.ID)
	}
	return r.ID
}

// vpcBox makes the box of a VPC, or nil when it is not asked for.
func (a *atlas) vpcBox(v *vpc) *mapVPC {
	if !a.asked(v.res) || len(a.o.VPCs) > 0 && !slices.Contains(a.o.VPCs, v.id()) {
		return nil
	}
	box := &mapVPC{v: v}
	zones := map[string]*mapZone{}
	zone := func(name string) *mapZone {
		if zones[name] == nil {
			zones[name] = &mapZone{name: name}
			box.zones = append(box.zones, zones[name])
		}
		return zones[name]
	}
	held := map[*subnet][]*nic{}
	for _, n := range v.nics {
		held[n.subnet] = append(held[n.subnet], n)
	}
	gates := newGates(a, v)
	for _, s := range v.subnets {
		chips := a.chips(held[s], s)
		if len(chips) == 0 && !a.tagged(v.res, s.res) {
			continue
		}
		z := zone(s.zone)
		m := &mapSubnet{zone: z, of: []*subnet{s}, chips: chips}
		gates.route(m, s)
		z.subnets = append(z.subnets, m)
	}
	if chips := a.chips(held[nil], nil); len(chips) > 0 {
		z := zone("")
		z.subnets = append(z.subnets, &mapSubnet{zone: z, tier: obscure, chips: chips})
	}
	if len(box.zones) == 0 && !a.tagged(v.res) {
		return nil
	}
	gates.attached()
	box.left, box.right, box.inner = gates.sides()
	slices.SortStableFunc(box.zones, func(x, y *mapZone) int { return strings.Compare(x.name, y.name) })
	for _, z := range box.zones {
		slices.SortStableFunc(z.subnets, func(x, y *mapSubnet) int {
			return cmp.Or(int(x.tier-y.tier), strings.Compare(x.title(a.lang), y.title(a.lang)))
		})
	}
	return box
}

// title is what a subnet is called.
func (m *mapSubnet) title(t tongue) string {
	switch len(m.of) {
	case 0:
		return t.say("subnet not known", "서브넷을 알 수 없음")
	case 1:
		return nameOf(m.of[0].res)
	}
	return t.many(len(m.of), "subnet", "서브넷")
}

// chips are the interfaces of a subnet by what they belong to.
func (a *atlas) chips(nics []*nic, s *subnet) []*mapChip {
	var out []*mapChip
	of := map[*haetae.Resource]*mapChip{}
	for _, n := range nics {
		r := a.w.knownAs(n)
		about := append([]*haetae.Resource{n.res, n.vpc.res, r}, a.w.ownersOf[n]...)
		if s != nil {
			about = append(about, s.res)
		}
		if !a.tagged(about...) {
			continue
		}
		c := of[r]
		if c == nil {
			c = &mapChip{name: nameOf(r), kind: a.lang.thing(r.Type, n.kind), things: []*haetae.Resource{r}}
			if e := a.w.ends[n]; e != nil && e.firewall != nil {
				c.kind = a.lang.say("firewall endpoint", "방화벽 엔드포인트")
			}
			if c.name != r.ID && !strings.HasPrefix(r.ID, "arn:") {
				c.detail = r.ID
			}
			of[r] = c
			out = append(out, c)
		}
		c.nics = append(c.nics, n)
		if e, ok := a.exposed[n]; ok {
			c.reach(e.Verdict, a.openText(e.Open)...)
		}
	}
	sortChips(out)
	return out
}

func sortChips(list []*mapChip) {
	rank := map[Verdict]int{Reachable: 0, DependsOn: 1, "": 2}
	slices.SortStableFunc(list, func(x, y *mapChip) int {
		return cmp.Or(rank[x.verdict]-rank[y.verdict], strings.Compare(x.kind, y.kind), strings.Compare(x.name, y.name))
	})
}

// reach notes that the internet gets to an interface of the chip.
func (c *mapChip) reach(v Verdict, open ...string) {
	if c.verdict != Reachable {
		c.verdict = v
	}
	for _, s := range open {
		if !slices.Contains(c.open, s) {
			c.open = append(c.open, s)
		}
	}
}

// openText says what is open to whom, a line for each sender.
func (a *atlas) openText(list []Open) []string {
	var from []string
	what := map[string][]string{}
	for _, o := range list {
		f := few(o.From)
		if !slices.Contains(from, f) {
			from = append(from, f)
		}
		what[f] = append(what[f], strings.TrimSpace(o.Proto+" "+strings.Join(o.Ports, ",")))
	}
	slices.SortStableFunc(from, func(x, y string) int { return strings.Compare(b2s(x != "internet"), b2s(y != "internet")) })
	var out []string
	for _, f := range from {
		who := f
		if f == "internet" {
			who = a.lang.say("the internet", "인터넷")
		}
		out = append(out, a.lang.say("from "+who+": ", who+"에서: ")+strings.Join(what[f], "; "))
	}
	return out
}

func b2s(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// addHub gives a transit gateway a place where it has something to join.
func (a *atlas) addHub(h *hub) {
	shown := false
	for _, acct := range a.accounts {
		for _, r := range acct.regions {
			for _, v := range r.vpcs {
				shown = shown || slices.ContainsFunc(v.right, func(g *mapGate) bool { return g.hub == h })
			}
		}
	}
	if h.res.Account == "" && !h.res.Declared() || !a.asked(h.res) {
		return // another's: the VPCs' boxes name it
	}
	if !shown && len(a.o.VPCs)+len(a.o.Tags) > 0 {
		return
	}
	box := &mapHub{hub: h}
	for _, x := range h.attachments {
		if x.kind == "vpc" {
			continue
		}
		g := &mapGate{kind: x.kind, id: cmp.Or(x.remote, x.res.ID), broken: !x.ok()}
		g.name = g.id
		if x.state != "" && !x.ok() {
			g.detail = []string{x.state}
		}
		box.other = append(box.other, g)
	}
	r := a.regionOf(h.res)
	r.hubs = append(r.hubs, box)
}

// mapTypes are the types that a map draws, or needs to say what the internet
// reaches.
var mapTypes = []string{"AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::NetworkInterface", "AWS::EC2::SecurityGroup", "AWS::EC2::NetworkAcl", "AWS::EC2::RouteTable",
	"AWS::EC2::InternetGateway", "AWS::EC2::EgressOnlyInternetGateway", "AWS::EC2::VPNGateway", "AWS::EC2::NatGateway", "AWS::EC2::VPCEndpoint",
	"AWS::EC2::VPCPeeringConnection", "AWS::EC2::TransitGateway", "AWS::EC2::TransitGatewayAttachment", "AWS::EC2::VPNConnection"}

// missing says what of what is asked for was not listed, so that the map may lack
// it.
func (a *atlas) missing() []string {
	var out []string
	for _, typ := range mapTypes {
		for _, row := range a.w.g.Gaps(typ) {
			s := unlisted(typ, row).String()
			if a.asked(&haetae.Resource{Account: row.Account, Region: row.Region}) && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return out
}

// sum counts what is in each box.
func (a *atlas) sum() {
	for _, acct := range a.accounts {
		acct.sum = tally{}
		if acct.live {
			acct.sum.accounts = 1
		}
		for _, r := range acct.regions {
			r.sum = tally{nics: len(r.loose)}
			if r.name != "" {
				r.sum.regions = 1
			}
			for _, v := range r.vpcs {
				v.sum = tally{vpcs: 1}
				for _, z := range v.zones {
					for _, s := range z.subnets {
						v.sum.subnets += len(s.of)
						for _, c := range s.chips {
							v.sum.nics += len(c.nics)
							for _, n := range c.nics {
								switch a.exposed[n].Verdict {
								case Reachable:
									v.sum.reached++
								case DependsOn:
									v.sum.perhaps++
								}
							}
						}
					}
				}
				r.sum.add(v.sum)
			}
			acct.sum.add(r.sum)
		}
		a.all.add(acct.sum)
	}
}
