package detect

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/sigma"
)

// source is how Sigma names a log
// (https://sigmahq.io/sigma-specification/specification/sigma-appendix-taxonomy.html).
func source(log haetae.Log) sigma.LogSource {
	if log == haetae.EKSAudit {
		return sigma.LogSource{Product: "kubernetes", Service: "audit"}
	}
	return sigma.LogSource{Product: "aws", Service: string(log)}
}

// shown is a record of any log.
type shown interface {
	// derived puts what a field below "haetae." has behind dst.
	derived(name string, dst []sigma.Value) ([]sigma.Value, bool)
	// what is what a finding says of the record.
	what() Finding
}

// view is a record as rules see it: its own fields, and what is derived of it, whose
// names begin with "haetae.".
type view struct {
	sigma.Event
	record shown
	names  *names
}

// names are the fields of an index: all, and by the same numbers those that are
// derived, without "haetae.", or "" for others.
type names struct{ all, derived []string }

func namesOf(x *sigma.Index) *names {
	n := &names{all: x.Fields()}
	for _, f := range n.all {
		d, _ := strings.CutPrefix(f, "haetae.")
		if d == f {
			d = ""
		}
		n.derived = append(n.derived, d)
	}
	return n
}

// Lookup finds a field.
func (v *view) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	if name, ok := strings.CutPrefix(field, "haetae."); ok {
		return v.record.derived(name, dst)
	}
	return v.Event.Lookup(field, dst)
}

// Field finds a field by its number, for [sigma.Scan].
func (v *view) Field(x *sigma.Index, n int, dst []sigma.Value) ([]sigma.Value, bool) {
	if name := v.names.derived[n]; name != "" {
		return v.record.derived(name, dst)
	}
	if f, ok := v.Event.(sigma.Fielded); ok {
		return f.Field(x, n, dst)
	}
	return v.Event.Lookup(v.names.all[n], dst)
}

func text(dst []sigma.Value, value string) ([]sigma.Value, bool) {
	if value == "" {
		return dst, false
	}
	return append(dst, sigma.Value{Kind: sigma.Text, Text: value}), true
}

// texts are those of a list that are not empty.
func texts(dst []sigma.Value, values []string) ([]sigma.Value, bool) {
	from := len(dst)
	for _, v := range values {
		dst, _ = text(dst, v)
	}
	return dst, len(dst) > from
}

func boolean(dst []sigma.Value, b bool) ([]sigma.Value, bool) {
	return append(dst, sigma.Value{Kind: sigma.Bool, Text: strconv.FormatBool(b)}), true
}

func number(dst []sigma.Value, n uint64) ([]sigma.Value, bool) {
	return append(dst, sigma.Value{Kind: sigma.Number, Text: strconv.FormatUint(n, 10)}), true
}

func decimal(dst []sigma.Value, x float64) ([]sigma.Value, bool) {
	return append(dst, sigma.Value{Kind: sigma.Number, Text: strconv.FormatFloat(x, 'f', 2, 64)}), true
}

func addr(dst []sigma.Value, a netip.Addr) ([]sigma.Value, bool) {
	if !a.IsValid() {
		return dst, false
	}
	return text(dst, a.String())
}

// Fields are the names of all derived fields, sorted.
func Fields() []string {
	out := []string{"haetae.account", "haetae.action", "haetae.flow.direction", "haetae.flow.own", "haetae.flow.port", "haetae.log", "haetae.outcome", "haetae.region", "haetae.targets"}
	for _, n := range []string{"account", "arn", "chain", "id", "key", "kind", "mfa", "name", "owner", "session", "through"} {
		out = append(out, "haetae.actor."+n)
	}
	for _, n := range []string{"address", "agent", "asn", "cloud", "country", "endpoint", "endpoint_account", "lists", "name", "org", "own", "private"} {
		out = append(out, "haetae.peer."+n)
	}
	for _, n := range knownFields() {
		out = append(out, "haetae."+n)
	}
	slices.Sort(out)
	return out
}

// actorField is a field below haetae.actor.
func actorField(a *haetae.Actor, name string, dst []sigma.Value) ([]sigma.Value, bool) {
	switch name {
	case "kind":
		return text(dst, string(a.Kind))
	case "id":
		return text(dst, a.ID)
	case "arn":
		return text(dst, a.ARN)
	case "account":
		return text(dst, a.Account)
	case "name":
		return text(dst, a.Name)
	case "session":
		return text(dst, a.Session)
	case "chain":
		return texts(dst, a.Chain)
	case "through":
		return text(dst, a.Through)
	case "key":
		return text(dst, a.AccessKey)
	case "owner":
		return text(dst, a.Owner)
	case "mfa":
		return boolean(dst, a.MFA)
	}
	return dst, false
}

