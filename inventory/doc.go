// Package inventory reads the answers of AWS API operations, as the AWS CLI
// prints them, into resources of CloudFormation's shape.
//
// # What is where
//
// A [Kind] says how one resource type is read. It is a list of [Call], one for
// each API operation that says something of the type: the operation, the IAM
// actions it needs, the member by which its answer is known, the properties
// that only it can give, and a pure function from the answer to partial
// resources. [All] holds every kind.
//
// A [Builder] merges partial resources, puts a [haetae.Unknown] where an answer
// is missing or was denied, and says for each account, region and type how much
// of it was listed. [Load] feeds a Builder from a folder of files, [Script]
// prints the commands that fill such a folder, and live collection feeds a
// Builder from the network. The three cannot disagree, since they share [All].
//
// # How a call is made
//
// A call that is not Other is made once in each place of its kind: in the account
// if the kind is Global, else in each region. [Call.Request] returns the
// parameters. With Param it is made for each parent that [Call.Sources] finds in
// the answers of other calls of the same scope, for up to Batch of them at once.
// Each page is an [Answer] of its own, and so is each failure. Answers may come in
// any order: the snapshot does not depend on it.
//
// # Adding a service
//
// Write one file named after the service with one variable that holds its
// kinds, and add that variable to [All]:
//
//	var sns = []Kind{{
//		Type: "AWS::SNS::Topic",
//		ARN:  "${ID}",
//		Name: "TopicName",
//		Calls: []Call{{
//			Op: "sns:ListTopics", Lists: true, Member: "Topics",
//			Read: readTopics,
//		}, {
//			Op: "sns:GetTopicAttributes", Member: "Attributes.TopicArn",
//			Param: "TopicArn", Each: "sns:ListTopics Topics[].TopicArn",
//			Gives: []string{"*"},
//			Read:  readTopicAttributes,
//		}},
//	}}
//
//	func readTopics(a *Answer) (out []*haetae.Resource) {
//		for t := range a.each("Topics") {
//			out = append(out, resource(str(t, "TopicArn"), nil))
//		}
//		return out
//	}
//
// Rules that keep it simple:
//
//   - A call is in the list of every kind of which it says something, each time
//     with its own Member and Read: GetAccountAuthorizationDetails is in four.
//   - A reader sets ID and Props (Observed, Volatile) and, where the answer says
//     so, ARN, Account and Region. The Builder does the rest: type, account,
//     region, ARN, tags.
//   - Props has the names and the nesting of the CloudFormation schema; a name
//     that CloudFormation lacks goes to Observed; what changes by itself goes to
//     Volatile. See take, pluck and tagList for the usual steps.
//   - What the answer does not say is left out; it is never filled with a guess.
//     Gives makes it unknown when the call was not answered.
//   - A call that needs the parent's own parent, as the services of a cluster do,
//     names it in Params: {"cluster": "${Grandparent}"}.
//   - Where nothing but names has to change, a [reading] is the reader.
//   - What one region alone tells of all has that region as its Home.
//   - A policy goes through policy, a value that may be a secret through
//     [Answer.Secret].
package inventory
