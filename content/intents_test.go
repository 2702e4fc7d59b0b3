package content

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/network"
)

const wholeIntents = `# what the network is for
- id: inspected
  title: All of it passes the firewall
  from: [internet, "tag:tier=web", not i-1]
  to: {address: 10.0.0.0/16, vpc: vpc-1}
  via:
    - vpce-1
    - {address: 10.0.0.5}
  must: through
  proto: tcp
  ports: [443, "8000-8100"]
  hops: any
- {id: ping, from: 10.0.1.5@subnet-1, to: 10.9.0.0/16@vgw-1, must: reach, icmp: {type: 8, code: 0}, hypothetical: true}
- {id: one, from: a, to: b, must: never, port: 22}
`

func TestAnIntentIsReadWhole(t *testing.T) {
	list, err := ParseIntents([]byte(wholeIntents), "i.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 {
		t.Fatalf("%d intents, want 3", len(list))
	}
	x := list[0]
	if x.ID != "inspected" || x.Title != "All of it passes the firewall" || x.Must != network.MustThrough || x.Proto != "tcp" || strings.Join(x.Ports, " ") != "443 8000-8100" || !x.Relayed || x.Place != (haetae.Place{File: "i.yaml", Line: 2}) {
		t.Errorf("%+v", x)
	}
	want := []network.Term{{End: network.End{ID: "internet"}, Line: 4}, {End: network.End{ID: "tag:tier=web"}, Line: 4}, {End: network.End{ID: "i-1"}, Not: true, Line: 4},
		{End: network.End{Address: "10.0.0.0/16", VPC: "vpc-1"}, Line: 5}, {End: network.End{ID: "vpce-1"}, Line: 7}, {End: network.End{Address: "10.0.0.5"}, Line: 8}}
	got := append(append(append([]network.Term{}, x.From...), x.To...), x.Via...)
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("end %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	p := list[1]
	if p.From[0].End != (network.End{Address: "10.0.1.5", Subnet: "subnet-1"}) || p.To[0].End != (network.End{Address: "10.9.0.0/16", Via: "vgw-1"}) || p.ICMP == nil || *p.ICMP.Type != 8 || *p.ICMP.Code != 0 || !p.Hypothetical || p.Relayed {
		t.Errorf("%+v", p)
	}
	if strings.Join(list[2].Ports, " ") != "22" {
		t.Errorf("%+v", list[2])
	}
}

func TestFaultsOfIntentsNameTheFileAndTheLine(t *testing.T) {
	const good = "- {id: a, from: x, to: y, must: never}\n"
	for name, c := range map[string]struct{ text, want string }{
		"a key that nobody knows":            {good + "- {id: b, from: x, to: y, must: never, prot: tcp}\n", "i.yaml:2"},
		"a key that nobody knows further in": {good + "- {id: b, from: {address: 10.0.0.1, vpx: a}, to: y, must: never}\n", "i.yaml:2: from"},
		"no id":                              {"\n\n- {from: x, to: y, must: never}\n", "i.yaml:3: id is missing"},
		"no sender":                          {"- {id: b, to: y, must: never}\n", "from is missing"},
		"only who does not send":             {"- {id: b, from: not x, to: y, must: never}\n", "from is missing"},
		"an end that is nothing":             {"- {id: b, from: x, to: , must: never}\n", "i.yaml:1: line 1: to"},
		"an end that is a list":              {"- id: b\n  from: x\n  to:\n    - [y]\n  must: never\n", "line 4: to"},
		"an end without an address":          {"- {id: b, from: {vpc: vpc-1}, to: y, must: never}\n", "has an address"},
		"an end in two places":               {"- {id: b, from: {address: 10.0.0.1, vpc: vpc-1, subnet: s}, to: y, must: never}\n", "at most one"},
		"no must":                            {"- {id: b, from: x, to: y}\n", "must is missing"},
		"a must that nobody knows":           {"- {id: b, from: x, to: y, must: always}\n", "always"},
		"through nothing":                    {"- {id: b, from: x, to: y, must: through}\n", "via is missing"},
		"via without through":                {"- {id: b, from: x, to: y, must: never, via: z}\n", "via is for"},
		"hosts on a way that must be":        {"- {id: b, from: x, to: y, must: reach, hops: any}\n", "hops: any"},
		"hops that are neither":              {"- {id: b, from: x, to: y, must: never, hops: 3}\n", "hops: 3"},
		"port and ports":                     {"- {id: b, from: x, to: y, must: never, port: 1, ports: [2]}\n", "give one of them"},
		"a port that is none":                {"- {id: b, from: x, to: y, must: never, port: https}\n", "https"},
		"a port that is a mapping":           {"- {id: b, from: x, to: y, must: never, port: {from: 1}}\n", "a port is"},
		"ports of a protocol without":        {"- {id: b, from: x, to: y, must: never, proto: icmp, port: 1}\n", "has no ports"},
		"an id twice":                        {good + good, "i.yaml:2: the id a is already that of line 1"},
		"no list":                            {"id: a\n", "i.yaml"},
		"an empty file":                      {"", "no documents"},
		"an empty list":                      {"[]", "no intent"},
		"an intent that is a text":           {"- a\n", "i.yaml:1: an intent is a mapping"},
		"no YAML":                            {": :", "i.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := ParseIntents([]byte(c.text), "i.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "i.yaml") || list != nil {
				t.Fatalf("error is %v, want one with %q and the file", err, c.want)
			}
			if haetae.HintOf(err) == "" {
				t.Error("no next step")
			}
		})
	}
}

// FuzzParseIntents reads any text as intents: what is read passes its own check
// and has a place.
func FuzzParseIntents(f *testing.F) {
	for _, s := range []string{wholeIntents, "- {id: a, from: x, to: y, must: never}", "[]", "- ", "- {id: a, from: [not x, y], to: {address: '::/0', via: vgw-1}, must: through, via: z, icmp: {}}", "- &a {id: a, from: x, to: y, must: never}\n- *a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseIntents([]byte(text), "f.yaml")
		if err != nil && list != nil {
			t.Fatalf("an error and intents: %v", err)
		}
		seen := map[string]bool{}
		for _, in := range list {
			if err := in.Check(); err != nil {
				t.Fatalf("%q passes and then does not: %v", text, err)
			}
			if in.Place.File != "f.yaml" || in.Place.Line < 1 || seen[in.ID] {
				t.Fatalf("%q: place %+v, id %q", text, in.Place, in.ID)
			}
			seen[in.ID] = true
		}
	})
}
