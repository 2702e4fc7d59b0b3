package network

import (
	"fmt"
	"maps"
	"slices"

	"github.com/haetae/haetae"
)

// Observation says what flow records cover, beside which every claim about rules
// is to be read.
type Observation struct {
	From       int64   `json:"from"` // Unix seconds: the first and the last packet
	To         int64   `json:"to"`
	Records    int     `json:"records"`
	Accepted   int     `json:"accepted"`
	Rejected   int     `json:"rejected"`
	NoData     int     `json:"noData"`
	SkipData   int     `json:"skipData"`   // records that say that AWS lost others
	Interfaces int     `json:"interfaces"` // of the network
	Observed   int     `json:"observedInterfaces"`
	Snapshots  []int64 `json:"snapshots"` // their times, Unix seconds
	// Unobserved are interfaces of which there is no record.
	Unobserved []string `json:"unobserved"`
	// Began counts records by how it was told which side began the connection.
	Began map[string]int `json:"began"`
	// NotCovered says what these records cannot show, or could not be used for.
	NotCovered []string `json:"notCovered"`
}

// claim writes what is known of a rule.
func (r *Replay) claim(x *RuleUse) {
	seen := fmt.Sprintf("%d of %d interfaces behind it have records, over %d interface hours", x.Observed, x.Interfaces, x.Hours)
	switch {
	case slices.Contains(x.Findings, "unobserved"):
		x.Claim = "nothing is known: no record of accepted traffic, or of none, is from an interface behind it"
		if x.Interfaces == 0 {
			x.Claim = "nothing is known: no interface is behind it"
		}
		return
	case slices.Contains(x.Findings, "unused"):
		x.Claim = "no record needed it; " + seen
	case x.Flows == 0:
		x.Claim = fmt.Sprintf("%d records may have needed it; %s", x.Perhaps, seen)
	default:
		x.Claim = fmt.Sprintf("%d records needed it; %s", x.Flows, seen)
	}
	if slices.Contains(x.Peers, "and more") {
		x.Claim += fmt.Sprintf("; it had more than %d peers, so that no narrower ranges are proposed", maxPeers)
	}
	if x.Observed < x.Interfaces {
		x.Claim += "; the others may use it"
		if len(x.Narrower) > 0 {
			x.Claim += ", and what they need is not in the narrower rules"
		}
	}
}

// observation says what is covered.
func (r *Replay) observation(walls int) Observation {
	o := Observation{From: r.total.first, To: r.total.last, Records: r.total.flows, Accepted: r.action[haetae.Accepted], Rejected: r.action[haetae.Rejected],
		NoData: r.status[haetae.NoFlows], SkipData: r.status[haetae.SkippedFlows], Interfaces: len(r.w.nics), Unobserved: []string{}, Began: maps.Clone(r.told), NotCovered: []string{}}
	for _, w := range r.past.worlds {
		o.Snapshots = append(o.Snapshots, w.Time())
	}
	for _, n := range r.w.nics {
		if r.watch[n] != nil {
			o.Observed++
		} else {
			o.Unobserved = append(o.Unobserved, n.id)
		}
	}
	slices.Sort(o.Unobserved)
	say := func(format string, args ...any) { o.NotCovered = append(o.NotCovered, fmt.Sprintf(format, args...)) }
	say("flow logs never hold traffic to the Amazon DNS server, DHCP, instance metadata, the time service and mirrored traffic")
	if d := distance(r.w.Time(), o.To); o.To > 0 && r.w.Time() > 0 && d > near {
		say("the records end %d days from the snapshot, whose rules they are held against: rules may have been others", (d+near/2)/near)
	}
	if r.w.Time() == 0 {
		say("the snapshot has no time: whether its rules are those of the records is not known")
	}
	if r.timeless > 0 {
		say("%d records have no start or no end: how long was looked is longer than what is said here", r.timeless)
	}
	if o.SkipData > 0 {
		say("AWS lost traffic in %d intervals (SKIPDATA)", o.SkipData)
	}
	if len(o.Unobserved) > 0 {
		say("%d of %d interfaces have no records", len(o.Unobserved), o.Interfaces)
	}
	for _, k := range slices.Sorted(maps.Keys(r.strays)) {
		say("%d records could not be used: %s", r.strays[k].flows, k)
	}
	for _, k := range slices.Sorted(maps.Keys(r.doubts)) {
		say("of %d records the interface was found by its address, and %s", r.doubts[k].flows, k)
	}
	for _, m := range []map[string]int{r.open, r.vague} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			say("not known, for %d records: %s", m[k], k)
		}
	}
	if n := r.told[byNone]; n > 0 {
		say("of %d records it is not known which side began", n)
	}
	if n := r.told[byPorts]; n > 0 {
		say("of %d records it was told from the ports which side began, as clients ask from high ones: with tcp-flags in the format of the log it is known of TCP", n)
	}
	if r.lost > 0 {
		say("%d records are of more pairs than were kept (%d): no narrower rules are proposed", r.lost, maxTalks)
	}
	if walls > 0 {
		say("%d records were not held against the rules of firewalls", walls)
	}
	return o
}
