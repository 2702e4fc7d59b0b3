package oracle

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

func (p *parser) pcx(w words) error {
	a, err := p.get(w.at[2], "AWS::EC2::VPC")
	if err != nil {
		return err
	}
	b, err := p.get(w.at[3], "AWS::EC2::VPC")
	if err != nil {
		return err
	}
	p.add("AWS::EC2::VPCPeeringConnection", w.at[1], a.ID, map[string]any{"VpcId": a.ID, "PeerVpcId": b.ID, "PeerOwnerId": b.Account, "PeerRegion": b.Region},
		map[string]any{"Status": cmp.Or(w.by["status"], "active"), "RequesterCidrBlocks": []any{a.Props["CidrBlock"]}, "AccepterCidrBlocks": []any{b.Props["CidrBlock"]}})
	return nil
}

func (p *parser) vpce(w words) error {
	props := map[string]any{"VpcId": w.at[2], "SubnetIds": []any{}, "SecurityGroupIds": []any{}, "RouteTableIds": []any{}}
	switch w.at[3] {
	case "gateway":
		props["VpcEndpointType"], props["ServiceName"] = "Gateway", "com.amazonaws."+region+".s3"
	case "gwlb":
		if len(w.at) < 5 {
			return fmt.Errorf("no subnet")
		}
		props["VpcEndpointType"], props["SubnetIds"] = "GatewayLoadBalancer", []any{w.at[4]}
		props["ServiceName"] = "com.amazonaws.vpce." + region + ".vpce-svc-0123456789abcdef0"
	default:
		return fmt.Errorf("%q is no kind of endpoint", w.at[3])
	}
	p.add("AWS::EC2::VPCEndpoint", w.at[1], w.at[2], props, map[string]any{"State": "available"})
	return nil
}

func (p *parser) tgw(w words) error {
	references := "disable"
	if w.flag(2, "references") {
		references = "enable"
	}
	p.add("AWS::EC2::TransitGateway", w.at[1], "", map[string]any{"SecurityGroupReferencingSupport": references}, map[string]any{"State": "available"})
	return nil
}

func (p *parser) attach(w words) error {
	props, observed := map[string]any{"TransitGatewayId": w.at[2]}, map[string]any{"State": "available", "ResourceId": w.at[3], "ResourceType": "vpc"}
	onOff := func(on bool) string {
		if on {
			return "enable"
		}
		return "disable"
	}
	if strings.HasPrefix(w.at[3], "vpc-") {
		if len(w.at) < 5 {
			return fmt.Errorf("no subnets")
		}
		props["VpcId"], props["SubnetIds"] = w.at[3], listed(w.at[4], plain)
		props["Options"] = map[string]any{"ApplianceModeSupport": onOff(w.flag(5, "appliance")), "SecurityGroupReferencingSupport": onOff(!w.flag(5, "noreferences"))}
	} else if strings.HasPrefix(w.at[3], "tgw-") {
		observed["ResourceType"] = "peering"
	} else {
		observed["ResourceType"] = "vpn"
	}
	p.add("AWS::EC2::TransitGatewayAttachment", w.at[1], w.at[3], props, observed)
	return nil
}

func (p *parser) tgwTable(w words) error {
	one := func(s string) any { return map[string]any{"TransitGatewayAttachmentId": s} }
	r := p.add("AWS::EC2::TransitGatewayRouteTable", w.at[1], "", map[string]any{"TransitGatewayId": w.at[2], "Routes": []any{},
		"Associations": listed(w.by["assoc"], one), "Propagations": listed(w.by["prop"], one)}, map[string]any{"State": "available"})
	for a := range strings.SplitSeq(w.by["assoc"], ",") {
		if at := p.byID[a]; at != nil {
			at.Observed["TransitGatewayRouteTableId"] = r.ID
		}
	}
	// A search of the table shows what is propagated beside what is static.
	for a := range strings.SplitSeq(w.by["prop"], ",") {
		at := p.byID[a]
		if at == nil || at.Props["VpcId"] == nil {
			continue
		}
		v, err := p.get(text(at.Props, "VpcId"), "AWS::EC2::VPC")
		if err != nil {
			return err
		}
		all := []string{text(v.Props, "CidrBlock")}
		for _, b := range items(v.Props["CidrBlocks"]) {
			all = append(all, text(b, "CidrBlock")+text(b, "Ipv6CidrBlock"))
		}
		for _, c := range all {
			push(r, "Routes", map[string]any{"DestinationCidrBlock": c, "TransitGatewayAttachmentId": a, "Blackhole": false, "Type": "propagated"})
		}
	}
	return nil
}

