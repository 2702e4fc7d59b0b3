package actor

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/address"
)

// Options bound what a Resolver remembers. What is 0 has the default.
type Options struct {
	// Keys is of how many access keys and sessions the beginning is remembered: a
	// million.
	Keys int
	// Waiting is how many sessions whose beginning is not known have events that wait
	// for it: 16,384. Of each, 64 events wait.
	Waiting int
	// Workloads is of how many instances and tasks the address is remembered: 262,144.
	Workloads int
	// Late is how long an event waits for the record of how its session began, in the
	// time of the records: an hour. CloudTrail delivers most within 5 minutes, in no
	// order (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html).
	Late time.Duration
}

// Stats say what a Resolver did and what it had to forget.
type Stats struct {
	Events int // that were resolved
	Chains int // of them, those whose session was traced to somebody
	Late   int // chains that were said after the event
	// Forgotten are beginnings of sessions that were given up for want of room;
	// ForgottenWaits and ForgottenWorkloads likewise.
	Forgotten, ForgottenWaits, ForgottenWorkloads int
	Expired                                       int // events that waited too long
	NotWaiting                                    int // events that did not wait, as too many of their session did
}

// Facts are what is known of who made a call beside what [haetae.Actor] has.
type Facts struct {
	// External is set when the actor's account is none of the organisation's: those
	// of the snapshot, and those for which records were delivered.
	External bool
	// Moved is set when credentials of an instance, a function, a task or a pod are
	// used from where it is not. MovedWhy says in a sentence what was seen. Hard is
	// set when nothing had to be learned to say so.
	Moved    bool
	MovedWhy string
	Hard     bool
	// First is the public address from which the workload was seen first, and since
	// when; the zero Addr when there is none.
	First      netip.Addr
	FirstSince time.Time
	// Maker is the ID of who made the long-lived key that was used, where that was
	// seen.
	Maker string
	// Console is set when the credentials are those of a session of the console.
	Console bool
	// Open is set when the session was traced, but not to its beginning, or not at
	// all.
	Open bool
	// Late are earlier events of which more is known now.
	Late []Late
}

// Resolver finds out who made calls. It is not safe for concurrent use: who wants
// many, parts the events by account of the actor, as a chain across accounts is in
// the records of both.
type Resolver struct {
	world *World
	book  *address.Book
	late  time.Duration

	grants   table[grant]
	shared   table[half]
	waits    table[[]wait]
	locks    table[lock]
	accounts table[bool] // for which records were delivered

	// mark is the latest time of an event, in Unix seconds. One event moves it by no
	// more than late, so that a clock that is wrong does not end all waiting.
	mark      int64
	markDirty bool
	names     []string // those of the session at hand
	stats     Stats
}

// New makes a Resolver. The world may be nil, and the book too: then nothing is
// said of owners, or of addresses. The book is told the world's addresses by
// [World.Own], before it is first asked.
func New(w *World, b *address.Book, o Options) *Resolver {
	pick := func(n, or int) int {
		if n > 0 {
			return n
		}
		return or
	}
	r := &Resolver{world: w, book: b, late: o.Late}
	if r.late <= 0 {
		r.late = time.Hour
	}
	r.grants = newTable[grant]("grant", pick(o.Keys, 1<<20))
	r.shared = newTable[half]("shared", pick(o.Keys, 1<<20)/8+1)
	r.waits = newTable[[]wait]("wait", pick(o.Waiting, 1<<14))
	r.waits.stale = func(list []wait) bool {
		return !slices.ContainsFunc(list, func(w wait) bool { return w.Mark >= r.mark-int64(r.late/time.Second) })
	}
	r.locks = newTable[lock]("lock", pick(o.Workloads, 1<<18))
	r.accounts = newTable[bool]("account", 1<<20)
	return r
}

// Stats says what was done so far. It is not saved.
func (r *Resolver) Stats() Stats {
	s := r.stats
	s.Forgotten, s.ForgottenWaits, s.ForgottenWorkloads = r.grants.evicted+r.shared.evicted, r.waits.evicted, r.locks.evicted
	return s
}

// Resolve fills in e.Actor and e.Peer and says what else is known. The same event
// given twice is the same, so doubles do no harm.
func (r *Resolver) Resolve(e *haetae.Event) Facts {
	r.stats.Events++
	if t := e.Time.Unix(); !e.Time.IsZero() && t > r.mark {
		if step := int64(r.late / time.Second); r.mark != 0 && t > r.mark+step {
			t = r.mark + step
		}
		r.mark, r.markDirty = t, true
	}
	if e.Account != "" {
		if _, ok := r.accounts.get(e.Account); !ok {
			r.accounts.put(e.Account, true)
		}
	}
	r.peer(&e.Peer)
	var f Facts
	role := e.Actor.ID
	if e.Log == haetae.CloudTrail {
		p := partsOf(e.Raw)
		kind(&e.Actor, e.Peer.Agent, &p, r.world)
		f.Console = p.console.is()
		r.trace(e, &p, &f)
		r.moved(e, &p, &f)
	}
	r.world.describe(&e.Actor, role)
	f.External = r.external(&e.Actor)
	return f
}

