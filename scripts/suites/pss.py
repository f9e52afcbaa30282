"""pss: the verdict of a whole Pod Security Standards level for one Kubernetes version."""
import collections
import json
import pathlib
import subprocess
import tempfile


def scan(ouro, folder, level, version):
    done = subprocess.run([ouro, "scan", folder, "--profile", f"pss-{level}", "--kubernetes-version",
                           version.lstrip("v"), "--format", "json", "--fail-on", "never"],
                          capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"cases: pss: ouro scan ends with {done.returncode}: "
                         f"{done.stderr.decode(errors='replace')[:500]}")
    return json.loads(done.stdout)


def run(name, rows, ouro):
    runs = collections.defaultdict(list)
    for index, row in enumerate(rows):
        runs[(row["level"], row["version"])].append(index)
    verdicts = {}
    for (level, version), indexes in sorted(runs.items()):
        with tempfile.TemporaryDirectory() as folder:
            for index in indexes:
                text = json.dumps(rows[index]["input"])
                (pathlib.Path(folder) / f"{index:06}.json").write_text(text)
            report = scan(ouro, folder, level, version)
            found = collections.defaultdict(set)
            for finding in report["findings"]:
                stem = pathlib.Path(finding["location"]["file"]).stem
                found[int(stem)].add(f"{finding['check']} {finding['status']}")
            for problem in report["problems"]:
                if not problem.get("warning") and problem.get("file"):
                    found[int(pathlib.Path(problem["file"]).stem)].add(f"problem: {problem['message']}")
            for index in indexes:
                verdicts[index] = sorted(found[index])
    for index, row in enumerate(rows):
        got = "fail" if verdicts[index] else "pass"
        agrees = got == row["expect"] and not any("problem" in v or v.endswith("error")
                                                  for v in verdicts[index])
        wanted = next((r.get("checks") for r in row["ref"] if r["level"] == row["level"]), None)
        yield name, f"{row['level']}/{row['version']}/{row['source']}", agrees, \
            f"{got} {verdicts[index]} instead of {row['expect']} {wanted}"
