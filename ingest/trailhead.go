package ingest

import (
	"strings"
	"unsafe"
)

// The fields of a record of CloudTrail that make the event, by their numbers in
// trailPaths. Parameters that name what a call is about follow.
const (
	trailID = iota
	trailTime
	trailSource
	trailName
	trailRegion
	trailRecipient
	trailAddress
	trailAgent
	trailError
	trailMessage
	trailCategory
	trailEndpoint
	trailEndpointAccount
	trailKind
	trailARN
	trailAccount
	trailPrincipal
	trailUser
	trailKey
	trailThrough
	trailProvider
	trailBehalf
	trailMFA
	trailIssuer
	trailIssuerName
	trailSignInMFA
	trailSignIn
	trailResource
	trailResourceLower
	trailResourceName
	trailBucket
	trailObject
	trailInstances
	trailInstanceResources
	trailTagged
	trailTaggedInstances
	trailWraps      // and more: names of members that make it something else
	trailParameters = trailWraps + 8
)

// trailPaths are the paths of those fields.
func trailPaths() []string {
	out := []string{
		trailID: "eventID", trailTime: "eventTime", trailSource: "eventSource", trailName: "eventName", trailRegion: "awsRegion",
		trailRecipient: "recipientAccountId", trailAddress: "sourceIPAddress", trailAgent: "userAgent", trailError: "errorCode",
		trailMessage: "errorMessage", trailCategory: "eventCategory", trailEndpoint: "vpcEndpointId", trailEndpointAccount: "vpcEndpointAccountId",
		trailKind: "userIdentity.type", trailARN: "userIdentity.arn", trailAccount: "userIdentity.accountId", trailPrincipal: "userIdentity.principalId",
		trailUser: "userIdentity.userName", trailKey: "userIdentity.accessKeyId", trailThrough: "userIdentity.invokedBy",
		trailProvider: "userIdentity.identityProvider", trailBehalf: "userIdentity.onBehalfOf.userId",
		trailMFA: "userIdentity.sessionContext.attributes.mfaAuthenticated", trailIssuer: "userIdentity.sessionContext.sessionIssuer.arn",
		trailIssuerName: "userIdentity.sessionContext.sessionIssuer.userName", trailSignInMFA: "additionalEventData.MFAUsed",
		trailSignIn: "responseElements.ConsoleLogin", trailResource: "resources.ARN", trailResourceLower: "resources.arn",
		trailResourceName: "resources.resourceName", trailBucket: "requestParameters.bucketName", trailObject: "requestParameters.key",
		trailInstances: "requestParameters.instancesSet.items.instanceId", trailInstanceResources: "requestParameters.instancesSet.items.resourceId",
		trailTagged: "requestParameters.resourcesSet.items.resourceId", trailTaggedInstances: "requestParameters.resourcesSet.items.instanceId",
		trailWraps: "s3", trailWraps + 1: "Records", trailWraps + 2: "logEvents", trailWraps + 3: "events", trailWraps + 4: "Events",
		trailWraps + 5: "findings", trailWraps + 6: "Findings", trailWraps + 7: "items",
	}
	for _, name := range trailNames() {
		out = append(out, "requestParameters."+name)
	}
	return out
}

// text is the field of a number that is a text, "" when there is none. It is valid
// until the reader goes on.
func (r *TrailRecord) text(n int) string {
	if r.head != nil {
		return r.head.Text(n)
	}
	return r.Text(strings.Split(r.paths.Name(n), ".")...)
}

// kept is text that outlives what it was read from. Texts of one event lie beside
// each other, so that they cost one allocation.
type kept struct{ buf []byte }

// keep copies texts, one after the other.
func (k *kept) keep(texts ...string) string {
	n := 0
	for _, t := range texts {
		n += len(t)
	}
	if n == 0 {
		return ""
	}
	if cap(k.buf)-len(k.buf) < n {
		k.buf = make([]byte, 0, max(n, 128)) // what was given out stays where it is
	}
	from := len(k.buf)
	for _, t := range texts {
		k.buf = append(k.buf, t...)
	}
	return unsafe.String(&k.buf[from], n)
}
