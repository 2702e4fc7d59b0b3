package sigma

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// benchRules are like rules about CloudTrail: nine of ten name a service and a
// call, some look into user agents, some use a regular expression.
func benchRules(b *testing.B, n int) []*Rule {
	r := rand.New(rand.NewPCG(1, 1))
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "title: rule %d\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n", i)
		switch {
		case i%20 == 18:
			fmt.Fprintf(&text, "  s:\n    userAgent|contains: [tool-%d, probe-%d]\n  condition: s\n---\n", i, i)
		case i%20 == 19:
			fmt.Fprintf(&text, "  s:\n    requestParameters.policy|re: 'Action.*svc%d:'\n  condition: s\n---\n", i)
		default:
			fmt.Fprintf(&text, "  s:\n    eventSource: svc%d.amazonaws.com\n    eventName: [Create%d, Delete%d]\n  ok:\n    errorCode: null\n  own:\n    userIdentity.invokedBy|endswith: .amazonaws.com\n  condition: s and ok and not own\n---\n", r.IntN(60), r.IntN(400), r.IntN(400))
		}
	}
	got, err := Parse("bench.yml", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	return got.Rules
}

func benchEvents(b *testing.B) []Event {
	r := rand.New(rand.NewPCG(2, 2))
	var out []Event
	for i := range 500 {
		out = append(out, event(b, fmt.Sprintf(`{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA%d","arn":"arn:aws:sts::111122223333:assumed-role/deploy/%d","accountId":"111122223333"},
"eventTime":"2026-01-02T03:04:05Z","eventSource":"svc%d.amazonaws.com","eventName":"%s%d","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.%d","userAgent":"aws-sdk-go-v2/1.30 os/linux lang/go#1.26 md/GOOS#linux api/s3#1.%d",
"requestParameters":{"name":"n-%d","policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"svc%d:*\"}]}"},"eventID":"id-%d"}`,
			i, i, r.IntN(60), []string{"Create", "Delete", "Describe", "Get"}[r.IntN(4)], r.IntN(400), r.IntN(250), i, i, i, i)))
	}
	return out
}

// BenchmarkMatch asks 10, 100 and 1000 rules about decoded events: each rule by
// itself, and the index. Both are measured in one run, and times-naive is how
// many times faster the index is.
func BenchmarkMatch(b *testing.B) {
	events := benchEvents(b)
	from := LogSource{Product: "aws", Service: "cloudtrail"}
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			rules := benchRules(b, n)
			x, err := NewIndex(rules, Options{})
			if err != nil {
				b.Fatal(err)
			}
			var matchers []*Matcher
			for _, r := range rules {
				m, err := Compile(r, Options{})
				if err != nil {
					b.Fatal(err)
				}
				matchers = append(matchers, m)
			}
			s := x.NewScan()
			alone, asked, naive := 0, 0, 0
			began := time.Now()
			for _, e := range events[:100] {
				for _, m := range matchers {
					if m.Match(e) {
						alone++
					}
				}
			}
			slow := time.Since(began) / 100
			for _, e := range events[:100] {
				naive += len(s.Match(e, from))
			}
			if alone != naive {
				b.Fatalf("%d matches alone, %d with the index", alone, naive)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				s.Match(events[i%len(events)], from)
				asked += s.Asked()
			}
			b.StopTimer()
			each := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(slow)/float64(max(each, 1)), "times-naive")
			b.ReportMetric(float64(asked)/float64(b.N), "rules-asked/op")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkCorrelate counts events of 1,000 groups in a stream in order.
func BenchmarkCorrelate(b *testing.B) {
	for _, body := range []string{
		"type: event_count\nrules: [a]\ngroup-by: [g]\ntimespan: 10m\ncondition: {gte: 50}",
		"type: value_count\nrules: [a]\ngroup-by: [g]\ntimespan: 10m\ncondition: {field: v, gte: 50}",
		"type: temporal_ordered\nrules: [a, b, c]\ngroup-by: [g]\ntimespan: 10m",
	} {
		w := world(b, correlation("k", body))
		b.Run(w.Correlations[0].Type, func(b *testing.B) {
			c, err := NewCorrelator(w.Correlations, w.Rules, Limits{})
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(3, 3))
			var events []Event
			for range 1000 {
				events = append(events, JSONEvent(map[string]any{"a": "1", "g": fmt.Sprint(r.IntN(1000)), "v": fmt.Sprint(r.IntN(100))}))
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				c.Observe(Observation{Event: events[i%1000], ID: fmt.Sprint(i), Time: time.Unix(0, int64(i)*int64(20*time.Millisecond)), Rules: w.Rules[:1]})
			}
		})
	}
}
