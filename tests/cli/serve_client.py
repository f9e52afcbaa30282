"""A client of the admission webhook for the serve scenarios."""
import http.client
import json
import ssl


def connect(port, name="localhost", ca="pki/ca.crt", certificate=None, timeout=30):
    context = ssl.create_default_context(cafile=ca)
    if certificate:
        context.load_cert_chain(*certificate)
    return http.client.HTTPSConnection(name, int(port), context=context, timeout=timeout)


def pod(privileged=True, name="web", **metadata):
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", **metadata},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000,
                                "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "app", "image": "registry.example/app@sha256:" + "0" * 64,
                "securityContext": {
                    "privileged": privileged, "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}}]}}


def review(obj, operation="CREATE", old=None, version="v1", **request):
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    return {"apiVersion": "admission.k8s.io/" + version, "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "namespace": "shop",
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": operation,
        "userInfo": {"username": "alice"}, "object": obj, "oldObject": old, **request}}


def send(connection, body, path="/validate?timeout=5s", **headers):
    """(status, answer): the answer is parsed where it is JSON."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
    return receive(connection)


def get(connection, path, method="GET"):
    connection.request(method, path)
    return receive(connection)


def receive(connection):
    response = connection.getresponse()
    body = response.read().decode()
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    return response.status, json.loads(body) if is_json else body


def metric(connection, name):
    """The value of a sample, by its full name with labels."""
    text = get(connection, "/metrics")[1]
    return next(float(line.split()[-1]) for line in text.splitlines()
                if line.rsplit(" ", 1)[0] == name)
