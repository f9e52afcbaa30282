#!/usr/bin/env python3
"""Properties of `ouro scan` over the real corpus, with generated inputs.

Injection     setting one bad leaf in a workload yields exactly that check's finding, at that place
Sameness      YAML, JSON, List, other key order, comments, other file names: same findings, same ids
Conservation  every file and object is examined, excluded or a problem, and the sums agree

    tests/properties/run.py OURO [CORPUS]

Exit code 77 (skipped, said loudly) when the corpus is absent.
"""
import copy
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import emit  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATES = {
    "Pod": (), "Deployment": ("spec", "template"), "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"), "ReplicaSet": ("spec", "template"), "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
# Concept → (path below the pod spec, bad value). One leaf each.
INJECTIONS = {
    "host-pid": (("hostPID",), True),
    "host-ipc": (("hostIPC",), True),
    "host-network": (("hostNetwork",), True),
    "privileged": (("containers", 0, "securityContext", "privileged"), True),
    "privilege-escalation": (("containers", 0, "securityContext", "allowPrivilegeEscalation"), True),
    "cap-sys-admin": (("containers", 0, "securityContext", "capabilities", "add"), ["SYS_ADMIN"]),
    "cap-sys-module": (("containers", 0, "securityContext", "capabilities", "add"), ["SYS_MODULE"]),
    "cap-dangerous": (("containers", 0, "securityContext", "capabilities", "add"), ["SYS_PTRACE"]),
    "seccomp-unconfined": (("containers", 0, "securityContext", "seccompProfile", "type"), "Unconfined"),
    "apparmor-unconfined": (("containers", 0, "securityContext", "appArmorProfile", "type"),
                            "Unconfined"),
    "windows-host-process": (("containers", 0, "securityContext", "windowsOptions", "hostProcess"), True),
    "proc-mount": (("containers", 0, "securityContext", "procMount"), "Unmasked"),
}
# A finding that says "the leaf is missing" gives way to the one that says "the leaf is wrong".
REPLACES = {"seccomp-unconfined": "seccomp-missing", "apparmor-unconfined": "apparmor-missing"}


def scan(ouro, folder, *options):
    done = subprocess.run([ouro, "scan", str(folder), "--format", "json", "--fail-on", "never",
                           "--no-gitignore", *options], capture_output=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"ouro scan {folder} ends with {done.returncode}: {done.stderr.decode()[:500]}")
    return json.loads(done.stdout)


def by_file(report, key):
    """File name → {key(finding): finding} of open findings."""
    found = {}
    for finding in report["findings"]:
        if finding["status"] != "open":
            continue
        name = pathlib.Path(finding["location"]["file"]).name
        found.setdefault(name, {})[key(finding)] = finding
    return found


def by_id(finding):
    return finding["id"]


def by_place(finding):
    """For objects of different names, whose identities differ: check, container and field."""
    return finding["check"], finding["resource"].get("container"), finding["location"]["json_path"]


def renamed(workload, name):
    """A copy of that name, so that no two generated files are about the same object (findings with
    equal identity are folded into one)."""
    changed = dict(workload)
    metadata = workload.get("metadata")
    changed["metadata"] = {**(metadata if isinstance(metadata, dict) else {}), "name": name}
    return changed


def read_documents(ouro, paths):
    """(file, document) for every document of the corpus that ouro reads."""
    requests = "".join(json.dumps({"yaml": path.read_text(errors="replace")}) + "\n" for path in paths)
    done = subprocess.run([ouro, "document", "--batch"], input=requests.encode(), capture_output=True,
                          check=True)
    for path, line in zip(paths, done.stdout.decode().splitlines()):
        for document in json.loads(line).get("documents", []):
            yield path, document


def is_object(value):
    return isinstance(value, dict) and isinstance(value.get("apiVersion"), str) \
        and isinstance(value.get("kind"), str)


def pod_spec_path(workload):
    """Path to the pod spec of a plain workload with at least one container, or None."""
    if workload["kind"] not in TEMPLATES:
        return None
    path = TEMPLATES[workload["kind"]] + ("spec",)
    node = workload
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(node.get("containers"), list):
        return None
    return path if node["containers"] and isinstance(node["containers"][0], dict) else None


def with_leaf(workload, path, value):
    """A copy with the leaf set, or None where the path runs through something else than maps."""
    changed = copy.deepcopy(workload)
    node = changed
    for index, key in enumerate(path[:-1]):
        if isinstance(key, int):
            node = node[key]
            continue
        child = node.get(key)
        if child is None:
            child = node[key] = {}
        if not isinstance(child, list if isinstance(path[index + 1], int) else dict):
            return None
        node = child
    if path[-1] in node:
        return None  # the leaf is written already: setting it would not be one injection
    node[path[-1]] = value
    return changed


