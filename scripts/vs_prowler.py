#!/usr/bin/env python3
"""The comparing half of vs-prowler.sh.

vs_prowler.py checks CONTROLS.json SERVICES   prints Prowler's checks that a control has as alias
vs_prowler.py report DIR SIZE VERSION WHY.yaml OUT.md"""

import collections
import json
import os
import sys

import yaml


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)


def checks(controls, services):
    """The aliases that Prowler still has: each check is a folder of its service."""
    have = {check for service in os.scandir(services) if service.is_dir() for check in os.listdir(service)}
    print(*sorted({a for c in read(controls) for a in aliases(c)} & have))


def aliases(control):
    return control.get("aliases", {}).get("prowler", [])


def groups(controls, shared):
    """Controls and checks that one alias or more tie together: three controls
    about users, groups and roles are one check of Prowler. Yields (controls,
    checks)."""
    left = {c["id"]: set(aliases(c)) & shared for c in controls}
    left = {c: a for c, a in left.items() if a}
    while left:
        ids = {min(left)}
        names = left[min(left)]
        while True:
            more = {c for c, a in left.items() if a & names}
            if more <= ids:
                break
            ids |= more
            names = set().union(*(left[c] for c in ids))
        for c in ids:
            del left[c]
        yield sorted(ids), sorted(names)


def tail(name):
    """What follows the last separator of an ARN or URL."""
    return name.rstrip("/").replace(":", "/").rsplit("/", 1)[-1]


RANK = {"FAIL": 3, "UNKNOWN": 2, "PASS": 1, "NOT_APPLICABLE": 0, "MANUAL": 0}


class Verdict:
    """What one tool says of one resource: its worst status, and why."""

    def __init__(self):
        self.status, self.reason = None, ""

    def add(self, status, reason):
        if self.status is None or RANK[status] > RANK[self.status]:
            self.status, self.reason = status, reason


