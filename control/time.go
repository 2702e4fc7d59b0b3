package control

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

const secondsOfDay = 24 * 60 * 60

// ageDays returns how many whole days lie between a time and now, the
// snapshot's time in Unix seconds: negative for a time to come, and null for a
// time that is not set. A snapshot without a time decides nothing.
func ageDays(ts any, now int64) any {
	return daysBetween(ts, now, func(at, now float64) float64 { return now - at })
}

// daysUntil returns how many whole days lie between now and a time; negative
// once it is past.
func daysUntil(ts any, now int64) any {
	return daysBetween(ts, now, func(at, now float64) float64 { return at - now })
}

func daysBetween(ts any, now int64, distance func(at, now float64) float64) any {
	if isUnknown(ts) {
		return ts
	}
	at, set, ok := unixSeconds(ts)
	switch {
	case !ok:
		return faulty(fmt.Sprintf("%v is not a time", ts))
	case !set:
		return nil
	case now == 0:
		return &haetae.Unknown{Reason: haetae.NotAsked, Detail: "the source does not say when it was read"}
	}
	return int64(math.Floor(distance(at, float64(now)) / secondsOfDay))
}

// unixSeconds reads a time in one of the ways that AWS writes it: ISO 8601, as
// the CLI and the credential report do, or a number since 1970 of seconds or of
// milliseconds. The words of the credential report for no time are not set
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html).
func unixSeconds(ts any) (seconds float64, set, ok bool) {
	switch x := ts.(type) {
	case nil:
		return 0, false, true
	case int64:
		return epoch(float64(x)), true, true
	case float64:
		return epoch(x), true, !math.IsNaN(x) && !math.IsInf(x, 0)
	case string:
		s := strings.TrimSpace(x)
		switch strings.ToLower(s) {
		case "", "n/a", "no_information", "not_supported", "never":
			return 0, false, true
		}
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			return epoch(n), true, !math.IsNaN(n) && !math.IsInf(n, 0)
		}
		for _, layout := range [...]string{
			time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00",
			"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", time.DateOnly, time.RFC1123, time.RFC1123Z,
		} {
			if t, err := time.Parse(layout, s); err == nil {
				return float64(t.UnixNano()) / 1e9, true, true
			}
		}
	}
	return 0, false, false
}

// epoch takes what would be after the year 5000 in seconds for milliseconds.
func epoch(n float64) float64 {
	if math.Abs(n) > 1e11 {
		return n / 1000
	}
	return n
}
