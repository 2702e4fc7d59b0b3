package inventory

import "github.com/haetae/haetae"

const authorityARNs = "acm-pca:ListCertificateAuthorities CertificateAuthorities[?Status!='DELETED'].Arn"

// privateCA holds private certificate authorities, whose certificates may stand
// for roles, and who may have them issued.
var privateCA = []Kind{{
	Type: "AWS::ACMPCA::CertificateAuthority",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "acm-pca:ListCertificateAuthorities", Lists: true, Member: "CertificateAuthorities", Gives: []string{"*"}, Read: reading{
				member: "CertificateAuthorities", id: "Arn", arn: "Arn", account: "OwnerAccount", state: "Status", gone: []string{"DELETED"},
				props: []string{"Type", "KeyStorageSecurityStandard", "UsageMode", "RevocationConfiguration", "KeyAlgorithm=CertificateAuthorityConfiguration.KeyAlgorithm",
					"SigningAlgorithm=CertificateAuthorityConfiguration.SigningAlgorithm", "Subject=CertificateAuthorityConfiguration.Subject",
					"CsrExtensions=CertificateAuthorityConfiguration.CsrExtensions"},
				observed: []string{"Arn", "Status", "OwnerAccount", "NotAfter"},
			}.read,
		}, {
			Op: "acm-pca:GetPolicy", Member: "Policy", Param: "ResourceArn", Each: authorityARNs, Absent: notFound, Gives: []string{"PolicyDocument"},
			Read: foldsPolicy("ResourceArn", "Policy", "PolicyDocument"),
		}, {
			Op: "acm-pca:ListTags", Tags: "list", Member: "Tags[].Key", Param: "CertificateAuthorityArn", Each: authorityARNs, Gives: []string{"Tags"},
			Read: foldsList("CertificateAuthorityArn", "Tags", "Tags", "Key", "Value"),
		},
	},
}, {
	Type: "AWS::ACMPCA::Permission", Of: "AWS::ACMPCA::CertificateAuthority",
	Calls: []Call{{
		Op: "acm-pca:ListPermissions", Lists: true, Member: "Permissions[].CertificateAuthorityArn", Param: "CertificateAuthorityArn", Each: authorityARNs,
		Gives: []string{"*"}, Read: reading{
			member: "Permissions", id: "CertificateAuthorityArn|Principal", props: []string{"CertificateAuthorityArn", "Principal", "SourceAccount", "Actions"},
			more: func(_ *Answer, x map[string]any, r *haetae.Resource) { r.Observed = take(x, "CreatedAt") },
		}.read,
	}},
}}
