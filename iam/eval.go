package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae/policy"
)

// Eval answers one line of `haetae iam eval`: a question as JSON gives an answer
// as JSON; docs/iam-eval.md has the format. A line that cannot be read gives
// {"id": …, "error": …}.
func (e *Engine) Eval(line []byte) []byte {
	var id struct {
		ID json.RawMessage `json:"id"`
	}
	_ = json.Unmarshal(line, &id) // what is wrong with the line is told below
	if id.ID == nil {
		id.ID = json.RawMessage("null")
	}
	fail := func(err error) []byte {
		return encode(struct {
			ID    json.RawMessage `json:"id"`
			Error string          `json:"error"`
		}{id.ID, err.Error()})
	}
	q, notes, err := ReadQuestion(line)
	if err != nil {
		return fail(err)
	}
	d, err := e.Decide(q)
	if err != nil {
		return fail(err)
	}
	return encode(struct {
		ID json.RawMessage `json:"id"`
		answer
	}{id.ID, newAnswer(d, notes)})
}

func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Everything here is made of texts and lists.
		return []byte(`{"error":` + strconv.Quote(err.Error()) + "}")
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// answer is a decision as it is printed.
type answer struct {
	Decision   Verdict      `json:"decision"`
	Layers     []Layer      `json:"layers"`
	Statements []usedJSON   `json:"statements"`
	DependsOn  *dependsJSON `json:"dependsOn,omitempty"`
	Problems   []string     `json:"problems"`
}

type usedJSON struct {
	Policy string        `json:"policy"`
	Layer  Layer         `json:"layer"`
	Index  int           `json:"index"`
	Sid    string        `json:"sid,omitempty"`
	Effect policy.Effect `json:"effect"`
	// Line is that of the statement in the text it came from, from 1; 0 when it
	// came from no text.
	Line int `json:"line,omitempty"`
}

type dependsJSON struct {
	Request Expr         `json:"request"`
	Missing []string     `json:"missing"`
	Example *requestJSON `json:"example,omitempty"`
	Assumed []string     `json:"assumed,omitempty"`
}

type requestJSON struct {
	Principal any            `json:"principal"`
	Action    string         `json:"action"`
	Resource  string         `json:"resource,omitempty"`
	Resources []string       `json:"resources,omitempty"`
	Match     string         `json:"resourceMatch,omitempty"`
	Account   string         `json:"resourceAccount,omitempty"`
	Context   map[string]any `json:"context,omitempty"`
}

// MarshalJSON writes a decision as `haetae iam eval` does, without an id.
func (d *Decision) MarshalJSON() ([]byte, error) { return encode(newAnswer(d, nil)), nil }

// MarshalJSON writes a request as `haetae iam eval` reads it.
func (r *Request) MarshalJSON() ([]byte, error) { return encode(r.json()), nil }

func newAnswer(d *Decision, notes []string) answer {
	a := answer{Decision: d.Verdict, Layers: d.Layers, Statements: []usedJSON{}, Problems: slices.Concat(notes, d.Problems)}
	if a.Layers == nil {
		a.Layers = []Layer{}
	}
	if a.Problems == nil {
		a.Problems = []string{}
	}
	for _, u := range d.Statements {
		j := usedJSON{Policy: u.Document.Name, Layer: u.Layer, Index: u.Statement.Index, Sid: u.Statement.Sid, Effect: u.Statement.Effect}
		if u.Statement.Node != nil {
			j.Line = u.Statement.Node.Span.Start.Line
		}
		a.Statements = append(a.Statements, j)
	}
	if p := d.Depends; p != nil {
		a.DependsOn = &dependsJSON{Request: p.Request, Missing: p.Missing, Assumed: p.Assumed}
		if p.Missing == nil {
			a.DependsOn.Missing = []string{}
		}
		if p.Example != nil {
			a.DependsOn.Example = p.Example.json()
		}
	}
	return a
}

