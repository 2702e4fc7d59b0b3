package network

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// nameRule is a rule of DNS Firewall in the order in which it is tried.
type nameRule struct {
	group    *haetae.Resource
	rule     any
	priority int
	why      *haetae.Unknown // set instead of a rule: what stands here is not known
}

// text names the rule for people.
func (r nameRule) text() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.priority, text(get(r.rule, "Action"))))
}

// firewall holds the name against the rule groups that are associated with the
// VPC: associations in order of priority, and rules in each; the first that
// matches ends it. It tells whether the name may go on
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-groups.html,
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-actions.html).
//
// A rule of which it is not known whether it matches lets both happen; it matters
// only when what follows comes to another end.
func (i *inquiry) firewall() bool {
	if i.trusted {
		return true
	}
	var request []string
	var lacking []*haetae.Unknown
	var stop *nameRule
	pass, block, ended := false, false, false
	rules := i.nameRules()
	for n := range rules {
		r := &rules[n]
		if r.why != nil {
			pass, block = true, true
			lacking = append(lacking, r.why)
			continue
		}
		yes, cond, why := i.matches(r)
		if !yes && cond == "" && why == nil {
			continue
		}
		switch action := text(get(r.rule, "Action")); action {
		case "BLOCK":
			block = true
			if yes || stop == nil {
				stop = r
			}
		case "ALLOW", "ALERT":
			pass = true
			if yes {
				i.passed(r, action)
			}
		default:
			pass, block = true, true
			why = firstWhy(why, whyNot(get(r.rule, "Action")), missing("the action of a rule of "+r.group.ID, "route53resolver:ListFirewallRules"))
		}
		if yes && why == nil {
			ended = true
			break
		}
		if cond != "" {
			request = append(request, cond)
		}
		if why != nil {
			lacking = append(lacking, why)
		}
	}
	if !ended {
		pass = true
	}
	switch {
	case !block:
		return true // whatever is not known of rules that let through makes no difference
	case !pass:
		i.refused(stop)
		i.settle(NotResolved, "firewall")
		return false
	}
	for _, c := range request {
		i.may(c)
	}
	i.lacks(lacking...)
	if stop != nil {
		i.step("dns-firewall-rule", stop.group.ID, stop.text(), true)
	}
	return true
}

// passed notes the rule that lets the name through.
func (i *inquiry) passed(r *nameRule, action string) {
	i.step("dns-firewall-rule", r.group.ID, r.text(), true)
	if action == "ALERT" {
		i.a.Notes = append(i.a.Notes, "Rule "+r.text()+" of "+r.group.ID+" logs an alert.")
	}
	i.trusted = text(get(r.rule, "FirewallDomainRedirectionAction")) == "TRUST_REDIRECTION_DOMAIN"
}

// refused notes the rule that blocks the name and what it answers.
func (i *inquiry) refused(r *nameRule) {
	i.step("dns-firewall-rule", r.group.ID, r.text(), false)
	said := cmp.Or(text(get(r.rule, "BlockResponse")), "NODATA")
	if said == "OVERRIDE" {
		said = "CNAME " + text(get(r.rule, "BlockOverrideDomain"))
	}
	i.a.Answer = []string{said}
	i.a.Blockers = append(i.a.Blockers, Blocker{Code: "DNS_FIREWALL_RULE", Resource: r.group.ID, Rule: r.text(), Direction: "forward",
		Fix: "Allow " + i.name + " by a rule before it, or take it out of what rule " + r.text() + " of " + r.group.ID + " blocks."})
}

