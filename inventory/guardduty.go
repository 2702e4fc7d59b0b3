package inventory

import "github.com/haetae/haetae"

const detectorIDs = "guardduty:ListDetectors DetectorIds[]"

// guardduty holds detectors, of which a region has one at most.
var guardduty = []Kind{{
	Type: "AWS::GuardDuty::Detector",
	ARN:  "arn:${Partition}:guardduty:${Region}:${Account}:detector/${ID}",
	Calls: []Call{
		{
			Op: "guardduty:ListDetectors", Lists: true, Member: "DetectorIds", Read: func(a *Answer) (out []*haetae.Resource) {
				for id := range texts(a.Body["DetectorIds"]) {
					out = append(out, detector(id, nil))
				}
				return out
			},
		}, {
			Op: "guardduty:GetDetector", Member: "FindingPublishingFrequency", Param: "DetectorId", Each: detectorIDs,
			Gives: []string{"*"}, Read: readDetector,
		},
	},
}}

func detector(id string, props map[string]any) *haetae.Resource {
	r := resource(id, props)
	r.Observed = map[string]any{"Id": id}
	return r
}

func readDetector(a *Answer) []*haetae.Resource {
	d := a.Body
	p := take(d, "FindingPublishingFrequency")
	if s := str(d, "Status"); s != "" {
		p["Enable"] = s == "ENABLED"
	}
	for to, from := range map[string]string{
		"DataSources.S3Logs.Enable":                                            "DataSources.S3Logs.Status",
		"DataSources.Kubernetes.AuditLogs.Enable":                              "DataSources.Kubernetes.AuditLogs.Status",
		"DataSources.MalwareProtection.ScanEc2InstanceWithFindings.EbsVolumes": "DataSources.MalwareProtection.ScanEc2InstanceWithFindings.EbsVolumes.Status",
	} {
		if s := str(d, from); s != "" {
			set(p, to, s == "ENABLED")
		}
	}
	features := []any{}
	for f := range a.each("Features") {
		m := take(f, "Name", "Status")
		more := []any{}
		for x := range objects(f["AdditionalConfiguration"]) {
			more = append(more, take(x, "Name", "Status"))
		}
		if len(more) > 0 {
			m["AdditionalConfiguration"] = more
		}
		features = append(features, m)
	}
	if d["Features"] != nil {
		p["Features"] = features
	}
	p["Tags"] = tagList(object(d, "Tags"))
	r := detector(str(d, "DetectorId"), p)
	for k, v := range take(d, "ServiceRole", "CreatedAt") {
		r.Observed[k] = v
	}
	return []*haetae.Resource{r}
}
