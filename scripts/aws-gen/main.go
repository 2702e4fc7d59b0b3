// Command aws-gen makes aws/model from the service models of botocore: what
// the operations that read look like on the wire, without their prose.
//
//	go run ./scripts/aws-gen --venv out/venv --out aws/model
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/inventory"
)

// names are the services that botocore calls otherwise than the AWS CLI does.
var names = map[string]string{"configservice": "config", "s3api": "s3"}

// operations returns the operations that haetae calls, by the AWS CLI's names of
// their services.
func operations() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, op := range append(calls(), logs()...) {
		service, name, _ := strings.Cut(op, ":")
		if out[service] == nil {
			out[service] = map[string]bool{}
		}
		out[service][name] = true
	}
	return out
}

// logs are the operations by which logs are fetched, and who is asked for.
func logs() []string {
	return []string{"sts:GetCallerIdentity", "s3api:ListObjectsV2", "s3api:GetObject", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "logs:FilterLogEvents"}
}

func calls() (ops []string) {
	for _, k := range inventory.All {
		for _, c := range k.Calls {
			ops = append(ops, c.Op)
			if c.Before != "" {
				ops = append(ops, c.Before)
			}
		}
	}
	return ops
}

// limits are the largest pages of operations whose model does not say it, from
// the operations' reference pages.
var limits = map[string]int{
	"sqs:ListQueues":    1000, // without it there are no pages, and what is over 1,000 is cut off
	"s3api:ListBuckets": 1000, // without it the answer lacks the buckets' regions

	"ec2:DescribeInstances":              1000,
	"ec2:DescribeLaunchTemplateVersions": 200,
	"ec2:DescribeSnapshots":              1000,
	"ec2:DescribeVpcEndpoints":           1000,

	// The model of KMS says 1,000 for all of them, and KMS refuses it.
	"kms:ListAliases":      100,
	"kms:ListGrants":       100,
	"kms:ListKeyPolicies":  100,
	"kms:ListResourceTags": 50,

	// The model says 10,000, of which the service gives no more than this.
	"kinesis:DescribeStream":         100,
	"kinesis:ListStreams":            100,
	"lambda:ListFunctions":           50,
	"lambda:ListEventSourceMappings": 100,

	// What is not said in the model at all, and where the default is smaller.
	"apigateway:GetAuthorizers":                500,
	"apigateway:GetDomainNames":                500,
	"apigateway:GetResources":                  500,
	"apigateway:GetRestApis":                   500,
	"autoscaling:DescribeAutoScalingGroups":    100,
	"autoscaling:DescribeLaunchConfigurations": 100,
	"autoscaling:DescribePolicies":             100,
	"ecs:ListServices":                         100,
}

// more are the pages of operations for which botocore has no paginator and
// whose tokens do not have the usual names.
var more = map[string]page{
	"kinesis:ListTagsForStream": {
		InputToken: texts{"ExclusiveStartTagKey"}, OutputToken: texts{"Tags[-1].Key"},
		MoreResults: "HasMoreTags", LimitKey: "Limit",
	},
}

