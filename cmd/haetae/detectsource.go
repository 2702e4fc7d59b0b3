package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/source"
	"github.com/haetae/haetae/store"
)

// argumentsOf parts paths from sources that are no paths.
func argumentsOf(args []string) (paths, remote []string) {
	for _, a := range args {
		if source.Is(a) {
			remote = append(remote, a)
		} else {
			paths = append(paths, a)
		}
	}
	return paths, remote
}

// openSources opens sources that are no paths. Who asks AWS is asked for once.
func (a *app) openSources(ctx context.Context, args []string, o *detectOptions, known func(string) (bool, error)) ([]source.Source, error) {
	opt := source.Options{Follow: o.follow, Every: max(o.every, time.Second), Since: o.cut, Known: known}
	if o.tokenFile != "" {
		data, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return nil, usagef("--token-file: %v", err)
		}
		if opt.Token = strings.TrimSpace(string(data)); len(opt.Token) < 16 {
			return nil, usagef("--token-file: a token of 16 characters or more is meant")
		}
	}
	var out []source.Source
	for _, arg := range args {
		if source.Asks(arg) && opt.Client == nil {
			region := ""
			if len(o.from.regions) > 0 {
				region = o.from.regions[0]
			}
			var err error
			if opt.Client, opt.Session, err = a.open(ctx, &o.from.live, region); err != nil {
				return nil, err
			}
			if opt.Region = region; opt.Region == "" {
				opt.Region = opt.Session.Region
			}
			if opt.Region == "" {
				opt.Region = "us-east-1"
			}
		}
		s, err := source.Open(arg, opt)
		if err != nil {
			return nil, usage{errors.Join(err, closeAll(out))}
		}
		if strings.HasPrefix(arg, "http://") {
			if !o.follow {
				return nil, usage{errors.Join(fmt.Errorf("%s takes what is sent to it: give --follow", arg), s.Close(), closeAll(out))}
			}
			a.advise("haetae: taking logs at %s", s.Name())
		}
		out = append(out, s)
	}
	return out, nil
}

func closeAll(list []source.Source) error {
	var errs []error
	for _, s := range list {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// fetched is what a source handed out.
type fetched struct {
	from  source.Source
	piece *source.Piece
	said  []string // what it could not understand
	err   error
}

// readSources reads what sources hand out, and what is new below paths, once or until it
// is told to stop.
func (a *app) readSources(ctx context.Context, paths []string, sources []source.Source, o *detectOptions, k *detectKeeper, stats *ingest.Stats) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	came := make(chan fetched)
	for _, s := range sources {
		go func() {
			for {
				p, err := s.Next(ctx)
				select {
				case came <- fetched{s, p, s.Problems(), err}:
				case <-ctx.Done():
					return
				}
				if err != nil {
					return
				}
			}
		}()
	}
	files := func() error {
		if len(paths) == 0 {
			return nil
		}
		quiet := time.Duration(0)
		if o.follow {
			quiet = settle
		}
		return k.readFiles(ctx, paths, quiet, stats)
	}
	stopped := func(err error) bool { return o.follow && ctx.Err() != nil && errors.Is(err, context.Canceled) }
	if err := files(); err != nil {
		if stopped(err) {
			return nil
		}
		return err
	}
	tick := time.NewTicker(min(o.every, o.commit))
	defer tick.Stop()
	looked := time.Now()
	for left := len(sources); left > 0; {
		select {
		case f := <-came:
			for _, text := range f.said {
				a.advise("haetae: not read: %s", text)
				stats.UnreadRecords++
			}
			switch {
			case errors.Is(f.err, io.EOF):
				left--
			case f.err != nil && stopped(f.err):
				return nil
			case f.err != nil:
				return f.err
			default:
				if err := k.piece(ctx, f.piece, stats); err != nil {
					if stopped(err) {
						return nil
					}
					return err
				}
			}
		case <-tick.C:
			if o.follow && time.Since(looked) >= o.every {
				if err := files(); err != nil {
					if stopped(err) {
						return nil
					}
					return err
				}
				looked = time.Now()
			}
			if err := k.due(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			// What was read whole is stored; what was not comes again.
			return k.commit(context.WithoutCancel(ctx), false)
		}
	}
	return k.commit(ctx, !o.follow)
}

// piece reads one piece of a source.
func (k *detectKeeper) piece(ctx context.Context, p *source.Piece, stats *ingest.Stats) error {
	failed := func(err error) error {
		if p.Failed != nil {
			p.Failed(err)
		}
		return err
	}
	body, err := p.Open(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return failed(ctx.Err())
		}
		// It may be gone, or be out of reach: the others are read all the same.
		stats.UnreadFiles++
		k.app.advise("haetae: not read: %v", err)
		_ = failed(err)
		return nil
	}
	defer body.Close()
	key := p.Object
	if key == "" {
		key = p.Key
	}
	var in ingest.Source
	o := ingest.Object{Name: p.Name, Key: key, Version: p.Version, Size: p.Size, Modified: p.Modified, Body: body}
	opt := ingest.ReadOptions{Done: func(s ingest.Source) error { in = s; return nil }}
	before := len(stats.Problems)
	err = ingest.ReadObject(ctx, o, opt, stats, k.taker())
	if err != nil {
		return failed(fmt.Errorf("%s: %w", p.Name, err))
	}
	for _, x := range stats.Problems[min(before, len(stats.Problems)):] {
		k.app.advise("haetae: not read: %s", x)
	}
	k.reads = append(k.reads, store.Read{Source: sourceName, Key: p.Key, Time: time.Now(), Records: in.Records, Unread: in.Unread, Mark: fmt.Sprint(p.Size)})
	if p.Done != nil {
		k.done = append(k.done, p.Done)
	}
	return k.due(ctx)
}

// due stores when it is time to, and there is something.
func (k *detectKeeper) due(ctx context.Context) error {
	if len(k.reads) == 0 || time.Since(k.last) < max(k.every, 10*k.took) {
		return nil
	}
	return k.commit(context.WithoutCancel(ctx), false)
}
