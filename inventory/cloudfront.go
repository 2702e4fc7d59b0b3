package inventory

import (
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

const distributions = "cloudfront:ListDistributions DistributionList.Items[].Id"

// cloudfront holds distributions and what signs their requests to origins.
var cloudfront = []Kind{{
	Type: "AWS::CloudFront::Distribution", Global: true,
	ARN:    "arn:${Partition}:cloudfront::${Account}:distribution/${ID}",
	Finish: wholeConfig,
	Calls: []Call{
		{
			Op: "cloudfront:ListDistributions", Lists: true, Member: "DistributionList", Gives: []string{"*"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for d := range objects(get(a.Body, "DistributionList.Items")) {
					r := distribution(d)
					r.Props = map[string]any{"DistributionConfig": distributionConfig(a, d)}
					out = append(out, r)
				}
				return out
			},
		}, {
			Op: "cloudfront:GetDistributionConfig", Member: "DistributionConfig", Param: "Id", Each: distributions,
			// The list leaves these out.
			Gives: []string{"*", "DistributionConfig.Logging", "DistributionConfig.DefaultRootObject", "DistributionConfig.ContinuousDeploymentPolicyId"},
			Read: func(a *Answer) []*haetae.Resource {
				r := resource(str(a.Body, "Id"), nil)
				r.Observed = map[string]any{wholeName: distributionConfig(a, object(a.Body, "DistributionConfig"))}
				return []*haetae.Resource{r}
			},
		}, {
			Op: "cloudfront:GetDistribution", Member: "Distribution", Param: "Id", Other: true,
			Gives: []string{"*", "DistributionConfig.Logging", "DistributionConfig.DefaultRootObject", "DistributionConfig.ContinuousDeploymentPolicyId"},
			Read: func(a *Answer) []*haetae.Resource {
				r := distribution(object(a.Body, "Distribution"))
				r.Observed[wholeName] = distributionConfig(a, object(a.Body, "Distribution.DistributionConfig"))
				return []*haetae.Resource{r}
			},
		}, {
			Op: "cloudfront:ListTagsForResource", Member: "Tags.Items", Param: "Resource",
			Each: "cloudfront:ListDistributions DistributionList.Items[].ARN", Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				arn := str(a.Body, "Resource")
				r := resource(last(arn), map[string]any{"Tags": items(a.Body["Tags"])})
				r.ARN = arn
				return []*haetae.Resource{r}
			},
		},
		// These say nothing of distributions: the web ACLs and logging
		// configurations of the scope CLOUDFRONT, and those in use, are asked
		// for together with what they protect, and read by their own kinds.
		silent("wafv2:ListWebACLs", "", "", edgeScope),
		silent("wafv2:ListRuleGroups", "", "", edgeScope),
		silent("wafv2:ListLoggingConfigurations", "", "", edgeScope),
		silent("wafv2:GetWebACL", "Id", webACLs, wafName),
		silent("wafv2:GetRuleGroup", "Id", wafGroups, wafName),
		silent("wafv2:ListTagsForResource", "ResourceARN", webACLs+"; "+wafGroups, nil),
	},
}, {
	Type: "AWS::CloudFront::CloudFrontOriginAccessIdentity", Global: true,
	ARN: "arn:${Partition}:cloudfront::${Account}:origin-access-identity/${ID}",
	Calls: []Call{{
		Op: "cloudfront:ListCloudFrontOriginAccessIdentities", Lists: true, Member: "CloudFrontOriginAccessIdentityList", Gives: []string{"*"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for x := range objects(get(a.Body, "CloudFrontOriginAccessIdentityList.Items")) {
				r := resource(str(x, "Id"), map[string]any{"CloudFrontOriginAccessIdentityConfig": take(x, "Comment")})
				r.Observed = take(x, "Id", "S3CanonicalUserId")
				out = append(out, r)
			}
			return out
		},
	}},
}, {
	Type: "AWS::CloudFront::OriginAccessControl", Global: true,
	ARN: "arn:${Partition}:cloudfront::${Account}:origin-access-control/${ID}",
	Calls: []Call{{
		Op: "cloudfront:ListOriginAccessControls", Lists: true, Member: "OriginAccessControlList", Gives: []string{"*"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for x := range objects(get(a.Body, "OriginAccessControlList.Items")) {
				r := resource(str(x, "Id"), map[string]any{"OriginAccessControlConfig": take(x, "Name", "Description",
					"OriginAccessControlOriginType", "SigningBehavior", "SigningProtocol")})
				r.Observed = take(x, "Id")
				out = append(out, r)
			}
			return out
		},
	}},
}}

// silent is a call that is made and that says nothing of the kind.
func silent(op, param, each string, params map[string]any) Call {
	return Call{Op: op, Param: param, Each: each, Params: params, Read: func(*Answer) []*haetae.Resource { return nil }}
}

// silentBatch is silent about several parents at once.
func silentBatch(op, param string, batch int, each string, params map[string]any) Call {
	c := silent(op, param, each, params)
	c.List, c.Batch = true, batch
	return c
}

// wholeName is where a whole configuration waits for wholeConfig. It replaces
// that of the list, which has the same lists in it: they must not add up.
const wholeName = "wholeConfig"

func wholeConfig(r *haetae.Resource) {
	if c, ok := r.Observed[wholeName]; ok {
		r.Props["DistributionConfig"] = c
		delete(r.Observed, wholeName)
	}
}

func distribution(d map[string]any) *haetae.Resource {
	r := resource(str(d, "Id"), nil)
	r.ARN = str(d, "ARN")
	r.Observed = take(d, "Id", "DomainName", "Status", "LastModifiedTime")
	return r
}

