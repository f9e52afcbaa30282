"""Asks the API server about the examples of all checks: exported_policies.py MINOR POLICIES NAMESPACE.

Each object is created with dryRun=All. The warnings of the exported policies must name the checks that
`ouro scan` finds in the object's file, with the same messages. Objects that the server itself refuses
are counted, never compared.
"""
import base64
import collections
import http.client
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time

MINOR, POLICIES, NAMESPACE = sys.argv[1:4]
RESOURCES = {
    "Pod": ("/api/v1", "pods"), "PodTemplate": ("/api/v1", "podtemplates"),
    "ReplicationController": ("/api/v1", "replicationcontrollers"),
    "Deployment": ("/apis/apps/v1", "deployments"), "DaemonSet": ("/apis/apps/v1", "daemonsets"),
    "StatefulSet": ("/apis/apps/v1", "statefulsets"), "ReplicaSet": ("/apis/apps/v1", "replicasets"),
    "Job": ("/apis/batch/v1", "jobs"), "CronJob": ("/apis/batch/v1", "cronjobs"),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ClusterRole": ("/apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
}
WARNING = re.compile(r"Validation failed for ValidatingAdmissionPolicy '(ouro-[^']*)' "
                     r"with binding '[^']*': (.*)", re.S)


def connect():
    text = subprocess.run([os.environ["KUBECTL"], "config", "view", "--raw", "--minify", "-o", "json"],
                          check=True, capture_output=True, text=True).stdout
    config = json.loads(text)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode() \
        if "certificate-authority-data" in cluster else open(cluster["certificate-authority"]).read()
    context = ssl.create_default_context(cadata=authority)
    host = cluster["server"].removeprefix("https://")
    return http.client.HTTPSConnection(host, context=context), user["token"]


def templates():
    """Objects with something wrong, or nothing, in every kind that holds pods."""
    privileged = {"name": "app", "image": "registry.example/app:1", "ports": [{"containerPort": 80}],
                  "securityContext": {"privileged": True, "capabilities": {"add": ["NET_ADMIN"]}}}
    plain = {"name": "app", "image": "registry.example/app:1"}
    pods = [
        {"containers": [privileged, {**privileged, "name": "two"}]},
        {"containers": [plain], "initContainers": [{**privileged, "name": "init"}]},
        {"containers": [plain], "hostPID": True, "hostNetwork": True, "hostIPC": True},
        {"containers": [plain], "volumes": [{"name": "sock", "hostPath": {"path": "/run/docker.sock"}},
                                            {"name": "etc", "hostPath": {"path": "/etc//kubernetes"}},
                                            {"name": "line", "hostPath": {"path": "/a\nb"}}]},
        {"containers": [{**plain, "livenessProbe": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}},
                         "ports": [{"containerPort": 80, "hostPort": 80}],
                         "securityContext": {"runAsUser": 0, "seLinuxOptions": {"type": "x", "user": "u"},
                                             "seccompProfile": {"type": "Unconfined"}}}]},
        {"containers": [{**plain, "securityContext": {
            "allowPrivilegeEscalation": False, "runAsNonRoot": True, "runAsUser": 1000,
            "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}]},
        {"containers": [plain], "securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}],
                                                    "windowsOptions": {"hostProcess": False}}},
    ]
    for spec in pods:
        for kind, (prefix, _) in RESOURCES.items():
            version = prefix.removeprefix("/apis/").removeprefix("/api/")
            template = {"metadata": {"labels": {"app": "a"}}, "spec": json.loads(json.dumps(spec))}
            selector = {"matchLabels": {"app": "a"}}
            body = {
                "Pod": {"spec": spec}, "PodTemplate": {"template": template},
                "ReplicationController": {"spec": {"template": template, "selector": {"app": "a"}}},
                "Deployment": {"spec": {"template": template, "selector": selector}},
                "DaemonSet": {"spec": {"template": template, "selector": selector}},
                "ReplicaSet": {"spec": {"template": template, "selector": selector}},
                "StatefulSet": {"spec": {"template": template, "selector": selector, "serviceName": "s"}},
                "Job": {"spec": {"template": template}},
                "CronJob": {"spec": {"schedule": "* * * * *",
                                     "jobTemplate": {"spec": {"template": template}}}},
            }.get(kind)
            if body is None:
                continue
            if kind in ("Job", "CronJob"):
                template["spec"]["restartPolicy"] = "Never"
            yield {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, **body}


def roles():
    group = "rbac.authorization.k8s.io"
    for kind in ("Role", "ClusterRole"):
        for groups, resources, verbs in [
                (["*"], ["*"], ["*"]), ([""], ["secrets", "pods"], ["get", "create"]),
                ([""], ["pods/exec", "nodes/proxy", "serviceaccounts/token"], ["create", "get"]),
                ([group], ["roles", "rolebindings"], ["bind", "escalate", "create"]),
                (["certificates.k8s.io"], ["certificatesigningrequests/approval"], ["update"]),
                ([""], ["users", "groups"], ["impersonate"]), ([""], ["events"], ["list"])]:
            yield {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "a"},
                   "rules": [{"apiGroups": groups, "resources": resources, "verbs": verbs}]}
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        for name, subject in [("cluster-admin", ("User", "alice")), ("view", ("User", "system:anonymous")),
                              ("view", ("Group", "system:masters")),
                              ("view", ("Group", "system:authenticated")), ("view", ("User", "bob"))]:
            yield {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "a"},
                   "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
                   "subjects": [{"apiGroup": group, "kind": subject[0], "name": subject[1]}]}


