package logs

import (
	"fmt"
	"strings"

	"github.com/haetae/haetae"
)

// databaseLogs are those of the databases, as CloudWatch Logs passes them on.
type databaseLogs struct {
	audit    *stream // of the old shop's MySQL, by the MariaDB audit plugin
	postgres *stream // of the orders
	query    int
	conn     int
}

// subscribed is a log group as its subscription delivers it
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html).
func (w *world) subscribed(log haetae.Log, account, group, logStream string) *stream {
	head := cut(object("messageType", "DATA_MESSAGE", "owner", account, "logGroup", group, "logStream", logStream, "subscriptionFilters", []string{"to-archive"})) + `,"logEvents":[`
	return w.stream(&stream{log: log, head: head, between: ",", tail: "]}", perFile: 1000, file: func(at int64, unique string) string {
		return fmt.Sprintf("cloudwatch%s/%s/%s-%s.gz", group, clock(at, "2006/01/02/15"), strings.ReplaceAll(logStream, "/", "-"), clock(at, "2006-01-02-15-04-")+unique[:8])
	}}, group)
}

// message puts a line into a log group.
func (w *world) message(s *stream, at int64, text string, m *mark) {
	s.open(at)
	id := fmt.Sprintf("39%054d", w.r.Uint64())
	s.buf = append(s.buf, object("id", id, "timestamp", at, "message", text)...)
	s.close(w, m)
}

func (w *world) addDatabases() {
	w.db.audit = w.subscribed(haetae.RDSAudit, production, "/aws/rds/instance/legacy-shop-db/audit", "legacy-shop-db")
	w.db.postgres = w.subscribed(haetae.RDSAudit, production, "/aws/rds/instance/shop-orders/postgresql", "shop-orders")
	p := w.web.places
	queries := []string{
		"SELECT id, name, price FROM items WHERE id = %d", "SELECT id, name FROM items WHERE category = %d ORDER BY name LIMIT 20", "SELECT * FROM carts WHERE session_id = %d",
		"INSERT INTO carts (session_id, item_id, n) VALUES (%d, 17, 1)", "UPDATE carts SET n = 2 WHERE session_id = %d", "SELECT name, mail FROM customers WHERE id = %d", "SELECT COUNT(*) FROM orders WHERE customer_id = %d"}
	w.habit("database of the old shop", nil, func() {
		for _, h := range p.legacy {
			w.times(5*crowd(w.from), func(t int64) {
				conn := w.connect(t, h)
				for i := range 1 + w.r.IntN(5) {
					w.query(t+int64(i)*40, h, conn, fmt.Sprintf(queries[w.r.IntN(len(queries))], w.r.IntN(90_000)), 0, nil)
				}
			})
		}
		if w.from%hour == 0 { // RDS looks after itself
			w.message(w.db.audit, w.from+minute, clock(w.from+minute, "20060102 15:04:05")+",ip-10-7-2-19,rdsadmin,localhost,9,"+fmt.Sprint(w.nextQuery())+",QUERY,mysql,'SELECT count(*) from information_schema.TABLES WHERE TABLE_SCHEMA = \\'mysql\\'',0", nil)
		}
	})
	w.habit("database of the orders", nil, func() {
		for _, h := range append(p.shop[:2:2], p.runner) {
			w.times(1.5*crowd(w.from), func(t int64) {
				w.db.conn++
				pid, from := 3000+w.db.conn%29000, fmt.Sprintf("%s(%d)", h.private, 32768+w.r.IntN(28000))
				prefix := func(at int64, user string) string {
					return fmt.Sprintf("%s:%s:%s:[%d]:LOG:  ", clock(at, "2006-01-02 15:04:05 UTC"), from, user, pid)
				}
				host, port, _ := strings.Cut(strings.TrimSuffix(from, ")"), "(")
				w.message(w.db.postgres, t, prefix(t, "[unknown]@[unknown]")+"connection received: host="+host+" port="+port, nil)
				w.message(w.db.postgres, t+15, prefix(t+15, "shop@orders")+"connection authorized: user=shop database=orders SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)", nil)
			})
		}
		if w.from%day == 18*hour && w.r.IntN(3) == 0 {
			t := w.from + 3*minute
			w.message(w.db.postgres, t, clock(t, "2006-01-02 15:04:05 UTC")+":10.20.24.90(41022):haenyeo@orders:[911]:FATAL:  password authentication failed for user \"haenyeo\"", nil)
		}
	})
}

func (w *world) nextQuery() int { w.db.query++; return w.db.query }

// connect opens a connection of the old shop.
func (w *world) connect(at int64, h *host) int {
	w.db.conn++
	w.audit(at, h, w.db.conn, "CONNECT", "", 0, nil)
	w.audit(at+900, h, w.db.conn, "DISCONNECT", "", 0, nil)
	return w.db.conn
}

func (w *world) query(at int64, h *host, conn int, sql string, code int, m *mark) {
	w.audit(at, h, conn, "QUERY", sql, code, m)
}

// audit writes a line of the audit plugin: timestamp, serverhost, username, host,
// connectionid, queryid, operation, database, object, retcode
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.AuditPlugin.html).
func (w *world) audit(at int64, h *host, conn int, operation, sql string, code int, m *mark) {
	number := 0
	if operation == "QUERY" {
		number = w.nextQuery()
		sql = "'" + strings.ReplaceAll(strings.ReplaceAll(sql, `\`, `\\`), "'", `\'`) + "'"
	}
	w.message(w.db.audit, at, fmt.Sprintf("%s,ip-10-7-2-19,shop,%s,%d,%d,%s,shop,%s,%d", clock(at, "20060102 15:04:05"), h.private, conn, number, operation, sql, code), m)
}
