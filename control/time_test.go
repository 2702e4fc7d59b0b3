package control

import "testing"

func TestDaysAreWholeAndCountedFromTheSnapshot(t *testing.T) {
	const now = 1767225600 // 2026-01-01T00:00:00Z
	for _, c := range []struct {
		name string
		ts   any
		age  any
	}{
		{"ISO 8601", "2025-12-31T00:00:00Z", int64(1)},
		{"a little less than a day", "2025-12-31T00:00:01+00:00", int64(0)},
		{"milliseconds", "2025-12-22T00:00:00.123Z", int64(9)},
		{"an offset without colon", "2025-12-31T00:00:00+0000", int64(1)},
		{"a date", "2025-10-03", int64(90)},
		{"seconds", int64(now - 86400*3), int64(3)},
		{"seconds with a fraction", float64(now) - 86400*3 + 0.5, int64(2)},
		{"seconds as text", "1767139200.000", int64(1)},
		{"milliseconds since 1970", int64(now-86400) * 1000, int64(1)},
		{"a time to come", "2026-01-01T12:00:00Z", int64(-1)},
		{"not set", nil, nil},
		{"never, in the credential report", "N/A", nil},
		{"no time", "yesterday", "?"},
		{"unknown", hole(), "?"},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, ageDays(c.ts, now), c.age) })
	}
	check(t, daysUntil("2026-01-31T00:00:00Z", now), int64(30))
	check(t, daysUntil("2025-12-31T12:00:00Z", now), int64(-1))
	check(t, ageDays("2025-12-31T00:00:00Z", 0), "?")
}
