package snapshot

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/haetae/haetae"
)

func world() *haetae.Snapshot {
	return &haetae.Snapshot{
		Time:     1767225600,
		Coverage: []haetae.Coverage{{Account: "111122223333", Region: "us-east-1", Type: "*", Status: haetae.Complete}},
		Problems: []haetae.Problem{{Place: haetae.Place{File: "a.json", Line: 3}, Error: "broken", Fatal: true}},
		Resources: []*haetae.Resource{{
			Type: "AWS::S3::Bucket", ID: "b", ARN: "arn:aws:s3:::b", Account: "111122223333", Region: "us-east-1",
			Tags: map[string]any{"owner": "me", "who": &haetae.Unknown{Reason: haetae.Denied}},
			Props: map[string]any{
				"N": int64(9007199254740993), "F": 1.0, "G": 1.5, "T": true, "Nil": nil, "Text": "<&>\u2028",
				"U":               &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"s3:GetBucketPolicy"}, Parts: []string{"a", ""}, Plain: true, Ref: "B"},
				"L":               &haetae.OpenList{Items: []any{int64(1), map[string]any{"$unknown": "a real member"}}, Why: &haetae.Unknown{Reason: haetae.Throttled}},
				"S":               &haetae.Secret{Kind: "password", Hash: "ab", Length: 8},
				"$DeletionPolicy": "Retain", "$$x": []any{"y"},
			},
			Origin: haetae.Origin{Source: "template", Place: haetae.Place{File: "t.yaml", Line: 2}, Paths: map[string]haetae.Place{"N": {File: "t.yaml", Line: 4, Child: "C"}}},
			Stub:   &haetae.Unknown{Reason: haetae.Unresolved},
		}},
	}
}

func written(t *testing.T, s *haetae.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsReadBackTheSame(t *testing.T) {
	got, err := Read(bytes.NewReader(written(t, world())), "x")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, world()) {
		t.Errorf("read back %#v", got.Resources[0])
	}
}

func TestEqualContentGivesEqualBytes(t *testing.T) {
	if !bytes.Equal(written(t, world()), written(t, world())) {
		t.Error("the bytes differ")
	}
}

func TestACutFileIsRefused(t *testing.T) {
	whole := written(t, world())
	for _, n := range []int{0, 5, len(whole) / 2, len(whole) - 1} {
		if _, err := Read(bytes.NewReader(whole[:n]), "cut.snap.zst"); err == nil {
			t.Errorf("a file cut after %d of %d bytes was read", n, len(whole))
		} else if haetae.HintOf(err) == "" {
			t.Errorf("%v: no next step", err)
		}
	}
}

func TestAFileThatLacksResourcesIsRefused(t *testing.T) {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(`{"haetae":{"format":"haetae snapshot","version":1,"resources":2}}` + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&b, "x"); err == nil {
		t.Error("a header that promises two resources was believed without them")
	}
}

func TestAFormatOfTheFutureIsNamed(t *testing.T) {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(`{"haetae":{"version":99}}` + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&b, "x"); err == nil || haetae.CodeOf(err) != haetae.Invalid {
		t.Errorf("error is %v", err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, world()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Read(bytes.NewReader(data), "fuzz")
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := Write(&again, s); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}

func BenchmarkWriteAndRead(b *testing.B) {
	s := world()
	for range 12 {
		s.Resources = append(s.Resources, s.Resources...)
	}
	b.ReportAllocs()
	for b.Loop() {
		var buf bytes.Buffer
		if err := Write(&buf, s); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(buf.Len()))
		if _, err := Read(&buf, "x"); err != nil {
			b.Fatal(err)
		}
	}
}
