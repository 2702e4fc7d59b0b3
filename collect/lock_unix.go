//go:build unix

package collect

import (
	"os"
	"syscall"
)

// lock makes a file one process's own until it is closed.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
