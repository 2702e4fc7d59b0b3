package iam

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// Publicity tells whether a policy is public in the sense of S3.
type Publicity struct {
	Public    bool
	Statement *policy.Statement // that makes it public
	// More says what must be known to tell; Public is then false.
	More *haetae.Unknown
}

// PublicPolicy tells whether a policy is public as S3 Block Public Access has
// it: some Allow statement is for everybody, or for whoever a public identity
// provider vouches for, and no condition holds it to fixed values
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status).
// A Deny makes a policy no less public.
func PublicPolicy(d *policy.Document) Publicity {
	out := Publicity{More: d.More}
	for _, st := range d.Statements {
		if st.Unknown != nil {
			out.More = st.Unknown
			continue
		}
		if st.Effect != policy.Allow || st.Principals == nil {
			continue
		}
		open := st.Principals.Not || slices.ContainsFunc(st.Principals.List, func(p policy.Principal) bool {
			return p.Kind == "*" || p.Kind == "Service" && p.Text == "*" || p.Kind == "Federated" && !strings.HasPrefix(p.Text, "arn:") && !pinnedBy(st, strings.ToLower(p.Text)+":")
		})
		if !open && st.Principals.More == nil || pinnedBy(st, "") {
			continue
		}
		if !open {
			out.More = st.Principals.More
			continue
		}
		if u := unreadCondition(st); u != nil {
			out.More = u
			continue
		}
		return Publicity{Public: true, Statement: st}
	}
	return out
}

func unreadCondition(st *policy.Statement) *haetae.Unknown {
	for _, c := range st.Conditions {
		if c.More != nil {
			return c.More
		}
	}
	return nil
}

// pinKey tells whether a key makes a statement non-public when it is held to
// fixed values: S3's own list, with the keys of a principal that it stands for,
// and those of other services that have the same sense there.
func pinKey(lower string) bool {
	switch lower {
	case "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
		"s3:dataaccesspointaccount", "s3:dataaccesspointarn", "s3:x-amz-server-side-encryption-aws-kms-key-id",
		"aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:principalservicename", "aws:principalorgpaths",
		"aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
		"kms:calleraccount":
		return true
	}
	return false
}

// pinnedBy tells whether a condition holds the statement to fixed values; own is
// the prefix of keys that count beside those of pinKey. Operators that let a
// request through that lacks the key hold nothing.
func pinnedBy(st *policy.Statement, own string) bool {
	return slices.ContainsFunc(st.Conditions, func(c *policy.Condition) bool {
		op := c.Operator
		if c.Broken || op.IfExists || op.Negated || op.Set == policy.ForAll || len(c.Values) == 0 {
			return false
		}
		fixed := func(text string) bool { return !strings.ContainsAny(text, "*?") && !strings.Contains(text, "${") }
		upTo := func(end string) func(string) bool {
			return func(text string) bool { head, _, _ := strings.Cut(text, end); return fixed(head) }
		}
		test := fixed
		switch op.Test {
		case policy.IPAddress:
			if c.Lower != "aws:sourceip" {
				return false
			}
			test = narrow
		case policy.StringEquals, policy.StringEqualsFold, policy.StringLike, policy.ArnLike:
			switch {
			case c.Lower == "s3:dataaccesspointarn":
				test = upTo(":accesspoint/")
			case strings.HasSuffix(c.Lower, "orgpaths"):
				test = upTo("/") // what stands first is the organization
			case !pinKey(c.Lower) && (own == "" || !strings.HasPrefix(c.Lower, own)):
				return false
			}
		default:
			return false
		}
		return !slices.ContainsFunc(c.Values, func(v *policy.Template) bool { return !test(v.Text) })
	})
}

// narrow tells whether an address range is no broader than /8, or /32 for IPv6:
// S3 calls a policy with a broader one public.
func narrow(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return false // AWS refuses it; it holds nobody back
	}
	return p.Addr().Is4() && p.Bits() >= 8 || p.Addr().Is6() && p.Bits() >= 32
}
