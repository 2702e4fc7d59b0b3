package terraform

import (
	"maps"
)

// shape makes the trees of the resources that one instance stands for.
type shape func(in *instance, tree map[string]any) []map[string]any

// shapes are the steps before the conversion that names alone cannot say. Each
// takes the tree of one resource and returns one tree for each resource that it
// stands for. A tree that is given may be shared: what changes is copied.
func shapes() map[string]shape {
	return map[string]shape{
		"security_group":      securityGroup,
		"security_group_rule": securityGroupRule,
		"ingress_rule":        func(in *instance, t map[string]any) []map[string]any { return direction(in, t, "ingress") },
		"egress_rule":         func(in *instance, t map[string]any) []map[string]any { return direction(in, t, "egress") },
		"network_acl":         networkACL,
		"network_acl_rule":    func(_ *instance, t map[string]any) []map[string]any { return one(entry(maps.Clone(t))) },
		"gateway_attachment":  func(in *instance, t map[string]any) []map[string]any { return attachment(in, t, "internet_gateway_id") },
		"vpn_attachment":      func(in *instance, t map[string]any) []map[string]any { return attachment(in, t, "vpn_gateway_id") },
		"flow_log":            flowLog,
		"dynamodb_table":      dynamoDBTable,
		"route":               func(_ *instance, t map[string]any) []map[string]any { return one(routed(t)) },
		"route_table":         routeTable,
		"method_settings":     methodSettings,
		"parameters":          parameters, "search_domain": searchDomain, "eks_cluster": eksCluster, "kinesis_stream": kinesisStream, "firehose": firehose, "event_rule": eventRule, "event_target": eventTarget, "sns_topic": snsTopic,
	}
}

func one(t map[string]any) []map[string]any { return []map[string]any{t} }

// securityGroup writes one rule for each source or destination of a block. A
// group without egress blocks lets nothing out: the provider takes away the rule
// that AWS gives new groups.
func securityGroup(in *instance, t map[string]any) []map[string]any {
	t = maps.Clone(t)
	for _, k := range []string{"ingress", "egress"} {
		switch v := t[k].(type) {
		case []any:
			rules := []any{}
			for _, b := range v {
				m, ok := b.(map[string]any)
				if !ok {
					rules = append(rules, b)
					continue
				}
				for _, r := range expanded(in, m, k) {
					rules = append(rules, r)
				}
			}
			t[k] = rules
		case nil:
			if k == "egress" {
				t[k] = []any{}
			}
		}
	}
	return one(t)
}

// expanded makes the rules of a block, each with one source or destination.
func expanded(in *instance, b map[string]any, dir string) []map[string]any {
	base := map[string]any{}
	for _, k := range []string{"from_port", "to_port", "protocol", "description"} {
		if b[k] != nil && b[k] != "" {
			base[k] = b[k]
		}
	}
	end := "Source"
	if dir == "egress" {
		end = "Destination"
	}
	var out []map[string]any
	add := func(k string, v any) {
		r := maps.Clone(base)
		r[k] = v
		out = append(out, r)
	}
	for _, k := range []struct{ from, to string }{
		{"cidr_blocks", "CidrIp"}, {"ipv6_cidr_blocks", "CidrIpv6"}, {"prefix_list_ids", end + "PrefixListId"}, {"security_groups", end + "SecurityGroupId"},
	} {
		switch v := b[k.from].(type) {
		case []any:
			for _, e := range v {
				add(k.to, e)
			}
		case *hole:
			for _, h := range v.each() {
				add(k.to, h)
			}
		}
	}
	if v := b["source_security_group_id"]; v != nil {
		add(end+"SecurityGroupId", v)
	}
	if b["self"] == true {
		group := b["security_group_id"]
		if group == nil {
			group = &hole{targets: []target{{in, "id"}}}
		}
		add(end+"SecurityGroupId", group)
	}
	return out
}

// securityGroupRule makes the rules of an aws_security_group_rule.
func securityGroupRule(in *instance, t map[string]any) []map[string]any {
	dir, ok := t["type"].(string)
	if !ok {
		return nil
	}
	var out []map[string]any
	for _, r := range expanded(in, t, dir) {
		r["security_group_id"] = t["security_group_id"]
		r["type"] = dir
		out = append(out, r)
	}
	return out
}

// direction leaves only rules of one direction.
func direction(in *instance, t map[string]any, dir string) []map[string]any {
	var out []map[string]any
	for _, r := range securityGroupRule(in, t) {
		if r["type"] == dir {
			delete(r, "type")
			out = append(out, r)
		}
	}
	return out
}

