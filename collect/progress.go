package collect

import (
	"strings"
	"sync"
	"time"
)

// Progress says how far a collection is. More calls become known while it goes
// on: each list names what is asked about next.
type Progress struct {
	// Services are the calls of each service in each account.
	Services []ServiceProgress
	// Known and Done are the calls that are known of, and those answered.
	Known, Done int
	// Left is how long what is known will take: by the budgets of what is
	// queued and by how fast answers came until now.
	Left time.Duration
	// Settled is set when lists are no longer expected to add much: what is
	// left can be believed.
	Settled bool
}

// ServiceProgress is the part of one service in one account.
type ServiceProgress struct {
	Account, Service string
	Known, Done      int
}

// meter counts calls. It is safe for concurrent use.
type meter struct {
	tell    func(Progress)
	pending func() float64 // seconds that the budgets impose
	mu      sync.Mutex
	by      map[[2]string]*ServiceProgress
	order   [][2]string
	known   int
	done    int
	roots   int // calls that name what is asked next, not answered yet
	begin   time.Time
	last    time.Time
}

func newMeter(tell func(Progress)) *meter {
	now := time.Now()
	return &meter{tell: tell, by: map[[2]string]*ServiceProgress{}, begin: now, last: now}
}

// add counts calls that became known and calls that ended.
func (m *meter) add(at place, s *step, known, done int) {
	m.mu.Lock()
	key := [2]string{at.account, service(s.call.Op)}
	p := m.by[key]
	if p == nil {
		p = &ServiceProgress{Account: key[0], Service: key[1]}
		m.by[key] = p
		m.order = append(m.order, key)
	}
	p.Known += known
	p.Done += done
	m.known += known
	m.done += done
	if s.call.Param == "" {
		m.roots += known - done
	}
	now := time.Now()
	if m.tell == nil || now.Sub(m.last) < 200*time.Millisecond && m.done < m.known {
		m.mu.Unlock()
		return
	}
	m.last = now
	out := Progress{Known: m.known, Done: m.done, Settled: m.roots == 0}
	for _, k := range m.order {
		out.Services = append(out.Services, *m.by[k])
	}
	spent := now.Sub(m.begin)
	m.mu.Unlock()
	if out.Done > 0 {
		out.Left = time.Duration(float64(spent) / float64(out.Done) * float64(out.Known-out.Done))
	}
	out.Left = max(out.Left, time.Duration(m.pending()*float64(time.Second)))
	m.tell(out)
}

// service is the service of an operation, as the AWS CLI calls it.
func service(op string) string {
	name, _, _ := strings.Cut(op, ":")
	return name
}
