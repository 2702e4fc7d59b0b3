package collect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/inventory"
)

// run reads one account. One goroutine, [run.work], owns all of it but the
// lanes; calls send it what was answered.
type run struct {
	client  *aws.Client
	session *aws.Session
	opts    *Options
	global  *plan
	region  *plan
	builder *inventory.Builder
	lanes   *lanes
	news    chan news
	asked   map[string]bool // requests that were made or are queued
	pending int             // calls whose end was not heard yet
	tell    func(place, *step, int, int)
	scope   func(task) bool            // which tasks are wanted; nil is all
	narrow  func(task, map[string]any) // makes a list shorter; nil does nothing
	notes   []haetae.Problem
	// verified is when the credentials were last found to be good, off the
	// regions that refuse them all the same.
	verified time.Time
	off      map[string]bool
	tags     map[string]*tagGate // by region
	open     map[useful]bool     // steps that are known to be of use
	shut     map[useful][]task   // tasks of those that are not yet
}

// place is an account as a whole, or one of its regions.
type place struct {
	account string
	region  string // that is asked
	global  bool
}

// name is the region that answers carry: none for what has no region.
func (p place) name() string {
	if p.global {
		return ""
	}
	return p.region
}

// task is one call with its parents.
type task struct {
	place   place
	step    *step
	parent  inventory.Parent
	parents []string // of a batch
}

// news is what came of a task: a page, or an error, and whether it was the last.
type news struct {
	task task
	page int
	body map[string]any
	err  error
	last bool
}

