package iam_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

// What is outside: 111122223333 is the organization's management account,
// 444455556666 a member, and 999900001111 belongs to somebody else.
const (
	manager  = "111122223333"
	member   = "444455556666"
	stranger = "999900001111"
)

// estate is an organization of two accounts with one more resource.
func estate(r *haetae.Resource, more ...haetae.Coverage) *haetae.Snapshot {
	account := func(id string) *haetae.Resource {
		return &haetae.Resource{Type: "AWS::Organizations::Account", ID: id, Account: manager, Props: map[string]any{"ParentIds": []any{"r-1"}}}
	}
	s := &haetae.Snapshot{
		Resources: []*haetae.Resource{
			account(manager), account(member), r,
			{Type: "Haetae::Organization", ID: "o-1", Account: manager, Props: map[string]any{},
				Observed: map[string]any{"Id": "o-1", "MasterAccountId": manager, "EnabledPolicyTypes": []any{}}},
		},
		Coverage: []haetae.Coverage{
			{Account: manager, Type: "*", Status: haetae.Complete},
			{Account: member, Type: "*", Status: haetae.Complete},
		},
	}
	s.Coverage = append(s.Coverage, more...)
	for _, c := range more { // what was refused is not there either
		s.Resources = slices.DeleteFunc(s.Resources, func(x *haetae.Resource) bool { return x.Type == c.Type && x.Account == c.Account })
	}
	return s
}

func guestRole(t *testing.T, trust string) *haetae.Resource {
	return &haetae.Resource{Type: "AWS::IAM::Role", ID: "guest", Account: member, ARN: "arn:aws:iam::" + member + ":role/guest",
		Props: map[string]any{"RoleName": "guest", "Arn": "arn:aws:iam::" + member + ":role/guest", "AssumeRolePolicyDocument": tree(t, trust)}}
}

func queue(t *testing.T, doc string) *haetae.Resource {
	return &haetae.Resource{Type: "AWS::SQS::Queue", ID: "jobs", Account: member, Region: "eu-west-1", ARN: "arn:aws:sqs:eu-west-1:" + member + ":jobs",
		Props: map[string]any{"QueueName": "jobs", "PolicyDocument": tree(t, doc)}}
}

