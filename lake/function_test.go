//go:build cgo && !nolake

package lake

import (
	"testing"
	"time"
)

func TestFormsOfTimesAreThoseOfTrino(t *testing.T) {
	at := time.Date(2026, 11, 9, 7, 8, 5, 123456000, time.UTC)
	for _, c := range []struct {
		layout     func(string) (string, error)
		form, want string
	}{
		{mysqlLayout, "%Y-%m-%d %H:%i:%s", "2026-11-09 07:08:05"},
		{mysqlLayout, "%Y/%c/%e %T", "2026/11/9 07:08:05"},
		{mysqlLayout, "%W %b %M %y %h %p %%", "Monday Nov November 26 07 AM %"},
		{jodaLayout, "yyyy''MM", "2026'11"},
		{jodaLayout, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "2026-11-09T07:08:05.123Z"},
		{jodaLayout, "dd/MMM/yyyy:HH:mm:ss Z", "09/Nov/2026:07:08:05 +0000"},
	} {
		l, err := c.layout(c.form)
		if err != nil {
			t.Errorf("%s: %v", c.form, err)
			continue
		}
		if got := at.Format(l); got != c.want {
			t.Errorf("%s: %s, want %s", c.form, got, c.want)
		}
	}
	for form, layout := range map[string]func(string) (string, error){"%Q": mysqlLayout, "yyyyy": jodaLayout, "'x": jodaLayout, "''T''": jodaLayout} {
		if _, err := layout(form); err == nil {
			t.Errorf("%s was taken", form)
		}
	}
}

func FuzzFormOfATime(f *testing.F) {
	for _, s := range []string{"%Y-%m-%d", "%", "%%", "yyyy-MM-dd'T'HH", "''", "'", "ZZ"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, form string) {
		for _, layout := range []func(string) (string, error){mysqlLayout, jodaLayout} {
			if l, err := layout(form); err == nil {
				_ = time.Now().Format(l)
			}
		}
	})
}