def test_injection(ouro, workloads, folder):
    """Writes each workload and its injected copies side by side and compares their findings."""
    cases = []
    for number, workload in enumerate(workloads):
        spec = pod_spec_path(workload)
        text, _ = emit.yaml_text(renamed(workload, f"w{number}-clean"))
        (folder / f"{number:05}-clean.yaml").write_text(text)
        for concept, (leaf, value) in INJECTIONS.items():
            changed = with_leaf(workload, spec + leaf, value)
            if changed is None:
                continue
            text, places = emit.yaml_text(renamed(changed, f"w{number}-{concept}"))
            name = f"{number:05}-{concept}.yaml"
            (folder / name).write_text(text)
            cases.append((number, concept, name, places[spec + leaf]))
    found = by_file(scan(ouro, folder), by_place)
    passed, faults, seen = 0, [], set()
    for number, concept, name, place in cases:
        before = found.get(f"{number:05}-clean.yaml", {})
        after = found.get(name, {})
        added = [after[i] for i in after.keys() - before.keys()]
        removed = [before[i]["concept"] for i in before.keys() - after.keys()]
        if REPLACES.get(concept) in removed:
            removed.remove(REPLACES[concept])  # what was said of the absent leaf before
        if not added and concept in {f["concept"] for f in before.values()}:
            # The absent leaf was a finding already (allowPrivilegeEscalation, say): same identity.
            passed += 1
            seen.add(concept)
            continue
        concepts = [f["concept"] for f in added]
        location = added[0]["location"] if added else {}
        at = location.get("line") in range(place[0], place[0] + 2)
        if concepts == [concept] and not removed and at:
            passed += 1
            seen.add(concept)
        else:
            faults.append(f"injection {name}: added {concepts}, removed {removed}, "
                          f"line {location.get('line')} instead of {place[0]}")
    missing = set(INJECTIONS) - seen
    if missing:
        faults.append(f"injection: never seen: {sorted(missing)}")
    return passed, faults


def variants(workload):
    """Name → text of the same object written in other ways."""
    plain, _ = emit.yaml_text(workload)
    remarks, _ = emit.yaml_text(workload, comments=True)
    reordered, _ = emit.yaml_text(emit.reverse_keys(workload))
    wrapped, _ = emit.yaml_text({"apiVersion": "v1", "kind": "List", "items": [workload]})
    return {
        "plain.yaml": plain,
        "remarks.yaml": "# first\n---\n# second\n" + remarks + "...\n",
        "reordered.yaml": reordered,
        "list.yaml": wrapped,
        "compact.json": json.dumps(workload),
        "indented.json": json.dumps(workload, indent=4),
        "windows.yaml": plain.replace("\n", "\r\n"),
        "other-name.yml": plain,
    }


def test_sameness(ouro, objects, folder):
    wanted = {}
    for number, value in enumerate(objects):
        for name, text in variants(value).items():
            (folder / name.split(".")[0]).mkdir(exist_ok=True)
            path = folder / name.split(".")[0] / f"{number:05}.{name.split('.')[1]}"
            path.write_bytes(text.encode())
    passed, faults = 0, []
    for name in variants({"apiVersion": "v1", "kind": "Pod"}):
        kind = name.split(".")[0]
        found = {pathlib.Path(file).stem: findings
                 for file, findings in by_file(scan(ouro, folder / kind), by_id).items()}
        if not wanted:
            wanted = found
        for number in range(len(objects)):
            stem = f"{number:05}"
            ids, others = set(found.get(stem, {})), set(wanted.get(stem, {}))
            if ids == others:
                passed += 1
            else:
                differing = [wanted.get(stem, {}).get(i) or found.get(stem, {}).get(i) for i in ids ^ others]
                faults.append(f"sameness: {kind}/{stem} differs from plain: "
                              f"{[(f['check'], f['location']['json_path']) for f in differing][:3]}")
    return passed, faults


def test_conservation(ouro, corpus):
    report = scan(ouro, corpus)
    summary = report["summary"]
    files = sum(1 for path in corpus.rglob("*") if path.is_file())
    faults = []
    sums = [
        ("files", files, summary["files"]),
        ("files by outcome", summary["files"],
         sum(summary[f"files_{k}"] for k in ("examined", "excluded", "failed", "skipped"))),
        ("objects by outcome", summary["objects"],
         sum(summary[f"objects_{k}"] for k in ("examined", "excluded", "failed"))),
        ("open findings", sum(1 for f in report["findings"] if f["status"] == "open"),
         sum(summary["open"].values())),
        ("not examined", sum(1 for p in report["problems"] if not p.get("warning")),
         summary["not_examined"]),
    ]
    for name, wanted, got in sums:
        if wanted != got:
            faults.append(f"conservation: {name}: {got} instead of {wanted}")
    return len(sums) - len(faults), faults


def main():
    ouro = pathlib.Path(sys.argv[1]).resolve()
    corpus = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "build" / "data" / "corpus")
    if not (corpus / "manifests").is_dir():
        print(f"SKIPPED: {corpus}/manifests is absent, no property was tested")
        return 77
    paths = sorted(p for p in (corpus / "manifests").rglob("*") if p.is_file()
                   and p.suffix in (".yaml", ".yml", ".json") and p.stat().st_size < 200_000)
    objects = [value for _, value in read_documents(ouro, paths) if is_object(value)]
    workloads = [value for value in objects if pod_spec_path(value)]
    print(f"{len(paths)} files, {len(objects)} objects, {len(workloads)} workloads")
    passed, faults = 0, []
    steps = [
        (test_injection, (workloads,)),
        (test_sameness, (workloads[::2] + [o for o in objects if "Role" in o["kind"]][:200],)),
    ]
    for test, arguments in steps:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="ouro-properties-"))
        try:
            count, found = test(ouro, *arguments, folder)
        finally:
            shutil.rmtree(folder)
        print(f"{test.__name__[5:]}: {count} hold, {len(found)} do not", flush=True)
        passed, faults = passed + count, faults + found
    count, found = test_conservation(ouro, corpus)
    print(f"conservation: {count} hold, {len(found)} do not")
    passed, faults = passed + count, faults + found
    print("\n".join(faults[:40]))
    print(f"{passed} passed, {len(faults)} failed")
    return 1 if faults or passed == 0 else 0


sys.exit(main())
