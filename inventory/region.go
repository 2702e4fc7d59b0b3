package inventory

import "github.com/haetae/haetae"

// region holds the settings of a region that are not resources.
var region = []Kind{{
	Type: "Haetae::Region", Singleton: true,
	Calls: []Call{
		regionSetting("ec2:GetEbsEncryptionByDefault", "EbsEncryptionByDefault", "EbsEncryptionByDefault=EbsEncryptionByDefault"),
		regionSetting("ec2:GetEbsDefaultKmsKeyId", "KmsKeyId", "EbsDefaultKmsKeyId=KmsKeyId"),
		regionSetting("ec2:GetSnapshotBlockPublicAccessState", "", "SnapshotBlockPublicAccess=State"),
		regionSetting("ec2:GetImageBlockPublicAccessState", "ImageBlockPublicAccessState", "ImageBlockPublicAccess=ImageBlockPublicAccessState"),
		regionSetting("ec2:GetInstanceMetadataDefaults", "AccountLevel", "InstanceMetadataDefaults=AccountLevel"),
		regionSetting("ec2:GetSerialConsoleAccessStatus", "SerialConsoleAccessEnabled", "SerialConsoleAccess=SerialConsoleAccessEnabled"),
		regionSetting("ec2:DescribeVpcBlockPublicAccessOptions", "VpcBlockPublicAccessOptions", "VpcBlockPublicAccess=VpcBlockPublicAccessOptions"),
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
	},
}}

// regionSetting is a call without parameters whose answer is one setting of
// the region: "Setting=Member".
func regionSetting(op, member, rename string) Call {
	return Call{
		Op: op, Member: member, Gives: []string{"Observed." + before(rename)},
		Read: func(a *Answer) []*haetae.Resource { return observeRegion(a, take(a.Body, rename)) },
	}
}

// observeRegion returns what was observed of the region that was asked.
func observeRegion(a *Answer, observed map[string]any) []*haetae.Resource {
	r := resource(a.Region, nil)
	r.Observed = observed
	return []*haetae.Resource{r}
}
