package logs

import "fmt"

// story is a break-in: on the day that it has by itself, from a time of that day on.
type story struct {
	name string
	day  int
	tell func(w *world, midnight int64)
}

// stories are the break-ins of the sample organisation's map.
func stories() []story {
	return []story{
		{"A", 9, (*world).keyInCode},
		{"F", 6, (*world).injection},
		{"K", 12, (*world).rootTaken},
	}
}

func caseNamed(name string) (story, bool) {
	for _, s := range stories() {
		if s.name == name {
			return s, true
		}
	}
	return story{}, false
}

// addCases adds the break-ins that were asked for. One whose day is after the last
// happens on the last, when nobody gave the day.
func (w *world) addCases() error {
	for _, c := range w.o.Cases {
		s, ok := caseNamed(c.Name)
		if !ok {
			return fmt.Errorf("%q is no case: A, F and K are", c.Name)
		}
		on := c.Day
		if on == 0 {
			on = min(s.day, w.o.Days)
		}
		if on > w.o.Days {
			return fmt.Errorf("case %s is to be on day %d, and there are %d days", c.Name, on, w.o.Days)
		}
		w.habit("case "+c.Name, func(midnight int64) {
			if w.number(midnight) == on-1 {
				s.tell(w, midnight)
			}
		}, nil)
	}
	return nil
}

// step makes the marks of a case.
func step(name string) func(step, technique string) *mark {
	return func(step, technique string) *mark { return &mark{Case: name, Step: step, Attack: technique} }
}
