//go:build cgo && !nolake

package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// Built tells whether this program has the SQL engine.
func Built() bool { return true }

// NotBuilt is the error of whoever asks for the SQL engine where there is none.
func NotBuilt() error { return nil }

// Confine is the process of a query, begun by [Ask] with the arguments that it appends. It
// gives up what a query does not need, as far as the system lets it, and answers the
// request on in.
func Confine(args []string, in io.Reader, out io.Writer) error {
	var l limits
	if len(args) != 4 {
		return errors.New("this is for haetae logs query, which starts it")
	}
	l.lake, l.temp = args[0], args[1]
	if _, err := fmt.Sscan(args[2]+" "+args[3], &l.memory, &l.seconds); err != nil {
		return fmt.Errorf("limits of the query: %w", err)
	}
	if err := confine(&l); err != nil {
		return fmt.Errorf("confine the query: %w", err)
	}
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read the query: %w", err)
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	err := answer(&r, e)
	if err != nil {
		text := err.Error()
		if errors.Is(err, context.DeadlineExceeded) || strings.Contains(text, "INTERRUPT") && strings.Contains(text, "Interrupted") {
			text = errTime
		}
		return e.Encode(reply{Error: text})
	}
	return nil
}

// limits are those of the process of a query.
type limits struct {
	lake, temp string // folders
	memory     int64  // bytes
	seconds    int    // of processor time for each of two processors
}

// quoted1 is a text as SQL has it.
func quotedSQL(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func listSQL(list []string) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quotedSQL(s))
	}
	return "[" + b.String() + "]"
}

// answer opens the engine, locks it, and runs the query.
func answer(r *request, e *json.Encoder) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.Millis)*time.Millisecond)
	defer cancel()
	// Extensions are never looked for: with the defaults the engine would fetch them.
	connector, err := duckdb.NewConnector("?autoinstall_known_extensions=false&autoload_known_extensions=false&allow_community_extensions=false&allow_unsigned_extensions=false", nil)
	if err != nil {
		return err
	}
	defer connector.Close()
	db := sql.OpenDB(connector)
	defer db.Close()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var all []string
	for _, list := range r.Files {
		all = append(all, list...)
	}
	for _, q := range []string{
		"SET threads = 2", fmt.Sprintf("SET memory_limit = '%dMB'", max(r.Memory>>20, 64)), "SET temp_directory = " + quotedSQL(r.Temp+"/spill"),
		fmt.Sprintf("SET max_temp_directory_size = '%dMB'", spillOf(r.Memory)>>20), "SET TimeZone = 'UTC'", "SET preserve_insertion_order = false",
		"SET allowed_paths = " + listSQL(all), "SET enable_external_access = false",
	} {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if err := functions(ctx, c); err != nil {
		return err
	}
	for _, t := range Tables() {
		files := r.Files[string(t.Log)]
		if len(files) == 0 {
			continue
		}
		for _, q := range t.views(files) {
			if _, err := c.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
		}
	}
	if _, err := c.ExecContext(ctx, "SET lock_configuration = true"); err != nil {
		return err
	}
	return c.Raw(func(raw any) error { return selected(ctx, raw.(*duckdb.Conn), r, e) })
}

// spillOf is how many bytes a query may put on the disk while it runs.
func spillOf(memory int64) int64 { return 4 * max(memory, 64<<20) }

// selected runs the query, which has to be one SELECT: the driver prepares no more than
// one statement, and says what it is.
func selected(ctx context.Context, c *duckdb.Conn, r *request, e *json.Encoder) (err error) {
	prepared, err := c.Prepare(r.SQL)
	if err != nil {
		if strings.Contains(err.Error(), "PrepareContext") {
			return errors.New("one statement is meant")
		}
		return err
	}
	s := prepared.(*duckdb.Stmt)
	defer func() { err = errors.Join(err, s.Close()) }()
	if kind, err := s.StatementType(); err != nil || kind != duckdb.STATEMENT_TYPE_SELECT {
		return errors.Join(errors.New("not a SELECT"), err)
	}
	rows, err := s.QueryContext(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	head := reply{Columns: rows.Columns(), Types: []string{}}
	for i := range head.Columns {
		if t, ok := rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
			head.Types = append(head.Types, t.ColumnTypeDatabaseTypeName(i))
		}
	}
	if err := e.Encode(head); err != nil {
		return err
	}
	values := make([]driver.Value, len(head.Columns))
	for n := 0; ; n++ {
		err := rows.Next(values)
		if errors.Is(err, io.EOF) {
			return e.Encode(reply{End: true})
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if n == r.MaxRows {
			return e.Encode(reply{End: true, Cut: true})
		}
		row := make([]any, len(values))
		for i, v := range values {
			row[i] = plain(v, head.Types[i])
		}
		if err := e.Encode(reply{Row: row}); err != nil {
			return err
		}
	}
}

// plain is a value as JSON can say it.
func plain(v any, kind string) any {
	switch x := v.(type) {
	case time.Time:
		switch kind {
		case "DATE":
			return x.Format(time.DateOnly)
		case "TIME", "TIME_TZ", "TIME WITH TIME ZONE":
			return x.Format("15:04:05.999999")
		}
		return x.UTC().Format("2006-01-02T15:04:05.999999999Z07:00")
	case *big.Int:
		return json.Number(x.String())
	case duckdb.Decimal:
		return json.Number(x.String())
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Sprint(x)
		}
	case float32:
		return plain(float64(x), kind)
	case duckdb.UUID:
		return x.String()
	case []byte:
		if strings.HasPrefix(kind, "UUID") && len(x) == 16 {
			u := duckdb.UUID(x)
			return u.String()
		}
		return fmt.Sprintf("%x", x)
	case duckdb.Interval:
		return fmt.Sprintf("%d months %d days %s", x.Months, x.Days, time.Duration(x.Micros)*time.Microsecond)
	case duckdb.Union:
		return plain(x.Value, "")
	case duckdb.Map:
		out := map[string]any{}
		for k, v := range x {
			out[fmt.Sprint(plain(k, ""))] = plain(v, "")
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, v := range x {
			out[k] = plain(v, "")
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = plain(x[i], "")
		}
		return out
	}
	return v
}

// confined is in the environment of the process once the kernel holds it.
const confined = "HAETAE_CONFINED"

// again starts the program anew in its own place; what the kernel was told of this thread
// then holds for all of it.
func startedAgain() bool { return os.Getenv(confined) != "" }
