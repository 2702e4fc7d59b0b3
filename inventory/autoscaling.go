package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

// autoscaling holds groups of instances, what they launch and when they grow.
var autoscaling = []Kind{{
	Type: "AWS::AutoScaling::AutoScalingGroup",
	Calls: []Call{{
		Op: "autoscaling:DescribeAutoScalingGroups", Lists: true, Member: "AutoScalingGroups", Gives: []string{"*"},
		Read: readScalingGroups,
	}},
}, {
	Type: "AWS::AutoScaling::LaunchConfiguration",
	Calls: []Call{{
		Op: "autoscaling:DescribeLaunchConfigurations", Lists: true, Member: "LaunchConfigurations", Gives: []string{"*"},
		Read: readLaunchConfigurations,
	}},
}, {
	Type: "AWS::AutoScaling::ScalingPolicy",
	ARN:  "${ID}",
	Calls: []Call{{
		Op: "autoscaling:DescribePolicies", Lists: true, Member: "ScalingPolicies[].PolicyARN", Gives: []string{"*"},
		Read: readScalingPolicies,
	}},
}}

func readScalingGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("AutoScalingGroups") {
		p := take(g, "AutoScalingGroupName", "AvailabilityZoneDistribution", "AvailabilityZoneIds", "AvailabilityZoneImpairmentPolicy",
			"AvailabilityZones", "CapacityRebalance", "CapacityReservationSpecification", "Context", "Cooldown=DefaultCooldown",
			"DefaultInstanceWarmup", "DeletionProtection", "DesiredCapacity", "DesiredCapacityType", "HealthCheckGracePeriod",
			"HealthCheckType", "InstanceLifecyclePolicy", "InstanceMaintenancePolicy", "LaunchConfigurationName", "LaunchTemplate",
			"LoadBalancerNames", "MaxInstanceLifetime", "MaxSize", "MinSize", "MixedInstancesPolicy", "NewInstancesProtectedFromScaleIn",
			"PlacementGroup", "ServiceLinkedRoleARN", "TargetGroupARNs", "TerminationPolicies", "TrafficSources")
		texted(p, "Cooldown", "DesiredCapacity", "MaxSize", "MinSize")
		subnets := []any{}
		for s := range strings.SplitSeq(str(g, "VPCZoneIdentifier"), ",") {
			if s != "" {
				subnets = append(subnets, strings.TrimSpace(s))
			}
		}
		p["VPCZoneIdentifier"] = subnets
		if m := collected(g["EnabledMetrics"]); len(m) > 0 {
			p["MetricsCollection"] = m
		}
		tags := []any{}
		for t := range objects(g["Tags"]) {
			tags = append(tags, take(t, "Key", "Value", "PropagateAtLaunch"))
		}
		p["Tags"] = tags
		p["LifecycleHookSpecificationList"] = elsewhere("LifecycleHookSpecificationList", "autoscaling:DescribeLifecycleHooks")
		p["NotificationConfigurations"] = elsewhere("NotificationConfigurations", "autoscaling:DescribeNotificationConfigurations")
		r := resource(str(g, "AutoScalingGroupName"), p)
		r.ARN = str(g, "AutoScalingGroupARN")
		r.Observed = take(g, "AutoScalingGroupARN")
		instances := []any{}
		for i := range objects(g["Instances"]) {
			instances = append(instances, take(i, "InstanceId", "LifecycleState", "HealthStatus", "AvailabilityZone"))
		}
		r.Observed["Instances"] = instances
		out = append(out, r)
	}
	return out
}

// collected turns metrics with a granularity each into one list for each
// granularity.
func collected(v any) (out []any) {
	at := map[string]map[string]any{}
	for m := range objects(v) {
		g := str(m, "Granularity")
		if at[g] == nil {
			at[g] = map[string]any{"Granularity": g, "Metrics": []any{}}
			out = append(out, at[g])
		}
		at[g]["Metrics"] = append(at[g]["Metrics"].([]any), m["Metric"])
	}
	return out
}

func readLaunchConfigurations(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("LaunchConfigurations") {
		p := given(c, "LaunchConfigurationName", "AssociatePublicIpAddress", "BlockDeviceMappings", "ClassicLinkVPCId", "EbsOptimized",
			"IamInstanceProfile", "ImageId", "InstanceMonitoring=InstanceMonitoring.Enabled", "InstanceType", "KernelId", "KeyName",
			"MetadataOptions", "PlacementTenancy", "RamDiskId=RamdiskId", "SecurityGroups", "SpotPrice")
		if s := str(c, "UserData"); s != "" {
			p["UserData"] = a.Secret("user-data", s)
		}
		r := resource(str(c, "LaunchConfigurationName"), p)
		r.ARN = str(c, "LaunchConfigurationARN")
		out = append(out, r)
	}
	return out
}

func readScalingPolicies(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("ScalingPolicies") {
		p := take(s, "AdjustmentType", "AutoScalingGroupName", "Cooldown", "EstimatedInstanceWarmup", "MetricAggregationType",
			"MinAdjustmentMagnitude", "PolicyType", "PredictiveScalingConfiguration", "ScalingAdjustment", "StepAdjustments",
			"TargetTrackingConfiguration")
		texted(p, "Cooldown")
		r := resource(str(s, "PolicyARN"), p)
		r.ARN = r.ID
		r.Observed = take(s, "Arn=PolicyARN", "PolicyName")
		out = append(out, r)
	}
	return out
}
