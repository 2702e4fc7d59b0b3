//go:build cgo && !nolake && linux

package lake

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confine lets the kernel bound the process: memory, processor time and the size of
// files, and by Landlock what it may open (https://docs.kernel.org/userspace-api/landlock.html):
// the lake for reading, its own folder, the program and its libraries; no TCP. As a C
// library has threads of its own, the program starts itself anew from a thread that is
// held already. A kernel without Landlock leaves that part to the SQL engine.
func confine(l *limits) error {
	if startedAgain() {
		return nil
	}
	// The memory of the engine, of Go and of what both only reserve.
	space := uint64(l.memory) + 3<<30
	cpu := uint64(2*l.seconds + 5)
	for _, r := range []struct {
		what  int
		limit uint64
	}{{unix.RLIMIT_AS, space}, {unix.RLIMIT_CPU, cpu}, {unix.RLIMIT_FSIZE, uint64(spillOf(l.memory))}, {unix.RLIMIT_CORE, 0}} {
		var was unix.Rlimit
		if err := unix.Getrlimit(r.what, &was); err != nil {
			return fmt.Errorf("limit %d: %w", r.what, err)
		}
		n := min(r.limit, was.Max)
		if err := unix.Setrlimit(r.what, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("limit %d: %w", r.what, err)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	if err := landlock(l, exe); err != nil {
		return err
	}
	return syscall.Exec(exe, os.Args, append(os.Environ(), confined+"=1"))
}

// Rights of Landlock that come with later versions of it.
const (
	allFirst = 1<<13 - 1 // of version 1
	ownFiles = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// landlockVersion is that of the kernel's Landlock, 0 when it has none or it is switched off.
func landlockVersion() int {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(version)
}

func landlock(l *limits, exe string) error {
	version := landlockVersion()
	if version < 1 {
		return nil
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: allFirst}
	size := uintptr(8)
	if version >= 2 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		attr.Handled_access_net, size = unix.LANDLOCK_ACCESS_NET_BIND_TCP|unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, 16
	}
	if version >= 6 {
		attr.Scoped, size = 1|2, 24 // abstract sockets and signals of others
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	defer unix.Close(int(fd))
	libraries, err := mapped()
	if err != nil {
		return err
	}
	rules := map[string]uint64{l.lake: unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR, l.temp: ownFiles & attr.Handled_access_fs, exe: unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE}
	for _, path := range libraries {
		rules[path] = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE
	}
	for _, path := range []string{"/etc/ld.so.cache", "/dev/null", "/dev/urandom", "/proc/self/cgroup", "/sys/fs/cgroup"} {
		rules[path] = unix.LANDLOCK_ACCESS_FS_READ_FILE
	}
	for path, access := range rules {
		if err := rule(int(fd), path, access); err != nil {
			return fmt.Errorf("landlock: %s: %w", path, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	return nil
}

// rule lets the process at what is at a path. What is not there needs none.
func rule(ruleset int, path string, access uint64) error {
	at, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(at)
	attr := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(at)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// mapped are the files that the program is made of: itself and its libraries.
func mapped() ([]string, error) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	seen := map[string]bool{}
	var out []string
	s := bufio.NewScanner(f)
	for s.Scan() {
		if i := strings.IndexByte(s.Text(), '/'); i >= 0 && !seen[s.Text()[i:]] {
			seen[s.Text()[i:]] = true
			out = append(out, s.Text()[i:])
		}
	}
	return out, s.Err()
}
