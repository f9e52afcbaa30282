# A watch outlives its server: stopped and started again, killed, and away for so long that what happened
# meanwhile is no longer in its memory. What changed in the dark is told afterwards; nothing is told twice.
. "$E2E_PRELUDE"
namespace e2e-watch
pod() {
  "$KUBECTL" create -f - >/dev/null <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: e2e-watch}
spec:
  containers:
  - {name: app, image: ouro.local/busybox:1, securityContext: {privileged: true}}
YAML
}
# seen EVENT POD: how many lines tell this of the pod's privileged container.
seen() { python3 - "$@" <<'PY'
import json, sys
event, name = sys.argv[1:]
count = 0
for line in open("out"):
    try:
        told = json.loads(line)
    except ValueError:
        continue
    finding = told.get("finding", told)
    if (told.get("event") == event and finding.get("check") == "OURO-K8S-0001"
            and finding["resource"]["name"] == name):
        count += 1
print(count)
PY
}
told() { [ "$(seen "$1" "$2")" = 1 ]; }
running() { kill -0 "$watch" 2>/dev/null; }

"$OURO" cluster --namespace e2e-watch --watch --format ndjson --only OURO-K8S-0001 >out 2>err &
watch=$!
sleep 3
pod first
eventually 5 told new first

# Stopped; something changes before the watch is back.
"$E2E_CONTROL" restart kube-apiserver
pod second
running || { cat err; fail "the watch ended with its server"; }
eventually 30 told new second
told new first || fail "the first pod was told $(seen new first) times"

# Killed, and changes of others move the server's memory past the watch's place.
"$E2E_CONTROL" kill kube-apiserver
"$E2E_CONTROL" start kube-apiserver
"$KUBECTL" delete pod first -n e2e-watch --wait=false >/dev/null
pod third
eventually 30 told new third
eventually 30 told gone first
told new second || fail "the second pod was told $(seen new second) times"

kill -INT "$watch"
code=0
wait "$watch" || code=$?
[ $code -eq 1 ] || { cat err; fail "exit code $code after an interrupt, with findings"; }
