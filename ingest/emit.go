package ingest

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

func asTaken(err error) bool {
	var t taken
	return errors.As(err, &t)
}

// event hands on a record, with what its place and its wrapping say where it does
// not.
func (in *input) event(e *haetae.Event, m *mail) error {
	in.stats.Records++
	if !in.saw(e.Log, e.Time) || in.take.Event == nil {
		return nil
	}
	e.Place = haetae.Place{File: in.name, Line: in.number}
	e.Account = first(e.Account, m.account, in.account, in.opt.Account)
	e.Region = first(e.Region, m.region, in.region, in.opt.Region)
	if e.ID == "" {
		e.ID = in.recordID(m)
	}
	if e.Ingested = m.ingested; e.Ingested.IsZero() {
		e.Ingested = in.modified
	}
	if err := in.take.Event(e); err != nil {
		return taken{err}
	}
	return nil
}

// recordID is the id of a record that has none: that of its message in CloudWatch
// Logs, which is the same however often it is delivered, or else its place.
func (in *input) recordID(m *mail) string {
	if m.id != "" {
		return m.group + "/" + m.id
	}
	return in.id + "#" + strconv.Itoa(in.number)
}

// decode reads an object of JSON into a value. What has another type than it
// should is noted as a field, and the rest of the record is there.
func (in *input) decode(raw []byte, to any) bool {
	err := json.Unmarshal(raw, to)
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return true
	case errors.As(err, &kind):
		in.stats.unread(Field, in.name, in.number, "%s is of type %s", kind.Field, kind.Value)
		return true
	}
	in.stats.unread(Record, in.name, in.number, "json: %v", err)
	return false
}

// bad notes a record that cannot be read.
func (in *input) bad(format string, args ...any) error {
	in.stats.unread(Record, in.name, in.number, format, args...)
	return nil
}

// passOver counts a record that says nothing of who did what.
func (in *input) passOver() error {
	in.stats.PassedRecords++
	return nil
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// word is a string, or what is as good as one: logs write ports as either.
type word string

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		*w = word(s)
		return err
	}
	if s := string(b); s != "null" {
		*w = word(s)
	}
	return nil
}

// words is a list of strings, or one string.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		*w = words{s}
		return err
	}
	var list []string
	err := json.Unmarshal(b, &list)
	*w = list
	return err
}

// one is the first of the list, "" when it is empty.
func (w words) one() string {
	if len(w) == 0 {
		return ""
	}
	return w[0]
}

// principal is the actor that an ARN names: a user, a role or a session of one,
// the root user, or a federated user.
func principal(text string) haetae.Actor {
	a := haetae.Actor{ARN: text, ID: text}
	n, err := arn.Parse(text)
	if err != nil {
		return a
	}
	a.Account = n.Account
	kind, rest, _ := strings.Cut(n.Resource, "/")
	switch {
	case n.Service == "iam" && kind == "root":
		a.Kind = haetae.RootActor
	case n.Service == "iam" && kind == "user":
		a.Kind = haetae.UserActor
		_, a.Name = lastCut(rest, "/")
	case n.Service == "iam" && kind == "role":
		a.Kind = haetae.RoleActor
		_, a.Name = lastCut(rest, "/")
	case n.Service == "sts" && kind == "assumed-role":
		a.Kind = haetae.RoleActor
		a.Name, a.Session, _ = strings.Cut(rest, "/")
		// The path of the role is not in the name of its session.
		a.ID = "arn:" + n.Partition + ":iam::" + n.Account + ":role/" + a.Name
	case n.Service == "sts" && kind == "federated-user":
		a.Kind, a.Name, a.Session = haetae.FederatedActor, rest, rest
	default:
		a.Kind = haetae.AccountActor
	}
	return a
}
