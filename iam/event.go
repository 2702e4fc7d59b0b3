package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Event is a CloudTrail record, as far as it tells of a request
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
type Event struct {
	ID         string          `json:"eventID"`
	Type       string          `json:"eventType"`
	Category   string          `json:"eventCategory"` // "Management", "Data"
	Source     string          `json:"eventSource"`   // "s3.amazonaws.com"
	Name       string          `json:"eventName"`
	Time       time.Time       `json:"eventTime"`
	Region     string          `json:"awsRegion"`
	SourceIP   string          `json:"sourceIPAddress"` // or a service's name, or "AWS Internal"
	UserAgent  string          `json:"userAgent"`
	Error      string          `json:"errorCode"`
	Message    string          `json:"errorMessage"`
	Recipient  string          `json:"recipientAccountId"`
	Shared     string          `json:"sharedEventID"` // set in the records that two accounts have of one request
	VPCE       string          `json:"vpcEndpointId"`
	VPCEOwner  string          `json:"vpcEndpointAccountId"`
	Identity   EventIdentity   `json:"userIdentity"`
	Parameters any             `json:"requestParameters"`
	Resources  []EventResource `json:"resources"`
	Additional any             `json:"additionalEventData"`
	TLS        struct {
		Version string `json:"tlsVersion"`
	} `json:"tlsDetails"`
}

// EventIdentity is who made a request
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html).
type EventIdentity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	Account     string `json:"accountId"`
	AccessKey   string `json:"accessKeyId"`
	UserName    string `json:"userName"`
	InvokedBy   string `json:"invokedBy"`
	Provider    string `json:"identityProvider"`
	Session     *struct {
		Issuer struct {
			Type        string `json:"type"`
			PrincipalID string `json:"principalId"`
			ARN         string `json:"arn"`
			Account     string `json:"accountId"`
			UserName    string `json:"userName"`
		} `json:"sessionIssuer"`
		WebID struct {
			Provider string `json:"federatedProvider"`
		} `json:"webIdFederationData"`
		Attributes struct {
			Created string `json:"creationDate"`
			MFA     string `json:"mfaAuthenticated"`
		} `json:"attributes"`
		SourceIdentity  string `json:"sourceIdentity"`
		EC2RoleDelivery string `json:"ec2RoleDelivery"`
		AssumedRoot     any    `json:"assumedRoot"` // "true" or true
	} `json:"sessionContext"`
}

// EventResource is a resource that a record names.
type EventResource struct {
	ARN     string `json:"ARN"`
	Prefix  string `json:"ARNPrefix"` // instead of the ARN for objects of S3
	Account string `json:"accountId"`
	Type    string `json:"type"` // "AWS::S3::Object"
}

// ParseEvents reads what CloudTrail delivers, {"Records": […]}, an array of
// records, or a single one.
func ParseEvents(data []byte) ([]*Event, error) {
	data = bytes.TrimSpace(data)
	var events []*Event
	var err error
	switch {
	case len(data) > 0 && data[0] == '[':
		err = decodeJSON(data, &events)
	default:
		var file struct {
			Records *[]*Event
			Event
		}
		if err = decodeJSON(data, &file); err == nil {
			if events = []*Event{&file.Event}; file.Records != nil {
				events = *file.Records
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("CloudTrail records: %w", err)
	}
	for i, e := range events {
		if e == nil || e.Source == "" || e.Name == "" {
			return nil, fmt.Errorf("CloudTrail records: number %d has no eventSource and eventName", i+1)
		}
	}
	return events, nil
}

// decodeJSON keeps numbers as they are written.
func decodeJSON(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one JSON value")
	}
	return nil
}

// Fit says how well a record tells what was asked.
type Fit string

// The fits.
const (
	FitExact   Fit = "exact"     // the actions and all resources that they need
	FitPartly  Fit = "partly"    // the actions, but not all of the resources
	FitNone    Fit = "none"      // no action that the catalogue has
	FitNoCheck Fit = "no action" // a sign-in, something done in the console, a notice of a service
)

// Asking is what a record tells of the requests on which AWS decided.
type Asking struct {
	Fit     Fit
	Reasons []string // why the fit is not exact; sorted, without doubles
	// Principal asked. Role is the role that its session is of, "" for others.
	Principal Principal
	Role      string
	// Requests are what was asked; all of them had to be allowed.
	Requests []Asked
	// Outcome is what came of it.
	Outcome Outcome
}

// Outcome is what AWS decided, as far as a record shows it.
type Outcome string

// The outcomes. A request that failed for another reason than its permissions
// may or may not have been allowed.
const (
	OutcomeAllowed Outcome = "allowed"
	OutcomeDenied  Outcome = "denied"
	OutcomeUnknown Outcome = "unknown"
)

// Asked is one action of a record with the resources and the condition keys
// that go with it.
type Asked struct {
	// Request is what was asked. Resources that the record does not tell whole
	// are patterns, and Patterns has their numbers; Any is set when the only
	// resource is one.
	Request  Request
	Types    []string // the types of the resources: "s3:object", "" where there is none
	Patterns []int
	// Unknown are patterns of keys of which the record does not say whether the
	// request had them, UnknownValue those that it had with some value.
	Unknown, UnknownValue []string
	// Implied is set for what a call needs beside its own action, such as
	// iam:PassRole, which CloudTrail does not record
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
	Implied bool
	// Open says what the record leaves open about the resources.
	Open []string
}

// Question is the request with what is not known about it, for [Engine.Decide].
// Policies and facts are the caller's to add.
func (a *Asked) Question() Question {
	return Question{Request: a.Request, Unknown: a.Unknown, UnknownValue: a.UnknownValue}
}