// trace follows the session of an event, and keeps what the event gave out.
func (r *Resolver) trace(e *haetae.Event, p *parts, f *Facts) {
	r.names = session(e, p, r.names[:0], false)
	if len(r.names) > 0 {
		chain, missing := r.chain(r.names)
		if len(missing) > 0 { // only then it is worth looking under the other name
			r.names = session(e, p, r.names[:0], true)
			chain, missing = r.chain(r.names)
		}
		e.Actor.Chain = chain
		if len(chain) > 0 {
			r.stats.Chains++
		}
		if f.Open = len(missing) > 0; f.Open {
			r.wait(wait{Event: e.ID, Names: slices.Clone(r.names), Chain: chain, Mark: r.mark}, missing)
		}
	}
	if strings.HasPrefix(e.Actor.AccessKey, "AKIA") {
		if g, ok := r.grants.get(e.Actor.AccessKey); ok {
			f.Maker = g.By
		}
	}
	given, made := given(e, p.answer)
	if e.Action == "sts:GetSessionToken" {
		given = nil // the session is the user's own, and says so
	}
	if len(given)+len(made) == 0 && !strings.HasPrefix(e.Action, "sts:Assume") {
		return
	}
	g := grant{By: e.Actor.ID, Up: session(e, p, nil, true), Weak: e.Actor.Kind == haetae.AccountActor, Event: e.ID, Same: e.Action == "signin:GetSigninToken"}
	shared := ""
	if strings.HasPrefix(e.Action, "sts:Assume") && e.Outcome == haetae.CallSucceeded {
		shared = p.shared.text()
	}
	if len(given) > 0 || shared != "" {
		f.Late = r.grant(given, g, shared)
	}
	for _, key := range made {
		if _, ok := r.grants.get(key); !ok {
			r.grants.put(key, g)
		}
	}
}

// peer fills in what is known of the address.
func (r *Resolver) peer(p *haetae.Peer) {
	if r.book == nil || !p.Addr.IsValid() {
		return
	}
	f := r.book.Of(p.Addr)
	p.Country, p.ASN, p.Org, p.Cloud, p.Lists, p.Own, p.Resource = f.Country, f.ASN, f.Org, f.Cloud, f.Lists, f.Own, f.Resource
}

// ours tells whether an account is one of the organisation's.
func (r *Resolver) ours(account string) bool {
	if r.world != nil && r.world.accounts[account] {
		return true
	}
	_, ok := r.accounts.get(account)
	return ok
}

// Ours tells whether an account is one of the organisation's, as far as is known up
// to now: one of the snapshot, or one for which records were delivered.
func (r *Resolver) Ours(account string) bool { return r.ours(account) }

func (r *Resolver) external(a *haetae.Actor) bool {
	account := a.Account
	if account == "" {
		account = accountIn(a.ARN)
	}
	return account != "" && a.Kind != haetae.ServiceActor && !r.ours(account)
}

// kind tells what a session of a role is used by, from its own record and the
// snapshot alone, so that it does not hang on what came before.
func kind(a *haetae.Actor, agent string, p *parts, w *World) {
	if a.Kind != haetae.RoleActor {
		return
	}
	issuer, source, provider := p.scope.text("issuerType"), p.scope.text("sourceArn"), p.web.text("federatedProvider")
	switch {
	case strings.HasPrefix(a.Name, "AWSReservedSSO_"):
		// Of the user only the name is in every record of such a session.
		a.Kind = haetae.IdentityCenterUser
		if a.Session != "" {
			a.ID = a.Session
		}
	case instanceID(a.Session) || p.delivery != nil && strings.HasPrefix(a.Session, "i-"):
		a.Kind, a.ID = haetae.InstanceActor, a.Session
	case issuer == "AWS::Lambda::Function" && source != "":
		a.Kind, a.ID = haetae.FunctionActor, source
	case w.functionOf(a.ID, a.Session) != "":
		a.Kind, a.ID = haetae.FunctionActor, w.functionOf(a.ID, a.Session)
	case strings.Contains(agent, "exec-env/AWS_Lambda_"):
		a.Kind = haetae.FunctionActor
		if a.ARN != "" {
			a.ID = a.ARN // of the session: the role and the function's name
		}
	case issuer == "AWS::ECS::Task" || strings.Contains(agent, "exec-env/AWS_ECS_"):
		a.Kind = haetae.TaskActor
	case strings.Contains(provider, "oidc.eks."), strings.HasPrefix(a.Session, "eks-") && strings.Count(a.Session, "-") >= 3 && uuidTail(a.Session):
		// Of a role that pods use the state is the role's: pods come and go.
		a.Kind = haetae.PodActor
	}
}

// instanceID tells whether a text is the id of an instance: "i-" and 8 or 17
// hexadecimal digits (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html).
func instanceID(s string) bool {
	hex, ok := strings.CutPrefix(s, "i-")
	return ok && (len(hex) == 8 || len(hex) == 17) && strings.Trim(hex, "0123456789abcdef") == ""
}

// uuidTail tells whether a text ends in a UUID, as names of sessions of EKS Pod
// Identity do (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html).
func uuidTail(s string) bool {
	if len(s) < 36 {
		return false
	}
	for i, c := range s[len(s)-36:] {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdef", c) {
				return false
			}
		}
	}
	return true
}
