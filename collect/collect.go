package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/inventory"
)

// Account is an account to read, or why it cannot be.
type Account struct {
	ID      string
	Session *aws.Session    // nil when it could not be entered
	Refused *haetae.Unknown // why it could not
	Problem *haetae.Problem // the same for people, with the next step
}

// Options say what is read and how. The zero value reads all regions that are
// on.
type Options struct {
	// Regions are the regions to read; nil are all that the account has on.
	Regions []string
	// Extras are the groups of calls that are made only when asked for; see
	// [inventory.Call].
	Extras []string
	// InFlight is how many calls may be under way at once (default 64), and
	// Accounts how many accounts are read at once (default 8).
	InFlight, Accounts int
	// Pause is the first wait for what AWS must make first, such as a
	// credential report (default 2 s); it doubles.
	Pause time.Duration
	// Time is the time of the snapshot in Unix seconds.
	Time int64
	// Redact is [inventory.Options.Redact].
	Redact func(kind, value string) any
	// Progress is told how far it is, now and then; may be nil. It must not
	// block.
	Progress func(Progress)
}

func (o *Options) defaults() {
	o.InFlight = cmp.Or(o.InFlight, 64)
	o.Accounts = cmp.Or(o.Accounts, 8)
	o.Pause = cmp.Or(o.Pause, 2*time.Second)
}

// Snapshot reads accounts. What could not be read is in the snapshot, as
// coverage, unknown properties and problems; the error is for what ends
// everything.
func Snapshot(ctx context.Context, client *aws.Client, accounts []Account, o Options) (*haetae.Snapshot, error) {
	o.defaults()
	global, region, err := plans(inventory.All, o.Extras, func(*inventory.Kind) bool { return true })
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := &collection{client: client, opts: o, global: global, region: region, lanes: newLanes(o.InFlight), meter: newMeter(o.Progress)}
	c.meter.pending = c.lanes.pending
	parts := make([]*haetae.Snapshot, len(accounts))
	gate := make(chan struct{}, o.Accounts)
	var wait sync.WaitGroup
	for i := range accounts {
		wait.Go(func() {
			select {
			case gate <- struct{}{}:
				defer func() { <-gate }()
			case <-ctx.Done():
				return
			}
			s, err := c.account(ctx, &accounts[i])
			if err != nil {
				cancel(err) // the first one tells why; the others follow from it
				return
			}
			parts[i] = s
		})
	}
	wait.Wait()
	c.lanes.wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	ids := make([]string, len(accounts))
	for i := range accounts {
		ids[i] = accounts[i].ID
	}
	return join(ids, parts, o.Time), nil
}

// collection is what the accounts of one call of [Snapshot] share.
type collection struct {
	client         *aws.Client
	opts           Options
	global, region *plan
	lanes          *lanes
	meter          *meter
}

// account reads one account.
func (c *collection) account(ctx context.Context, a *Account) (*haetae.Snapshot, error) {
	b := inventory.NewBuilder(inventory.Options{Account: a.ID, Time: c.opts.Time, Source: "aws", Redact: c.opts.Redact})
	if a.Session == nil {
		b.Refuse(a.ID, "", a.Refused)
		s := b.Snapshot()
		if a.Problem != nil {
			s.Problems = append(s.Problems, *a.Problem)
		}
		return s, nil
	}
	r := c.run(a.Session, b)
	if err := r.work(ctx); err != nil {
		return nil, err
	}
	s := b.Snapshot()
	s.Problems = append(s.Problems, r.problems()...)
	return s, nil
}

func (c *collection) run(s *aws.Session, b *inventory.Builder) *run {
	return &run{
		client: c.client, session: s, opts: &c.opts, global: c.global, region: c.region, builder: b,
		lanes: c.lanes, news: make(chan news, 2*runtime.GOMAXPROCS(0)), asked: map[string]bool{}, off: map[string]bool{}, tags: map[string]*tagGate{},
		open: map[useful]bool{}, shut: map[useful][]task{}, tell: c.meter.add,
	}
}

