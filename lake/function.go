//go:build cgo && !nolake

package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// macros are functions of Trino, which Athena's SQL is, that DuckDB has under another name
// or with other arguments
// (https://docs.aws.amazon.com/athena/latest/ug/functions-env3.html). Those that both have
// need none.
func macros() []string {
	unit := "(CASE lower(u) WHEN 'millisecond' THEN to_milliseconds(n) WHEN 'second' THEN to_seconds(n) WHEN 'minute' THEN to_minutes(n) WHEN 'hour' THEN to_hours(n)" +
		" WHEN 'day' THEN to_days(CAST(n AS INTEGER)) WHEN 'week' THEN to_days(CAST(7 * n AS INTEGER)) WHEN 'month' THEN to_months(CAST(n AS INTEGER))" +
		" WHEN 'quarter' THEN to_months(CAST(3 * n AS INTEGER)) WHEN 'year' THEN to_years(CAST(n AS INTEGER)) ELSE error('date_add: the unit ' || u) END)"
	return []string{
		"json_extract_scalar(j, p) AS json_extract_string(j, p)",
		"json_parse(s) AS CAST(s AS JSON)",
		"json_format(j) AS CAST(j AS VARCHAR)",
		"json_size(j, p) AS coalesce(json_array_length(j, p), len(json_keys(j, p)))",
		"json_array_contains(j, v) AS list_contains(from_json(j, '[\"VARCHAR\"]'), CAST(v AS VARCHAR))",
		"cardinality(x) AS len(x)",
		"element_at(x, i) AS x[i]",
		"array_join(x, d) AS " + joined("list_filter(x, lambda e: e IS NOT NULL)") + ", (x, d, n) AS " + joined("list_transform(x, lambda e: coalesce(CAST(e AS VARCHAR), n))"),
		"slice(x, s, n) AS list_slice(x, s, s + n - 1)",
		"approx_distinct(x) AS approx_count_distinct(x), (x, e) AS approx_count_distinct(x)",
		"approx_percentile(x, p) AS approx_quantile(x, p)",
		"regexp_like(s, p) AS regexp_matches(s, p)",
		"from_iso8601_timestamp(s) AS CAST(s AS TIMESTAMP WITH TIME ZONE)",
		"from_iso8601_date(s) AS CAST(s AS DATE)",
		"to_iso8601(t) AS strftime(CAST(t AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ')",
		"from_unixtime(n) AS to_timestamp(n)",
		"to_unixtime(t) AS epoch(t)",
		"date(x) AS CAST(x AS DATE)",
		"date_add(a, b) AS a + b, (u, n, t) AS t + " + unit,
		"at_timezone(t, z) AS timezone(z, t)",
		"day_of_week(t) AS isodow(t)",
		"day_of_year(t) AS dayofyear(t)",
		"url_extract_protocol(u) AS nullif(regexp_extract(u, '^([A-Za-z][A-Za-z0-9+.-]*):', 1), '')",
		"url_extract_host(u) AS nullif(regexp_extract(u, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(\\[[^]]*\\]|[^/:?#]*)', 1), '')",
		"url_extract_path(u) AS regexp_extract(u, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)', 1)",
		"url_extract_query(u) AS nullif(regexp_extract(u, '\\?([^#]*)', 1), '')",
		"codepoint(s) AS ord(s)",
		"is_nan(x) AS isnan(x)",
		"rand() AS random()",
	}
}

// joined joins the elements of a list with d between them.
func joined(list string) string {
	return "(CASE WHEN len(" + list + ") = 0 THEN '' ELSE list_reduce(list_transform(" + list + ", lambda e: CAST(e AS VARCHAR)), lambda a, b: a || d || b) END)"
}

// functions makes the functions of Trino. Those whose second argument is the form of a
// time are Go: the engine takes only constants there, which an argument of a macro is not.
func functions(ctx context.Context, c *sql.Conn) error {
	for _, m := range macros() {
		if _, err := c.ExecContext(ctx, "CREATE MACRO "+m); err != nil {
			return fmt.Errorf("function %s: %w", m, err)
		}
	}
	for _, f := range []struct {
		name   string
		from   []duckdb.Type
		to     duckdb.Type
		layout func(string) (string, error)
	}{
		{"date_parse", []duckdb.Type{duckdb.TYPE_VARCHAR}, duckdb.TYPE_TIMESTAMP, mysqlLayout},
		{"parse_datetime", []duckdb.Type{duckdb.TYPE_VARCHAR}, duckdb.TYPE_TIMESTAMP_TZ, jodaLayout},
		{"date_format", []duckdb.Type{duckdb.TYPE_TIMESTAMP, duckdb.TYPE_TIMESTAMP_TZ}, duckdb.TYPE_VARCHAR, mysqlLayout},
		{"format_datetime", []duckdb.Type{duckdb.TYPE_TIMESTAMP, duckdb.TYPE_TIMESTAMP_TZ}, duckdb.TYPE_VARCHAR, jodaLayout},
	} {
		var set []duckdb.ScalarFunc
		for _, from := range f.from {
			s, err := timeFunction(from, f.to, f.layout)
			if err != nil {
				return fmt.Errorf("function %s: %w", f.name, err)
			}
			set = append(set, s)
		}
		if err := duckdb.RegisterScalarUDFSet(c, f.name, set...); err != nil {
			return fmt.Errorf("function %s: %w", f.name, err)
		}
	}
	return nil
}