// items returns what is in a list as CloudFront writes it, {Quantity, Items}.
func items(v any) []any {
	m, _ := v.(map[string]any)
	list, _ := m["Items"].([]any)
	if list == nil {
		list = []any{}
	}
	return list
}

// given is take without empty strings, which are how CloudFront says "none".
func given(src map[string]any, names ...string) map[string]any {
	out := take(src, names...)
	for k, v := range out {
		if v == "" {
			delete(out, k)
		}
	}
	return out
}

func distributionConfig(a *Answer, c map[string]any) map[string]any {
	p := given(c, "Comment", "Enabled", "PriceClass", "WebACLId", "IPV6Enabled=IsIPV6Enabled", "DefaultRootObject", "Staging",
		"ContinuousDeploymentPolicyId", "AnycastIpListId", "ConnectionMode", "ViewerMtlsConfig")
	if v := str(c, "HttpVersion"); v != "" {
		p["HttpVersion"] = strings.ToLower(v) // the list writes it in capitals
	}
	p["Aliases"] = items(c["Aliases"])
	if l := object(c, "Logging"); l["Enabled"] == true {
		p["Logging"] = given(l, "Bucket", "IncludeCookies", "Prefix")
	}
	if v := object(c, "ViewerCertificate"); v != nil {
		p["ViewerCertificate"] = given(v, "AcmCertificateArn=ACMCertificateArn", "IamCertificateId=IAMCertificateId",
			"CloudFrontDefaultCertificate", "MinimumProtocolVersion", "SslSupportMethod=SSLSupportMethod")
	}
	if g := object(c, "Restrictions.GeoRestriction"); g != nil {
		geo := take(g, "RestrictionType")
		if l := items(g); len(l) > 0 {
			geo["Locations"] = l
		}
		p["Restrictions"] = map[string]any{"GeoRestriction": geo}
	}
	origins := []any{}
	for o := range objects(items(c["Origins"])) {
		origins = append(origins, origin(a, o))
	}
	p["Origins"] = origins
	if g := object(c, "OriginGroups"); len(items(g)) > 0 {
		p["OriginGroups"] = g // has Quantity and Items in CloudFormation too
	}
	if b := object(c, "DefaultCacheBehavior"); b != nil {
		p["DefaultCacheBehavior"] = behavior(b)
	}
	behaviors := []any{}
	for b := range objects(items(c["CacheBehaviors"])) {
		behaviors = append(behaviors, behavior(b))
	}
	p["CacheBehaviors"] = behaviors
	responses := []any{}
	for e := range objects(items(c["CustomErrorResponses"])) {
		m := given(e, "ErrorCachingMinTTL", "ErrorCode", "ResponseCode", "ResponsePagePath")
		if n, err := strconv.ParseInt(str(m, "ResponseCode"), 10, 64); err == nil {
			m["ResponseCode"] = n
		}
		responses = append(responses, m)
	}
	p["CustomErrorResponses"] = responses
	return p
}

func origin(a *Answer, o map[string]any) map[string]any {
	p := given(o, "Id", "DomainName", "OriginPath", "ConnectionAttempts", "ConnectionTimeout", "ResponseCompletionTimeout",
		"OriginAccessControlId", "OriginShield")
	if s := object(o, "S3OriginConfig"); s != nil {
		p["S3OriginConfig"] = given(s, "OriginAccessIdentity", "OriginReadTimeout")
	}
	if s := object(o, "CustomOriginConfig"); s != nil {
		m := given(s, "HTTPPort", "HTTPSPort", "IpAddressType", "OriginKeepaliveTimeout", "OriginMtlsConfig", "OriginProtocolPolicy", "OriginReadTimeout")
		if l := items(s["OriginSslProtocols"]); len(l) > 0 {
			m["OriginSSLProtocols"] = l
		}
		p["CustomOriginConfig"] = m
	}
	if s := object(o, "VpcOriginConfig"); s != nil {
		p["VpcOriginConfig"] = given(s, "OriginKeepaliveTimeout", "OriginReadTimeout", "OwnerAccountId", "VpcOriginId")
	}
	headers := []any{}
	for h := range objects(items(o["CustomHeaders"])) {
		// The value of such a header is often what the origin knows
		// CloudFront by.
		headers = append(headers, map[string]any{"HeaderName": h["HeaderName"], "HeaderValue": a.Secret("header", str(h, "HeaderValue"))})
	}
	if len(headers) > 0 {
		p["OriginCustomHeaders"] = headers
	}
	return p
}

func behavior(b map[string]any) map[string]any {
	p := given(b, "PathPattern", "TargetOriginId", "ViewerProtocolPolicy", "CachePolicyId", "Compress", "DefaultTTL", "MaxTTL", "MinTTL",
		"FieldLevelEncryptionId", "GrpcConfig", "OriginRequestPolicyId", "RealtimeLogConfigArn", "ResponseHeadersPolicyId", "SmoothStreaming")
	if m := object(b, "AllowedMethods"); m != nil {
		p["AllowedMethods"] = items(m)
		p["CachedMethods"] = items(m["CachedMethods"])
	}
	p["TrustedSigners"] = items(b["TrustedSigners"])
	p["TrustedKeyGroups"] = items(b["TrustedKeyGroups"])
	p["LambdaFunctionAssociations"] = items(b["LambdaFunctionAssociations"])
	p["FunctionAssociations"] = items(b["FunctionAssociations"])
	if f := object(b, "ForwardedValues"); f != nil {
		m := take(f, "QueryString", "Cookies.Forward")
		m["Headers"] = items(f["Headers"])
		m["QueryStringCacheKeys"] = items(f["QueryStringCacheKeys"])
		if l := items(get(f, "Cookies.WhitelistedNames")); len(l) > 0 {
			set(m, "Cookies.WhitelistedNames", l)
		}
		p["ForwardedValues"] = m
	}
	return p
}
