package collect

import (
	"context"
	"sync"

	"github.com/haetae/haetae/aws"
)

// lanes hold one queue for each bucket of requests, so that an operation that
// may be asked only slowly holds up no other.
type lanes struct {
	mu    sync.Mutex
	by    map[*aws.Bucket]*lane
	slots chan struct{} // how many calls are under way at once
	wait  sync.WaitGroup
}

func newLanes(inFlight int) *lanes {
	return &lanes{by: map[*aws.Bucket]*lane{}, slots: make(chan struct{}, inFlight)}
}

// lane is the queue of one bucket.
type lane struct {
	bucket  *aws.Bucket
	mu      sync.Mutex
	queue   []job
	running bool
	waiting bool // for the token of a job that left the queue
}

// job is one call to make. free is set when its answer is on record: it costs
// nothing of the budget.
type job struct {
	do   func(paid bool)
	free bool
}

// add queues a job.
func (l *lanes) add(ctx context.Context, b *aws.Bucket, j job) {
	l.mu.Lock()
	k := l.by[b]
	if k == nil {
		k = &lane{bucket: b}
		l.by[b] = k
	}
	l.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queue = append(k.queue, j)
	if !k.running {
		k.running = true
		l.wait.Go(func() { l.drain(ctx, k) })
	}
}

// drain starts the jobs of a lane, one for each token of its bucket.
func (l *lanes) drain(ctx context.Context, k *lane) {
	for {
		k.mu.Lock()
		if len(k.queue) == 0 || ctx.Err() != nil {
			k.running = false
			k.mu.Unlock()
			return
		}
		j := k.queue[0]
		k.queue[0] = job{} // let go of what it holds
		k.queue = k.queue[1:]
		k.mu.Unlock()
		if !j.free && k.pay(ctx) != nil {
			continue // interrupted: the next turn ends the lane
		}
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		l.wait.Go(func() {
			defer func() { <-l.slots }()
			j.do(!j.free)
		})
	}
}

// pay waits for a token.
func (k *lane) pay(ctx context.Context) error {
	k.set(true)
	defer k.set(false)
	return k.bucket.Wait(ctx)
}

func (k *lane) set(waiting bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting = waiting
}

// pending returns how many seconds the slowest lane needs for what is queued.
func (l *lanes) pending() (seconds float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for b, k := range l.by {
		k.mu.Lock()
		n := len(k.queue)
		if k.waiting {
			n++
		}
		k.mu.Unlock()
		if n > 0 {
			seconds = max(seconds, float64(n)/b.Rate())
		}
	}
	return seconds
}
