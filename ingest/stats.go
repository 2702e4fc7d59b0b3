package ingest

import (
	"fmt"
	"slices"

	"github.com/haetae/haetae"
)

// maxProblems bounds the list of problems of [Stats]; their numbers are whole.
const maxProblems = 100

// Kind says how much was lost to a problem.
type Kind string

// A file is lost from the place of the problem to its end, a record whole, and of
// a field only its value.
const (
	File   Kind = "file"
	Record Kind = "record"
	Field  Kind = "field"
)

// Problem is something that could not be read.
type Problem struct {
	Kind   Kind         `json:"kind"`
	Place  haetae.Place `json:"origin"` // in Parquet the line is the number of the row
	Reason string       `json:"reason"`
}

// String writes the problem in one line.
func (p Problem) String() string {
	if p.Place.Line == 0 {
		return fmt.Sprintf("%s: %s", p.Place.File, p.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", p.Place.File, p.Place.Line, p.Reason)
}

// Stats says what was read and what was not.
type Stats struct {
	Files   int   `json:"files"`    // that were log files and were opened
	Bytes   int64 `json:"bytes"`    // of them, unpacked
	Records int   `json:"records"`  // that were read, of every status
	NoData  int   `json:"noData"`   // of these, those that say that there was no traffic
	Skipped int   `json:"skipData"` // of these, those that say that AWS lost traffic

	// Logs are the records of each log, Outside those that are not of the time that
	// was asked for.
	Logs    map[haetae.Log]int `json:"logs,omitempty"`
	Outside int                `json:"outside,omitempty"`
	// Passed are files that hold no records and are not meant to: digests, manifests,
	// files by which a service tried whether it may write, empty ones. PassedRecords
	// say nothing of who did what: other stages of a request, messages of a server.
	Passed        int `json:"passedFiles,omitempty"`
	PassedRecords int `json:"passedRecords,omitempty"`

	UnreadFiles   int `json:"unreadFiles"`
	UnreadRecords int `json:"unreadRecords"`
	UnreadFields  int `json:"unreadFields"`
	// Strange are names of fields that haetae does not know, in order; they were
	// passed over.
	Strange []string `json:"unknownFields,omitempty"`
	// Problems are the first hundred that were found.
	Problems []Problem `json:"problems"`
}

// Whole tells whether everything was read.
func (s *Stats) Whole() bool { return s.UnreadFiles+s.UnreadRecords+s.UnreadFields == 0 }

// count counts a record of a log.
func (s *Stats) count(log haetae.Log) {
	if s.Logs == nil {
		s.Logs = map[haetae.Log]int{}
	}
	s.Logs[log]++
}

// unread notes a problem.
func (s *Stats) unread(k Kind, file string, line int, format string, args ...any) {
	switch k {
	case File:
		s.UnreadFiles++
	case Record:
		s.UnreadRecords++
	default:
		s.UnreadFields++
	}
	if len(s.Problems) < maxProblems {
		s.Problems = append(s.Problems, Problem{k, haetae.Place{File: file, Line: line}, fmt.Sprintf(format, args...)})
	}
}

// strange notes the name of a field that is not known.
func (s *Stats) strange(name string) {
	if i, found := slices.BinarySearch(s.Strange, name); !found && len(s.Strange) < maxProblems {
		s.Strange = slices.Insert(s.Strange, i, name)
	}
}
