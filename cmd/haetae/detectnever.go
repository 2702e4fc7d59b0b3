package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae/detect"
)

// adviseNever says which rules can match no record: those of a log that haetae does
// not read in one line for each log, each of the others with the reason.
func (a *app) adviseNever(list []*detect.Never) {
	logs := map[string][]string{}
	for _, n := range list {
		if n.Log == "" {
			a.advise("haetae: rule of no use: %v", n)
			continue
		}
		logs[n.Log] = append(logs[n.Log], fmt.Sprintf("%s:%d", n.Rule.File, n.Rule.Line))
	}
	for _, log := range slices.Sorted(maps.Keys(logs)) {
		places := logs[log]
		more := ""
		if n := len(places); n > mostNamed {
			places, more = places[:mostNamed], fmt.Sprintf(" and %d more", n-mostNamed)
		}
		a.advise("haetae: rules of no use: %d can never match: haetae reads no log of %s: %s%s", len(logs[log]), log, strings.Join(places, ", "), more)
	}
}

// mostNamed bounds how many rules a line names.
const mostNamed = 5
