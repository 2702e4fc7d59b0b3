package detect

// recent remembers things by their names: the last limit of them for sure, twice as
// many at most.
type recent[T any] struct {
	limit       int
	now, before map[string]T
}

func newRecent[T any](limit int) *recent[T] { return &recent[T]{limit: limit, now: map[string]T{}} }

// get finds what is remembered by a name.
func (r *recent[T]) get(name string) (T, bool) {
	v, ok := r.now[name]
	if !ok {
		v, ok = r.before[name]
	}
	return v, ok
}

// put remembers something by its name.
func (r *recent[T]) put(name string, v T) {
	if len(r.now) >= r.limit {
		r.now, r.before = map[string]T{}, r.now
	}
	r.now[name] = v
}
