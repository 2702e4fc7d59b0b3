package control

import (
	"strings"
	"testing"
)

func TestAFilterPatternMatchesEvents(t *testing.T) {
	event := map[string]any{
		"eventName": "ConsoleLogin", "errorMessage": "Failed authentication", "eventSource": "signin.amazonaws.com",
		"userIdentity": map[string]any{"type": "Root", "sessionContext": map[string]any{"mfa": false}},
		"actions":      []any{"GET", map[string]any{"id": int64(2)}}, "latency": int64(500), "code": "404", "empty": nil,
		"account": "111122223333", "sourceIPAddress": "123.124.1.1",
	}
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"an empty pattern", ``, true},
		{"a word", `{ $.eventName = ConsoleLogin }`, true},
		{"without spaces", `{($.eventName=ConsoleLogin)&&($.errorMessage="Failed authentication")}`, true},
		{"another word", `{ $.eventName = CreateTrail }`, false},
		{"case counts", `{ $.eventName = consolelogin }`, false},
		{"not equal", `{ $.eventName != CreateTrail }`, true},
		{"not equal of what is not there", `{ $.nothing != x }`, false},
		{"not equal of a list", `{ $.actions != x }`, false},
		{"or, with and before it", `{ $.eventName = "x" && $.eventName = "y" || $.eventName = "ConsoleLogin" }`, true},
		{"parentheses before and", `{ $.eventName = "x" && ($.eventName = "y" || $.eventName = "ConsoleLogin") }`, false},
		{"a star at the end", `{ $.eventName = Console* }`, true},
		{"a star at the start", `{ $.eventSource = "*.amazonaws.com" }`, true},
		{"a star at both ends", `{ $.errorMessage = "*auth*" }`, true},
		{"a star in the middle is a star", `{ $.eventName = Cons*Login }`, false},
		{"only a star", `{ $.eventName = * }`, true},
		{"an address outside a range", `{ $.sourceIPAddress != 123.123.* }`, true},
		{"a path", `{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }`, true},
		{"exists", `{ $.userIdentity.type EXISTS }`, true},
		{"is null", `{ $.empty IS NULL }`, true},
		{"is null of what is not there", `{ $.nothing IS NULL }`, false},
		{"is false", `{ $.userIdentity.sessionContext.mfa IS FALSE }`, true},
		{"is true", `{ $.userIdentity.sessionContext.mfa is true }`, false},
		{"an index", `{ $.actions[0] = GET && $.actions[1].id = 2 }`, true},
		{"an index too far", `{ $.actions[2] = GET }`, false},
		{"a number", `{ $.latency >= 500 && $.latency < 5.01e2 && $.latency = 500.0 }`, true},
		{"a number that is a text", `{ $.account = 111122223333 && $.code > 400 }`, true},
		{"a text is not less", `{ $.eventName < 5 }`, false},
		{"a regular expression", `{ $.eventName = %^Console(Login|Logout)$% }`, true},
		{"a term", `ConsoleLogin`, true},
		{"two terms", `ConsoleLogin Missing`, false},
		{"a phrase", `"Failed authentication"`, true},
		{"either of two terms", `?Missing ?Root`, true},
		{"an excluded term", `ConsoleLogin -Root`, false},
		{"a term as a regular expression", `%Fail[a-z]+%`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ParseFilterPattern(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Matches(event); got != c.want {
				t.Errorf("%s matches: %v, want %v", c.pattern, got, c.want)
			}
		})
	}
	line := map[string]any{"message": `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`}
	for pattern, want := range map[string]bool{
		`[ip, user, username, timestamp, request, status_code, bytes]`:            true,
		`[ip, user, username, timestamp, request, status_code, bytes > 1000]`:     true,
		`[ip, user, username, timestamp, request, status_code]`:                   false,
		`[..., request = *.html*, status_code = 4* && status_code != 403, bytes]`: true,
		`[ip, ..., status_code = 4* && status_code != 404, bytes]`:                false,
		`[ip = 127.0.0.1, ...]`:                           true,
		`[..., status_code = 500 || status_code = 404, ]`: true,
		`[w1=!127.0.0.1, ...]`:                            false,
	} {
		p, err := ParseFilterPattern(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		} else if p.Matches(line) != want {
			t.Errorf("%s matches: %v", pattern, !want)
		}
	}
}

func TestAFilterPatternThatIsBrokenSaysWhere(t *testing.T) {
	for pattern, want := range map[string]string{
		`{ $.a = 1`:            "at 10: } is missing",
		`{ $.a 1 }`:            "at 7: an operator is missing",
		`{ a = 1 }`:            "at 3: a selector that starts with $ is missing",
		`{ ($.a = 1 }`:         "at 12: ) is missing",
		`{ $.a < x }`:          "needs a number",
		`{ $.a = "x }`:         `" is missing`,
		`{ $.a = %(% }`:        "missing closing )",
		`{ $.a IS MAYBE }`:     "NULL, TRUE or FALSE is missing",
		`[a, ..., b, ...]`:     "a second ...",
		`{ $.a = 1 } x`:        `unexpected "x"`,
		`{ $.a = 1 && }`:       "a selector",
		strings.Repeat("{", 9): "a selector",
	} {
		if _, err := ParseFilterPattern(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", pattern, err, want)
		}
	}
}

func TestAPatternMustMatchEveryEvent(t *testing.T) {
	root := map[string]any{"userIdentity": map[string]any{"type": "Root"}}
	user := map[string]any{"userIdentity": map[string]any{"type": "IAMUser"}}
	const pattern = `{ $.userIdentity.type = Root }`
	check(t, filterMatches(pattern, []any{root}), true)
	check(t, filterMatches(pattern, []any{root, user}), false)
	check(t, filterMatches(pattern, []any{hole(), user}), false)
	check(t, filterMatches(pattern, []any{hole(), root}), "?")
	check(t, filterMatches(hole(), []any{root}), "?")
	check(t, filterMatches(nil, []any{root}), false)
	check(t, filterMatches("{", []any{root}), "?")
}

func FuzzFilterPattern(f *testing.F) {
	f.Add(`{ ($.eventName = ConsoleLogin) && ($.a[0].b != "x*") || $.c NOT EXISTS }`)
	f.Add(`[..., a = 4* && a != 403, b]`)
	f.Add(`?a -b "c d" %e%`)
	f.Fuzz(func(t *testing.T, pattern string) {
		if p, err := ParseFilterPattern(pattern); err == nil {
			p.Matches(map[string]any{"eventName": "x", "a": []any{map[string]any{"b": "y"}}})
			p.Matches(map[string]any{"message": "a b \"c d\" [e"})
		}
	})
}
