//go:build cgo && !nolake

package lake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// views are the statements that make the table of a log, and its aliases, over files.
func (t *Table) views(files []string) []string {
	from := "read_parquet(" + listSQL(files) + ", hive_partitioning = true, hive_types = {'haetae_day': VARCHAR}, union_by_name = true)"
	out := []string{fmt.Sprintf("CREATE VIEW %s AS SELECT %s FROM %s", t.Name, strings.Join(t.selected(), ", "), from)}
	for _, alias := range t.Aliases {
		if schema, _, ok := strings.Cut(alias, "."); ok {
			out = append(out, "CREATE SCHEMA IF NOT EXISTS "+schema)
		}
		out = append(out, fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM main.%s", alias, t.Name))
	}
	return out
}

// selected are the columns of the table: those of AWS's, then those by which AWS's tables
// are partitioned, then haetae's own.
func (t *Table) selected() []string {
	var out, names []string
	add := func(name, expression string) {
		if slices.Contains(names, name) {
			return
		}
		names = append(names, name)
		out = append(out, expression+" AS "+quotedName(name))
	}
	own := func(list string) {
		for name := range strings.FieldsSeq(list) {
			add(name, quotedName(name))
		}
	}
	none := func(kind, list string) {
		for name := range strings.FieldsSeq(list) {
			add(name, "CAST(NULL AS "+kind+")")
		}
	}
	account, region := colAccount, colRegion
	switch t.Log {
	case haetae.VPCFlow:
		none("INTEGER", "version")
		own("account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status vpc_id subnet_id instance_id tcp_flags")
		none("VARCHAR", "type")
		own("pkt_srcaddr pkt_dstaddr")
		none("VARCHAR", "az_id sublocation_type sublocation_id")
		own("pkt_src_aws_service pkt_dst_aws_service flow_direction traffic_path reject_reason region")
		add("aws_account_id", "account_id")
		account, region = "account_id", "region"
	case haetae.TransitFlow:
		own("account_id tgw_id tgw_attachment_id srcaddr dstaddr srcport dstport protocol packets bytes start end log_status tcp_flags region flow_direction pkt_src_aws_service pkt_dst_aws_service")
		account, region = "account_id", "region"
	case haetae.ResolverQuery:
		none("VARCHAR", "version")
		own("account_id region vpc_id query_timestamp query_name query_type query_class rcode answers srcaddr")
		add("srcport", "srcport")
		own("transport srcids firewall_rule_action firewall_rule_group_id firewall_domain_list_id")
		account, region = "account_id", "region"
	}
	for i := range t.columns {
		c := &t.columns[i]
		shape := shapeOfTree(t.Log, c.json)
		if c.kind == tree && shape != "" {
			add(c.name(), fmt.Sprintf("from_json(%s, %s)", quotedName(c.name()), quotedSQL(shape)))
		} else {
			add(c.name(), quotedName(c.name()))
		}
	}
	if t.Log == haetae.ALBConnection { // AWS's page has both names
		add("conn_trace_id", "conn_trace_id")
	}
	add("account", account)
	add("region", region)
	add("day", "replace(haetae_day, '-', '/')")
	add("timestamp", "replace(haetae_day, '-', '/')")
	add("date", "CAST(haetae_day AS DATE)")
	add("haetae_time", "haetae_time")
	add("haetae_file", "haetae_file")
	add("haetae_line", "haetae_line")
	if t.columns != nil {
		add("haetae_rest", "haetae_rest")
	}
	return out
}

func quotedName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// shapeOfTree is the type that a column of objects or lists has in AWS's table, in the
// words of from_json; "" for what is a string there.
func shapeOfTree(log haetae.Log, name string) string {
	const match = `[{"conditiontype":"VARCHAR","sensitivitylevel":"VARCHAR","location":"VARCHAR","matcheddata":["VARCHAR"]}]`
	const challenge = `{"responsecode":"VARCHAR","solvetimestamp":"VARCHAR","failurereason":"VARCHAR"}`
	switch log {
	case haetae.CloudTrail:
		switch name {
		case "resources":
			return `[{"ARN":"VARCHAR","accountId":"VARCHAR","type":"VARCHAR"}]`
		case "addendum":
			return `{"reason":"VARCHAR","updatedFields":"VARCHAR","originalRequestID":"VARCHAR","originalEventID":"VARCHAR"}`
		}
	case haetae.WAF:
		switch name {
		case "httpRequest":
			return `{"clientIp":"VARCHAR","country":"VARCHAR","headers":[{"name":"VARCHAR","value":"VARCHAR"}],"uri":"VARCHAR","args":"VARCHAR","httpVersion":"VARCHAR","httpMethod":"VARCHAR","requestId":"VARCHAR","fragment":"VARCHAR","scheme":"VARCHAR","host":"VARCHAR"}`
		case "labels":
			return `[{"name":"VARCHAR"}]`
		case "requestHeadersInserted":
			return `[{"name":"VARCHAR","value":"VARCHAR"}]`
		case "terminatingRuleMatchDetails":
			return strings.NewReplacer("conditiontype", "conditionType", "sensitivitylevel", "sensitivityLevel", "matcheddata", "matchedData").Replace(match)
		case "captchaResponse", "challengeResponse":
			return strings.NewReplacer("responsecode", "responseCode", "solvetimestamp", "solveTimestamp", "failurereason", "failureReason").Replace(challenge)
		case "rateBasedRuleList":
			return `[{"rateBasedRuleId":"VARCHAR","limitKey":"VARCHAR","maxRateAllowed":"INTEGER"}]`
		case "nonTerminatingMatchingRules":
			return `[{"ruleId":"VARCHAR","action":"VARCHAR","overriddenAction":"VARCHAR","ruleMatchDetails":[{"conditionType":"VARCHAR","sensitivityLevel":"VARCHAR","location":"VARCHAR","matchedData":["VARCHAR"]}]}]`
		case "ruleGroupList":
			return `[{"ruleGroupId":"VARCHAR","terminatingRule":{"ruleId":"VARCHAR","action":"VARCHAR"},"nonTerminatingMatchingRules":[{"ruleId":"VARCHAR","action":"VARCHAR","overriddenAction":"VARCHAR"}],"excludedRules":"VARCHAR"}]`
		}
	case haetae.EKSAudit:
		switch name {
		case "user", "impersonatedUser":
			return `{"username":"VARCHAR","uid":"VARCHAR","groups":["VARCHAR"],"extra":"JSON"}`
		case "sourceIPs", "groups":
			return `["VARCHAR"]`
		case "objectRef":
			return `{"resource":"VARCHAR","namespace":"VARCHAR","name":"VARCHAR","uid":"VARCHAR","apiGroup":"VARCHAR","apiVersion":"VARCHAR","resourceVersion":"VARCHAR","subresource":"VARCHAR"}`
		case "responseStatus":
			return `{"status":"VARCHAR","message":"VARCHAR","reason":"VARCHAR","code":"INTEGER"}`
		}
	case haetae.NetworkFirewall:
		if name == "event" {
			return `{"timestamp":"VARCHAR","flow_id":"BIGINT","event_type":"VARCHAR","src_ip":"VARCHAR","src_port":"INTEGER","dest_ip":"VARCHAR","dest_port":"INTEGER","proto":"VARCHAR","app_proto":"VARCHAR","alert":{"action":"VARCHAR","signature_id":"BIGINT","rev":"INTEGER","signature":"VARCHAR","category":"VARCHAR","severity":"INTEGER"},"netflow":{"pkts":"BIGINT","bytes":"BIGINT","start":"VARCHAR","end":"VARCHAR","age":"BIGINT","min_ttl":"INTEGER","max_ttl":"INTEGER"},"http":"JSON","tls":"JSON"}`
		}
	case haetae.SecurityHub:
		switch name {
		case "Types":
			return `["VARCHAR"]`
		case "Severity":
			return `{"Label":"VARCHAR","Normalized":"INTEGER","Original":"VARCHAR","Product":"DOUBLE"}`
		case "Workflow":
			return `{"Status":"VARCHAR"}`
		case "Compliance":
			return `{"Status":"VARCHAR","SecurityControlId":"VARCHAR"}`
		case "Resources":
			return `[{"Type":"VARCHAR","Id":"VARCHAR","Partition":"VARCHAR","Region":"VARCHAR","Details":"JSON"}]`
		}
	}
	return ""
}
