package content

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/haetae/haetae"
)

func sequences(t *testing.T) []*Sequence {
	t.Helper()
	list, err := Sequences()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEverySequenceDoesWhatItsExamplesSay(t *testing.T) {
	families := map[string]bool{}
	for _, q := range sequences(t) {
		families[q.Family] = true
		for i := range q.Examples {
			x := &q.Examples[i]
			t.Run(q.ID+"/"+x.Name, func(t *testing.T) {
				fault, err := q.Play(x)
				if err != nil {
					t.Fatal(err)
				}
				if fault != "" {
					t.Error(fault)
				}
			})
		}
	}
	for _, f := range []string{"compromised-credentials", "s3-compromised-data", "s3-ransom", "eks-compromised-cluster", "ec2-compromised-instance-group", "database-destroyed"} {
		if !families[f] {
			t.Errorf("no sequence of the family %s", f)
		}
	}
}

func TestSequencesSpeakBothLanguagesAndRestOnAWSPages(t *testing.T) {
	for _, q := range sequences(t) {
		for _, text := range []haetae.Text{q.Title, q.Description, q.Response} {
			if strings.ContainsFunc(text.EN, hangul) || !strings.ContainsFunc(text.KO, hangul) {
				t.Errorf("%s: a language is wrong: %v", q.ID, text)
			}
		}
		if strings.HasSuffix(q.Title.EN, ".") {
			t.Errorf("%s: the title ends in a full stop", q.ID)
		}
		for _, r := range q.References {
			if !strings.HasPrefix(r, "https://docs.aws.amazon.com/") {
				t.Errorf("%s: %s is not AWS's documentation", q.ID, r)
			}
		}
	}
}

func TestTheDocumentationListsEverySequence(t *testing.T) {
	text, err := os.ReadFile("../docs/sequences.md")
	if err != nil {
		t.Fatal(err)
	}
	list := sequences(t)
	for _, q := range list {
		if row := "| `" + q.ID + "` | " + q.Title.EN + " | "; !strings.Contains(string(text), row) {
			t.Errorf("docs/sequences.md lacks the row %s", row)
		}
	}
	if n := strings.Count(string(text), "\n| `"); n != len(list) {
		t.Errorf("docs/sequences.md lists %d sequences, there are %d", n, len(list))
	}
}

const wholeSequence = `
id: a-b
family: f
title: {en: a, ko: 가}
description: {en: a, ko: 가}
response: {en: a, ko: 가}
techniques: [T1078]
references: [https://docs.aws.amazon.com/]
join: [entities]
tactics: [{tactic: impact, weight: 2}, {tactic: discovery, weight: 1}]
min: {tactics: 2}
windows: [{within: 24h, threshold: 3}]
severity: [{from: 3, is: low}]
examples:
  - name: one
    fires: true
    score: 3
    signals:
      - {rule: x, tactic: impact, service: s3, severity: low, at: 0m, by: [k]}
      - {rule: y, tactic: discovery, service: s3, severity: low, at: 1h, by: [k], repeat: 3, every: 5s}
  - name: two
    fires: false
    signals: [{rule: x, tactic: impact, service: s3, severity: low, at: 0m, by: [k]}]
`

func TestFaultsOfASequenceAreNamed(t *testing.T) {
	q, err := ParseSequence([]byte(wholeSequence), "sequences/a-b.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if fault, err := q.Play(&q.Examples[0]); fault != "" || err != nil {
		t.Fatal(fault, err)
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"a misspelt key", "join:", "joins:", "joins"},
		{"an id that is not the file's name", "id: a-b", "id: a-c", "not the file's name"},
		{"a language that is missing", "title: {en: a, ko: 가}", "title: {ko: 가}", "title"},
		{"a tactic that is none", "tactic: discovery, weight", "tactic: disco, weight", "disco"},
		{"a window without a unit", "within: 24h", "within: 24", "24"},
		{"a severity that is none", "is: low", "is: bad", "severity"},
		{"no page", "references: [https://docs.aws.amazon.com/]\n", "", "references"},
		{"no family", "family: f\n", "", "family"},
		{"no example that stays quiet", "fires: false", "fires: true", "does not"},
		{"an example that says nothing", "fires: false", "", "fires"},
		{"a rarity that is none", "by: [k]}]", "by: [k], rarity: odd}]", "rarity"},
		{"a signal without a time", "severity: low, at: 0m, by: [k]}]", "severity: low, by: [k]}]", "followed by"},
		{"a signal of no service", "tactic: impact, service: s3, severity: low, at: 0m, by: [k]}]", "tactic: impact, severity: low, at: 0m, by: [k]}]", "service"},
		{"far too many repeats", "repeat: 3", "repeat: 300000", "repeat"},
		{"one signal for a sequence", "min: {tactics: 2}", "min: {tactics: 1}", "no sequence"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseSequence([]byte(strings.Replace(wholeSequence, c.from, c.to, 1)), "sequences/a-b.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a-b.yaml") {
				t.Errorf("error is %v, want one with %q and the file", err, c.want)
			}
			if haetae.HintOf(err) == "" {
				t.Error("no next step")
			}
		})
	}
}

func TestAnExampleOfASequenceCanFail(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"it should be quiet", "fires: true\n    score: 3", "fires: false", "fires with a score of 3"},
		{"its score is another", "score: 3", "score: 4", "score is 3"},
		{"it hangs on something else", "score: 3", "score: 3\n    pivotal: [y]", "pivotal are [x]"},
		{"it stays quiet", "threshold: 3", "threshold: 5", "stays quiet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, err := ParseSequence([]byte(strings.Replace(strings.Replace(wholeSequence, "name: two\n    fires: false", "name: two\n    fires: "+map[bool]string{true: "true", false: "false"}[strings.Contains(c.to, "false")], 1), c.from, c.to, 1)), "sequences/a-b.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if fault, err := q.Play(&q.Examples[0]); err != nil || !strings.Contains(fault, c.want) {
				t.Errorf("fault %q, error %v", fault, err)
			}
		})
	}
}

func TestSequencesOfAnOwnFolderJoinTheBuiltInOnes(t *testing.T) {
	list, err := Sequences(fstest.MapFS{"sequences/a-b.yaml": {Data: []byte(wholeSequence)}})
	if err != nil || list[0].ID != "a-b" || len(list) < 6 {
		t.Errorf("%d sequences, error %v", len(list), err)
	}
	if _, err := Sequences(fstest.MapFS{"sequences/s3-ransom.yaml": {Data: []byte(strings.Replace(wholeSequence, "a-b", "s3-ransom", 1))}}); err == nil {
		t.Error("a second sequence of the same id was taken")
	}
}

func FuzzSequence(f *testing.F) {
	f.Add([]byte(wholeSequence))
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := ParseSequence(data, "sequences/a-b.yaml")
		if err != nil {
			return
		}
		for i := range q.Examples {
			if len(q.Examples[i].Signals) > 100 {
				continue
			}
			if _, err := q.Play(&q.Examples[i]); err != nil {
				t.Fatal(err)
			}
		}
	})
}
