package iam

import "testing"

// Section F of the checklist: what services do otherwise.

func TestKeysOfKMSAreGranted(t *testing.T) {
	const worker = "arn:aws:iam::111122223333:role/worker"
	foreign := func() asked { return ask(stranger, "kms:Decrypt", key) }
	decrypt := func(who string) asked { return ask(who, "kms:Decrypt", key) }
	grant := func(to, more string) string {
		return `{"kms":{"grants":[{"grantee":"` + to + `","operations":["Decrypt","CreateGrant","RetireGrant"]` + more + `}]}}`
	}
	subset := grant(worker, `,"constraints":{"encryptionContextSubset":{"team":"red"}}`)
	equals := grant(worker, `,"constraints":{"encryptionContextEquals":{"team":"red"}}`)
	trusting := doc(allow("kms:*", "*", to(rootUser)))
	runVerdicts(t, []verdictTest{
		{"F1 a key does not trust its account by itself", decrypt(kim).identity(full).resource(doc(allow("kms:*", "*", to(worker)))), ImplicitlyDenied, "identity resource", nil},
		{"F1 a key without a policy that is known grants nothing", decrypt(kim).identity(full), ImplicitlyDenied, "identity resource", nil},
		{"F1 a key policy that names the user is enough", decrypt(kim).resource(doc(allow("kms:Decrypt", "*", to(kim)))), Allowed, "resource", nil},
		{"F1 a key policy that names the account lets identity policies count", decrypt(kim).identity(full).resource(trusting), Allowed, "identity resource", nil},
		{"F1 a key policy that names the account needs an identity policy", decrypt(kim).resource(trusting), ImplicitlyDenied, "identity resource", nil},
		{"F1 the root user needs the key policy as well", ask(rootUser, "kms:Decrypt", key).resource(doc(allow("kms:*", "*", to(worker)))), ImplicitlyDenied, "root resource", nil},
		{"F1 the root user of an account that the key trusts", ask(rootUser, "kms:Decrypt", key).resource(trusting), Allowed, "root resource", nil},
		{"F1 the account may be trusted for some callers only", decrypt(kim).identity(full).context(`{"kms:ViaService":"ec2.eu-west-1.amazonaws.com"}`).
			resource(doc(allow("kms:*", "*", everybody, when(`{"StringEquals":{"kms:ViaService":"ec2.eu-west-1.amazonaws.com","kms:CallerAccount":"111122223333"}}`)))), Allowed, "resource", nil},
		{"F1 across accounts the key policy and an identity policy are needed", foreign().resource(doc(allow("kms:*", "*", to("444455556666")))), ImplicitlyDenied, "identity", nil},
		{"F1 across accounts with both", foreign().identity(full).resource(doc(allow("kms:*", "*", to("444455556666")))), Allowed, "identity resource", nil},
		{"F1 actions without a key are the identity policies'", ask(kim, "kms:CreateKey", "*").identity(full), Allowed, "identity", nil},
		{"F1 some key of a pattern does not trust the account by itself", ask(kim, "kms:Decrypt", "*").any().identity(full), ImplicitlyDenied, "identity resource", nil},
		{"F1 an alias is changed with the alias and the key", ask(kim, "kms:UpdateAlias", "arn:aws:kms:eu-west-1:111122223333:alias/app", key).identity(full).resource(trusting), Allowed, "identity resource", nil},
		{"F1 an alias is not changed without the key", ask(kim, "kms:UpdateAlias", "arn:aws:kms:eu-west-1:111122223333:alias/app", key).identity(doc(allow("kms:*", "arn:aws:kms:*:*:alias/*"))).resource(trusting), ImplicitlyDenied, "identity resource", nil},

		{"F1 a grant is enough", decrypt(worker).facts(grant(worker, "")), Allowed, "grant", nil},
		{"F1 a grant is for its operations", ask(worker, "kms:Encrypt", key).facts(grant(worker, "")), ImplicitlyDenied, "identity resource grant", nil},
		{"F1 a grant is for its grantee", decrypt(kim).facts(grant(worker, "")), ImplicitlyDenied, "identity resource grant", nil},
		{"F1 a grant reaches a session of its role", decrypt("arn:aws:sts::111122223333:assumed-role/worker/s1").facts(grant(worker, "")), Allowed, "grant", nil},
		{"F1 a deny beats a grant", decrypt(worker).facts(grant(worker, "")).resource(doc(deny("kms:*", "*", everybody))), ExplicitlyDenied, "resource", nil},
		{"F1 an identity policy's deny beats a grant", decrypt(worker).facts(grant(worker, "")).identity(doc(deny("kms:*", "*"))), ExplicitlyDenied, "identity", nil},
		{"F1 an SCP limits a grant", decrypt(worker).facts(grant(worker, "")).scp("root", doc(allow("s3:*", "*"))), ImplicitlyDenied, "scp", nil},
		{"F1 a grant needs nothing of the other account's policies", foreign().facts(grant(stranger, "")), Allowed, "grant", nil},
		{"F1 a grant to a service", decrypt(`{"service":"dynamodb.amazonaws.com"}`).facts(grant("dynamodb.amazonaws.com", "")), Allowed, "grant", nil},
		{"F1 the encryption context of a grant is there among others", decrypt(worker).facts(subset).context(`{"kms:EncryptionContext:team":"red","kms:EncryptionContext:app":"x","kms:EncryptionContextKeys":["team","app"]}`), Allowed, "grant", nil},
		{"F1 the encryption context of a grant is not there", decrypt(worker).facts(subset).context(`{"kms:EncryptionContext:app":"x"}`), ImplicitlyDenied, "identity resource grant", nil},
		{"F1 the encryption context of a grant must be exactly so", decrypt(worker).facts(equals).context(`{"kms:EncryptionContext:team":"red"}`), Allowed, "grant", nil},
		{"F1 more encryption context than exactly that is refused", decrypt(worker).facts(equals).context(`{"kms:EncryptionContext:team":"red","kms:EncryptionContext:app":"x"}`), ImplicitlyDenied, "identity resource grant", nil},
		{"F1 more keys of the encryption context than exactly those are refused", decrypt(worker).facts(equals).context(`{"kms:EncryptionContext:team":"red","kms:EncryptionContextKeys":["team","app"]}`), ImplicitlyDenied, "identity resource grant", nil},
		{"F1 an encryption context that is not known is what it depends on", decrypt(worker).facts(subset).unknown("kms:EncryptionContext:*"), DependsOn, "", nil},
		{"F1 the source of a grant's request", decrypt(worker).facts(grant(worker, `,"constraints":{"sourceArn":"arn:aws:sns:eu-west-1:111122223333:news"}`)).context(`{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:news"}`), Allowed, "grant", nil},
		{"F1 another source is refused", decrypt(worker).facts(grant(worker, `,"constraints":{"sourceArn":"arn:aws:sns:eu-west-1:111122223333:news"}`)).context(`{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:olds"}`), ImplicitlyDenied, "identity resource grant", nil},
		{"F1 a grant passes on what it has", ask(worker, "kms:CreateGrant", key).facts(grant(worker, "")).context(`{"kms:GrantOperations":["Decrypt"]}`), Allowed, "grant", nil},
		{"F1 a grant passes on no more than it has", ask(worker, "kms:CreateGrant", key).facts(grant(worker, "")).context(`{"kms:GrantOperations":["Decrypt","Encrypt"]}`), ImplicitlyDenied, "identity resource grant", nil},
		{"F1 the retiring principal retires", ask(kim, "kms:RetireGrant", key).facts(`{"kms":{"grants":[{"grantee":"` + worker + `","retiringPrincipal":"` + kim + `","operations":["Decrypt"]}]}}`), Allowed, "grant", nil},
		{"F1 the retiring principal does nothing else", decrypt(kim).facts(`{"kms":{"grants":[{"grantee":"` + worker + `","retiringPrincipal":"` + kim + `","operations":["Decrypt"]}]}}`), ImplicitlyDenied, "identity resource grant", nil},
	})
}

