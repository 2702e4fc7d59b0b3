package baseline

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// series is how much a key has of something, by hours or days.
type series struct {
	slot    uint16
	since   int64 // where learning began anew after it was evicted, else 0
	buckets []bucket
	// The judgement of the newest bucket, which only older ones change.
	at                     uint32
	from                   int64 // where it began then
	valid                  bool
	expected, spread, most float64
}

// bucket is the sum of an hour or a day, counted from 1970. Those with
// nothing are not there.
type bucket struct {
	at  uint32
	sum float64
}

func (s *slot) bucketOf(t time.Time) uint32 {
	return uint32(min(max(0, t.Unix()/int64(s.Every/time.Second)), math.MaxUint32))
}

// volume adds an amount to its hour or day and judges it by the others.
func (e *Engine) volume(s *slot, key id, h *habit, c code, o *Observation) Verdict {
	v := Verdict{Learning: s.learning(h.since, o.Time), Share: 1}
	if math.IsNaN(o.Amount) || math.IsInf(o.Amount, 0) || o.Amount < 0 {
		e.stats.NoNumber++
		return v
	}
	a, b := pair(key, c)
	var name id
	for i := range 8 {
		name[i], name[8+i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	x := e.series[name]
	if x == nil {
		if len(e.series) >= e.options.Series {
			e.evictSeries()
		}
		x = &series{slot: s.number}
		if _, was := e.spilled(0, a, b); was {
			x.since = o.Time.Unix()
		}
		e.series[name] = x
	}
	if x.since != 0 {
		x.since = min(x.since, o.Time.Unix())
		v.Learning = s.learning(max(h.since, x.since), o.Time)
	}
	at := s.bucketOf(o.Time)
	i, found := slices.BinarySearchFunc(x.buckets, at, func(b bucket, at uint32) int { return int(int64(b.at) - int64(at)) })
	if !found {
		if n := len(x.buckets); n > 0 && int64(at) < x.buckets[n-1].kept(s) {
			e.stats.Late++
			return v
		}
		x.trim(s, at)
		i, _ = slices.BinarySearchFunc(x.buckets, at, func(b bucket, at uint32) int { return int(int64(b.at) - int64(at)) })
		x.buckets = slices.Insert(x.buckets, i, bucket{at: at})
	}
	from := max(h.since, x.since, s.since)
	if !x.valid || x.at != at || x.from != from || i != len(x.buckets)-1 {
		x.expected, x.spread, x.most = x.usual(s, at, from, e.options.Zone)
		x.at, x.from, x.valid = at, from, i == len(x.buckets)-1
	}
	was := x.buckets[i].sum
	x.buckets[i].sum += o.Amount
	e.changed.series[name] = true
	v.Observed = x.buckets[i].sum
	v.Expected, v.Spread, v.Most = x.expected, x.spread, x.most
	over := func(sum float64) bool {
		return sum >= s.Min && sum > v.Expected+s.Factor*v.Spread && sum > v.Most
	}
	v.New = over(v.Observed) && !over(was)
	v.Fires = v.New && v.Learning.Done()
	if v.New {
		v.Why = whyVolume(s, o, &v)
	}
	return v
}

func whyVolume(s *slot, o *Observation, v *Verdict) string {
	what, every := o.Key, "day"
	if len(s.Of) > 0 {
		what += ", " + strings.Join(s.Of, ", ") + " " + o.Value
	}
	if s.Every == time.Hour {
		every = "hour"
	}
	text := fmt.Sprintf("%s: %s in a %s; %s are expected, %s apart; the limit is %s + %s × %s = %s, the most was %s", what, number(v.Observed), every,
		number(v.Expected), number(v.Spread), number(v.Expected), number(s.Factor), number(v.Spread), number(v.Expected+s.Factor*v.Spread), number(v.Most))
	if !v.Learning.Done() {
		text += "; learning, " + v.Learning.String()
	}
	return text
}

// trim forgets buckets before the window of a new one.
func (x *series) trim(s *slot, at uint32) {
	n, oldest := 0, (bucket{at: at}).kept(s)
	for n < len(x.buckets) && int64(x.buckets[n].at) < oldest {
		n++
	}
	x.buckets = slices.Delete(x.buckets, 0, n)
}

// kept is the oldest bucket that is kept beside this one: a day more than the
// window, for what comes late.
func (b bucket) kept(s *slot) int64 { return int64(b.at) - int64((s.Window+day)/s.Every) }

// usual is the median of comparable buckets in the window before at, their
// spread, and the greatest of all buckets there. Comparable are buckets of the same
// part of the week, working days or weekend, and of the same hour. Where there
// are fewer than four, all are.
func (x *series) usual(s *slot, at uint32, since int64, zone time.Duration) (expected, spread, most float64) {
	first := max(int64(at)-int64(s.Window/s.Every), (since+int64(s.Every/time.Second)-1)/int64(s.Every/time.Second), 0)
	var alike, all []float64
	next := 0
	for next < len(x.buckets) && int64(x.buckets[next].at) < first {
		next++
	}
	for b := first; b < int64(at); b++ {
		sum := 0.0
		if next < len(x.buckets) && int64(x.buckets[next].at) == b {
			sum = x.buckets[next].sum
			next++
		}
		most = max(most, sum)
		all = append(all, sum)
		if s.alike(b, int64(at), zone) {
			alike = append(alike, sum)
		}
	}
	if len(alike) < 4 {
		alike = all
	}
	if len(alike) == 0 {
		return 0, 0, most
	}
	expected = median(alike)
	for i, sum := range alike {
		alike[i] = math.Abs(sum - expected)
	}
	// 1.4826 makes the median deviation of a normal distribution its standard
	// deviation. What is counted varies by its root, and nobody is woken for a tenth.
	spread = max(1.4826*median(alike), math.Sqrt(expected), expected/10)
	return expected, spread, most
}

func (s *slot) alike(a, b int64, zone time.Duration) bool {
	if weekend(a*int64(s.Every/time.Second), zone) != weekend(b*int64(s.Every/time.Second), zone) {
		return false
	}
	return s.Every == day || a%24 == b%24
}

// weekend tells whether a time is on a Saturday or Sunday. 1970 began on a Thursday.
func weekend(unix int64, zone time.Duration) bool {
	d := ((unix+int64(zone/time.Second))/86400 + 4) % 7
	return d == 6 || d == 0
}

// median sorts what it is given.
func median(x []float64) float64 {
	slices.Sort(x)
	if n := len(x); n%2 == 1 {
		return x[n/2]
	}
	return (x[len(x)/2-1] + x[len(x)/2]) / 2
}
