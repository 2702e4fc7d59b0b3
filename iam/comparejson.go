package iam

import (
	"encoding/json"

	"github.com/haetae/haetae/policy"
)

// statementJSON names a statement.
type statementJSON struct {
	Policy string `json:"policy"`
	Index  int    `json:"index"`
	Sid    string `json:"sid,omitempty"`
	Line   int    `json:"line,omitempty"` // from 1
}

func statementOut(st *policy.Statement) *statementJSON {
	if st == nil {
		return nil
	}
	out := &statementJSON{Policy: st.Document.Name, Index: st.Index, Sid: st.Sid}
	if st.Node != nil {
		out.Line = st.Node.Span.Start.Line
	}
	return out
}

// MarshalJSON writes {"result": "none", "some" or "unknown", "examples": […],
// "reasons": […]}; docs/iam-compare.md has the format.
func (c *Comparison) MarshalJSON() ([]byte, error) {
	type example struct {
		Request      *requestJSON   `json:"request"`
		Allows       *statementJSON `json:"allowedBy,omitempty"`
		Denies       *statementJSON `json:"deniedBy,omitempty"`
		Actions      []string       `json:"actions"`
		Future       bool           `json:"future,omitempty"`
		Undocumented bool           `json:"undocumented,omitempty"`
	}
	out := struct {
		Result   Existence `json:"result"`
		Examples []example `json:"examples"`
		Reasons  []string  `json:"reasons"`
	}{c.Exists, []example{}, append([]string{}, c.Reasons...)}
	for i := range c.Examples {
		x := &c.Examples[i]
		out.Examples = append(out.Examples, example{x.Request.json(), statementOut(x.Allows), statementOut(x.Denies), append([]string{}, x.Actions...), x.Future, x.Undocumented})
	}
	return json.Marshal(out)
}

// MarshalJSON writes both senses: {"public": …, "byText": …, "strangers": …}.
func (c *PublicCheck) MarshalJSON() ([]byte, error) {
	text := struct {
		Public    bool           `json:"public"`
		Statement *statementJSON `json:"statement,omitempty"`
		Unknown   string         `json:"unknown,omitempty"`
	}{Public: c.ByText.Public, Statement: statementOut(c.ByText.Statement)}
	if c.ByText.More != nil {
		text.Unknown = c.ByText.More.String()
	}
	return json.Marshal(map[string]any{"public": c.Public(), "byText": text, "strangers": c.Strangers})
}
