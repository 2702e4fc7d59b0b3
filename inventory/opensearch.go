package inventory

import (
	"cmp"
	"strings"

	"github.com/haetae/haetae"
)

// opensearch holds search domains. Both of the service's APIs tell of both
// engines; the engine decides the type.
var opensearch = []Kind{
	domains("AWS::OpenSearchService::Domain", "OpenSearch"),
	domains("AWS::Elasticsearch::Domain", "Elasticsearch"),
}

const domainNames = "opensearch:ListDomainNames DomainNames[].DomainName"

// domains is the kind of the domains of one engine.
func domains(typ, engine string) Kind {
	read := func(a *Answer) (out []*haetae.Resource) {
		for d := range a.each("DomainStatusList") {
			if e, _ := engineOf(d); e == engine && d["Deleted"] != true {
				out = append(out, domainOf(d, engine))
			}
		}
		return out
	}
	list := Call{
		Op: "opensearch:ListDomainNames", Actions: []string{"es:ListDomainNames"}, Lists: true, Member: "DomainNames[].DomainName",
		Read: func(a *Answer) (out []*haetae.Resource) {
			for d := range a.each("DomainNames") {
				// The answer did not name the engine while there was only one.
				if cmp.Or(str(d, "EngineType"), "Elasticsearch") == engine {
					out = append(out, resource(str(d, "DomainName"), take(d, "DomainName")))
				}
			}
			return out
		},
	}
	old := list
	old.Op, old.Other = "es:ListDomainNames", true
	// The tags do not say of which engine the domain is. Both APIs tell those of
	// both engines, so that each type is asked with the API of its own.
	tagsOp := map[string]string{"OpenSearch": "opensearch:ListTags", "Elasticsearch": "es:ListTags"}[engine]
	return Kind{
		Type: typ,
		ARN:  "arn:${Partition}:es:${Region}:${Account}:domain/${ID}",
		Calls: []Call{list, old, {
			Op: "opensearch:DescribeDomains", Actions: []string{"es:DescribeDomains"}, Member: "DomainStatusList[].EngineVersion",
			Param: "DomainNames", List: true, Batch: 5, Each: domainNames, Gives: []string{"*"}, Read: read,
		}, {
			Op: "opensearch:DescribeDomain", Actions: []string{"es:DescribeDomain"}, Member: "DomainStatus.EngineVersion",
			Param: "DomainName", Other: true, Gives: []string{"*"}, Read: one(read),
		}, {
			Op: "es:DescribeElasticsearchDomains", Member: "DomainStatusList[].ElasticsearchVersion",
			Param: "DomainNames", List: true, Batch: 5, Other: true, Gives: []string{"*"}, Read: read,
		}, {
			Op: "es:DescribeElasticsearchDomain", Member: "DomainStatus.ElasticsearchVersion",
			Param: "DomainName", Other: true, Gives: []string{"*"}, Read: one(read),
		}, {
			Op: tagsOp, Actions: []string{"es:ListTags"}, Member: "TagList", Param: "ARN",
			Each:   "opensearch:ListDomainNames DomainNames[?EngineType=='" + engine + "'].DomainName",
			Params: map[string]any{"ARN": "arn:${Partition}:es:${Region}:${Account}:domain/${Parent}"}, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				return about(str(a.Body, "ARN"), ":domain/", take(a.Body, "Tags=TagList"))
			},
		}},
	}
}

// one reads the answer about one domain as a list of one.
func one(read func(*Answer) []*haetae.Resource) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource {
		b := *a
		b.Body = map[string]any{"DomainStatusList": []any{a.Body["DomainStatus"]}}
		return read(&b)
	}
}

// engineOf returns a domain's engine and version. The newer API writes
// "Elasticsearch_7.10" where the older one writes "7.10".
func engineOf(d map[string]any) (engine, version string) {
	version = cmp.Or(str(d, "EngineVersion"), str(d, "ElasticsearchVersion"))
	if name, number, ok := strings.Cut(version, "_"); ok {
		return name, number
	}
	return "Elasticsearch", version
}