// networkACL writes the blocks of an ACL as its entries.
func networkACL(_ *instance, t map[string]any) []map[string]any {
	t = maps.Clone(t)
	entries := []any{}
	for _, dir := range []string{"ingress", "egress"} {
		list, ok := t[dir].([]any)
		if !ok && t[dir] != nil {
			return one(t)
		}
		for _, b := range list {
			m, ok := b.(map[string]any)
			if !ok {
				continue
			}
			m = maps.Clone(m)
			m["egress"] = dir == "egress"
			entries = append(entries, entry(m))
		}
		delete(t, dir)
	}
	if len(entries) > 0 {
		t["entries"] = entries
	}
	subnets := t["subnet_ids"]
	if h, ok := subnets.(*hole); ok {
		subnets = h.each()
	}
	associations := []any{}
	for _, s := range listOf(subnets) {
		associations = append(associations, map[string]any{"subnet_id": s})
	}
	if len(associations) > 0 {
		t["associations"] = associations
	}
	return one(t)
}

// entry names the members of an ACL's entry as aws_network_acl_rule does.
func entry(m map[string]any) map[string]any {
	for _, k := range []struct{ from, to string }{
		{"rule_no", "rule_number"}, {"action", "rule_action"},
	} {
		if m[k.from] != nil {
			m[k.to] = m[k.from]
			delete(m, k.from)
		}
	}
	for _, k := range []string{"cidr_block", "ipv6_cidr_block"} {
		if m[k] == "" {
			delete(m, k)
		}
	}
	switch m["protocol"] {
	case "all":
		m["protocol"] = int64(-1)
	case "icmp":
		m["protocol"] = int64(1)
	case "tcp":
		m["protocol"] = int64(6)
	case "udp":
		m["protocol"] = int64(17)
	}
	m["port_range"] = map[string]any{"from": m["from_port"], "to": m["to_port"]}
	return m
}

// flowLog says what the log is of.
func flowLog(_ *instance, t map[string]any) []map[string]any {
	t = maps.Clone(t)
	for _, k := range []struct{ from, typ string }{
		{"vpc_id", "VPC"}, {"subnet_id", "Subnet"}, {"eni_id", "NetworkInterface"},
		{"transit_gateway_id", "TransitGateway"}, {"transit_gateway_attachment_id", "TransitGatewayAttachment"},
	} {
		if t[k.from] != nil {
			t["resource_id"], t["resource_type"] = t[k.from], k.typ
		}
	}
	return one(t)
}

// dynamoDBTable writes the keys of a table and of its indexes as lists.
func dynamoDBTable(_ *instance, t map[string]any) []map[string]any {
	t = keyed(t)
	for _, k := range []string{"global_secondary_index", "local_secondary_index"} {
		list, _ := t[k].([]any)
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = e
			if m, ok := e.(map[string]any); ok {
				out[i] = keyed(m)
			}
		}
		if len(out) > 0 {
			t[k] = out
		}
	}
	return one(t)
}

func keyed(t map[string]any) map[string]any {
	t = maps.Clone(t)
	var keys []any
	for _, k := range []struct{ from, typ string }{{"hash_key", "HASH"}, {"range_key", "RANGE"}} {
		if t[k.from] != nil {
			keys = append(keys, map[string]any{"attribute_name": t[k.from], "key_type": k.typ})
		}
	}
	if keys != nil {
		t["key_schema"] = keys
	}
	return t
}

// routeTable names the members of inline routes as aws_route does.
func routeTable(_ *instance, t map[string]any) []map[string]any {
	list, ok := t["route"].([]any)
	if !ok {
		return one(t)
	}
	t = maps.Clone(t)
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = e
		if m, ok := e.(map[string]any); ok {
			out[i] = routed(m)
		}
	}
	t["route"] = out
	return one(t)
}

func routed(m map[string]any) map[string]any {
	m = maps.Clone(m)
	for _, k := range []struct{ from, to string }{
		{"cidr_block", "destination_cidr_block"}, {"ipv6_cidr_block", "destination_ipv6_cidr_block"},
		{"egress_only_gateway_id", "egress_only_internet_gateway_id"},
	} {
		if m[k.from] != nil {
			m[k.to] = m[k.from]
			delete(m, k.from)
		}
	}
	for k, v := range m {
		if v == "" {
			delete(m, k)
		}
	}
	return m
}

