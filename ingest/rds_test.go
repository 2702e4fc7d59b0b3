package ingest

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

const mysqlText = `1793527200123456,shop-1,app,10.0.0.5,42,1234,QUERY,shop,'select * from users where name = \'o,brien\' and x in (1,2)',0`

func TestMySQLAudits(t *testing.T) {
	check(t, haetae.RDSAudit, []example{
		{name: "a statement of Aurora", text: mysqlText, want: "rdsaudit 2026-11-01T10:00:00.123456Z / | database-user shop-1/app | rds:QUERY | shop-1, shop | success  | 10.0.0.5",
			raw: map[string]any{"timestamp": "1793527200123456", "serverhost": "shop-1", "username": "app", "host": "10.0.0.5", "connectionid": "42", "queryid": "1234", "operation": "QUERY", "database": "shop",
				"object": `select * from users where name = \'o,brien\' and x in (1,2)`, "retcode": "0"}},
		{name: "a login that failed", text: "1793527200123456,shop-1,root,203.0.113.9,43,0,FAILED_CONNECT,,,1045", want: "rdsaudit 2026-11-01T10:00:00.123456Z / | database-user shop-1/root | rds:FAILED_CONNECT | shop-1 | denied 1045 | 203.0.113.9"},
		{name: "a login", text: "1793527200123456,shop-1,app,10.0.0.5,44,0,CONNECT,shop,,0", want: "rdsaudit 2026-11-01T10:00:00.123456Z / | database-user shop-1/app | rds:CONNECT | shop-1, shop | success  | 10.0.0.5"},
		{name: "a table, by the plugin of MariaDB", text: "20261101 10:00:00,ip-10-0-0-9,app,10.0.0.5:4711,44,7,WRITE,shop,orders,", want: "rdsaudit 2026-11-01T10:00:00Z / | database-user ip-10-0-0-9/app | rds:WRITE | ip-10-0-0-9, shop.orders |   | 10.0.0.5"},
		{name: "a statement that was denied", text: "20261101 10:00:00,ip-10-0-0-9,app,10.0.0.5,44,7,QUERY,shop,'drop table users',1142,SSL", want: "rdsaudit 2026-11-01T10:00:00Z / | database-user ip-10-0-0-9/app | rds:QUERY | ip-10-0-0-9, shop | denied 1142 | 10.0.0.5",
			raw: map[string]any{"connection_type": "SSL", "object": "drop table users"}},
		{name: "a statement that failed", text: "20261101 10:00:00,h,app,localhost,44,7,QUERY,shop,'selekt',1064", want: "rdsaudit 2026-11-01T10:00:00Z / | database-user h/app | rds:QUERY | h, shop | failure 1064 | localhost"},
	})
	group := encode(m{"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/rds/cluster/shop/audit", "logStream": "shop-1.audit.log.0", "logEvents": []m{{"id": "1", "timestamp": 1, "message": mysqlText}}})
	if e := readKey(t, "k", group, ReadOptions{Region: "eu-west-1"}).events[0]; e.Actor.ID != "shop/app" || e.Targets[0] != "arn:aws:rds:eu-west-1:111122223333:cluster:shop" || e.Account != "111122223333" {
		t.Errorf("%+v", e)
	}
	for _, text := range []string{"20261101 10:00:00,h,app,x,44,7,QUERY,shop,'", "20261101 10:00:00,a,b,c,d,e,f"} {
		if h := readKey(t, "k", mysqlText+"\n"+text, ReadOptions{}); h.stats.UnreadRecords != 1 || len(h.events) != 1 {
			t.Errorf("%s: %+v", text, h.stats)
		}
	}
}

const postgresText = `2026-11-01 10:00:00 UTC:10.0.0.5(4711):app@shop:[1234]:LOG:  AUDIT: SESSION,3,1,READ,SELECT,TABLE,public.users,"select ""name"", 1 from users",<not logged>`

