#!/usr/bin/env python3
"""Properties of import and triage over the real reports of several tools about one corpus.

Order         the reports in any order, split in any way, twice: the same store, byte for byte in its export
Conservation  each raw finding belongs to exactly one issue; for rules of the catalogue the number of issues
              is the number of distinct (concept, object, container)
Stability     lines moved, files renamed, digests and versions changed, severities rescored: no new issue;
              a real change: exactly one

    tests/properties/triage.py OURO [REPORTS]

Exit code 77 (skipped, said loudly) when the reports are absent.
"""
import copy
import csv
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = (1, 2, 3)
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED", what)


def ouro(*words):
    done = subprocess.run([PROGRAM, *words, "--no-config"], capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"ouro {' '.join(words[:2])} ends with {done.returncode}: {done.stderr.decode()[:500]}")
    return done.stdout


def load(store, *files, now="2026-11-21T12:00:00Z", options=()):
    out = ouro("import", *map(str, files), "--store", str(store), "--now", now, "--format", "json", *options)
    return json.loads(out)["summary"]


def raw(file):
    return json.loads(ouro("import", str(file), "--dry-run", "--no-dedupe", "--format", "json"))["findings"]


def export(store):
    return ouro("findings", "export", "--store", str(store))


def json_values(text):
    """Concatenated JSON values."""
    decoder, at, values = json.JSONDecoder(), 0, []
    while at < len(text):
        match = re.compile(r"\s*").match(text, at)
        at = match.end()
        if at < len(text):
            value, at = decoder.raw_decode(text, at)
            values.append(value)
    return values


def parts_of(name, text, random_source, count):
    """The report in `count` reports of the same tool, its findings dealt out at random."""
    if name.endswith(".ndjson"):
        values = [value for value in json_values(text) if value]
        piles = [[] for _ in range(count)]
        for value in values:
            random_source.choice(piles).append(value)
        return ["\n".join(json.dumps(v) for v in pile) for pile in piles if pile]
    document = json.loads(text)
    paths = {"checkov.json": ("results", "failed_checks"), "trivy.json": ("Results",),
             "kube-linter.json": ("Reports",), "kube-linter.sarif": ("runs", 0, "results")}[name]
    items = document
    for step in paths:
        items = items[step]
    piles = [[] for _ in range(count)]
    for item in items:
        random_source.choice(piles).append(item)
    parts = []
    for pile in piles:
        if not pile:
            continue
        part = copy.deepcopy(document)
        holder = part
        for step in paths[:-1]:
            holder = holder[step]
        holder[paths[-1]] = pile
        parts.append(json.dumps(part))
    return parts


def order_and_splits(folder, files):
    store = folder / "plain.db"
    for file in files:
        load(store, file)
    wanted = export(store)
    summary = load(store, *files)
    check(summary["created"] == 0 and summary["issues_created"] == 0, "a second import brings nothing new")
    check(export(store) == wanted, "a second import leaves the export as it was")
    for seed in SEEDS:
        source = random.Random(seed)
        pieces = []
        for file in files:
            for number, text in enumerate(parts_of(file.name, file.read_text(), source, source.randint(1, 5))):
                piece = folder / f"{seed}-{number}-{file.name}"
                piece.write_text(text)
                pieces.append(piece)
        pieces *= 2
        source.shuffle(pieces)
        other = folder / f"order{seed}.db"
        for piece in pieces:
            load(other, piece)
        check(export(other) == wanted, f"seed {seed}: {len(pieces)} parts in any order give the same store")
    return wanted


def conservation(files, exported):
    with open(ROOT / "catalogue" / "concepts.csv", encoding="utf-8") as file:
        subjects = {row["concept"]: row["subject"] for row in csv.DictReader(file)}
    issues = {}
    for line in exported.decode().splitlines():
        issue = json.loads(line)
        check(issue["issue"] not in issues, "an issue stands once in the export")
        issues[issue["issue"]] = issue
    owner = {}
    for issue in issues.values():
        for finding in issue["findings"]:
            check(finding["id"] not in owner, "a finding belongs to one issue")
            owner[finding["id"]] = issue["issue"]
    expected, mapped, count = set(), set(), 0
    for file in files:
        for finding in raw(file):
            count += 1
            check(owner.get(finding["id"]) == finding["issue"], f"{finding['check']}: raw finding without its issue")
            concept = finding.get("concept")
            resource = finding["resource"]
            if not concept or not resource["kind"] or finding["class"] in ("vuln", "secret", "licence"):
                continue
            container = resource.get("container", "") if subjects[concept] == "container" else ""
            expected.add((concept, resource["kind"], resource.get("namespace", "default"), resource["name"], container))
            mapped.add(finding["issue"])
    check(len(mapped) == len(expected), f"{len(mapped)} issues of rules that map, {len(expected)} distinct subjects")
    tools = {}
    for issue in issues.values():
        tools[len(issue["tools"])] = tools.get(len(issue["tools"]), 0) + 1
    print(f"conservation: {count} raw findings of {len(files)} reports, {len(owner)} findings, {len(issues)} issues, "
          f"{len(mapped)} of rules that map; issues by number of tools: {dict(sorted(tools.items()))}")