func TestBucketsAndObjectsAreGranted(t *testing.T) {
	owned := func(more string) string { return `{"s3":{"bucketOwner":"111122223333"` + more + `}}` }
	get := func(who string) asked { return ask(who, "s3:GetObject", photo) }
	public := doc(allow("s3:GetObject", "arn:aws:s3:::photos/*", everybody))
	pinned := doc(allow("s3:GetObject", "arn:aws:s3:::photos/*", everybody, when(`{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}`)))
	theirs := `,"objectOwner":"444455556666","ownership":"ObjectWriter"`
	acl := func(grantee, permission, more string) string {
		return owned(`,"ownership":"ObjectWriter","acl":[{"grantee":"` + grantee + `","permission":"` + permission + `"}]` + more)
	}
	const point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports"
	through := func(policy, more string) string {
		return owned(`,"accessPoint":{"arn":"` + point + `","policy":` + policy + more + `}`)
	}
	delegating := doc(allow("*", "arn:aws:s3:::photos/*", everybody, when(`{"StringEquals":{"s3:DataAccessPointAccount":"111122223333"}}`)))
	ofPoint := doc(allow("s3:GetObject", point+"/object/*", to(stranger)))
	runVerdicts(t, []verdictTest{
		{"F2 the owner of the bucket decides whether a request crosses accounts", get(stranger).identity(full).facts(owned("")), ImplicitlyDenied, "resource", nil},
		{"F2 listing all buckets is of no bucket", ask(stranger, "s3:ListAllMyBuckets", "*").identity(full).facts(owned("")), Allowed, "identity", nil},

		{"F2 an object of another account is its account's", get(stranger).identity(full).facts(owned(theirs)), Allowed, "identity", nil},
		{"F2 an object of another account is not the bucket owner's to read", get(kim).identity(full).facts(owned(theirs)), ImplicitlyDenied, "resource acl", nil},
		{"F2 a bucket policy grants nothing on objects of others", get("anonymous").resource(public).facts(owned(theirs)), ImplicitlyDenied, "resource acl", nil},
		{"F2 a bucket policy denies on objects of others too", get(stranger).identity(full).resource(doc(deny("s3:*", "*", everybody))).facts(owned(theirs)), ExplicitlyDenied, "resource", nil},
		{"F2 the bucket owner deletes objects of others", ask(kim, "s3:DeleteObject", photo).identity(full).facts(owned(theirs)), Allowed, "identity", nil},
		{"F2 with BucketOwnerEnforced all objects are the bucket owner's", get(kim).identity(full).facts(owned(`,"objectOwner":"444455556666","ownership":"BucketOwnerEnforced"`)), Allowed, "identity", nil},
		{"F2 an object's ACL lets the bucket owner read it", get(kim).identity(full).facts(owned(theirs + `,"acl":["bucket-owner-read"]`)), Allowed, "identity acl", nil},

		{"F2 an ACL for everybody lets everybody read", get("anonymous").facts(acl("http://acs.amazonaws.com/groups/global/AllUsers", "READ", "")), Allowed, "acl", nil},
		{"F2 an ACL as the name of a canned one", get("anonymous").facts(owned(`,"acl":["public-read"]`)), Allowed, "acl", nil},
		{"F2 an ACL as the S3 API prints it", get("anonymous").facts(owned(`,"acl":[{"Grantee":{"Type":"Group","URI":"http://acs.amazonaws.com/groups/global/AllUsers"},"Permission":"READ"}]`)), Allowed, "acl", nil},
		{"F2 an ACL for reading is not for writing", ask("anonymous", "s3:PutObject", photo).facts(acl("AllUsers", "READ", "")), ImplicitlyDenied, "resource acl", nil},
		{"F2 an ACL for writing makes objects", ask("anonymous", "s3:PutObject", photo).facts(acl("AllUsers", "WRITE", "")), Allowed, "acl", nil},
		{"F2 an ACL for reading a bucket lists it", ask("anonymous", "s3:ListBucket", photos).facts(acl("AllUsers", "READ", "")), Allowed, "acl", nil},
		{"F2 an ACL for reading a bucket is not for its ACL", ask("anonymous", "s3:GetBucketAcl", photos).facts(acl("AllUsers", "READ", "")), ImplicitlyDenied, "resource acl", nil},
		{"F2 full control has the ACL as well", ask("anonymous", "s3:GetObjectAcl", photo).facts(acl("AllUsers", "FULL_CONTROL", "")), Allowed, "acl", nil},
		{"F2 an ACL for those with an account is not for those without", get("anonymous").facts(acl("AuthenticatedUsers", "READ", "")), ImplicitlyDenied, "resource acl", nil},
		{"F2 an ACL for those with an account needs their identity policies", get(stranger).facts(acl("AuthenticatedUsers", "READ", "")), ImplicitlyDenied, "identity", nil},
		{"F2 an ACL for those with an account, and an identity policy", get(stranger).identity(full).facts(acl("AuthenticatedUsers", "READ", "")), Allowed, "identity acl", nil},
		{"F2 an ACL for one account", get(stranger).identity(full).facts(acl("444455556666", "READ", "")), Allowed, "identity acl", nil},
		{"F2 an ACL for another account", get(stranger).identity(full).facts(acl("777788889999", "READ", "")), ImplicitlyDenied, "resource acl", nil},
		{"F2 an ACL for the canonical id of an account", get(stranger).identity(full).facts(`{"principal":{"canonicalID":"79a5"},"s3":{"bucketOwner":"111122223333","ownership":"BucketOwnerPreferred","acl":[{"grantee":{"ID":"79a5"},"permission":"READ"}]}}`), Allowed, "identity acl", nil},
		{"F2 with BucketOwnerEnforced ACLs count for nothing", get("anonymous").facts(owned(`,"ownership":"BucketOwnerEnforced","acl":["public-read"]`)), ImplicitlyDenied, "resource acl", nil},
		{"F2 a deny beats an ACL", get("anonymous").resource(doc(deny("*", "*", everybody))).facts(acl("AllUsers", "READ", "")), ExplicitlyDenied, "resource", nil},
		{"F2 server access logs are written by the group of log delivery", ask(`{"service":"logging.s3.amazonaws.com"}`, "s3:PutObject", photo).facts(owned(`,"acl":["log-delivery-write"]`)), Allowed, "acl", nil},

		{"F2 IgnorePublicAcls of the bucket", get("anonymous").facts(acl("AllUsers", "READ", `,"blockPublicAccess":{"bucket":{"ignorePublicAcls":true}}`)), ImplicitlyDenied, "resource acl", nil},
		{"F2 IgnorePublicAcls of the account", get("anonymous").facts(acl("AllUsers", "READ", `,"blockPublicAccess":{"account":{"ignorePublicAcls":true}}`)), ImplicitlyDenied, "resource acl", nil},
		{"F2 IgnorePublicAcls leaves ACLs for one account", get(stranger).identity(full).facts(acl("444455556666", "READ", `,"blockPublicAccess":{"account":{"ignorePublicAcls":true}}`)), Allowed, "identity acl", nil},
		{"F2 BlockPublicAcls refuses a request that brings a public ACL", ask(kim, "s3:PutObject", photo).identity(full).context(`{"s3:x-amz-acl":"public-read"}`).facts(owned(`,"blockPublicAccess":{"bucket":{"blockPublicAcls":true}}`)), ImplicitlyDenied, "public-access-block", nil},
		{"F2 BlockPublicAcls refuses a grant to a public group", ask(kim, "s3:PutObjectAcl", photo).identity(full).context(`{"s3:x-amz-grant-read":"uri=http://acs.amazonaws.com/groups/global/AllUsers"}`).facts(owned(`,"blockPublicAccess":{"account":{"blockPublicAcls":true}}`)), ImplicitlyDenied, "public-access-block", nil},
		{"F2 BlockPublicAcls lets private ACLs pass", ask(kim, "s3:PutObject", photo).identity(full).context(`{"s3:x-amz-acl":"private"}`).facts(owned(`,"blockPublicAccess":{"bucket":{"blockPublicAcls":true}}`)), Allowed, "identity", nil},
		{"F2 BlockPublicAcls hangs on an ACL that is not known", ask(kim, "s3:PutObject", photo).identity(full).unknown("s3:x-amz-acl").facts(owned(`,"blockPublicAccess":{"bucket":{"blockPublicAcls":true}}`)), DependsOn, "", nil},
		{"F2 BlockPublicPolicy changes nothing about a policy that is there", get("anonymous").resource(public).facts(owned(`,"blockPublicAccess":{"bucket":{"blockPublicPolicy":true}}`)), Allowed, "resource", nil},
		{"F2 RestrictPublicBuckets keeps everybody out of a bucket with a public policy", get("anonymous").resource(public).facts(owned(`,"blockPublicAccess":{"bucket":{"restrictPublicBuckets":true}}`)), ImplicitlyDenied, "resource", nil},
		{"F2 RestrictPublicBuckets of the account keeps other accounts out", get(stranger).identity(full).resource(public).facts(owned(`,"blockPublicAccess":{"account":{"restrictPublicBuckets":true}}`)), ImplicitlyDenied, "resource", nil},
		{"F2 RestrictPublicBuckets leaves the owner's account", get(kim).resource(public).facts(owned(`,"blockPublicAccess":{"bucket":{"restrictPublicBuckets":true}}`)), Allowed, "resource", nil},
		{"F2 RestrictPublicBuckets leaves services", get(`{"service":"cloudfront.amazonaws.com"}`).resource(public).facts(owned(`,"blockPublicAccess":{"bucket":{"restrictPublicBuckets":true}}`)), Allowed, "resource", nil},
		{"F2 RestrictPublicBuckets leaves a policy that is not public", get(stranger).identity(full).context(`{"aws:PrincipalOrgID":"o-abc"}`).resource(pinned).facts(owned(`,"blockPublicAccess":{"bucket":{"restrictPublicBuckets":true}}`)), Allowed, "identity resource", nil},

		{"F2 an access point needs the bucket's consent", get(stranger).identity(full).facts(through(ofPoint, "")), ImplicitlyDenied, "resource", nil},
		{"F2 an access point to which the bucket delegates", get(stranger).identity(full).resource(delegating).facts(through(ofPoint, "")), Allowed, "access-point identity", nil},
		{"F2 an access point whose policy does not allow", get(stranger).identity(full).resource(delegating).facts(through("null", "")), ImplicitlyDenied, "access-point", nil},
		{"F2 a user of the owner's account needs no policy of the access point", get(kim).identity(full).facts(through("null", "")), Allowed, "identity", nil},
		{"F2 an access point's deny", get(kim).identity(full).facts(through(doc(deny("*", point+"/object/*", everybody)), "")), ExplicitlyDenied, "access-point", nil},
		{"F2 the bucket's deny binds requests through the access point", get(kim).identity(full).resource(doc(deny("s3:GetObject", "arn:aws:s3:::photos/*", everybody))).facts(through("null", "")), ExplicitlyDenied, "resource", nil},
		{"F2 an identity policy names the access point, not the bucket", get(kim).identity(doc(allow("s3:*", "arn:aws:s3:::photos/*"))).facts(through("null", "")), ImplicitlyDenied, "identity resource", nil},
		{"F2 the access point's own block", get(stranger).identity(full).resource(delegating).facts(through(doc(allow("s3:GetObject", point+"/object/*", everybody)), `,"blockPublicAccess":{"restrictPublicBuckets":true}`)), ImplicitlyDenied, "access-point", nil},
		{"F2 the question may name the access point itself", ask(kim, "s3:GetObject", point+"/object/a.jpg").identity(full).facts(through("null", "")), Allowed, "identity", nil},
		{"F2 a directory bucket is asked for a session", ask(kim, "s3express:CreateSession", "arn:aws:s3express:eu-west-1:111122223333:bucket/data--euw1-az1--x-s3").identity(doc(allow("s3express:CreateSession", "*"))), Allowed, "identity", nil},
	})
}

