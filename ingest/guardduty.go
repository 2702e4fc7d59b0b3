package ingest

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/haetae/haetae"
)

// guardDutyFormat are findings of GuardDuty: as EventBridge delivers them, as they
// are exported to S3, and as GetFindings answers, whose names begin with capitals
// (https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html,
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html).
func guardDutyFormat() Format {
	return Format{Log: haetae.GuardDuty, Title: "GuardDuty findings", read: (*input).guardDutyRecord, object: func(o *object) bool {
		return o.has("schemaVersion", "accountId", "type", "severity") && o.isObject("service") && o.isObject("resource") ||
			o.has("SchemaVersion", "AccountId", "Type", "Severity") && o.isObject("Service") && o.isObject("Resource")
	}}
}

// guardDutyRemote is the other end as findings have it.
type guardDutyRemote struct {
	Address string `json:"ipAddressV4"`
	V6      string `json:"ipAddressV6"`
	Country struct {
		Code string `json:"countryCode"`
	} `json:"country"`
}

// guardDutyRecord reads one finding.
func (in *input) guardDutyRecord(o *object, _ []byte, m *mail) error {
	raw := o.raw
	if o.has("SchemaVersion") {
		var err error
		if raw, err = smallNames(raw); err != nil {
			return in.bad("json: %v", err)
		}
	}
	var r struct {
		ID, Region, Partition, Type string
		Account                     string `json:"accountId"`
		Created                     string `json:"createdAt"`
		Updated                     string `json:"updatedAt"`
		Service                     struct {
			Last   string `json:"eventLastSeen"`
			Action struct {
				Call struct {
					Remote guardDutyRemote `json:"remoteIpDetails"`
					Caller string          `json:"callerType"`
				} `json:"awsApiCallAction"`
				Connection struct {
					Remote guardDutyRemote `json:"remoteIpDetails"`
				} `json:"networkConnectionAction"`
				Kubernetes struct {
					Remote guardDutyRemote `json:"remoteIpDetails"`
				} `json:"kubernetesApiCallAction"`
				Login struct {
					Remote guardDutyRemote `json:"remoteIpDetails"`
				} `json:"rdsLoginAttemptAction"`
				Probe struct {
					Ports []struct {
						Remote guardDutyRemote `json:"remoteIpDetails"`
					} `json:"portProbeDetails"`
				} `json:"portProbeAction"`
			} `json:"action"`
		} `json:"service"`
		Resource struct {
			Key struct {
				ID        string `json:"accessKeyId"`
				Principal string `json:"principalId"`
				Name      string `json:"userName"`
				Kind      string `json:"userType"`
			} `json:"accessKeyDetails"`
			Instance struct {
				ID string `json:"instanceId"`
			} `json:"instanceDetails"`
			Buckets []struct {
				ARN string `json:"arn"`
			} `json:"s3BucketDetails"`
			Cluster struct {
				ARN string `json:"arn"`
			} `json:"eksClusterDetails"`
			Tasks struct {
				ARN string `json:"arn"`
			} `json:"ecsClusterDetails"`
			Function struct {
				ARN string `json:"functionArn"`
			} `json:"lambdaDetails"`
			Database struct {
				ARN string `json:"dbInstanceArn"`
			} `json:"rdsDbInstanceDetails"`
			User struct {
				Name string `json:"user"`
			} `json:"rdsDbUserDetails"`
			Kubernetes struct {
				User struct {
					Name string `json:"username"`
				} `json:"kubernetesUserDetails"`
			} `json:"kubernetesDetails"`
		} `json:"resource"`
	}
	if !in.decode(raw, &r) {
		return nil
	}
	at, err := when(first(r.Service.Last, r.Updated, r.Created))
	if err != nil {
		return in.bad("updatedAt: %v", err)
	}
	e := &haetae.Event{Log: haetae.GuardDuty, ID: r.ID, Time: at, Account: r.Account, Region: r.Region, Action: "guardduty:" + r.Type, Raw: raw}
	if e.ID != "" {
		e.ID += "@" + first(r.Updated, r.Service.Last) // a finding that goes on is written again
	}
	partition := first(r.Partition, partitionOf(r.Region))
	x := &r.Resource
	if x.Instance.ID != "" {
		e.Targets = append(e.Targets, "arn:"+partition+":ec2:"+r.Region+":"+r.Account+":instance/"+x.Instance.ID)
	}
	for _, b := range x.Buckets {
		e.Targets = append(e.Targets, b.ARN)
	}
	for _, text := range []string{x.Cluster.ARN, x.Tasks.ARN, x.Function.ARN, x.Database.ARN} {
		if text != "" {
			e.Targets = append(e.Targets, text)
		}
	}
	k := &x.Key
	switch id := "arn:" + partition + ":iam::" + r.Account; {
	case k.Kind == "IAMUser" && k.Name != "":
		e.Actor = haetae.Actor{Kind: haetae.UserActor, ID: id + ":user/" + k.Name}
	case (k.Kind == "AssumedRole" || k.Kind == "Role") && k.Name != "":
		e.Actor = haetae.Actor{Kind: haetae.RoleActor, ID: id + ":role/" + k.Name}
	case k.Kind == "Root":
		e.Actor = haetae.Actor{Kind: haetae.RootActor, ID: id + ":root"}
	case k.Kind == "FederatedUser":
		e.Actor = haetae.Actor{Kind: haetae.FederatedActor, ID: first(k.Name, k.Principal)}
	case k.Kind == "AWSService":
		e.Actor = haetae.Actor{Kind: haetae.ServiceActor, ID: first(k.Name, k.Principal)}
	case k.Principal != "" || k.Name != "":
		e.Actor = haetae.Actor{Kind: haetae.AccountActor, ID: first(k.Principal, k.Name)}
	case x.User.Name != "":
		e.Actor = haetae.Actor{Kind: haetae.DatabaseActor, ID: strings.TrimPrefix(x.Database.ARN+"/"+x.User.Name, "/"), Name: x.User.Name}
	case x.Kubernetes.User.Name != "":
		user := eksUser{Username: x.Kubernetes.User.Name}
		_, cluster := lastCut(x.Cluster.ARN, "/")
		e.Actor = user.actor(cluster)
	case x.Instance.ID != "":
		e.Actor = haetae.Actor{Kind: haetae.InstanceActor, ID: e.Targets[0], Name: x.Instance.ID}
	}
	if k.Principal != "" || k.Name != "" {
		e.Actor.Account, e.Actor.Name, e.Actor.PrincipalID, e.Actor.AccessKey = r.Account, k.Name, k.Principal, k.ID
		_, e.Actor.Session, _ = strings.Cut(k.Principal, ":")
	}
	a := &r.Service.Action
	remotes := []guardDutyRemote{a.Call.Remote, a.Connection.Remote, a.Kubernetes.Remote, a.Login.Remote}
	for _, p := range a.Probe.Ports {
		remotes = append(remotes, p.Remote)
	}
	for _, remote := range remotes {
		if text := first(remote.Address, remote.V6); text != "" {
			e.Peer = peerOf(text)
			e.Peer.Country = remote.Country.Code
			break
		}
	}
	return in.event(e, m)
}

// smallNames makes the first letter of all names small, as EventBridge has them.
func smallNames(raw []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(small(v))
}

func small(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = small(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, x := range v {
			if name != "" {
				name = strings.ToLower(name[:1]) + name[1:]
			}
			out[name] = small(x)
		}
		return out
	}
	return v
}
