package iam

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// parameters are the requestParameters of a record, found by name without
// regard to case and punctuation: CloudTrail writes dBInstanceIdentifier where
// the API has DBInstanceIdentifier.
type parameters struct {
	root map[string]any
	// known is false when the record has none, or leaves them out.
	known bool
}

func parametersOf(e *Event) *parameters {
	switch v := e.Parameters.(type) {
	case map[string]any:
		// Some calls of EC2 are wrapped: {"CreateFlowLogsRequest": {…}}.
		if inner, ok := v[e.Name+"Request"].(map[string]any); ok && len(v) == 1 {
			v = inner
		}
		return &parameters{v, true}
	default:
		// A call without parameters has null, and so have many that failed, which
		// had some.
		return &parameters{nil, v == nil && e.Error == ""}
	}
}

// plainName drops case and punctuation.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

// has tells whether a parameter was given.
func (p *parameters) has(name string) bool { return len(p.find(name)) > 0 }

// find returns the values of a parameter. "a.b" is b somewhere below a. What
// stands at the top goes before what stands below; "^a" is only at the top.
func (p *parameters) find(name string) []any {
	if at, ok := strings.CutPrefix(name, "^"); ok {
		return p.top(at)
	}
	nodes := []any{p.root}
	for _, part := range strings.Split(name, ".") {
		part = plainName(part)
		var next []any
		for _, n := range nodes {
			next = append(next, members(n, part)...)
		}
		if len(next) == 0 {
			for _, n := range nodes {
				next = append(next, below(n, part)...)
			}
		}
		if nodes = next; len(nodes) == 0 {
			return nil
		}
	}
	return slices.DeleteFunc(nodes, empty)
}

// top returns the values of a parameter that stands at the top.
func (p *parameters) top(name string) []any {
	return slices.DeleteFunc(members(p.root, plainName(name)), empty)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// members are those of a map with a plain name.
func members(node any, name string) []any {
	var out []any
	if o, ok := node.(map[string]any); ok {
		for _, k := range slices.Sorted(maps.Keys(o)) {
			if plainName(k) == name {
				out = append(out, o[k])
			}
		}
	}
	return out
}

// below are the members with a plain name at any depth under a node.
func below(node any, name string) []any {
	var out []any
	switch v := node.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if plainName(k) == name {
				out = append(out, v[k])
				continue
			}
			out = append(out, below(v[k], name)...)
		}
	case []any:
		for _, e := range v {
			out = append(out, below(e, name)...)
		}
	}
	return out
}

// plainTexts are the plain values of a node: itself, or those of a list, or of a
// set of EC2 ({"items": […]}, or {"content": "x", "tag": 1}).
func plainTexts(node any) []string {
	switch v := node.(type) {
	case string:
		return []string{v}
	case json.Number, bool:
		return []string{fmt.Sprint(v)}
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, plainTexts(e)...)
		}
		return out
	case map[string]any:
		if items, ok := v["items"]; ok && len(v) == 1 {
			return plainTexts(items)
		}
		if content, ok := v["content"]; ok && v["tag"] != nil && len(v) == 2 {
			return plainTexts(content)
		}
	}
	return nil
}

// hidden tells whether CloudTrail put something in the place of a value.
func hidden(s string) bool {
	return s == "" || s == "HIDDEN_DUE_TO_SECURITY_REASONS" || s == "***" || strings.HasSuffix(s, "****") || strings.HasPrefix(s, "<sensitiveDataRemoved>")
}

// paramValue is a value, or a pattern of what it may be.
type paramValue struct {
	text    string
	pattern bool
}

// values are those of the first of the parameters that was given.
func (p *parameters) values(list []param) []paramValue {
	for _, one := range list {
		var out []paramValue
		var nodes []any
		for name := range strings.SplitSeq(one.name, "+") {
			nodes = append(nodes, p.find(name)...)
		}
		for _, node := range nodes {
			all := plainTexts(node)
			if one.part == "keys" {
				if o, ok := node.(map[string]any); ok {
					all = slices.Sorted(maps.Keys(o))
				}
			}
			for _, t := range all {
				if v, ok := part(t, one.part); ok && !hidden(t) && !slices.Contains(out, v) {
					out = append(out, v)
				}
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// parts are those that part knows.
var parts = []string{"", "keys", "last", "account", "first", "rest", "plain", "slash", "alias", "secret", "any", "path", "linked", "family", "revision", "function", "host",
	"twelve", "scope", "model", "profile", "i-", "mi-"}

// part takes the part of a text that events.txt names. An ARN stays whole.
func part(s, name string) (paramValue, bool) {
	if strings.HasPrefix(s, "arn:") {
		return paramValue{text: s}, true
	}
	whole := paramValue{text: s}
	switch name {
	case "", "keys":
		return whole, true
	case "last":
		return paramValue{text: s[strings.LastIndexByte(s, '/')+1:]}, true
	case "account":
		// https://sqs.us-east-1.amazonaws.com/111122223333/name
		parts := strings.Split(s, "/")
		if n := len(parts); n >= 2 {
			return part(parts[n-2], "twelve")
		}
		return paramValue{}, false
	case "first", "rest":
		// A source of a copy may start with "/" and end with a version.
		bucket, key, ok := strings.Cut(strings.TrimPrefix(s, "/"), "/")
		if name == "first" {
			return paramValue{text: bucket}, ok
		}
		key, _, _ = strings.Cut(key, "?versionId=")
		return paramValue{text: key}, ok
	case "plain":
		return whole, !strings.ContainsAny(s, "/:")
	case "slash":
		return paramValue{text: strings.TrimPrefix(s, "/")}, true
	case "alias":
		after, ok := strings.CutPrefix(s, "alias/")
		return paramValue{text: after}, ok
	case "i-", "mi-":
		return whole, strings.HasPrefix(s, name)
	case "secret":
		return paramValue{text: s + "-??????", pattern: true}, true
	case "any":
		return paramValue{text: s + "*", pattern: true}, true
	case "path":
		return paramValue{text: "*" + s, pattern: true}, true
	case "linked":
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
		return paramValue{text: "aws-service-role/" + s + "/*", pattern: true}, true
	case "family":
		before, _, _ := strings.Cut(s, ":")
		return paramValue{text: before}, true
	case "revision":
		_, after, ok := strings.Cut(s, ":")
		return paramValue{text: after}, ok
	case "function":
		return whole, strings.Count(s, ":") < 2
	case "host":
		return paramValue{text: strings.TrimPrefix(s, "https://")}, true
	case "twelve":
		return whole, len(s) == 12 && strings.Trim(s, "0123456789") == ""
	case "scope":
		switch s {
		case "REGIONAL":
			return paramValue{text: "regional"}, true
		case "CLOUDFRONT":
			return paramValue{text: "global"}, true
		}
	case "model":
		return whole, !profileID(s)
	case "profile":
		return whole, profileID(s)
	}
	return paramValue{}, false
}

// profileID tells whether a model's id is that of a profile of several regions
// (https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html).
func profileID(s string) bool {
	area, _, _ := strings.Cut(s, ".")
	return slices.Contains([]string{"us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"}, area)
}