func tree(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(`{"Version": "2012-10-17", "Statement": [`+text+`]}`), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhoIsOutside(t *testing.T) {
	sqs := func(principal, condition string) string {
		return `{"Effect": "Allow", "Principal": ` + principal + `, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:` + member + `:jobs"` + condition + `}`
	}
	trust := func(principal, action, condition string) string {
		return `{"Effect": "Allow", "Principal": ` + principal + `, "Action": "` + action + `"` + condition + `}`
	}
	for _, c := range []struct {
		name     string
		resource *haetae.Resource
		want     string // "who: action (risks)", joined by "; "
	}{
		{"the organization's own accounts are inside",
			guestRole(t, trust(`{"AWS": "`+manager+`"}`, "sts:AssumeRole", "")), ""},
		{"another company's account without an external id",
			guestRole(t, trust(`{"AWS": "`+stranger+`"}`, "sts:AssumeRole", "")), "account " + stranger + ": sts:AssumeRole (no-external-id)"},
		{"another company's account with an external id",
			guestRole(t, trust(`{"AWS": "`+stranger+`"}`, "sts:AssumeRole", `, "Condition": {"StringEquals": {"sts:ExternalId": "7f3c"}}`)), "account " + stranger + ": sts:AssumeRole ()"},
		{"an organization's condition keeps the stranger out",
			guestRole(t, trust(`{"AWS": "`+stranger+`"}`, "sts:AssumeRole", `, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}`)), ""},
		{"an identity provider whose trust asks for no subject",
			guestRole(t, trust(`{"Federated": "arn:aws:iam::`+member+`:oidc-provider/token.actions.githubusercontent.com"}`, "sts:AssumeRoleWithWebIdentity",
				`, "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}`)),
			"arn:aws:iam::" + member + ":oidc-provider/token.actions.githubusercontent.com: sts:AssumeRoleWithWebIdentity (no-subject)"},
		{"an identity provider whose trust asks for one repository",
			guestRole(t, trust(`{"Federated": "arn:aws:iam::`+member+`:oidc-provider/token.actions.githubusercontent.com"}`, "sts:AssumeRoleWithWebIdentity",
				`, "Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:shop/web:ref:refs/heads/main"}}`)),
			"arn:aws:iam::" + member + ":oidc-provider/token.actions.githubusercontent.com: sts:AssumeRoleWithWebIdentity ()"},
		{"a queue for everybody is public",
			queue(t, sqs(`"*"`, "")), "anybody: sqs:SendMessage (public)"},
		{"a service that may act for anybody's account",
			queue(t, sqs(`{"Service": "sns.amazonaws.com"}`, "")), "sns.amazonaws.com: sqs:SendMessage (confused-deputy)"},
		{"a service that may act for this account alone",
			queue(t, sqs(`{"Service": "sns.amazonaws.com"}`, `, "Condition": {"StringEquals": {"aws:SourceAccount": "`+member+`"}}`)), "sns.amazonaws.com: sqs:SendMessage ()"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := worldOf(t, estate(c.resource)).External()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range list {
				var risks []string
				for _, r := range o.Risks {
					risks = append(risks, string(r))
				}
				got = append(got, o.Who+": "+strings.Join(o.Actions, ", ")+" ("+strings.Join(risks, ", ")+")")
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
}

// An account that would be inside when the organization could be read is
// neither inside nor outside while it could not.
func TestOutsideIsNotKnownWithoutTheOrganization(t *testing.T) {
	trust := `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + manager + `:root"}, "Action": "sts:AssumeRole"}`
	for _, c := range []struct {
		name    string
		refused haetae.Coverage
	}{
		{"its description was refused", haetae.Coverage{Account: manager, Type: "Haetae::Organization", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"organizations:DescribeOrganization"}}},
		{"its accounts were refused", haetae.Coverage{Account: manager, Type: "AWS::Organizations::Account", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"organizations:ListAccounts"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := estate(guestRole(t, trust), c.refused)
			if c.refused.Type == "Haetae::Organization" {
				// Another call answered, and tells of the organization without its id.
				s.Resources = append(s.Resources, &haetae.Resource{Type: "Haetae::Organization", ID: "self", Account: manager, Props: map[string]any{}, Observed: map[string]any{"DelegatedAdministrators": []any{}}})
			}
			w := worldOf(t, s)
			list, err := w.External()
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range list {
				if o.May.Is || len(o.May.Unread) == 0 || !slices.Equal(o.May.Unread[0].Actions, c.refused.Actions) {
					t.Errorf("%s: certain %v, unread %v", o.Who, o.May.Is, o.May.Unread)
				}
			}
			if c.refused.Type == "Haetae::Organization" && len(list) != 1 {
				t.Errorf("%d are told, want the management account as one that may be outside", len(list))
			}
			if u := w.Account(member).Unread; u == nil || !slices.Equal(u.Actions, c.refused.Actions) {
				t.Errorf("the policies above the member are unread for %v, want the call that was refused", u)
			}
		})
	}
}

// What a member may not ask changes nothing where the management account told.
func TestOutsideIsKnownWhenAMemberAloneIsRefusedTheOrganization(t *testing.T) {
	refused := haetae.Coverage{Account: member, Type: "Haetae::Organization", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"organizations:DescribeOrganization"}}
	trust := `{"Effect": "Allow", "Principal": {"AWS": "` + stranger + `"}, "Action": "sts:AssumeRole"}`
	list, err := worldOf(t, estate(guestRole(t, trust), refused)).External()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || !list[0].May.Is || len(list[0].May.Unread) > 0 {
		t.Errorf("%+v, want the stranger, and no doubt", list)
	}
}

// What another call tells of the organization does not hide its description,
// wherever it stands in the snapshot.
func TestTheOrganizationIsTheOneWithAnID(t *testing.T) {
	s := estate(guestRole(t, `{"Effect": "Allow", "Principal": {"AWS": "`+manager+`"}, "Action": "sts:AssumeRole"}`))
	s.Resources = append(s.Resources, &haetae.Resource{Type: "Haetae::Organization", ID: "self", Account: member, Props: map[string]any{}, Observed: map[string]any{"Roots": nil}})
	a := worldOf(t, s).Account(member)
	if a.OrgID != "o-1" || a.Management || !slices.Equal(a.OrgPath, []string{"o-1/r-1/"}) {
		t.Errorf("organization %q, path %v, management %v", a.OrgID, a.OrgPath, a.Management)
	}
}

// A member account that was read without the list of accounts still tells where
// it is, by the units above it.
func TestAnAccountTellsTheUnitsAboveIt(t *testing.T) {
	self := &haetae.Resource{Type: "Haetae::Account", ID: member, Account: member, Props: map[string]any{},
		Observed: map[string]any{"OrganizationalUnitPath": []any{"r-1", "ou-1-work"}}}
	s := estate(self, haetae.Coverage{Account: manager, Type: "AWS::Organizations::Account", Status: haetae.Missing, Reason: haetae.Denied})
	if a := worldOf(t, s).Account(member); !slices.Equal(a.OrgPath, []string{"o-1/r-1/ou-1-work/"}) {
		t.Errorf("path %v", a.OrgPath)
	}
}
