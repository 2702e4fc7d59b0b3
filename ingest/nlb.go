package ingest

import (
	"bytes"
	"strings"

	"github.com/haetae/haetae"
)

// nlbColumns are those of the table for access logs of network load balancers
// (https://docs.aws.amazon.com/athena/latest/ug/networkloadbalancer-classic-logs.html).
const nlbColumns = "type version time elb listener_id client_ip #client_port target_ip #target_port #tcp_connection_time_ms #tls_handshake_time_ms " +
	"#received_bytes #sent_bytes incoming_tls_alert cert_arn certificate_serial tls_cipher_suite tls_protocol_version tls_named_group domain_name " +
	"alpn_fe_protocol alpn_be_protocol alpn_client_preference_list tls_connection_creation_time"

// nlbFormat is what network load balancers write of TLS connections
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html).
func nlbFormat() Format {
	cols := columns(nlbColumns)
	return Format{Log: haetae.NLBAccess, Title: "NLB access log", line: nlbLine, read: func(in *input, _ *object, text []byte, m *mail) error {
		return in.nlbRecord(cols, text, m)
	}}
}

func nlbLine(line []byte) bool {
	kind, rest, _ := bytes.Cut(line, []byte(" "))
	version, rest, _ := bytes.Cut(rest, []byte(" "))
	return string(kind) == "tls" && len(version) < 6 && isNumber(version) && len(rest) > 20 && rest[4] == '-' && rest[10] == 'T'
}

// nlbRecord reads one record. Its time has no zone; it is UTC.
func (in *input) nlbRecord(cols []col, text []byte, m *mail) error {
	f := split(text, in.vals[:0])
	in.vals = f
	if len(f) < 18 {
		return in.bad("%d fields, an NLB writes at least 18", len(f))
	}
	at, err := when(strings.TrimSuffix(string(f[2]), "Z") + "Z")
	if err != nil {
		return in.bad("%v", err)
	}
	client, port := withPort(f[5])
	target, targetPort := withPort(f[6])
	row := append([][]byte{f[0], f[1], f[2], f[3], f[4], client, port, target, targetPort}, f[7:]...)
	if len(row) > 22 {
		row[22] = bytes.ReplaceAll(row[22], []byte(`","`), []byte(",")) // a list, of which each is in quotes
	}
	if len(row) > len(cols) {
		in.stats.strange("nlb field 23")
	}
	in.buf = rowObject(in.buf, cols, row)
	e := &haetae.Event{Log: haetae.NLBAccess, Time: at, Actor: visitor(), Action: "elasticloadbalancing:connect", Outcome: haetae.CallSucceeded,
		Peer: peerOf(string(client)), Raw: in.buf}
	// Without a protocol that both agreed on there was no connection.
	if present(f[15]) == "" {
		e.Outcome = haetae.CallFailed
		if alert := present(f[11]); alert != "" {
			e.Error = "TLS alert " + alert
		}
	}
	return in.balancer(e, m, string(f[3]), f[12])
}
