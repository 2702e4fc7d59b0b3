package ingest

import (
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

// wafFormat is what AWS WAF writes of requests
// (https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html).
func wafFormat() Format {
	return Format{Log: haetae.WAF, Title: "WAF log", read: (*input).wafRecord,
		object: func(o *object) bool { return o.has("webaclId", "httpRequest", "action") }}
}

// wafRecord reads one record.
func (in *input) wafRecord(o *object, _ []byte, m *mail) error {
	var r struct {
		Time    int64  `json:"timestamp"`
		ACL     string `json:"webaclId"`
		Rule    string `json:"terminatingRuleId"`
		Action  string `json:"action"`
		Source  string `json:"httpSourceId"`
		Request struct {
			Client  string                         `json:"clientIp"`
			Country string                         `json:"country"`
			Headers []struct{ Name, Value string } `json:"headers"`
			ID      string                         `json:"requestId"`
		} `json:"httpRequest"`
	}
	if !in.decode(o.raw, &r) {
		return nil
	}
	at := instant(r.Time)
	if at.IsZero() {
		return in.bad("a timestamp of %d", r.Time)
	}
	e := &haetae.Event{Log: haetae.WAF, Time: at, Actor: visitor(), Action: "waf:" + r.Action, Peer: peerOf(r.Request.Client), Raw: o.raw}
	if n, err := arn.Parse(r.ACL); err == nil {
		e.Account, e.Region = n.Account, n.Region
	}
	switch r.Action {
	case "ALLOW", "COUNT":
		e.Outcome = haetae.CallSucceeded
	case "BLOCK", "CAPTCHA", "CHALLENGE":
		e.Outcome, e.Error = haetae.CallDenied, r.Rule
	default:
		in.stats.unread(Field, in.name, in.number, "action %q", r.Action[:min(len(r.Action), 40)])
	}
	if r.Request.ID != "" {
		// One request may pass several web ACLs: of CloudFront and of what is behind it.
		e.ID = r.Request.ID + "@" + r.ACL
	}
	if r.Request.Country != "-" {
		e.Peer.Country = r.Request.Country
	}
	for _, h := range r.Request.Headers {
		if strings.EqualFold(h.Name, "user-agent") {
			e.Peer.Agent = h.Value
			break
		}
	}
	for _, t := range []string{r.Source, r.ACL} {
		if t != "" && t != "-" {
			e.Targets = append(e.Targets, t)
		}
	}
	return in.event(e, m)
}
