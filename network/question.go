package network

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Verdict says whether packets get through.
type Verdict string

// The verdicts. DependsOn means that somebody's choice or a fact that is missing
// decides: [Answer.DependsOn] says which.
const (
	Reachable Verdict = "Reachable"
	Blocked   Verdict = "Blocked"
	DependsOn Verdict = "DependsOn"
)

// End is one side of a question: a resource by id or ARN, "internet",
// "tag:KEY=VALUE", or an address with or without where it is.
type End struct {
	ID      string // a resource, "internet" or "tag:KEY=VALUE"
	Address string // an address or an address range
	VPC     string // where the address is: in a VPC,
	Subnet  string // in a subnet,
	Via     string // or behind a gateway, an attachment or a connection

	res *haetae.Resource // the resource itself, where its ID alone may be that of several
}

// UnmarshalJSON reads a text or an object.
func (e *End) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte(`"`)) {
		return json.Unmarshal(data, &e.ID)
	}
	var o struct {
		Address string `json:"address"`
		VPC     string `json:"vpc"`
		Subnet  string `json:"subnet"`
		Via     string `json:"via"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return fmt.Errorf("an end is an id, \"internet\", \"tag:KEY=VALUE\" or {\"address\": …}: %w", err)
	}
	if o.Address == "" {
		return errors.New("an end that is an object has an address")
	}
	*e = End{Address: o.Address, VPC: o.VPC, Subnet: o.Subnet, Via: o.Via}
	return nil
}

// String writes the end as people would.
func (e End) String() string {
	switch {
	case e.Address == "":
		return e.ID
	case e.VPC != "":
		return e.Address + " in " + e.VPC
	case e.Subnet != "":
		return e.Address + " in " + e.Subnet
	case e.Via != "":
		return e.Address + " via " + e.Via
	}
	return e.Address
}

// word is a value that may be written as a number or as text.
type word string

// UnmarshalJSON reads a number or a text.
func (w *word) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err == nil && !bytes.HasPrefix(data, []byte(`"`)) {
		*w = word(n.String())
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("a number or a text is meant: %w", err)
	}
	*w = word(s)
	return nil
}

// ICMP is a message of ICMP by type and code; nil is any.
type ICMP struct {
	Type *int `json:"type"`
	Code *int `json:"code"`
}

// Question asks whether packets get from one end to another. What it does not say
// is a set: all protocols, all ports.
type Question struct {
	ID           json.RawMessage `json:"id"`
	Src          End             `json:"src"`
	Dst          End             `json:"dst"`
	Proto        word            `json:"proto"`
	Port         word            `json:"port"`
	SrcPort      word            `json:"srcPort"`
	ICMP         *ICMP           `json:"icmp"`
	Quantifier   string          `json:"quantifier"`   // "some" (the default) or "all"
	Hypothetical bool            `json:"hypothetical"` // an address that nobody holds counts as a host

	listens bool // a load balancer that listens is reached, whoever is behind it
	trail   *trail
	budget  *int // steps of all walks together, nil for maxSteps of each
}

// ParseQuestion reads one line of a batch. The error says what is wrong with it;
// the ID is there whenever it could be read.
func ParseQuestion(line []byte) (Question, error) {
	var q Question
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		var id struct {
			ID json.RawMessage `json:"id"`
		}
		if json.Unmarshal(line, &id) == nil {
			q = Question{ID: id.ID}
		}
		return q, fmt.Errorf("question: %w", err)
	}
	if d.More() {
		return q, errors.New("question: more than one value in a line")
	}
	_, err := q.match()
	if q.Src == (End{}) || q.Dst == (End{}) {
		err = errors.Join(err, errors.New("question: src and dst are needed"))
	}
	if q.Quantifier != "" && q.Quantifier != "some" && q.Quantifier != "all" {
		err = errors.Join(err, fmt.Errorf("question: quantifier %q is neither some nor all", q.Quantifier))
	}
	return q, err
}

// asked is the packets in question, but for their addresses.
type asked struct {
	protos     cidr.Protos
	src, ports cidr.Ports
	typ, code  cidr.Ports
	allOf      bool
}

// match reads what the question says of packets. A port restricts to protocols
// with ports, a type to ICMP.
func (q *Question) match() (asked, error) {
	a := asked{protos: cidr.AllProtos(), src: cidr.AllPorts(), ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts(), allOf: q.Quantifier == "all"}
	var err error
	if q.Proto != "" {
		if a.protos, err = cidr.ParseProto(string(q.Proto)); err != nil {
			return a, fmt.Errorf("question: %w", err)
		}
	}
	for _, x := range []struct {
		text word
		into *cidr.Ports
	}{{q.Port, &a.ports}, {q.SrcPort, &a.src}} {
		if x.text == "" || x.text == "any" {
			continue
		}
		if *x.into, err = cidr.ParsePorts(string(x.text)); err != nil {
			return a, fmt.Errorf("question: %w", err)
		}
		a.protos = a.protos.Intersect(cidr.Ported())
		if a.protos.Empty() {
			return a, fmt.Errorf("question: protocol %s has no ports", q.Proto)
		}
	}
	if q.ICMP != nil {
		a.protos = a.protos.Intersect(cidr.Typed())
		if a.protos.Empty() {
			return a, fmt.Errorf("question: protocol %s has no types of ICMP", q.Proto)
		}
		for _, x := range []struct {
			n    *int
			into *cidr.Ports
		}{{q.ICMP.Type, &a.typ}, {q.ICMP.Code, &a.code}} {
			if x.n == nil || *x.n == -1 {
				continue
			}
			if *x.n < 0 || *x.n > 255 {
				return a, fmt.Errorf("question: %d is no type or code of ICMP", *x.n)
			}
			*x.into = cidr.PortRange(*x.n, *x.n)
		}
	}
	return a, nil
}

// boxes are the packets in question between addresses.
func (a asked) boxes(src, dst cidr.Addrs) []cidr.Box {
	var out []cidr.Box
	for _, f := range [][2]cidr.Addrs{{src.Four(), dst.Four()}, {src.Six(), dst.Six()}} {
		out = append(out, cidr.Boxes(f[0], f[1], a.protos, a.src, a.ports, a.typ, a.code)...)
	}
	return out
}

// shortAddrs writes addresses, cut when there are many.
func shortAddrs(a cidr.Addrs) string {
	if a.Equal(internetFour()) || a.Equal(internet()) || a.Equal(cidr.All4()) {
		return "0.0.0.0/0"
	}
	if a.Equal(globalSix()) || a.Equal(cidr.All6()) {
		return "::/0"
	}
	if a.Equal(cidr.AllAddrs()) {
		return "0.0.0.0/0,::/0"
	}
	list := a.Strings()
	if len(list) > 3 {
		return strings.Join(list[:3], ",") + " and " + strconv.Itoa(len(list)-3) + " more"
	}
	return strings.Join(list, ",")
}

// manyProtos tells whether there are too many protocols for rules that name them.
func manyProtos(p cidr.Protos) bool { return len(p.Numbers()) > 4 }

func protoText(p cidr.Protos) string {
	if manyProtos(p) {
		return "all protocols"
	}
	var out []string
	for _, n := range p.Numbers() {
		out = append(out, cidr.ProtoName(n))
	}
	return strings.Join(out, ",")
}

func portText(p cidr.Protos, ports cidr.Ports) string {
	if p.Intersect(cidr.Ported()).Empty() {
		return ""
	}
	if ports.Equal(cidr.AllPorts()) {
		return "all ports"
	}
	return "port " + ports.String()
}