// methodSettings puts the settings of a path beside the path: */* is all.
func methodSettings(_ *instance, t map[string]any) []map[string]any {
	t = maps.Clone(t)
	s := map[string]any{}
	if list, ok := t["settings"].([]any); ok && len(list) == 1 {
		if m, ok := list[0].(map[string]any); ok {
			s = maps.Clone(m)
		}
	}
	delete(t, "settings")
	if p, ok := t["method_path"].(string); ok {
		i := len(p)
		for i > 0 && p[i-1] != '/' {
			i--
		}
		if i > 0 {
			s["resource_path"], s["http_method"] = "/"+p[:i-1], p[i:]
		}
	}
	t["method_settings"] = []any{s}
	return one(t)
}

// attachment makes the attachment that a gateway with a VPC has in itself.
func attachment(in *instance, t map[string]any, by string) []map[string]any {
	return one(map[string]any{"vpc_id": t["vpc_id"], by: &hole{targets: []target{{in, "id"}}}})
}

// parameters writes the parameters of a group as a map, and keeps the list.
func parameters(_ *instance, t map[string]any) []map[string]any {
	t = maps.Clone(t)
	m := map[string]any{}
	var list []any
	for _, b := range blocksOf(t["parameter"]) {
		name, ok := b["name"].(string)
		if !ok {
			continue
		}
		m[name] = b["value"]
		list = append(list, map[string]any{"ParameterName": name, "ParameterValue": b["value"]})
	}
	if list != nil {
		t["parameters"], t["parameter_list"] = m, list
	}
	return one(t)
}

// searchDomain writes the list of logs as a map by their kind, and the version
// of the engine as AWS does.
func searchDomain(_ *instance, t map[string]any) []map[string]any {
	t = maps.Clone(t)
	logs := map[string]any{}
	for _, b := range blocksOf(t["log_publishing_options"]) {
		if kind, ok := b["log_type"].(string); ok {
			m := maps.Clone(b)
			delete(m, "log_type")
			logs[kind] = m
		}
	}
	delete(t, "log_publishing_options")
	if len(logs) > 0 {
		t["log_publishing_options"] = logs
	}
	return one(t)
}

// eksCluster writes the kinds of logs as CloudFormation does.
func eksCluster(_ *instance, t map[string]any) []map[string]any {
	t = maps.Clone(t)
	var kinds []any
	for _, k := range listOf(t["enabled_cluster_log_types"]) {
		kinds = append(kinds, map[string]any{"type": k})
	}
	if kinds != nil {
		t["enabled_cluster_log_types"] = kinds
	}
	return one(t)
}

// kinesisStream leaves out an encryption that is none.
func kinesisStream(_ *instance, t map[string]any) []map[string]any {
	if t["encryption_type"] == "NONE" {
		t = maps.Clone(t)
		delete(t, "encryption_type")
		delete(t, "kms_key_id")
	}
	return one(t)
}

// firehose leaves out an encryption that is off: the provider has a switch for
// it, CloudFormation has the block or not.
func firehose(_ *instance, t map[string]any) []map[string]any {
	for _, b := range blocksOf(t["server_side_encryption"]) {
		if b["enabled"] == false {
			t = maps.Clone(t)
			delete(t, "server_side_encryption")
		}
	}
	return one(t)
}

// eventRule takes the newer of two switches.
func eventRule(_ *instance, t map[string]any) []map[string]any {
	if t["state"] != nil {
		t = maps.Clone(t)
		delete(t, "is_enabled")
	}
	return one(t)
}

// eventTarget makes the one target of a rule.
func eventTarget(_ *instance, t map[string]any) []map[string]any {
	return one(map[string]any{"rule": t["rule"], "targets": []any{map[string]any{"id": t["target_id"], "arn": t["arn"], "role_arn": t["role_arn"]}}})
}

// snsTopic writes the feedback of each protocol as an item of a list.
func snsTopic(_ *instance, t map[string]any) []map[string]any {
	t = maps.Clone(t)
	var logs []any
	for _, p := range []struct{ from, name string }{
		{"application", "application"}, {"firehose", "firehose"}, {"http", "http/s"}, {"lambda", "lambda"}, {"sqs", "sqs"},
	} {
		m := map[string]any{}
		for _, k := range []string{"success_feedback_role_arn", "success_feedback_sample_rate", "failure_feedback_role_arn"} {
			if v := t[p.from+"_"+k]; v != nil {
				m[k] = v
			}
		}
		if len(m) > 0 {
			m["protocol"] = p.name
			logs = append(logs, m)
		}
	}
	if logs != nil {
		t["delivery_status_logging"] = logs
	}
	return one(t)
}
