# What the cluster*.test scenarios share: a stand-in for an API server (perf/stub_api_server.py) and
# objects for it. `. "$(dirname "${BASH_SOURCE[0]}")/cluster_stub.sh"`
STUB=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../perf" && pwd)/stub_api_server.py
stub_pid=
unset KUBECONFIG HTTPS_PROXY HTTP_PROXY https_proxy http_proxy

# start_stub ARGS…: serves objects.json; kubeconfig and $URL lead to it.
start_stub() {
  : >stub.log
  python3 "$STUB" --objects objects.json --kubeconfig kubeconfig "$@" >stub.log 2>stub.err &
  stub_pid=$!
  trap 'stop_stub' EXIT
  eventually grep -q listening stub.log
  URL=$(sed 's/listening //' stub.log)
}
stop_stub() {
  [ -z "$stub_pid" ] || { kill "$stub_pid" 2>/dev/null; wait "$stub_pid" 2>/dev/null; } || true
  stub_pid=
}
post() { curl -sS --noproxy '*' -o /dev/null --data "${2:-}" "$URL/stub/$1"; }

# eventually COMMAND…: waits up to ten seconds until the command succeeds.
eventually() {
  local tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || { echo "never: $*"; tail -n 5 watch.out watch.err 2>/dev/null; exit 1; }
    sleep 0.05
  done
}

# live ARGS…: ouro cluster against the stub, without a configuration of this machine.
live() { run cluster --kubeconfig kubeconfig --no-config "$@"; }

# watch_live ARGS…: the same with --watch, in the background.
watch_live() {
  "$OURO" cluster --kubeconfig kubeconfig --no-config --watch "$@" >watch.out 2>watch.err &
  watch_pid=$!
}
end_watch() {
  kill -INT "$watch_pid"
  code=0
  wait "$watch_pid" || code=$?
  cp watch.out "$OUT"
  cp watch.err "$ERR"
}
watched() { eventually grep -qF -- "$1" watch.out; }

# pod NAME PRIVILEGED [REPLICASET], workload KIND NAME PRIVILEGED [OWNER-KIND OWNER] [REPLICAS]: one object.
owner() {
  [ -z "${2:-}" ] || printf '"ownerReferences":[{"apiVersion":"apps/v1","kind":"%s","name":"%s","uid":"u-%s","controller":true}],' \
    "$1" "$2" "$2"
}
containers() {
  printf '{"containers":[{"name":"api","image":"x","securityContext":{"privileged":%s}}]}' "$1"
}
pod() {
  printf '{"apiVersion":"v1","kind":"Pod","metadata":{%s"name":"%s","namespace":"shop","uid":"u-%s","labels":{"app":"%s"}},"spec":%s}' \
    "$(owner ReplicaSet "${3:-}")" "$1" "$1" "${3:-$1}" "$(containers "$2")"
}
workload() {
  printf '{"apiVersion":"apps/v1","kind":"%s","metadata":{%s"name":"%s","namespace":"shop","uid":"u-%s"},"spec":{"replicas":%s,"template":{"spec":%s}}}' \
    "$1" "$(owner "${4:-}" "${5:-}")" "$2" "$2" "${6:-2}" "$(containers "$3")"
}
namespace_shop='{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}'
# list OBJECT…: a List of them.
list() { local IFS=,; printf '{"kind":"List","apiVersion":"v1","items":[%s]}' "$*"; }
# A Deployment with its ReplicaSet, two pods, and a pod on its own; all privileged.
shop() {
  list "$namespace_shop" "$(workload Deployment web true)" \
    "$(workload ReplicaSet web-5d true Deployment web)" "$(pod web-5d-a true web-5d)" \
    "$(pod web-5d-b true web-5d)" "$(pod lone true)"
}
