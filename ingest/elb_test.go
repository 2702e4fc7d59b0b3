package ingest

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

const albText = `https 2026-11-01T10:00:00.123456Z app/web/50dc6c495c0c9188 203.0.113.9:2817 10.0.0.1:80 0.086 0.048 0.037 403 403 57 1241 "GET https://shop.example.com:443/a b?c=d HTTP/1.1" "Mozilla/5.0 (\x22odd\x22)" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:111122223333:targetgroup/web/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "shop.example.com" "arn:aws:acm:us-east-2:111122223333:certificate/12345678" 1 2026-11-01T09:59:59.900000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "403" "-" "-" TID_1234abcd`

func TestALBs(t *testing.T) {
	const target = "arn:aws:elasticloadbalancing:us-east-2:111122223333:loadbalancer/app/web/50dc6c495c0c9188, arn:aws:elasticloadbalancing:us-east-2:111122223333:targetgroup/web/73e2d6bc24d8a067"
	key := "AWSLogs/111122223333/elasticloadbalancing/us-east-2/2026/11/01/111122223333_elasticloadbalancing_us-east-2_app.web.50dc6c495c0c9188_20261101T1000Z_10.0.0.9_x.log.gz"
	fields := strings.Fields(albText)
	check(t, haetae.ALBAccess, []example{
		{name: "a request that was denied", text: albText, want: "alb 2026-11-01T10:00:00.123456Z 111122223333/us-east-2 | anonymous anonymous | elasticloadbalancing:GET | " + target + ` | denied 403 | 203.0.113.9 Mozilla/5.0 (\x22odd\x22)`,
			raw: map[string]any{"type": "https", "client_ip": "203.0.113.9", "client_port": 2817.0, "target_ip": "10.0.0.1", "elb_status_code": 403.0, "request_verb": "GET", "request_url": "https://shop.example.com:443/a b?c=d",
				"request_proto": "HTTP/1.1", "user_agent": `Mozilla/5.0 (\x22odd\x22)`, "ssl_cipher": "ECDHE-RSA-AES128-GCM-SHA256", "domain_name": "shop.example.com", "actions_executed": "authenticate,forward", "conn_trace_id": "TID_1234abcd", "matched_rule_priority": "1"}},
		{name: "one with fields that came later", text: albText + ` "shop.internal" "/new" "TransformSuccess" "one more"`, want: "alb 2026-11-01T10:00:00.123456Z 111122223333/us-east-2 | anonymous anonymous | elasticloadbalancing:GET | " + target + ` | denied 403 | 203.0.113.9 Mozilla/5.0 (\x22odd\x22)`,
			raw: map[string]any{"transformed_host": "shop.internal", "request_transform_status": "TransformSuccess"}},
		{name: "one that reached no target, over IPv6", key: key, text: `h2 2026-11-01T10:00:00.000000Z app/web/50dc6c495c0c9188 [2001:db8::9]:2817 - -1 -1 -1 502 - 34 366 "- https://x:443- " "-" - - - "-" "-" "-" - 2026-11-01T10:00:00.000000Z "-" "-" "-" "-" "-" "-" "-"`,
			want: "alb 2026-11-01T10:00:00Z 111122223333/us-east-2 | anonymous anonymous | elasticloadbalancing:request | arn:aws:elasticloadbalancing:us-east-2:111122223333:loadbalancer/app/web/50dc6c495c0c9188 | failure 502 | 2001:db8::9",
			raw:  map[string]any{"client_ip": "2001:db8::9", "target_ip": "-", "target_port": nil, "request_processing_time": -1.0}},
	})
	old := strings.Join(fields[:21], " ") // to the ARN of the target group: two fields have spaces
	if h := readKey(t, "k", old, ReadOptions{}); len(h.events) != 1 || !h.stats.Whole() || !strings.HasSuffix(string(h.events[0].Raw), `targetgroup/web/73e2d6bc24d8a067"}`) {
		t.Errorf("an old one of 17 fields: %+v", h)
	}
	if h := readKey(t, "k", strings.Join(fields[:9], " "), ReadOptions{}); h.stats.UnreadRecords != 1 {
		t.Errorf("half a record: %+v", h.stats)
	}
}

