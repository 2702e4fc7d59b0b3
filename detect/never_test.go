package detect_test

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/sigma"
)

func TestARuleThatCanMatchNoRecordIsNamedWithTheReason(t *testing.T) {
	fields := func(log haetae.Log) []string {
		if log == haetae.CloudTrail {
			return []string{"eventName", "userIdentity.type", "userIdentity.sessionContext.attributes.mfaAuthenticated", "requestParameters.*"}
		}
		return nil
	}
	for name, c := range map[string]struct{ source, search, want string }{
		"a field that records have":               {"{product: aws, service: cloudtrail}", "{eventName: x}", ""},
		"a field below one that is free":          {"{product: aws, service: cloudtrail}", "{requestParameters.a.b: x}", ""},
		"an object":                               {"{product: aws, service: cloudtrail}", "{userIdentity|contains: x}", ""},
		"what EventBridge puts around":            {"{product: aws, service: cloudtrail}", "{detail.eventName: x, detail-type: y}", ""},
		"a field of our own":                      {"{product: aws, service: cloudtrail}", "{haetae.actor.kind: root}", ""},
		"a field that none has":                   {"{product: aws, service: cloudtrail}", "{EventID: 1}", "records of cloudtrail have no field EventID"},
		"a name in other letters":                 {"{product: aws, service: cloudtrail}", "{eventname: x}", "no field eventname (is eventName meant?)"},
		"a member at the wrong place":             {"{product: aws, service: cloudtrail}", "{userIdentity.mfaAuthenticated: x}", "no field userIdentity.mfaAuthenticated"},
		"below a text":                            {"{product: aws, service: cloudtrail}", "{eventName.x: y}", "no field eventName.x"},
		"a field of our own that is none":         {"{product: aws, service: cloudtrail}", "{haetae.actor.shoe: x}", "no field haetae.actor.shoe"},
		"two fields, of which one is none":        {"{product: aws, service: cloudtrail}", "{eventName: x, user: y}", "no field user"},
		"a field of flows":                        {"{product: aws, service: vpcflow}", "{dstport: 22}", ""},
		"a field that flows do not have":          {"{product: aws, service: vpcflow}", "{dst_port: 22}", "records of vpcflow have no field dst_port"},
		"a field of lookups":                      {"{product: aws, service: route53resolver}", "{answers.Rdata: x}", ""},
		"a log whose fields are not known":        {"{product: aws, service: guardduty}", "{anything: x}", ""},
		"all logs of AWS, of which some are open": {"{product: aws}", "{anything: x}", ""},
		"a log of another product":                {"{product: windows, service: security}", "{EventID: 1}", "haetae reads no log of windows/security"},
		"a log of AWS that is not read":           {"{product: aws, service: config}", "{x: 1}", "haetae reads no log of aws/config"},
		"a kind of log that has no product":       {"{category: proxy}", "{x: 1}", "haetae reads no log of proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			own, err := sigma.Parse("r.yml", []byte("title: T\nid: r\nlogsource: "+c.source+"\ndetection: {s: "+c.search+", condition: s}\n"))
			if err != nil {
				t.Fatal(err)
			}
			rules, refused := detect.NewRules(nil, own)
			if len(refused) > 0 {
				t.Fatal(refused)
			}
			got := rules.Never(sigma.Options{}, fields)
			if c.want == "" {
				if len(got) > 0 {
					t.Errorf("%v", got[0])
				}
				return
			}
			if len(got) != 1 || !strings.HasPrefix(got[0].Error(), `r.yml:1: rule "T": it can never match: `) || !strings.Contains(got[0].Error(), c.want) {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

func TestARuleThatMayStillMatchIsNotNamed(t *testing.T) {
	own, err := sigma.Parse("r.yml", []byte("title: T\nid: r\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: [{eventName: x}, {gone: y}], f: {also.gone: z}, condition: s and not f}\n"))
	if err != nil {
		t.Fatal(err)
	}
	rules, _ := detect.NewRules(nil, own)
	fields := func(haetae.Log) []string { return []string{"eventName"} }
	if got := rules.Never(sigma.Options{}, fields); len(got) > 0 {
		t.Errorf("%v", got)
	}
	m, err := sigma.Compile(own.Rules[0], sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := detect.Unknown(m, fields); !strings.HasSuffix(got, "have no field also.gone, gone") {
		t.Errorf("what no record has: %q", got)
	}
}
