package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/sigma"
)

// detections are the built-in detections and those of --content.
func (a *app) detections() ([]*content.Detection, error) {
	trees, err := contentTrees(a.content)
	if err != nil {
		return nil, err
	}
	return content.Detections(trees...)
}

// detectionTest plays every detection in its examples and tells which end otherwise
// than they say.
func (a *app) detectionTest(ctx context.Context) (faults []string, detections, examples int, err error) {
	list, err := a.detections()
	if err != nil {
		return nil, 0, 0, err
	}
	book := address.New() // of examples that say nothing of addresses
	for _, d := range list {
		faults = append(faults, detectionFaults(d)...)
		for _, x := range d.Examples {
			examples++
			fault, err := playDetection(ctx, d, x, book)
			if err != nil {
				return nil, 0, 0, fmt.Errorf("%s: example %q: %w", d.File, x.Name, err)
			}
			if fault != "" {
				faults = append(faults, fmt.Sprintf("%s: example %q: %s", d.File, x.Name, fault))
			}
		}
	}
	return faults, len(list), examples, nil
}

// detectionFaults are what of a detection cannot be meant.
func detectionFaults(d *content.Detection) []string {
	var out []string
	for _, r := range d.Rules {
		for _, w := range r.Warnings {
			out = append(out, fmt.Sprintf("%s: %s", d.File, w))
		}
		m, err := sigma.Compile(r, sigma.Options{})
		if err != nil {
			out = append(out, err.Error())
			continue
		}
		switch lost := detect.Unknown(m, ingest.Fields); {
		case !detect.Reads(r.LogSource):
			out = append(out, fmt.Sprintf("%s:%d: it can never match: haetae reads no log of %s", d.File, r.Line, detect.SourceName(r.LogSource)))
		case lost != "":
			out = append(out, fmt.Sprintf("%s:%d: %s", d.File, r.Line, lost))
		}
	}
	return out
}

// exampleBook is the book of an example that says what is known of addresses.
func exampleBook(x content.DetectionExample) (*address.Book, error) {
	b := address.Bare() // what is embedded takes long to unpack, and says nothing here
	for name, list := range x.Lists {
		if _, err := b.AddList(name, []byte(strings.Join(list, "\n"))); err != nil {
			return nil, fmt.Errorf("lists: %w", err)
		}
	}
	var ranges []address.Range
	add := func(list []string, to func(netip.Prefix)) error {
		for _, text := range list {
			p, err := netip.ParsePrefix(text)
			if err != nil {
				return fmt.Errorf("%q is no prefix such as 203.0.113.0/24", text)
			}
			to(p)
		}
		return nil
	}
	if err := add(x.Own, func(p netip.Prefix) { b.AddOwn(p, "") }); err != nil {
		return nil, err
	}
	facts := map[netip.Prefix]address.Facts{}
	for country, list := range x.Countries {
		if err := add(list, func(p netip.Prefix) { f := facts[p]; f.Country = country; facts[p] = f }); err != nil {
			return nil, err
		}
	}
	for asn, list := range x.Networks {
		n, err := strconv.ParseUint(asn, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("networks: %q is no number of a network", asn)
		}
		if err := add(list, func(p netip.Prefix) { f := facts[p]; f.ASN = uint32(n); facts[p] = f }); err != nil {
			return nil, err
		}
	}
	for p, f := range facts {
		ranges = append(ranges, address.RangeOf(p, f))
	}
	b.AddRanges(address.Source{Name: "example"}, ranges)
	return b, nil
}

// playDetection feeds an example to an engine that has only the one detection.
func playDetection(ctx context.Context, d *content.Detection, x content.DetectionExample, book *address.Book) (fault string, err error) {
	rules, refused := detect.NewRules([]*content.Detection{d}, sigma.Rules{})
	if len(x.Lists)+len(x.Own)+len(x.Countries)+len(x.Networks) > 0 {
		if book, err = exampleBook(x); err != nil {
			return err.Error(), nil
		}
	}
	engine, more := detect.New(detect.Options{Rules: rules, Actors: actor.New(actor.Accounts(x.Accounts...), book, actor.Options{}), Book: book})
	if refused = append(refused, more...); len(refused) > 0 {
		return refused[0].Error(), nil
	}
	given := map[string]bool{}
	for i, r := range x.Records {
		var stats ingest.Stats
		ids, err := readExample(ctx, fmt.Sprintf("example-%05d", i), r, &stats, engine)
		if err != nil {
			return "", err
		}
		if len(stats.Problems) > 0 {
			return stats.Problems[0].Reason, nil
		}
		if len(ids) == 0 {
			return fmt.Sprintf("its record is none of a log that haetae reads: %s", r.Text), nil
		}
		for _, id := range ids {
			given[id] = r.Given
		}
	}
	engine.Flush()
	fired := false
	for _, f := range engine.Take() {
		if !f.Withdrawn && f.Rule.ID == d.ID && slices.ContainsFunc(f.Events, func(id string) bool { return !given[id] }) {
			fired = true
		}
	}
	if fired != x.Fires {
		return map[bool]string{true: "it fires, and should not", false: "it does not fire, and should"}[fired], nil
	}
	return "", nil
}

// explainDetection explains a detection; done is false when the id is none.
func (a *app) explainDetection(id string) (done bool, err error) {
	list, err := a.detections()
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(list, func(d *content.Detection) bool { return d.ID == id })
	if i < 0 {
		return false, nil
	}
	d := list[i]
	var b strings.Builder
	var logs []string
	for _, l := range d.Logs() {
		logs = append(logs, content.LogName(l))
	}
	fmt.Fprintf(&b, "%s  (%s, %s)\n%s\n\n", d.ID, strings.ToLower(d.Severity.String()), strings.Join(logs, ", "), d.Title.In(a.lang))
	fmt.Fprintf(&b, "%s\n  %s\n\n", a.say("What happened when it fires", "발생하면 무슨 일이 있었는가"), d.Description.In(a.lang))
	fmt.Fprintf(&b, "%s\n  %s\n\n", a.say("What to do", "대응 방법"), d.Response.In(a.lang))
	usual := d.FalsePositives[0]
	if a.lang == "ko" && len(d.FalsePositives[1]) > 0 {
		usual = d.FalsePositives[1]
	}
	if len(usual) > 0 {
		fmt.Fprintf(&b, "%s\n  %s\n\n", a.say("When it is no attack", "공격이 아닌 경우"), strings.Join(usual, "\n  "))
	}
	if len(d.GuardDuty) > 0 {
		fmt.Fprintf(&b, "%s\n  %s\n\n", a.say("In GuardDuty", "GuardDuty에서의 이름"), strings.Join(d.GuardDuty, ", "))
	}
	fmt.Fprintf(&b, "%s\n  %s\n\n", a.say("Tags", "태그"), strings.Join(d.Tags, ", "))
	trees, err := contentTrees(a.content)
	if err != nil {
		return false, err
	}
	file, err := content.File(d.File, trees...)
	if err != nil {
		return false, err
	}
	rule, _, _ := strings.Cut(string(file), "\nhaetae:")
	if j := strings.Index(rule, "\nlogsource:"); j >= 0 {
		rule = rule[j+1:]
	}
	fmt.Fprintf(&b, "%s\n%s\n\n", a.say("The rule", "규칙"), indent(rule))
	fmt.Fprintf(&b, "%s\n  %s\n", a.say("References", "참고 자료"), strings.Join(d.References, "\n  "))
	_, err = fmt.Fprint(a.out, b.String())
	return true, printed(err)
}