func (r *Request) json() *requestJSON {
	out := &requestJSON{Action: r.Action, Account: r.Account}
	switch p := r.Principal; {
	case p.Anonymous:
		out.Principal = "anonymous"
	case p.Service != "":
		out.Principal = map[string]string{"service": p.Service}
	case p.Federated != "":
		out.Principal = map[string]string{"federated": p.Federated}
	default:
		out.Principal = p.ARN
	}
	if len(r.Resources) == 1 {
		out.Resource = r.Resources[0]
	} else {
		out.Resources = r.Resources
	}
	if r.Any {
		out.Match = "any"
	}
	for k, v := range r.Context {
		if out.Context == nil {
			out.Context = map[string]any{}
		}
		if v.Multi || len(v.List) != 1 {
			out.Context[k] = v.List
		} else {
			out.Context[k] = v.List[0]
		}
	}
	return out
}

// questionJSON is the format of a question.
type questionJSON struct {
	ID      json.RawMessage `json:"id"`
	Request struct {
		Principal json.RawMessage            `json:"principal"`
		Action    string                     `json:"action"`
		Resource  *string                    `json:"resource"`
		Resources []string                   `json:"resources"`
		Match     string                     `json:"resourceMatch"`
		Account   string                     `json:"resourceAccount"`
		Context   map[string]json.RawMessage `json:"context"`
	} `json:"request"`
	Policies struct {
		Identity documents       `json:"identity"`
		Boundary documents       `json:"boundary"`
		Session  documents       `json:"session"`
		SCP      []levelJSON     `json:"scp"`
		RCP      []levelJSON     `json:"rcp"`
		Resource json.RawMessage `json:"resource"`
		Endpoint documents       `json:"endpoint"`
	} `json:"policies"`
	Facts struct {
		Principal struct {
			ManagementAccount bool              `json:"managementAccount"`
			ServiceLinkedRole bool              `json:"serviceLinkedRole"`
			Root              bool              `json:"root"`
			CanonicalID       string            `json:"canonicalID"`
			OrgID             string            `json:"orgID"`
			OrgPath           oneOrMany         `json:"orgPath"`
			Tags              map[string]string `json:"tags"`
		} `json:"principal"`
		Resource struct {
			ManagementAccount bool              `json:"managementAccount"`
			AWSManagedKey     bool              `json:"awsManagedKey"`
			OrgID             string            `json:"orgID"`
			OrgPath           oneOrMany         `json:"orgPath"`
			Tags              map[string]string `json:"tags"`
		} `json:"resource"`
		KMS struct {
			Grants []struct {
				Grantee     string   `json:"grantee"`
				Retiring    string   `json:"retiringPrincipal"`
				Operations  []string `json:"operations"`
				Constraints struct {
					Equals    map[string]string `json:"encryptionContextEquals"`
					Subset    map[string]string `json:"encryptionContextSubset"`
					SourceArn string            `json:"sourceArn"`
				} `json:"constraints"`
			} `json:"grants"`
		} `json:"kms"`
		S3 *struct {
			BucketOwner string            `json:"bucketOwner"`
			ObjectOwner string            `json:"objectOwner"`
			Ownership   string            `json:"ownership"`
			ACL         []json.RawMessage `json:"acl"`
			BucketABAC  bool              `json:"bucketAbac"`
			Block       struct {
				Account PublicAccessBlock `json:"account"`
				Bucket  PublicAccessBlock `json:"bucket"`
			} `json:"blockPublicAccess"`
			AccessPoint *struct {
				ARN    string            `json:"arn"`
				Policy json.RawMessage   `json:"policy"`
				Block  PublicAccessBlock `json:"blockPublicAccess"`
			} `json:"accessPoint"`
		} `json:"s3"`
	} `json:"facts"`
	Unknown      []string `json:"unknown"`
	UnknownValue []string `json:"unknownValue"`
	Known        []string `json:"known"`
}

// documents is a list of policies; one alone is a list of one.
type documents []json.RawMessage

func (d *documents) UnmarshalJSON(raw []byte) error {
	switch {
	case bytes.Equal(raw, []byte("null")):
		return nil
	case raw[0] == '[':
		list := []json.RawMessage{}
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		*d = list
		return nil
	}
	*d = documents{slices.Clone(raw)}
	return nil
}

type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var one string
		err := json.Unmarshal(raw, &one)
		*o = oneOrMany{one}
		return err
	}
	return json.Unmarshal(raw, (*[]string)(o))
}

type levelJSON struct {
	Target   string    `json:"target"`
	Policies documents `json:"policies"`
}

