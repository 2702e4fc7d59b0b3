package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/collect"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/snapshot"
)

// refresh reads named resources again, carries what changed into the snapshot
// and prints it.
func (a *app) refresh(ctx context.Context, s *sources, names []string, file string) error {
	if len(s.from) != 1 || s.from[0] == "aws" {
		return usagef("--refresh needs one --from FILE.snap.zst: the snapshot that is brought up to date")
	}
	sch, err := schema.Load()
	if err != nil {
		return fmt.Errorf("built-in schema: %w", err)
	}
	p := a.progress()
	defer p.Close()
	old, err := a.load(ctx, s, sch, p)
	if err != nil {
		return err
	}
	first := ""
	if len(s.regions) > 0 {
		first = s.regions[0]
	}
	p.stage("asking AWS who we are")
	client, session, err := a.open(ctx, &s.live, first)
	if err != nil {
		return err
	}
	byAccount := map[string][]haetae.Key{}
	for _, n := range names {
		k, err := keyNamed(old, n, session, first)
		if err != nil {
			return err
		}
		byAccount[k.Account] = append(byAccount[k.Account], k)
	}
	key, err := a.hashKey()
	if err != nil {
		return err
	}
	now := time.Now().Unix()
	all := collect.Refreshed{}
	for _, account := range slices.Sorted(maps.Keys(byAccount)) {
		p.stage("reading again what is in " + account)
		in, err := a.enter(ctx, client, session, account, &s.live)
		if err != nil {
			return err
		}
		one, err := collect.Refresh(ctx, client, in, sch, old, byAccount[account], key, collect.Options{Time: now, Redact: func(_, v string) any { return v }})
		if err != nil {
			return err
		}
		all.Delta.Added = append(all.Delta.Added, one.Delta.Added...)
		all.Delta.Removed = append(all.Delta.Removed, one.Delta.Removed...)
		all.Delta.Changed = append(all.Delta.Changed, one.Delta.Changed...)
		all.Unknown = append(all.Unknown, one.Unknown...)
	}
	next := collect.Apply(old, all.Delta, now)
	if err := writeFile(file, func(w io.Writer) error { return snapshot.Write(w, next) }); err != nil {
		return err
	}
	return a.printRefreshed(&all, client.Stats())
}

// enter returns a session in an account: the caller's own, or through the role.
func (a *app) enter(ctx context.Context, client *aws.Client, s *aws.Session, account string, l *live) (*aws.Session, error) {
	if account == s.Account && l.role == "" {
		return s, nil
	}
	role := l.role
	if role == "" {
		role = defaultRole
	}
	in, err := client.Assume(ctx, s, collect.RoleIn(role, account, s), l.externalID)
	return in, aws.Explain(err)
}

// keyNamed finds a resource by ARN, by ID, or makes the key of TYPE/ID, which
// may be new.
func keyNamed(s *haetae.Snapshot, name string, session *aws.Session, region string) (haetae.Key, error) {
	var found []haetae.Key
	for _, r := range s.Resources {
		if r.ARN == name || r.ID == name || r.Type+"/"+r.ID == name {
			found = append(found, r.Key())
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		return haetae.Key{}, usagef("--refresh %s is the name of %d resources: give an ARN", name, len(found))
	}
	typ, id, ok := strings.Cut(name, "/")
	i := slices.IndexFunc(inventory.All, func(k inventory.Kind) bool { return k.Type == typ })
	if !ok || i < 0 {
		return haetae.Key{}, usage{&haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("--refresh %s is not in the snapshot", name),
			Hint: "Name what is new as TYPE/ID, with --region: AWS::EC2::Instance/i-0123456789abcdef0."}}
	}
	k := haetae.Key{Account: session.Account, Type: typ, ID: id}
	if !inventory.All[i].Global {
		if k.Region = region; region == "" {
			k.Region = session.Region
		}
		if k.Region == "" {
			return k, usage{&haetae.Error{Code: haetae.Invalid, Err: errors.New("--refresh " + name + " needs a region"), Hint: "Give --region."}}
		}
	}
	return k, nil
}

func (a *app) printRefreshed(r *collect.Refreshed, st aws.Stats) error {
	var b strings.Builder
	for _, x := range r.Delta.Added {
		fmt.Fprintf(&b, "new      %s %s\n", x.Type, x.ID)
	}
	for _, x := range r.Delta.Removed {
		fmt.Fprintf(&b, "gone     %s %s\n", x.Type, x.ID)
	}
	for _, c := range r.Delta.Changed {
		fmt.Fprintf(&b, "changed  %s %s: %s\n", c.After.Type, c.After.ID, strings.Join(c.Paths, ", "))
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(&b, "unknown  %s: %s\n", u.Place.File, u.Error)
	}
	if b.Len() == 0 {
		b.WriteString("nothing changed\n")
	}
	if _, err := io.WriteString(a.out, b.String()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	a.advise("haetae: asked AWS %d times", st.Requests)
	if len(r.Unknown) > 0 {
		return exit(exitIncomplete)
	}
	return nil
}
