package ingest

import (
	"strings"
	"testing"
)

const resolverText = `{"version":"1.100000","account_id":"111122223333","region":"us-west-1","vpc_id":"vpc-1","query_timestamp":"2026-11-01T10:00:00Z","query_name":"WWW.Example.COM.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"203.0.113.7","Type":"A","Class":"IN"},{"Rdata":"alias.example.com.","Type":"CNAME","Class":"IN"}],"srcaddr":"10.0.0.5","srcport":"56067","transport":"UDP","srcids":{"instance":"i-1","resolver_endpoint":"rslvr-in-1","resolver_network_interface":"rni-1"},"firewall_rule_group_id":"rslvr-frg-1","firewall_rule_action":"BLOCK","firewall_domain_list_id":"rslvr-fdl-1"}`

func TestAQueryLogBecomesLookups(t *testing.T) {
	for form, text := range forms(resolverText) {
		h := readKey(t, "k", text, ReadOptions{})
		if len(h.lookups) != 1 || !h.stats.Whole() {
			t.Errorf("%s: %d lookups, %+v", form, len(h.lookups), h.stats)
			continue
		}
		l := h.lookups[0]
		if l.Name != "www.example.com" || l.Type != "A" || l.Class != "IN" || l.Code != "NOERROR" || l.Account != "111122223333" || l.Region != "us-west-1" || l.VPC != "vpc-1" ||
			l.Src.String() != "10.0.0.5" || l.SrcPort != 56067 || l.Transport != "UDP" || l.Instance != "i-1" || l.Endpoint != "rslvr-in-1" || l.Interface != "rni-1" ||
			l.FirewallAction != "BLOCK" || l.FirewallGroup != "rslvr-frg-1" || l.FirewallList != "rslvr-fdl-1" || l.ID == "" || l.Time.Unix() != 1793527200 ||
			len(l.Answers) != 2 || l.Answers[1].Data != "alias.example.com." || l.Answers[1].Type != "CNAME" {
			t.Errorf("%s: %+v", form, l)
		}
	}
}

func TestWhatOfALookupCannotBeReadIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		from, to, want  string
		records, fields int
	}{
		"a port that is a number":         {`"56067"`, `56067`, "", 1, 0},
		"a port that is none":             {`"56067"`, `"99999"`, "srcport", 1, 1},
		"an address that is none":         {`"10.0.0.5"`, `"nowhere"`, "srcaddr", 1, 1},
		"no answers":                      {`"answers":[{"Rdata":"203.0.113.7","Type":"A","Class":"IN"},{"Rdata":"alias.example.com.","Type":"CNAME","Class":"IN"}],`, ``, "", 1, 0},
		"the root":                        {`"WWW.Example.COM."`, `"."`, "", 1, 0},
		"a time that is none":             {`2026-11-01T10:00:00Z`, `yesterday`, "query_timestamp", 0, 0},
		"a time that cannot be written":   {`2026-11-01T10:00:00Z`, `9999-12-31T23:59:59-12:00`, "query_timestamp", 0, 0},
		"a member of another type":        {`"srcids":{`, `"srcids":"x","old":{`, "srcids", 1, 1},
		"a member twice":                  {`"rcode":"NOERROR"`, `"rcode":"NOERROR","rcode":"NOERROR"`, "", 1, 0},
		"a name that is no UTF-8":         {"Example", "Ex\xffample", "no UTF-8", 1, 1},
		"a member that nobody knows, too": {`"version"`, `"colour":{"a":["b"]},"version"`, "", 1, 0},
	} {
		h := readKey(t, "k", strings.Replace(resolverText, c.from, c.to, 1), ReadOptions{})
		if len(h.lookups) != c.records || h.stats.UnreadFields != c.fields || h.stats.UnreadRecords != 1-c.records {
			t.Errorf("%s: %d lookups, %+v", name, len(h.lookups), h.stats)
		}
		if c.want != "" && (len(h.stats.Problems) == 0 || !strings.Contains(h.stats.Problems[0].Reason, c.want)) {
			t.Errorf("%s: %+v, want %q", name, h.stats.Problems, c.want)
		}
	}
}
