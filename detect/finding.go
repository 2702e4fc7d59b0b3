package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/sequence"
	"github.com/haetae/haetae/sigma"
)

// Kind says how a finding came to be.
type Kind string

// A finding is of one rule about single records, of a correlation over a window, of
// an attack sequence, or of a baseline.
const (
	ByRule     Kind = "rule"
	ByWindow   Kind = "window"
	BySequence Kind = "sequence"
	ByBaseline Kind = "baseline"
)

// Finding is what a rule says of a subject in a time.
type Finding struct {
	// ID is made of the rule, the subject and the first record: reading the same
	// records again gives the same id.
	ID   string
	Kind Kind
	Rule *Rule
	// Severity is that of the rule, but of a sequence that of its score.
	Severity haetae.Severity
	// Why says in a sentence what is unusual, where a baseline or the actor says so.
	Why string
	// Sequence is what a finding of the kind [BySequence] is made of.
	Sequence *sequence.Found

	// Who and from where are those of the first record. Others says that later
	// records have other actors.
	Actor  haetae.Actor
	Peer   haetae.Peer
	Others bool

	Log             haetae.Log // of the first record
	Account, Region string
	Action          string // of the first record
	Targets         []string
	Group           []sigma.Group // by what a correlation groups, else the subject
	Value           *float64      // what a correlation compares
	Events          []string      // ids of all records that carry it, by time
	Cut             int           // records that are not among Events, since they were forgotten for space
	First, Last     time.Time
	Late            bool // a record that came late has a part in it
	// Replaces are the ids of findings that this one stands in the place of.
	Replaces []string
	// Withdrawn says that a late record made it untrue, or that another took its place.
	Withdrawn bool
}

// findingID is the id of a finding: the same for the same beginning.
func findingID(rule string, subject []string, first string) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + strings.Join(subject, "\x00") + "\x00" + first))
	return hex.EncodeToString(sum[:12])
}

// Sort puts findings in the order of their times.
func Sort(list []*Finding) {
	slices.SortFunc(list, func(a, b *Finding) int {
		if c := a.First.Compare(b.First); c != 0 {
			return c
		}
		if c := strings.Compare(a.Rule.ID, b.Rule.ID); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}
