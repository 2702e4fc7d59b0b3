package ingest

import (
	"bytes"
	"cmp"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Files are read in the order in which they were written, whatever folder they are
// in: a folder of a trail has one Region after the other, and what counts over time
// would find all but the first late.

// found is a file that is to be read.
type found struct {
	root, path string
	info       fs.FileInfo
	at         time.Time // when it was begun, as far as can be told
}

// inOrder lists the files below the paths by time, then by their names. What cannot
// be read is noted.
func inOrder(paths []string, skip func(string, os.FileInfo) bool, s *Stats) ([]found, error) {
	var list []found
	err := walkRoots(paths, s, func(root, path string, info fs.FileInfo) error {
		if skip != nil && skip(path, info) {
			return nil
		}
		list = append(list, found{root: root, path: path, info: info})
		return nil
	})
	if err != nil {
		return nil, err
	}
	next := make(chan *found)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for f := range next {
				f.at = firstTime(f.path)
			}
		})
	}
	for i := range list {
		if at, ok := TimeOfName(list[i].path); ok {
			list[i].at = at
		} else {
			next <- &list[i]
		}
	}
	close(next)
	wait.Wait()
	slices.SortStableFunc(list, func(a, b found) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.path, b.path))
	})
	return list, nil
}

// nameTime, nameDashed and nameFolder are the forms in which AWS writes a time into the name of a log file: CloudTrail,
// flow logs, the Resolver and load balancers "_20261101T0010Z_", server access logs of S3
// "2026-11-01-00-10-00-", Firehose "-2026-11-01-00-10-00-", folders of a day and hour
// "2026/11/01/00/".
var nameTime = regexp.MustCompile(`(20\d\d)(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?Z`)
var nameDashed = regexp.MustCompile(`(?:^|[-/_])(20\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)(?:-(\d\d))?-`)
var nameFolder = regexp.MustCompile(`/(20\d\d)/(\d\d)/(\d\d)/(?:(\d\d)/(?:(\d\d)/)?)?`)

// TimeOfName is the time that is in the name of a log file, as AWS's services write it;
// ok is false when there is none.
func TimeOfName(path string) (at time.Time, ok bool) {
	slashed := filepath.ToSlash(path)
	base := slashed[strings.LastIndexByte(slashed, '/')+1:]
	m := nameTime.FindStringSubmatch(base)
	if m == nil {
		m = nameDashed.FindStringSubmatch(base)
	}
	if m == nil {
		m = nameFolder.FindStringSubmatch(slashed)
	}
	if m == nil {
		return time.Time{}, false
	}
	var n [6]int
	for i, text := range m[1:] {
		if text != "" {
			n[i], _ = strconv.Atoi(text) // digits, by the pattern
		}
	}
	at = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	return at, at.Month() == time.Month(n[1]) && at.Day() == n[2]
}

// recordTime and unixTime find what looks like the time of a record: of RFC 3339, or the Unix time of
// a flow log.
var recordTime = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d`)
var unixTime = regexp.MustCompile(`(?:^|[\s:])(1[5-9]\d{8})(?:\d{3})?(?:[\s,}]|$)`)

// peeked is how much of a file is looked at for the time of its first record.
const peeked = 64 << 10

// firstTime is the time of the first record of a file, the zero time when none is
// found. It decides on the order of files only.
func firstTime(path string) time.Time {
	f, err := os.Open(path)
	if err != nil {
		return time.Time{} // the reader meets it again, and says so
	}
	defer f.Close()
	head := make([]byte, peeked)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(head))
		if err != nil {
			return time.Time{}
		}
		out := make([]byte, peeked)
		n, _ := io.ReadFull(z, out)
		head = out[:n]
	}
	if m := recordTime.Find(head); m != nil {
		if at, err := time.Parse("2006-01-02T15:04:05", string(m)); err == nil {
			return at
		}
	}
	if m := unixTime.FindSubmatch(head); m != nil {
		if sec, err := strconv.ParseInt(string(m[1]), 10, 64); err == nil {
			return time.Unix(sec, 0).UTC()
		}
	}
	return time.Time{}
}
