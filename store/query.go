package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// Answer is what a query gives.
type Answer struct {
	Columns []string
	Rows    [][]any // nil, int64, float64, string or []byte
	Cut     bool    // there were more rows than asked for
}

// Query runs one SELECT over the views that docs/query.md lists, on a
// connection that cannot write, for at most the time and rows given.
func (s *Store) Query(ctx context.Context, query string, limit int, timeout time.Duration) (answer *Answer, err error) {
	if err := oneSelect(query); err != nil {
		return nil, &haetae.Error{Code: haetae.Invalid, Op: "query", Err: err, Hint: "Give one SELECT; docs/query.md has the views and examples."}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	wrong := func(err error) error {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return &haetae.Error{Code: haetae.Unavailable, Op: "query", Err: fmt.Errorf("not finished after %s", timeout), Hint: "Narrow it with WHERE, or give more time with --timeout."}
		}
		return &haetae.Error{Code: haetae.Invalid, Op: "query", Err: err, Hint: "docs/query.md has the views and their columns."}
	}
	rows, err := s.read.QueryContext(ctx, query)
	if err != nil {
		return nil, wrong(err)
	}
	answer = &Answer{}
	if answer.Columns, err = rows.Columns(); err != nil {
		return nil, errors.Join(wrong(err), rows.Close())
	}
	full := errors.New("full")
	err = walk(rows, func(rows *sql.Rows) error {
		if len(answer.Rows) == limit {
			answer.Cut = true
			return full
		}
		cells := make([]any, len(answer.Columns))
		at := make([]any, len(cells))
		for i := range cells {
			at[i] = &cells[i]
		}
		answer.Rows = append(answer.Rows, cells)
		return rows.Scan(at...)
	})
	if err != nil && !answer.Cut {
		return nil, wrong(err)
	}
	return answer, nil
}

// oneSelect refuses what is more than one statement, or another one than a
// question. The connection could not write anyway, but it could open other
// files.
func oneSelect(query string) error {
	word, ended := "", false
	for i := 0; i < len(query); {
		n := blank(query[i:])
		if n == 0 && ended {
			return errors.New("there is more than one statement")
		}
		if n == 0 {
			switch c := query[i]; {
			case c == ';':
				ended, n = true, 1
			case strings.IndexByte("'\"`[", c) >= 0:
				n = quoted(query[i:])
			default:
				n = 1
			}
			if word == "" {
				end := strings.IndexFunc(query[i:], func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
				if end < 0 {
					end = len(query) - i
				}
				word = strings.ToUpper(query[i : i+end])
				if !slices.Contains([]string{"SELECT", "WITH", "VALUES"}, word) {
					return errors.New("not a SELECT")
				}
			}
		}
		i += n
	}
	if word == "" {
		return errors.New("empty")
	}
	return nil
}

// blank is the length of the space or comment that a text begins with.
func blank(s string) int {
	switch {
	case strings.IndexByte(" \t\r\n\f", s[0]) >= 0:
		return 1
	case strings.HasPrefix(s, "--"):
		if end := strings.IndexByte(s, '\n'); end >= 0 {
			return end + 1
		}
		return len(s)
	case strings.HasPrefix(s, "/*"):
		if end := strings.Index(s[2:], "*/"); end >= 0 {
			return end + 4
		}
		return len(s)
	}
	return 0
}

// quoted is the length of the quoted text that a text begins with. A doubled
// quote ends one text and begins another, which is as good here.
func quoted(s string) int {
	end := s[0]
	if end == '[' {
		end = ']'
	}
	if i := strings.IndexByte(s[1:], end); i >= 0 {
		return i + 2
	}
	return len(s)
}
