package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/haetae/haetae/scripts/mototest"
)

// asProgram makes the test binary behave as haetae itself.
const asProgram = "HAETAE_TEST_AS_PROGRAM"

// TestAKilledScanGoesOn kills the program itself, with SIGKILL, at requests spread
// over a scan and behind the last one, and lets it go on: the snapshot must
// have the bytes of one that nobody disturbed.
func TestAKilledScanGoesOn(t *testing.T) {
	m := mototest.Start(t, filepath.Join("..", ".."))
	planted := filepath.Join(t.TempDir(), "planted.json")
	m.Run(t, "scripts/account.py", "--size", "small", "--seed", "3", "--regions", "us-east-1,eu-west-1", "--planted", planted)
	p := mototest.NewProxy(t, m.URL)
	work := t.TempDir()
	run := func(data, file string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], "collect", "--data", data, "--org", "--role", "haetae", "--region", "us-east-1,eu-west-1",
			"--time", "2026-11-24T00:00:00Z", "--quotas", quick(t), "-o", file)
		cmd.Env = append(os.Environ(), asProgram+"=1", "HOME="+work, "AWS_ENDPOINT_URL="+p.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
			"AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
		return cmd
	}
	key := filepath.Join(work, "key")
	if err := os.MkdirAll(key, 0o700); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(work, "whole.snap.zst")
	if out, err := run(key, whole).CombinedOutput(); err != nil {
		t.Fatalf("undisturbed: %v\n%s", err, out)
	}
	want, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	total := int64(p.Total())
	kills := 8
	for n := range kills {
		// All installations have the key of the first: it is in the snapshot, as
		// hashes of secrets.
		data := filepath.Join(work, "data")
		if err := os.RemoveAll(data); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(data, os.DirFS(key)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(work, "resumed.snap.zst")
		at := max(1, total*int64(n+1)/int64(kills))
		p.Reset()
		var said bytes.Buffer
		first := run(data, file)
		first.Stderr = &said
		if err := killedAt(p, first, at); err == nil && n < kills-1 {
			t.Errorf("killed at request %d of %d it ended well", at, total)
		}
		before := p.Answered()
		p.Reset()
		second := run(data, file)
		said.Reset()
		second.Stderr = &said
		if err := second.Run(); err != nil {
			t.Fatalf("gone on with after request %d: %v\n%s", at, err, &said)
		}
		if n > 0 && n < kills-1 && !strings.Contains(said.String(), "going on with the scan begun at") {
			t.Errorf("after request %d it does not say that it goes on:\n%s", at, &said)
		}
		// What was in flight at the kill is asked again, and nothing else: one
		// request for each slot at most, and the organization's accounts.
		again := 0
		for key := range p.Answered() {
			if before[key] {
				again++
			}
		}
		if n < kills-1 && again > 64+2 {
			t.Errorf("killed at %d: %d requests were made twice", at, again)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("killed at request %d of %d: the snapshot has other bytes", at, total)
		}
		if left, err := filepath.Glob(filepath.Join(data, "scans", "*")); err != nil || len(left) > 0 {
			t.Errorf("the journal is left behind: %v %v", left, err)
		}
	}
	t.Logf("%d requests, killed %d times", total, kills)
	t.Run("and what it finds is kept, once", func(t *testing.T) {
		for _, want := range []string{"kept for the first time: ", "since last time: 0 new, 0 fixed, 0 back, 0 unknown"} {
			cmd := run(filepath.Join(work, "kept"), whole)
			cmd.Args = append([]string{cmd.Args[0], "scan", "--fail-on", "none", "--output", "json=" + filepath.Join(work, "report.json")}, slices.Concat(cmd.Args[2:9], cmd.Args[11:13])...)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%v: it does not say %q:\n%s", err, want, out)
			}
		}
	})
}

// killedAt runs a program and kills it when the n-th request comes.
func killedAt(p *mototest.Proxy, cmd *exec.Cmd, n int64) error {
	var count atomic.Int64
	now, ended := make(chan struct{}), make(chan struct{})
	p.Decide(func(mototest.Request) mototest.Fault {
		if count.Add(1) == n {
			close(now)
		}
		return mototest.None
	})
	defer p.Decide(nil)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		select {
		case <-now:
			_ = cmd.Process.Kill() // it may have ended
		case <-ended:
		}
	}()
	err := cmd.Wait()
	close(ended)
	return err
}

