// Package trail verifies the log files of CloudTrail against its digest files:
// that nobody altered, removed or added one after CloudTrail delivered it.
//
// Every hour CloudTrail writes a digest: the names and hashes of the log files of
// that hour, the hash and the signature of the digest before, so digests are a
// chain. The signature of a digest is metadata of its object in S3 and is repeated
// in the next digest, so a copy in a plain folder proves all digests but the
// newest
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html,
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html).
//
// What cannot be checked is told apart from what is wrong: an unproven file is not
// a forged one.
package trail
