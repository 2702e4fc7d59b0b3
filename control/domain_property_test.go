package control

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

// A maker makes random values by kind, some of them unknown; the kind of an
// unknown stands in its Path, so that it can be completed by making another.
type maker struct {
	*rand.Rand
	holes float64 // how often a value is left unknown
}

func (m *maker) one(options ...any) any { return options[m.Intn(len(options))] }

func (m *maker) make(kind string) any {
	if m.holes > 0 && m.Float64() < m.holes {
		return &haetae.Unknown{Reason: haetae.Unresolved, Path: kind, Set: m.Intn(2) == 0}
	}
	if list, ok := strings.CutPrefix(kind, "some "); ok {
		if m.Intn(3) == 0 {
			return m.make(list)
		}
		out := []any{}
		for range m.Intn(3) + 1 {
			out = append(out, m.make(list))
		}
		if m.holes > 0 && m.Intn(8) == 0 {
			return &haetae.OpenList{Items: out, Why: &haetae.Unknown{Reason: haetae.Denied, Path: list}}
		}
		return out
	}
	switch kind {
	case "policy":
		return map[string]any{"Version": "2012-10-17", "Statement": m.make("some statement")}
	case "statement":
		if m.Intn(6) == 0 { // one that is about transport
			key := m.one([]any{"Bool", "aws:SecureTransport", "false"}, []any{"NumericLessThan", "s3:TlsVersion", "1.2"}).([]any)
			return map[string]any{"Effect": "Deny", "Principal": m.make("everybody"), "Action": m.make("every action"), "Resource": m.make("buckets"),
				"Condition": map[string]any{key[0].(string): map[string]any{key[1].(string): m.one(key[2], m.make("some value"))}}}
		}
		st := map[string]any{"Effect": m.make("effect"), "Resource": m.make("some resource")}
		st[m.one("Action", "Action", "Action", "NotAction").(string)] = m.make("some action")
		st[m.one("Principal", "Principal", "Principal", "NotPrincipal").(string)] = m.make("principal")
		if m.Intn(2) == 0 {
			st["Condition"] = m.make("condition")
		}
		return st
	case "everybody":
		return m.one("*", "*", "*", map[string]any{"AWS": m.make("some account")})
	case "every action":
		return m.one("s3:*", "*", "sqs:*", "s3:GetObject")
	case "buckets":
		return m.one("*", []any{m.make("resource"), "arn:aws:s3:::b/*"}, []any{"arn:aws:s3:::b", m.make("resource")})
	case "effect":
		return m.one("Allow", "Allow", "Deny")
	case "principal":
		switch m.Intn(4) {
		case 0:
			return "*"
		case 1:
			return map[string]any{"Service": m.make("some service")}
		case 2:
			return map[string]any{"Federated": m.make("federated")}
		}
		return map[string]any{"AWS": m.make("some account")}
	case "account":
		if m.holes > 0 && m.Intn(5) == 0 {
			return &haetae.Unknown{Path: "digits", Parts: []string{"arn:aws:iam::", ":root"}, Plain: true, Set: true}
		}
		return m.one("*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:role/r")
	case "digits":
		return m.one("111122223333", "444455556666", "777788889999")
	case "service":
		return m.one("lambda.amazonaws.com", "s3.amazonaws.com")
	case "federated":
		return m.one("graph.facebook.com", "arn:aws:iam::111122223333:oidc-provider/x")
	case "action":
		if m.holes > 0 && m.Intn(5) == 0 {
			return &haetae.Unknown{Path: "word", Parts: []string{"s3:", ""}, Set: true}
		}
		return m.one("*", "s3:*", "s3:GetObject", "S3:Get*", "iam:PassRole", "sqs:*", "*:*")
	case "word":
		return m.one("*", "GetObject", "Put*", "a", "")
	case "resource":
		if m.holes > 0 && m.Intn(5) == 0 {
			return &haetae.Unknown{Path: "word", Parts: []string{"arn:aws:s3:::b", "/*"}, Set: true}
		}
		return m.one("*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:iam::111122223333:role/*", "arn:aws:sqs:us-east-1:111122223333:q")
	case "condition":
		c := map[string]any{}
		for range m.Intn(2) + 1 {
			op := m.one("StringEquals", "StringLike", "Bool", "IpAddress", "StringEqualsIfExists", "NumericLessThan").(string)
			c[op] = m.make("entries")
		}
		return c
	case "entries":
		key := m.one("aws:SourceArn", "AWS:SourceVpce", "aws:SecureTransport", "aws:SourceIp", "s3:TlsVersion", "iam:PassedToService").(string)
		return map[string]any{key: m.make("some value")}
	case "value":
		if m.holes > 0 && m.Intn(5) == 0 {
			return &haetae.Unknown{Path: "digits", Parts: []string{"arn:aws:sns:us-east-1:", ":t"}, Plain: true, Set: true}
		}
		return m.one("false", "1.2", "x", "vpce-*", "10.0.0.0/8", "0.0.0.0/0", "arn:aws:sns:us-east-1:1:t")

	case "rule":
		r := map[string]any{"IpProtocol": m.make("protocol")}
		if m.Intn(5) > 0 {
			r["FromPort"], r["ToPort"] = m.make("from"), m.make("to")
		}
		switch m.Intn(5) {
		case 0:
			r["CidrIpv6"] = m.make("cidr6")
		case 1:
			r["SourceSecurityGroupId"] = "sg-1"
		default:
			r["CidrIp"] = m.make("cidr")
		}
		return r
	case "protocol":
		return m.one("tcp", "6", int64(6), "udp", "-1", int64(-1), "icmp", "47")
	case "from":
		return m.one(int64(0), int64(22), int64(20), "80")
	case "to":
		return m.one(int64(21), int64(22), int64(23), int64(65535), "90")
	case "cidr":
		if m.holes > 0 && m.Intn(4) == 0 {
			return &haetae.Unknown{Path: "address", Parts: []string{"", m.one("/1", "/2", "/32").(string)}, Plain: true, Set: true}
		}
		return m.one("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "0.0.0.0/2", "64.0.0.0/2")
	case "address":
		return m.one("0.0.0.0", "128.0.0.0", "10.1.2.3", "200.0.0.0")
	case "cidr6":
		return m.one("::/0", "::/1", "8000::/1", "2001:db8::/32")
	case "entry":
		e := map[string]any{
			"RuleNumber": m.make("number"), "Protocol": m.make("number protocol"),
			"RuleAction": m.make("action word"), "Egress": m.make("egress"),
			"PortRange": map[string]any{"From": m.make("from"), "To": m.make("to")},
		}
		if m.Intn(5) == 0 {
			e["Ipv6CidrBlock"] = m.make("cidr6")
		} else {
			e["CidrBlock"] = m.make("cidr")
		}
		return e
	case "number":
		return int64(m.Intn(lastRule) + 1)
	case "number protocol":
		return m.one(int64(6), int64(6), int64(-1), "17", int64(1))
	case "action word":
		return m.one("allow", "allow", "deny")
	case "egress":
		return m.one(false, false, false, true, nil)
	}
	panic(kind)
}

// complete makes all that is unknown in v known.
func (m *maker) complete(v any) any {
	switch x := v.(type) {
	case *haetae.Unknown:
		if len(x.Parts) > 1 {
			var b strings.Builder
			for i, p := range x.Parts {
				if i > 0 {
					b.WriteString(fmt.Sprint(m.make(x.Path)))
				}
				b.WriteString(p)
			}
			return b.String()
		}
		return m.make(x.Path)
	case *haetae.OpenList:
		out := m.complete(x.Items).([]any)
		for range m.Intn(3) {
			out = append(out, m.make(x.Why.Path))
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = m.complete(e)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			out[k] = m.complete(e)
		}
		return out
	}
	return v
}

// agrees tells whether the answer for a partly unknown input goes with that for
// a completion.
func agrees(partial, full any) bool {
	if isUnknown(partial) {
		return true
	}
	if open, ok := partial.(*haetae.OpenList); ok {
		for _, e := range open.Items {
			if contains3(full, e) == false {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(partial, full)
}

func contains3(list, e any) bool {
	for _, x := range list.([]any) {
		if reflect.DeepEqual(x, e) {
			return true
		}
	}
	return false
}

func TestNoAnswerIsContradictedByACompletion(t *testing.T) {
	world := func(f func(rules, protocol, from, to any) any, protocol string) func(any) any {
		return func(v any) any { return f(v, protocol, int64(22), int64(22)) }
	}
	for _, c := range []struct {
		name, kind string
		f          func(any) any
	}{
		{"policyPublic", "policy", policyPublic},
		{"policyAllowsAnyone", "policy", policyAllowsAnyone},
		{"policyStarPrincipal", "policy", policyStarPrincipal},
		{"policyAdmin", "policy", policyAdmin},
		{"policyAllows", "policy", func(v any) any { return policyAllows(v, "s3:GetObject", "arn:aws:s3:::b/k") }},
		{"policyAllows a pattern", "policy", func(v any) any { return policyAllows(v, "s3:Get*", "*") }},
		{"policyDenies", "policy", func(v any) any { return policyDenies(v, "s3:GetObject", "arn:aws:s3:::b/k") }},
		{"policyDeniesPlainHTTP", "policy", policyDeniesPlainHTTP},
		{"policyMinTLS", "policy", policyMinTLS},
		{"policyWildcardServices", "policy", policyWildcardServices},
		{"policyNotAction", "policy", policyNotAction},
		{"policyNotResource", "policy", policyNotResource},
		{"policyNotPrincipal", "policy", policyNotPrincipal},
		{"policyPassRoleAny", "policy", policyPassRoleAny},
		{"policyCrossAccount", "policy", func(v any) any { return policyCrossAccount(v, "111122223333") }},
		{"openToWorld", "some rule", world(openToWorld, "tcp")},
		{"openToWorld any", "some rule", world(openToWorld, "any")},
		{"openFrom", "some rule", func(v any) any { return openFrom(v, "tcp", int64(20), int64(25), "10.0.0.0/7") }},
		{"openPorts", "some rule", openPorts},
		{"allProtocols", "some rule", allProtocols},
		{"naclOpenToWorld", "some entry", world(naclOpenToWorld, "tcp")},
		{"naclIneffectiveDeny", "some entry", naclIneffectiveDeny},
		{"naclIneffectiveRules", "some entry", naclIneffectiveRules},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewSource(1))
			partial := &maker{rng, 0.06}
			full := &maker{rng, 0}
			undecided, loose := 0, 0
			for range 2500 {
				v := partial.make(c.kind)
				got := c.f(v)
				answers := map[string]bool{}
				for range 12 {
					done := full.complete(v)
					want := c.f(done)
					if isUnknown(want) {
						t.Fatalf("undecided for a known input: %s", text(done))
					}
					if !agrees(got, want) {
						t.Fatalf("%s is %v\nbut completed to %s\nit is %v", text(v), got, text(done), want)
					}
					answers[text(want)] = true
				}
				if isUnknown(got) {
					undecided++
					if len(answers) == 1 {
						loose++
					}
				}
			}
			t.Logf("%d undecided, of which %d have one answer in 12 completions", undecided, loose)
		})
	}
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
