"""dedupe and lifecycle: reports imported one after the other, and what must be new, known or gone.

The other importer's products are applications here (`--app`), its tests are scopes; an import closes only
with close_old_findings, a reimport unless that is false.
"""
import json
import pathlib
import subprocess
import tempfile

NEEDS_FOLDER = True


class Store:
    def __init__(self, ouro, folder):
        self.ouro, self.file = ouro, str(pathlib.Path(folder) / "store.db")

    def run(self, *words):
        done = subprocess.run([self.ouro, *words, "--store", self.file, "--no-config"], capture_output=True,
                              check=False, timeout=120)
        return done, done.stderr.decode(errors="replace").strip().split("\n")[0]

    def load(self, path, *options):
        done, error = self.run("import", str(path), "--format", "json", *options)
        if done.returncode != 0:
            return None, error
        answer = json.loads(done.stdout)
        counts = dict(answer["summary"])
        counts["findings"] = sum(report["findings"] for report in answer["reports"])
        return counts, ""

    def findings(self):
        done, error = self.run("findings", "list", "--findings", "--all", "--format", "json")
        if done.returncode != 0:
            raise SystemExit(f"cases: findings list: {error}")
        return json.loads(done.stdout)["findings"]


def apart(scenario):
    return "different_products" in scenario or "dedupe_on_engagements" in scenario


def dedupe_row(row, ouro, folder):
    files = row["files"] if len(row["files"]) > 1 or "single_import" in row["scenario"] else row["files"] * 2
    with tempfile.TemporaryDirectory() as work:
        store = Store(ouro, work)
        duplicates = []
        for number, file in enumerate(files):
            options = ["--target", f"run {number}"]
            options += ["--app", f"application {number}"] if apart(row["scenario"]) else []
            counts, error = store.load(folder / file, *options)
            if counts is None:
                return False, f"{file}: {error}"
            duplicates.append(counts["findings"] - counts["created"])
    wanted = row["expected_duplicates"]
    # Two runs of one product are counted together, otherwise the last import alone.
    together = row["scenario"] == "test_same_product_different_engagements_duplicates"
    got = sum(duplicates) if together else duplicates[-1]
    if got != wanted:
        return False, f"{got} duplicates instead of {wanted}"
    first = row["first_import_duplicates"]
    if first and duplicates[0] != first:
        return False, f"{duplicates[0]} duplicates in the first import instead of {first}"
    return True, ""


def is_unknown(value):
    return isinstance(value, str) and value.startswith("?")


def import_options(step):
    args = step["args"]
    options = ["--target", args.get("scan_type") or "ZAP Scan"]
    if args.get("service"):
        options += ["--app", args["service"]]
    if args.get("minimum_severity") not in (None, "Info"):
        options += ["--minimum-severity", args["minimum_severity"].lower()]
    closes = args.get("close_old_findings", step["op"] == "reimport")
    return options + (["--close-old"] if closes else [])


def differences(step, counts):
    known = counts["unchanged"] + counts["updated"] + counts["folded"]
    ours = {"created": counts["created"], "closed": counts["closed"], "reactivated": counts["reopened"],
            "untouched": known, "affected_findings": counts["created"] + counts["closed"] + counts["reopened"]}
    for key, wanted in step["expect"].items():
        if key in ours and not is_unknown(wanted) and ours[key] != wanted:
            yield f"{step['op']} {step['file']}: {key} {ours[key]} instead of {wanted}"


def count(step, findings):
    """How many findings the condition holds for; None: a condition that has no meaning here."""
    kept = findings
    for key, value in step["where"].items():
        if key == "active":
            kept = [f for f in kept if f["open"] == value]
        elif key == "is_mitigated":
            kept = [f for f in kept if (not f["open"] or f["status"] == "suppressed") == value]
        else:
            return None
    return len(kept)


def lifecycle_row(row, ouro, folder):
    found = []
    with tempfile.TemporaryDirectory() as work:
        store = Store(ouro, work)
        for step in row["steps"]:
            if step["op"] == "count":
                got = count(step, store.findings())
                if got is not None and not is_unknown(step["expect"]) and got != step["expect"]:
                    found.append(f"{got} findings instead of {step['expect']} where {step['where']}")
                continue
            counts, error = store.load(folder / step["file"], *import_options(step))
            if counts is None:
                return False, f"{step['file']}: {error}"
            found += differences(step, counts)
    return not found, "; ".join(found)


def run(name, rows, ouro, folder):
    for row in rows:
        if "steps" in row:
            agrees, difference = lifecycle_row(row, ouro, folder)
            yield "reports/lifecycle", row["test"], agrees, difference
        else:
            agrees, difference = dedupe_row(row, ouro, folder)
            yield "reports/dedupe", row["test"], agrees, difference
