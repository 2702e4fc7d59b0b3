package inventory

import "github.com/haetae/haetae"

const acceleratorARNs = "globalaccelerator:ListAccelerators Accelerators[].AcceleratorArn"

// globalAccelerator holds accelerators, whose addresses lead to load balancers,
// instances and addresses of any region. Only one region tells of them
// (https://docs.aws.amazon.com/global-accelerator/latest/dg/preserve-client-ip-address.regions.html).
var globalAccelerator = []Kind{{
	Type: "AWS::GlobalAccelerator::Accelerator", Global: true,
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "globalaccelerator:ListAccelerators", Home: oregon, Lists: true, Member: "Accelerators[].AcceleratorArn", Gives: []string{"*"}, Read: reading{
				member: "Accelerators", id: "AcceleratorArn", arn: "AcceleratorArn", props: []string{"Name", "Enabled", "IpAddressType"},
				observed: []string{"AcceleratorArn", "DnsName", "DualStackDnsName", "Status"}, more: acceleratorAddresses,
			}.read,
		}, {
			Op: "globalaccelerator:DescribeAcceleratorAttributes", Home: oregon, Member: "AcceleratorAttributes", Param: "AcceleratorArn", Each: acceleratorARNs,
			Gives: []string{"FlowLogsEnabled", "FlowLogsS3Bucket", "FlowLogsS3Prefix"}, Read: folds("AcceleratorArn", func(a *Answer) (props, observed map[string]any) {
				return take(object(a.Body, "AcceleratorAttributes"), "FlowLogsEnabled", "FlowLogsS3Bucket", "FlowLogsS3Prefix"), nil
			}),
		},
		acceleratorTags(),
	},
}, {
	Type: "AWS::GlobalAccelerator::Listener", Global: true, Of: "AWS::GlobalAccelerator::Accelerator",
	ARN: "${ID}",
	Calls: []Call{{
		Op: "globalaccelerator:ListListeners", Home: oregon, Lists: true, Member: "Listeners[].ClientAffinity", Param: "AcceleratorArn", Each: acceleratorARNs,
		Gives: []string{"*"}, Read: reading{
			member: "Listeners", id: "ListenerArn", arn: "ListenerArn", props: []string{"PortRanges", "Protocol", "ClientAffinity"}, body: []string{"AcceleratorArn"},
			observed: []string{"ListenerArn"},
		}.read,
	}},
}, {
	Type: "AWS::GlobalAccelerator::EndpointGroup", Global: true, Of: "AWS::GlobalAccelerator::Listener",
	ARN: "${ID}",
	Calls: []Call{{
		Op: "globalaccelerator:ListEndpointGroups", Home: oregon, Lists: true, Member: "EndpointGroups", Param: "ListenerArn",
		Each: "globalaccelerator:ListListeners Listeners[].ListenerArn", Gives: []string{"*"}, Read: reading{
			member: "EndpointGroups", id: "EndpointGroupArn", arn: "EndpointGroupArn", body: []string{"ListenerArn"},
			props: []string{"EndpointGroupRegion", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol", "PortOverrides",
				"ThresholdCount", "TrafficDialPercentage"},
			observed: []string{"EndpointGroupArn"}, more: acceleratorEndpoints,
		}.read,
	}},
}}

func acceleratorTags() Call {
	c := tagsByARN("globalaccelerator:ListTagsForResource", "ResourceArn", "Tags", acceleratorARNs, ":accelerator/", true)
	c.Home, c.Tags = oregon, ""
	return c
}

// acceleratorAddresses reads the addresses that clients use.
func acceleratorAddresses(_ *Answer, x map[string]any, r *haetae.Resource) {
	four, six := []any{}, []any{}
	for s := range objects(x["IpSets"]) {
		for ip := range texts(s["IpAddresses"]) {
			if str(s, "IpAddressFamily") == "IPv6" {
				six = append(six, ip)
			} else {
				four = append(four, ip)
			}
		}
	}
	r.Observed["Ipv4Addresses"], r.Observed["Ipv6Addresses"] = four, six
}

// acceleratorEndpoints reads where the traffic of a group goes.
func acceleratorEndpoints(_ *Answer, x map[string]any, r *haetae.Resource) {
	list, health := []any{}, []any{}
	for e := range objects(x["EndpointDescriptions"]) {
		list = append(list, take(e, "EndpointId", "Weight", "ClientIPPreservationEnabled"))
		health = append(health, take(e, "EndpointId", "HealthState", "HealthReason"))
	}
	r.Props["EndpointConfigurations"] = list
	r.Volatile = map[string]any{"EndpointHealth": health}
}