// scalar is a function of one row.
type scalar struct {
	config duckdb.ScalarFuncConfig
	row    duckdb.RowExecutorFn
}

// Config implements duckdb.ScalarFunc.
func (s *scalar) Config() duckdb.ScalarFuncConfig { return s.config }

// Executor implements duckdb.ScalarFunc.
func (s *scalar) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: s.row}
}

// timeFunction reads or writes a time.
func timeFunction(from, to duckdb.Type, layout func(string) (string, error)) (*scalar, error) {
	in, err1 := duckdb.NewTypeInfo(from)
	form, err2 := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	out, err3 := duckdb.NewTypeInfo(to)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	s := &scalar{config: duckdb.ScalarFuncConfig{InputTypeInfos: []duckdb.TypeInfo{in, form}, ResultTypeInfo: out}}
	s.row = func(values []driver.Value) (any, error) {
		l, err := layout(values[1].(string))
		if err != nil {
			return nil, err
		}
		if at, ok := values[0].(time.Time); ok {
			return at.UTC().Format(l), nil
		}
		at, err := time.Parse(l, values[0].(string))
		if err != nil {
			return nil, fmt.Errorf("%q is no time of the form %q", values[0], values[1])
		}
		return at.UTC(), nil
	}
	return s, nil
}

// mysqlLayout is the layout of a form of date_parse and date_format
// (https://trino.io/docs/current/functions/datetime.html).
func mysqlLayout(form string) (string, error) {
	parts := map[byte]string{'Y': "2006", 'y': "06", 'm': "01", 'c': "1", 'd': "02", 'e': "2", 'H': "15", 'h': "03", 'I': "03", 'k': "15", 'l': "3", 'i': "04", 's': "05", 'S': "05",
		'f': "000000", 'p': "PM", 'a': "Mon", 'W': "Monday", 'b': "Jan", 'M': "January", 'j': "002", 'T': "15:04:05", 'r': "03:04:05 PM", '%': "%"}
	var b strings.Builder
	for i := 0; i < len(form); i++ {
		if form[i] != '%' || i+1 == len(form) {
			b.WriteByte(form[i])
			continue
		}
		i++
		p, ok := parts[form[i]]
		if !ok {
			return "", fmt.Errorf("the form of a time has %%%c, which is not known", form[i])
		}
		b.WriteString(p)
	}
	return b.String(), nil
}

// jodaLayout is the layout of a form of parse_datetime and format_datetime, which is one
// of Joda-Time (https://trino.io/docs/current/functions/datetime.html).
func jodaLayout(form string) (string, error) {
	parts := map[string]string{"yyyy": "2006", "YYYY": "2006", "yy": "06", "y": "2006", "MM": "01", "M": "1", "MMM": "Jan", "MMMM": "January", "dd": "02", "d": "2", "HH": "15", "H": "15",
		"hh": "03", "h": "3", "mm": "04", "m": "4", "ss": "05", "s": "5", "SSS": "000", "SSSSSS": "000000", "a": "PM", "Z": "-0700", "ZZ": "-07:00", "EEE": "Mon", "EEEE": "Monday", "DDD": "002", "z": "MST"}
	var b strings.Builder
	for i := 0; i < len(form); {
		c := form[i]
		if c == '\'' {
			end := strings.IndexByte(form[i+1:], '\'')
			if end < 0 {
				return "", errors.New("the form of a time has a quote that nothing ends")
			}
			if end == 0 {
				b.WriteByte('\'')
			}
			b.WriteString(form[i+1 : i+1+end])
			i += end + 2
			continue
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			b.WriteByte(c)
			i++
			continue
		}
		n := 1
		for i+n < len(form) && form[i+n] == c {
			n++
		}
		p, ok := parts[form[i:i+n]]
		if !ok {
			return "", fmt.Errorf("the form of a time has %s, which is not known", form[i:i+n])
		}
		b.WriteString(p)
		i += n
	}
	return b.String(), nil
}
