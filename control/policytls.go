package control

import (
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// policyDeniesPlainHTTP tells whether the policy refuses every request that does
// not use TLS: a Deny for everybody, for all actions of the service and the
// whole resource, under no other condition than aws:SecureTransport false
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html).
// A bucket is whole with the bucket and its objects, be it in two statements.
func policyDeniesPlainHTTP(doc any) any {
	return deniesTransport(doc, func(operator, key string, values any) any {
		op := strings.TrimSuffix(strings.TrimPrefix(operator, "foranyvalue:"), "ifexists")
		if op != "bool" && !pinOperators[op] || key != "" && key != "aws:securetransport" {
			return false
		}
		list, more := listed(values)
		return some(list, more, func(v any) any { return equal(lowered(v), "false") })
	})
}

// policyMinTLS returns the lowest TLS version that the policy lets through, as
// far as it refuses lower ones for everybody on the whole resource by
// s3:TlsVersion, and 0 when it refuses none
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html).
func policyMinTLS(doc any) any {
	var open []any
	for _, v := range [...]float64{1.3, 1.2, 1.1, 1.0} {
		enforced := deniesTransport(doc, func(operator, key string, values any) any {
			if strings.TrimSuffix(operator, "ifexists") != "numericlessthan" || key != "" && key != "s3:tlsversion" {
				return false
			}
			list, more := listed(values)
			return some(list, more, func(limit any) any {
				s, ok := limit.(string)
				if !ok {
					return undecided(limit)
				}
				n, err := strconv.ParseFloat(s, 64)
				return err == nil && n >= v
			})
		})
		switch {
		case enforced == true && open == nil:
			return v
		case enforced != false:
			open = append(open, enforced)
		}
		if enforced == true {
			break
		}
	}
	if open != nil {
		return merge(open...)
	}
	return 0.0
}

// deniesTransport tells whether Deny statements for everybody cover all actions
// on the whole resource whenever the condition is met that refuses finds.
func deniesTransport(doc any, refuses func(operator, key string, values any) any) any {
	part := func(covers func(st map[string]any) any) any {
		return someStatement(doc, "Deny", func(st map[string]any) any {
			return and3(hasAction(st, allOfService),
				func() any { return onlyCondition(st, refuses) },
				func() any { return forEverybody(st) },
				func() any {
					whole := and3(hasResource(st, func(any) any { return true }), func() any { return ofOtherService(st) })
					return some([]any{whole, covers(st)}, nil, func(v any) any { return v })
				})
		})
	}
	objects := part(func(st map[string]any) any { return hasResource(st, coversObjects) })
	if objects == false {
		return false
	}
	return and3(objects, func() any {
		return part(func(st map[string]any) any { return hasResource(st, coversBucket) })
	})
}

// ofOtherService tells whether the statement's actions are not those of S3: then
// there are no objects beside the resource.
func ofOtherService(st map[string]any) any {
	list, more := listed(st["Action"])
	return every(list, more, func(v any) any {
		s, ok := v.(string)
		if !ok {
			return undecided(v)
		}
		service, _, _ := strings.Cut(s, ":")
		return !globsMeet(strings.ToLower(service), "s3")
	})
}

// onlyCondition tells whether the statement has one condition entry and it is
// so: a further entry would let some of the requests through.
func onlyCondition(st map[string]any, is func(operator, key string, values any) any) any {
	other := conditionSome(st, func(operator, key string, values any) any {
		return not(is(strings.ToLower(operator), key, values))
	})
	return and3(conditionSome(st, func(operator, key string, values any) any {
		return is(strings.ToLower(operator), key, values)
	}), func() any { return not(other) })
}

// coversObjects tells whether a resource pattern reaches all the objects of a
// bucket; what is not a bucket has none, and is covered by its ARN.
func coversObjects(v any) any {
	switch x := v.(type) {
	case string:
		return !isBucketARN(x) || strings.HasSuffix(x, "/*") && strings.Count(x, "/") == 1 ||
			strings.HasSuffix(x, "*") && !strings.Contains(x, "/")
	case *haetae.Unknown:
		n := len(x.Parts)
		switch {
		case n > 1 && otherService(x.Parts[0]):
			return true
		case n > 1 && x.Plain && slices.Equal(x.Parts[1:], []string{"/*"}):
			return true
		}
	}
	return undecided(v)
}

// coversBucket tells whether a resource pattern reaches the bucket itself.
func coversBucket(v any) any {
	switch x := v.(type) {
	case string:
		return !isBucketARN(x) || !strings.Contains(x, "/")
	case *haetae.Unknown:
		n := len(x.Parts)
		switch {
		case n > 1 && otherService(x.Parts[0]):
			return true
		case n > 1 && strings.Contains(strings.Join(x.Parts, ""), "/"):
			// "${Bucket.Arn}/*" is the objects; of another service nothing ends so
			return false
		case x.Ref != "" && (n < 2 || n == 2 && x.Parts[1] == "" && (x.Attr == "Arn" || isBucketARN(x.Parts[0]))):
			return true // the ARN or the name of a resource of the same stack
		}
	}
	return undecided(v)
}

func isBucketARN(s string) bool {
	f := strings.SplitN(s, ":", 6)
	return len(f) == 6 && f[0] == "arn" && f[2] == "s3"
}

// otherService tells whether an ARN, of which the start is known, is not one of
// S3.
func otherService(start string) bool {
	f := strings.SplitN(start, ":", 4)
	return len(f) == 4 && f[0] == "arn" && f[2] != "s3" && f[2] != "*"
}
