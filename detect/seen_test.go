package detect

import (
	"fmt"
	"testing"

	"github.com/haetae/haetae"
)

func TestKeysOfRecordsDifferAsTheirIdsDo(t *testing.T) {
	seen := map[recordKey]string{}
	for _, log := range []haetae.Log{haetae.CloudTrail, haetae.EKSAudit, haetae.WAF} {
		for _, id := range []string{"", "a", "0123abcd-0123-4567-89ab-cdef01234567", "0123abcd-0123-4567-89ab-cdef01234568", "0123ABCD-0123-4567-89ab-cdef01234567",
			"0123abcd+0123-4567-89ab-cdef01234567", "0123abcd-0123-4567-89ab-cdef0123456g", "0123abcd-0123-4567-89ab-cdef012345670"} {
			k, name := keyOf(log, id), fmt.Sprint(log, " ", id)
			if other, again := seen[k]; again {
				t.Errorf("%q and %q have the same key", name, other)
			}
			seen[k] = name
			if keyOf(log, id) != k {
				t.Errorf("%q has two keys", name)
			}
		}
	}
}
