package network

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// wallRule is a stateful rule of a firewall: what its header says of packets is
// exact, the rest is a predicate that only the packets' content decides.
type wallRule struct {
	name      string
	action    string // pass, drop, reject, alert
	set       cidr.Set
	predicate string // "" when the header says all
}

// variables are the address and port sets that rules name.
type variables struct {
	addrs map[string]cidr.Addrs
	ports map[string]cidr.Ports
}

// parseRules reads rules in Suricata's language, one a line. A line that cannot
// be read is an error; the others are returned all the same
// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateful-rule-groups-suricata.html).
func parseRules(s string, v variables) ([]wallRule, error) {
	var out []wallRule
	var errs []error
	s = strings.ReplaceAll(s, "\\\n", " ")
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseRule(line, v)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule %q: %w", line, err))
			continue
		}
		out = append(out, r)
	}
	return out, errors.Join(errs...)
}

// parseRule reads one rule: ACTION PROTOCOL SOURCE PORT DIRECTION DESTINATION PORT
// (OPTIONS).
func parseRule(line string, v variables) (wallRule, error) {
	head, options, ok := strings.Cut(line, "(")
	if !ok || !strings.HasSuffix(strings.TrimSpace(options), ")") {
		return wallRule{}, errors.New("it has no options in parentheses")
	}
	options = strings.TrimSuffix(strings.TrimSpace(options), ")")
	f := headFields(head)
	if len(f) != 7 {
		return wallRule{}, fmt.Errorf("its header has %d fields, not 7", len(f))
	}
	r := wallRule{action: strings.ToLower(f[0])}
	switch r.action {
	case "pass", "drop", "reject", "alert":
	default:
		return r, fmt.Errorf("%q is no action", f[0])
	}
	r.name = r.action + " " + strings.Join(f[1:], " ")
	var err error
	if r.set, r.predicate, err = header(f[1], f[2], f[3], f[4], f[5], f[6], v); err != nil {
		return r, err
	}
	more, sid := contentOf(options)
	if sid != "" {
		r.name = "sid " + sid
	}
	if more != "" {
		r.predicate = strings.TrimSpace(r.predicate + " " + more)
	}
	return r, nil
}

// headFields splits a header at spaces outside brackets.
func headFields(s string) []string {
	var out []string
	depth, from := 0, -1
	for i, c := range s {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		}
		space := (c == ' ' || c == '\t') && depth == 0
		if space && from >= 0 {
			out = append(out, s[from:i])
			from = -1
		} else if !space && from < 0 {
			from = i
		}
	}
	if from >= 0 {
		out = append(out, s[from:])
	}
	return out
}

// contentOf returns the options that only content decides, and the rule's number.
func contentOf(options string) (predicate, sid string) {
	var kept []string
	for _, o := range splitOptions(options) {
		key, value, _ := strings.Cut(o, ":")
		switch strings.TrimSpace(key) {
		case "sid":
			sid = strings.TrimSpace(value)
		case "", "msg", "rev", "gid", "classtype", "priority", "metadata", "reference", "flow", "noalert":
		default:
			kept = append(kept, strings.TrimSpace(o))
		}
	}
	return strings.Join(kept, "; "), sid
}

// splitOptions splits at semicolons outside quotes.
func splitOptions(s string) []string {
	var out []string
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ';':
			if !quoted {
				out = append(out, s[from:i])
				from = i + 1
			}
		}
	}
	return append(out, s[min(from, len(s)):])
}