// readACL reads an entry of an ACL: {"grantee": …, "permission": …}, where the
// grantee is a text or an object as the S3 API prints it, or the name of a canned
// ACL.
func readACL(raw json.RawMessage, bucketOwner string) ([]ACLGrant, error) {
	var canned string
	if json.Unmarshal(raw, &canned) == nil {
		grants, ok := CannedACL(canned, bucketOwner)
		if !ok {
			return nil, fmt.Errorf("there is no canned ACL %q", canned)
		}
		return grants, nil
	}
	var entry struct {
		Grantee    json.RawMessage `json:"grantee"`
		Permission string          `json:"permission"`
	}
	if err := json.Unmarshal(raw, &entry); err != nil {
		return nil, err
	}
	g := ACLGrant{Permission: entry.Permission}
	if json.Unmarshal(entry.Grantee, &g.Grantee) == nil {
		return []ACLGrant{g}, nil
	}
	var api struct{ URI, ID string }
	if err := json.Unmarshal(entry.Grantee, &api); err != nil {
		return nil, fmt.Errorf("a grantee is a text or an object with URI or ID: %w", err)
	}
	if g.Grantee = api.ID; api.URI != "" {
		g.Grantee = api.URI
	}
	return []ACLGrant{g}, nil
}

// ReadQuestion reads a question in the format of `haetae iam eval`. notes are
// oddities that do not stop the answer.
func ReadQuestion(line []byte) (q *Question, notes []string, err error) {
	var in questionJSON
	if err := json.Unmarshal(line, &in); err != nil {
		return nil, nil, fmt.Errorf("the line is no question: %w", err)
	}
	strict := json.NewDecoder(bytes.NewReader(line))
	strict.DisallowUnknownFields()
	if err := strict.Decode(new(questionJSON)); err != nil {
		// A member that nobody knows may be a misspelt layer.
		notes = append(notes, "not looked at: "+strings.TrimPrefix(err.Error(), "json: "))
	}
	q = &Question{Unknown: in.Unknown, UnknownValue: in.UnknownValue, Known: in.Known}
	if err := in.request(&q.Request); err != nil {
		return nil, nil, err
	}
	if err := in.policies(&q.Policies); err != nil {
		return nil, nil, err
	}
	f := &q.Facts
	p, r := &in.Facts.Principal, &in.Facts.Resource
	f.Principal = PrincipalFacts{ManagementAccount: p.ManagementAccount, ServiceLinked: p.ServiceLinkedRole, Root: p.Root, CanonicalID: p.CanonicalID,
		OrgID: p.OrgID, OrgPath: p.OrgPath, Tags: p.Tags}
	f.Resource = ResourceFacts{r.ManagementAccount, r.AWSManagedKey, r.OrgID, r.OrgPath, r.Tags}
	for _, g := range in.Facts.KMS.Grants {
		f.Grants = append(f.Grants, Grant{g.Grantee, g.Retiring, g.Operations, g.Constraints.Equals, g.Constraints.Subset, g.Constraints.SourceArn})
	}
	if s := in.Facts.S3; s != nil {
		f.S3 = &S3Facts{BucketOwner: s.BucketOwner, ObjectOwner: s.ObjectOwner, Ownership: s.Ownership, BucketABAC: s.BucketABAC,
			Account: s.Block.Account, Bucket: s.Block.Bucket}
		if f.S3.BucketOwner == "" {
			f.S3.BucketOwner = in.Request.Account
		}
		for _, raw := range s.ACL {
			grants, err := readACL(raw, f.S3.BucketOwner)
			if err != nil {
				return nil, nil, fmt.Errorf("facts.s3.acl: %w", err)
			}
			f.S3.ACL = append(f.S3.ACL, grants...)
		}
		if a := s.AccessPoint; a != nil {
			f.S3.AccessPoint = &AccessPoint{ARN: a.ARN, PublicAccessBlock: a.Block}
			if f.S3.AccessPoint.Policy, err = readDocument(a.Policy, policy.Resource, "accessPoint"); err != nil {
				return nil, nil, err
			}
		}
	}
	return q, notes, nil
}

