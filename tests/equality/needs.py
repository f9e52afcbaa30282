#!/usr/bin/env python3
"""Prints what a cluster must hold before the objects of some files can be created there, as a List for
`kubectl create -f`: namespaces, service accounts, priority classes and runtime classes.

usage: needs.py OURO [FILE…]     file names may also come on standard input, one a line
"""
import base64
import json
import re
import subprocess
import sys

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
BUILT_IN_CLASSES = {"system-node-critical", "system-cluster-critical"}
BUILT_IN_NAMESPACES = {"default", "kube-system", "kube-public", "kube-node-lease"}
# Without a namespace of their own; of kinds that are not listed a namespace too many does no harm.
CLUSTER_SCOPED = {"Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}


def documents(ouro, files):
    """Every document of the files, as JSON values; what cannot be read gives nothing."""
    lines = []
    for name in files:
        with open(name, "rb") as file:
            lines.append(json.dumps({"yaml_b64": base64.b64encode(file.read()).decode()}))
    done = subprocess.run([ouro, "document", "--batch"], input="\n".join(lines) + "\n",
                          capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        yield from json.loads(line).get("documents") or []


def objects(value):
    if not isinstance(value, dict):
        return
    if isinstance(value.get("items"), list) and str(value.get("kind", "")).endswith("List"):
        for item in value["items"]:
            yield from objects(item)
    elif value.get("kind") and value.get("apiVersion"):
        yield value


def text(value):
    return value if isinstance(value, str) and NAME.fullmatch(value) else None


def collect(ouro, files):
    namespaces, accounts, priorities, runtimes = set(), set(), set(), set()
    for document in documents(ouro, files):
        for item in objects(document):
            metadata = item.get("metadata") if isinstance(item.get("metadata"), dict) else {}
            space = text(metadata.get("namespace"))
            if space and item["kind"] not in CLUSTER_SCOPED:
                namespaces.add(space)
            spec = item.get("spec")
            if item["kind"] != "Pod" or not isinstance(spec, dict):
                continue
            account = text(spec.get("serviceAccountName") or spec.get("serviceAccount"))
            if account:
                accounts.add((space or "default", account))
            if text(spec.get("priorityClassName")):
                priorities.add(spec["priorityClassName"])
            if text(spec.get("runtimeClassName")):
                runtimes.add(spec["runtimeClassName"])
    return namespaces, accounts, priorities, runtimes


def main():
    ouro, files = sys.argv[1], sys.argv[2:]
    if not files:
        files = sys.stdin.read().splitlines()
    namespaces, accounts, priorities, runtimes = collect(ouro, files)
    items = []
    for name in sorted(namespaces - BUILT_IN_NAMESPACES):
        items.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for space, name in sorted(accounts):
        if name != "default":
            items.append({"apiVersion": "v1", "kind": "ServiceAccount",
                          "metadata": {"name": name, "namespace": space}})
    for name in sorted(priorities - BUILT_IN_CLASSES):
        items.append({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                      "metadata": {"name": name}, "value": 1000})
    for name in sorted(runtimes):
        items.append({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass",
                      "metadata": {"name": name}, "handler": "runc"})
    json.dump({"apiVersion": "v1", "kind": "List", "items": items}, sys.stdout)


if __name__ == "__main__":
    main()
