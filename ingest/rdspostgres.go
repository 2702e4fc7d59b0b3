package ingest

import (
	"bytes"
	"encoding/csv"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// postgresFormat is what PostgreSQL writes on RDS and Aurora, with what the
// extension pgaudit says in it
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.overview.parameter-groups.html,
// https://github.com/pgaudit/pgaudit/blob/main/README.md#format). Lines are of the
// prefix that cannot be changed there: %t:%r:%u@%d:[%p]:
func postgresFormat() Format {
	return Format{Log: haetae.RDSAudit, Title: "PostgreSQL log", line: postgresLine, read: (*input).postgresRecord,
		more: func(line []byte) bool { return len(line) > 0 && line[0] == '\t' }}
}

func postgresLine(line []byte) bool {
	_, ok := postgresPrefix(line)
	return ok
}

// postgres is a line of a log, cut into its parts.
type postgres struct{ at, host, port, user, base, pid, severity, message []byte }

// postgresPrefix cuts a line. Names of users and databases may have any sign, so
// that what stands around them is looked for.
func postgresPrefix(line []byte) (p postgres, ok bool) {
	if len(line) < 24 || line[4] != '-' || line[10] != ' ' || line[13] != ':' {
		return p, false
	}
	space := bytes.IndexByte(line[11:min(len(line), 32)], ' ')
	if space < 8 {
		return p, false
	}
	zone := 11 + space + 1
	colon := bytes.IndexByte(line[zone:min(len(line), zone+8)], ':')
	if colon < 1 {
		return p, false
	}
	p.at = line[:zone+colon]
	rest := line[zone+colon+1:]
	// The number of the process ends the prefix.
	open := 0
	for {
		i := bytes.Index(rest[open:], []byte(":["))
		if i < 0 {
			return p, false
		}
		open += i
		n, after, found := bytes.Cut(rest[open+2:], []byte("]:"))
		if found && len(n) > 0 && len(n) < 12 && len(bytes.Trim(n, "0123456789")) == 0 {
			p.pid = n
			var more bool
			if p.severity, p.message, more = bytes.Cut(after, []byte(":")); !more || len(p.severity) == 0 || len(bytes.Trim(p.severity, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")) > 0 {
				return p, false
			}
			p.message = bytes.TrimLeft(p.message, " ")
			break
		}
		open += 2
	}
	who := rest[:open]
	var name []byte
	switch i := bytes.Index(who, []byte("):")); {
	case i > 0 && bytes.LastIndexByte(who[:i], '(') > 0:
		j := bytes.LastIndexByte(who[:i], '(')
		p.host, p.port, name = who[:j], who[j+1:i], who[i+2:]
	default:
		p.host, name, _ = bytes.Cut(who, []byte(":")) // "" or "[local]"
	}
	at := bytes.LastIndexByte(name, '@')
	if at < 0 {
		return p, false
	}
	p.user, p.base = name[:at], name[at+1:]
	return p, true
}

// postgresTime reads a time; its zone is UTC on RDS unless somebody chose another
// name, which no offset can be told from.
func postgresTime(v []byte) (time.Time, bool) {
	at, err := time.Parse("2006-01-02 15:04:05 MST", string(v))
	return at.UTC(), err == nil && (bytes.HasSuffix(v, []byte(" UTC")) || bytes.HasSuffix(v, []byte(" GMT")))
}

// postgresRecord reads one message. Those that tell of no call are passed over:
// checkpoints, errors of syntax, slow statements.
func (in *input) postgresRecord(_ *object, text []byte, m *mail) error {
	p, ok := postgresPrefix(text)
	if !ok {
		return in.bad("it does not begin with the prefix of RDS: time:host(port):user@database:[process]:")
	}
	message := string(p.message)
	e := &haetae.Event{Outcome: haetae.CallSucceeded}
	object := ""
	in.buf = append(in.buf[:0], '{')
	for _, x := range []struct {
		name  string
		value []byte
	}{{"log_time", p.at}, {"remote_host", p.host}, {"remote_port", p.port}, {"user_name", p.user}, {"database_name", p.base}, {"process_id", p.pid},
		{"error_severity", p.severity}, {"message", p.message}} {
		if len(x.value) > 0 {
			in.buf = appendMember(in.buf, x.name, x.value, false)
		}
	}
	audit, isAudit := strings.CutPrefix(message, "AUDIT: ")
	severe := string(p.severity)
	switch {
	case isAudit:
		fields, err := pgaudit(audit)
		if err != nil || len(fields) < 8 {
			return in.bad("pgaudit: %d fields, it has 8 or more", len(fields))
		}
		for i, name := range []string{"audit_type", "statement_id", "substatement_id", "class", "command", "object_type", "object_name", "statement", "parameter"} {
			if i < len(fields) && fields[i] != "" {
				in.buf = appendMember(in.buf, name, []byte(fields[i]), false)
			}
		}
		e.Action, object = "rds:"+fields[4], fields[6]
	case strings.HasPrefix(message, "connection authorized: "):
		e.Action = "rds:CONNECT"
	case strings.HasPrefix(message, "disconnection: "):
		e.Action = "rds:DISCONNECT"
	case severe == "FATAL" && loginRefused(message):
		e.Action, e.Outcome, e.Error = "rds:FAILED_CONNECT", haetae.CallDenied, "28000" // invalid_authorization_specification
		if strings.Contains(message, "password authentication failed") {
			e.Error = "28P01" // invalid_password
		}
	case severe == "ERROR" && (strings.HasPrefix(message, "permission denied") || strings.HasPrefix(message, "must be owner") || strings.HasPrefix(message, "must be superuser")):
		e.Action, e.Outcome, e.Error = "rds:ERROR", haetae.CallDenied, "42501" // insufficient_privilege
	default:
		return in.passOver()
	}
	at, ok := postgresTime(p.at)
	if !ok {
		return in.bad("a time of %q: set log_timezone to UTC", p.at)
	}
	in.buf = append(in.buf, '}')
	e.Time, e.Raw = at, in.buf
	e.Peer = peerOf(string(p.host))
	return in.dbEvent(e, m, known(p.user), "", known(p.base), object)
}

// known is a name, unless PostgreSQL does not know it yet.
func known(v []byte) string {
	if string(v) == "[unknown]" {
		return ""
	}
	return string(v)
}

// loginRefused tells whether a fatal error is a login that was refused
// (https://www.postgresql.org/docs/current/client-authentication-problems.html).
func loginRefused(message string) bool {
	for _, part := range []string{"authentication failed for user", "no pg_hba.conf entry for", "pg_hba.conf rejects", "is not permitted to log in", "permission denied for database"} {
		if strings.Contains(message, part) {
			return true
		}
	}
	return strings.HasPrefix(message, `role "`) && strings.HasSuffix(message, "does not exist")
}

// pgaudit cuts the fields that pgaudit writes.
func pgaudit(text string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	return r.Read()
}
