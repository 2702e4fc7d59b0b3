package network

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// NameVerdict says what comes of a question for a name.
type NameVerdict string

// What comes of a question for a name.
const (
	Resolves      NameVerdict = "Resolves"  // it goes to whoever answers for the name
	NotResolved   NameVerdict = "Blocked"   // something stops the question
	NoSuchName    NameVerdict = "NoAnswer"  // it is answered: there is no such name or no such record
	NameDependsOn NameVerdict = "DependsOn" // somebody's choice or a missing fact decides
)

// NameQuestion asks how a VPC's resolver, AmazonProvidedDNS, answers for a name.
type NameQuestion struct {
	Name string // a domain name; a dot at its end makes no difference
	Type string // A, AAAA, CNAME …; "" is A
	VPC  string // the VPC, or a subnet or anything with interfaces in one
}

// NameAnswer is the answer to a [NameQuestion].
type NameAnswer struct {
	Name    string      `json:"name"`
	Type    string      `json:"type"`
	VPC     string      `json:"vpc"`
	Verdict NameVerdict `json:"verdict"`
	// By says who answers: "firewall", "private-zone", "vpc-endpoint",
	// "forwarding-rule", "vpc" (names of the VPC's own), "public" or "nobody".
	By     string   `json:"by"`
	Answer []string `json:"answer"` // records, as far as the snapshot has them; NXDOMAIN or NODATA
	Steps  []Hop    `json:"steps"`  // what decided, in order
	// Blockers are what stops the question, and how to let it through.
	Blockers  []Blocker `json:"blockers"`
	DependsOn Depends   `json:"dependsOn"`
	// Notes are what the verdict leaves open on purpose.
	Notes []string `json:"notes,omitempty"`
}

// inquiry is a question for a name on its way.
type inquiry struct {
	w    *World
	v    *vpc
	name string
	typ  string
	a    *NameAnswer
	asks int // names in the chain so far
	// trusted is set when the rule that let the name through does not look at the
	// names to which it is redirected.
	trusted bool
	// services are domains for which services of AWS answer in the VPC.
	services []authority
}

// maxChain bounds the names of a chain of CNAME records; resolvers give up sooner.
const maxChain = 8

// Resolve answers a question for a name. An error means that the VPC is not in the
// snapshot or that the name is none.
func (w *World) Resolve(q NameQuestion) (*NameAnswer, error) {
	name := canonical(q.Name)
	if err := validName(name); err != nil {
		return nil, &haetae.Error{Code: haetae.Invalid, Err: fmt.Errorf("%q is no domain name: %w", q.Name, err), Hint: "Give a name such as www.example.com."}
	}
	v, err := w.vpcNamed(q.VPC)
	if err != nil {
		return nil, err
	}
	a := &NameAnswer{Name: name, Type: cmp.Or(strings.ToUpper(q.Type), "A"), VPC: v.id(),
		Answer: []string{}, Steps: []Hop{}, Blockers: []Blocker{}, DependsOn: Depends{Request: []string{}, Missing: []string{}}}
	i := &inquiry{w: w, v: v, name: name, typ: a.Type, a: a}
	i.servers()
	i.resolve()
	slices.Sort(a.DependsOn.Request)
	slices.Sort(a.DependsOn.Missing)
	return a, nil
}

// vpcNamed is the VPC that a text names, or that in which what it names is.
func (w *World) vpcNamed(id string) (*vpc, error) {
	for _, r := range w.lookup(id) {
		switch c := w.of[r].(type) {
		case *vpc:
			return c, nil
		case *subnet:
			return c.vpc, nil
		}
		for _, n := range w.interfacesOf(r) {
			if n.vpc != nil {
				return n.vpc, nil
			}
		}
	}
	return nil, &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s is no VPC of the snapshot, nor in one", id), Hint: "Give the id of a VPC, a subnet or an instance."}
}

// canonical writes a name as it is compared: in small letters, without the last
// dot, with "\052" as "*".
func canonical(s string) string {
	return strings.TrimSuffix(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), `\052`, "*"), ".")
}

// validName holds a name against RFC 1035 as far as it matters here.
func validName(s string) error {
	if s == "" || len(s) > 253 {
		return errors.New("it has 1 to 253 characters")
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return errors.New("its labels have 1 to 63 characters")
		}
		for _, c := range label {
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return fmt.Errorf("%q is in none", c)
			}
		}
	}
	return nil
}

// under tells whether a name is a domain or below it. "." holds all names.
func under(name, domain string) bool {
	return domain == "" || name == domain || strings.HasSuffix(name, "."+domain)
}

