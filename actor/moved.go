package actor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/address"
)

// A workload that was silent for quiet may have another address: it may have been
// stopped and started where no record says so. The keys of an instance are good for
// six hours, so that those of before are no longer of use.
const quiet = 12 * time.Hour

// lock is the public address from which a workload uses its credentials: the first
// that was seen, of each family.
type lock struct {
	Four, Six netip.Addr
	Since     int64
	Last      int64 // to the hour
	// Free is set when a call gave the workload another address: the next that it
	// has is taken for that.
	Free bool
}

// moved judges whether the credentials of a workload are used where it is.
//
// Proof needs no history: an endpoint of a VPC in somebody else's account, an
// address that another instance has, an address outside AWS for a function. Else the
// address that is first seen is the workload's, as it is the one that nobody else
// could have used before (the method that Netflix described in 2018); with a
// snapshot that knows the instance and its way to the internet, not even that.
func (r *Resolver) moved(e *haetae.Event, p *parts, f *Facts) {
	r.release(e, p.ask)
	a := &e.Actor
	switch a.Kind {
	case haetae.InstanceActor, haetae.FunctionActor, haetae.TaskActor, haetae.PodActor:
	default:
		return
	}
	if a.Through != "" || !r.ours(a.Account) {
		return // a service asked for the actor; or it is a guest, of whom nothing is known
	}
	say := func(hard bool, format string, args ...any) {
		f.Moved, f.Hard, f.MovedWhy = true, hard, fmt.Sprintf(format, args...)
	}
	if other := e.Peer.EndpointAccount; other != "" && other != a.Account && !r.ours(other) {
		say(true, "The call came through a VPC endpoint of account %s, which is none of the organisation's.", other)
		return
	}
	addr := e.Peer.Addr.Unmap()
	if !addr.IsValid() {
		return // AWS itself made the call
	}
	holders := r.world.of(addr)
	mine := len(holders) == 0 || slices.ContainsFunc(holders, func(h holder) bool { return h.instance == "" || h.instance == a.ID })
	if a.Kind == haetae.InstanceActor && !mine {
		say(true, "The call came from %s, an address of instance %s.", addr, holders[0].instance)
		return
	}
	if address.Private(addr) {
		return // through an endpoint of one of the organisation's VPCs
	}
	if len(holders) > 0 || e.Peer.Own {
		r.keep(a, addr, e.Time, f)
		return
	}
	switch a.Kind {
	case haetae.PodActor: // pods of one role are in many places
		return
	case haetae.FunctionActor:
		// Functions have addresses of AWS, or go through the organisation's own.
		if r.book != nil && r.book.Clouds() && e.Peer.Cloud != "aws" {
			say(true, "The call came from %s, which is neither an address of AWS, where functions run, nor one of the organisation's.", addr)
		}
		return
	case haetae.InstanceActor:
		if i := r.world.known(a.ID); i != nil && i.public && !r.learned(a.ID, addr) {
			say(true, "The call came from %s. The instance has a public address of its own, and this is none of the organisation's.", addr)
			return
		}
	}
	r.compare(a, addr, e, say, f)
}

// workload is the name under which the address of a workload is kept: tasks of one
// role are told apart by their session.
func workload(a *haetae.Actor) string {
	if a.Kind == haetae.TaskActor {
		return a.ID + " " + a.Session
	}
	return a.ID
}

// keep says which address was seen first, and remembers it when it is the first.
func (r *Resolver) keep(a *haetae.Actor, addr netip.Addr, t time.Time, f *Facts) {
	l, ok := r.locks.get(workload(a))
	if !ok {
		l = lock{Since: t.Unix()}
	}
	if p := l.family(addr); !p.IsValid() {
		*p = addr
	}
	l.Free = false
	r.touch(workload(a), l, ok, t)
	f.First, f.FirstSince = *l.family(addr), time.Unix(l.Since, 0).UTC()
}

func (l *lock) family(a netip.Addr) *netip.Addr {
	if a.Is4() {
		return &l.Four
	}
	return &l.Six
}

// compare holds an address against the one that was seen first.
func (r *Resolver) compare(a *haetae.Actor, addr netip.Addr, e *haetae.Event, say func(bool, string, ...any), f *Facts) {
	name := workload(a)
	l, ok := r.locks.get(name)
	t := e.Time.Unix()
	if !ok || time.Duration(t-l.Last)*time.Second > quiet {
		l, ok = lock{Since: t}, false
	}
	first := l.family(addr)
	switch {
	case !first.IsValid():
		*first, l.Free = addr, false
	case *first == addr:
	case l.Free:
		*first, l.Free, l.Since, ok = addr, false, t, false
	default:
		f.First, f.FirstSince = *first, time.Unix(l.Since, 0).UTC()
		say(false, "The call came from %s; the credentials were used from %s first, since %s.", placed(addr, e.Peer), *first, f.FirstSince.Format(time.RFC3339))
		return
	}
	f.First, f.FirstSince = *first, time.Unix(l.Since, 0).UTC()
	r.touch(name, l, ok, e.Time)
}

// placed is an address with what is known of where it is.
func placed(a netip.Addr, p haetae.Peer) string {
	var about []string
	for _, s := range []string{p.Country, p.Org, p.Cloud} {
		if s != "" {
			about = append(about, s)
		}
	}
	if len(about) == 0 {
		return a.String()
	}
	return a.String() + " (" + strings.Join(about, ", ") + ")"
}

// touch writes a lock when there is something new in it: when it was last used is
// written once an hour.
func (r *Resolver) touch(name string, l lock, there bool, t time.Time) {
	old, ok := r.locks.get(name)
	now := t.Unix()
	if there && ok && old.Four == l.Four && old.Six == l.Six && old.Free == l.Free && now-old.Last < 3600 {
		return
	}
	l.Last = max(l.Last, now)
	r.locks.put(name, l)
}

// learned tells whether an instance that the snapshot knows is known to have got
// this address since, or to have got one that was not seen yet.
func (r *Resolver) learned(id string, addr netip.Addr) bool {
	l, _ := r.locks.get(id)
	return l.Free || *l.family(addr) == addr
}

// release notes calls after which an instance may have another address.
func (r *Resolver) release(e *haetae.Event, ask object) {
	switch e.Action {
	case "ec2:StartInstances", "ec2:AssociateAddress", "ec2:DisassociateAddress", "ec2:AttachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute":
	default:
		return
	}
	if e.Outcome != haetae.CallSucceeded {
		return
	}
	ids := []string{ask.text("instanceId")}
	if r.world != nil {
		ids = append(ids, r.world.nics[ask.text("networkInterfaceId")])
	}
	for _, target := range e.Targets {
		ids = append(ids, target[strings.LastIndexByte(target, '/')+1:])
	}
	for _, id := range ids {
		if !instanceID(id) {
			continue
		}
		l, _ := r.locks.get(id)
		if !l.Free {
			l.Free = true
			l.Last = max(l.Last, e.Time.Unix())
			r.locks.put(id, l)
		}
	}
}