// work asks all that the plan says and returns when everything was answered.
func (r *run) work(ctx context.Context) error {
	home := place{account: r.session.Account, region: r.client.Global(r.session.Region), global: true}
	r.builder.See(home.account, "")
	r.begin(ctx, home, r.global)
	if !slices.ContainsFunc(r.global.roots, func(s *step) bool { return s.call.Op == regionsOp }) {
		r.enterAll(ctx, r.opts.Regions) // named resources are read again
	}
	for r.pending > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case n := <-r.news:
			if err := r.hear(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// regionsOp tells which regions are on: regions are entered after its answer.
const regionsOp = "ec2:DescribeRegions"

func (r *run) enterAll(ctx context.Context, regions []string) {
	for _, region := range regions {
		r.enter(ctx, region)
	}
}

// enter begins with a region.
func (r *run) enter(ctx context.Context, region string) {
	r.builder.See(r.session.Account, region)
	r.begin(ctx, place{account: r.session.Account, region: region}, r.region)
}

// begin asks what needs no parents.
func (r *run) begin(ctx context.Context, at place, p *plan) {
	for _, s := range p.roots {
		if s.call.Op == inventory.TagsOp {
			r.tags[at.region] = &tagGate{}
		}
		r.ask(ctx, task{place: at, step: s, parent: r.parent(at)})
	}
}

func (r *run) parent(at place) inventory.Parent {
	return inventory.Parent{Account: at.account, Region: at.region, Partition: haetae.Partition(at.region)}
}

// ask queues a task, once.
func (r *run) ask(ctx context.Context, t task) {
	if r.scope != nil && !r.scope(t) {
		return
	}
	call := t.step.call
	var more []string
	if len(t.parents) > 0 {
		more = t.parents[1:]
	}
	params := call.Request(t.parent, more...)
	if r.narrow != nil {
		r.narrow(t, params)
	}
	region := call.Where(t.place.region)
	a := aws.Ask{Session: r.session, Region: region, Op: call.Op, Params: params, Final: ready(call)}
	id, err := aws.Key(t.place.account, region, call.Op, params)
	if err != nil || r.asked[id] {
		return
	}
	if r.closed(t) || r.wait(t) {
		return // until it is known whether the tags are told at once
	}
	r.asked[id] = true
	r.pending++
	r.tell(t.place, t.step, 1, 0)
	bucket := r.client.Bucket(t.place.account, region, call.Op)
	r.lanes.add(ctx, bucket, job{free: r.client.Kept(a), do: func(paid bool) {
		a.Paid = paid
		r.do(ctx, t, a)
	}})
}

// tagGate holds the calls for tags of a region until all its tags were told at
// once, or could not be.
type tagGate struct {
	done, told bool
	held       []task
}

// useful is a step with an If, in one place.
type useful struct {
	place place
	step  *step
}

// closed tells whether nothing was found yet that makes a call useful; the task
// is kept for when it is.
func (r *run) closed(t task) bool {
	u := useful{t.place, t.step}
	if t.step.call.If == "" || r.open[u] {
		return false
	}
	r.shut[u] = append(r.shut[u], t)
	return true
}

// openUp makes the calls that an answer shows to be useful.
func (r *run) openUp(ctx context.Context, t task, body map[string]any) error {
	p := r.region
	if t.place.global {
		p = r.global
	}
	for _, f := range p.opens[t.step.call.Op] {
		u := useful{t.place, f.step}
		found, err := f.parents(body)
		if err != nil {
			return err
		}
		if len(found) == 0 || r.open[u] {
			continue
		}
		r.open[u] = true
		waiting := r.shut[u]
		delete(r.shut, u)
		for _, t := range waiting {
			r.ask(ctx, t)
		}
	}
	return nil
}

// wait tells whether a call for tags must wait, or is not needed any more.
func (r *run) wait(t task) bool {
	g := r.tags[t.place.region]
	if t.step.call.Tags == "" || t.place.global || g == nil {
		return false
	}
	if !g.done {
		g.held = append(g.held, t)
	}
	return !g.done || g.told
}

// tagsTold lets the calls for tags go that waited, unless they are not needed.
func (r *run) tagsTold(ctx context.Context, at place, told bool) {
	g := r.tags[at.region]
	if g == nil || at.global {
		return
	}
	held := g.held
	g.done, g.told, g.held = true, told, nil
	for _, t := range held {
		r.ask(ctx, t) // asks nothing when all were told
	}
}

// ready returns what tells whether an answer is more than "not ready yet"; nil
// when every answer is.
func ready(c *inventory.Call) func(map[string]any) bool {
	member, value, ok := strings.Cut(c.Again, "=")
	if !ok {
		return nil
	}
	return func(body map[string]any) bool { return body[member] != value }
}

// do makes a call and sends what comes of it.
func (r *run) do(ctx context.Context, t task, a aws.Ask) {
	send := func(n news) bool {
		n.task = t
		select {
		case r.news <- n:
			return true
		case <-ctx.Done():
			return false
		}
	}
	if err := r.prepare(ctx, t, a); err != nil {
		send(news{err: err, last: true})
		return
	}
	for turn := 0; ; turn++ {
		page, again := 0, false
		for body, err := range r.client.Pages(ctx, a) {
			if err != nil {
				send(news{page: page, err: err, last: true})
				return
			}
			if a.Final != nil && !a.Final(body) {
				again = true
				break
			}
			if !send(news{page: page, body: body}) {
				return
			}
			page++
		}
		if !again {
			send(news{last: true})
			return
		}
		if err := r.pause(ctx, t, a.Op, turn); err != nil {
			send(news{err: err, last: true})
			return
		}
		a.Paid = false
	}
}

// turns is how often AWS is asked for what it says is not ready yet.
const turns = 12

// pause waits before AWS is asked again for what was not ready: longer each
// time, about two minutes in all.
func (r *run) pause(ctx context.Context, t task, op string, turn int) error {
	if turn >= turns {
		return &aws.Failure{Op: op, Region: t.place.region, Code: aws.Timeout, Message: "was not ready in time", Attempts: turn + 1}
	}
	return aws.Sleep(ctx, r.opts.Pause<<min(turn, 5))
}

// prepare makes the call that must come before another one, until it is done.
func (r *run) prepare(ctx context.Context, t task, a aws.Ask) error {
	if t.step.call.Before == "" || r.client.Kept(a) {
		return nil
	}
	before := aws.Ask{Session: a.Session, Region: a.Region, Op: t.step.call.Before, Final: func(map[string]any) bool { return false }}
	for turn := 0; ; turn++ {
		for body, err := range r.client.Pages(ctx, before) {
			if err != nil {
				return err
			}
			if state, _ := body["State"].(string); state == "COMPLETE" {
				return nil
			}
		}
		if err := r.pause(ctx, t, before.Op, turn); err != nil {
			return err
		}
	}
}

// hear takes in what came of a task.
func (r *run) hear(ctx context.Context, n news) error {
	if n.last {
		r.pending--
		r.tell(n.task.place, n.task.step, 0, 1)
	}
	if n.last && n.task.step.call.Op == inventory.TagsOp {
		defer r.tagsTold(ctx, n.task.place, n.err == nil)
	}
	if n.err == nil && n.body == nil {
		return nil
	}
	t := n.task
	a := &inventory.Answer{
		Op: t.step.call.Op, Account: t.place.account, Region: t.place.name(),
		Params: t.step.call.Params, Parents: t.parents, Page: n.page, Body: n.body,
	}
	if a.Params == nil {
		a.Params = map[string]any{}
	}
	if a.Body == nil {
		a.Body = map[string]any{}
	}
	if len(t.parents) == 0 {
		for k, v := range t.step.call.Echo(t.parent) {
			if _, there := a.Body[k]; !there {
				a.Body[k] = v
			}
		}
	}
	if n.err != nil {
		var f *aws.Failure
		if !errors.As(n.err, &f) {
			return n.err
		}
		if err := r.lost(ctx, t, f); err != nil {
			return err
		}
		if len(t.parents) > 1 && !inventory.IsDenied(f.Code) && !f.Throttled() && !strings.HasPrefix(f.Code, "haetae:") {
			// One of them may be gone meanwhile: the others are asked one by one.
			for _, id := range t.parents {
				one := t
				one.parent.ID, one.parents = id, []string{id}
				r.ask(ctx, one)
			}
			return nil
		}
		a.Code, a.Message = f.Code, f.Message
		r.builder.Add(a)
		if a.Op == regionsOp && t.place.global {
			r.guessRegions(ctx, f)
		}
		return nil
	}
	if err := errors.Join(r.openUp(ctx, t, a.Body), r.followUp(ctx, t, a.Body)); err != nil {
		return err
	}
	r.learn(ctx, t, a.Body)
	r.builder.Add(a)
	return nil
}

// lost tells whether a failure means that the credentials are no longer good:
// then every other call fails too, and what is missing would look like a
// thousand refusals. A region that is off refuses good credentials as well, so
// the caller's identity is asked for.
func (r *run) lost(ctx context.Context, t task, f *aws.Failure) error {
	if !f.Login() {
		return nil
	}
	if now := time.Now(); now.Sub(r.verified) > 20*time.Second {
		if err := r.client.Verify(ctx, r.session); err != nil {
			return aws.Explain(err)
		}
		r.verified = now
	}
	if at := t.place.name(); at != "" && f.Code != aws.NoLogin && !r.off[at] {
		r.off[at] = true
		r.notes = append(r.notes, haetae.Problem{
			Place: haetae.Place{File: "account " + t.place.account + ", " + at},
			Error: "the region refuses credentials that are good elsewhere (" + f.Code + ")",
			Hint:  "The region may be off for the account: aws account get-region-opt-status shows it. Leave it out, or turn it on.",
		})
	}
	return nil
}

// followUp asks about the parents that an answer names.
func (r *run) followUp(ctx context.Context, t task, body map[string]any) error {
	p := r.region
	if t.place.global {
		p = r.global
	}
	for _, f := range p.follows[t.step.call.Op] {
		ids, err := f.parents(body)
		if err != nil {
			return err
		}
		next := task{place: t.place, step: f.step, parent: r.parent(t.place)}
		next.parent.Grandparent = t.parent.ID
		batch := max(1, f.step.call.Batch)
		if !f.step.call.List {
			batch = 1
		}
		for chunk := range slices.Chunk(ids, batch) {
			next.parent.ID = chunk[0]
			next.parents = nil
			if batch > 1 {
				next.parents = slices.Clone(chunk)
			}
			r.ask(ctx, next)
		}
	}
	return nil
}

// learn takes from an answer what decides how to go on: the regions that are
// on, and where buckets are.
func (r *run) learn(ctx context.Context, t task, body map[string]any) {
	switch t.step.call.Op {
	case regionsOp:
		switch on := regionsOf(body); {
		case !t.place.global:
		case r.opts.Regions == nil:
			r.enterAll(ctx, on)
		default:
			r.enterThoseOn(ctx, on)
		}
	case "s3api:ListBuckets":
		for _, b := range list(body, "Buckets") {
			name, _ := b["Name"].(string)
			region, _ := b["BucketRegion"].(string)
			if name != "" && region != "" {
				r.client.BucketRegion(name, region)
			}
		}
	}
}

// enterThoseOn begins with the regions that were asked for and says which of
// them are not on, or do not exist: nothing can be asked there.
func (r *run) enterThoseOn(ctx context.Context, on []string) {
	for _, region := range r.opts.Regions {
		if slices.Contains(on, region) {
			r.enter(ctx, region)
			continue
		}
		r.builder.Refuse(r.session.Account, region, &haetae.Unknown{Reason: haetae.NotAsked, Detail: "the region is not on, or there is none of that name"})
		r.notes = append(r.notes, haetae.Problem{
			Place: haetae.Place{File: "account " + r.session.Account + ", " + region}, Fatal: true,
			Error: "the region is not on for the account, or there is none of that name",
			Hint:  "On are " + strings.Join(on, ", ") + ".",
		})
	}
}

// guessRegions goes on without knowing which regions are on: those that always
// are, or the configured one.
func (r *run) guessRegions(ctx context.Context, f *aws.Failure) {
	if r.opts.Regions != nil {
		r.enterAll(ctx, r.opts.Regions)
		return
	}
	regions := inventory.AlwaysOn()
	if p := r.session.Partition(); p != "aws" {
		regions = []string{r.client.Global(r.session.Region)}
	}
	if own := r.session.Region; own != "" && !slices.Contains(regions, own) {
		regions = append(regions, own)
	}
	r.notes = append(r.notes, haetae.Problem{
		Place: haetae.Place{File: "account " + r.session.Account},
		Error: "which regions are on is not known (" + f.Error() + "): read are " + strings.Join(regions, ", "),
		Hint:  "Allow ec2:DescribeRegions, or name the regions with --region.",
	})
	r.enterAll(ctx, regions)
}

// regionsOf returns the regions of an answer that are on.
func regionsOf(body map[string]any) (out []string) {
	for _, r := range list(body, "Regions") {
		name, _ := r["RegionName"].(string)
		if name != "" && r["OptInStatus"] != "not-opted-in" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func list(body map[string]any, member string) (out []map[string]any) {
	items, _ := body[member].([]any)
	for _, v := range items {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// problems are what people must be told besides coverage.
func (r *run) problems() []haetae.Problem { return r.notes }
