package ingest

import (
	"time"

	"github.com/haetae/haetae"
)

// securityHubFormat are findings that Security Hub has, in its own format and in
// OCSF: as EventBridge delivers them and as GetFindings answers
// (https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html,
// https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-ocsf-findings.html).
func securityHubFormat() Format {
	return Format{Log: haetae.SecurityHub, Title: "Security Hub findings", object: func(o *object) bool {
		return o.has("SchemaVersion", "ProductArn", "GeneratorId") || o.has("class_uid", "metadata", "finding_info")
	}, read: func(in *input, o *object, _ []byte, m *mail) error {
		if o.has("class_uid") {
			return in.ocsfRecord(o, m)
		}
		return in.asffRecord(o, m)
	}}
}

// asffRecord reads one finding of Security Hub's own format.
func (in *input) asffRecord(o *object, m *mail) error {
	var r struct {
		ID        string `json:"Id"`
		Account   string `json:"AwsAccountId"`
		Region    string
		Generator string   `json:"GeneratorId"`
		Types     []string `json:"Types"`
		Updated   string   `json:"UpdatedAt"`
		Created   string   `json:"CreatedAt"`
		Resources []struct {
			ID     string `json:"Id"`
			Region string
		}
		Compliance struct{ Status string }
		Network    struct {
			Source   string `json:"SourceIpV4"`
			SourceV6 string `json:"SourceIpV6"`
		}
	}
	if !in.decode(o.raw, &r) {
		return nil
	}
	at, err := when(first(r.Updated, r.Created))
	if err != nil {
		return in.bad("UpdatedAt: %v", err)
	}
	e := &haetae.Event{Log: haetae.SecurityHub, Time: at, Account: r.Account, Region: r.Region, Raw: o.raw, Action: "securityhub:" + r.Generator,
		Peer: peerOf(first(r.Network.Source, r.Network.SourceV6))}
	if len(r.Types) > 0 {
		e.Action = "securityhub:" + r.Types[0]
	}
	if r.ID != "" {
		e.ID = r.ID + "@" + r.Updated // a finding that changes is written again
	}
	for _, x := range r.Resources {
		if x.ID != "" {
			e.Targets = append(e.Targets, x.ID)
		}
		e.Region = first(e.Region, x.Region)
	}
	return in.event(e, m)
}

// ocsfRecord reads one finding of OCSF
// (https://schema.ocsf.io/1.6.0/categories/findings).
func (in *input) ocsfRecord(o *object, m *mail) error {
	var r struct {
		Class   string `json:"class_name"`
		Time    int64  `json:"time"` // milliseconds since 1970
		TimeRFC string `json:"time_dt"`
		Finding struct {
			ID       string   `json:"uid"`
			Types    []string `json:"types"`
			Title    string   `json:"title"`
			Modified int64    `json:"modified_time"`
		} `json:"finding_info"`
		Metadata struct {
			ID string `json:"uid"`
		} `json:"metadata"`
		Cloud struct {
			Region  string `json:"region"`
			Account struct {
				ID string `json:"uid"`
			} `json:"account"`
		} `json:"cloud"`
		Resources []struct {
			ID string `json:"uid"`
		} `json:"resources"`
	}
	if !in.decode(o.raw, &r) {
		return nil
	}
	at := instant(r.Time)
	if at.IsZero() {
		var err error
		if at, err = when(r.TimeRFC); err != nil {
			return in.bad("time: %v", err)
		}
	}
	e := &haetae.Event{Log: haetae.SecurityHub, Time: at, Account: r.Cloud.Account.ID, Region: r.Cloud.Region, Raw: o.raw, Action: "securityhub:" + first(r.Class, "Finding")}
	if len(r.Finding.Types) > 0 {
		e.Action = "securityhub:" + r.Finding.Types[0]
	}
	if id := first(r.Finding.ID, r.Metadata.ID); id != "" {
		changed := at
		if t := instant(r.Finding.Modified); !t.IsZero() {
			changed = t
		}
		e.ID = id + "@" + changed.Format(time.RFC3339Nano)
	}
	for _, x := range r.Resources {
		if x.ID != "" {
			e.Targets = append(e.Targets, x.ID)
		}
	}
	return in.event(e, m)
}