func (in *questionJSON) request(r *Request) error {
	r.Action, r.Account = in.Request.Action, in.Request.Account
	switch raw := in.Request.Principal; {
	case len(raw) == 0:
		return fmt.Errorf("request.principal is missing")
	case raw[0] == '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return fmt.Errorf("request.principal: %w", err)
		}
		if r.Principal.ARN = text; text == "anonymous" {
			r.Principal = Principal{Anonymous: true}
		}
	default:
		var p struct{ Service, Federated string }
		if err := json.Unmarshal(raw, &p); err != nil || (p.Service == "") == (p.Federated == "") {
			return fmt.Errorf(`request.principal is an ARN, {"service": NAME}, {"federated": NAME} or "anonymous"`)
		}
		r.Principal = Principal{Service: p.Service, Federated: p.Federated}
	}
	switch {
	case in.Request.Resource != nil && in.Request.Resources != nil:
		return fmt.Errorf("request has both resource and resources")
	case in.Request.Resource != nil:
		r.Resources = []string{*in.Request.Resource}
	default:
		r.Resources = in.Request.Resources
	}
	switch in.Request.Match {
	case "", "literal":
	case "any":
		r.Any = true
	default:
		return fmt.Errorf("request.resourceMatch is literal or any, not %q", in.Request.Match)
	}
	r.Context = map[string]Values{}
	for _, k := range slices.Sorted(maps.Keys(in.Request.Context)) {
		v, err := readValues(in.Request.Context[k])
		if err != nil {
			return fmt.Errorf("request.context, %s: %w", k, err)
		}
		r.Context[k] = v
	}
	return nil
}

// readValues reads the value of a context key: one, or a list.
func readValues(raw json.RawMessage) (Values, error) {
	n, err := policy.ReadJSON(string(raw))
	if err != nil {
		return Values{}, err
	}
	scalar := func(n *policy.Node) bool {
		return n.Kind == policy.String || n.Kind == policy.Number || n.Kind == policy.Bool
	}
	switch {
	case scalar(n):
		return One(n.Text), nil
	case n.Kind == policy.Array:
		v := Values{Multi: true}
		for _, item := range n.Items {
			if !scalar(item) {
				return Values{}, fmt.Errorf("a value is a text, a number or a Boolean")
			}
			v.List = append(v.List, item.Text)
		}
		return v, nil
	}
	return Values{}, fmt.Errorf("a value is a text, a number, a Boolean or a list of them")
}

func (in *questionJSON) policies(p *Policies) (err error) {
	list := func(docs documents, typ policy.Type, name string) []*policy.Document {
		if docs == nil || err != nil {
			return nil
		}
		out := []*policy.Document{}
		for i, raw := range docs {
			var d *policy.Document
			if d, err = readDocument(raw, typ, name+"["+strconv.Itoa(i)+"]"); err != nil {
				return nil
			}
			if d != nil {
				out = append(out, d)
			}
		}
		return out
	}
	levels := func(in []levelJSON, typ policy.Type, name string) (out []Level) {
		for i, l := range in {
			out = append(out, Level{l.Target, list(l.Policies, typ, name+"["+strconv.Itoa(i)+"].policies")})
		}
		return out
	}
	p.Identity = list(in.Policies.Identity, policy.Identity, "identity")
	p.Boundary = list(in.Policies.Boundary, policy.Boundary, "boundary")
	p.Session = list(in.Policies.Session, policy.Session, "session")
	p.SCP = levels(in.Policies.SCP, policy.SCP, "scp")
	p.RCP = levels(in.Policies.RCP, policy.RCP, "rcp")
	p.Endpoint = list(in.Policies.Endpoint, policy.Endpoint, "endpoint")
	if err != nil {
		return err
	}
	typ := policy.Resource
	if strings.HasPrefix(strings.ToLower(in.Request.Action), "sts:assumerole") {
		typ = policy.Trust
	}
	p.Resource, err = readDocument(in.Policies.Resource, typ, "resource")
	return err
}

// readDocument reads a policy, which may also be a text that is one. Absent and
// null are none.
func readDocument(raw json.RawMessage, typ policy.Type, name string) (*policy.Document, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	n, err := policy.ReadJSON(string(raw))
	if err == nil && n.Kind == policy.String {
		n, err = policy.ReadJSON(n.Text)
	}
	if err != nil {
		return nil, fmt.Errorf("policies.%s: %w", name, err)
	}
	d := policy.FromNode(n, typ)
	d.Name = name
	return d, nil
}