// peerField is a field below haetae.peer.
func peerField(p *haetae.Peer, name string, dst []sigma.Value) ([]sigma.Value, bool) {
	switch name {
	case "address":
		return addr(dst, p.Addr)
	case "name":
		return text(dst, p.Name)
	case "country":
		return text(dst, p.Country)
	case "asn":
		if p.ASN == 0 {
			return dst, false
		}
		return number(dst, uint64(p.ASN))
	case "org":
		return text(dst, p.Org)
	case "cloud":
		return text(dst, p.Cloud)
	case "lists":
		return texts(dst, p.Lists)
	case "own":
		return boolean(dst, p.Own)
	case "private":
		return boolean(dst, p.Addr.IsValid() && private(p.Addr))
	case "endpoint":
		return text(dst, p.Endpoint)
	case "endpoint_account":
		return text(dst, p.EndpointAccount)
	case "agent":
		return text(dst, p.Agent)
	case "program":
		return program(p, dst)
	}
	return dst, false
}

// private tells whether an address is of no use on the internet
// (https://www.iana.org/assignments/iana-ipv4-special-registry, RFC 6598, RFC 4193).
func private(a netip.Addr) bool {
	if a.Is4() {
		four := a.As4()
		if four[0] == 100 && four[1]&0xc0 == 64 {
			return true
		}
	}
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified()
}

// eventField is a derived field of an event.
func eventField(e *haetae.Event, name string, dst []sigma.Value) ([]sigma.Value, bool) {
	if rest, ok := strings.CutPrefix(name, "actor."); ok {
		return actorField(&e.Actor, rest, dst)
	}
	if rest, ok := strings.CutPrefix(name, "peer."); ok {
		return peerField(&e.Peer, rest, dst)
	}
	switch name {
	case "log":
		return text(dst, string(e.Log))
	case "action":
		return text(dst, e.Action)
	case "outcome":
		return text(dst, string(e.Outcome))
	case "targets":
		return texts(dst, e.Targets)
	case "account":
		return text(dst, e.Account)
	case "region":
		return text(dst, e.Region)
	}
	return dst, false
}

// bus shows a record of CloudTrail to event patterns as EventBridge delivers it, and
// to rules both as it is and so
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
type bus struct {
	sigma.Event
	names *names
	event *haetae.Event
	tree  map[string]any
}

// Lookup finds a field of the record, else of the event of EventBridge.
func (b *bus) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	if out, ok := b.Event.Lookup(field, dst); ok {
		return out, true
	}
	return b.wrapping(field, dst)
}

// Field is Lookup by the number of the field.
func (b *bus) Field(x *sigma.Index, n int, dst []sigma.Value) ([]sigma.Value, bool) {
	out, ok := dst, false
	if f, is := b.Event.(sigma.Fielded); is {
		out, ok = f.Field(x, n, dst)
	} else {
		out, ok = b.Event.Lookup(b.names.all[n], dst)
	}
	if ok || b.names.derived[n] != "" {
		return out, ok
	}
	return b.wrapping(b.names.all[n], dst)
}

// wrapping finds a field of what EventBridge puts around the record. The record is
// decoded for it only when all of it is asked for.
func (b *bus) wrapping(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	name, rest, below := strings.Cut(field, ".")
	switch name {
	case "detail":
		if below {
			return b.Event.Lookup(rest, dst)
		}
		return sigma.JSONEvent(b.wrapped()).Lookup(field, dst)
	case "detail-type", "source", "account", "region", "time", "id", "version", "resources":
		if below {
			return dst, false
		}
	default:
		return dst, false
	}
	word := func(field string) string {
		values, _ := b.Event.Lookup(field, nil)
		if len(values) == 1 && values[0].Kind == sigma.Text {
			return values[0].Text
		}
		return ""
	}
	always := func(value string) ([]sigma.Value, bool) {
		return append(dst, sigma.Value{Kind: sigma.Text, Text: value}), true
	}
	switch name {
	case "resources":
		return dst, true
	case "account":
		return always(b.event.Account)
	case "region":
		return always(b.event.Region)
	case "id":
		return always(b.event.ID)
	case "version":
		return always("0")
	case "time":
		return always(word("eventTime"))
	case "source":
		return always(busSource(word("eventSource")))
	}
	return always(busType(word("eventType")))
}

// busType is the detail-type of a record.
func busType(eventType string) string {
	switch eventType {
	case "AwsConsoleSignIn":
		return "AWS Console Sign In via CloudTrail"
	case "AwsServiceEvent":
		return "AWS Service Event via CloudTrail"
	}
	return "AWS API Call via CloudTrail"
}

// busSource is the source of a record.
func busSource(eventSource string) string {
	service, _, _ := strings.Cut(eventSource, ".")
	return "aws." + service
}

// Tree is the event of EventBridge.
func (b *bus) Tree() any { return b.wrapped() }

func (b *bus) wrapped() map[string]any {
	if b.tree != nil {
		return b.tree
	}
	record, _ := b.Event.Tree().(map[string]any)
	word := func(name string) string {
		s, _ := record[name].(string)
		return s
	}
	b.tree = map[string]any{"version": "0", "id": b.event.ID, "detail-type": busType(word("eventType")), "source": busSource(word("eventSource")),
		"account": b.event.Account, "time": word("eventTime"), "region": b.event.Region, "resources": []any{}, "detail": record}
	return b.tree
}
