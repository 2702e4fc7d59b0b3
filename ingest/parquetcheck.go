package ingest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The module believes what a Parquet file says of its own sizes and allocates
// that much. So what a file says is held against what there is before it is read.
const (
	maxFooter = 64 << 20 // of the file
	maxPage   = 64 << 20 // unpacked; writers aim at 1 MiB
	maxValues = 1 << 22  // of a page
	// smallPage is what even the best packing does not make a large page of: gzip
	// packs a thousand times at most.
	smallPage = 64 << 10
)

// checkFooter holds the size of the footer against that of the file.
func checkFooter(r io.ReaderAt, size int64) error {
	tail := make([]byte, 8)
	if size < 12 {
		return errors.New("the file ends early")
	}
	if _, err := r.ReadAt(tail, size-8); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return errors.New("the file ends early, or is encrypted")
	}
	if n := int64(binary.LittleEndian.Uint32(tail)); n > size-12 || n > maxFooter {
		return fmt.Errorf("a footer of %d bytes", n)
	}
	return nil
}

// checkPages holds what every page says of itself against its column, and all
// against a limit.
func checkPages(f *parquet.File, r io.ReaderAt, size, limit int64) error {
	var total int64
	for i, g := range f.Metadata().RowGroups {
		for j, c := range g.Columns {
			m := c.MetaData
			at, left := m.DataPageOffset, m.TotalCompressedSize
			if d := m.DictionaryPageOffset; d > 0 && d < at {
				at = d
			}
			if at < 0 || left < 0 || at > size || left > size-at {
				return fmt.Errorf("column %d of group %d is not within the file", j, i)
			}
			n, values, err := checkColumn(io.NewSectionReader(r, at, left), m.Codec)
			if err != nil {
				return fmt.Errorf("column %d of group %d: %w", j, i, err)
			}
			if values != g.NumRows || values != m.NumValues {
				return fmt.Errorf("column %d of group %d has %d values, the group says %d rows", j, i, values, g.NumRows)
			}
			if total += n; total > limit {
				return errTooLarge
			}
		}
	}
	return nil
}

// checkColumn reads the headers of the pages of a column.
func checkColumn(r *io.SectionReader, codec format.CompressionCodec) (unpacked, values int64, err error) {
	br := bufio.NewReaderSize(r, 4<<10)
	proto := thrift.CompactProtocol{}
	left := func() int64 {
		at, _ := r.Seek(0, io.SeekCurrent)
		return r.Size() - at + int64(br.Buffered())
	}
	for left() > 0 {
		var h format.PageHeader
		if err := thrift.NewDecoder(proto.NewReader(br)).Decode(&h); err != nil {
			return 0, 0, fmt.Errorf("the header of a page: %w", err)
		}
		packed, size := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
		n := max(h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues, h.DictionaryPageHeader.V.NumValues)
		if packed < 0 || size < 0 || packed > left() || size > maxPage || n < 0 || n > maxValues {
			return 0, 0, fmt.Errorf("a page of %d bytes, %d unpacked, with %d values", packed, size, n)
		}
		unpacked += size
		if h.Type != format.DictionaryPage {
			values += int64(n)
		}
		body := io.LimitReader(br, packed)
		if err := checkBody(body, h, codec); err != nil {
			return 0, 0, err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return 0, 0, err
		}
	}
	return unpacked, values, nil
}

// checkBody checks what is packed of a page: in the second version of pages the
// levels stand before it.
func checkBody(body io.Reader, h format.PageHeader, codec format.CompressionCodec) error {
	packed, size := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if v2 := h.DataPageHeaderV2; h.Type == format.DataPageV2 {
		levels := int64(v2.V.RepetitionLevelsByteLength) + int64(v2.V.DefinitionLevelsByteLength)
		if levels < 0 || levels > packed || levels > size {
			return fmt.Errorf("a page of %d bytes with %d bytes of levels", packed, levels)
		}
		if _, err := io.CopyN(io.Discard, body, levels); err != nil {
			return err
		}
		if v2.V.IsCompressed.Valid && !v2.V.IsCompressed.V {
			return nil
		}
		packed, size = packed-levels, size-levels
	}
	if packed == 0 {
		return nil
	}
	return checkPacked(body, codec, packed, size)
}

// checkPacked holds what a page unpacks to against what it says.
func checkPacked(body io.Reader, codec format.CompressionCodec, packed, size int64) error {
	var z io.Reader
	var err error
	switch codec {
	case format.Uncompressed:
		return nil
	case format.Snappy:
		head := make([]byte, 10)
		n, err := io.ReadFull(body, head)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return err
		}
		if n == 0 {
			return nil
		}
		if said, err := snappy.DecodedLen(head[:n]); err != nil || int64(said) > size {
			return fmt.Errorf("a page unpacks to more than the %d bytes that it says", size)
		}
		return nil
	case format.Gzip:
		if packed <= smallPage {
			return nil
		}
		z, err = gzip.NewReader(body)
	case format.Zstd:
		var d *zstd.Decoder
		if d, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecoderMaxWindow(maxPage)); err == nil {
			defer d.Close()
			z = d
		}
	default:
		return fmt.Errorf("pages are packed with %s, of which AWS writes none", codec)
	}
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, size+1))
	if err == nil && n > size {
		err = fmt.Errorf("a page unpacks to more than the %d bytes that it says", size)
	}
	return err
}
