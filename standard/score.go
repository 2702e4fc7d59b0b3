package standard

// Score counts requirements. Percent never says more than what was assessed, so
// it stands beside Unassessed, and Proven leaves no doubt in its favour.
type Score struct {
	Passed, Failed, Unknown, Manual, Excepted, NotApplicable int
}

func score(os []Outcome) Score {
	var s Score
	for i := range os {
		switch os[i].Status {
		case Pass:
			s.Passed++
		case Fail:
			s.Failed++
		case Unknown:
			s.Unknown++
		case Unanswered:
			s.Manual++
		case Excepted:
			s.Excepted++
		case NotApplicable:
			s.NotApplicable++
		}
	}
	return s
}

// Applicable is the number of requirements that ask something of the scope.
func (s Score) Applicable() int { return s.Passed + s.Failed + s.Unknown + s.Manual + s.Excepted }

// Percent is the share of passed requirements among those that passed or
// failed, in percent, rounded down: 100 means all of them. It is false when
// none did.
func (s Score) Percent() (int, bool) {
	if s.Passed+s.Failed == 0 {
		return 0, false
	}
	return 100 * s.Passed / (s.Passed + s.Failed), true
}

// Unassessed is the share of applicable requirements of which nobody knows
// whether they are met, in percent, rounded up: unknown, or manual without a
// valid answer.
func (s Score) Unassessed() int {
	all := s.Applicable()
	if all == 0 {
		return 0
	}
	return (100*(s.Unknown+s.Manual) + all - 1) / all
}

// Proven is the share of passed requirements among all that apply, in percent,
// rounded down. Unlike Percent it cannot rise when less is known.
func (s Score) Proven() int {
	all := s.Applicable()
	if all == 0 {
		return 0
	}
	return 100 * s.Passed / all
}