func (p *parser) tgwRoute(w words) error {
	r, err := p.get(w.at[1], "AWS::EC2::TransitGatewayRouteTable")
	if err != nil {
		return err
	}
	dest := "DestinationCidrBlock"
	if strings.HasPrefix(w.at[2], "pl-") {
		dest = "PrefixListId"
	}
	one := map[string]any{dest: w.at[2], "Blackhole": w.at[3] == "blackhole", "Type": "static"}
	if w.at[3] != "blackhole" {
		one["TransitGatewayAttachmentId"] = w.at[3]
	}
	// A static route takes the place of the propagated one to the same place.
	kept := []any{}
	for _, x := range items(r.Props["Routes"]) {
		if text(x, dest) != w.at[2] {
			kept = append(kept, x)
		}
	}
	r.Props["Routes"] = append(kept, one)
	return nil
}

func firewallARN(kind, name string) string {
	return "arn:aws:network-firewall:" + region + ":" + account + ":" + kind + "/" + name
}

func (p *parser) firewall(w words) error {
	name, order := w.at[1], "DEFAULT_ACTION_ORDER"
	if w.flag(4, "strict") {
		order = "STRICT_ORDER"
	}
	e, err := p.get(w.at[3], "AWS::EC2::VPCEndpoint")
	if err != nil {
		return err
	}
	s, err := p.get(texts(e.Props["SubnetIds"])[0], "AWS::EC2::Subnet")
	if err != nil {
		return err
	}
	otherwise := "aws:" + cmp.Or(w.by["otherwise"], "forward_to_sfe")
	policy := map[string]any{"StatelessDefaultActions": []any{otherwise}, "StatelessFragmentDefaultActions": []any{otherwise},
		"StatelessRuleGroupReferences": []any{}, "StatefulRuleGroupReferences": []any{}, "StatefulEngineOptions": map[string]any{"RuleOrder": order}}
	policy["StatefulDefaultActions"] = listed(w.by["last"], func(s string) any { return "aws:" + s })
	p.add("AWS::NetworkFirewall::FirewallPolicy", firewallARN("firewall-policy", name), w.at[2], map[string]any{"FirewallPolicyName": name, "FirewallPolicy": policy}, nil)
	p.add("AWS::NetworkFirewall::Firewall", firewallARN("firewall", name), w.at[2], map[string]any{"FirewallName": name, "VpcId": w.at[2],
		"FirewallPolicyArn": firewallARN("firewall-policy", name), "SubnetMappings": []any{map[string]any{"SubnetId": s.ID}}},
		map[string]any{"FirewallArn": firewallARN("firewall", name), "EndpointIds": []any{text(s.Props, "AvailabilityZone") + ":" + e.ID},
			"Endpoints": []any{map[string]any{"AvailabilityZone": s.Props["AvailabilityZone"], "SubnetId": s.ID, "EndpointId": e.ID, "Status": "READY"}}})
	return nil
}

// ruleGroup returns the source of a rule group of a firewall, which it makes
// when it is not there.
func (p *parser) ruleGroup(name, kind string, priority int64) (map[string]any, error) {
	policy, err := p.get(firewallARN("firewall-policy", name), "")
	if err != nil {
		return nil, err
	}
	arn := firewallARN(strings.ToLower(kind)+"-rulegroup", name+strconv.FormatInt(priority, 10))
	r := p.byID[arn]
	if r == nil {
		group := map[string]any{"RulesSource": map[string]any{}}
		body, _ := policy.Props["FirewallPolicy"].(map[string]any)
		if kind == "STATEFUL" && text(body["StatefulEngineOptions"], "RuleOrder") == "STRICT_ORDER" {
			group["StatefulRuleOptions"] = map[string]any{"RuleOrder": "STRICT_ORDER"}
		}
		r = p.add("AWS::NetworkFirewall::RuleGroup", arn, "", map[string]any{"RuleGroupName": suffix(arn), "Type": kind, "Capacity": int64(100), "RuleGroup": group}, map[string]any{"RuleGroupArn": arn})
		r.Account, r.Region = policy.Account, policy.Region
		ref := map[string]any{"ResourceArn": arn}
		if kind == "STATELESS" || group["StatefulRuleOptions"] != nil {
			ref["Priority"] = priority
		}
		list := map[string]string{"STATELESS": "StatelessRuleGroupReferences", "STATEFUL": "StatefulRuleGroupReferences"}[kind]
		body[list] = append(items(body[list]), any(ref))
	}
	return source(r), nil
}

