package inventory

import "github.com/haetae/haetae"

// msk holds Kafka clusters, whose brokers are in the networks of the account.
var msk = []Kind{{
	Type: "AWS::MSK::Cluster", Name: "ClusterName", Finish: tagsIn("Tags"),
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "kafka:ListClustersV2", Lists: true, Member: "ClusterInfoList", Gives: []string{"*"}, Read: kafkaClusters("PROVISIONED", func(x map[string]any, r *haetae.Resource) {
				p := object(x, "Provisioned")
				for k, v := range take(p, "BrokerNodeGroupInfo", "ClientAuthentication", "EncryptionInfo", "EnhancedMonitoring", "LoggingInfo", "NumberOfBrokerNodes",
					"OpenMonitoring", "StorageMode", "KafkaVersion=CurrentBrokerSoftwareInfo.KafkaVersion", "ConfigurationInfo.Arn=CurrentBrokerSoftwareInfo.ConfigurationArn",
					"ConfigurationInfo.Revision=CurrentBrokerSoftwareInfo.ConfigurationRevision") {
					r.Props[k] = v
				}
				if s := object(r.Props, "BrokerNodeGroupInfo.StorageInfo"); s != nil {
					rename(s, "EBSStorageInfo=EbsStorageInfo")
				}
			}),
		}, {
			Op: "kafka:GetClusterPolicy", Member: "Policy", Param: "ClusterArn", Each: "kafka:ListClustersV2 ClusterInfoList[?ClusterType=='PROVISIONED'].ClusterArn",
			Absent: []string{"NotFoundException"}, Gives: []string{"PolicyDocument"}, Read: foldsPolicy("ClusterArn", "Policy", "PolicyDocument"),
		},
	},
}, {
	Type: "AWS::MSK::ServerlessCluster", Name: "ClusterName", Finish: tagsIn("Tags"),
	ARN: "${ID}",
	Calls: []Call{{
		Op: "kafka:ListClustersV2", Lists: true, Member: "ClusterInfoList", Gives: []string{"*"}, Read: kafkaClusters("SERVERLESS", func(x map[string]any, r *haetae.Resource) {
			list := []any{}
			for v := range objects(get(x, "Serverless.VpcConfigs")) {
				list = append(list, take(v, "SubnetIds", "SecurityGroups=SecurityGroupIds"))
			}
			r.Props["VpcConfigs"] = list
			if c := get(x, "Serverless.ClientAuthentication"); c != nil {
				r.Props["ClientAuthentication"] = c
			}
		}),
	}},
}}

// kafkaClusters reads the clusters of one type; one answer tells of both.
func kafkaClusters(typ string, more func(x map[string]any, r *haetae.Resource)) func(*Answer) []*haetae.Resource {
	return func(a *Answer) (out []*haetae.Resource) {
		for x := range a.each("ClusterInfoList") {
			if str(x, "ClusterType") != typ || str(x, "State") == "DELETING" {
				continue
			}
			r := byARN(str(x, "ClusterArn"), take(x, "ClusterName"))
			r.Props["Tags"] = map[string]any{}
			if t := object(x, "Tags"); t != nil {
				r.Props["Tags"] = t
			}
			r.Observed = take(x, "Arn=ClusterArn", "State")
			more(x, r)
			out = append(out, r)
		}
		return out
	}
}
