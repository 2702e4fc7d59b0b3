package ingest

import (
	"errors"
	"fmt"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/projection"
)

// TrailDecoder makes events of records of CloudTrail that somebody kept. It is for one
// goroutine.
type TrailDecoder struct{ head *projection.Record }

// NewTrailDecoder makes a decoder.
func NewTrailDecoder() *TrailDecoder {
	return &TrailDecoder{projection.New(trailPaths()).NewRecord()}
}

// Decode fills in what the record in raw says: all of the event but its place, and the
// account and the region only where the record has them. The event's Raw is raw.
func (d *TrailDecoder) Decode(raw []byte, e *haetae.Event) error {
	r := &TrailRecord{raw: raw, paths: d.head.Fields()}
	if _, state := d.head.Read(raw); state == projection.Whole {
		r.head = d.head
	} else if err := r.decode(); err != nil {
		return fmt.Errorf("json: %w", err)
	}
	at, err := when(r.text(trailTime))
	if err != nil {
		return fmt.Errorf("eventTime: %w", err)
	}
	if r.text(trailSource) == "" || r.text(trailName) == "" {
		return errors.New("it is no record of CloudTrail")
	}
	r.begin(at)
	*e = haetae.Event{}
	r.event(e)
	return nil
}
