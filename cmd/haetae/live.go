package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/collect"
)

// defaultRole is the role that is assumed in the accounts of an organization.
const defaultRole = "haetae"

// journalAge is how old a scan that was interrupted may be to be gone on with:
// older answers say too little of now.
const journalAge = 12 * time.Hour

// live are the flags of live accounts.
type live struct {
	profile, role, externalID string
	quotas                    string
	org, fresh, noResume      bool
	accounts, not, extras     []string
}

func (l *live) flags(f *pflag.FlagSet) {
	f.StringVar(&l.profile, "profile", "", "AWS profile (AWS_PROFILE)")
	f.StringVar(&l.role, "role", "", "role to assume: its ARN, or with --org or --accounts its name (default "+defaultRole+")")
	f.StringVar(&l.externalID, "external-id", "", "external ID for --role")
	f.BoolVar(&l.org, "org", false, "all accounts of the organization")
	f.StringSliceVar(&l.accounts, "accounts", nil, "these accounts, through --role")
	f.StringSliceVar(&l.not, "not-accounts", nil, "with --org: leave these accounts out")
	f.StringSliceVar(&l.extras, "with", nil, "also slow calls: "+strings.Join(collect.Extras(), ", "))
	f.StringVar(&l.quotas, "quotas", "", "file of AWS's quotas for your accounts, in the form of aws/quotas.yaml, when they differ from AWS's defaults")
	f.BoolVar(&l.fresh, "fresh", false, "begin anew instead of going on with a scan that was interrupted")
	f.BoolVar(&l.noResume, "no-resume", false, "keep no record of answers to go on with")
}

func checkExtras(names []string) error {
	for _, n := range names {
		if !slices.Contains(collect.Extras(), n) {
			return usagef("--with %s: there are %s", n, strings.Join(collect.Extras(), ", "))
		}
	}
	return nil
}

// open connects to AWS.
func (a *app) open(ctx context.Context, l *live, region string) (*aws.Client, *aws.Session, error) {
	o := aws.Options{Profile: l.profile, Region: region, Agent: "haetae/" + version(), MFA: a.askMFA}
	if l.quotas != "" {
		data, err := os.ReadFile(l.quotas)
		if err != nil {
			return nil, nil, usage{&haetae.Error{Code: haetae.NotFound, Op: "--quotas", Err: err, Hint: "Give a file in the form of aws/quotas.yaml."}}
		}
		if o.Quotas, err = aws.ParseQuotas(data); err != nil {
			return nil, nil, usage{&haetae.Error{Code: haetae.Invalid, Op: l.quotas, Err: err, Hint: "The form is that of aws/quotas.yaml."}}
		}
	}
	return aws.Open(ctx, o)
}

// askMFA asks for the code of a profile that needs one.
func (a *app) askMFA() (string, error) {
	if !isTerminal(a.err) {
		return "", &haetae.Error{Code: haetae.AccessDenied, Err: errors.New("the profile needs an MFA code, and there is no terminal to ask on"), Hint: "Run it on a terminal, or export the credentials of a session: aws sts get-session-token."}
	}
	fmt.Fprint(a.err, "\r\x1b[KMFA code: ")
	var code string
	_, err := fmt.Fscanln(a.in, &code)
	return code, err
}

// aws reads live accounts.
func (a *app) aws(ctx context.Context, s *sources, p *progress) (*haetae.Snapshot, error) {
	l := &s.live
	if err := checkExtras(l.extras); err != nil {
		return nil, err
	}
	p.stage("asking AWS who we are")
	first := ""
	if len(s.regions) > 0 {
		first = s.regions[0]
	}
	client, session, err := a.open(ctx, l, first)
	if err != nil {
		return nil, err
	}
	ids, err := a.accounts(ctx, client, session, l)
	if err != nil {
		return nil, err
	}
	o := collect.Options{
		Regions: s.regions, Extras: l.extras, Time: time.Now().Unix(),
		// graph.Assemble redacts what every source reads, in one place.
		Redact: func(_, value string) any { return value },
	}
	if err := a.journalOf(client, session, s, ids, &o); err != nil {
		return nil, err
	}
	accounts := []collect.Account{{ID: session.Account, Session: session}}
	if l.org || l.role != "" || len(l.accounts) > 0 {
		p.stage(fmt.Sprintf("entering %d accounts", len(ids)))
		role := l.role
		if role == "" {
			role = defaultRole
		}
		accounts, err = collect.Enter(ctx, client, session, ids, role, l.externalID, l.org)
		if err != nil {
			return nil, err
		}
		if len(accounts) == 1 && accounts[0].Session == nil {
			return nil, &haetae.Error{Code: haetae.AccessDenied, Op: "--role", Err: errors.New(accounts[0].Problem.Error), Hint: accounts[0].Problem.Hint}
		}
	}
	o.Progress = func(g collect.Progress) { p.stage(progressText(g)) }
	begin := time.Now()
	// Answers come in large pages that are soon done with: to collect garbage
	// more often costs little beside waiting for AWS, and saves a third of memory.
	debug.SetGCPercent(25)
	snap, err := collect.Snapshot(ctx, client, accounts, o)
	if err != nil {
		if a.journal != nil && haetae.CodeOf(err) != haetae.Internal {
			a.advise("haetae: the same command goes on where this one stopped")
		}
		return nil, err
	}
	st := client.Stats()
	text := fmt.Sprintf("haetae: asked AWS %d times in %s", st.Requests, time.Since(begin).Round(time.Second))
	if st.Replayed > 0 {
		text += fmt.Sprintf(", %d answers were on record", st.Replayed)
	}
	if st.Throttled > 0 {
		text += fmt.Sprintf(", was told %d times to slow down and did", st.Throttled)
	}
	a.advise("%s", text)
	return snap, nil
}

