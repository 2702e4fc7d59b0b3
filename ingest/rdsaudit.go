package ingest

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// database is what an audit log is of, by its log group
// (/aws/rds/instance/NAME/audit, /aws/rds/cluster/NAME/postgresql): its kind and
// its name.
func database(group string) (kind, name string) {
	parts := strings.Split(group, "/")
	if len(parts) < 5 || parts[1] != "aws" || parts[2] != "rds" {
		return "", ""
	}
	switch parts[3] {
	case "cluster":
		return "cluster", parts[4]
	case "instance":
		return "db", parts[4]
	}
	return "", ""
}

// dbEvent completes the event of a database: who is a user of it, and which one
// it is.
func (in *input) dbEvent(e *haetae.Event, m *mail, user, host, base, object string) error {
	e.Log = haetae.RDSAudit
	kind, name := database(m.group)
	account, region := first(m.account, in.account, in.opt.Account), first(m.region, in.region, in.opt.Region)
	server := first(name, host)
	if user == "" {
		e.Actor = haetae.Actor{Kind: haetae.AnonymousActor, ID: "anonymous"}
	} else {
		e.Actor = haetae.Actor{Kind: haetae.DatabaseActor, ID: strings.TrimPrefix(server+"/"+user, "/"), Name: user}
	}
	switch {
	case name != "" && account != "" && region != "":
		e.Targets = append(e.Targets, "arn:"+partitionOf(region)+":rds:"+region+":"+account+":"+kind+":"+name)
	case name != "":
		e.Targets = append(e.Targets, kind+":"+name)
	case host != "":
		e.Targets = append(e.Targets, host)
	}
	if base != "" && object != "" {
		base += "."
	}
	if base+object != "" {
		e.Targets = append(e.Targets, base+object)
	}
	return in.event(e, m)
}

const mysqlColumns = "timestamp serverhost username host connectionid queryid operation database object retcode connection_type"

// mysqlAuditFormat is what Aurora MySQL writes, and the audit plugin of MariaDB
// that RDS has for MariaDB and MySQL
// (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html,
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MariaDB.Options.AuditPlugin.html).
func mysqlAuditFormat() Format {
	cols := columns(mysqlColumns)
	return Format{Log: haetae.RDSAudit, Title: "MySQL and MariaDB audit log", line: mysqlLine, read: func(in *input, _ *object, text []byte, m *mail) error {
		return in.mysqlRecord(cols, text, m)
	}}
}

// mysqlLine tells whether a line begins with a time and has enough commas.
func mysqlLine(line []byte) bool {
	stamp, rest, ok := bytes.Cut(line, []byte(","))
	_, err := mysqlTime(stamp)
	return ok && err == nil && bytes.Count(rest, []byte(",")) >= 7
}

// mysqlTime reads a time: Aurora writes microseconds, the plugin a date.
func mysqlTime(v []byte) (time.Time, error) {
	if len(v) == 16 && len(bytes.Trim(v, "0123456789")) == 0 {
		us, err := strconv.ParseInt(string(v), 10, 64)
		return time.UnixMicro(us).UTC(), err
	}
	return time.Parse("20060102 15:04:05", string(v))
}

// mysqlRecord reads one record. A statement stands in single quotes and may have
// commas and quotes.
func (in *input) mysqlRecord(cols []col, text []byte, m *mail) error {
	f, rest := in.vals[:0], text
	for range 8 {
		v, after, ok := bytes.Cut(rest, []byte(","))
		if !ok {
			return in.bad("%d fields, an audit log has 10", len(f)+1)
		}
		f, rest = append(f, v), after
	}
	if len(rest) > 0 && rest[0] == '\'' {
		end := bytes.LastIndexByte(rest, '\'')
		if end == 0 {
			return in.bad("a statement without its end")
		}
		f = append(f, rest[1:end])
		rest = bytes.TrimPrefix(rest[end+1:], []byte(","))
	} else {
		v, after, _ := bytes.Cut(rest, []byte(","))
		f, rest = append(f, v), after
	}
	f = append(f, bytes.SplitN(rest, []byte(","), 2)...)
	in.vals = f
	at, err := mysqlTime(f[0])
	if err != nil {
		return in.bad("a time of %q", f[0])
	}
	in.buf = rowObject(in.buf, cols, f)
	operation, code := string(f[6]), string(f[9])
	e := &haetae.Event{Time: at, Action: "rds:" + operation, Raw: in.buf}
	switch {
	case operation == "FAILED_CONNECT":
		e.Outcome = haetae.CallDenied
	case code == "0":
		e.Outcome = haetae.CallSucceeded
	case code != "":
		e.Outcome = haetae.CallFailed
	}
	if code != "0" {
		e.Error = code
	}
	switch code {
	// Those of MySQL that say that a privilege is wanting
	// (https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html).
	case "1044", "1045", "1095", "1142", "1143", "1227", "1370", "1410", "1698", "3118":
		e.Outcome = haetae.CallDenied
	}
	host := f[3]
	if addr, port := withPort(host); bytes.Count(host, []byte(":")) == 1 && isNumber(port) {
		host = addr // MariaDB 12 adds the port
	}
	e.Peer = peerOf(string(host))
	object := string(f[8])
	if operation == "QUERY" {
		object = "" // it is the statement
	}
	return in.dbEvent(e, m, string(f[2]), string(f[1]), string(f[7]), object)
}
