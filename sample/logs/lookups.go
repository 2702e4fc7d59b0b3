package logs

import (
	"fmt"

	"github.com/haetae/haetae"
)

// lookup is a DNS query and its answers.
type lookup struct {
	host    *host
	name    string
	typ     string
	code    string // NOERROR when ""
	answers []string
	mark    *mark
}

func (w *world) addLookups() {
	for _, v := range []struct{ vpc, account, region string }{{shopVPC, production, virginia}, {batchVPC, production, virginia}, {devVPC, development, virginia}, {seoulVPC, development, seoul}} {
		w.lookups[v.vpc] = w.stream(&stream{log: haetae.ResolverQuery, between: "\n", tail: "\n", least: 40, wait: hour, file: func(at int64, unique string) string {
			return fmt.Sprintf("AWSLogs/%s/vpcdnsquerylogs/%s/%s/%s_vpcdnsquerylogs_%s_%s_%s.log.gz", v.account, v.vpc, clock(at, "2006/01/02"), v.vpc, v.account, clock(at, "20060102T1504Z"), unique[:8])
		}}, "lookups "+v.vpc)
	}
	p := w.web.places
	asks := []struct {
		who   []*host
		rate  float64
		names []string
	}{
		{append(p.shop[:2:2], p.runner), 4, []string{"shop-orders.cx2f8example.us-east-1.rds.amazonaws.com", "shop-sessions.k3example.use1.cache.amazonaws.com", "secretsmanager.us-east-1.amazonaws.com",
			"s3.us-east-1.amazonaws.com", "sns.us-east-1.amazonaws.com", "ssm.us-east-1.amazonaws.com", "api.payments.example.net", "courier.example.net", "al2023-repos-us-east-1-de612dc2.s3.dualstack.us-east-1.amazonaws.com"}},
		{p.legacy, 3, []string{"legacy-shop-db.cx2f8example.us-east-1.rds.amazonaws.com", "haenyeo-web-assets.s3.amazonaws.com", "ssm.us-east-1.amazonaws.com", "smtp.example.net", "packagist.org"}},
		{p.nodes, 3, []string{"oidc.eks.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com", "111122223333.dkr.ecr.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com", "registry.k8s.io"}},
		{[]*host{p.settlement}, 1, []string{"bank.example.org", "s3.us-east-1.amazonaws.com", "time.aws.com"}},
		{[]*host{p.bench}, 6, []string{"github.com", "registry.npmjs.org", "pypi.org", "files.pythonhosted.org", "s3.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com", "shop-test.cx9d2example.us-east-1.rds.amazonaws.com", "cdn.example.com"}},
	}
	w.habit("lookups", nil, func() {
		for _, a := range asks {
			for _, h := range a.who {
				w.times(a.rate*(0.5+crowd(w.from)/2), func(t int64) {
					name := a.names[w.r.IntN(len(a.names))]
					q := lookup{host: h, name: name, typ: "A"}
					switch n := w.r.IntN(40); {
					case n == 0: // the search list of the VPC is tried first
						q.name, q.code = name+".ec2.internal", "NXDOMAIN"
					case n < 10:
						q.typ = "AAAA"
					default:
						address, _ := one(newBlocks().cloud, int(hash(name)%5000))
						q.answers = []string{address}
					}
					w.ask(t, q)
				})
			}
		}
	})
}

// ask writes a query
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html).
func (w *world) ask(at int64, q lookup) {
	s := w.lookups[q.host.vpc]
	s.open(at)
	answers := make([]raw, len(q.answers))
	for i, a := range q.answers {
		answers[i] = nested("Rdata", a, "Type", q.typ, "Class", "IN")
	}
	code := q.code
	if code == "" {
		code = "NOERROR"
	}
	s.buf = append(s.buf, object("version", "1.100000", "account_id", q.host.account, "region", q.host.region, "vpc_id", q.host.vpc, "query_timestamp", clock(at, "2006-01-02T15:04:05Z"),
		"query_name", q.name+".", "query_type", q.typ, "query_class", "IN", "rcode", code, "answers", list(answers...), "srcaddr", q.host.private, "srcport", fmt.Sprint(1024+w.r.IntN(60000)),
		"transport", "UDP", "srcids", nested("instance", q.host.instance))...)
	s.close(w, q.mark)
}
