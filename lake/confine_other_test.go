//go:build cgo && !nolake && !linux

package lake

// held is for systems that can confine a process.
func held([]string) int { return 1 }
