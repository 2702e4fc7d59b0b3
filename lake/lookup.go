package lake

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/haetae/haetae"
)

// lookupRow is a DNS query as its file has it: the columns of AWS's table
// (https://docs.aws.amazon.com/athena/latest/ug/querying-r53-resolver-logs.html).
type lookupRow struct {
	At      int64  `parquet:"haetae_time,delta,timestamp(microsecond)"`
	ID      string `parquet:"haetae_id,dict"` // see shortID
	File    string `parquet:"haetae_file,dict"`
	Line    int64  `parquet:"haetae_line,delta"`
	Account string `parquet:"account_id,optional,dict"`
	Region  string `parquet:"region,optional,dict"`
	VPC     string `parquet:"vpc_id,optional,dict"`

	Time  string `parquet:"query_timestamp,dict"`
	Name  string `parquet:"query_name,dict"` // as haetae compares it: lower case, without the dot at its end
	Type  string `parquet:"query_type,optional,dict"`
	Class string `parquet:"query_class,optional,dict"`
	Code  string `parquet:"rcode,optional,dict"`

	Answers   []answerRow `parquet:"answers,list"`
	Src       string      `parquet:"srcaddr,optional,dict"`
	SrcPort   int32       `parquet:"srcport,dict"`
	Transport string      `parquet:"transport,optional,dict"`
	Srcids    srcids      `parquet:"srcids"`

	FirewallAction string `parquet:"firewall_rule_action,optional,dict"`
	FirewallGroup  string `parquet:"firewall_rule_group_id,optional,dict"`
	FirewallList   string `parquet:"firewall_domain_list_id,optional,dict"`
}

type answerRow struct {
	Data  string `parquet:"rdata,optional,dict"`
	Type  string `parquet:"type,optional,dict"`
	Class string `parquet:"class,optional,dict"`
}

type srcids struct {
	Instance  string `parquet:"instance,optional,dict"`
	Endpoint  string `parquet:"resolver_endpoint,optional,dict"`
	Interface string `parquet:"resolver_network_interface,optional,dict"`
}

// set fills in a row, with room for its answers.
func (r *lookupRow) set(l *haetae.Lookup, addr names) {
	answers := r.Answers[:0]
	for _, a := range l.Answers {
		answers = append(answers, answerRow{a.Data, a.Type, a.Class})
	}
	*r = lookupRow{At: l.Time.UnixMicro(), ID: shortID(l.ID, l.Place.Line), File: l.Place.File, Line: int64(l.Place.Line), Account: l.Account, Region: l.Region, VPC: l.VPC,
		Time: l.Time.UTC().Format(time.RFC3339Nano), Name: l.Name, Type: l.Type, Class: l.Class, Code: l.Code, Answers: answers,
		Src: addr.of(l.Src), SrcPort: int32(l.SrcPort), Transport: l.Transport, Srcids: srcids{l.Instance, l.Endpoint, l.Interface},
		FirewallAction: l.FirewallAction, FirewallGroup: l.FirewallGroup, FirewallList: l.FirewallList}
}

// lookup is the record of a row.
func (r *lookupRow) lookup() (haetae.Lookup, error) {
	l := haetae.Lookup{Place: haetae.Place{File: r.File, Line: int(r.Line)}, ID: longID(r.ID, int(r.Line)), Account: r.Account, Region: r.Region, VPC: r.VPC,
		Name: r.Name, Type: r.Type, Class: r.Class, Code: r.Code, SrcPort: uint16(r.SrcPort), Transport: r.Transport,
		Instance: r.Srcids.Instance, Endpoint: r.Srcids.Endpoint, Interface: r.Srcids.Interface,
		FirewallAction: r.FirewallAction, FirewallGroup: r.FirewallGroup, FirewallList: r.FirewallList}
	for _, a := range r.Answers {
		l.Answers = append(l.Answers, haetae.Answer{Data: a.Data, Type: a.Type, Class: a.Class})
	}
	var err error
	if l.Time, err = time.Parse(time.RFC3339Nano, r.Time); err != nil {
		return l, fmt.Errorf("query %s: %w", r.ID, err)
	}
	if r.Src != "" {
		if l.Src, err = netip.ParseAddr(r.Src); err != nil {
			return l, fmt.Errorf("query %s: %w", r.ID, err)
		}
	}
	return l, nil
}