func TestPostgreSQL(t *testing.T) {
	line := func(who, rest string) string { return "2026-11-01 10:00:00 UTC:" + who + ":[1234]:" + rest }
	const start = "rdsaudit 2026-11-01T10:00:00Z / | "
	check(t, haetae.RDSAudit, []example{
		{name: "what pgaudit says", text: postgresText, want: start + "database-user app | rds:SELECT | shop.public.users | success  | 10.0.0.5",
			raw: map[string]any{"audit_type": "SESSION", "class": "READ", "command": "SELECT", "object_type": "TABLE", "object_name": "public.users", "statement": `select "name", 1 from users`, "parameter": "<not logged>",
				"user_name": "app", "database_name": "shop", "remote_host": "10.0.0.5", "process_id": "1234", "error_severity": "LOG"}},
		{name: "a login", text: line("10.0.0.5(4711):app@shop", "LOG:  connection authorized: user=app database=shop SSL enabled"), want: start + "database-user app | rds:CONNECT | shop | success  | 10.0.0.5"},
		{name: "a password that is wrong", text: line("203.0.113.9(4711):postgres@postgres", `FATAL:  password authentication failed for user "postgres"`), want: start + "database-user postgres | rds:FAILED_CONNECT | postgres | denied 28P01 | 203.0.113.9"},
		{name: "a host that may not", text: line("2001:db8::9(4711):x:y@z@db", `FATAL:  no pg_hba.conf entry for host "2001:db8::9", user "x:y@z", database "db", no encryption`), want: start + "database-user x:y@z | rds:FAILED_CONNECT | db | denied 28000 | 2001:db8::9"},
		{name: "a user that does not exist", text: line("203.0.113.9(1):bob@db", `FATAL:  role "bob" does not exist`), want: start + "database-user bob | rds:FAILED_CONNECT | db | denied 28000 | 203.0.113.9"},
		{name: "a table that is denied", text: line("10.0.0.5(4711):app@shop", "ERROR:  permission denied for table salaries"), want: start + "database-user app | rds:ERROR | shop | denied 42501 | 10.0.0.5"},
		{name: "a session that ends, from the machine itself", text: line("[local]:rdsadmin@shop", "LOG:  disconnection: session time: 0:00:01 user=rdsadmin database=shop host=[local]"), want: start + "database-user rdsadmin | rds:DISCONNECT | shop | success  | [local]"},
	})
	other := line(":@", "LOG:  checkpoint starting: time") + "\n" + line("10.0.0.5(1):[unknown]@[unknown]", "LOG:  connection received: host=10.0.0.5 port=1") + "\n" + line("10.0.0.5(1):app@shop", "ERROR:  syntax error at end of input") + "\n" +
		line("10.0.0.5(1):app@shop", "STATEMENT:  select") + "\n"
	if h := readKey(t, "k", other+postgresText, ReadOptions{}); h.stats.PassedRecords != 4 || len(h.events) != 1 || !h.stats.Whole() {
		t.Errorf("%+v", h.stats)
	}
	long := strings.Replace(postgresText, "1 from users", "1\n\tfrom\n\tusers", 1)
	h := readKey(t, "k", long+"\n"+postgresText+"\n", ReadOptions{})
	if len(h.events) != 2 || !h.stats.Whole() || !strings.Contains(string(h.events[0].Raw), `1\n\tfrom\n\tusers"`) || h.events[1].Place.Line != 4 {
		t.Errorf("a statement of several lines: %+v", h)
	}
	if h := readKey(t, "k", strings.Replace(postgresText, "UTC", "KST", 1), ReadOptions{}); h.stats.UnreadRecords != 1 || !strings.Contains(h.stats.Problems[0].Reason, "log_timezone") {
		t.Errorf("a zone that nobody can know: %+v", h.stats)
	}
}

const sqlServerText = "2026-11-01 10:00:00.12 Logon       Login failed for user 'sa'. Reason: Password did not match that for the login provided. [CLIENT: 203.0.113.9]"

func TestSQLServer(t *testing.T) {
	check(t, haetae.RDSAudit, []example{
		{name: "a login that failed", text: sqlServerText, want: "rdsaudit 2026-11-01T10:00:00.12Z / | database-user sa | rds:FAILED_CONNECT |  | denied 18456 | 203.0.113.9",
			raw: map[string]any{"username": "sa", "client": "203.0.113.9"}},
		{name: "a login", text: "2026-11-01 10:00:00.12 Logon       Login succeeded for user 'app'. Connection made using SQL Server authentication. [CLIENT: <local machine>]", want: "rdsaudit 2026-11-01T10:00:00.12Z / | database-user app | rds:CONNECT |  | success  |"},
	})
	if h := readKey(t, "k", sqlServerText+"\n2026-11-01 10:00:00.12 spid51      Starting up database 'x'.", ReadOptions{}); h.stats.PassedRecords != 1 || !h.stats.Whole() {
		t.Errorf("%+v", h.stats)
	}
}