def scan(objects, folder):
    """Check id → messages, for each object."""
    for number, thing in enumerate(objects):
        with open(os.path.join(folder, f"{number:04}.json"), "w") as out:
            json.dump(thing, out)
    report = json.loads(subprocess.run(
        [os.environ["OURO"], "scan", folder, "--no-config", "--profile", "all", "--fail-on", "never",
         "--kubernetes-version", f"1.{MINOR}", "--format", "json"],
        check=True, capture_output=True, text=True).stdout)
    found = [collections.defaultdict(list) for _ in objects]
    for finding in report["findings"]:
        number = int(os.path.basename(finding["location"]["file"]).split(".")[0])
        found[number][finding["check"]].append(finding["message"])
    return found


def unquote(text):
    return re.sub(r"\\(.)", r"\1", text)


def create(connection, token, thing):
    prefix, plural = RESOURCES[thing["kind"]]
    scope = "" if thing["kind"].startswith("Cluster") else f"/namespaces/{NAMESPACE}"
    connection.request("POST", f"{prefix}{scope}/{plural}?dryRun=All", json.dumps(thing),
                       {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    warnings = [unquote(m.group(1)) for header in answer.headers.get_all("Warning") or []
                for m in re.finditer(r'299 - "((?:[^"\\]|\\.)*)"', header)]
    return answer.status, json.loads(body), warnings


def said_by_server(warnings, exported):
    said = collections.defaultdict(list)
    for match in filter(None, map(WARNING.fullmatch, warnings)):
        if match.group(1) in exported:
            said[exported[match.group(1)]].append(match.group(2))
    return {check: sorted(part.strip() for text in texts for part in text.split("; "))
            for check, texts in said.items()}


def compare(connection, token, thing, found, exported):
    """Differing checks as (check, wanted, got), or None where the server refuses the object.

    Each policy begins to work at its own moment after it was written, on a slow machine some seconds
    after the others, so what differs is asked again until it has differed for a while.
    """
    end = time.monotonic() + 30
    while True:
        status, body, warnings = create(connection, token, thing)
        if status not in (200, 201):
            print("refused by the server:", thing["kind"], body.get("message", "")[:150])
            return None
        got = said_by_server(warnings, exported)
        wanted = {check: sorted(message.replace("\n", " ").strip() for message in found.get(check, []))
                  for check in exported.values()}
        different = [(check, texts, got.get(check, [])) for check, texts in wanted.items()
                     if texts != got.get(check, [])]
        if not different or time.monotonic() > end:
            return different
        time.sleep(0.5)


def main():
    exported = dict(re.findall(r"^  name: (ouro-\S+)\n(?:.*\n)*?    ouro.dev/check: (\S+)",
                               open(POLICIES).read(), re.M))
    objects = [*templates(), *roles()]
    connection, token = connect()
    compared = refused = different = 0
    # One folder an object: equal findings of several files would be folded into one.
    for thing in objects:
        with tempfile.TemporaryDirectory() as folder:
            found = scan([thing], folder)[0]
        differences = compare(connection, token, thing, found, exported)
        if differences is None:
            refused += 1
            continue
        compared += len(exported)
        different += len(differences)
        for check, wanted, got in differences:
            print("DIFFERENT", check, thing["kind"], json.dumps(thing)[:300])
            print("  scan:  ", wanted)
            print("  server:", got)
    print(f"{compared} verdicts on {len(objects) - refused} objects compared, {different} different, "
          f"{refused} objects refused by the server")
    return 1 if different or refused * 4 > len(objects) else 0


sys.exit(main())
