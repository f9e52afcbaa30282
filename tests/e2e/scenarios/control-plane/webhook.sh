# The real API server asks `ouro serve --admission`: refusals, warnings, updates, dry runs, replicas,
# ephemeral containers, audit annotations, a replaced certificate, and what happens when ouro is gone.
. "$E2E_PRELUDE"
space=e2e-webhook
server=
clear() {
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
  "$KUBECTL" delete --ignore-not-found validatingwebhookconfiguration/ouro-e2e >/dev/null
  remove_namespaces
}
namespace $space
trap clear EXIT
"$OURO" serve certificate --out pki --names IP:127.0.0.1

start() {  # start ARGS…
  rm -f serve.log
  "$OURO" serve --admission --no-config --listen 127.0.0.1:${port:-0} --certificate pki/tls.crt \
    --key pki/tls.key "$@" 2>serve.log &
  server=$!
  eventually 10 grep -q "listening address=.*threads" serve.log
  port=$(sed -n 's/.*listening address=127.0.0.1:\([0-9]*\).*/\1/p' serve.log)
}
stop() {
  kill "$server"
  wait "$server" || fail "the service ended with $?"
  server=
}
# Only this scenario's namespace is asked about: others use the same API server.
configure() {  # configure LEVEL
  "$OURO" serve manifest --no-config --as webhook --url "https://127.0.0.1:$port" --ca pki/ca.crt \
    --level "$1" --only privileged |
    sed -e 's/^  name: ouro$/  name: ouro-e2e/' \
      -e "s/^    matchExpressions:\$/&\n    - {key: kubernetes.io\/metadata.name, operator: In, values: [$space]}/" \
      >webhook.yaml
  "$KUBECTL" apply -f webhook.yaml >/dev/null
}
pod() {  # pod NAME PRIVILEGED [LABEL]
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: $space, labels: {a: "${3:-1}"}}
spec:
  containers:
  - {name: app, image: ouro.local/busybox:1, securityContext: {privileged: $2}}
YAML
}
deployment() {  # deployment NAME PRIVILEGED REPLICAS
  cat <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1, namespace: $space}
spec:
  replicas: $3
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      containers:
      - {name: app, image: ouro.local/busybox:1, securityContext: {privileged: $2}}
YAML
}
create() { "$KUBECTL" create -f - >out 2>err; }
# What the server says of a privileged pod.
refused() {
  pod probe true | "$KUBECTL" create --dry-run=server -f - >answer 2>&1 || true
  grep -q "$1" answer || { cat answer; return 1; }
}

# Ask only about warnings first: a privileged pod and a privileged Deployment get in, and say why.
start --only privileged --fail-on never
configure observe
eventually 10 refused 'Warning: OURO-K8S-0001 (critical)'
pod old true | create || fail "a pod was refused that was only to be warned about"
expect 'Warning: OURO-K8S-0001 (critical): container app runs privileged; Pod e2e-webhook/old' err
deployment fleet true 1 | create || fail "a Deployment was refused that was only to be warned about"
eventually 30 bash -c "$KUBECTL get pods -n $space -l app=fleet -o name | grep -q ."
stop

# From now on it blocks.
start --only privileged
configure block
eventually 10 refused 'denied the request'
! pod bad true | create || fail "a privileged pod was created"
expect 'Error from server (Forbidden)' err
expect 'admission webhook "admission.ouro.dev" denied the request: CREATE of Pod e2e-webhook/bad is refused' err
expect 'OURO-K8S-0001 (critical): container app runs privileged' err
expect 'spec.containers[0].securityContext.privileged' err
expect 'fix: set spec.containers[0].securityContext.privileged to false' err
! pod bad true | "$KUBECTL" create --dry-run=server -f - 2>err || fail "a dry run was let through"
expect 'denied the request' err
! "$KUBECTL" get pod bad -n $space 2>/dev/null || fail "the refused pod is there"
pod good false | create || fail "a good pod was refused"
! grep -q "Warning: OURO-" err || fail "a good pod was warned about: $(cat err)"
! deployment bad true 1 | create || fail "a privileged Deployment was created"
expect 'spec.template.spec.containers[0].securityContext.privileged' err

# What was there before may be changed elsewhere, not made worse.
"$KUBECTL" label pod old -n $space a=2 --overwrite >out 2>err || fail "the old pod cannot be labelled"
expect 'Warning: not new: OURO-K8S-0001' err
"$KUBECTL" scale deployment fleet -n $space --replicas=2 >out 2>err || fail "the old Deployment cannot be scaled"
"$KUBECTL" get pod good -n $space -o json >good.json
python3 - <<'PY'
import json
pod = json.load(open("good.json"))
pod["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "ouro.local/busybox:1",
                                       "securityContext": {"privileged": True}}]
json.dump(pod, open("debug.json", "w"))
PY
! "$KUBECTL" replace --raw /api/v1/namespaces/$space/pods/good/ephemeralcontainers -f debug.json >out 2>err ||
  fail "a privileged ephemeral container got in"
expect 'container debug runs privileged' err

# Replicas: the controller's pod is refused, and says whose it is.
eventually 60 bash -c "$KUBECTL get events -n $space -o jsonpath='{.items[*].message}' | grep -q 'of Deployment fleet is refused'"
deployment fine false 2 | create || fail "a good Deployment was refused"
eventually 30 bash -c "[ \$($KUBECTL get pods -n $space -l app=fine -o name | wc -l) = 2 ]"
"$KUBECTL" delete deployment fleet -n $space --wait=false >/dev/null || fail "a bad Deployment cannot be deleted"

# The audit log says what was decided, and which findings.
verdicts() {
  python3 - "$E2E_AUDIT" <<'PY'
import json, re, sys
seen = {}
for line in open(sys.argv[1]):
    event = json.loads(line)
    notes = event.get("annotations", {})
    if event.get("objectRef", {}).get("namespace") == "e2e-webhook" and "admission.ouro.dev/verdict" in notes:
        name = (event["objectRef"]["resource"], event["objectRef"].get("name"), event["verb"])
        seen[name] = (notes["admission.ouro.dev/verdict"], notes.get("admission.ouro.dev/findings", ""))
assert seen[("pods", "good", "create")] == ("clean", ""), seen
assert seen[("pods", "old", "create")][0] == "observed", seen
verdict, findings = seen[("pods", "bad", "create")]
assert verdict == "blocked" and re.fullmatch("[0-9a-f]{32}", findings), seen
PY
}
eventually 20 verdicts

# A certificate that is replaced while serving.
"$OURO" serve certificate --out pki --names IP:127.0.0.1 >/dev/null
eventually 10 bash -c '[ "$(grep -c "certificate ready" serve.log)" = 2 ]'
pod renewed false | create || fail "refused after the certificate was replaced: $(cat err)"
refused 'denied the request' || fail "not asked after the certificate was replaced"
stop

# ouro is gone: `block` refuses what it cannot ask about, `observe` lets everything through.
! pod unasked false | create || fail "a pod was created that nobody could ask about"
expect 'failed calling webhook "admission.ouro.dev"' err
configure observe
eventually 10 refused 'pod/probe created'
pod unasked true | create || fail "a pod was held up although nobody could be asked: $(cat err)"

# And it is asked again when it is back.
start --only privileged
configure block
eventually 20 refused 'denied the request: '
stop
