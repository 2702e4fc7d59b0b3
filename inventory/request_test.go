package inventory

import (
	"reflect"
	"testing"
)

func TestARequestIsItsParametersAndItsParents(t *testing.T) {
	here := Parent{Account: me, Region: "cn-north-1", Partition: "aws-cn", ID: "x", Grandparent: "g"}
	with := func(id string) Parent {
		p := here
		p.ID = id
		return p
	}
	for _, c := range []struct {
		name string
		call Call
		of   Parent
		more []string
		want map[string]any
	}{
		{"without parameters it is empty", Call{}, here, nil, map[string]any{}},
		{"a parent stands under its name", Call{Param: "Bucket"}, here, nil, map[string]any{"Bucket": "x"}},
		{"a list holds one parent", Call{Param: "clusters", List: true}, here, nil, map[string]any{"clusters": []any{"x"}}},
		{
			"a batch holds all of them", Call{Param: "clusters", List: true, Batch: 3}, here, []string{"y", "z"},
			map[string]any{"clusters": []any{"x", "y", "z"}},
		},
		{
			"values are copied as they are", Call{Params: map[string]any{"MaxResults": int64(60), "Include": true}}, here, nil,
			map[string]any{"MaxResults": int64(60), "Include": true},
		},
		{
			"placeholders are filled in at any depth",
			Call{Param: "Name", Params: map[string]any{"Filters": []any{map[string]any{"Values": []any{"${Parent}-${Region}"}}}, "cluster": "${Grandparent}"}}, here, nil,
			map[string]any{"Name": "x", "cluster": "g", "Filters": []any{map[string]any{"Values": []any{"x-cn-north-1"}}}},
		},
		{
			"a parameter that is there takes the place of the parent",
			Call{Param: "ResourceArn", Params: map[string]any{"ResourceArn": "arn:${Partition}:dynamodb:${Region}:${Account}:table/${Parent}"}}, here, nil,
			map[string]any{"ResourceArn": "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/x"},
		},
		{
			"the last part of a path", Call{Param: "ResourceId", Params: map[string]any{"ResourceId": "${Parent.Last}"}}, with("/hostedzone/Z1"), nil,
			map[string]any{"ResourceId": "Z1"},
		},
		{
			"the name and the scope of a web ACL", Call{Param: "Id", Params: wafName},
			with("arn:aws:wafv2:us-east-1:111122223333:global/webacl/front/0-1"), nil,
			map[string]any{"Id": "0-1", "Name": "front", "Scope": "CLOUDFRONT"},
		},
		{
			"a regional web ACL", Call{Param: "Id", Params: wafName},
			with("arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/app/0-2"), nil,
			map[string]any{"Id": "0-2", "Name": "app", "Scope": "REGIONAL"},
		},
		{
			"what has no such parts leaves them empty", Call{Param: "Id", Params: wafName}, with("odd"), nil,
			map[string]any{"Id": "odd", "Name": "", "Scope": ""},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.call.Request(c.of, c.more...); !reflect.DeepEqual(got, c.want) {
				t.Errorf("request is %v, want %v", got, c.want)
			}
		})
	}
}

func TestARequestLeavesTheCallAlone(t *testing.T) {
	c := Call{Param: "Id", Params: map[string]any{"a": []any{map[string]any{"b": "${Parent}"}}}}
	c.Request(Parent{ID: "1"})
	if !reflect.DeepEqual(c.Params, map[string]any{"a": []any{map[string]any{"b": "${Parent}"}}}) {
		t.Errorf("params became %v", c.Params)
	}
}

func TestSourcesAreOperationsAndQueries(t *testing.T) {
	c := Call{Each: "a:B x[].y; c:D z[?n=='1 2'].w"}
	if got := c.Sources(); !reflect.DeepEqual(got, []Source{{"a:B", "x[].y"}, {"c:D", "z[?n=='1 2'].w"}}) {
		t.Errorf("sources are %v", got)
	}
	if got := (&Call{}).Sources(); got != nil {
		t.Errorf("a call without parents has the sources %v", got)
	}
}

func TestABodySaysWhatTheRequestWasAbout(t *testing.T) {
	of := Parent{ID: "target", Grandparent: "bus"}
	for _, c := range []struct {
		op   string
		want map[string]any
	}{
		{"events:ListTargetsByRule", map[string]any{"Rule": "target", "EventBusName": "bus"}},
		{"s3api:GetBucketPolicy", map[string]any{"Bucket": "target"}},
		{"ec2:DescribeVpcs", map[string]any{}},
	} {
		if got := callOf(t, c.op, nil).Echo(of); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s carries %v, want %v", c.op, got, c.want)
		}
	}
}

// callOf returns the first call of an operation, with Params when they are given.
func callOf(t testing.TB, op string, params map[string]any) *Call {
	t.Helper()
	for i := range All {
		for j := range All[i].Calls {
			if c := &All[i].Calls[j]; c.Op == op && (params == nil || c.sameParams(params)) {
				return c
			}
		}
	}
	t.Fatalf("no call of %s", op)
	return nil
}
