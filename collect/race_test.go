//go:build race

package collect_test

const raceEnabled = true
