package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

// rdsProxy holds what stands between applications and databases.
var rdsProxy = []Kind{{
	Type: "AWS::RDS::DBProxy",
	Calls: []Call{
		{
			Op: "rds:DescribeDBProxies", Lists: true, Member: "DBProxies", Gives: []string{"*"}, Read: readProxies,
		}, {
			Op: "rds:ListTagsForResource", Param: "ResourceName", Each: "rds:DescribeDBProxies DBProxies[].DBProxyArn",
			Gives: []string{"Tags"}, Read: func(a *Answer) []*haetae.Resource {
				name := str(a.Body, "ResourceName")
				_, id, ok := strings.Cut(name, ":db-proxy:")
				if !ok {
					return nil
				}
				// The end of the ARN is not the name of the proxy.
				r := resource(id, map[string]any{"Tags": listOf(a.Body["TagList"])})
				r.ARN = name
				return []*haetae.Resource{r}
			},
		},
	},
}}

func readProxies(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("DBProxies") {
		p := take(x, "DBProxyName", "DebugLogging", "DefaultAuthScheme", "EndpointNetworkType", "EngineFamily", "IdleClientTimeout", "RequireTLS",
			"RoleArn", "TargetConnectionNetworkType", "VpcSecurityGroupIds", "VpcSubnetIds")
		auth := []any{}
		for c := range objects(x["Auth"]) {
			auth = append(auth, take(c, "AuthScheme", "ClientPasswordAuthType", "Description", "IAMAuth", "SecretArn"))
		}
		p["Auth"] = auth
		r := resource(str(x, "DBProxyName"), p)
		r.ARN = str(x, "DBProxyArn")
		r.Observed = take(x, "DBProxyArn", "Endpoint", "VpcId")
		out = append(out, r)
	}
	return out
}
