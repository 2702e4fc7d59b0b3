package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress says on stderr what is going on, once it takes over two seconds.
type progress struct {
	w    io.Writer
	tty  bool
	mu   sync.Mutex
	what string
	said bool
	stop chan struct{}
	once sync.Once
	done sync.WaitGroup
}

// progress starts to watch; Close ends it.
func (a *app) progress() *progress {
	p := &progress{what: "reading the controls", w: a.err, tty: isTerminal(a.err), stop: make(chan struct{})}
	if a.quiet {
		return p
	}
	p.done.Go(func() {
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		start := time.Now()
		next := start // of the next line in a log, which keeps them all
		for {
			select {
			case <-p.stop:
				return
			case now := <-tick.C:
				if !p.tty && now.Before(next) {
					continue
				}
				next = now.Add(max(2*time.Second, min(now.Sub(start), 30*time.Second)))
				p.say(now.Sub(start))
			}
		}
	})
	return p
}

func (p *progress) say(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = true
	if p.tty {
		fmt.Fprintf(p.w, "\r\x1b[K%s … %ds", p.what, int(d.Seconds()))
		return
	}
	fmt.Fprintf(p.w, "%s … %ds\n", p.what, int(d.Seconds()))
}

// stage says what is being done now.
func (p *progress) stage(what string) {
	p.mu.Lock()
	p.what = what
	p.mu.Unlock()
}

// Close clears the line. It may be called again.
func (p *progress) Close() {
	p.once.Do(func() { close(p.stop) })
	p.done.Wait()
	if p.said && p.tty {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