// join makes one snapshot of those of accounts. What several accounts see, as
// the organization or a shared subnet, is taken from its owner, else from the
// first that sees it.
func join(ids []string, parts []*haetae.Snapshot, at int64) *haetae.Snapshot {
	all := &haetae.Snapshot{Time: at}
	index := map[haetae.Key]int{}
	for i, p := range parts {
		for _, r := range p.Resources {
			at, seen := index[r.Key()]
			switch {
			case !seen:
				index[r.Key()] = len(all.Resources)
				all.Resources = append(all.Resources, r)
			case r.Account == ids[i]:
				all.Resources[at] = r
			}
		}
		all.Coverage = append(all.Coverage, p.Coverage...)
		all.Problems = append(all.Problems, p.Problems...)
	}
	all.Sort()
	slices.SortFunc(all.Problems, func(a, b haetae.Problem) int { return cmp.Compare(a.Error, b.Error) })
	return all
}

// Member is an account of an organization.
type Member struct {
	ID, Name string
	// Active is false for a suspended account, which nobody can enter.
	Active bool
}

// Members returns the accounts of the organization, which the management
// account and delegated administrators may list.
func Members(ctx context.Context, client *aws.Client, s *aws.Session) ([]Member, error) {
	var out []Member
	for body, err := range client.Pages(ctx, aws.Ask{Session: s, Region: client.Global(s.Region), Op: "organizations:ListAccounts"}) {
		if err != nil {
			return nil, membersError(err)
		}
		for _, a := range list(body, "Accounts") {
			id, _ := a["Id"].(string)
			name, _ := a["Name"].(string)
			status, _ := a["State"].(string)
			if status == "" {
				status, _ = a["Status"].(string)
			}
			out = append(out, Member{id, name, status == "ACTIVE"})
		}
	}
	return out, nil
}

func membersError(err error) error {
	var f *aws.Failure
	if !errors.As(err, &f) {
		return err
	}
	e := &haetae.Error{Code: haetae.AccessDenied, Op: "list the accounts of the organization", Err: err,
		Hint: "Run it in the management account or in a delegated administrator with organizations:ListAccounts, or name the accounts with --accounts."}
	if f.Code == "AWSOrganizationsNotInUseException" {
		e.Code, e.Hint = haetae.NotFound, "The account is in no organization: leave out --org."
	}
	if f.Login() || strings.HasPrefix(f.Code, "haetae:") {
		return aws.Explain(err)
	}
	return e
}

// Enter assumes a role in each account, all but the caller's own when own is
// set: an account that refuses becomes one that could not be entered, and the
// others are read.
func Enter(ctx context.Context, client *aws.Client, s *aws.Session, ids []string, role, externalID string, own bool) ([]Account, error) {
	out := make([]Account, len(ids))
	var wait sync.WaitGroup
	gate := make(chan struct{}, 16)
	for i, id := range ids {
		wait.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			out[i] = enter(ctx, client, s, id, role, externalID, own)
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// When nobody could be entered the caller's own credentials may be the cause.
	if !slices.ContainsFunc(out, func(a Account) bool { return a.Session != nil }) {
		if err := client.Verify(ctx, s); err != nil {
			return nil, aws.Explain(err)
		}
	}
	return out, nil
}

func enter(ctx context.Context, client *aws.Client, s *aws.Session, id, role, externalID string, own bool) Account {
	if own && id == s.Account {
		return Account{ID: id, Session: s}
	}
	name := RoleIn(role, id, s)
	next, err := client.Assume(ctx, s, name, externalID)
	if err == nil {
		return Account{ID: id, Session: next}
	}
	why := &haetae.Unknown{
		Reason: haetae.Denied, Actions: []string{"sts:AssumeRole"},
		Detail: fmt.Sprintf("the account could not be entered: %s may not assume %s", s.ARN, name),
	}
	var f *aws.Failure
	if errors.As(err, &f) && !strings.HasPrefix(f.Code, "AccessDenied") {
		why.Reason, why.Detail = haetae.NotAsked, fmt.Sprintf("the account could not be entered: %s", f.Error())
	}
	return Account{ID: id, Refused: why, Problem: &haetae.Problem{
		Place: haetae.Place{File: "account " + id}, Error: why.Detail, Fatal: true,
		Hint: "Create the role there, and let it trust " + s.ARN + ": haetae policy --org prints role, trust and a StackSet for all accounts.",
	}}
}

// RoleIn returns the ARN of a role in an account. The role may be a name, with
// its path, or the ARN of one account's, whose others are named alike.
func RoleIn(role, account string, s *aws.Session) string {
	if strings.HasPrefix(role, "arn:") {
		parts := strings.SplitN(role, ":", 6)
		if len(parts) == 6 {
			parts[4] = account
			return strings.Join(parts, ":")
		}
	}
	return "arn:" + s.Partition() + ":iam::" + account + ":role/" + strings.TrimPrefix(role, "/")
}
