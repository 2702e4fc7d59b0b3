package aws

import "testing"

func TestServicesAreWhereAWSSays(t *testing.T) {
	m := NewModel()
	ends, err := m.Endpoints()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, service, region string
		fips, dual            bool
		url, signed           string
	}{
		{"a service of a region", "ec2", "eu-west-1", false, false, "https://ec2.eu-west-1.amazonaws.com", "eu-west-1"},
		{"in China", "ec2", "cn-north-1", false, false, "https://ec2.cn-north-1.amazonaws.com.cn", "cn-north-1"},
		{"in GovCloud", "ec2", "us-gov-east-1", false, false, "https://ec2.us-gov-east-1.amazonaws.com", "us-gov-east-1"},
		{"in a region that is newer than the list", "ec2", "eu-north-9", false, false, "https://ec2.eu-north-9.amazonaws.com", "eu-north-9"},
		{"a global service", "iam", "us-east-1", false, false, "https://iam.amazonaws.com", "us-east-1"},
		{"a global service from elsewhere", "iam", "eu-west-1", false, false, "https://iam.amazonaws.com", "us-east-1"},
		{"a global service of China", "iam", "cn-northwest-1", false, false, "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
		{"a global service of GovCloud", "iam", "us-gov-east-1", false, false, "https://iam.us-gov.amazonaws.com", "us-gov-west-1"},
		{"Route 53", "route53", "eu-west-1", false, false, "https://route53.amazonaws.com", "us-east-1"},
		{"Organizations", "organizations", "eu-west-1", false, false, "https://organizations.us-east-1.amazonaws.com", "us-east-1"},
		{"STS is where one is", "sts", "eu-west-1", false, false, "https://sts.eu-west-1.amazonaws.com", "eu-west-1"},
		{"a host with a prefix", "ecr", "eu-west-1", false, false, "https://api.ecr.eu-west-1.amazonaws.com", "eu-west-1"},
		{"S3", "s3api", "eu-west-1", false, false, "https://s3.eu-west-1.amazonaws.com", "eu-west-1"},
		{"FIPS", "ec2", "us-east-1", true, false, "https://ec2-fips.us-east-1.amazonaws.com", "us-east-1"},
		{"FIPS where all is FIPS", "ec2", "us-gov-west-1", true, false, "https://ec2.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
		{"FIPS with a name of its own", "eks", "us-east-1", true, false, "https://fips.eks.us-east-1.amazonaws.com", "us-east-1"},
		{"FIPS of a global service", "iam", "us-east-1", true, false, "https://iam-fips.amazonaws.com", "us-east-1"},
		{"FIPS of a global service, which goes before IPv6", "route53", "us-east-1", true, true, "https://route53-fips.amazonaws.com", "us-east-1"},
		{"FIPS of S3", "s3api", "us-east-1", true, false, "https://s3-fips.us-east-1.amazonaws.com", "us-east-1"},
		{"IPv6", "ec2", "us-east-1", false, true, "https://ec2.us-east-1.api.aws", "us-east-1"},
		{"IPv6 of S3", "s3api", "eu-west-1", false, true, "https://s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1"},
		{"IPv6 with another name", "ecr", "us-east-1", false, true, "https://ecr.us-east-1.api.aws", "us-east-1"},
		{"IPv6 of a global service that has none", "cloudfront", "us-east-1", false, true, "https://cloudfront.amazonaws.com", "us-east-1"},
		{"IPv6 in China", "ec2", "cn-north-1", false, true, "https://ec2.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"},
		{"both", "s3control", "us-east-1", true, true, "https://s3-control-fips.dualstack.us-east-1.amazonaws.com", "us-east-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := m.Service(c.service)
			if err != nil {
				t.Fatal(err)
			}
			if at := ends.resolve(s, c.region, c.fips, c.dual); at.url != c.url || at.region != c.signed {
				t.Errorf("at %s for %s", at.url, at.region)
			}
		})
	}
}

func TestGlobalServicesAreAskedInTheRegionOfTheirPartition(t *testing.T) {
	c, _ := testClient(t, "", Options{})
	for region, want := range map[string]string{"": "us-east-1", "eu-west-1": "us-east-1", "cn-northwest-1": "cn-north-1", "us-gov-east-1": "us-gov-west-1"} {
		if got := c.Global(region); got != want {
			t.Errorf("from %q in %s", region, got)
		}
	}
}

func TestAServiceIsMissedOnlyInRegionsThatAreKnown(t *testing.T) {
	m := NewModel()
	ends, err := m.Endpoints()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		service, region string
		lacks           bool
	}{
		{"ec2", "us-east-1", false},
		{"ec2", "us-esat-1", false}, // misspelt: that nothing is there proves nothing
		{"macie2", "ap-southeast-5", true},
	} {
		s, err := m.Service(c.service)
		if err != nil {
			t.Fatal(err)
		}
		if got := ends.lacks(s, c.region); got != c.lacks {
			t.Errorf("%s is known to be missing in %s: %v", c.service, c.region, got)
		}
	}
}