// accounts are the numbers of the accounts that the flags name.
func (a *app) accounts(ctx context.Context, client *aws.Client, session *aws.Session, l *live) ([]string, error) {
	for _, id := range append(slices.Clone(l.accounts), l.not...) {
		if len(id) != 12 || strings.Trim(id, "0123456789") != "" {
			return nil, usagef("%s is no account: a number of twelve digits is meant", id)
		}
	}
	switch {
	case l.org:
		members, err := collect.Members(ctx, client, session)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, m := range members {
			if m.Active && !slices.Contains(l.not, m.ID) && (len(l.accounts) == 0 || slices.Contains(l.accounts, m.ID)) {
				ids = append(ids, m.ID)
			}
		}
		slices.Sort(ids)
		if len(members) == 0 {
			return nil, &haetae.Error{Code: haetae.NotFound, Op: "--org", Err: errors.New("the organization has no accounts, or there is none"), Hint: "The account is in no organization: leave out --org."}
		}
		if len(ids) == 0 {
			return nil, usagef("--org: no account is left of the %d of the organization", len(members))
		}
		return ids, nil
	case len(l.accounts) > 0:
		return slices.Sorted(slices.Values(l.accounts)), nil
	case l.role != "":
		parts := strings.Split(l.role, ":")
		if len(parts) < 6 {
			return []string{session.Account}, nil
		}
		return []string{parts[4]}, nil
	}
	return []string{session.Account}, nil
}

// journalOf opens the journal of the scan and lets the client keep its answers
// there. Without a data directory there is none.
func (a *app) journalOf(client *aws.Client, session *aws.Session, s *sources, ids []string, o *collect.Options) error {
	if s.live.noResume {
		return nil
	}
	dir, err := a.dataDir()
	if err != nil {
		return nil //nolint:nilerr // no home, no state
	}
	if err := os.MkdirAll(filepath.Join(dir, "scans"), 0o700); err != nil {
		return &haetae.Error{Code: haetae.Unavailable, Op: "make the data directory", Err: err, Hint: "Give a data directory that can be written with --data, or --no-resume to keep no record."}
	}
	key, err := a.madeKey(dir)
	if err != nil {
		return err
	}
	// A session of a role has a name of its own each time; who it is does not
	// change by that.
	who := session.ARN
	if strings.Contains(who, ":assumed-role/") {
		who = who[:strings.LastIndexByte(who, '/')]
	}
	scan, err := json.Marshal([]any{version(), who, s.live.role, s.live.externalID, ids, s.regions, s.live.extras, os.Getenv("AWS_ENDPOINT_URL")})
	if err != nil {
		return fmt.Errorf("journal of the scan: %w", err)
	}
	sum := sha256.Sum256(scan)
	path := filepath.Join(dir, "scans", hex.EncodeToString(sum[:8])+".journal")
	if s.live.fresh {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return &haetae.Error{Code: haetae.Unavailable, Op: "--fresh", Err: err, Hint: "Check the permissions of the data directory."}
		}
	}
	j, err := collect.OpenJournal(path, string(scan), key, time.Now(), journalAge)
	if err != nil {
		return err
	}
	if j.Resumed > 0 {
		a.advise("haetae: going on with the scan begun at %s, %d answers of which are on record; --fresh begins anew", time.Unix(j.Begun, 0).Format("15:04:05"), j.Resumed)
	}
	a.journal = j
	o.Time = j.Begun
	client.SetRecord(j)
	return nil
}

// over ends what a command kept for going on: with done it is not needed any
// more.
func (a *app) over(done bool) error {
	j := a.journal
	a.journal = nil
	switch {
	case j == nil:
		return nil
	case done:
		return j.Remove()
	}
	return j.Close()
}

// progressText says how far a collection is, in one line.
func progressText(g collect.Progress) string {
	var busy []string
	finished, accounts := map[string]bool{}, map[string]bool{}
	for _, s := range g.Services {
		if !accounts[s.Account] {
			accounts[s.Account], finished[s.Account] = true, true
		}
		if s.Done < s.Known {
			finished[s.Account] = false
		}
	}
	slices.SortStableFunc(g.Services, func(x, y collect.ServiceProgress) int { return (y.Known - y.Done) - (x.Known - x.Done) })
	for _, s := range g.Services {
		if s.Done < s.Known && len(busy) < 3 {
			name := s.Service
			if len(accounts) > 1 {
				name = s.Account + " " + name
			}
			busy = append(busy, fmt.Sprintf("%s %d/%d", name, s.Done, s.Known))
		}
	}
	text := fmt.Sprintf("asking AWS: %d of %d calls", g.Done, g.Known)
	if len(accounts) > 1 {
		n := 0
		for _, f := range finished {
			if f {
				n++
			}
		}
		text += fmt.Sprintf(", %d of %d accounts", n, len(accounts))
	}
	if len(busy) > 0 {
		text += " (" + strings.Join(busy, ", ") + ")"
	}
	if g.Done > 0 && g.Known > g.Done {
		left := max(g.Left.Round(time.Second), time.Second)
		if g.Settled {
			text += fmt.Sprintf(", about %s left", left)
		} else {
			text += fmt.Sprintf(", %s left or more", left)
		}
	}
	return text
}
