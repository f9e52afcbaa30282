"""reports: real reports of other tools with the counts and fields that another importer asserts.

`reports/counts` holds the tools that ouro says it reads, `reports/fields` their asserted fields,
`reports/other` the counts of all other tools of the folder. Fields are asserted in another program's
words; FIELDS says which field of ours each one is. What that program composes itself (a title with
package and version, a description in Markdown) is compared as a text that must hold the facts.
"""
import collections
import json
import re
import subprocess

NEEDS_FOLDER = True

# Tools of the folder that are not among those that ouro promises to read.
OTHERS = set("""acunetix brakeman burp cargo_audit checkmarx checkmarx_one chkrootkit deepfence_threatmapper
dsop generic ggshield horusec legitify n0s1 neuvector neuvector_compliance noseyparker npm_audit openvas popeye
rkhunter rusty_hog secretlint sonarqube sslyze stackhawk sysdig_cli sysdig_reports talisman terrascan tfsec
twistlock veracode wazuh xeol""".split())

SEVERITIES = {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low", "info": "Info"}
# How the assertion is not about the report: dates and objects of the other program.
NOT_FACTS = {"date", "publish_date", "sla_age", "url", "verified", "duplicate", "severity_justification",
             "unsaved_files[0]", "len(unsaved_files)", "scanner_confidence", "component_name_hash"}


# Folder → importer, for reports that hold nothing by which they could be recognised.
TOOLS = {"anchorectl_policies": "anchore-policies", "aws_prowler": "prowler", "aws_prowler_v3plus": "prowler",
         "github_sast": "github-code", "github_secrets_detection_report": "github-secrets"}


def read(ouro, path, tool=""):
    done = subprocess.run([ouro, "import", "--dry-run", "--no-dedupe", "--format", "json", path,
                           *(["--tool", tool] if tool else [])], capture_output=True, check=False, timeout=120)
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        try:
            problems = json.loads(done.stdout)["problems"]
            lines = [p["message"] for p in problems if not p["warning"]] or lines
        except (json.JSONDecodeError, KeyError):
            pass
        return None, lines[0]
    return json.loads(done.stdout)["findings"], ""


def first(values):
    return values[0] if values else None


def value_of(finding, field):
    """Our value for a field of theirs; a list of values of which any may agree."""
    origin = finding.get("origin", {})
    vuln = finding.get("vuln", {})
    package = finding.get("package", {})
    place = finding.get("location", {})
    vectors = [c.get("vector", "") for c in vuln.get("cvss", [])]
    scores = [c["score"] for c in vuln.get("cvss", [])
              if "score" in c and c.get("vector", "CVSS:3").startswith("CVSS:3")]
    rule = finding["check"].partition(":")[2] or finding["check"]
    # The other program calls the rule of a misconfiguration a vulnerability, too.
    ids = [vuln["id"], *vuln["aliases"]] if vuln.get("id") else [i for i in (rule, origin.get("uid")) if i]
    resource = finding["resource"]
    owner = f"{resource.get('kind')}/{resource['name']}"
    owners = [resource["name"], owner, f"{owner}/{resource.get('container')}",
              f"{resource.get('namespace')} / {resource.get('kind')} / {resource['name']}"]
    image = finding.get("image", {}).get("reference", "")
    state = origin.get("state", "")
    closed = finding["status"] == "suppressed"
    dynamic = finding["class"] in ("probe", "runtime")
    index = re.fullmatch(r"vulnerability_ids\[(\d+)\]", field)
    if index:
        return ids
    table = {
        "severity": [SEVERITIES[finding["severity"]]],
        "title": [finding["title"]],
        "description": [origin.get("description", "") + "\n" + finding["message"]],
        "impact": [origin.get("impact", "")],
        "mitigation": [finding.get("remediation", "")],
        "references": ["\n".join(finding["references"]), *finding["references"]],
        "file_path": [place.get("file", ""), package.get("path", ""), package.get("name", ""), image],
        "line": [place.get("line", 0)],
        "cwe": origin.get("cwes", []) or [0],
        "unsaved_cwes": [origin.get("cwes", [])],
        "cvssv3": [v for v in vectors if v.startswith("CVSS:3")] or [""],
        "cvssv4": [v for v in vectors if v.startswith("CVSS:4")] or [""],
        "cvssv3_score": scores or [None],
        "component_name": [package.get("name", ""), package.get("purl", ""), *owners],
        "component_version": [package.get("version", "")],
        "vuln_id_from_tool": [rule, vuln.get("id", ""), origin.get("uid", ""), *ids],
        "vulnerability_ids": [ids],
        "len(vulnerability_ids)": [len(ids), len(ids[:1])],
        "vulnerability_id": ids,
        "tags": [origin.get("tags", [])],
        "unique_id_from_tool": [origin.get("uid", "")],
        "nb_occurences": [origin.get("occurrences", 1), finding["count"]],
        "dynamic_finding": [dynamic],
        "static_finding": [not dynamic],
        "active": [not closed],
        "false_p": [state == "false_positive"],
        "is_mitigated": [state == "fixed", closed],
        "risk_accepted": [state == "risk_accepted"],
        "out_of_scope": [state == "out_of_scope"],
        "fix_available": [bool(vuln.get("fixed_in"))],
        "fix_version": [vuln.get("fixed_in", "")],
        "service": [origin.get("service", ""), *owners],
        "epss_score": [vuln.get("epss")],
        "epss_percentile": [vuln.get("epss_percentile")],
        "len(unsaved_locations)": [1 + len(finding.get("other_locations", []))],
        "unsaved_locations[0].data[file_path]": [place.get("file", ""), package.get("path", "")],
        "unsaved_locations[0].data[line]": [place.get("line", 0)],
        "sast_source_line": [place.get("line", 0), *[p.get("line") for p in finding.get("other_locations", [])]],
        "sast_source_file_path": [place.get("file", ""), *[p["file"] for p in finding.get("other_locations", [])]],
    }
    table["sast_sink_line"] = table["sast_source_line"]
    table["sast_sink_file_path"] = table["sast_source_file_path"]
    return table.get(field)


def squeeze(text):
    return re.sub(r"[\s*`_#>\\|:-]+", " ", str(text)).strip().lower()


def words_of(text):
    return {w for w in re.findall(r"[A-Za-z0-9][A-Za-z0-9.@/_+-]*[A-Za-z0-9]|[A-Za-z0-9]", str(text)) if len(w) > 2}


def everything(finding):
    return squeeze(json.dumps(finding, ensure_ascii=False))


def agrees_text(finding, ours, wanted):
    """A text that the other importer composed: equal, part of ours, or each of its words is known here.

    Labels that it adds ("**Region:** global") are its own; what stands behind them must be known.
    """
    wanted = re.sub(r"\*\*[^*\n]+\*\*:?", " ", wanted) if "**" in wanted else wanted
    if not wanted.strip(" :\n"):
        return True
    if any(str(o) == wanted or (wanted and squeeze(wanted) in squeeze(o)) for o in ours):
        return True
    known = everything(finding)
    words = words_of(wanted)
    held = sum(1 for w in words if squeeze(w) in known)
    return bool(words) and held >= 0.9 * len(words)


def canonical(rule):
    """One spelling of a rule of Trivy: AVD-KSV-0014, KSV014 → KSV-0014."""
    match = re.fullmatch(r"(?:AVD-)?([A-Z]{2,4})-?(\d{3,4})", str(rule))
    return f"{match[1]}-{int(match[2]):04}" if match else str(rule)


def same_path(ours, wanted):
    """One way of writing separators; an image with its distribution behind it is that image."""
    ours, wanted = (text.replace("\\", "/").lstrip("/").removeprefix("./") for text in (ours, wanted))
    return ours == wanted or (ours and re.fullmatch(re.escape(ours) + r" \(.*\)", wanted) is not None)


def agrees(finding, check):
    field, wanted = check["field"], check["value"]
    ours = value_of(finding, field)
    if ours is None:
        return None
    if field in ("title", "description", "mitigation", "impact", "references") and wanted is not None:
        return agrees_text(finding, ours, str(wanted))
    if check["op"] == "contains":
        return any(wanted in o if isinstance(o, (list, str)) else False for o in ours)
    if wanted is None and "vulnerability_id" in field:
        return True  # our rule ids are no claim about vulnerabilities
    if field.startswith("vulnerability_ids"):
        wanted = [canonical(w) for w in (wanted if isinstance(wanted, list) else [wanted])]
        held = set(map(canonical, (o for o in ours for o in (o if isinstance(o, list) else [o]))))
        return set(wanted) <= held
    if wanted in (None, "", 0, [], False):
        return any(not o for o in ours)
    if field == "unsaved_cwes":
        wanted = [str(w).removeprefix("CWE-") for w in wanted]
    if isinstance(wanted, list):
        return any(isinstance(o, list) and set(map(str, wanted)) <= set(map(str, o)) for o in ours)
    if isinstance(wanted, float) or field.endswith("score"):
        return any(o is not None and abs(float(o) - float(wanted)) < 1e-9 for o in ours)
    if field == "line":
        return any(int(o or 0) == int(wanted) for o in ours)
    if field == "file_path":
        return any(same_path(str(o), str(wanted)) for o in ours)
    if field in ("cwe", "unsaved_cwes"):
        return any(str(o) == str(wanted).removeprefix("CWE-") for o in ours)
    if field == "vuln_id_from_tool":
        return any(o and str(wanted).split(":")[-1] == str(o).split(":")[-1] for o in ours)
    if field == "severity" and wanted == "Informational":
        wanted = "Info"
    return any(str(o) == str(wanted) for o in ours)


def pick(findings, index, checks):
    """The finding that the checks are about: that of the index, unless another one agrees better."""
    order = ([findings[index]] if index < len(findings) else []) + findings
    best, best_count = None, -1
    for finding in order[:3000]:
        count = sum(1 for c in checks if agrees(finding, c))
        if count > best_count:
            best, best_count = finding, count
        if count == len(checks):
            break
    return best


def run_row(row, findings, other):
    case = f"{row['tool']}/{row['file']}/{row['test'].split('.')[-1]}"
    wanted = row.get("expected_findings")
    if wanted is not None:
        yield ("reports/other" if other else "reports/counts"), case, len(findings) == wanted, \
            f"{len(findings)} findings instead of {wanted}"
    if other:
        return
    tallies = collections.Counter(SEVERITIES[f["severity"]] for f in findings)
    for name, count in (row.get("tallies") or {}).items():
        got = tallies[name.partition("=")[2]]
        yield "reports/fields", f"{case} {name}", got == count, f"{got} instead of {count}"
    groups = collections.defaultdict(list)
    for check in row.get("expected") or []:
        if check["field"] not in NOT_FACTS and not check["field"].startswith(("unsaved_req_resp", "len(unsaved_req")):
            groups[check["index"]].append(check)
    for index, checks in groups.items():
        finding = pick(findings, index, checks) if findings else None
        for check in checks:
            result = agrees(finding, check) if finding else False
            if result is None:
                continue
            ours = value_of(finding, check["field"]) if finding else None
            yield "reports/fields", f"{case} [{index}] {check['field']}", result, \
                f"{str(ours)[:150]} instead of {str(check['value'])[:150]}"


def run(name, rows, ouro, folder):
    for row in rows:
        path = folder / row["tool"] / row["file"]
        other = row["tool"] in OTHERS
        findings, error = read(ouro, str(path))
        # An empty list says nothing of its tool: whoever imports it must.
        if findings is None and row.get("expected_findings") == 0 and "no known report format" in error:
            findings, error = read(ouro, str(path), TOOLS.get(row["tool"], row["tool"]))
        # Where no finding is expected, an importer that refuses an empty report is of the same mind.
        if findings is None and row.get("expected_findings") == 0 and "empty" in error:
            findings = []
        if findings is None:
            yield ("reports/other" if other else "reports/counts"), \
                f"{row['tool']}/{row['file']}/{row['test'].split('.')[-1]}", \
                row.get("expected_findings") is None, f"refused: {error}"
            continue
        yield from run_row(row, findings, other)