func (p *parser) stateless(w words) error {
	priority, err := strconv.ParseInt(w.at[2], 10, 64)
	if err != nil {
		return err
	}
	s, err := p.ruleGroup(w.at[1], "STATELESS", 1)
	if err != nil {
		return err
	}
	n, err := protocol(w.at[4])
	if err != nil {
		return err
	}
	match := map[string]any{}
	if n != -1 {
		match["Protocols"] = []any{int64(n)}
	}
	for i, side := range []string{"Source", "Destination"} {
		match[side+"s"] = []any{map[string]any{"AddressDefinition": w.at[5+2*i]}}
		if _, from, to, err := scope("tcp", w.at[6+2*i]); err != nil {
			return err
		} else if from >= 0 {
			match[side+"Ports"] = []any{map[string]any{"FromPort": from, "ToPort": to}}
		}
	}
	list, _ := s["StatelessRulesAndCustomActions"].(map[string]any)
	if list == nil {
		list = map[string]any{}
		s["StatelessRulesAndCustomActions"] = list
	}
	list["StatelessRules"] = append(items(list["StatelessRules"]), any(map[string]any{"Priority": priority,
		"RuleDefinition": map[string]any{"Actions": []any{"aws:" + w.at[3]}, "MatchAttributes": match}}))
	return nil
}

func (p *parser) stateful(x []string) error {
	if len(x) < 10 {
		return fmt.Errorf("%d words are not enough", len(x))
	}
	priority, err := strconv.ParseInt(x[2], 10, 64)
	if err != nil {
		return err
	}
	s, err := p.ruleGroup(x[1], "STATEFUL", priority)
	if err != nil {
		return err
	}
	p.sids++
	options := strings.Join(x[10:], " ")
	s["RulesString"] = text(s, "RulesString") + strings.Join(x[3:10], " ") + " (" + options + "sid:" + strconv.FormatInt(p.sids, 10) + "; rev:1;)\n"
	return nil
}

func (p *parser) statefulFields(x []string) error {
	if len(x) != 10 {
		return fmt.Errorf("%d words are not ten", len(x))
	}
	priority, err := strconv.ParseInt(x[2], 10, 64)
	if err != nil {
		return err
	}
	s, err := p.ruleGroup(x[1], "STATEFUL", priority)
	if err != nil {
		return err
	}
	p.sids++
	s["StatefulRules"] = append(items(s["StatefulRules"]), any(map[string]any{"Action": x[3],
		"Header":      map[string]any{"Protocol": x[4], "Source": x[5], "SourcePort": x[6], "Direction": x[7], "Destination": x[8], "DestinationPort": x[9]},
		"RuleOptions": []any{map[string]any{"Keyword": "sid", "Settings": []any{strconv.FormatInt(p.sids, 10)}}}}))
	return nil
}

func (p *parser) bpa(w words) error {
	at := place{cmp.Or(w.by["account"], account), cmp.Or(w.by["region"], region)}
	p.blocks[at] = w.at[1]
	return nil
}

func (p *parser) exclude(w words) error {
	props := map[string]any{"InternetGatewayExclusionMode": w.at[2]}
	if strings.HasPrefix(w.at[1], "subnet-") {
		props["SubnetId"] = w.at[1]
	} else {
		props["VpcId"] = w.at[1]
	}
	p.add("AWS::EC2::VPCBlockPublicAccessExclusion", "vpcbpa-exclude-"+w.at[1], w.at[1], props, map[string]any{"ExclusionId": "vpcbpa-exclude-" + w.at[1]})
	return nil
}