// nameRules are the rules that the VPC's questions meet, in order.
func (i *inquiry) nameRules() []nameRule {
	const assoc, group = "AWS::Route53Resolver::FirewallRuleGroupAssociation", "AWS::Route53Resolver::FirewallRuleGroup"
	list, unlisted := i.w.g.Here(i.v.res, assoc)
	var out []nameRule
	type joined struct {
		res      *haetae.Resource
		priority int
		why      *haetae.Unknown
	}
	var of []joined
	for _, r := range list {
		if u := i.concerns(r, r.Props["VpcId"]); u != nil {
			of = append(of, joined{r, 0, u})
			continue
		}
		if i.w.vpcOf(r, r.Props["VpcId"]) != i.v {
			continue
		}
		p, known := number(r.Props["Priority"])
		j := joined{res: r, priority: p}
		if !known && len(list) > 1 {
			j.why = firstWhy(whyNot(r.Props["Priority"]), missing("the priority of "+r.ID, "route53resolver:ListFirewallRuleGroupAssociations"))
		}
		of = append(of, j)
	}
	if len(of) > 0 && i.asks == 0 {
		i.step("dns-firewall", i.v.id(), i.failMode(), true)
	}
	slices.SortStableFunc(of, func(a, b joined) int { return a.priority - b.priority })
	for _, j := range of {
		if j.why != nil {
			out = append(out, nameRule{group: j.res, why: j.why})
		}
		g, why := i.w.g.Find(j.res, group, j.res.Props["FirewallRuleGroupId"])
		if g == nil {
			out = append(out, nameRule{group: j.res, why: firstWhy(why, whyNot(j.res.Props["FirewallRuleGroupId"]), missing("rule group "+text(j.res.Props["FirewallRuleGroupId"]), "route53resolver:ListFirewallRuleGroups"))})
			continue
		}
		rules, why := items(g.Props["FirewallRules"])
		why = firstWhy(why, g.Stub)
		var mine []nameRule
		for _, x := range rules {
			p, known := number(get(x, "Priority"))
			why = firstWhy(why, whyNot(x))
			if !known && len(rules) > 1 {
				why = firstWhy(why, whyNot(get(x, "Priority")), missing("the priority of a rule of "+g.ID, "route53resolver:ListFirewallRules"))
			}
			mine = append(mine, nameRule{group: g, rule: x, priority: p})
		}
		slices.SortStableFunc(mine, func(a, b nameRule) int { return a.priority - b.priority })
		if why != nil {
			out = append(out, nameRule{group: g, why: why}) // it may stand before all of them
		}
		out = append(out, mine...)
	}
	if unlisted != nil {
		out = append([]nameRule{{group: i.v.res, why: unlisted}}, out...)
	}
	return out
}

// failMode says what becomes of questions that DNS Firewall does not answer
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-vpc-configuration.html).
func (i *inquiry) failMode() string {
	switch v := i.v.res.Observed["DnsFirewallFailOpen"]; {
	case text(v) == "ENABLED":
		i.a.Notes = append(i.a.Notes, "When DNS Firewall does not answer, questions of "+i.v.id()+" go on unseen: it fails open.")
		return "fails open"
	case whyNot(v) != nil:
		return "whether it fails open is not known: " + whyNot(v).String()
	}
	return "fails closed"
}

// matches tells whether a rule takes the name: surely, or under a condition that
// somebody may meet, or not known.
func (i *inquiry) matches(r *nameRule) (yes bool, cond string, why *haetae.Unknown) {
	if q := get(r.rule, "Qtype"); q != nil {
		if u := whyNot(q); u != nil {
			return false, "", u
		}
		if !strings.EqualFold(text(q), i.typ) {
			return false, "", nil
		}
	}
	if kind := text(get(r.rule, "DnsThreatProtection")); kind != "" {
		return false, "DNS Firewall takes the question for " + kind + " with confidence " + cmp.Or(text(get(r.rule, "ConfidenceThreshold")), "HIGH") + " (rule " + r.text() + " of " + r.group.ID + ")", nil
	}
	if get(r.rule, "FirewallRuleType") != nil {
		return false, "what AWS or a partner knows of " + i.name + " meets rule " + r.text() + " of " + r.group.ID, nil
	}
	ref := get(r.rule, "FirewallDomainListId")
	list, why := i.w.g.Find(r.group, "AWS::Route53Resolver::FirewallDomainList", ref)
	if list == nil {
		return false, "", firstWhy(why, whyNot(ref), missing("domain list "+text(ref), "route53resolver:ListFirewallDomainLists", "route53resolver:ListFirewallDomains"))
	}
	if text(list.Observed["ManagedOwnerName"]) != "" {
		return false, i.name + " is in AWS's list " + cmp.Or(text(list.Props["Name"]), list.ID) + " (rule " + r.text() + " of " + r.group.ID + ")", nil
	}
	domains, why := items(list.Props["Domains"])
	why = firstWhy(why, list.Stub)
	if list.Props["Domains"] == nil && why == nil {
		why = missing("the domains of "+list.ID, "route53resolver:ListFirewallDomains") // a template may name a file
	}
	for _, d := range domains {
		if u := whyNot(d); u != nil {
			why = firstWhy(why, u)
			continue
		}
		if specified(i.name, text(d)) {
			return true, "", nil
		}
	}
	return false, "", why
}

// specified tells whether a domain specification of a list matches the name:
// exactly, or after the "*" with which it may start
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-user-managed-domain-lists.html).
func specified(name, spec string) bool {
	spec = canonical(spec)
	if rest, wild := strings.CutPrefix(spec, "*"); wild {
		return strings.HasSuffix(name, rest) && len(name) > len(rest)
	}
	return name == spec
}
