package ingest

import (
	"bytes"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// sqlServerFormat is the error log of SQL Server on RDS, for the logins in it
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.SQLServer.html,
// https://learn.microsoft.com/sql/relational-databases/errors-events/mssqlserver-18456-database-engine-error).
// SQL Server's own audit files are of a binary form that nobody documents: they
// are not read.
func sqlServerFormat() Format {
	return Format{Log: haetae.RDSAudit, Title: "SQL Server error log", line: sqlServerLine, read: (*input).sqlServerRecord}
}

func sqlServerLine(line []byte) bool {
	if len(line) < 28 || line[4] != '-' || line[10] != ' ' || line[13] != ':' || line[19] != '.' || line[22] != ' ' {
		return false
	}
	for _, source := range []string{"Logon", "spid", "Server", "Backup"} {
		if bytes.HasPrefix(line[23:], []byte(source)) {
			return true
		}
	}
	return false
}

// sqlServerRecord reads one line: a login, or what is passed over.
func (in *input) sqlServerRecord(_ *object, text []byte, m *mail) error {
	if !sqlServerLine(text) {
		return in.bad("it does not begin with a time and a source")
	}
	source, message, _ := bytes.Cut(text[23:], []byte(" "))
	message = bytes.TrimLeft(message, " ")
	said := string(message)
	e := &haetae.Event{}
	switch {
	case strings.HasPrefix(said, "Login failed for user '"):
		e.Action, e.Outcome, e.Error = "rds:FAILED_CONNECT", haetae.CallDenied, "18456"
	case strings.HasPrefix(said, "Login succeeded for user '"):
		e.Action, e.Outcome = "rds:CONNECT", haetae.CallSucceeded
	default:
		return in.passOver()
	}
	at, err := time.Parse("2006-01-02 15:04:05.00", string(text[:22]))
	if err != nil {
		return in.bad("a time of %q", text[:22])
	}
	_, rest, _ := strings.Cut(said, "'")
	user, rest, _ := strings.Cut(rest, "'")
	_, client, _ := strings.Cut(rest, "[CLIENT: ")
	client, _, _ = strings.Cut(client, "]")
	in.buf = append(in.buf[:0], '{')
	in.buf = appendMember(in.buf, "log_date", text[:22], false)
	in.buf = appendMember(in.buf, "process_info", source, false)
	in.buf = appendMember(in.buf, "text", message, false)
	in.buf = appendMember(in.buf, "username", []byte(user), false)
	in.buf = append(appendMember(in.buf, "client", []byte(client), false), '}')
	e.Time, e.Raw = at, in.buf
	if client != "<local machine>" {
		e.Peer = peerOf(client)
	}
	return in.dbEvent(e, m, user, "", "", "")
}
