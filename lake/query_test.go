//go:build cgo && !nolake

package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

// TestMain is the process of a query when it was started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "query-process" {
		if err := Confine(os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "held-process" {
		os.Exit(held(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func engine(t testing.TB) Engine {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Engine{exe, []string{exe, "query-process"}}
}

// trailRecord is a record of CloudTrail as a test wants it: all of it is members.
func trailRecord(id string, at time.Time, members string) *haetae.Event {
	return trailEvent(id, at, ","+members)
}

// someLake is a lake with some records of some logs.
func someLake(t testing.TB) (dir string, files []haetae.LakeFile) {
	t.Helper()
	dir = t.TempDir()
	w, err := NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	user := func(name, key, source, ip, more string) string {
		return `"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/` + name + `","accountId":"111122223333","userName":"` + name + `","accessKeyId":"` + key + `"},` +
			`"eventSource":"` + source + `","awsRegion":"us-east-1","sourceIPAddress":"` + ip + `","recipientAccountId":"111122223333"` + more
	}
	name := func(e *haetae.Event, name string) *haetae.Event {
		e.Raw = []byte(strings.Replace(string(e.Raw), "GetObject", name, 1))
		return e
	}
	events := []*haetae.Event{
		name(trailRecord("e1", noon, user("kim", "AKIA1", "s3.amazonaws.com", "192.0.2.1", `,"requestParameters":{"bucketName":"pay","key":"a.csv"},"resources":[{"ARN":"arn:aws:s3:::pay","accountId":"111122223333","type":"AWS::S3::Bucket"}]`)), "GetObject"),
		name(trailRecord("e2", noon.Add(time.Minute), user("kim", "AKIA1", "s3.amazonaws.com", "192.0.2.1", `,"requestParameters":{"bucketName":"pay","key":"b.csv"},"resources":[{"ARN":"arn:aws:s3:::pay","accountId":"111122223333","type":"AWS::S3::Bucket"}]`)), "GetObject"),
		name(trailRecord("e3", noon.Add(2*time.Minute), user("lee", "AKIA2", "iam.amazonaws.com", "198.51.100.7", `,"errorCode":"AccessDenied","errorMessage":"no","readOnly":false`)), "CreateUser"),
		name(trailRecord("e4", noon.Add(30*time.Hour), `"userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root","sessionContext":{"attributes":{"mfaAuthenticated":"false"}}},"eventSource":"signin.amazonaws.com","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.9","responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"No"}`), "ConsoleLogin"),
		wafEvent("w1", noon),
		{Log: haetae.ALBAccess, ID: "a1", Time: noon, Account: "111122223333", Region: "us-east-1", Raw: []byte(`{"type":"https","time":"2026-11-10T12:00:00.000000Z","client_ip":"192.0.2.9","elb_status_code":403,"request_url":"https://shop.example.com:443/login?next=%2F","user_agent":"curl/8","request_processing_time":0.001}`)},
	}
	for _, e := range events {
		if err := w.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		f := &haetae.Flow{Key: "k", Number: i + 1, Has: haetae.FlowProto | flowAll, Account: "111122223333", Region: "us-east-1", Interface: "eni-1", Src: noonAddr(i), Dst: noonAddr(9),
			SrcPort: 40000, DstPort: uint16(20 + i), Proto: 6, Packets: 1, Bytes: 1 << uint(10*i), Start: noon.Unix() + int64(i), End: noon.Unix() + 60, Action: haetae.Rejected, Status: haetae.FlowOK}
		if err := w.Flow(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Lookup(&haetae.Lookup{ID: "q1", Time: noon, Account: "111122223333", Region: "us-east-1", VPC: "vpc-1", Name: "bad.example.net", Type: "A", Class: "IN", Code: "NOERROR",
		Answers: []haetae.Answer{{Data: "203.0.113.5", Type: "A", Class: "IN"}}, Src: noonAddr(1), Instance: "i-1"}); err != nil {
		t.Fatal(err)
	}
	if files, err = w.Flush(); err != nil {
		t.Fatal(err)
	}
	return dir, files
}

func ask(t testing.TB, dir string, files []haetae.LakeFile, sql string) (*Answer, error) {
	t.Helper()
	return Ask(t.Context(), engine(t), dir, files, Query{SQL: sql, Timeout: 30 * time.Second, Memory: 512 << 20, MaxRows: 1000})
}

func textOf(t testing.TB, a *Answer) string {
	t.Helper()
	b, err := json.Marshal(a.Rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestQueriesOfAthena are hunts in the dialect of Athena, after AWS's pages on querying
// CloudTrail, flow logs, load balancers, WAF and the Resolver.
func TestQueriesOfAthena(t *testing.T) {
	dir, files := someLake(t)
	for name, c := range map[string]struct{ sql, want string }{
		"who was refused what, and how often": {
			`SELECT useridentity.arn, eventname, count(*) AS n FROM cloudtrail_logs WHERE errorcode IN ('AccessDenied', 'UnauthorizedOperation') GROUP BY useridentity.arn, eventname ORDER BY n DESC LIMIT 20`,
			`[["arn:aws:iam::111122223333:user/lee","CreateUser",1]]`},
		"the root user signed in without MFA": {
			`SELECT eventtime, sourceipaddress FROM cloudtrail_logs WHERE useridentity.type = 'Root' AND eventname = 'ConsoleLogin'
			 AND json_extract_scalar(additionaleventdata, '$.MFAUsed') = 'No' AND json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Success'`,
			`[["2026-11-11T18:00:00Z","203.0.113.9"]]`},
		"objects that a key read of a bucket within a time": {
			`SELECT useridentity.accesskeyid, json_extract_scalar(requestparameters, '$.bucketName') AS bucket, approx_distinct(json_extract_scalar(requestparameters, '$.key')) AS keys
			 FROM cloudtrail_logs WHERE eventname = 'GetObject' AND from_iso8601_timestamp(eventtime) BETWEEN timestamp '2026-11-10 00:00:00' AND date_add('day', 1, timestamp '2026-11-10 00:00:00')
			 GROUP BY 1, 2`,
			`[["AKIA1","pay",2]]`},
		"the resources of calls, each in a row": {
			`SELECT r.arn, count(*) FROM cloudtrail_logs CROSS JOIN UNNEST(resources) AS t(r) WHERE cardinality(resources) > 0 AND element_at(resources, 1).type = 'AWS::S3::Bucket' GROUP BY r.arn`,
			`[["arn:aws:s3:::pay",2]]`},
		"calls of a day, by the partition": {
			`SELECT count(*), min("date") FROM cloudtrail_logs WHERE day = '2026/11/11' AND "timestamp" = '2026/11/11' AND account = '111122223333' AND region = 'us-east-1'`,
			`[[1,"2026-11-11"]]`},
		"who scans ports": {
			`SELECT dstaddr, count(DISTINCT dstport) AS ports, sum(bytes) AS bytes, date_format(from_unixtime(min("start")), '%Y-%m-%d %H:%i') AS first FROM vpc_flow_logs
			 WHERE action = 'REJECT' AND protocol = 6 GROUP BY dstaddr HAVING count(DISTINCT dstport) > 3`,
			`[["10.0.0.9",5,1100586419201,"2026-11-10 12:00"]]`},
		"which web ACL blocked whom": {
			`SELECT httprequest.clientip, action, h.name, date_format(from_unixtime("timestamp" / 1000), '%Y-%m-%d') AS d FROM waf_logs CROSS JOIN UNNEST(httprequest.headers) AS t(h) WHERE action = 'BLOCK'`,
			`[["2001:db8::1","BLOCK","a","2025-11-10"]]`},
		"refused requests to a load balancer": {
			`SELECT client_ip, url_extract_host(request_url), url_extract_path(request_url), elb_status_code FROM alb_logs
			 WHERE parse_datetime("time", 'yyyy-MM-dd''T''HH:mm:ss.SSSSSS''Z''') > parse_datetime('2026-11-10-00:00:00', 'yyyy-MM-dd-HH:mm:ss') AND regexp_like(user_agent, '^curl/')`,
			`[["192.0.2.9","shop.example.com","/login",403]]`},
		"who asked for a name, and what was answered": {
			`SELECT query_name, srcids.instance, a.rdata FROM r53_rlogs CROSS JOIN UNNEST(answers) AS t(a) WHERE query_name LIKE '%.example.net' AND date_parse(substr(query_timestamp, 1, 19), '%Y-%m-%dT%H:%i:%s') >= timestamp '2026-11-10 12:00:00'`,
			`[["bad.example.net","i-1","203.0.113.5"]]`},
		"calls by the hour, with those of an hour before": {
			`WITH h AS (SELECT date_trunc('hour', from_iso8601_timestamp(eventtime)) AS hour, count(*) AS n FROM cloudtrail_logs GROUP BY 1)
			 SELECT to_iso8601(hour), n, lag(n) OVER (ORDER BY hour), date_diff('hour', hour, timestamp '2026-11-11 12:00:00') FROM h ORDER BY hour`,
			`[["2026-11-10T12:00:00.000Z",3,null,24],["2026-11-11T18:00:00.000Z",1,3,-6]]`},
		"a table without records has its columns": {
			`SELECT requester, key, count(*) FROM s3_access_logs_db.mybucket_logs WHERE operation = 'REST.GET.OBJECT' GROUP BY 1, 2`, `[]`},
		"values of all kinds": {
			`SELECT 1.50::DECIMAL(9,2), 2::HUGEINT, [1, NULL], {'a': 'b'}, map {'k': 1}, TRUE, NULL, DATE '2026-11-10', 'nan'::DOUBLE, uuid '00112233-4455-6677-8899-aabbccddeeff', INTERVAL 1 DAY FROM (SELECT 1) ORDER BY ALL`,
			`[[1.5,2,[1,null],{"a":"b"},{"k":1},true,null,"2026-11-10","NaN","00112233-4455-6677-8899-aabbccddeeff","0 months 1 days 0s"]]`},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ask(t, dir, files, c.sql)
			if err != nil {
				t.Fatal(err)
			}
			if got := textOf(t, a); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEveryTableCanBeAsked(t *testing.T) {
	dir, files := someLake(t)
	for _, table := range Tables() {
		for _, name := range append([]string{table.Name}, table.Aliases...) {
			if _, err := ask(t, dir, files, "SELECT * FROM "+name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestAQueryTouchesNothingElse tries to get out.
func TestAQueryTouchesNothingElse(t *testing.T) {
	dir, files := someLake(t)
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("a,b\n1,hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(dir, "beside.csv") // in the lake's folder and none of its files
	if err := os.WriteFile(beside, []byte("a,b\n1,hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	lakeFile := filepath.Join(dir, filepath.FromSlash(files[0].Path))
	before, err := os.ReadFile(lakeFile)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.csv")
	for name, sql := range map[string]string{
		"reads a file of the system":        `SELECT * FROM read_text('/etc/passwd')`,
		"reads a file as a table":           `SELECT * FROM '` + secret + `'`,
		"reads a file as CSV":               `SELECT * FROM read_csv('` + secret + `')`,
		"reads a file as a blob":            `SELECT * FROM read_blob('` + secret + `')`,
		"reads a file as JSON":              `SELECT * FROM read_json_auto('` + secret + `')`,
		"reads what is beside the files":    `SELECT * FROM read_csv('` + beside + `')`,
		"reads its own environment":         `SELECT * FROM read_text('/proc/self/environ')`,
		"goes up from a file of the lake":   `SELECT * FROM read_text('` + filepath.Dir(lakeFile) + `/../../../secret.csv')`,
		"lists a folder":                    `SELECT * FROM glob('/etc/*')`,
		"lists the lake's folder":           `SELECT * FROM glob('` + dir + `/*')`,
		"looks at a file":                   `SELECT * FROM sniff_csv('` + secret + `')`,
		"looks into a Parquet file":         `SELECT * FROM parquet_metadata('/etc/passwd')`,
		"writes a file":                     `COPY (SELECT 1) TO '` + out + `'`,
		"writes over a file of the lake":    `COPY (SELECT 1) TO '` + lakeFile + `' (FORMAT parquet)`,
		"writes after a SELECT":             `SELECT 1; COPY (SELECT 1) TO '` + out + `'`,
		"writes within EXPLAIN":             `EXPLAIN ANALYZE COPY (SELECT 1) TO '` + out + `'`,
		"writes within WITH":                `WITH x AS (SELECT 1) COPY (SELECT * FROM x) TO '` + out + `'`,
		"writes by EXPORT":                  `EXPORT DATABASE '` + out + `'`,
		"opens another database":            `ATTACH '` + out + `' AS other`,
		"opens one within SELECT":           `SELECT * FROM query('ATTACH ''` + out + `''')`,
		"installs an extension":             `INSTALL httpfs`,
		"loads an extension":                `LOAD httpfs`,
		"asks the internet":                 `SELECT * FROM read_csv('https://192.0.2.1/x.csv')`,
		"asks S3":                           `SELECT * FROM read_parquet('s3://bucket/x.parquet')`,
		"changes the configuration":         `SET enable_external_access = true`,
		"changes it after a SELECT":         `SELECT 1; SET enable_external_access = true`,
		"takes the limit off":               `SET memory_limit = '100GB'`,
		"changes it by PRAGMA":              `PRAGMA memory_limit = '100GB'`,
		"calls a setting within SELECT":     `SELECT set_config('enable_external_access', 'true')`,
		"asks for the environment":          `SELECT getenv('AWS_SECRET_ACCESS_KEY')`,
		"makes a secret":                    `CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')`,
		"makes a table":                     `CREATE TABLE x AS SELECT 1`,
		"drops a table":                     `DROP VIEW cloudtrail_logs`,
		"runs nothing":                      ` -- nothing`,
		"runs what only looks like SELECT":  `SELECT`,
		"prepares":                          `PREPARE x AS SELECT 1`,
		"calls":                             `CALL pragma_version()`,
		"imports":                           `IMPORT DATABASE '/tmp'`,
		"checkpoints":                       `CHECKPOINT`,
		"reads through a hidden SELECT":     `SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')`,
		"reads through a table by its name": `SELECT * FROM query_table('/etc/passwd')`,
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ask(t, dir, files, sql)
			if err == nil && len(a.Rows) > 0 {
				t.Fatalf("it answered %v", textOf(t, a))
			}
			if err == nil && !strings.Contains(name, "lists") {
				t.Fatal("it was not refused")
			}
		})
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
	if after, err := os.ReadFile(lakeFile); err != nil || string(after) != string(before) {
		t.Error("a file of the lake was changed")
	}
	// That these are refused by more than the first look is told by asking the process alone.
	for _, sql := range []string{"COPY (SELECT 1) TO '" + out + "'", "SELECT 1; SELECT 2", "SET memory_limit = '1GB'", "EXPLAIN SELECT 1", "ATTACH '" + out + "'"} {
		temp := t.TempDir()
		r := &request{SQL: sql, Millis: 20000, Memory: 512 << 20, MaxRows: 10, Temp: temp, Files: map[string][]string{}}
		if a, err := process(t.Context(), engine(t), dir, r, Query{Timeout: 20 * time.Second, Memory: 512 << 20}); err == nil {
			t.Errorf("%s answered %v", sql, a.Rows)
		}
	}
}

func TestAQueryThatTakesTooLongIsEnded(t *testing.T) {
	dir, files := someLake(t)
	for name, sql := range map[string]string{
		"endless by joins":     `SELECT count(*) FROM range(10000000) a, range(10000000) b, range(10000000) c WHERE a.range + b.range > c.range`,
		"endless by recursion": `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r`,
		"endless in a text":    `SELECT count(*) FROM range(1000000000) t(i) WHERE regexp_matches(repeat('a', 2000) || i::VARCHAR, '(a*)*b')`,
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := Ask(t.Context(), engine(t), dir, files, Query{SQL: sql, Timeout: time.Second, Memory: 256 << 20, MaxRows: 10})
			if err == nil || haetae.HintOf(err) == "" || haetae.CodeOf(err) != haetae.Unavailable {
				t.Fatalf("%v, hint %q", err, haetae.HintOf(err))
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	if _, err := Ask(ctx, engine(t), dir, files, Query{SQL: `SELECT count(*) FROM range(10000000) a, range(10000000) b`, Timeout: time.Minute, Memory: 256 << 20, MaxRows: 10}); err == nil {
		t.Error("a query that nobody wants any more went on")
	}
}

func TestAQueryThatNeedsTooMuchMemoryIsEnded(t *testing.T) {
	dir, files := someLake(t)
	for name, sql := range map[string]string{
		"one long text": `SELECT length(repeat('x', 4000000000))`,
		"a long list":   `SELECT len(list(range)) FROM range(2000000000)`,
		"many texts":    `SELECT count(*) FROM (SELECT string_agg(repeat('y', 1000) || i::VARCHAR, '') AS s FROM range(10000000) t(i)) WHERE length(s) > 1`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Ask(t.Context(), engine(t), dir, files, Query{SQL: sql, Timeout: 60 * time.Second, Memory: 128 << 20, MaxRows: 10})
			if err == nil || haetae.HintOf(err) == "" {
				t.Fatalf("%v, hint %q", err, haetae.HintOf(err))
			}
		})
	}
}

func TestAnAnswerHasNoMoreRowsThanAskedFor(t *testing.T) {
	dir, files := someLake(t)
	q := Query{SQL: "SELECT * FROM range(100)", Timeout: 20 * time.Second, Memory: 256 << 20, MaxRows: 7}
	a, err := Ask(t.Context(), engine(t), dir, files, q)
	if err != nil || len(a.Rows) != 7 || !a.Cut {
		t.Errorf("%+v, %v", a, err)
	}
	if q.MaxRows = 100; err == nil {
		if a, err = Ask(t.Context(), engine(t), dir, files, q); err != nil || len(a.Rows) != 100 || a.Cut {
			t.Errorf("%d rows, cut %v, %v", len(a.Rows), a.Cut, err)
		}
	}
}