// servers notes whom instances ask when it is not the VPC's resolver
// (https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html).
func (i *inquiry) servers() {
	ref := i.v.res.Props["DhcpOptionsId"]
	if ref == nil || text(ref) == "default" {
		return
	}
	r, _ := i.w.g.Find(i.v.res, "AWS::EC2::DHCPOptions", ref)
	if r == nil {
		i.a.Notes = append(i.a.Notes, "The DHCP options of "+i.v.id()+" are not in the snapshot: they may send instances to other name servers.")
		return
	}
	list, why := items(r.Props["DomainNameServers"])
	var own []string
	amazon := len(list) == 0
	for _, x := range list {
		if text(x) == "AmazonProvidedDNS" {
			amazon = true
		} else {
			own = append(own, text(x))
		}
	}
	switch {
	case why != nil:
		i.a.Notes = append(i.a.Notes, "The DHCP options "+r.ID+" may name other servers: "+why.String()+".")
	case !amazon:
		i.a.Notes = append(i.a.Notes, "The DHCP options "+r.ID+" send instances to "+strings.Join(own, ", ")+", not to the VPC's resolver; what is said here holds for who asks that one.")
	case len(own) > 0:
		i.a.Notes = append(i.a.Notes, "The DHCP options "+r.ID+" name "+strings.Join(own, ", ")+" besides the VPC's resolver.")
	}
}

func (i *inquiry) step(kind, resource, rule string, passed bool) {
	i.a.Steps = append(i.a.Steps, Hop{Resource: resource, Kind: kind, Rule: rule, Passed: passed})
}

// lacks notes a fact that decides and is missing.
func (i *inquiry) lacks(list ...*haetae.Unknown) {
	for _, u := range list {
		if u != nil && !slices.Contains(i.a.DependsOn.Missing, u.String()) {
			i.a.DependsOn.Missing = append(i.a.DependsOn.Missing, u.String())
		}
	}
}

// may notes what somebody's choice or the question's content decides.
func (i *inquiry) may(s string) {
	if !slices.Contains(i.a.DependsOn.Request, s) {
		i.a.DependsOn.Request = append(i.a.DependsOn.Request, s)
	}
}

// settle takes a verdict. It stays open when something before it is.
func (i *inquiry) settle(v NameVerdict, by string) {
	i.a.Verdict, i.a.By = v, by
	if len(i.a.DependsOn.Missing)+len(i.a.DependsOn.Request) > 0 {
		i.a.Verdict = NameDependsOn
	}
}

// resolve takes the question through the resolver of the VPC.
func (i *inquiry) resolve() {
	// "If … false, the Amazon Route 53 Resolver server … is not enabled"
	// (https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html).
	on, why := i.attribute("EnableDnsSupport", true)
	i.step("resolver", i.v.id(), "enableDnsSupport", on)
	if !on {
		i.a.Blockers = append(i.a.Blockers, Blocker{Code: "DNS_SUPPORT_OFF", Resource: i.v.id(), Rule: "enableDnsSupport", Direction: "forward",
			Fix: "Turn on DNS resolution (enableDnsSupport) for " + i.v.id() + ", or ask a name server of your own."})
		i.settle(NotResolved, "nobody")
		return
	}
	i.lacks(why)
	if !i.firewall() {
		return
	}
	i.route()
}

// attribute reads one of the VPC's two switches for DNS.
func (i *inquiry) attribute(name string, initially bool) (bool, *haetae.Unknown) {
	if i.v.res.Stub != nil {
		return initially, i.v.res.Stub
	}
	on, known := flag(i.v.res.Props[name])
	if known {
		return on, nil
	}
	return initially, firstWhy(whyNot(i.v.res.Props[name]), missing(name+" of "+i.v.id(), "ec2:DescribeVpcAttribute"))
}

// authority is somebody who answers for a domain and all below it.
type authority struct {
	domain string
	kind   string // "rule", "zone", "endpoint", "vpc"
	res    *haetae.Resource
	exact  bool // for the domain itself only
	wild   bool // for what is below it only
}

func (x authority) holds(name string) bool {
	switch {
	case x.exact:
		return name == x.domain
	case x.wild:
		return strings.HasSuffix(name, "."+x.domain)
	}
	return under(name, x.domain)
}

// route finds who answers for the name: of all domains that hold it the longest.
// A rule goes before a private hosted zone of the same domain
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html,
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-domain-name-matches.html).
func (i *inquiry) route() {
	i.services = nil
	rules := i.rules()
	local := append(i.zones(), i.endpoints()...)
	local = append(local, i.internal()...)
	best := longest(rules, i.name)
	if best != nil {
		if near := longest(local, i.name); near != nil && len(near.domain) > len(best.domain) {
			best = nil // a longer domain of the VPC's own goes first
		}
	}
	if best != nil {
		switch typ := text(best.res.Props["RuleType"]); typ {
		case "FORWARD":
			i.forward(best.res)
			return
		case "SYSTEM", "RECURSIVE":
			i.step("resolver-rule", best.res.ID, typ+" "+cmp.Or(best.domain, "."), true)
		default:
			i.lacks(firstWhy(whyNot(best.res.Props["RuleType"]), missing("what rule "+best.res.ID+" of type "+typ+" does")))
			i.step("resolver-rule", best.res.ID, typ, true)
			i.settle(Resolves, "forwarding-rule")
			return
		}
	}
	near := longest(local, i.name)
	switch {
	case near == nil:
		i.step("public-dns", "", "", true)
		i.settle(Resolves, "public")
	case near.kind == "zone":
		i.zone(near.res)
	case near.kind == "endpoint":
		i.endpoint(near.res)
	default:
		i.step("vpc-names", i.v.id(), near.domain, true)
		i.settle(Resolves, "vpc")
	}
}

