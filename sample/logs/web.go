package logs

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/haetae/haetae"
)

// webLogs are the logs of what customers ask for.
type webLogs struct {
	places     *places
	shop, old  *stream // access logs of the two load balancers
	waf        *stream
	acl        string
	agents     []string
	paths      []page
	probes     []string
	inThisSlot []visit
}

// visit is what one customer did in a slot, for the flow logs.
type visit struct {
	at       int64
	address  string
	port     int
	balancer *host
	requests int
	bytes    int
	mark     *mark
}

// page is something to ask for.
type page struct {
	method, path, query string
	status, size        int
	often               int
}

// request is one of a client to a load balancer.
type request struct {
	address, country, agent string
	method, path, query     string
	status, size            int
	port                    int
	old                     bool // to the old shop, which has no web ACL
	took                    float64
	blocked                 string // by this rule of the web ACL
	matched                 string // that only counts: the part of the request that matched
	mark                    *mark
}

func (w *world) addWeb() {
	w.web = webLogs{places: newPlaces(), acl: "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/6a1b7f0e-2f0b-4a4b-9a51-0f6d3c1e7b21",
		agents: []string{
			"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
			"Mozilla/5.0 (Linux; Android 16; SM-S938N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
			"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
			browser},
		paths: []page{
			{"GET", "/", "", 200, 18211, 20}, {"GET", "/search", "q=%EC%A0%84%EB%B3%B5", 200, 9120, 12}, {"GET", "/search", "q=abalone&page=2", 200, 8833, 5}, {"GET", "/item/abalone-1kg", "", 200, 14122, 15},
			{"GET", "/item/sea-urchin", "ref=main", 200, 13877, 9}, {"GET", "/item/seaweed-set", "", 200, 15001, 8}, {"POST", "/cart", "", 200, 612, 6}, {"GET", "/cart", "", 200, 4120, 5},
			{"POST", "/login", "", 302, 220, 3}, {"POST", "/login", "", 401, 410, 1}, {"POST", "/checkout", "", 200, 1903, 2}, {"GET", "/api/stock", "sku=1042", 200, 88, 9}, {"GET", "/favicon.ico", "", 404, 150, 2},
			{"GET", "/item/old-product", "", 404, 990, 2}, {"POST", "/upload", "kind=review", 201, 140, 1}},
		probes: []string{"/.env", "/wp-login.php", "/.git/config", "/admin/", "/phpmyadmin/index.php", "/actuator/health", "/cgi-bin/luci", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "/owa/auth/logon.aspx"},
	}
	balancer := func(title, name, node, prefix string) *stream {
		return w.stream(&stream{log: haetae.ALBAccess, between: "\n", tail: "\n", file: func(at int64, unique string) string {
			return fmt.Sprintf("%sAWSLogs/%s/elasticloadbalancing/%s/%s/%s_elasticloadbalancing_%s_app.%s_%s_%s_%s.log.gz", prefix, production, virginia, clock(at, "2006/01/02"),
				production, virginia, name, clock(at, "20060102T1504Z"), node, unique[:8])
		}}, title)
	}
	w.web.shop = balancer("alb shop", "shop.b7cce57eaa39e7ad", "203.0.113.41", "alb/shop/")
	w.web.old = balancer("alb legacy-shop", "legacy-shop.03faa6be10cf1b6a", "203.0.113.44", "alb/legacy-shop/")
	w.web.waf = w.stream(&stream{log: haetae.WAF, between: "\n", tail: "\n", file: func(at int64, unique string) string {
		return fmt.Sprintf("AWSLogs/%s/WAFLogs/%s/shop/%s/%s_waflogs_%s_shop_%s_%s.log.gz", production, virginia, clock(at, "2006/01/02/15/04"), production, virginia, clock(at, "20060102T1504Z"), unique[:8])
	}}, "waf")
	w.habit("customers", nil, w.customers)
	w.habit("probes of the web", nil, func() {
		w.times(2.5, func(t int64) {
			address, country := one(newBlocks().crowd, w.r.IntN(3000))
			path := w.web.probes[w.r.IntN(len(w.web.probes))]
			r := request{address: address, country: country, agent: "Mozilla/5.0 zgrab/0.x", method: "GET", path: path, status: 404, size: 150, port: 20000 + w.r.IntN(40000), took: 0.002, old: w.r.IntN(3) == 0}
			if strings.HasPrefix(path, "/.") || strings.HasPrefix(path, "/vendor") {
				r.blocked, r.status = "AWS-AWSManagedRulesCommonRuleSet", 403
			}
			w.request(t, r)
		})
	})
	w.habit("scan for weaknesses by order", w.weaknessScan, nil)
}

