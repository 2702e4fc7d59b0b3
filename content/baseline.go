package content

import (
	"fmt"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/baseline"
)

// Baseline makes a detection speak only of what is unusual among the records that its
// rule matches.
type Baseline struct {
	baseline.Profile
	// Amount is the field that is added up (volume); without it each record counts one.
	Amount string
	// Only are the values that it speaks of; the others are learned. Empty is all.
	Only []string
}

// baselineBlock is the key baseline of a detection, see docs/baseline.md.
type baselineBlock struct {
	Kind     string     `yaml:"kind"`
	By       stringList `yaml:"by"`
	Of       stringList `yaml:"of"`
	Peers    stringList `yaml:"peers"`
	Learn    string     `yaml:"learn"`
	Window   string     `yaml:"window"`
	Steady   float64    `yaml:"steady"`
	Share    float64    `yaml:"share"`
	MinPeers int        `yaml:"min_peers"`
	Every    string     `yaml:"every"` // hour or day
	Min      float64    `yaml:"min"`
	Factor   float64    `yaml:"factor"`
	Amount   string     `yaml:"amount"`
	Only     stringList `yaml:"only"`
}

// read checks a block of the detection with this id and severity.
func (b *baselineBlock) read(d *Detection) (*Baseline, error) {
	p := baseline.Profile{ID: d.ID, By: b.By, Of: b.Of, Peers: b.Peers, Kind: baseline.Kind(b.Kind), Steady: b.Steady, Share: b.Share, MinPeers: b.MinPeers,
		Min: b.Min, Factor: b.Factor}
	for _, x := range []struct {
		name, text string
		to         *time.Duration
	}{{"learn", b.Learn, &p.Learn}, {"window", b.Window, &p.Window}} {
		if x.text == "" {
			continue
		}
		t, err := exampleDuration(x.text)
		if err != nil {
			return nil, fmt.Errorf("baseline: %s: %w", x.name, err)
		}
		*x.to = t
	}
	switch b.Every {
	case "":
	case "hour":
		p.Every = time.Hour
	case "day":
		p.Every = 24 * time.Hour
	default:
		return nil, fmt.Errorf("baseline: every is %q: hour or day", b.Every)
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	switch {
	case b.Amount != "" && p.Kind != baseline.Volume:
		return nil, fmt.Errorf("baseline: amount is for the kind %s", baseline.Volume)
	case d.Severity > haetae.Low:
		return nil, fmt.Errorf("baseline: the level is %s: what is only unusual is low at most", d.Severity)
	case len(d.Rules) != 1 || len(d.Correlations) > 0:
		return nil, fmt.Errorf("baseline: it is for a file of one rule")
	}
	return &Baseline{Profile: p, Amount: b.Amount, Only: b.Only}, nil
}