VULN_REPORT = {
    "SchemaVersion": 2, "ArtifactName": "registry.example/shop/api:1.0", "ArtifactType": "container_image",
    "Metadata": {"ImageID": "sha256:" + "a" * 64},
    "Results": [{"Target": "registry.example/shop/api:1.0 (debian 12.1)", "Class": "os-pkgs", "Type": "debian",
                 "Vulnerabilities": [
                     {"VulnerabilityID": f"CVE-2024-{n}", "PkgName": f"lib{n}", "InstalledVersion": "1.0-1",
                      "Severity": "HIGH", "Title": f"flaw {n}", "Layer": {"Digest": "sha256:" + "b" * 64},
                      "PkgIdentifier": {"PURL": f"pkg:deb/debian/lib{n}@1.0-1?arch=amd64"}} for n in range(100, 120)]}]}


def rebuild(report):
    changed = copy.deepcopy(report)
    changed["ArtifactName"] = "registry.example/shop/api:2.0"
    changed["Metadata"]["ImageID"] = "sha256:" + "c" * 64
    result = changed["Results"][0]
    result["Target"] = "registry.example/shop/api:2.0 (debian 12.4)"
    for vuln in result["Vulnerabilities"]:
        vuln["InstalledVersion"] = "1.0-2"
        vuln["PkgIdentifier"]["PURL"] = vuln["PkgIdentifier"]["PURL"].replace("1.0-1", "1.0-2")
        vuln["Layer"]["Digest"] = "sha256:" + "d" * 64
    return changed


def moved(text):
    """The report of kube-linter, checkov or trivy with all lines moved, files renamed, severities changed."""
    text = re.sub(r'("(?:StartLine|EndLine|Number|startLine|endLine)": ?)(\d+)', lambda m: m[1] + str(int(m[2]) + 7), text)
    text = re.sub(r'"Severity": ?"(?:LOW|MEDIUM|HIGH)"', '"Severity": "CRITICAL"', text)
    return re.sub(r"(\d{3}_[\w.-]+)\.yaml", r"moved/\1-renamed.yaml", text)


def new_issues(folder, name, before, after, wanted, what):
    store = folder / f"{name}.db"
    first, second = folder / f"{name}-before.json", folder / f"{name}-after.json"
    first.write_text(before if isinstance(before, str) else json.dumps(before))
    second.write_text(after if isinstance(after, str) else json.dumps(after))
    load(store, first)
    summary = load(store, second, now="2026-11-21T13:00:00Z")
    check(summary["issues_created"] == wanted, f"{what}: {summary['issues_created']} new issues instead of {wanted}")


def stability(folder, files):
    new_issues(folder, "rebuilt", VULN_REPORT, rebuild(VULN_REPORT), 0, "an image is rebuilt")
    rescored = copy.deepcopy(VULN_REPORT)
    for vuln in rescored["Results"][0]["Vulnerabilities"]:
        vuln["Severity"] = "LOW"
    new_issues(folder, "rescored", VULN_REPORT, rescored, 0, "severities are rescored")
    changed = rebuild(VULN_REPORT)
    changed["Results"][0]["Vulnerabilities"][3]["VulnerabilityID"] = "CVE-2024-999"
    new_issues(folder, "real", VULN_REPORT, changed, 1, "a vulnerability is new")
    for file in files:
        if file.name not in ("trivy.json", "checkov.json", "kube-linter.json", "kube-linter.sarif"):
            continue
        text = file.read_text()
        # What a tool says of a file alone has the file as its subject: renamed, it is another one
        # (docs/roadmap.md, drift pairing).
        about_files = {f["issue"] for f in raw(file) if not f["resource"]["kind"] and "package" not in f}
        new_issues(folder, f"moved-{file.name}", text, moved(text), len(about_files),
                   f"{file.name}: lines and files move")
    linter = next(f for f in files if f.name == "kube-linter.json")
    document = json.loads(linter.read_text())
    document["Reports"][0]["Object"]["K8sObject"]["Name"] = "another-object"
    new_issues(folder, "object", linter.read_text(), document, 1, "one more object is found")


def main():
    reports = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "build" / "data" / "same-corpus"
    if not reports.is_dir():
        print(f"SKIPPED: {reports} is absent, properties of triage were not tested")
        return 77
    files = sorted(reports.iterdir())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exported = order_and_splits(folder, files)
        conservation(files, exported)
        stability(folder, files)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


PROGRAM = sys.argv[1]
sys.exit(main())
