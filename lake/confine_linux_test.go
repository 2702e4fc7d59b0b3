//go:build cgo && !nolake

package lake

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// held is a process that is confined and tries what a query has no need of, without an
// SQL engine that could refuse it.
func held(args []string) int {
	if err := confine(&limits{lake: args[0], temp: args[1], memory: 64 << 20, seconds: 5}); err != nil {
		fmt.Println("confine:", err)
		return 1
	}
	code := 0
	try := func(what string, want bool, err error) {
		if (err == nil) != want {
			fmt.Printf("%s: %v\n", what, err)
			code = 1
		}
	}
	_, err := os.ReadFile("/etc/passwd")
	try("read a file of the system", false, err)
	_, err = os.ReadDir("/etc")
	try("list a folder of the system", false, err)
	_, err = os.ReadFile(args[2])
	try("read a file of the user", false, err)
	_, err = os.ReadFile("/proc/self/root/etc/passwd")
	try("read a file by way of /proc", false, err)
	_, err = os.ReadFile(filepath.Join(args[0], "x.parquet"))
	try("read a file of the lake", true, err)
	try("write over a file of the lake", false, os.WriteFile(filepath.Join(args[0], "x.parquet"), []byte("y"), 0o600))
	try("cut a file of the lake", false, os.Truncate(filepath.Join(args[0], "x.parquet"), 0))
	try("remove a file of the lake", false, os.Remove(filepath.Join(args[0], "x.parquet")))
	try("write to the lake", false, os.WriteFile(filepath.Join(args[0], "new"), nil, 0o600))
	try("write elsewhere", false, os.WriteFile(args[2]+".new", nil, 0o600))
	try("write in its own folder", true, os.WriteFile(filepath.Join(args[1], "new"), []byte("y"), 0o600))
	try("start a program", false, exec.Command("/bin/sh", "-c", "true").Run())
	if landlockVersion() >= 4 {
		_, err = net.DialTimeout("tcp", "127.0.0.1:9", time.Second)
		if !errors.Is(err, syscall.EACCES) {
			fmt.Println("connect:", err)
			code = 1
		}
	}
	return code
}

func TestTheKernelHoldsTheProcessOfAQuery(t *testing.T) {
	if landlockVersion() < 1 {
		t.Skip("this kernel has no Landlock")
	}
	lake, temp, secret := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "secret")
	for _, path := range []string{filepath.Join(lake, "x.parquet"), secret} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := engine(t)
	c := exec.Command(e.Path, "held-process", lake, temp, secret)
	c.Env = []string{}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, strings.TrimSpace(string(out)))
	}
	if b, err := os.ReadFile(filepath.Join(lake, "x.parquet")); err != nil || string(b) != "x" {
		t.Errorf("the file of the lake is %q, %v", b, err)
	}
}
