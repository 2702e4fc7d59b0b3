package ingest

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// parquet reads a Parquet file, in which flow logs have a column for each field
// (https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-parquet.html).
// Values go the same way as those of a text.
func (p *flowParser) parquet(r io.ReaderAt, size int64) (err error) {
	defer func() {
		// The module trusts offsets of the file; one that lies makes it panic.
		if x := recover(); x != nil {
			err = fmt.Errorf("parquet: the file is broken: %v", x)
		}
	}()
	if err := checkFooter(r, size); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(256<<10))
	if err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	if err := checkPages(f, r, size, p.limit); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	var names []string
	known := 0
	for _, path := range f.Schema().Columns() {
		name := path[len(path)-1]
		if len(path) > 1 {
			name = "" // a field within another is none of a flow log
		}
		if columnOf(name) != strange {
			known++
		}
		names = append(names, name)
	}
	if known < 3 {
		return errors.New("parquet: it has no columns of a flow log")
	}
	p.use(names)
	p.names = names
	for _, g := range f.RowGroups() {
		if err := p.rows(g.Rows()); err != nil {
			return err
		}
	}
	return nil
}

// rows reads the rows of one group.
func (p *flowParser) rows(rows parquet.Rows) error {
	defer rows.Close()
	var digits [20]byte
	batch := make([]parquet.Row, 256)
	for {
		n, err := rows.ReadRows(batch)
		for _, row := range batch[:n] {
			p.line++
			p.count++
			p.begin()
			for _, v := range row {
				if v.IsNull() || v.Column() < 0 || v.Column() >= len(p.columns) {
					continue
				}
				var value []byte
				switch v.Kind() {
				case parquet.ByteArray, parquet.FixedLenByteArray:
					value = v.ByteArray()
				case parquet.Int32:
					value = strconv.AppendInt(digits[:0], int64(v.Int32()), 10)
				case parquet.Int64:
					value = strconv.AppendInt(digits[:0], v.Int64(), 10)
				default:
					p.bad(p.names[v.Column()], []byte(v.String()))
					continue
				}
				if len(value) > 0 {
					p.set(p.columns[v.Column()], value)
				}
			}
			if err := p.give(); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("parquet: %w", err)
		}
	}
}
