package collect_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/collect"
	"github.com/haetae/haetae/inventory"
)

func TestWhatComesOverTheWireIsReadFromAFolderToo(t *testing.T) {
	recordings, wants := loadWire(t)
	server := httptest.NewServer(recordings)
	t.Cleanup(server.Close)
	client, session := at(t, server.URL, "test", "test")
	record := &memory{kept: map[string]*aws.Response{}}
	client.SetRecord(record)
	plain := func(_, v string) any { return v }
	if _, err := collect.Snapshot(t.Context(), client, []collect.Account{{ID: session.Account, Session: session}}, collect.Options{
		Regions: []string{"us-east-1"}, Extras: collect.Extras(), Time: noon, Pause: time.Millisecond, Redact: plain,
	}); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for n, key := range slices.Sorted(maps.Keys(record.kept)) {
		fields := strings.SplitN(key, " ", 4)
		if alone := strings.HasPrefix(fields[2], "globalaccelerator:") || strings.HasPrefix(fields[2], "networkmanager:") || strings.Contains(fields[2], "MultiRegion"); alone != (fields[1] == "us-west-2") {
			t.Errorf("%s was asked in %s", fields[2], fields[1])
		}
		var params map[string]any
		if err := json.Unmarshal([]byte(fields[3]), &params); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		for body, err := range client.Pages(t.Context(), aws.Ask{Session: session, Region: fields[1], Op: fields[2], Params: params}) {
			if err == nil {
				write(t, files, n, fields[0], fields[2], params, body)
			}
			break // a failure was not recorded by anybody
		}
	}
	s, err := inventory.Load(t.Context(), files, "wire", inventory.Options{Account: session.Account, Region: "us-east-1", Redact: plain})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Problems {
		t.Errorf("%s: %s", p.Place.File, p.Error)
	}
	for _, w := range wants["iam"] {
		delete(w.Volatile, "ServicesLastAccessed") // reports are made for a live scan alone, and asked for by job
	}
	meets(t, s, wants)
}

// write puts an answer into the folder as the script does: under the name of its
// command and a number for what it is about, which stands in it.
func write(t *testing.T, files fstest.MapFS, n int, account, op string, params, body map[string]any) {
	t.Helper()
	body = maps.Clone(body)
	folders := map[string]bool{}
	about, variant, command := false, "", ""
	for i := range inventory.All {
		k := &inventory.All[i]
		for j := range k.Calls {
			c := &k.Calls[j]
			if c.Op != op || c.Other || !made(c, params) {
				continue
			}
			folders[map[bool]string{true: "global", false: "us-east-1"}[k.Global]] = true
			command = strings.ReplaceAll(strings.TrimPrefix(c.Command(), "aws "), " ", ".")
			variant = variantOf(c)
			for name, v := range params {
				if name == c.Param || c.Params[name] == "${Grandparent}" {
					if list, ok := v.([]any); ok && len(list) > 0 {
						v = list[0]
					}
					if _, told := body[name]; !told {
						body[name], about = v, true
					}
				}
			}
		}
	}
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	name := command
	if about {
		name += fmt.Sprintf(".n%d", n)
	}
	for f := range folders {
		files[account+"/"+f+"/"+name+variant+".json"] = &fstest.MapFile{Data: data}
	}
}

// made tells whether a request with these parameters is that of a call.
func made(c *inventory.Call, params map[string]any) bool {
	for name, v := range c.Params {
		if s, ok := v.(string); ok && strings.Contains(s, "${") {
			continue
		}
		if a, b := show(v), show(params[name]); a != b {
			return false
		}
	}
	return true
}

// variantOf is what keeps the answers of one operation with different Params
// apart in the names of files.
func variantOf(c *inventory.Call) string {
	alone := true
	for i := range inventory.All {
		for j := range inventory.All[i].Calls {
			if o := &inventory.All[i].Calls[j]; o.Op == c.Op && show(o.Params) != show(c.Params) && !reflect.DeepEqual(o.Params, c.Params) {
				alone = false
			}
		}
	}
	name := ""
	if alone {
		return name
	}
	for _, k := range slices.Sorted(maps.Keys(c.Params)) {
		if s, ok := c.Params[k].(string); ok && !strings.Contains(s, "${") {
			name += "." + s[strings.LastIndexByte(s, '/')+1:]
		}
	}
	return name
}
