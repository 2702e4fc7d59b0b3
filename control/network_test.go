package control

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

type props = map[string]any

// tiers is a VPC with a public server and a database behind it, which the server
// alone reaches.
func tiers(coverage ...haetae.Coverage) *haetae.Snapshot {
	const account = "111122223333"
	s := &haetae.Snapshot{Coverage: append([]haetae.Coverage{{Account: account, Type: "*", Status: haetae.Complete}}, coverage...)}
	add := func(typ, id string, p, observed props) {
		s.Resources = append(s.Resources, &haetae.Resource{Type: typ, ID: id, Account: account, Region: "us-east-1", Props: p, Observed: observed, Origin: haetae.Origin{Source: "cli"}})
	}
	rule := func(port int, more props) props {
		p := props{"IpProtocol": "tcp", "FromPort": int64(port), "ToPort": int64(port)}
		for k, v := range more {
			p[k] = v
		}
		return p
	}
	group := func(id string, in ...any) {
		add("AWS::EC2::SecurityGroup", id, props{"VpcId": "vpc-1", "GroupDescription": id, "SecurityGroupIngress": in, "SecurityGroupEgress": []any{props{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}}}, nil)
	}
	table := func(id string, association props, routes ...any) {
		add("AWS::EC2::RouteTable", id, props{"VpcId": "vpc-1", "Routes": append(routes, props{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}), "Associations": []any{association}}, nil)
	}
	acl := func(egress bool) props {
		return props{"RuleNumber": int64(100), "Egress": egress, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
	}
	add("AWS::EC2::VPC", "vpc-1", props{"CidrBlock": "10.0.0.0/16"}, nil)
	add("AWS::EC2::InternetGateway", "igw-1", props{"Attachments": []any{props{"VpcId": "vpc-1"}}}, nil)
	add("AWS::EC2::Subnet", "subnet-a", props{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a"}, nil)
	add("AWS::EC2::Subnet", "subnet-b", props{"VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a"}, nil)
	table("rtb-a", props{"SubnetId": "subnet-a"}, props{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"})
	table("rtb-main", props{"Main": true})
	add("AWS::EC2::NetworkAcl", "acl-1", props{"VpcId": "vpc-1", "Entries": []any{acl(false), acl(true)}}, props{"IsDefault": true})
	group("sg-web", rule(443, props{"CidrIp": "0.0.0.0/0"}), rule(22, props{"CidrIp": "198.51.100.0/24"}))
	group("sg-db", rule(5432, props{"SourceSecurityGroupId": "sg-web"}))
	add("AWS::EC2::NetworkInterface", "eni-web", props{"SubnetId": "subnet-a", "GroupSet": []any{"sg-web"}, "PrivateIpAddress": "10.0.0.10"}, props{"PublicIp": "203.0.113.10"})
	add("AWS::EC2::Instance", "i-web", props{"SubnetId": "subnet-a", "NetworkInterfaces": []any{props{"NetworkInterfaceId": "eni-web"}}}, nil)
	add("AWS::RDS::DBSubnetGroup", "db", props{"SubnetIds": []any{"subnet-b"}}, nil)
	add("AWS::RDS::DBInstance", "orders", props{"Engine": "postgres", "Port": "5432", "PubliclyAccessible": false, "DBSubnetGroupName": "db", "VPCSecurityGroups": []any{"sg-db"}}, nil)
	return s
}

func TestTheNetworkInExpressions(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	noRoutes := haetae.Coverage{Account: "111122223333", Region: "us-east-1", Type: "AWS::EC2::RouteTable", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"ec2:DescribeRouteTables"}}
	noInterfaces := haetae.Coverage{Account: "111122223333", Region: "us-east-1", Type: "AWS::EC2::NetworkInterface", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"ec2:DescribeNetworkInterfaces"}}
	web := `ref("i-web", "AWS::EC2::Instance")`
	for _, c := range []struct {
		name, expr string
		change     func(*haetae.Snapshot)
		coverage   []haetae.Coverage
		want       haetae.Status
		reason     string
	}{
		{"strangers reach the port that is open to all", `net.exposed(` + web + `, [443])`, nil, nil, haetae.Pass, ""},
		{"one port of several is enough", `net.exposed(` + web + `, [80, 443])`, nil, nil, haetae.Pass, ""},
		{"an office is not strangers", `net.exposed(` + web + `, [22])`, nil, nil, haetae.Fail, ""},
		{"any port", `net.exposed(` + web + `)`, nil, nil, haetae.Pass, ""},
		{"what has no public address is not reached", `net.exposed(r)`, nil, nil, haetae.Fail, ""},
		{"ports are counted", `net.exposed_ports(` + web + `) == 1 && net.exposed_ports(r) == 0`, nil, nil, haetae.Pass, ""},
		{"a finding names the way", `!net.exposed(` + web + `)`, nil, nil, haetae.Fail, "tcp 443: internet → igw-1 → acl-1 (100) → sg-web (tcp 443 from 0.0.0.0/0)"},
		{"the server reaches the database's port", `net.reaches(` + web + `, r, 5432)`, nil, nil, haetae.Pass, ""},
		{"and no other port", `net.reaches(` + web + `, r, 5433)`, nil, nil, haetae.Fail, ""},
		{"the internet does not reach the database", `net.reaches("internet", r, 5432)`, nil, nil, haetae.Fail, ""},
		{"an office reaches what is open to it", `net.reaches("198.51.100.0/24", ` + web + `, 22)`, nil, nil, haetae.Pass, ""},
		{"another does not", `net.reaches("192.0.2.0/24", ` + web + `, 22)`, nil, nil, haetae.Fail, ""},
		{"an end that is not there is unknown", `net.reaches("i-gone", r, 5432)`, nil, nil, haetae.Undecided, "i-gone"},
		{"the server is one step from the internet", `net.stepping_stones(r, [r.Port]).map(s, s.who) == ["i-web"]`, nil, nil, haetae.Pass, ""},
		{"a port that was not read matters where one is open", `net.stepping_stones(r, [r.Port]).map(s, s.who) == []`, func(s *haetae.Snapshot) {
			last(s).Props["Port"] = &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"rds:DescribeDBInstances"}}
		}, nil, haetae.Undecided, "rds:DescribeDBInstances"},
		{"a port that was not read does not matter where none is", `net.exposed(r, [r.Port])`, func(s *haetae.Snapshot) {
			last(s).Props["Port"] = &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"rds:DescribeDBInstances"}}
		}, nil, haetae.Fail, ""},
		{"routes that were not listed leave it open", `net.exposed(` + web + `)`, drop("AWS::EC2::RouteTable"), []haetae.Coverage{noRoutes}, haetae.Undecided, "ec2:DescribeRouteTables"},
		{"interfaces that were not listed do not make a private database public", `net.exposed(r)`, drop("AWS::EC2::NetworkInterface"), []haetae.Coverage{noInterfaces}, haetae.Fail, ""},
		{"interfaces that were not listed may be stepping stones", `net.stepping_stones(r, [r.Port]) == []`, drop("AWS::EC2::NetworkInterface"), []haetae.Coverage{noInterfaces}, haetae.Undecided, "ec2:DescribeNetworkInterfaces"},
		{"an association that was not read leaves both answers open", `net.exposed(` + web + `)`, func(s *haetae.Snapshot) {
			for _, r := range s.Resources {
				if r.ID == "rtb-a" {
					r.Props["Associations"] = &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"ec2:DescribeRouteTables"}}
				}
			}
		}, nil, haetae.Undecided, "ec2:DescribeRouteTables"},
		{"a VPC without a firewall has nothing to go around", `!net.inspected(ref("vpc-1", "AWS::EC2::VPC")) && net.bypasses(ref("vpc-1", "AWS::EC2::VPC")) == []`, nil, nil, haetae.Pass, ""},
		{"a resource without a place in the network is a fault", `net.exposed(ref("db", "AWS::RDS::DBSubnetGroup"))`, nil, nil, haetae.Undecided, "no place in the network"},
		{"what is no VPC is not inspected", `net.inspected(r)`, nil, nil, haetae.Undecided, "no VPC"},
		{"targets are asked of target groups", `net.exposed_targets(r) == []`, nil, nil, haetae.Undecided, "no targets"},
		{"a port is a number", `net.exposed(r, [true])`, nil, nil, haetae.Undecided, "a port is a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := NewSet(sch, []*Control{{Rule: haetae.Rule{ID: "test-it", Type: "AWS::RDS::DBInstance"}, Assert: c.expr}})
			if err != nil {
				t.Fatal(err)
			}
			snap := tiers(c.coverage...)
			if c.change != nil {
				c.change(snap)
			}
			g := graph.New(sch, graph.Assemble(sch, snap, graph.Options{}))
			n := 0
			for f, err := range set.Evaluate(g) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				said := f.Reason + strings.Join(f.Missing, " ")
				for _, e := range f.Evidence {
					said += " " + Show(e.Value)
				}
				if f.Status != c.want || !strings.Contains(said, c.reason) {
					t.Errorf("%s is %s (%s), not %s with %q", c.expr, f.Status, said, c.want, c.reason)
				}
			}
			if n != 1 {
				t.Errorf("%d findings", n)
			}
		})
	}
}

// last is the database.
func last(s *haetae.Snapshot) *haetae.Resource { return s.Resources[len(s.Resources)-1] }

// drop takes out what was not listed.
func drop(typ string) func(*haetae.Snapshot) {
	return func(s *haetae.Snapshot) {
		kept := s.Resources[:0]
		for _, r := range s.Resources {
			if r.Type != typ {
				kept = append(kept, r)
			}
		}
		s.Resources = kept
	}
}
