package ingest

import (
	"github.com/haetae/haetae"
)

// clbColumns are those of the table for access logs of classic load balancers
// (https://docs.aws.amazon.com/athena/latest/ug/elasticloadbalancer-classic-logs.html).
const clbColumns = "timestamp elb_name request_ip #request_port backend_ip #backend_port #request_processing_time #backend_processing_time #client_response_time " +
	"elb_response_code backend_response_code #received_bytes #sent_bytes request_verb url protocol user_agent ssl_cipher ssl_protocol"

// clbFormat is what classic load balancers write
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html).
func clbFormat() Format {
	cols := columns(clbColumns)
	return Format{Log: haetae.CLBAccess, Title: "CLB access log", line: clbLine, read: func(in *input, _ *object, text []byte, m *mail) error {
		return in.clbRecord(cols, text, m)
	}}
}

// clbLine tells whether a line begins with a time, a name and an address with a
// port, and has times after it.
func clbLine(line []byte) bool {
	if !isISO(line) {
		return false
	}
	f := split(line[:min(len(line), 512)], nil)
	if len(f) < 12 || !isNumber(f[4]) || !isNumber(f[5]) || !isNumber(f[6]) {
		return false
	}
	addr, port := withPort(f[2])
	return peerOf(string(addr)).Addr.IsValid() && isNumber(port)
}

// clbRecord reads one record. Those of TCP listeners have no status and no
// request; the oldest have no user agent.
func (in *input) clbRecord(cols []col, text []byte, m *mail) error {
	f := split(text, in.vals[:0])
	in.vals = f
	if len(f) < 12 {
		return in.bad("%d fields, a classic load balancer writes at least 12", len(f))
	}
	at, err := when(string(f[0]))
	if err != nil {
		return in.bad("%v", err)
	}
	client, port := withPort(f[2])
	backend, backendPort := withPort(f[3])
	verb, url, protocol := request(f[11])
	row := append([][]byte{f[0], f[1], client, port, backend, backendPort}, f[4:11]...)
	row = append(append(row, verb, url, protocol), f[12:]...)
	if len(row) > len(cols) {
		in.stats.strange("clb field 16")
	}
	in.buf = rowObject(in.buf, cols, row)
	e := &haetae.Event{Log: haetae.CLBAccess, Time: at, Actor: visitor(), Action: "elasticloadbalancing:connect", Outcome: httpOutcome(string(f[7])),
		Peer: peerOf(string(client)), Raw: in.buf}
	if v := present(verb); v != "" {
		e.Action = "elasticloadbalancing:" + v
	}
	if e.Outcome == haetae.CallDenied || e.Outcome == haetae.CallFailed {
		e.Error = string(f[7])
	}
	if len(f) > 12 {
		e.Peer.Agent = present(f[12])
	}
	return in.balancer(e, m, string(f[1]))
}