func TestAQuoteWithinAFieldEndsItNotUnlessASpaceFollows(t *testing.T) {
	for line, want := range map[string]string{
		`a "b c" d`:        "a|b c|d",
		`"a"b" c`:          `a"b|c`,
		`"a\" b" c`:        `a\" b|c`,
		`"" x`:             "|x",
		`"open x`:          "open x",
		`a  b `:            "a|b",
		`"ends in \\" end`: `ends in \\|end`,
	} {
		var got []string
		for _, f := range split([]byte(line), nil) {
			got = append(got, string(f))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

const (
	connText = `2026-11-01T10:00:00.514108Z 203.0.113.9 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036 "CN=client.example.com,O=Example" NotBefore=2026-01-01T00:00:00Z;NotAfter=2027-01-01T00:00:00Z 0ABC Success TID_1`
	nlbText  = `tls 2.0 2026-11-01T10:00:00 net/my-nlb/c6e77e28c25b2234 g3d4b5e8bb8464cd 203.0.113.9:51341 10.0.0.2:443 5 2 98 246 - arn:aws:acm:us-east-2:111122223333:certificate/2a1 - ECDHE-RSA-AES128-SHA tlsv12 - my-nlb.example.com h2 h2 "h2","http/1.1" 2026-11-01T09:59:59`
	clbText  = `2026-11-01T10:00:00.945958Z my-clb 203.0.113.9:2817 10.0.0.1:80 0.000073 0.001048 0.000057 401 401 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/8.1" - -`
)

func TestOtherLoadBalancers(t *testing.T) {
	conn := "AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/11/01/conn_log.111122223333_elasticloadbalancing_eu-west-1_app.web.50dc_20261101T1000Z_10.0.0.9_x.log.gz"
	check(t, haetae.ALBConnection, []example{
		{name: "a connection", key: conn, text: connText, want: "albconnection 2026-11-01T10:00:00.514108Z 111122223333/eu-west-1 | anonymous anonymous | elasticloadbalancing:connect | arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/50dc | success  | 203.0.113.9",
			raw: map[string]any{"leaf_client_cert_subject": "CN=client.example.com,O=Example", "listener_port": 443.0, "tls_verify_status": "Success", "conn_trace_id": "TID_1"}},
		{name: "a certificate that nobody trusts", text: strings.Replace(connText, "Success", "Failed:ClientCertUntrusted", 1), want: "albconnection 2026-11-01T10:00:00.514108Z / | anonymous anonymous | elasticloadbalancing:connect |  | denied ClientCertUntrusted | 203.0.113.9"},
	})
	const nlb = "arn:aws:elasticloadbalancing:us-east-2:111122223333:loadbalancer/net/my-nlb/c6e77e28c25b2234"
	check(t, haetae.NLBAccess, []example{
		{name: "a connection", text: nlbText, want: "nlb 2026-11-01T10:00:00Z 111122223333/us-east-2 | anonymous anonymous | elasticloadbalancing:connect | " + nlb + " | success  | 203.0.113.9",
			raw: map[string]any{"listener_id": "g3d4b5e8bb8464cd", "client_port": 51341.0, "tls_protocol_version": "tlsv12", "domain_name": "my-nlb.example.com", "alpn_client_preference_list": "h2,http/1.1"}},
		{name: "a handshake that failed", text: strings.Replace(strings.Replace(nlbText, "tlsv12", "-", 1), "246 -", "246 48", 1), want: "nlb 2026-11-01T10:00:00Z 111122223333/us-east-2 | anonymous anonymous | elasticloadbalancing:connect | " + nlb + " | failure TLS alert 48 | 203.0.113.9"},
	})
	check(t, haetae.CLBAccess, []example{
		{name: "a request", text: clbText, want: "clb 2026-11-01T10:00:00.945958Z / | anonymous anonymous | elasticloadbalancing:GET | my-clb | denied 401 | 203.0.113.9 curl/8.1",
			raw: map[string]any{"elb_name": "my-clb", "request_ip": "203.0.113.9", "backend_port": 80.0, "elb_response_code": "401", "url": "http://www.example.com:80/", "protocol": "HTTP/1.1"}},
		{name: "a connection of TCP", text: `2026-11-01T10:00:00.945958Z my-clb 203.0.113.9:2817 10.0.0.1:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -`, want: "clb 2026-11-01T10:00:00.945958Z / | anonymous anonymous | elasticloadbalancing:connect | my-clb |   | 203.0.113.9"},
	})
}
