package address

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

// mmdbMark stands before the metadata at the end of every MMDB file
// (https://maxmind.github.io/MaxMind-DB/).
const mmdbMark = "\xab\xcd\xefMaxMind.com"

func isMMDB(data []byte) bool {
	return bytes.Contains(data[max(0, len(data)-128<<10):], []byte(mmdbMark))
}

// mmdb reads all networks of a database. A record that many networks share is
// decoded once.
func mmdb(data []byte) (out []Range, err error) {
	db, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("reading the MMDB file: %w", err)
	}
	defer db.Close()
	seen := map[uintptr]Facts{}
	for r := range db.Networks() {
		if err := r.Err(); err != nil {
			return nil, fmt.Errorf("reading the MMDB file: %w", err)
		}
		f, ok := seen[r.Offset()]
		if !ok {
			var record map[string]any
			if err := r.Decode(&record); err != nil {
				return nil, fmt.Errorf("reading the MMDB file at %s: %w", r.Prefix(), err)
			}
			f = mmdbFacts(record)
			seen[r.Offset()] = f
		}
		if f.Country != "" || f.ASN != 0 {
			out = append(out, RangeOf(r.Prefix(), f))
		}
	}
	return out, nil
}

// mmdbFacts are the facts of a record, under the names that the databases of
// MaxMind, DB-IP, IPinfo and ip-location-db have for them.
func mmdbFacts(record map[string]any) (f Facts) {
	text := func(names ...string) string {
		for _, name := range names {
			if s, ok := record[name].(string); ok && s != "" {
				return s
			}
		}
		return ""
	}
	for _, name := range []string{"country", "registered_country"} {
		m, _ := record[name].(map[string]any)
		if s, ok := m["iso_code"].(string); ok && f.Country == "" {
			f.Country = s
		}
	}
	if f.Country == "" {
		f.Country = text("country_code", "country")
	}
	if len(f.Country) != 2 {
		f.Country = "" // a name, not a code
	}
	for _, name := range []string{"autonomous_system_number", "asn"} {
		switch v := record[name].(type) {
		case uint64:
			f.ASN = uint32(v)
		case string:
			if n, err := strconv.ParseUint(strings.TrimPrefix(v, "AS"), 10, 32); err == nil {
				f.ASN = uint32(n)
			}
		}
	}
	if f.ASN != 0 {
		f.Org = text("autonomous_system_organization", "as_name", "as_organization", "name")
	}
	return f
}
