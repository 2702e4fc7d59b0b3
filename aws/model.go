package aws

import (
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/haetae/haetae"
)

//go:generate go run ../scripts/aws-gen --venv ../out/venv --out model

//go:embed model
var modelFiles embed.FS

// Service is what the wire of one service looks like. It is made by
// scripts/aws-gen from botocore, whose names of members are those of the AWS
// CLI's output.
type Service struct {
	ID       string // "Elastic Load Balancing v2", by which endpoints are configured
	Version  string // of the API: "2016-11-15"
	Prefix   string // of the host: "elasticloadbalancing"
	Signing  string // name in the signature
	Protocol string // json, rest-json, rest-xml, query, ec2
	JSON     string `json:",omitempty"` // version of the json protocol
	Target   string `json:",omitempty"` // before the operation in X-Amz-Target
	// QueryErrors is set when the service spoke the query protocol before, and
	// on request still answers with that protocol's error codes.
	QueryErrors bool `json:",omitempty"`
	Operations  map[string]Operation
	Shapes      map[string]Shape
}

// Operation is one operation on the wire.
type Operation struct {
	Method, URI   string
	HostPrefix    string `json:",omitempty"`
	Input, Output string `json:",omitempty"` // shapes
	Wrapper       string `json:",omitempty"` // element around the result in the query protocol
	Page          *Page  `json:",omitempty"`
}

// Page says how an operation is paged. Out and More are JMESPath over the
// answer, In and Limit members of the request.
type Page struct {
	In, Out []string
	More    string `json:",omitempty"`
	Limit   string `json:",omitempty"`
	Size    int    `json:",omitempty"` // the largest that Limit takes
}

// Shape is a structure, a list or a map.
type Shape struct {
	Type    string            `json:"t"`
	Members map[string]Member `json:"m,omitempty"`
	Item    *Member           `json:"i,omitempty"` // of a list, and the values of a map
	Key     *Member           `json:"k,omitempty"` // of a map
	Flat    bool              `json:"f,omitempty"`
	Payload string            `json:"p,omitempty"` // the member that is the body
	Union   bool              `json:"u,omitempty"` // a structure of which one member is set

	// children are the members that are elements of XML by the element's name.
	children map[string][]string
}

// wire is what the wire calls a member.
func (m *Member) wire(name string) string {
	if m.Name != "" {
		return m.Name
	}
	return name
}

// flat tells whether the items of a list or map stand where the list would.
func (s *Service) flat(m *Member) bool {
	sh := s.Shapes[m.Shape]
	return (m.Flat || sh.Flat) && (sh.Type == "list" || sh.Type == "map")
}

// index notes for each structure which elements its members are.
func (s *Service) index() {
	for name, sh := range s.Shapes {
		if sh.Type != "structure" {
			continue
		}
		sh.children = make(map[string][]string, len(sh.Members))
		for n, m := range sh.Members {
			if m.In != "" || m.Attr {
				continue
			}
			wire := m.wire(n)
			if list := s.Shapes[m.Shape]; list.Type == "list" && s.flat(&m) && list.Item.Name != "" {
				wire = list.Item.Name
			}
			sh.children[wire] = append(sh.children[wire], n)
		}
		s.Shapes[name] = sh
	}
}

// Member refers to a shape, or to a scalar such as "$string" ("$policy" is a
// document of IAM, "$zone" an ID of Route 53, "$document" any JSON), with what
// the wire calls it when that is not the member's own name.
type Member struct {
	Shape string `json:"s"`
	Name  string `json:"n,omitempty"`
	In    string `json:"l,omitempty"` // uri, querystring, header, headers, statusCode
	Query string `json:"q,omitempty"` // name in requests of the ec2 protocol
	Flat  bool   `json:"f,omitempty"`
	Attr  bool   `json:"a,omitempty"` // an attribute of the XML element
	Time  string `json:"d,omitempty"` // format of a timestamp: iso8601, rfc822, unixTimestamp
}

// Model holds the services, each decoded when it is first used. It is safe for
// concurrent use.
type Model struct {
	mu       sync.Mutex
	services map[string]*Service
	ends     *Endpoints
}

// NewModel returns the built-in model.
func NewModel() *Model { return &Model{services: map[string]*Service{}} }

// Service returns a service by the AWS CLI's name.
func (m *Model) Service(name string) (*Service, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.services[name]; s != nil {
		return s, nil
	}
	s := &Service{}
	if err := decode(name, s); err != nil {
		return nil, err
	}
	s.index()
	m.services[name] = s
	return s, nil
}

// Operation returns the service and operation of "ec2:DescribeInstances".
func (m *Model) Operation(op string) (*Service, *Operation, error) {
	name, verb, _ := strings.Cut(op, ":")
	s, err := m.Service(name)
	if err != nil {
		return nil, nil, err
	}
	o, ok := s.Operations[verb]
	if !ok {
		return nil, nil, &haetae.Error{Code: haetae.Internal, Op: op, Err: errors.New("the model has no such operation"), Hint: "add it to scripts/aws-gen and run go generate ./aws"}
	}
	return s, &o, nil
}

// Endpoints returns the hosts of the partitions.
func (m *Model) Endpoints() (*Endpoints, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ends == nil {
		e := &Endpoints{}
		if err := decode("endpoints", e); err != nil {
			return nil, err
		}
		m.ends = e
	}
	return m.ends, nil
}

func decode(name string, v any) error {
	f, err := modelFiles.Open("model/" + name + ".json.gz")
	if errors.Is(err, fs.ErrNotExist) {
		return &haetae.Error{Code: haetae.Internal, Op: name, Err: errors.New("the model has no such service"), Hint: "add it to scripts/aws-gen and run go generate ./aws"}
	}
	if err != nil {
		return fmt.Errorf("model of %s: %w", name, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("model of %s: %w", name, err)
	}
	if err := json.NewDecoder(z).Decode(v); err != nil {
		return fmt.Errorf("model of %s: %w", name, err)
	}
	return nil
}