// header is the packets that a header names. Protocols of applications are the
// transport protocol with a predicate.
func header(proto, src, sport, dir, dst, dport string, v variables) (cidr.Set, string, error) {
	m := match{protos: cidr.AllProtos(), ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	predicate := ""
	switch p := strings.ToLower(proto); p {
	case "ip", "any":
	case "tcp", "tcp-pkt", "tcp-stream":
		m.protos = cidr.Proto(cidr.TCP)
	case "udp":
		m.protos = cidr.Proto(cidr.UDP)
	case "icmp":
		m.protos = cidr.Typed()
	case "dns", "ntp", "tftp", "snmp", "sip", "dhcp", "krb5", "ikev2":
		m.protos, predicate = cidr.Ported(), "the packets are "+p
	case "quic":
		m.protos, predicate = cidr.Proto(cidr.UDP), "the packets are quic"
	case "http", "http1", "http2", "tls", "ssl", "ssh", "smtp", "ftp", "ftp-data", "smb", "dcerpc", "imap", "msn", "nfs", "rdp", "mqtt", "modbus", "enip", "dnp3", "rfb", "pgsql", "telnet":
		m.protos, predicate = cidr.Proto(cidr.TCP), "the packets are "+p
	default:
		return cidr.Set{}, "", fmt.Errorf("protocol %q is not known", proto)
	}
	from, err := wallAddrs(src, v)
	if err != nil {
		return cidr.Set{}, "", err
	}
	to, err := wallAddrs(dst, v)
	if err != nil {
		return cidr.Set{}, "", err
	}
	a, err := wallPorts(sport, v)
	if err != nil {
		return cidr.Set{}, "", err
	}
	b, err := wallPorts(dport, v)
	if err != nil {
		return cidr.Set{}, "", err
	}
	one := func(from, to cidr.Addrs, a, b cidr.Ports) cidr.Set {
		m.ports = b
		boxes := m.boxes(from, to)
		for i := range boxes {
			if !boxes[i].Proto.Intersect(cidr.Ported()).Empty() {
				boxes[i].A = a
			}
		}
		return cidr.Of(boxes...)
	}
	switch dir {
	case "->":
		return one(from, to, a, b), predicate, nil
	case "<>":
		return one(from, to, a, b).Union(one(to, from, b, a)), predicate, nil
	}
	return cidr.Set{}, "", fmt.Errorf("%q is no direction", dir)
}

// parts splits a list in brackets at its commas; nested lists stay whole.
func parts(s string) []string {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "[") || !strings.HasSuffix(s, "]") {
		return []string{s}
	}
	s = s[1 : len(s)-1]
	var out []string
	depth, from := 0, 0
	for i, c := range s {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			out = append(out, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// maxNesting bounds lists in lists.
const maxNesting = 20

func wallAddrs(s string, v variables) (cidr.Addrs, error) { return wallAddrsAt(s, v, 0) }

func wallAddrsAt(s string, v variables, depth int) (cidr.Addrs, error) {
	if depth > maxNesting {
		return cidr.Addrs{}, errors.New("lists are nested too deep")
	}
	var in, out cidr.Addrs
	positive := false
	for _, p := range parts(s) {
		not := strings.HasPrefix(p, "!")
		p = strings.TrimPrefix(p, "!")
		var a cidr.Addrs
		var err error
		switch {
		case strings.EqualFold(p, "any"):
			a = cidr.AllAddrs()
		case strings.HasPrefix(p, "["):
			a, err = wallAddrsAt(p, v, depth+1)
		case strings.HasPrefix(p, "$"):
			var ok bool
			if a, ok = v.addrs[p[1:]]; !ok {
				err = fmt.Errorf("variable %s is not defined", p)
			}
		default:
			a, err = cidr.Parse(p)
		}
		if err != nil {
			return cidr.Addrs{}, err
		}
		if not {
			out = out.Union(a)
		} else {
			positive, in = true, in.Union(a)
		}
	}
	if !positive {
		in = cidr.AllAddrs()
	}
	return in.Minus(out), nil
}

func wallPorts(s string, v variables) (cidr.Ports, error) { return wallPortsAt(s, v, 0) }

func wallPortsAt(s string, v variables, depth int) (cidr.Ports, error) {
	if depth > maxNesting {
		return cidr.Ports{}, errors.New("lists are nested too deep")
	}
	var in, out cidr.Ports
	positive := false
	for _, p := range parts(s) {
		not := strings.HasPrefix(p, "!")
		p = strings.TrimPrefix(p, "!")
		var a cidr.Ports
		var err error
		switch {
		case strings.EqualFold(p, "any"):
			a = cidr.AllPorts()
		case strings.HasPrefix(p, "["):
			a, err = wallPortsAt(p, v, depth+1)
		case strings.HasPrefix(p, "$"):
			var ok bool
			if a, ok = v.ports[p[1:]]; !ok {
				err = fmt.Errorf("variable %s is not defined", p)
			}
		default:
			a, err = portSpan(p)
		}
		if err != nil {
			return cidr.Ports{}, err
		}
		if not {
			out = out.Union(a)
		} else {
			positive, in = true, in.Union(a)
		}
	}
	if !positive {
		in = cidr.AllPorts()
	}
	return in.Minus(out), nil
}

// portSpan reads "80", "80:90", "1024:" or ":1023".
func portSpan(s string) (cidr.Ports, error) {
	from, to, ranged := strings.Cut(s, ":")
	a, b := uint64(0), uint64(65535)
	var errA, errB error
	if from != "" {
		a, errA = strconv.ParseUint(from, 10, 16)
	}
	switch {
	case !ranged:
		b = a
	case to != "":
		b, errB = strconv.ParseUint(to, 10, 16)
	}
	if errA != nil || errB != nil || b < a || from == "" && to == "" {
		return cidr.Ports{}, fmt.Errorf("%q is no port", s)
	}
	return cidr.PortRange(int(a), int(b)), nil
}

// prefixSet is the addresses of prefixes.
func prefixSet(list []netip.Prefix) cidr.Addrs {
	var a cidr.Addrs
	for _, p := range list {
		a = a.Union(cidr.Prefix(p))
	}
	return a
}
