# `ouro cluster` against a real API server: replicas fold into their workload with the id of its
# manifest, what may not be listed is named, a dump gives the same findings.
. "$E2E_PRELUDE"
namespace e2e-cluster-scan

cat >web.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: e2e-cluster-scan, labels: {app: web}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: api, image: ouro.local/busybox:1, securityContext: {privileged: true}}]
YAML
"$KUBECTL" apply -f web.yaml >/dev/null
cat >tick.yaml <<'YAML'
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick, namespace: e2e-cluster-scan}
spec:
  schedule: "0 0 1 1 *"
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, hostPID: true, containers: [{name: c, image: ouro.local/busybox:1}]}
YAML
"$KUBECTL" apply -f tick.yaml >/dev/null
"$KUBECTL" -n e2e-cluster-scan create job --from=cronjob/tick tick-now >/dev/null
four_pods() { [ "$("$KUBECTL" get pods -n e2e-cluster-scan -o name | wc -l)" -eq 4 ]; }
eventually 60 four_pods

scan() { "$OURO" cluster --no-config -n e2e-cluster-scan --only OURO-K8S-0001,OURO-K8S-0002 "$@"; }
ids() { python3 -c 'import json,sys; print(sorted(f["id"] for f in json.load(open(sys.argv[1]))["findings"]))' "$1"; }
code=0
scan --format json >live.json || code=$?
[ "$code" -eq 1 ] || fail "exit code $code instead of 1"
python3 - live.json <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
found = sorted((f["resource"]["kind"], f["resource"]["name"], f["count"]) for f in report["findings"])
assert found == [("CronJob", "tick", 3), ("Deployment", "web", 5)], found
assert report["summary"]["not_examined"] == 0, report["problems"]
assert report["run"]["kubernetes_version"] == "1.33", report["run"]
PY
"$OURO" scan --no-config web.yaml tick.yaml --only OURO-K8S-0001,OURO-K8S-0002 --format json >files.json || true
[ "$(ids live.json)" = "$(ids files.json)" ] || fail "live ids differ from those of the manifests"

# Rights: who may list only pods sees the pods, and is told of everything else.
code=0
scan --kubeconfig "$E2E_KUBECONFIGS/pods-only.yaml" --incomplete block >out || code=$?
[ "$code" -eq 1 ] || fail "exit code $code instead of 1"
expect 'ReplicaSet e2e-cluster-scan/web-' out
expect 'deployments.apps is forbidden: User "pods-only" cannot list resource "deployments"' out
code=0
scan --kubeconfig "$E2E_KUBECONFIGS/alice.yaml" --incomplete block >out || code=$?
[ "$code" -eq 3 ] || fail "exit code $code instead of 3"
expect 'not examined' out
code=0
scan --kubeconfig "$E2E_KUBECONFIGS/nobody.yaml" >out 2>err || code=$?
[ "$code" -eq 2 ] || fail "exit code $code instead of 2"
expect 401 err
for user in certificate files; do
  scan --kubeconfig "$E2E_KUBECONFIGS/$user.yaml" --fail-on never >/dev/null || fail "$user cannot scan"
done

# The recorded twin, and what kubectl prints.
scan --dump state >out
expect 'recorded in state' out
"$OURO" cluster --no-config state --only OURO-K8S-0001,OURO-K8S-0002 --format json >dump.json || true
[ "$(ids dump.json)" = "$(ids live.json)" ] || fail "the dump gives other findings"
"$KUBECTL" get deployments,replicasets,cronjobs,jobs,pods -n e2e-cluster-scan -o json |
  "$OURO" cluster --no-config - --only OURO-K8S-0001,OURO-K8S-0002 --format json >kubectl.json || true
[ "$(ids kubectl.json)" = "$(ids live.json)" ] || fail "kubectl's list gives other findings"

# A debug container is told under the workload.
pod=$("$KUBECTL" get pods -n e2e-cluster-scan -l app=web -o jsonpath='{.items[0].metadata.name}')
"$KUBECTL" get pod -n e2e-cluster-scan "$pod" -o json >pod.json
python3 - pod.json >patched.json <<'PY'
import json, sys
pod = json.load(open(sys.argv[1]))
pod["spec"]["ephemeralContainers"] = [{"name": "debugger", "image": "ouro.local/busybox:1",
                                       "securityContext": {"privileged": True}}]
print(json.dumps(pod))
PY
"$KUBECTL" replace --raw "/api/v1/namespaces/e2e-cluster-scan/pods/$pod/ephemeralcontainers" -f patched.json >/dev/null
scan >out || true
expect "container debugger runs privileged (only in Pod $pod, not in the Deployment itself)" out