// customers come in visits: a few pages each.
func (w *world) customers() {
	w.web.inThisSlot = w.web.inThisSlot[:0]
	total := 0
	for _, p := range w.web.paths {
		total += p.often
	}
	w.times(9*crowd(w.from), func(t int64) {
		n := int(w.r.ExpFloat64() * 900)
		address, country := one(newBlocks().homes, n)
		agent := w.web.agents[n%len(w.web.agents)]
		v := visit{at: t, address: address, port: 1024 + w.r.IntN(60000), requests: 1 + w.r.IntN(12)}
		old := w.r.IntN(6) == 0
		v.balancer = w.web.places.balancers[w.r.IntN(3)]
		if old {
			v.balancer = w.web.places.legacyBalancers[w.r.IntN(2)]
		}
		for i := range v.requests {
			pick := w.r.IntN(total)
			var p page
			for _, p = range w.web.paths {
				if pick -= p.often; pick < 0 {
					break
				}
			}
			r := request{address: address, country: country, agent: agent, method: p.method, path: p.path, query: p.query, status: p.status, size: p.size + w.r.IntN(200), port: v.port, old: old, took: 0.004 + w.r.Float64()*0.09}
			if w.r.IntN(500) == 0 {
				r.status = 502
			}
			v.bytes += r.size
			w.request(min(t+int64(i)*(2+w.r.Int64N(9))*second, w.to-1), r)
		}
		w.web.inThisSlot = append(w.web.inThisSlot, v)
	})
}

// weaknessScan is what a firm does by order, each Wednesday morning: it knocks at ports and
// tries what attackers try, and says who it is.
func (w *world) weaknessScan(midnight int64) {
	if w.number(midnight)%7 != 1 {
		return
	}
	m := &mark{Step: "a scan for weaknesses that the shop has ordered"}
	for i := range 150 {
		w.at(midnight+hour+int64(i)*8*second, func(t int64) {
			r := request{address: authorised, country: "-", agent: "haenyeo-scan/2.1 (authorised; security@shop.example.com)", method: "GET", path: w.web.probes[i%len(w.web.probes)], status: 404, size: 150, port: 30000 + i, took: 0.003, mark: m}
			if i%5 == 0 {
				r.path, r.query, r.matched, r.status = "/search", "q="+url.QueryEscape("1' or '1'='1"), "ALL_QUERY_ARGS", 200
			}
			w.request(t, r)
		})
	}
}

// request writes the records of a request: of the load balancer, and of the web ACL
// in front of it.
func (w *world) request(at int64, r request) {
	trace := fmt.Sprintf("1-%08x-%s", at/1000, random(w.r, 24, hexes))
	secure, name, group, listen, target := true, "shop/b7cce57eaa39e7ad", "shop-app/01fe7bcb2a163f3e", 443, w.web.places.shop[int(at/1000)%2]
	s, hostName, port := w.web.shop, "shop.example.com", 8080
	if r.old {
		secure, name, group, listen, target = false, "legacy-shop/03faa6be10cf1b6a", "legacy-web/5c1910ff6bbaa996", 80, w.web.places.legacy[int(at/1000)%2]
		s, hostName, port = w.web.old, "old.shop.example.com", 80
	}
	kind, scheme, cipher, protocol, certificate, domain := "h2", "https", "TLS_AES_128_GCM_SHA256", "TLSv1.3", "arn:aws:acm:us-east-1:111122223333:certificate/db6598f8-e5f9-48d2-a1d2-90f264706627", hostName
	version := "HTTP/2.0"
	if !secure {
		kind, scheme, cipher, protocol, certificate, domain, version = "http", "http", "-", "-", "-", "-", "HTTP/1.1"
	}
	to, code, action, rule := fmt.Sprintf("%s:%d", target.private, port), fmt.Sprint(r.status), "forward", 0
	took := fmt.Sprintf("0.001 %.3f 0.000", r.took)
	if secure {
		action = "waf,forward"
	}
	if r.blocked != "" && !r.old {
		to, code, action, took = "-", "-", "waf", "-1 -1 -1"
	} else if r.blocked != "" {
		r.status, code = 404, "404"
	}
	query := ""
	if r.query != "" {
		query = "?" + r.query
	}
	s.open(at)
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
	s.buf = fmt.Appendf(s.buf, `%s %s app/%s %s:%d %s %s %d %s %d %d "%s %s://%s:%d%s%s %s" "%s" %s %s arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/%s "Root=%s" "%s" "%s" %d %s "%s" "-" "-" "%s" "%s" "-" "-" TID_%s "-" "-" "-"`,
		kind, clock(at, "2006-01-02T15:04:05.000000Z"), name, r.address, r.port, to, took, r.status, code, 180+len(r.path)+len(query), r.size,
		r.method, scheme, hostName, listen, r.path, query, version, strings.ReplaceAll(r.agent, `"`, `\x22`), cipher, protocol, group, trace, domain, certificate, rule,
		clock(at-int64(r.took*1000)-1, "2006-01-02T15:04:05.000000Z"), action, dashed(to), dashed(code), random(w.r, 32, hexes))
	s.close(w, r.mark)
	if !r.old {
		w.firewall(at, r, trace, hostName)
	}
}

