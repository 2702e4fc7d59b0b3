package inventory

import (
	"slices"

	"github.com/haetae/haetae"
)

// region holds the settings of a region that are not resources.
var region = []Kind{{
	Type: "Haetae::Region", Singleton: true, Finish: alwaysOn,
	Calls: append([]Call{
		bulkTags(),
		regionSetting("ec2:GetEbsEncryptionByDefault", "EbsEncryptionByDefault", "EbsEncryptionByDefault=EbsEncryptionByDefault"),
		regionSetting("ec2:GetEbsDefaultKmsKeyId", "KmsKeyId", "EbsDefaultKmsKeyId=KmsKeyId"),
		regionSetting("ec2:GetSnapshotBlockPublicAccessState", "", "SnapshotBlockPublicAccess=State"),
		regionSetting("ec2:GetImageBlockPublicAccessState", "ImageBlockPublicAccessState", "ImageBlockPublicAccess=ImageBlockPublicAccessState"),
		regionSetting("ec2:GetInstanceMetadataDefaults", "AccountLevel", "InstanceMetadataDefaults=AccountLevel"),
		regionSetting("ec2:GetSerialConsoleAccessStatus", "SerialConsoleAccessEnabled", "SerialConsoleAccess=SerialConsoleAccessEnabled"),
		blockPublicAccess(),
		analyzersSetting(),
		hubSetting(),
		sharingSetting(),
		apiLogRole(),
		backupSetting(),
		macieSetting(),
		{
			Op: "ec2:GetAllowedImagesSettings", Member: "ImageCriteria", Gives: []string{"Observed.AllowedImagesSettings"},
			Read: func(a *Answer) []*haetae.Resource {
				return observeRegion(a, map[string]any{"AllowedImagesSettings": take(a.Body, "State", "ManagedBy", "ImageCriteria")})
			},
		},
	}, moreSettings()...),
}}

// regionSetting is a call without parameters whose answer is one setting of
// the region: "Setting=Member".
func regionSetting(op, member, rename string) Call {
	return Call{
		Op: op, Member: member, Gives: []string{"Observed." + before(rename)},
		Read: func(a *Answer) []*haetae.Resource { return observeRegion(a, take(a.Body, rename)) },
	}
}

// blockPublicAccess is the call for what all networks of the region are kept
// from.
func blockPublicAccess() Call {
	return Call{
		Op: "ec2:DescribeVpcBlockPublicAccessOptions", Member: "VpcBlockPublicAccessOptions", Gives: []string{"Observed.VpcBlockPublicAccess"},
		Read: func(a *Answer) []*haetae.Resource {
			return observeRegion(a, map[string]any{"VpcBlockPublicAccess": take(object(a.Body, "VpcBlockPublicAccessOptions"),
				"InternetGatewayBlockMode", "State", "ExclusionsAllowed", "ManagedBy", "LastUpdateTimestamp")})
		},
	}
}

// observeRegion returns what was observed of the region that was asked.
func observeRegion(a *Answer, observed map[string]any) []*haetae.Resource {
	r := resource(a.Region, nil)
	r.Observed = observed
	return []*haetae.Resource{r}
}

// AlwaysOn returns the regions that cannot be turned off: those that are older
// than the opt-in (https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html).
// Of other partitions than aws none is known.
func AlwaysOn() []string {
	return []string{
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
		"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}
}

// alwaysOn notes that a region cannot be turned off.
func alwaysOn(r *haetae.Resource) {
	if !slices.Contains(AlwaysOn(), r.ID) {
		return
	}
	if r.Observed == nil {
		r.Observed = map[string]any{}
	}
	r.Observed["OptInStatus"] = "opt-in-not-required"
}

// optedIn notes which other regions are on, from the account's list of them.
func optedIn(rs []*haetae.Resource) {
	on := map[[2]string]bool{}
	for _, r := range rs {
		if r.Type == "Haetae::Account" {
			for region := range texts(r.Observed["EnabledRegions"]) {
				on[[2]string{r.Account, region}] = true
			}
		}
	}
	for _, r := range rs {
		if r.Type != "Haetae::Region" || !on[[2]string{r.Account, r.ID}] || r.Observed["OptInStatus"] != nil {
			continue
		}
		if r.Observed == nil {
			r.Observed = map[string]any{}
		}
		r.Observed["OptInStatus"] = "opted-in"
	}
}
