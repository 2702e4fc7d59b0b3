package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/schema"
)

// mostActors is how many actors are listed apart; mostPlaces how many addresses, and
// chains, of each are counted apart. What is beyond is counted together.
const (
	mostActors = 200_000
	mostPlaces = 1_000
)

// actors reads what the sources know of actors.
func (a *app) actors(ctx context.Context, s *sources) (*actor.World, error) {
	sch, err := schema.Load()
	if err != nil {
		return nil, fmt.Errorf("built-in schema: %w", err)
	}
	p := a.progress()
	snap, err := a.load(ctx, s, sch, p)
	p.Close()
	if err != nil {
		return nil, err
	}
	a.brokenInputs(snap)
	return actor.Read(graph.New(sch, snap)), nil
}

func (a *app) logsWhoCommand() *cobra.Command {
	var f addresses
	var s sources
	var output string
	c := &cobra.Command{
		Use:   "who PATH…",
		Short: "Who acts in the logs: users, roles and whom their sessions came from, instances, functions, pods, services",
		Long: `Reads logs and lists who made the calls in them. A session of a role is traced to
whoever assumed it, over any number of roles and accounts, by the access keys that
were given out. Instances, functions, tasks, pods and people of IAM Identity Center are
told from plain sessions. With --from the list says who answers for each, which
addresses are your own, and when credentials of a workload were used from elsewhere.

Exit code 3 means that something was not read.`,
		Example: `  haetae logs who AWSLogs/
  haetae logs who AWSLogs/ --from store@latest --address-data ip2asn-combined.tsv.gz
  haetae logs who trail.json.gz --output ndjson | jq 'select(.moved > 0)'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("log files, or folders of them, are meant: haetae logs who PATH…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(output, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			return a.logsWho(cmd.Context(), args, &s, &f, output)
		},
	}
	s.flags(c)
	f.flags(c.Flags())
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json, ndjson or csv")
	return c
}

// whoRow is an actor, as JSON.
type whoRow struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	Name     string     `json:"name,omitempty"`
	Account  string     `json:"account,omitempty"`
	External bool       `json:"external,omitempty"`
	Owner    string     `json:"owner,omitempty"`
	Chains   []chainRow `json:"chains,omitempty"`
	Calls    int        `json:"calls"`
	Denied   int        `json:"denied"`
	Failed   int        `json:"failed"`
	// Moved is how many calls were made with credentials of a workload from where it
	// is not; Why says what was seen first.
	Moved     int        `json:"moved,omitempty"`
	Why       string     `json:"movedWhy,omitempty"`
	Addresses []placeRow `json:"addresses,omitempty"`
	More      int        `json:"addressesNotListed,omitempty"` // calls from addresses beyond those that are counted apart
	First     time.Time  `json:"first"`
	Last      time.Time  `json:"last"`

	chains map[string]int
	places map[string]*placeRow
}

type chainRow struct {
	Chain []string `json:"chain"` // nearest first
	Calls int      `json:"calls"`
}

type placeRow struct {
	Address string   `json:"address"`
	Country string   `json:"country,omitempty"`
	ASN     uint32   `json:"asn,omitempty"`
	Org     string   `json:"org,omitempty"`
	Cloud   string   `json:"cloud,omitempty"`
	Lists   []string `json:"lists,omitempty"`
	Own     bool     `json:"own,omitempty"`
	Calls   int      `json:"calls"`
}

// who collects actors.
type who struct {
	rows  map[string]*whoRow
	over  int // calls of actors beyond the limit
	seen  *recentIDs
	twice int
	// open are events that may be said anew: whose they are and what chain was counted.
	open map[string]counted
}

type counted struct {
	row   *whoRow
	chain string
}

// recentIDs remembers ids of records: the last million for sure.
type recentIDs struct{ now, before map[string]bool }

func (r *recentIDs) again(id string) bool {
	if r.now[id] || r.before[id] {
		return true
	}
	if len(r.now) >= 1_000_000 {
		r.now, r.before = map[string]bool{}, r.now
	}
	r.now[id] = true
	return false
}

func (w *who) add(e *haetae.Event, f actor.Facts) {
	for _, l := range f.Late {
		if c, ok := w.open[l.Event]; ok {
			c.row.chain(c.chain, -1)
			c.chain = strings.Join(l.Chain, "\n")
			c.row.chain(c.chain, 1)
			w.open[l.Event] = c
		}
	}
	x := &e.Actor
	// A role and its use by an instance are two actors, whose IDs say so already.
	key := string(x.Kind) + " " + x.ID
	r := w.rows[key]
	if r == nil {
		if len(w.rows) >= mostActors {
			w.over++
			return
		}
		r = &whoRow{ID: x.ID, Kind: string(x.Kind), Name: x.Name, Account: x.Account, First: e.Time, Last: e.Time, chains: map[string]int{}, places: map[string]*placeRow{}}
		w.rows[key] = r
	}
	r.External, r.Owner = f.External, cmp.Or(r.Owner, x.Owner)
	r.Calls++
	switch e.Outcome {
	case haetae.CallDenied:
		r.Denied++
	case haetae.CallFailed:
		r.Failed++
	}
	if f.Moved {
		if r.Moved++; r.Why == "" {
			r.Why = f.MovedWhy
		}
	}
	if e.Time.Before(r.First) {
		r.First = e.Time
	}
	if e.Time.After(r.Last) {
		r.Last = e.Time
	}
	chain := strings.Join(x.Chain, "\n")
	r.chain(chain, 1)
	if f.Open && len(w.open) < 1_000_000 {
		w.open[e.ID] = counted{r, chain}
	}
	r.place(&e.Peer)
}

func (r *whoRow) chain(chain string, by int) {
	if chain == "" {
		return
	}
	if _, ok := r.chains[chain]; !ok && len(r.chains) >= mostPlaces {
		chain = "(more)"
	}
	if r.chains[chain] += by; r.chains[chain] <= 0 {
		delete(r.chains, chain)
	}
}

func (r *whoRow) place(p *haetae.Peer) {
	name := p.Name
	if p.Addr.IsValid() {
		name = p.Addr.String()
	}
	if name == "" {
		return
	}
	x := r.places[name]
	if x == nil {
		if len(r.places) >= mostPlaces {
			r.More++
			return
		}
		x = &placeRow{Address: name, Country: p.Country, ASN: p.ASN, Org: p.Org, Cloud: p.Cloud, Lists: p.Lists, Own: p.Own}
		r.places[name] = x
	}
	x.Calls++
}

// list gives all actors, those with most calls first.
func (w *who) list() []*whoRow {
	out := slices.Collect(maps.Values(w.rows))
	for _, r := range out {
		for chain, n := range r.chains {
			r.Chains = append(r.Chains, chainRow{strings.Split(chain, "\n"), n})
		}
		slices.SortFunc(r.Chains, func(a, b chainRow) int {
			return cmp.Or(b.Calls-a.Calls, slices.Compare(a.Chain, b.Chain))
		})
		for _, p := range r.places {
			r.Addresses = append(r.Addresses, *p)
		}
		slices.SortFunc(r.Addresses, func(a, b placeRow) int {
			return cmp.Or(b.Calls-a.Calls, strings.Compare(a.Address, b.Address))
		})
	}
	slices.SortFunc(out, func(a, b *whoRow) int {
		return cmp.Or(b.Calls-a.Calls, strings.Compare(a.ID, b.ID), strings.Compare(a.Kind, b.Kind))
	})
	return out
}

func (a *app) logsWho(ctx context.Context, paths []string, s *sources, f *addresses, output string) error {
	var world *actor.World
	var err error
	if len(s.from) > 0 {
		if world, err = a.actors(ctx, s); err != nil {
			return err
		}
	}
	var b *address.Book
	if b, err = a.book(f, world); err != nil {
		return err
	}
	r := actor.New(world, b, actor.Options{})
	w := &who{rows: map[string]*whoRow{}, seen: &recentIDs{now: map[string]bool{}}, open: map[string]counted{}}
	var stats ingest.Stats
	p := a.progress()
	p.stage("reading logs")
	err = ingest.Read(ctx, paths, ingest.ReadOptions{}, &stats, ingest.Taker{Event: func(e *haetae.Event) error {
		if w.seen.again(string(e.Log) + " " + e.ID) {
			w.twice++
			return nil
		}
		w.add(e, r.Resolve(e))
		return nil
	}})
	p.Close()
	if errors.Is(err, fs.ErrNotExist) {
		return usage{&haetae.Error{Code: haetae.NotFound, Err: err, Hint: "Give log files, or folders of them."}}
	}
	if err != nil {
		return err
	}
	if err := a.printWho(w.list(), output); err != nil {
		return err
	}
	a.adviseWho(w, r.Stats(), &stats)
	if !stats.Whole() || w.over > 0 {
		return exit(exitIncomplete)
	}
	return nil
}

func (a *app) adviseWho(w *who, s actor.Stats, stats *ingest.Stats) {
	a.advise("%d calls of %d actors; %d of sessions that were traced to whoever began them, %d more after the fact; %d records twice",
		s.Events, len(w.rows), s.Chains, s.Late, w.twice)
	for _, x := range []struct {
		n    int
		what string
	}{
		{s.Forgotten, "beginnings of sessions were forgotten for want of room"}, {s.ForgottenWaits, "sessions were no longer waited for, for want of room"},
		{s.ForgottenWorkloads, "addresses of workloads were forgotten for want of room"}, {s.NotWaiting, "calls of sessions with many did not wait for how the session began"},
		{w.over, "calls are of actors beyond those that are listed"},
	} {
		if x.n > 0 {
			a.advise("haetae: %d %s", x.n, x.what)
		}
	}
	for _, p := range stats.Problems {
		a.advise("haetae: not read: %s", p)
	}
	if n := stats.UnreadFiles + stats.UnreadRecords + stats.UnreadFields - len(stats.Problems); n > 0 {
		a.advise("haetae: not read: %d more", n)
	}
}

func (a *app) printWho(rows []*whoRow, output string) error {
	var cells [][]any
	for _, r := range rows {
		var places []string
		show := len(r.Addresses)
		if output == "table" {
			show = min(show, 3)
		}
		for _, p := range r.Addresses[:show] {
			places = append(places, p.text())
		}
		if n := len(r.Addresses) - show; n > 0 {
			places = append(places, fmt.Sprintf(a.say("and %d more", "외 %d개"), n))
		}
		chain := ""
		if len(r.Chains) > 0 {
			chain = strings.Join(r.Chains[0].Chain, " ← ")
			if n := len(r.Chains) - 1; n > 0 {
				chain += fmt.Sprintf(a.say(" and %d more", " 외 %d개"), n)
			}
		}
		kind := r.Kind
		if r.External {
			kind += a.say(", external", ", 외부")
		}
		moved := ""
		if r.Moved > 0 {
			moved = fmt.Sprintf("%d: %s", r.Moved, r.Why)
		}
		cells = append(cells, []any{r.ID, kind, r.Owner, chain, r.Calls, r.Denied, strings.Join(places, ", "), r.First.UTC().Format(time.RFC3339), r.Last.UTC().Format(time.RFC3339), moved})
	}
	return listing(a, rows, []string{a.say("who", "행위자"), a.say("kind", "종류"), a.say("owner", "담당"), a.say("from", "세션을 시작한 곳"), a.say("calls", "호출"), a.say("denied", "거부"),
		a.say("addresses", "주소"), a.say("first", "처음"), a.say("last", "마지막"), a.say("used elsewhere", "다른 곳에서 사용됨")}, cells, output)
}

// text is an address with what matters of it.
func (p placeRow) text() string {
	var about []string
	for _, s := range []string{p.Country, p.Org, p.Cloud} {
		if s != "" {
			about = append(about, s)
		}
	}
	if ip, err := netip.ParseAddr(p.Address); err == nil && address.Private(ip) {
		about = append(about, "private")
	}
	if p.Own {
		about = append(about, "own")
	}
	for _, l := range p.Lists {
		about = append(about, "on "+l)
	}
	if len(about) == 0 {
		return p.Address
	}
	return p.Address + " (" + strings.Join(about, ", ") + ")"
}
