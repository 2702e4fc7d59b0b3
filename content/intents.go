package content

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/network"
)

// intentFile is an intent as it is written.
type intentFile struct {
	ID           string    `yaml:"id"`
	Title        string    `yaml:"title"`
	From         yaml.Node `yaml:"from"`
	To           yaml.Node `yaml:"to"`
	Via          yaml.Node `yaml:"via"`
	Must         string    `yaml:"must"`
	Proto        string    `yaml:"proto"`
	Port         yaml.Node `yaml:"port"`
	Ports        yaml.Node `yaml:"ports"`
	ICMP         *icmpFile `yaml:"icmp"`
	Hops         string    `yaml:"hops"`
	Hypothetical bool      `yaml:"hypothetical"`
}

type icmpFile struct {
	Type *int `yaml:"type"`
	Code *int `yaml:"code"`
}

// endFile is an end that is an address with where it is.
type endFile struct {
	Address string `yaml:"address"`
	VPC     string `yaml:"vpc"`
	Subnet  string `yaml:"subnet"`
	Via     string `yaml:"via"`
}

// ParseIntents decodes a list of intents of a network; file names it in messages.
// It reports every fault of every intent at once, with its line. Whether their
// ends stand for anything is for [network.World.Keep].
func ParseIntents(data []byte, file string) ([]*network.Intent, error) {
	var nodes []yaml.Node
	if err := yaml.Load(data, &nodes); err != nil {
		return nil, intentError(file, 0, err)
	}
	if len(nodes) == 0 {
		return nil, intentError(file, 0, errors.New("there is no intent in it"))
	}
	var out []*network.Intent
	var errs []error
	lines := map[string]int{}
	for i := range nodes {
		in, err := parseIntent(&nodes[i], file)
		if err == nil && lines[in.ID] > 0 {
			err = fmt.Errorf("the id %s is already that of line %d", in.ID, lines[in.ID])
		}
		if err != nil {
			errs = append(errs, intentError(file, nodes[i].Line, err))
			continue
		}
		lines[in.ID] = nodes[i].Line
		out = append(out, in)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

func parseIntent(n *yaml.Node, file string) (*network.Intent, error) {
	if n.Kind != yaml.MappingNode {
		return nil, errors.New("an intent is a mapping with id, from, to and must")
	}
	var f intentFile
	if err := n.Load(&f, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	in := &network.Intent{ID: f.ID, Title: f.Title, Must: network.Must(f.Must), Proto: f.Proto, Hypothetical: f.Hypothetical, Place: haetae.Place{File: file, Line: n.Line}}
	if f.ICMP != nil {
		in.ICMP = &network.ICMP{Type: f.ICMP.Type, Code: f.ICMP.Code}
	}
	switch f.Hops {
	case "", "direct":
	case "any":
		in.Relayed = true
	default:
		return nil, fmt.Errorf("hops: %s is neither direct nor any", f.Hops)
	}
	var errs []error
	for _, side := range []struct {
		name string
		from *yaml.Node
		into *[]network.Term
	}{{"from", &f.From, &in.From}, {"to", &f.To, &in.To}, {"via", &f.Via, &in.Via}} {
		var err error
		if *side.into, err = terms(side.name, side.from); err != nil {
			errs = append(errs, err)
		}
	}
	if f.Port.Kind != 0 && f.Ports.Kind != 0 {
		errs = append(errs, errors.New("port and ports say the same: give one of them"))
	}
	for _, p := range []*yaml.Node{&f.Port, &f.Ports} {
		for _, x := range listed(p) {
			if x.Kind != yaml.ScalarNode || x.Tag == "!!null" {
				errs = append(errs, fmt.Errorf("line %d: a port is a number or a range such as 8000-8100", x.Line))
				continue
			}
			in.Ports = append(in.Ports, x.Value)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return in, in.Check()
}

// listed is the elements of a list, or the one value that stands for a list of it.
func listed(n *yaml.Node) []*yaml.Node {
	switch n.Kind {
	case 0:
		return nil
	case yaml.SequenceNode:
		return n.Content
	}
	return []*yaml.Node{n}
}

// terms reads the ends of one side.
func terms(side string, n *yaml.Node) ([]network.Term, error) {
	var out []network.Term
	var errs []error
	for _, x := range listed(n) {
		t := network.Term{Line: x.Line}
		switch {
		case x.Kind == yaml.ScalarNode && x.Tag != "!!null" && strings.TrimSpace(x.Value) != "":
			text := strings.TrimSpace(x.Value)
			rest, not := strings.CutPrefix(text, "not ")
			t.Not = not
			t.End = network.ParseEnd(strings.TrimSpace(rest))
			if t.End == (network.End{}) {
				errs = append(errs, fmt.Errorf("line %d: %s: %q names no end", x.Line, side, text))
			}
		case x.Kind == yaml.MappingNode:
			var e endFile
			if err := x.Load(&e, yaml.WithKnownFields()); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", side, err))
				continue
			}
			places := 0
			for _, s := range []string{e.VPC, e.Subnet, e.Via} {
				if s != "" {
					places++
				}
			}
			if e.Address == "" || places > 1 {
				errs = append(errs, fmt.Errorf("line %d: %s: an end that is a mapping has an address and at most one of vpc, subnet and via", x.Line, side))
			}
			t.End = network.End{Address: e.Address, VPC: e.VPC, Subnet: e.Subnet, Via: e.Via}
		default:
			errs = append(errs, fmt.Errorf("line %d: %s: an end is a text or a mapping with an address", x.Line, side))
		}
		out = append(out, t)
	}
	return out, errors.Join(errs...)
}

func intentError(file string, line int, err error) error {
	if line > 0 {
		file += ":" + strconv.Itoa(line)
	}
	return &haetae.Error{Code: haetae.Invalid, Op: file, Err: err, Hint: "docs/network.md describes the form of an intent."}
}
