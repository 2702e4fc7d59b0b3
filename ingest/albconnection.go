package ingest

import (
	"strings"

	"github.com/haetae/haetae"
)

// albConnectionColumns are those of the table for connection logs
// (https://docs.aws.amazon.com/athena/latest/ug/create-alb-connection-logs-table.html).
const albConnectionColumns = "time client_ip #client_port #listener_port tls_protocol tls_cipher #tls_handshake_latency leaf_client_cert_subject " +
	"leaf_client_cert_validity leaf_client_cert_serial_number tls_verify_status conn_trace_id"

// albConnectionFormat is what application load balancers write of connections
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html).
func albConnectionFormat() Format {
	cols := columns(albConnectionColumns)
	return Format{Log: haetae.ALBConnection, Title: "ALB connection log", line: albConnectionLine, read: func(in *input, _ *object, text []byte, m *mail) error {
		return in.albConnection(cols, text, m)
	}}
}

// albConnectionLine tells whether a line begins with a time, an address and two
// ports.
func albConnectionLine(line []byte) bool {
	if !isISO(line) {
		return false
	}
	f := split(line[:min(len(line), 512)], nil)
	return len(f) >= 11 && peerOf(string(f[1])).Addr.IsValid() && isNumber(f[2]) && isNumber(f[3])
}

// albConnection reads one record.
func (in *input) albConnection(cols []col, text []byte, m *mail) error {
	f := split(text, in.vals[:0])
	in.vals = f
	if len(f) < 11 {
		return in.bad("%d fields, a connection log has at least 11", len(f))
	}
	at, err := when(string(f[0]))
	if err != nil {
		return in.bad("%v", err)
	}
	in.buf = rowObject(in.buf, cols, f)
	e := &haetae.Event{Log: haetae.ALBConnection, Time: at, Actor: visitor(), Action: "elasticloadbalancing:connect", Outcome: haetae.CallSucceeded,
		Peer: peerOf(string(f[1])), Raw: in.buf}
	// "Failed:ClientCertUntrusted" and the like; "-" without a check of certificates.
	if why, failed := strings.CutPrefix(string(f[10]), "Failed"); failed {
		e.Outcome, e.Error = haetae.CallDenied, strings.TrimPrefix(why, ":")
	}
	if name := balancerOf(in.id); name != "" {
		return in.balancer(e, m, name)
	}
	return in.event(e, m)
}

// balancerOf is the load balancer that the key of an object names, which is the
// only place where its connection log does:
// conn_log.ACCOUNT_elasticloadbalancing_REGION_app.NAME.ID_TIME_….
func balancerOf(key string) string {
	_, rest, ok := strings.Cut(key, "_elasticloadbalancing_")
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, "_")
	name, _, _ := strings.Cut(rest, "_")
	return strings.ReplaceAll(name, ".", "/")
}
