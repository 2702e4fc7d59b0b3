package ingest

import (
	"bytes"
	"strings"

	"github.com/haetae/haetae"
)

// eksLoginFormat is what the authenticator of an EKS cluster writes: which IAM
// principal became which user of the cluster
// (https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html). The
// other logs of the control plane tell of no call and are passed over.
func eksLoginFormat() Format {
	return Format{Log: haetae.EKSAudit, Title: "EKS authenticator log", line: eksLoginLine, read: (*input).eksLogin}
}

func eksLoginLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte(`time="`)) && bytes.Contains(line[:min(len(line), 200)], []byte(" level=")) || isKlog(line)
}

// isKlog tells whether a line is one of a component of Kubernetes: "I0821 10:00:00.000000 …".
func isKlog(line []byte) bool {
	return len(line) > 22 && bytes.IndexByte([]byte("IWEF"), line[0]) >= 0 && line[5] == ' ' && line[8] == ':' && line[11] == ':' && line[14] == '.' &&
		len(bytes.Trim(line[1:5], "0123456789")) == 0
}

// eksLogin reads one line: pairs of a name and a value.
func (in *input) eksLogin(_ *object, text []byte, m *mail) error {
	if isKlog(text) {
		return in.passOver()
	}
	var names []string
	pairs := map[string][]byte{}
	for rest := text; len(rest) > 0; {
		name, value, ok := bytes.Cut(rest, []byte("="))
		if !ok {
			break
		}
		n := string(bytes.TrimSpace(name))
		if len(value) > 0 && value[0] == '"' {
			end := 1
			for end < len(value) && (value[end] != '"' || oddSlashes(value[1:end])) {
				end++
			}
			rest = value[min(end+1, len(value)):]
			value = bytes.ReplaceAll(value[1:end], []byte(`\"`), []byte(`"`))
		} else {
			value, rest, _ = bytes.Cut(value, []byte(" "))
		}
		if !isIdent(n) || pairs[n] != nil {
			continue
		}
		names = append(names, n)
		pairs[n] = value
	}
	said := string(pairs["msg"])
	granted := strings.HasPrefix(said, "access granted")
	denied := strings.HasPrefix(said, "access denied")
	if !granted && !denied {
		return in.passOver()
	}
	at, err := when(string(pairs["time"]))
	if err != nil {
		return in.bad("time: %v", err)
	}
	in.buf = append(in.buf[:0], '{')
	for _, n := range names {
		in.buf = appendMember(in.buf, n, pairs[n], false)
	}
	in.buf = append(in.buf, '}')
	e := &haetae.Event{Log: haetae.EKSAudit, Time: at, Action: "eks:authenticate", Outcome: haetae.CallSucceeded, Raw: in.buf}
	if who := string(pairs["arn"]); who != "" {
		e.Actor = principal(who)
	} else {
		e.Actor = haetae.Actor{Kind: haetae.AnonymousActor, ID: "anonymous"}
	}
	if user := string(pairs["username"]); user != "" {
		e.Targets = []string{user}
	}
	if c := eksCluster(m.group); c != "" {
		e.Targets = append(e.Targets, "cluster/"+c)
	}
	if denied {
		e.Outcome, e.Error = haetae.CallDenied, string(pairs["error"])
	}
	// The client is the API server; where the request came from is in the audit log.
	return in.event(e, m)
}

// isIdent tells whether a text may be the name of a field.
func isIdent(name string) bool {
	for i, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && len(name) <= 64
}
