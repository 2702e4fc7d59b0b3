package ingest

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"

	"github.com/haetae/haetae"
)

// resolverFormat is what Route 53 Resolver writes of queries
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html).
func resolverFormat() Format {
	return Format{Log: haetae.ResolverQuery, Title: "Route 53 Resolver query log", read: (*input).resolverRecord,
		object: func(o *object) bool { return o.has("query_name", "query_timestamp", "query_type") }}
}

// resolverRecord reads one record of a Resolver query log. There are many: values
// are taken as they stand, and texts that come again are there once.
func (in *input) resolverRecord(o *object, _ []byte, m *mail) error {
	l := &in.lookup
	*l = haetae.Lookup{Place: haetae.Place{File: in.name, Line: in.number}, Answers: l.Answers[:0]}
	var at string
	for _, x := range o.members {
		v := o.raw[x.from:x.to]
		switch string(o.name(x)) {
		case "account_id":
			l.Account = in.plain(v, "account_id", true)
		case "region":
			l.Region = in.plain(v, "region", true)
		case "vpc_id":
			l.VPC = in.plain(v, "vpc_id", true)
		case "query_timestamp":
			at = in.plain(v, "query_timestamp", false)
		case "query_name":
			l.Name = in.plain(v, "query_name", false)
		case "query_type":
			l.Type = in.plain(v, "query_type", true)
		case "query_class":
			l.Class = in.plain(v, "query_class", true)
		case "rcode":
			l.Code = in.plain(v, "rcode", true)
		case "srcaddr":
			l.Src = in.resolverAddr(v)
		case "srcport":
			l.SrcPort = in.resolverPort(v)
		case "transport":
			l.Transport = in.plain(v, "transport", true)
		case "firewall_rule_action":
			l.FirewallAction = in.plain(v, "firewall_rule_action", true)
		case "firewall_rule_group_id":
			l.FirewallGroup = in.plain(v, "firewall_rule_group_id", true)
		case "firewall_domain_list_id":
			l.FirewallList = in.plain(v, "firewall_domain_list_id", true)
		case "srcids":
			in.resolverIDs(l, v)
		case "answers":
			in.resolverAnswers(l, v)
		}
	}
	var err error
	if l.Time, err = when(at); err != nil {
		return in.bad("query_timestamp: %v", err)
	}
	l.ID = in.recordID(m)
	l.Account = first(l.Account, m.account, in.account, in.opt.Account)
	l.Region = first(l.Region, m.region, in.region, in.opt.Region)
	if l.Name = strings.ToLower(l.Name); len(l.Name) > 1 {
		l.Name = strings.TrimSuffix(l.Name, ".")
	}
	in.stats.Records++
	if !in.saw(haetae.ResolverQuery, l.Time) || in.take.Lookup == nil {
		return nil
	}
	if err := in.take.Lookup(l); err != nil {
		return taken{err}
	}
	return nil
}

// plain is a value that is a string; what is none is noted. again says that few
// values are to be expected.
func (in *input) plain(v []byte, name string, again bool) string {
	if len(v) < 2 || v[0] != '"' {
		if string(v) != "null" {
			in.stats.unread(Field, in.name, in.number, "%s is no text", name)
		}
		return ""
	}
	text := v[1 : len(v)-1]
	if bytes.IndexByte(text, '\\') >= 0 {
		var out string
		if err := json.Unmarshal(v, &out); err != nil {
			in.stats.unread(Field, in.name, in.number, "%s: %v", name, err)
		}
		return out
	}
	if !again {
		return string(text)
	}
	if s, ok := in.texts[string(text)]; ok {
		return s
	}
	if in.texts == nil || len(in.texts) >= maxTexts {
		in.texts = map[string]string{}
	}
	s := string(text)
	in.texts[s] = s
	return s
}

// resolverAddr is the address of who asked.
func (in *input) resolverAddr(v []byte) netip.Addr {
	text := in.plain(v, "srcaddr", true)
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		if text != "" && text != "-" {
			in.stats.unread(Field, in.name, in.number, "srcaddr %q", text[:min(len(text), 64)])
		}
		return netip.Addr{}
	}
	return a.Unmap()
}

// resolverPort is the port from which it was asked: a text, or a number.
func (in *input) resolverPort(v []byte) uint16 {
	text := bytes.Trim(v, `"`)
	n := 0
	for _, b := range text {
		if n = n*10 + int(b-'0'); b < '0' || b > '9' || n > 65535 {
			if s := string(text); s != "-" && s != "null" {
				in.stats.unread(Field, in.name, in.number, "srcport %q", text[:min(len(text), 64)])
			}
			return 0
		}
	}
	return uint16(n)
}

// resolverIDs reads who asked: an instance, or an endpoint of the Resolver.
func (in *input) resolverIDs(l *haetae.Lookup, v []byte) {
	in.within(v, "srcids", func(name, v []byte) {
		switch string(name) {
		case "instance":
			l.Instance = in.plain(v, "srcids.instance", true)
		case "resolver_endpoint":
			l.Endpoint = in.plain(v, "srcids.resolver_endpoint", true)
		case "resolver_network_interface":
			l.Interface = in.plain(v, "srcids.resolver_network_interface", true)
		}
	})
}

// resolverAnswers reads the list of answers.
func (in *input) resolverAnswers(l *haetae.Lookup, v []byte) {
	if len(v) == 0 || v[0] != '[' {
		if string(v) != "null" {
			in.stats.unread(Field, in.name, in.number, "answers is no list")
		}
		return
	}
	s := scanner{buf: v, pos: 1}
	for {
		c, err := s.within()
		if err != nil || c == ']' {
			return // that it ends was seen before
		}
		if c == ',' {
			s.pos++
			continue
		}
		s.begin()
		if s.skip() != nil {
			return
		}
		var a haetae.Answer
		in.within(v[s.mark:s.pos], "answers", func(name, v []byte) {
			switch string(name) {
			case "Rdata":
				a.Data = in.plain(v, "answers.Rdata", false)
			case "Type":
				a.Type = in.plain(v, "answers.Type", true)
			case "Class":
				a.Class = in.plain(v, "answers.Class", true)
			}
		})
		l.Answers = append(l.Answers, a)
	}
}

// within gives the members of a value that is an object to take.
func (in *input) within(v []byte, what string, take func(name, v []byte)) {
	if len(v) == 0 || v[0] != '{' {
		if string(v) != "null" {
			in.stats.unread(Field, in.name, in.number, "%s is no object", what)
		}
		return
	}
	o := object{raw: v, members: in.inner[:0]}
	if err := (&scanner{buf: v}).members(&o); err != nil {
		in.stats.unread(Field, in.name, in.number, "%s: %v", what, err)
	}
	for _, x := range o.members {
		take(o.name(x), v[x.from:x.to])
	}
	in.inner = o.members
}