// quick is a file of quotas that make no test wait.
func quick(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "quotas.yaml")
	if err := os.WriteFile(file, []byte("default: {rate: 1000000, burst: 1000000}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestALiveScanTellsWhatIsWrong feeds the program what goes wrong in practice.
func TestALiveScanTellsWhatIsWrong(t *testing.T) {
	m := mototest.Start(t, filepath.Join("..", ".."))
	p := mototest.NewProxy(t, m.URL)
	haetae := func(env []string, args ...string) (string, int) {
		if args[0] != "doctor" {
			args = append(args, "--quotas", quick(t))
		}
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(append(os.Environ(), asProgram+"=1", "HOME="+t.TempDir(), "AWS_ENDPOINT_URL="+p.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
			"AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null"), env...)
		out, err := cmd.CombinedOutput()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	for _, c := range []struct {
		name   string
		env    []string
		args   []string
		decide func(mototest.Request) mototest.Fault
		code   int
		says   []string
	}{
		{"nothing listens there", []string{"AWS_ENDPOINT_URL=http://127.0.0.1:1"}, []string{"scan"}, nil, 3, []string{"cannot connect", "AWS_ENDPOINT_URL"}},
		{"a profile that is not there", nil, []string{"scan", "--profile", "nobody"}, nil, 3, []string{"aws configure list-profiles"}},
		{"no organization", nil, []string{"scan", "--org"}, nil, 3, []string{"leave out --org"}},
		{"an account that is none", nil, []string{"scan", "--accounts", "12"}, nil, 2, []string{"twelve digits"}},
		{"what may not even be asked who it is", nil, []string{"scan"}, func(q mototest.Request) mototest.Fault {
			if q.Service == "sts" {
				return mototest.Deny
			}
			return mototest.None
		}, 3, []string{"haetae policy --for scan"}},
		{"no permission but to say who it is", nil, []string{"scan", "--region", "us-east-1", "--fail-on", "none", "--min-coverage", "50"}, func(q mototest.Request) mototest.Fault {
			if q.Service == "sts" {
				return mototest.None
			}
			return mototest.Deny
		}, 3, []string{"less than --min-coverage 50", "iam:GetAccountPasswordPolicy", "Missing permissions"}},
		{"a second region that there is not", nil, []string{"scan", "--region", "us-east-1,us-esat-1", "--fail-on", "none"}, nil, 3, []string{"111111111111, us-esat-1", "the region is not on"}},
		{"one account that refuses", nil, []string{"scan", "--accounts", "111111111111,222222222222", "--region", "us-east-1", "--fail-on", "none"}, func(q mototest.Request) mototest.Fault {
			if q.Service == "sts" && strings.Contains(q.Key, "222222222222") {
				return mototest.Deny
			}
			return mototest.None
		}, 3, []string{"222222222222", "could not be entered", "haetae policy --org", "iam-password-policy-length-14"}},
		{"the only account refuses", nil, []string{"scan", "--accounts", "111111111111", "--region", "us-east-1"}, func(q mototest.Request) mototest.Fault {
			if q.Service == "sts" && strings.Contains(q.Key, "AssumeRole") {
				return mototest.Deny
			}
			return mototest.None
		}, 3, []string{"may not assume arn:aws:iam::111111111111:role/haetae", "haetae policy --org"}},
		{"doctor without permissions", nil, []string{"doctor"}, func(q mototest.Request) mototest.Fault {
			if q.Service == "sts" {
				return mototest.None
			}
			return mototest.Deny
		}, 1, []string{"permissions: refused:", "ec2:DescribeInstances", "haetae policy --for scan"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.Decide(c.decide)
			out, code := haetae(c.env, c.args...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, s := range c.says {
				if !strings.Contains(out, s) {
					t.Errorf("it does not say %q", s)
				}
			}
			if t.Failed() {
				t.Log(out[:min(len(out), 3000)])
			}
		})
	}
	t.Run("named resources are read again", func(t *testing.T) {
		p.Decide(nil)
		dir := t.TempDir()
		file := filepath.Join(dir, "a.snap.zst")
		if out, code := haetae(nil, "collect", "--region", "us-east-1", "-o", file); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out)
		}
		id := m.Run(t, "cmd/haetae/testdata/change.py")
		env := []string{"AWS_ENDPOINT_URL=" + m.URL} // the proxy would answer as before
		var made struct{ Group, Bucket string }
		if err := json.Unmarshal([]byte(id), &made); err != nil {
			t.Fatalf("%v: %s", err, id)
		}
		out, code := haetae(env, "collect", "--from", file, "--region", "us-east-1", "--refresh", "AWS::EC2::SecurityGroup/"+made.Group, "--refresh", "AWS::S3::Bucket/"+made.Bucket, "-o", file)
		if code != 0 || !strings.Contains(out, "new      AWS::EC2::SecurityGroup "+made.Group) || !strings.Contains(out, "new      AWS::S3::Bucket "+made.Bucket) {
			t.Errorf("exit code %d: %s", code, out)
		}
		m.Run(t, "cmd/haetae/testdata/change.py", made.Group, made.Bucket)
		out, code = haetae(env, "collect", "--from", file, "--refresh", made.Group, "--refresh", made.Bucket, "-o", file)
		if code != 0 || !strings.Contains(out, "changed  AWS::EC2::SecurityGroup "+made.Group+": SecurityGroupIngress") || !strings.Contains(out, "gone     AWS::S3::Bucket "+made.Bucket) {
			t.Errorf("exit code %d: %s", code, out)
		}
		p.Decide(func(q mototest.Request) mototest.Fault {
			if q.Service == "ec2" {
				return mototest.Deny
			}
			return mototest.None
		})
		out, code = haetae(nil, "collect", "--from", file, "--refresh", made.Group, "-o", file)
		if code != 3 || !strings.Contains(out, "unknown  AWS::EC2::SecurityGroup "+made.Group) || !strings.Contains(out, "ec2:DescribeSecurityGroups") {
			t.Errorf("refused, exit code %d: %s", code, out)
		}
	})
}
