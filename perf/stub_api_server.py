#!/usr/bin/env python3
"""A stand-in for a Kubernetes API server, for benchmarks and tests: version, discovery, paged lists,
watches and faults, over plain HTTP on the loopback interface. It stores what it is given and checks
nothing.

    perf/stub_api_server.py --pods 10000 --deployments 50 --kubeconfig /tmp/kubeconfig
    perf/stub_api_server.py --objects objects.json --fault 'path=/apis/apps/v1/deployments status=403'

It prints one line, `listening http://127.0.0.1:PORT`, and serves until it is ended.

Generated pods (--pods) have about 10.45 KB of JSON each, two containers, managedFields and a status, as
a server's list has them; they are replicas of --deployments Deployments through one ReplicaSet each.
Pages of a size are made from a template as they are asked for.

Tests change the state by POST requests:

    /stub/put      body: an object; ADDED, or MODIFIED where it exists (by kind, namespace and name)
    /stub/delete   body: an object (apiVersion, kind, metadata.namespace, metadata.name)
    /stub/expire   every resource version known so far is too old: watches end with 410
    /stub/drop     closes every open connection
    /stub/fault    body: a fault as in --fault
    /stub/log      GET: the requests so far, one a line

A fault is `path=P status=N` and may have `message=M` (the rest of the line), `times=K` (default: always),
`skip=K` (the first K requests of that path pass), `retry_after=S`, `watch=1` (only watches; default:
only lists and gets), `torn=1` (half of the answer, then the connection is closed).
"""
import argparse
import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

# group, version, kind, plural, namespaced
RESOURCES = [
    ("", "v1", "Pod", "pods", True),
    ("", "v1", "Namespace", "namespaces", False),
    ("", "v1", "Node", "nodes", False),
    ("", "v1", "Service", "services", True),
    ("", "v1", "ServiceAccount", "serviceaccounts", True),
    ("", "v1", "ConfigMap", "configmaps", True),
    ("", "v1", "Secret", "secrets", True),
    ("", "v1", "PodTemplate", "podtemplates", True),
    ("", "v1", "ReplicationController", "replicationcontrollers", True),
    ("apps", "v1", "Deployment", "deployments", True),
    ("apps", "v1", "ReplicaSet", "replicasets", True),
    ("apps", "v1", "StatefulSet", "statefulsets", True),
    ("apps", "v1", "DaemonSet", "daemonsets", True),
    ("batch", "v1", "Job", "jobs", True),
    ("batch", "v1", "CronJob", "cronjobs", True),
    ("networking.k8s.io", "v1", "Ingress", "ingresses", True),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", True),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles", True),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", True),
    ("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", False),
    ("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", False),
]


def version_of(group, version):
    return f"{group}/{version}" if group else version


class Fault:
    def __init__(self, text):
        self.message = ""
        words = text.split("message=", 1)
        if len(words) == 2:
            self.message = words[1]
        fields = dict(word.split("=", 1) for word in words[0].split())
        self.path = fields["path"]
        self.status = int(fields.get("status", 200))
        self.times = int(fields.get("times", 1 << 30))
        self.skip = int(fields.get("skip", 0))
        self.retry_after = fields.get("retry_after", "")
        self.watch = fields.get("watch") == "1"
        self.torn = fields.get("torn") == "1"

    def hits(self, path, watch):
        if path != self.path or watch != self.watch:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times <= 0:
            return False
        self.times -= 1
        return True


