package network

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

// wilderness is a network of random shape: accounts, regions, VPCs, subnets and
// interfaces, some of which the internet reaches.
func wilderness(t *testing.T, r *rand.Rand) *World {
	t.Helper()
	s := &haetae.Snapshot{}
	type m = map[string]any
	for a := range 1 + r.IntN(6) {
		account := fmt.Sprintf("%012d", a)
		s.Coverage = append(s.Coverage, haetae.Coverage{Account: account, Type: "*", Status: haetae.Complete})
		for v := range r.IntN(8) {
			region := []string{"eu-west-1", "us-east-1"}[r.IntN(2)]
			add := func(typ, id string, props, observed m) {
				s.Resources = append(s.Resources, &haetae.Resource{Type: typ, ID: id, Account: account, Region: region, Props: props, Observed: observed, Origin: haetae.Origin{Source: "cli"}})
			}
			vpc := fmt.Sprintf("vpc-%d-%d", a, v)
			add("AWS::EC2::VPC", vpc, m{"CidrBlock": "10.0.0.0/16"}, nil)
			add("AWS::EC2::InternetGateway", "igw-"+vpc, m{"Attachments": []any{m{"VpcId": vpc}}}, nil)
			add("AWS::EC2::RouteTable", "rtb-"+vpc, m{"VpcId": vpc, "Routes": []any{m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-" + vpc}}, "Associations": []any{m{"Main": true}}}, nil)
			add("AWS::EC2::NetworkAcl", "acl-"+vpc, m{"VpcId": vpc, "Entries": []any{
				m{"RuleNumber": int64(1), "Egress": false, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"},
				m{"RuleNumber": int64(1), "Egress": true, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}}}, m{"IsDefault": true})
			open := []any{m{"IpProtocol": "tcp", "FromPort": int64(443), "ToPort": int64(443), "CidrIp": "0.0.0.0/0"}}
			add("AWS::EC2::SecurityGroup", "sg-"+vpc, m{"VpcId": vpc, "GroupDescription": "open", "SecurityGroupIngress": open, "SecurityGroupEgress": []any{}}, nil)
			for n := range r.IntN(12) {
				sub := fmt.Sprintf("subnet-%d-%d-%d", a, v, n)
				add("AWS::EC2::Subnet", sub, m{"VpcId": vpc, "CidrBlock": fmt.Sprintf("10.0.%d.0/24", n), "AvailabilityZone": region + string(rune('a'+n%5))}, nil)
				for i := range r.IntN(20) {
					observed := m{}
					if r.IntN(3) == 0 {
						observed["PublicIp"] = fmt.Sprintf("52.%d.%d.%d", a*8+v, n, i)
					}
					add("AWS::EC2::NetworkInterface", fmt.Sprintf("eni-%s-%d", sub, i), m{"SubnetId": sub, "GroupSet": []any{"sg-" + vpc}, "PrivateIpAddress": fmt.Sprintf("10.0.%d.%d", n, 5+i)}, observed)
				}
			}
		}
	}
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Build(graph.New(sch, graph.Assemble(sch, s, graph.Options{HashKey: []byte("test")})))
}

// TestFoldingKeepsTheLimitAndLosesNothing folds random networks to random sizes:
// whatever is no longer drawn by itself is counted where it went.
func TestFoldingKeepsTheLimitAndLosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 300))
	reached := 0
	for range 30 {
		w := wilderness(t, r)
		limit := 3 + r.IntN(320)
		a, err := w.survey(MapOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if a.all.nics != len(w.nics) || a.all.reached != len(w.Exposure()) {
			t.Fatalf("%+v, of %d interfaces, %d exposed", a.all, len(w.nics), len(w.Exposure()))
		}
		reached += a.all.reached
		a.shrink(limit)
		if n := a.size(); n > limit {
			t.Fatalf("%d boxes, at most %d are allowed", n, limit)
		}
		if got := a.counted(t); got != a.all {
			t.Fatalf("limit %d: %+v is drawn of %+v", limit, got, a.all)
		}
		a.draw()
	}
	if reached < 50 {
		t.Errorf("the internet reaches %d interfaces only: what is reached is hardly tested", reached)
	}
}

// counted adds up what is in the boxes as they are drawn.
func (a *atlas) counted(t *testing.T) tally {
	t.Helper()
	var sum tally
	if a.rest != nil {
		sum.add(*a.rest)
	}
	for _, acct := range a.accounts {
		if acct.folded {
			sum.add(acct.sum)
			continue
		}
		sum.accounts++
		for _, r := range acct.regions {
			if r.folded {
				sum.add(r.sum)
				continue
			}
			sum.regions++
			sum.nics += len(r.loose)
			if r.rest != nil {
				sum.add(*r.rest)
			}
			for _, v := range r.vpcs {
				if v.folded {
					sum.add(v.sum)
					continue
				}
				sum.vpcs++
				for _, z := range v.zones {
					for _, s := range z.subnets {
						sum.subnets += len(s.of)
						for _, c := range s.chips {
							sum.nics += len(c.nics)
							for _, n := range c.nics {
								if e, ok := a.exposed[n]; ok && e.Verdict == Reachable {
									sum.reached++
									if c.verdict != Reachable {
										t.Errorf("%s hides that the internet reaches %s", c.name, n.id)
									}
								}
							}
						}
					}
				}
			}
		}
	}
	return sum
}