func balancerARN(kind, name string) string {
	return "arn:aws:elasticloadbalancing:" + region + ":" + account + ":" + kind + "/" + name
}

func (p *parser) balancer(w words) error {
	short := map[string]string{"application": "app", "network": "net"}[w.at[2]]
	if short == "" {
		return fmt.Errorf("%q is no kind of load balancer", w.at[2])
	}
	full := short + "/" + w.at[1] + "/0123456789abcdef"
	subnets, zones, vpcID, scheme := []any{}, []any{}, "", "internal"
	for id := range strings.SplitSeq(w.at[3], ",") {
		e, err := p.get(id, "AWS::EC2::NetworkInterface")
		if err != nil {
			return err
		}
		e.Props["Description"] = "ELB " + full
		if short == "net" {
			e.Props["InterfaceType"] = "network_load_balancer"
		}
		delete(e.Props, "Attachment")
		e.Observed["RequesterManaged"], e.Observed["RequesterId"] = true, "amazon-elb"
		subnets = append(subnets, e.Props["SubnetId"])
		zones = append(zones, map[string]any{"ZoneName": e.Observed["AvailabilityZone"], "SubnetId": e.Props["SubnetId"], "Addresses": []any{}})
		vpcID = text(e.Observed, "VpcId")
		if e.Observed["PublicIp"] != nil {
			scheme = "internet-facing"
		}
	}
	p.add("AWS::ElasticLoadBalancingV2::LoadBalancer", balancerARN("loadbalancer", full), vpcID, map[string]any{"Name": w.at[1], "Type": w.at[2], "Scheme": scheme,
		"SecurityGroups": listed(w.by["sg"], plain), "Subnets": subnets, "LoadBalancerAttributes": []any{
			map[string]any{"Key": "load_balancing.cross_zone.enabled", "Value": cmp.Or(w.by["cross"], strconv.FormatBool(short == "app"))}}}, map[string]any{"VpcId": vpcID, "State": "active", "AvailabilityZones": zones,
		"LoadBalancerFullName": full, "LoadBalancerName": w.at[1]})
	p.byID["lb "+w.at[1]] = p.byID[balancerARN("loadbalancer", full)]
	return nil
}

func (p *parser) targets(w words) error {
	port, err := strconv.ParseInt(w.at[5], 10, 64)
	if err != nil {
		return err
	}
	attributes := []any{}
	if v := w.by["preserve"]; v != "" {
		attributes = append(attributes, map[string]any{"Key": "preserve_client_ip.enabled", "Value": v})
	}
	arn := balancerARN("targetgroup", w.at[1]+"/0123456789abcdef")
	p.byID["tg "+w.at[1]] = p.add("AWS::ElasticLoadBalancingV2::TargetGroup", arn, w.at[2], map[string]any{"Name": w.at[1], "Protocol": w.at[4], "Port": port,
		"TargetType": w.at[3], "VpcId": w.at[2], "TargetGroupAttributes": attributes,
		"Targets": listed(w.at[6], func(s string) any { return map[string]any{"Id": s, "Port": port} })}, map[string]any{"LoadBalancerArns": []any{}})
	return nil
}

func (p *parser) listener(w words) error {
	b, err := p.get("lb "+w.at[1], "")
	if err != nil {
		return err
	}
	g, err := p.get("tg "+w.at[4], "")
	if err != nil {
		return err
	}
	port, err := strconv.ParseInt(w.at[3], 10, 64)
	if err != nil {
		return err
	}
	g.Observed["LoadBalancerArns"] = []any{b.ID}
	_, full, _ := strings.Cut(b.ID, ":loadbalancer/")
	p.add("AWS::ElasticLoadBalancingV2::Listener", balancerARN("listener", full+"/"+w.at[3]), b.ID, map[string]any{"LoadBalancerArn": b.ID, "Protocol": w.at[2], "Port": port,
		"DefaultActions": []any{map[string]any{"Type": "forward", "TargetGroupArn": g.ID}}}, nil)
	return nil
}
