# `ouro cluster --watch` against a real API server: changes within a second, a restarted server, new
# grants, the end by an interrupt.
. "$E2E_PRELUDE"
namespace e2e-cluster-watch

pod() {  # pod NAME PRIVILEGED
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: e2e-cluster-watch}
spec:
  automountServiceAccountToken: true
  serviceAccountName: default
  containers: [{name: app, image: ouro.local/busybox:1, securityContext: {privileged: $2}}]
YAML
}
"$OURO" cluster --no-config --watch -n e2e-cluster-watch --only OURO-K8S-0001,OURO-K8S-0047 >out 2>err &
watch=$!
finish() {
  kill -KILL "$watch" 2>/dev/null || true
  "$KUBECTL" delete clusterrolebinding e2e-cluster-watch --ignore-not-found >/dev/null
  remove_namespaces
}
trap finish EXIT
eventually 30 grep -q 'objects' out
sleep 0.5
pod bad true | "$KUBECTL" create -f - >/dev/null 2>&1
before=$(date +%s%N)
eventually 5 grep -q 'new .*Pod e2e-cluster-watch/bad' out
took=$((($(date +%s%N) - before) / 1000000))
[ "$took" -lt 1000 ] || fail "a new finding took $took ms"
"$KUBECTL" delete pod bad -n e2e-cluster-watch --now >/dev/null
eventually 10 grep -q 'gone .*Pod e2e-cluster-watch/bad' out

# Grants that come and go.
pod good false | "$KUBECTL" create -f - >/dev/null 2>&1
"$KUBECTL" create clusterrolebinding e2e-cluster-watch --clusterrole=cluster-admin \
  --serviceaccount=e2e-cluster-watch:default >/dev/null
eventually 10 grep -q 'new .*OURO-K8S-0047 .*Pod e2e-cluster-watch/good' out
"$KUBECTL" delete clusterrolebinding e2e-cluster-watch >/dev/null
eventually 10 grep -q 'gone .*OURO-K8S-0047 .*Pod e2e-cluster-watch/good' out

# The server goes away and comes back.
"$E2E_CONTROL" restart kube-apiserver
eventually 60 "$KUBECTL" get namespace e2e-cluster-watch
pod later true | "$KUBECTL" create -f - >/dev/null 2>&1
eventually 30 grep -q 'new .*Pod e2e-cluster-watch/later' out
[ "$(grep -c 'cannot be reached' err)" -le 1 ] || fail "an outage was told more than once"

kill -INT "$watch"
code=0
wait "$watch" || code=$?
[ "$code" -eq 1 ] || fail "exit code $code instead of 1"
tail -n 1 out >last
expect 'blocked: 1 finding' last
