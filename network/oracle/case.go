package oracle

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed cases/*.txt
var caseFiles embed.FS

// Case is one topology with questions to which a page of AWS's documentation
// has the answer.
type Case struct {
	Name string // a sentence
	Page string // the address of the page
	Says string // what it says, in our own words
	// Topology is for [Parse].
	Topology string
	Asks     []Ask
	File     string
	Line     int
}

// Ask is a question and its answer.
type Ask struct {
	Packet string // for [ParsePacket]
	// Want is "answered", "unanswered" (delivered, but the answer is not) or
	// "dropped", and End where the packet ends, "" where that is not asked.
	Want, End string
	// Leg asks what a load balancer makes of a packet that it received at the
	// interface which Packet names; End is then the target.
	Leg bool
}

// Got is what an answer is called in the cases.
func (a Answer) Got() string {
	switch {
	case a.NotModelled != "":
		return "not modelled"
	case !a.Forward:
		return "dropped"
	case a.Reply:
		return "answered"
	}
	return "unanswered"
}

func outcome(s string) bool { return s == "answered" || s == "unanswered" || s == "dropped" }

// Cases reads the cases that were written by hand.
func Cases() (out []Case, err error) {
	files, err := fs.Glob(caseFiles, "cases/*.txt")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := caseFiles.ReadFile(f)
		if err != nil {
			return nil, err
		}
		more, err := readCases(f, string(data))
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// readCases reads a file: "=== NAME" begins a part that others take with "with:
// NAME", "== NAME" a case.
func readCases(file, data string) (out []Case, err error) {
	parts := map[string]string{}
	part, at := "", (*Case)(nil)
	n := 0
	for line := range strings.Lines(data) {
		n++
		line = strings.TrimSpace(line)
		key, value, keyed := strings.Cut(line, ": ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "=== "):
			part, at = line[4:], nil
		case strings.HasPrefix(line, "== "):
			out = append(out, Case{Name: line[3:], File: file, Line: n})
			part, at = "", &out[len(out)-1]
		case part != "":
			if keyed && key == "with" {
				line = parts[value]
			}
			parts[part] += line + "\n"
		case at == nil:
			return nil, fmt.Errorf("%s:%d: a line outside a case", file, n)
		case keyed && key == "page":
			at.Page = value
		case keyed && key == "says":
			at.Says = value
		case keyed && key == "with":
			text, known := parts[value]
			if !known {
				return nil, fmt.Errorf("%s:%d: part %q is not there", file, n, value)
			}
			at.Topology += text
		case keyed && outcome(strings.TrimPrefix(key, "leg ")):
			packet, end, _ := strings.Cut(value, " at ")
			want, leg := strings.CutPrefix(key, "leg ")
			at.Asks = append(at.Asks, Ask{Packet: packet, Want: want, End: end, Leg: leg})
		default:
			at.Topology += line + "\n"
		}
	}
	return out, nil
}
