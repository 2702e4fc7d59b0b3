package haetae

import "time"

// LakeFile is a file of the event lake as the store lists it. A file that is not in
// the list is none of the lake's, whatever is on the disk.
type LakeFile struct {
	Path string    // below the folder of the lake, with slashes: "cloudtrail/haetae_day=2026-11-10/….parquet"
	Log  Log       // of all of its records
	Day  time.Time // the day, in UTC, on which all of its records are

	// The least and the greatest account and region of its records.
	AccountFirst, AccountLast string
	RegionFirst, RegionLast   string

	First, Last time.Time // of the earliest and the latest record, to the microsecond
	Records     int
	Bytes       int64  // on the disk
	SHA256      string // of the file, in hexadecimal digits
}
