package haetae

import "testing"

func TestAPartlyKnownStringRulesOutWhatItCannotBe(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts []string
		plain bool
		text  string
		want  bool
	}{
		{"nothing is known, so it may be anything", nil, false, "*", true},
		{"a name that AWS made is not a wildcard", nil, true, "*", false},
		{"a name that AWS made is not empty", nil, true, "", false},
		{"the literal start must agree", []string{"arn:", ""}, true, "*", false},
		{"the literal start agrees", []string{"arn:", ""}, true, "arn:aws:s3:::b", true},
		{"the literal end must agree", []string{"arn:aws:s3:::", "/*"}, true, "arn:aws:s3:::b/*", true},
		{"a plain hole holds no wildcard", []string{"arn:aws:s3:::", "/*"}, true, "arn:aws:s3:::*/*", false},
		{"a parameter may hold a wildcard", []string{"arn:aws:s3:::", "/*"}, false, "arn:aws:s3:::*/*", true},
		{"start and end do not overlap", []string{"ab", "ba"}, false, "aba", false},
		{"two holes around a middle", []string{"a-", "-b-", ""}, true, "a-x-b-y", true},
		{"the middle may come again", []string{"", "-", "-", ""}, true, "a-b-c-d", true},
		{"a plain hole needs a character", []string{"", "-", ""}, true, "-x", false},
		{"an empty hole is fine for a parameter", []string{"", "-", ""}, false, "-", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := &Unknown{Parts: c.parts, Plain: c.plain}
			if got := u.MayBe(c.text); got != c.want {
				t.Errorf("%s may be %q: %v, want %v", u.Pattern(), c.text, got, c.want)
			}
		})
	}
}