def haetae_verdicts(path):
    """control → [(ARN, names, whole account or region, status, reason)]"""
    out = collections.defaultdict(list)
    with open(path, encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            if "control" not in row:
                continue
            r = row["resource"]
            out[row["control"]].append((
                r.get("arn") or r["id"], {r["id"], tail(r["id"]), r.get("arn") or r["id"]}, r["type"].startswith("Haetae::"), row["status"], row.get("reason", "")))
    return out


def prowler_verdicts(path):
    """check → [(ARN, names, status, reason)]"""
    out = collections.defaultdict(list)
    for x in read(path):
        for r in x["resources"]:
            names = {r["uid"], tail(r["uid"]), r.get("name") or r["uid"], tail(r.get("name") or r["uid"])}
            out[x["metadata"]["event_code"]].append((r["uid"], names, x["status_code"], x["status_detail"]))
    return out


def compare(controls, names, ours, theirs):
    """Yields (resource, our verdict, their verdict) for one group."""
    mine, index, whole = {}, {}, None
    for control in controls:
        for arn, keys, is_whole, status, reason in ours[control]:
            if is_whole:
                arn = whole = "the account or region"
            mine.setdefault(arn, Verdict()).add(status, reason)
            for k in keys:
                index.setdefault(k, arn)
    other = {}
    for name in names:
        for uid, keys, status, reason in theirs[name]:
            arn = whole or index.get(uid) or next((index[k] for k in sorted(keys) if k in index), uid)
            other.setdefault(arn, Verdict()).add(status, reason)
    for arn in sorted(mine.keys() | other.keys()):
        yield arn, mine.get(arn, Verdict()), other.get(arn, Verdict())


def outcome(a, b):
    """The column of the matrix for two statuses."""
    if b in (None, "MANUAL"):
        return None if a in (None, "NOT_APPLICABLE") else "only haetae"
    if a == "UNKNOWN":
        return "haetae UNKNOWN"
    if a in (None, "NOT_APPLICABLE"):
        return "only Prowler"
    if a != b:
        return "disagree"
    return "both FAIL" if a == "FAIL" else "both PASS"


COLUMNS = ["both PASS", "both FAIL", "disagree", "haetae UNKNOWN", "only haetae", "only Prowler"]


def figures(directory):
    rows = ["| | against | wall s | CPU s | peak memory MiB | API calls | throttled | not recorded |", "|---|---|--:|--:|--:|--:|--:|--:|"]
    for where in "moto", "replay":
        for tool in "haetae", "prowler":
            c, s = read(directory, f"{tool}-{where}.cost.json"), read(directory, f"{tool}-{where}.stats.json")
            rows.append(f"| {tool} | {where} | {c['wall']} | {c['cpu']} | {c['memory']} | {s['requests']} | {s['throttled']} | {s['unknown']} |")
    return rows


def explanations(path):
    """(control, check) → why; either may be missing in an entry."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return yaml.safe_load(f) or []


def explain(whys, controls, names):
    found = [
        w for w in whys
        if w.get("control", controls[0]) in controls and w.get("prowler", names[0]) in names and ("control" in w or "prowler" in w)
    ]
    for w in found:
        w["used"] = True
    return " ".join(w["why"] for w in found) or "OPEN"


def cell(text):
    """A text as it may stand in a list: on one line, without a machine's port."""
    return " ".join(text.split()).replace("|", "\\|")[:240]


def report(directory, size, version, why, out):
    controls = read(directory, "controls.json")
    with open(os.path.join(directory, "checks"), encoding="utf-8") as f:
        shared = set(f.read().split())
    ours, theirs = haetae_verdicts(os.path.join(directory, "haetae-replay.ndjson")), prowler_verdicts(os.path.join(directory, "prowler-replay.ocsf.json"))
    whys = explanations(why)
    total, matrix, differing, silent = collections.Counter(), [], [], []
    for ids, names in groups(controls, shared):
        counted, cases = collections.Counter(), []
        for arn, a, b in compare(ids, names, ours, theirs):
            column = outcome(a.status, b.status)
            if column is None:
                continue
            counted[column] += 1
            if not column.startswith("both"):
                cases.append((column, arn, a, b))
        if not counted:
            silent.append(", ".join(ids))
            continue
        total += counted
        label = "<br>".join(f"`{i}`" for i in ids), "<br>".join(f"`{n}`" for n in names)
        matrix.append(f"| {label[0]} | {label[1]} | " + " | ".join(str(counted[c] or "") for c in COLUMNS) + " |")
        if cases:
            differing.append((ids, names, cases, explain(whys, ids, names)))

    resources = read(directory, "account.json")["resources"]
    judged = sum(total[c] for c in ("both PASS", "both FAIL", "disagree"))
    opened = sum(len(cases) for _, _, cases, w in differing if w == "OPEN")
    lines = [
        f"# haetae and {version.capitalize()}", "",
        "Written by `make vs-prowler`. Explanations are kept in [vs-prowler.yaml](vs-prowler.yaml).", "",
        f"Both scanned one region of the same {size} organisation (its generator makes {resources} resources in two accounts and two regions) in moto,"
        " and then a recording of it that answers each request after 30 ms and throttles at AWS's full quotas."
        f" Prowler ran the {len(shared)} checks that controls of haetae have as alias; haetae ran all {len(controls)} controls."
        " Prowler looked at unused resources too, as haetae always does. Moto is not AWS: what it does not implement fails for both.", "",
        *figures(directory), "",
        f"Of {judged} verdicts that both gave, {total['both PASS'] + total['both FAIL']} agree and {total['disagree']} do not."
        f" {opened} differences of any kind are not explained yet (OPEN).", "",
        "## Agreement", "", "| control | Prowler | " + " | ".join(COLUMNS) + " |", "|---|---|" + "--:|" * len(COLUMNS),
        *matrix, "| all | | " + " | ".join(str(total[c]) for c in COLUMNS) + " |", "",
        f"Neither judged anything for {len(silent)} more: " + ", ".join(silent) + ".", "",
        "## Differences", "",
    ]
    for ids, names, cases, w in differing:
        lines += [f"### {', '.join(ids)} / {', '.join(names)}", "", w, ""]
        cases = [c for c in cases if c[0] == "disagree"] + (rest := [c for c in cases if c[0] != "disagree"])[:10]
        lines += [f"- {c}: `{arn}`: haetae {a.status or 'nothing'} ({cell(a.reason)}); Prowler {b.status or 'nothing'} ({cell(b.reason)})" for c, arn, a, b in cases]
        if len(rest) > 10:
            lines.append(f"- and {len(rest) - 10} more that only one of them judged")
        lines.append("")
    with open(out, "w", encoding="utf-8") as f:
        f.write("\n".join(lines).rstrip() + "\n")
    print(*figures(directory), f"{dict(total)}, {opened} open: {out}", sep="\n")
    for w in whys:
        if "used" not in w:
            print(f"{why}: nothing differs any more for {w.get('control', w.get('prowler'))}")


if __name__ == "__main__":
    {"checks": checks, "report": report}[sys.argv[1]](*sys.argv[2:])