func TestOtherServicesAreGranted(t *testing.T) {
	const (
		function = "arn:aws:lambda:eu-west-1:111122223333:function:resize"
		secret   = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
		disk     = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1"
		domain   = "arn:aws:es:eu-west-1:111122223333:domain/logs"
	)
	runVerdicts(t, []verdictTest{
		{"F3 a function's policy lets a service invoke it for one source",
			ask(`{"service":"s3.amazonaws.com"}`, "lambda:InvokeFunction", function).context(`{"aws:SourceArn":"arn:aws:s3:::photos","aws:SourceAccount":"111122223333"}`).
				resource(doc(allow("lambda:InvokeFunction", function, `"Principal":{"Service":"s3.amazonaws.com"}`, when(`{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::photos"},"StringEquals":{"aws:SourceAccount":"111122223333"}}`)))), Allowed, "resource", nil},
		{"F3 a secret of another account needs both sides",
			ask(stranger, "secretsmanager:GetSecretValue", secret).identity(full).resource(doc(allow("secretsmanager:GetSecretValue", "*", to(stranger)))), Allowed, "identity resource", nil},
		{"F3 a file system without a policy lets any client mount it", ask("anonymous", "elasticfilesystem:ClientMount", disk), Allowed, "service", nil},
		{"F3 a file system with a policy lets those mount it that it names", ask("anonymous", "elasticfilesystem:ClientMount", disk).resource(doc(allow("elasticfilesystem:Client*", "*", to(ops)))), ImplicitlyDenied, "resource", nil},
		{"F3 a file system without a policy is not open to its API", ask(kim, "elasticfilesystem:DeleteFileSystem", disk), ImplicitlyDenied, "identity", nil},
		{"F3 a search domain may be open to addresses",
			ask("anonymous", "es:ESHttpGet", domain).context(`{"aws:SourceIp":"203.0.113.7"}`).resource(doc(allow("es:ESHttp*", domain+"/*", everybody, when(`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`)), allow("es:ESHttp*", domain, everybody, when(`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`)))), Allowed, "resource", nil},
		{"F4 a share of RAM is a resource policy that names the account",
			ask(stranger, "ec2:RunInstances", "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1").identity(full).resource(doc(allow("ec2:RunInstances", "*", to("444455556666")))), Allowed, "identity resource", nil},
		{"F4 the policy of a delegated administrator is the organization's resource policy",
			ask(stranger, "organizations:ListAccounts", "*").account("111122223333").identity(full).resource(doc(allow("organizations:ListAccounts", "*", to("444455556666")))), Allowed, "identity resource", nil},
	})
}