func dashed(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// firewall is what the web ACL notes of a request
// (https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html).
func (w *world) firewall(at int64, r request, trace, host string) {
	s := w.web.waf
	s.open(at)
	by, typ, action := "Default_Action", "REGULAR", "ALLOW"
	details := raw("[]")
	if r.blocked != "" {
		by, typ, action = r.blocked, "MANAGED_RULE_GROUP", "BLOCK"
	}
	group := func(id string, blocked bool, counted raw) raw {
		terminating := raw("null")
		if blocked {
			terminating = nested("ruleId", "RestrictedExtensions_URIPATH", "action", "BLOCK", "ruleMatchDetails", nil)
		}
		return nested("ruleGroupId", id, "terminatingRule", terminating, "nonTerminatingMatchingRules", counted, "excludedRules", nil, "customerConfig", nil)
	}
	counted, whole, labels := raw("[]"), raw("[]"), raw("null")
	if r.matched != "" {
		match := list(nested("conditionType", "SQL_INJECTION", "sensitivityLevel", "LOW", "location", r.matched, "matchedData", raw(`["1","or","1","=","1"]`)))
		counted = list(nested("ruleId", "SQLi_QUERYARGUMENTS", "action", "BLOCK", "overriddenAction", "COUNT", "ruleMatchDetails", match))
		whole = list(nested("ruleId", "sql-injection", "action", "COUNT", "ruleMatchDetails", match))
		labels = list(nested("name", "awswaf:managed:aws:sql-database:SQLi_QueryArguments"))
	}
	header := func(name, value string) raw { return nested("name", name, "value", value) }
	pairs := []any{"timestamp", at, "formatVersion", 1, "webaclId", w.web.acl, "terminatingRuleId", by, "terminatingRuleType", typ, "action", action, "terminatingRuleMatchDetails", details,
		"httpSourceName", "ALB", "httpSourceId", "111122223333-app/shop/b7cce57eaa39e7ad",
		"ruleGroupList", list(group("AWS#AWSManagedRulesCommonRuleSet", r.blocked != "", raw("[]")), group("AWS#AWSManagedRulesSQLiRuleSet", false, counted)),
		"rateBasedRuleList", raw("[]"), "nonTerminatingMatchingRules", whole, "requestHeadersInserted", nil, "responseCodeSent", nil,
		"httpRequest", nested("clientIp", r.address, "country", r.country, "headers", list(header("Host", host), header("User-Agent", r.agent), header("Accept", "*/*"), header("X-Amzn-Trace-Id", "Root="+trace)),
			"uri", r.path, "args", r.query, "httpVersion", "HTTP/2.0", "httpMethod", r.method, "requestId", trace, "fragment", "", "scheme", "https", "host", host)}
	if labels != "null" {
		pairs = append(pairs, "labels", labels)
	}
	pairs = append(pairs, "ja4Fingerprint", "t13d1516h2_8daaf6152771_02713d6af862", "requestBodySize", 0, "requestBodySizeInspectedByWAF", 0)
	s.buf = append(s.buf, object(pairs...)...)
	s.close(w, r.mark)
}
