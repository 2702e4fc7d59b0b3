package inventory

import (
	"encoding/base64"
	"encoding/csv"
	"strings"

	"github.com/haetae/haetae"
)

const rootUser = "<root_account>"

// report returns the rows of a credential report, by column.
func report(a *Answer) []map[string]string {
	text := str(a.Body, "Content")
	if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
		text = string(raw)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil || len(lines) == 0 {
		return nil
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, v := range line {
			// "no_information", "not_supported" and "N/A" are the report's
			// ways to say nothing.
			if i < len(lines[0]) && v != "N/A" && v != "no_information" && v != "not_supported" {
				row[lines[0][i]] = v
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func readUserRows(a *Answer) (out []*haetae.Resource) {
	for _, row := range report(a) {
		if row["user"] == rootUser || row["user"] == "" {
			continue
		}
		r := resource(row["user"], nil)
		r.ARN = row["arn"]
		r.Observed, r.Volatile = map[string]any{}, map[string]any{}
		fill(r.Observed, row, "PasswordEnabled=password_enabled", "PasswordLastChanged=password_last_changed",
			"PasswordNextRotation=password_next_rotation", "MFAActive=mfa_active")
		fill(r.Volatile, row, "PasswordLastUsed=password_last_used")
		keys, used := []any{}, []any{}
		for _, n := range []string{"access_key_1_", "access_key_2_"} {
			// A key that never was has no date.
			if row[n+"active"] != "true" && row[n+"last_rotated"] == "" {
				continue
			}
			k := map[string]any{"Status": "Inactive"}
			if row[n+"active"] == "true" {
				k["Status"] = "Active"
			}
			fill(k, row, "CreateDate="+n+"last_rotated")
			keys = append(keys, k)
			u := map[string]any{}
			fill(u, row, "LastUsedDate="+n+"last_used_date", "ServiceName="+n+"last_used_service", "Region="+n+"last_used_region")
			if len(u) > 0 {
				fill(u, row, "CreateDate="+n+"last_rotated") // for nameUsedKeys
				used = append(used, u)
			}
		}
		r.Observed["AccessKeys"], r.Volatile["AccessKeyLastUsed"] = keys, used
		// The report counts no devices: it says none, or some.
		r.Observed["MFADevices"] = []any{}
		if row["mfa_active"] == "true" {
			r.Observed["MFADevices"] = &haetae.Unknown{
				Path: "Observed.MFADevices", Reason: haetae.NotAsked, Set: true, Actions: []string{"iam:ListMFADevices"},
				Detail: "the credential report says that there is a device, not which",
			}
		}
		out = append(out, r)
	}
	return out
}

// nameUsedKeys says which access keys were used: the credential report names
// them by their dates alone, and the list of the user's keys has dates and IDs.
func nameUsedKeys(r *haetae.Resource) {
	for u := range objects(r.Volatile["AccessKeyLastUsed"]) {
		var ids []any
		for k := range objects(r.Observed["AccessKeys"]) {
			if k["AccessKeyId"] != nil && sameSecond(k["CreateDate"], u["CreateDate"]) {
				ids = append(ids, k["AccessKeyId"])
			}
		}
		if len(ids) == 1 {
			u["AccessKeyId"] = ids[0]
		}
		delete(u, "CreateDate")
	}
}

func readRootRow(a *Answer) []*haetae.Resource {
	for _, row := range report(a) {
		if row["user"] != rootUser {
			continue
		}
		rs := observeAccount(a, map[string]any{})
		o, v := rs[0].Observed, map[string]any{}
		fill(o, row, "RootMFAEnabled=mfa_active")
		if row["access_key_1_active"] != "" {
			o["RootAccessKeysPresent"] = row["access_key_1_active"] == "true" || row["access_key_2_active"] == "true"
		}
		if row["cert_1_active"] != "" {
			o["RootCertificateActive"] = row["cert_1_active"] == "true" || row["cert_2_active"] == "true"
		}
		fill(v, row, "RootPasswordLastUsed=password_last_used", "RootPasswordLastChanged=password_last_changed")
		key := max(row["access_key_1_last_used_date"], row["access_key_2_last_used_date"])
		if key != "" {
			v["RootAccessKeyLastUsed"] = key
		}
		if t := max(row["password_last_used"], key); t != "" {
			v["RootLastUsed"] = t
		}
		rs[0].Volatile = v
		return rs
	}
	return nil
}

// fill copies "Name=column" where the column says something.
func fill(dst map[string]any, row map[string]string, names ...string) {
	for _, n := range names {
		to, from, _ := strings.Cut(n, "=")
		if v := row[from]; v != "" {
			dst[to] = truth(v)
		}
	}
}
