// Package aws asks AWS: credentials, endpoints, signed requests in all of AWS's
// protocols, pages, retries, and a budget of requests that leaves the accounts'
// own programs their share.
//
// # Why not the SDK's service clients
//
// Credentials, configuration and signatures are the SDK's (config,
// credentials, signer/v4). Its service clients are not used: 48 of them cost
// minutes of compilation and 37 MB, and their Go types would have to be turned
// back into what the AWS CLI prints, which is what package inventory reads.
// The wire is described by data instead (model/, made from botocore, the CLI's
// own model), so an answer has the CLI's names by construction and a new
// operation needs no code.
//
// # What is where
//
//	model.go     services, operations and shapes
//	request.go   a request from parameters, for each protocol
//	answer.go    an answer from JSON, xml.go from XML
//	failure.go   errors, and what a user does about them
//	endpoint.go  hosts
//	budget.go    how fast each operation may be asked (quotas.yaml)
//	session.go   whose credentials, and roles in other accounts
//	client.go    one call: budget, retries, pages, record
//
// All of it is safe for concurrent use.
//
// What it sends and reads is compared with the AWS SDK for Python, for every
// operation of the model (judge_test.go).
package aws