func domainOf(d map[string]any, engine string) *haetae.Resource {
	p := take(d, "DomainName", "AdvancedOptions", "CognitoOptions", "EBSOptions", "EncryptionAtRestOptions", "LogPublishingOptions",
		"NodeToNodeEncryptionOptions", "SnapshotOptions",
		"AdvancedSecurityOptions.Enabled=AdvancedSecurityOptions.Enabled",
		"AdvancedSecurityOptions.InternalUserDatabaseEnabled=AdvancedSecurityOptions.InternalUserDatabaseEnabled",
		"AdvancedSecurityOptions.AnonymousAuthEnabled=AdvancedSecurityOptions.AnonymousAuthEnabled")
	if e := object(d, "DomainEndpointOptions"); e != nil {
		p["DomainEndpointOptions"] = take(e, "CustomEndpoint", "CustomEndpointCertificateArn", "CustomEndpointEnabled", "EnforceHTTPS", "TLSSecurityPolicy")
	}
	if s := str(d, "AccessPolicies"); s != "" { // "" when nobody set one
		p["AccessPolicies"] = policy(s)
	}
	v := object(d, "VPCOptions")
	subnets, _ := v["SubnetIds"].([]any)
	if len(subnets) > 0 { // domains on the internet have empty options
		p["VPCOptions"] = take(v, "SubnetIds", "SecurityGroupIds")
	}
	_, version := engineOf(d)
	r := resource(str(d, "DomainName"), p)
	r.ARN = str(d, "ARN")
	r.Observed = take(d, "Arn=ARN", "Id=DomainId", "DomainEndpoint=Endpoint", "VPCId=VPCOptions.VPCId")
	if e := str(d, "Endpoints.vpc"); e != "" {
		r.Observed["DomainEndpoint"] = e
	}
	if engine == "Elasticsearch" {
		p["ElasticsearchVersion"] = version
		c := object(d, "ElasticsearchClusterConfig")
		if c == nil {
			c = object(d, "ClusterConfig")
		}
		if c != nil {
			p["ElasticsearchClusterConfig"] = clusterConfig(c)
		}
		if e := object(p, "EBSOptions"); e != nil {
			p["EBSOptions"] = take(e, "EBSEnabled", "Iops", "VolumeSize", "VolumeType")
		}
		return r
	}
	for k, x := range take(d, "EngineVersion", "IPAddressType", "SoftwareUpdateOptions", "OffPeakWindowOptions",
		"IdentityCenterOptions.EnabledAPIAccess=IdentityCenterOptions.EnabledAPIAccess",
		"IdentityCenterOptions.IdentityCenterInstanceARN=IdentityCenterOptions.IdentityCenterInstanceARN",
		"IdentityCenterOptions.RolesKey=IdentityCenterOptions.RolesKey", "IdentityCenterOptions.SubjectKey=IdentityCenterOptions.SubjectKey",
		"AIMLOptions.S3VectorsEngine.Enabled=AIMLOptions.S3VectorsEngine.Enabled") {
		p[k] = x
	}
	if p["EngineVersion"] == nil {
		p["EngineVersion"] = engine + "_" + version
	}
	if c := object(d, "ClusterConfig"); c != nil {
		p["ClusterConfig"] = clusterConfig(c, "MultiAZWithStandbyEnabled", "NodeOptions")
	} else if c := object(d, "ElasticsearchClusterConfig"); c != nil {
		p["ClusterConfig"] = clusterConfig(c)
	}
	if s := object(d, "AdvancedSecurityOptions.SAMLOptions"); s != nil {
		set(p, "AdvancedSecurityOptions.SAMLOptions", take(s, "Enabled", "Idp", "RolesKey", "SubjectKey", "SessionTimeoutMinutes"))
	}
	if s := object(d, "AdvancedSecurityOptions.JWTOptions"); s != nil {
		set(p, "AdvancedSecurityOptions.JWTOptions", take(s, "Enabled", "PublicKey", "RolesKey", "SubjectKey"))
	}
	if s := object(d, "ServiceSoftwareOptions"); s != nil {
		r.Observed["ServiceSoftwareOptions"] = without(s)
	}
	if e := object(d, "Endpoints"); e != nil {
		r.Observed["DomainEndpoints"] = e
	}
	return r
}

func clusterConfig(c map[string]any, more ...string) map[string]any {
	return take(c, append([]string{"ColdStorageOptions", "DedicatedMasterCount", "DedicatedMasterEnabled", "DedicatedMasterType",
		"InstanceCount", "InstanceType", "WarmCount", "WarmEnabled", "WarmType", "ZoneAwarenessConfig", "ZoneAwarenessEnabled"}, more...)...)
}