// longest is the authority with the longest domain that holds the name, or nil.
// Among equals the first counts.
func longest(list []authority, name string) *authority {
	var best *authority
	for n := range list {
		if x := &list[n]; x.holds(name) && (best == nil || len(x.domain) > len(best.domain)) {
			best = x
		}
	}
	return best
}

// rules are the rules that are associated with the VPC.
func (i *inquiry) rules() []authority {
	const assoc, rule = "AWS::Route53Resolver::ResolverRuleAssociation", "AWS::Route53Resolver::ResolverRule"
	list, why := i.w.g.Here(i.v.res, assoc)
	i.lacks(why)
	var out []authority
	for _, r := range list {
		if u := i.concerns(r, r.Props["VPCId"]); u != nil {
			i.lacks(u)
			continue
		} else if i.w.vpcOf(r, r.Props["VPCId"]) != i.v {
			continue
		}
		x, why := i.w.g.Find(r, rule, r.Props["ResolverRuleId"])
		if x == nil {
			i.lacks(firstWhy(why, whyNot(r.Props["ResolverRuleId"]), missing("resolver rule "+text(r.Props["ResolverRuleId"]), "route53resolver:ListResolverRules")))
			continue
		}
		domain := x.Props["DomainName"]
		if u := whyNot(domain); u != nil {
			i.lacks(u)
			continue
		}
		out = append(out, authority{domain: canonical(text(domain)), kind: "rule", res: x})
	}
	return out
}

// concerns says why it is not known whether something is about the VPC, or nil.
func (i *inquiry) concerns(r *haetae.Resource, ref any) *haetae.Unknown {
	if u := whyNot(ref); u != nil && i.w.vpcOf(r, ref) == nil && r.Stack == i.v.res.Stack {
		return u
	}
	return nil
}

// forward sends the question to the servers of a rule, through the outbound
// endpoint. One server that one of its interfaces gets through to is enough.
func (i *inquiry) forward(rule *haetae.Resource) {
	domain := cmp.Or(canonical(text(rule.Props["DomainName"])), ".")
	i.step("resolver-rule", rule.ID, "FORWARD "+domain, true)
	from, why := i.w.g.Find(rule, "AWS::Route53Resolver::ResolverEndpoint", rule.Props["ResolverEndpointId"])
	if from == nil {
		i.lacks(firstWhy(why, whyNot(rule.Props["ResolverEndpointId"]), missing("the outbound endpoint of rule "+rule.ID, "route53resolver:ListResolverEndpoints")))
		i.settle(Resolves, "forwarding-rule")
		return
	}
	i.step("resolver-endpoint", from.ID, text(from.Props["Direction"]), true)
	targets, why := items(rule.Props["TargetIps"])
	var best *Answer
	shown := ""
	for _, t := range targets {
		ip := cmp.Or(text(get(t, "Ip")), text(get(t, "Ipv6")))
		if u := firstWhy(whyNot(get(t, "Ip")), whyNot(t)); u != nil {
			why = firstWhy(why, u)
			continue
		}
		q := Question{Src: End{ID: from.ID, res: from}, Dst: End{ID: ip}, Proto: "udp", Port: word(cmp.Or(text(get(t, "Port")), "53"))}
		if text(get(t, "Protocol")) == "DoH" {
			q.Proto, q.Port = "tcp", word(cmp.Or(text(get(t, "Port")), "443"))
		}
		a, err := i.w.Reach(q)
		if err != nil {
			why = firstWhy(why, missing("the way from "+from.ID+" to "+ip+": "+err.Error()))
			continue
		}
		i.step("name-server", ip, string(q.Proto)+" "+string(q.Port), a.Verdict != Blocked)
		if best == nil || rankOf(a.Verdict) < rankOf(best.Verdict) {
			best, shown = a, ip
		}
	}
	switch {
	case best == nil || why != nil && best.Verdict != Reachable:
		i.lacks(firstWhy(why, missing("the servers of rule "+rule.ID, "route53resolver:ListResolverRules")))
		i.settle(Resolves, "forwarding-rule")
	case best.Verdict == Blocked:
		i.a.Blockers = append(i.a.Blockers, best.Blockers...)
		i.settle(NotResolved, "forwarding-rule")
	default:
		if best.Verdict == DependsOn {
			i.a.DependsOn.Missing = append(i.a.DependsOn.Missing, best.DependsOn.Missing...)
			i.a.DependsOn.Request = append(i.a.DependsOn.Request, best.DependsOn.Request...)
		}
		i.a.Notes = append(i.a.Notes, "What "+shown+" answers is not known here.")
		i.settle(Resolves, "forwarding-rule")
	}
}

func rankOf(v Verdict) int { return slices.Index([]Verdict{Reachable, DependsOn, Blocked}, v) }
