package ingest

import (
	"bytes"

	"github.com/haetae/haetae"
)

// albColumns are those of the table for access logs of application load balancers
// (https://docs.aws.amazon.com/athena/latest/ug/create-alb-access-logs-table.html),
// and the three that came after.
const albColumns = "type time elb client_ip #client_port target_ip #target_port #request_processing_time #target_processing_time #response_processing_time " +
	"#elb_status_code target_status_code #received_bytes #sent_bytes request_verb request_url request_proto user_agent ssl_cipher ssl_protocol target_group_arn " +
	"trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time actions_executed redirect_url lambda_error_reason target_port_list " +
	"target_status_code_list classification classification_reason conn_trace_id transformed_host transformed_uri request_transform_status"

// albFormat is what application load balancers write of requests
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html).
func albFormat() Format {
	cols := columns(albColumns)
	return Format{Log: haetae.ALBAccess, Title: "ALB access log", line: albLine, read: func(in *input, _ *object, text []byte, m *mail) error {
		return in.albRecord(cols, text, m)
	}}
}

// albLine tells whether a line begins with a kind of request and a time.
func albLine(line []byte) bool {
	kind, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(kind) {
	case "http", "https", "h2", "grpcs", "ws", "wss":
		return isISO(rest)
	}
	return false
}

// albRecord reads one record. Those from before 2018 have 18 fields or fewer of
// those that later ones have.
func (in *input) albRecord(cols []col, text []byte, m *mail) error {
	f := split(text, in.vals[:0])
	in.vals = f
	if len(f) < 17 {
		return in.bad("%d fields, an ALB writes at least 17", len(f))
	}
	at, err := when(string(f[1]))
	if err != nil {
		return in.bad("%v", err)
	}
	client, port := withPort(f[3])
	target, targetPort := withPort(f[4])
	verb, url, protocol := request(f[12])
	row := append([][]byte{f[0], f[1], f[2], client, port, target, targetPort}, f[5:12]...)
	row = append(append(row, verb, url, protocol), f[13:]...)
	if len(row) > len(cols) {
		in.stats.strange("alb field 34") // what AWS adds is at the end
	}
	in.buf = rowObject(in.buf, cols, row)
	e := &haetae.Event{Log: haetae.ALBAccess, Time: at, Actor: visitor(), Action: "elasticloadbalancing:" + first(present(verb), "request"),
		Outcome: httpOutcome(string(f[8])), Peer: peerOf(string(client)), Raw: in.buf}
	e.Peer.Agent = present(f[13])
	if e.Outcome == haetae.CallDenied || e.Outcome == haetae.CallFailed {
		e.Error = string(f[8])
	}
	if group := present(f[16]); group != "" {
		e.Targets = append(e.Targets, group)
	}
	if len(f) > 19 {
		return in.balancer(e, m, string(f[2]), f[16], f[19])
	}
	return in.balancer(e, m, string(f[2]), f[16])
}