class Pods:
    """Pods from a template, page by page."""

    MARK = "\x00"

    def __init__(self, count, deployments):
        self.count = count
        self.deployments = max(1, min(deployments, count))
        text = json.dumps(self.template(), separators=(",", ":"))
        self.parts = text.split("\\u0000")

    def owner(self, index):
        return index % self.deployments

    def uid(self, prefix, index):
        return f"{prefix:08x}-0000-4000-8000-{index:012x}"

    def values(self, index):
        """What differs from pod to pod, in the order of the marks."""
        suffix = "".join("bcdfghjklmnpqrstvwxz2456789"[(index * 7919 + k * 104729) // (27**k) % 27]
                         for k in range(5))
        owner = self.owner(index)
        address = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}"
        return {
            "NAME": f"shop-{owner}-7c9d8f6b5d-{suffix}", "OWNER": f"shop-{owner}",
            "SET": f"shop-{owner}-7c9d8f6b5d", "UID": self.uid(1, index),
            "SETUID": self.uid(2, owner), "RV": str(1000 + index), "IP": address,
            "NODE": f"node-{index % 500}", "TOKEN": suffix, "ID": f"{index:064x}",
            "NS": f"team-{owner % 20}",
        }

    def item(self, index):
        values = self.values(index)
        out = [self.parts[0]]
        for part in self.parts[1:]:
            name, rest = part.split("\x01", 1) if "\x01" in part else part.split("\\u0001", 1)
            out.append(values[name])
            out.append(rest)
        return "".join(out)

    def page(self, start, size):
        return ",".join(self.item(i) for i in range(start, min(start + size, self.count)))

    def mark(self, name):
        return f"\x00{name}\x01"

    def template(self):
        m = self.mark
        probe = {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
                 "initialDelaySeconds": 10, "timeoutSeconds": 1, "periodSeconds": 10,
                 "successThreshold": 1, "failureThreshold": 3}

        def container(name):
            return {
                "name": name, "image": f"registry.example.com/shop/{name}:2.14.3",
                "args": ["--listen=:8080", "--log-format=json", "--config=/etc/shop/config.yaml"],
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "env": [{"name": f"SETTING_{i}", "value": f"value-of-setting-{i}"} for i in range(8)]
                + [{"name": "POD_NAME", "valueFrom": {"fieldRef": {
                    "apiVersion": "v1", "fieldPath": "metadata.name"}}}],
                "resources": {"limits": {"cpu": "500m", "memory": "512Mi"},
                              "requests": {"cpu": "100m", "memory": "128Mi"}},
                "volumeMounts": [
                    {"name": "config", "readOnly": True, "mountPath": "/etc/shop"},
                    {"name": f"kube-api-access-{m('TOKEN')}", "readOnly": True,
                     "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
                "livenessProbe": probe, "readinessProbe": probe,
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
                "securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True,
                                    "allowPrivilegeEscalation": name == "api"},
            }

        def fields(name):
            return {"f:metadata": {"f:annotations": {".": {}, "f:prometheus.io/scrape": {}},
                                   "f:labels": {".": {}, "f:app": {}, "f:pod-template-hash": {},
                                                "f:team": {}}},
                    "f:spec": {"f:containers": {'k:{"name":"%s"}' % c: {
                        ".": {}, "f:args": {}, "f:env": {".": {}, **{
                            'k:{"name":"SETTING_%d"}' % i: {".": {}, "f:name": {}, "f:value": {}}
                            for i in range(8)}},
                        "f:image": {}, "f:imagePullPolicy": {},
                        "f:livenessProbe": {".": {}, "f:failureThreshold": {}, "f:httpGet": {
                            ".": {}, "f:path": {}, "f:port": {}, "f:scheme": {}},
                            "f:periodSeconds": {}, "f:successThreshold": {},
                            "f:initialDelaySeconds": {}, "f:timeoutSeconds": {}},
                        "f:readinessProbe": {".": {}, "f:failureThreshold": {}, "f:httpGet": {
                            ".": {}, "f:path": {}, "f:port": {}, "f:scheme": {}},
                            "f:periodSeconds": {}, "f:successThreshold": {},
                            "f:initialDelaySeconds": {}, "f:timeoutSeconds": {}},
                        "f:name": {}, "f:ports": {".": {}, 'k:{"containerPort":8080,"protocol":"TCP"}': {
                            ".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}}},
                        "f:resources": {".": {}, "f:limits": {".": {}, "f:cpu": {}, "f:memory": {}},
                                        "f:requests": {".": {}, "f:cpu": {}, "f:memory": {}}},
                        "f:securityContext": {".": {}, "f:allowPrivilegeEscalation": {}},
                        "f:terminationMessagePath": {}, "f:volumeMounts": {".": {}, name: {}},
                    } for c in ("api", "proxy")}, "f:dnsPolicy": {}, "f:restartPolicy": {},
                        "f:schedulerName": {}, "f:securityContext": {}, "f:volumes": {".": {}}}}

        def status(name):
            return {"name": name, "state": {"running": {"startedAt": "2026-11-20T08:00:09Z"}},
                    "lastState": {}, "ready": True, "restartCount": 0,
                    "image": f"registry.example.com/shop/{name}:2.14.3",
                    "imageID": f"registry.example.com/shop/{name}@sha256:" + "ab" * 32,
                    "containerID": "containerd://" + m("ID"), "started": True}

        return {
            "metadata": {
                "name": m("NAME"), "generateName": m("SET") + "-", "namespace": m("NS"),
                "uid": m("UID"), "resourceVersion": m("RV"),
                "creationTimestamp": "2026-11-20T08:00:00Z",
                "labels": {"app": m("OWNER"), "pod-template-hash": "7c9d8f6b5d", "team": m("NS")},
                "annotations": {"prometheus.io/scrape": "true",
                                "cni.projectcalico.org/containerID": m("ID"),
                                "cni.projectcalico.org/podIP": m("IP") + "/32"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": m("SET"),
                                     "uid": m("SETUID"), "controller": True,
                                     "blockOwnerDeletion": True}],
                "managedFields": [
                    {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
                     "time": "2026-11-20T08:00:00Z", "fieldsType": "FieldsV1",
                     "fieldsV1": fields("k:config")},
                    {"manager": "kubelet", "operation": "Update", "apiVersion": "v1",
                     "time": "2026-11-20T08:00:10Z", "fieldsType": "FieldsV1", "subresource": "status",
                     "fieldsV1": {"f:status": {"f:conditions": {
                         'k:{"type":"%s"}' % kind: {".": {}, "f:lastProbeTime": {},
                                                    "f:lastTransitionTime": {}, "f:status": {},
                                                    "f:type": {}}
                         for kind in ("ContainersReady", "Initialized", "PodReadyToStartContainers",
                                      "Ready")},
                         "f:containerStatuses": {}, "f:hostIP": {}, "f:hostIPs": {}, "f:phase": {},
                         "f:podIP": {}, "f:podIPs": {".": {}, "k:ip": {".": {}, "f:ip": {}}},
                         "f:startTime": {}}}}]},
            "spec": {
                "volumes": [
                    {"name": "config", "configMap": {"name": m("OWNER"), "defaultMode": 420}},
                    {"name": f"kube-api-access-{m('TOKEN')}", "projected": {"sources": [
                        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                        {"configMap": {"name": "kube-root-ca.crt",
                                       "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {
                            "apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}],
                        "defaultMode": 420}}],
                "containers": [container("api"), container("proxy")],
                "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
                "dnsPolicy": "ClusterFirst", "serviceAccountName": "default",
                "serviceAccount": "default", "nodeName": m("NODE"), "securityContext": {},
                "schedulerName": "default-scheduler",
                "tolerations": [{"key": f"node.kubernetes.io/{k}", "operator": "Exists",
                                 "effect": "NoExecute", "tolerationSeconds": 300}
                                for k in ("not-ready", "unreachable")],
                "priority": 0, "enableServiceLinks": True,
                "preemptionPolicy": "PreemptLowerPriority"},
            "status": {
                "phase": "Running",
                "conditions": [{"type": t, "status": "True", "lastProbeTime": None,
                                "lastTransitionTime": "2026-11-20T08:00:10Z"}
                               for t in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
                "hostIP": "192.168.1.7", "podIP": m("IP"), "podIPs": [{"ip": m("IP")}],
                "startTime": "2026-11-20T08:00:00Z",
                "containerStatuses": [status("api"), status("proxy")], "qosClass": "Burstable"},
        }

    def owners(self):
        """The Deployments and ReplicaSets of the pods, as stored objects."""
        for owner in range(self.deployments):
            pod = json.loads(self.item(owner))
            spec = pod["spec"]
            spec["volumes"] = spec["volumes"][:1]
            for each in spec["containers"]:
                each["volumeMounts"] = each["volumeMounts"][:1]
            for key in ("nodeName", "priority", "preemptionPolicy", "tolerations"):
                del spec[key]
            labels = pod["metadata"]["labels"]
            base = {"namespace": pod["metadata"]["namespace"], "labels": labels}
            template = {"metadata": {"labels": labels, "annotations": {"prometheus.io/scrape": "true"}},
                        "spec": spec}
            yield {"apiVersion": "apps/v1", "kind": "Deployment",
                   "metadata": {**base, "name": f"shop-{owner}", "uid": self.uid(3, owner)},
                   "spec": {"replicas": self.count // self.deployments, "template": template}}
            yield {"apiVersion": "apps/v1", "kind": "ReplicaSet",
                   "metadata": {**base, "name": f"shop-{owner}-7c9d8f6b5d", "uid": self.uid(2, owner),
                                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment",
                                                     "name": f"shop-{owner}", "uid": self.uid(3, owner),
                                                     "controller": True}]},
                   "spec": {"replicas": self.count // self.deployments, "template": template}}


class State:
    def __init__(self, options):
        self.lock = threading.Condition()
        self.version = options.first_version
        self.oldest = self.version
        self.objects = {}  # (group, plural) → {(namespace, name): object}
        self.events = []   # (version, group, plural, type, object)
        self.faults = [Fault(text) for text in options.fault]
        self.resources = list(RESOURCES)
        for text in options.resource:
            group, version, kind, plural, namespaced = text.split(",")
            self.resources.append((group, version, kind, plural, namespaced == "true"))
        self.broken_groups = options.broken_group
        self.minor = options.minor
        self.pods = Pods(options.pods, options.deployments) if options.pods else None
        self.requests = []
        self.page_max = options.page_max
        self.connections = set()
        for path in options.objects:
            with open(path) as file:
                document = json.load(file)
            for item in document["items"] if document.get("kind") == "List" else [document]:
                self.put(item)
        if self.pods:
            for item in self.pods.owners():
                self.put(item)

    def find(self, api_version, kind):
        for group, version, name, plural, namespaced in self.resources:
            if version_of(group, version) == api_version and name == kind:
                return group, plural, namespaced
        raise KeyError(f"{api_version} {kind}")

    def key(self, item):
        meta = item["metadata"]
        return meta.get("namespace", ""), meta["name"]

    def put(self, item):
        with self.lock:
            group, plural, _ = self.find(item["apiVersion"], item["kind"])
            stored = self.objects.setdefault((group, plural), {})
            self.version += 1
            meta = item.setdefault("metadata", {})
            known = stored.get(self.key(item))
            meta.setdefault("uid", known["metadata"]["uid"] if known else
                            f"00000000-0000-4000-9000-{self.version:012x}")
            meta["resourceVersion"] = str(self.version)
            stored[self.key(item)] = item
            self.events.append((self.version, group, plural, "MODIFIED" if known else "ADDED", item))
            self.lock.notify_all()

    def delete(self, item):
        with self.lock:
            group, plural, _ = self.find(item["apiVersion"], item["kind"])
            stored = self.objects.get((group, plural), {})
            known = stored.pop(self.key(item), None)
            if known is None:
                return
            self.version += 1
            gone = json.loads(json.dumps(known))
            gone["metadata"]["resourceVersion"] = str(self.version)
            self.events.append((self.version, group, plural, "DELETED", gone))
            self.lock.notify_all()

    def expire(self):
        with self.lock:
            self.version += 10
            self.oldest = self.version
            self.events.clear()
            self.lock.notify_all()

    def fault(self, path, watch):
        with self.lock:
            return next((fault for fault in self.faults if fault.hits(path, watch)), None)


def selects(selector, item):
    labels = item["metadata"].get("labels", {})
    for term in filter(None, selector.split(",")):
        key, _, value = term.replace("==", "=").partition("=")
        if labels.get(key) != value if value else key not in labels:
            return False
    return True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.state.connections.add(self.connection)

    def finish(self):
        self.state.connections.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, content="application/json", headers=()):
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, code, message, reason="", headers=()):
        reasons = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 410: "Expired",
                   429: "TooManyRequests", 500: "InternalError"}
        self.answer(json.dumps({"kind": "Status", "apiVersion": "v1", "metadata": {},
                                "status": "Failure", "message": message,
                                "reason": reason or reasons.get(code, "Unknown"), "code": code}),
                    code, headers=headers)

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode()
        path = urlparse(self.path).path
        if path == "/stub/put":
            self.state.put(json.loads(body))
        elif path == "/stub/delete":
            self.state.delete(json.loads(body))
        elif path == "/stub/expire":
            self.state.expire()
        elif path == "/stub/fault":
            with self.state.lock:
                self.state.faults.append(Fault(body))
        elif path == "/stub/drop":
            for connection in list(self.state.connections):
                if connection is not self.connection:
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
        else:
            return self.refuse(404, "the stub does not know this")
        self.answer("{}")

    def do_GET(self):
        try:
            self.get()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def get(self):
        url = urlparse(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        watch = query.get("watch") in ("1", "true")
        path = url.path
        if path == "/stub/log":
            return self.answer("\n".join(self.state.requests) + "\n", content="text/plain")
        self.state.requests.append(f"GET {self.path}")
        fault = self.state.fault(path, watch)
        if fault and not fault.torn and fault.status != 200:
            headers = [("Retry-After", fault.retry_after)] if fault.retry_after else []
            return self.refuse(fault.status, fault.message or f"the stub refuses {path}",
                               headers=headers)
        if path == "/version":
            return self.answer(json.dumps({"major": "1", "minor": str(self.state.minor),
                                           "gitVersion": f"v1.{self.state.minor}.0",
                                           "platform": "linux/amd64"}))
        if path in ("/api", "/apis"):
            return self.discover(path)
        self.resource(path.strip("/").split("/"), query, watch, fault)

    def discover(self, path):
        groups = {}
        for group, version, kind, plural, namespaced in self.state.resources:
            if (path == "/api") != (group == ""):
                continue
            groups.setdefault(group, {}).setdefault(version, []).append(
                {"resource": plural, "singularResource": kind.lower(),
                 "responseKind": {"group": group, "version": version, "kind": kind},
                 "scope": "Namespaced" if namespaced else "Cluster",
                 "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"]})
        items = []
        for group, versions in groups.items():
            items.append({"metadata": {"name": group} if group else {}, "versions": [
                {"version": version, "freshness": "Current", "resources": resources}
                for version, resources in versions.items()]})
        if path == "/apis":
            for name in self.state.broken_groups:
                group, version = name.split("/")
                items.append({"metadata": {"name": group}, "versions": [
                    {"version": version, "freshness": "Stale", "resources": []}]})
        self.answer(json.dumps({"kind": "APIGroupDiscoveryList",
                                "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
                                "items": items}),
                    content="application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")

    def resource(self, parts, query, watch, fault):
        group = "" if parts[0] == "api" else parts[1]
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        name_space = ""
        if len(rest) >= 3 and rest[0] == "namespaces":
            name_space, rest = rest[1], rest[2:]
        plural = rest[0] if rest else ""
        known = next((r for r in self.state.resources if r[0] == group and r[3] == plural), None)
        if known is None:
            return self.refuse(404, "the server could not find the requested resource")
        if watch:
            return self.watch(group, plural, name_space, query)
        if len(rest) > 1:
            with self.state.lock:
                item = self.state.objects.get((group, plural), {}).get((name_space, rest[1]))
            if item is None:
                return self.refuse(404, f'{plural} "{rest[1]}" not found')
            return self.answer(json.dumps(item))
        body = self.list(known, name_space, query)
        if body is None:
            return self.refuse(410, "The provided continue parameter is too old to display a "
                               "consistent list result.")
        if fault and fault.torn:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode()[:len(body) // 2])
            self.close_connection = True
            return None
        return self.answer(body)

    def list(self, known, name_space, query):
        group, version, kind, plural, _ = known
        limit = min(int(query.get("limit") or self.state.page_max), self.state.page_max)
        start = 0
        with self.state.lock:
            current = self.state.version
            if "continue" in query:
                at, start = (int(word) for word in query["continue"].split("-"))
                if at < self.state.oldest:
                    return None
                current = at
            stored = self.state.objects.get((group, plural), {})
            chosen = [item for key, item in sorted(stored.items())
                      if name_space in ("", key[0]) and selects(query.get("labelSelector", ""), item)]
        pods = self.state.pods if plural == "pods" else None
        total = len(chosen) + (pods.count if pods else 0)
        end = min(start + limit, total)
        texts = []
        if pods and start < pods.count:
            texts.append(pods.page(start, min(end, pods.count) - start))
        skip = pods.count if pods else 0
        for item in chosen[max(0, start - skip):max(0, end - skip)]:
            texts.append(json.dumps({k: v for k, v in item.items() if k not in ("apiVersion", "kind")}
                                    if group in ("", "apps", "batch") else item))
        meta = {"resourceVersion": str(current)}
        if end < total:
            meta["continue"] = f"{current}-{end}"
            meta["remainingItemCount"] = total - end
        head = json.dumps({"kind": kind + "List", "apiVersion": version_of(group, version),
                           "metadata": meta})
        return head[:-1] + ',"items":[' + ",".join(texts) + "]}\n"

    def chunk(self, document):
        data = (json.dumps(document) + "\n").encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def watch(self, group, plural, name_space, query):
        at = int(query.get("resourceVersion") or 0)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        selector = query.get("labelSelector", "")
        until = time.monotonic() + float(query.get("timeoutSeconds") or 300)
        while time.monotonic() < until:
            with self.state.lock:
                if at < self.state.oldest:
                    pending = None
                else:
                    pending = [event for event in self.state.events if event[0] > at
                               and event[1:3] == (group, plural)]
                    if not pending:
                        self.state.lock.wait(0.5)
                        if self.state.version > at and at >= self.state.oldest:
                            pending = [event for event in self.state.events if event[0] > at
                                       and event[1:3] == (group, plural)]
            if pending is None:
                self.chunk({"type": "ERROR", "object": {
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                    "message": f"too old resource version: {at}", "reason": "Expired", "code": 410}})
                break
            for version, _, _, kind, item in pending:
                at = version
                if name_space in ("", item["metadata"].get("namespace", "")) and selects(selector, item):
                    self.chunk({"type": kind, "object": item})
        self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pods", type=int, default=0)
    parser.add_argument("--deployments", type=int, default=50)
    parser.add_argument("--objects", action="append", default=[], help="a List, or one object, as JSON")
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--resource", action="append", default=[],
                        help="group,version,Kind,plural,namespaced")
    parser.add_argument("--broken-group", action="append", default=[], help="group/version")
    parser.add_argument("--minor", type=int, default=33)
    parser.add_argument("--page-max", type=int, default=500)
    parser.add_argument("--first-version", type=int, default=100)
    parser.add_argument("--kubeconfig", help="write a kubeconfig with the context `stub` here")
    options = parser.parse_args()
    Handler.state = State(options)
    server = Server(("127.0.0.1", options.port), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    if options.kubeconfig:
        with open(options.kubeconfig, "w") as file:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "stub",
                       "clusters": [{"name": "stub", "cluster": {"server": url}}],
                       "users": [{"name": "stub", "user": {}}],
                       "contexts": [{"name": "stub", "context": {"cluster": "stub", "user": "stub"}}]},
                      file)
    print(f"listening {url}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