func main() {
	venv := flag.String("venv", "out/venv", "Python environment that has botocore")
	out := flag.String("out", "aws/model", "folder to write")
	flag.Parse()
	found, err := filepath.Glob(filepath.Join(*venv, "lib", "python3*", "site-packages", "botocore", "data"))
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%s has no botocore: scripts/venv.sh makes it", *venv)
	}
	if err == nil {
		err = run(found[0], *out)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(data, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, cli := range slices.Sorted(maps.Keys(operations())) {
		name := cmp.Or(names[cli], cli)
		m, err := service(filepath.Join(data, name), cli, operations()[cli])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := write(filepath.Join(out, cli+".json.gz"), m); err != nil {
			return err
		}
	}
	var e aws.Endpoints
	if err := read(filepath.Join(data, "endpoints.json"), &struct {
		Partitions *[]aws.Partition `json:"partitions"`
	}{&e.Partitions}); err != nil {
		return err
	}
	slices.SortFunc(e.Partitions, func(a, b aws.Partition) int { return strings.Compare(a.Name, b.Name) })
	known := map[string]bool{}
	for _, cli := range slices.Sorted(maps.Keys(operations())) {
		m := aws.Service{}
		if err := read(filepath.Join(out, cli+".json.gz"), &m); err != nil {
			return err
		}
		known[m.Prefix] = true
	}
	for i := range e.Partitions {
		e.Partitions[i].Keep(known)
	}
	return write(filepath.Join(out, "endpoints.json.gz"), e)
}

// read decodes a JSON file, compressed or not.
func read(path string, v any) error {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		f, err = os.Open(path + ".gz")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(f.Name(), ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	}
	if err := json.NewDecoder(r).Decode(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// write writes compressed JSON that is the same for the same input.
func write(path string, v any) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// source is what is used of a service-2.json.
type source struct {
	Metadata struct {
		QueryCompatible *struct{} `json:"awsQueryCompatible"`
		APIVersion      string    `json:"apiVersion"`
		EndpointPrefix  string    `json:"endpointPrefix"`
		SigningName     string    `json:"signingName"`
		ServiceID       string    `json:"serviceId"`
		Protocol        string    `json:"protocol"`
		Protocols       []string
		JSONVersion     string `json:"jsonVersion"`
		TargetPrefix    string `json:"targetPrefix"`
	}
	Operations map[string]struct {
		HTTP struct {
			Method     string
			RequestURI string `json:"requestUri"`
		}
		Input, Output *ref
		Endpoint      *struct{ HostPrefix string }
	}
	Shapes map[string]shape
}

type ref struct {
	Shape           string
	LocationName    string
	Location        string
	QueryName       string
	Flattened       bool
	TimestampFormat string
	ResultWrapper   string
	XMLAttribute    bool `json:"xmlAttribute"`
}

type shape struct {
	Type            string
	Members         map[string]ref
	Member          *ref
	Key, Value      *ref
	Flattened       bool
	Payload         string
	TimestampFormat string
	Max             float64
	Document, Union bool
	LocationName    string
}

// page is one entry of a paginators-1.json; texts may also be lists of texts.
type page struct {
	InputToken  texts  `json:"input_token"`
	OutputToken texts  `json:"output_token"`
	MoreResults string `json:"more_results"`
	LimitKey    string `json:"limit_key"`
}

type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

func service(dir, cli string, keep map[string]bool) (*aws.Service, error) {
	versions, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, versions[len(versions)-1].Name())
	var src source
	if err := read(filepath.Join(dir, "service-2.json"), &src); err != nil {
		return nil, err
	}
	var pages struct{ Pagination map[string]page }
	if err := read(filepath.Join(dir, "paginators-1.json"), &pages); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	m := src.Metadata
	s := &aws.Service{
		ID: m.ServiceID, Version: m.APIVersion, Prefix: m.EndpointPrefix, Signing: m.SigningName,
		Protocol: protocol(m.Protocol, m.Protocols), JSON: m.JSONVersion, Target: m.TargetPrefix,
		QueryErrors: m.QueryCompatible != nil,
		Operations:  map[string]aws.Operation{}, Shapes: map[string]aws.Shape{},
	}
	if s.Signing == "" {
		s.Signing = s.Prefix
	}
	for name, op := range src.Operations {
		if !keep[name] {
			continue
		}
		o := aws.Operation{Method: op.HTTP.Method, URI: op.HTTP.RequestURI}
		if op.Endpoint != nil {
			o.HostPrefix = op.Endpoint.HostPrefix
		}
		if op.Input != nil {
			o.Input = src.keep(s, op.Input.Shape)
		}
		if op.Output != nil {
			o.Output, o.Wrapper = src.keep(s, op.Output.Shape), op.Output.ResultWrapper
		}
		o.Page = src.page(cli, name, pages.Pagination[name], o)
		s.Operations[name] = o
	}
	return s, nil
}

// protocol chooses the protocol that the client speaks.
func protocol(one string, all []string) string {
	if len(all) == 0 {
		all = []string{one}
	}
	for _, p := range []string{"json", "rest-json", "rest-xml", "ec2", "query"} {
		if slices.Contains(all, p) {
			return p
		}
	}
	return one
}

// page says how an operation is paged: as botocore says, else by a token that
// request and answer share.
func (src *source) page(cli, name string, p page, o aws.Operation) *aws.Page {
	if m, ok := more[cli+":"+name]; ok {
		p = m
	}
	in, out := src.Shapes[o.Input].Members, src.Shapes[o.Output].Members
	if len(p.InputToken) == 0 {
		for _, t := range []string{"NextToken", "nextToken", "NextMarker", "Marker"} {
			if _, ok := in[t]; !ok {
				continue
			}
			if _, ok := out[t]; ok {
				p.InputToken, p.OutputToken = texts{t}, texts{t}
				break
			}
		}
		for _, l := range []string{"MaxResults", "maxResults", "Limit"} {
			if _, ok := in[l]; ok && len(p.InputToken) > 0 {
				p.LimitKey = l
			}
		}
	}
	if len(p.InputToken) == 0 {
		return nil
	}
	out2 := &aws.Page{In: p.InputToken, Out: p.OutputToken, More: p.MoreResults}
	if p.LimitKey != "" {
		n := int(src.Shapes[in[p.LimitKey].Shape].Max)
		if l := limits[cli+":"+name]; l > 0 {
			n = l
		}
		if cli == "ec2" && n == 0 {
			n = 500 // every EC2 operation whose model has no bound takes 500
		}
		if n > 0 && n <= 10000 && src.Shapes[in[p.LimitKey].Shape].Type != "string" {
			out2.Limit, out2.Size = p.LimitKey, n
		}
	}
	return out2
}

// keep copies a shape and all that it refers to, and returns its name. Scalars
// have no name of their own.
func (src *source) keep(s *aws.Service, name string) string {
	sh := src.Shapes[name]
	switch sh.Type {
	case "structure", "list", "map":
	default:
		switch {
		case s.ID == "IAM" && name == "policyDocumentType":
			return "$policy"
		case s.ID == "Route 53" && (name == "ResourceId" || name == "DelegationSetId" || name == "ChangeId"):
			return "$zone"
		}
		return "$" + scalar(sh.Type)
	}
	if sh.Document {
		return "$document"
	}
	if _, ok := s.Shapes[name]; ok {
		return name
	}
	out := aws.Shape{Type: sh.Type, Flat: sh.Flattened, Payload: sh.Payload, Union: sh.Union}
	s.Shapes[name] = out // before its members: shapes may be recursive
	for n, m := range sh.Members {
		if out.Members == nil {
			out.Members = map[string]aws.Member{}
		}
		out.Members[n] = src.member(s, m)
	}
	if sh.Member != nil {
		m := src.member(s, *sh.Member)
		out.Item = &m
	}
	if sh.Key != nil {
		k, v := src.member(s, *sh.Key), src.member(s, *sh.Value)
		out.Key, out.Item = &k, &v
	}
	s.Shapes[name] = out
	return name
}

func (src *source) member(s *aws.Service, r ref) aws.Member {
	m := aws.Member{Shape: src.keep(s, r.Shape), Name: r.LocationName, In: r.Location, Query: r.QueryName, Flat: r.Flattened, Attr: r.XMLAttribute, Time: r.TimestampFormat}
	m.Time = cmp.Or(m.Time, src.Shapes[r.Shape].TimestampFormat)
	m.Name = cmp.Or(m.Name, src.Shapes[r.Shape].LocationName)
	return m
}

// scalar names the few kinds of scalars that the wire tells apart.
func scalar(t string) string {
	switch t {
	case "long", "integer", "short", "byte":
		return "integer"
	case "float", "double":
		return "float"
	case "character":
		return "string"
	}
	return t
}
