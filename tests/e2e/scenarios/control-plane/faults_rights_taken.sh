# Rights that are taken away in the middle of a watch: what can no longer be seen is named, and the end of the
# watch does not look as if all were well.
. "$E2E_PRELUDE"
namespace e2e-rights
kubectl=("$KUBECTL" -n e2e-rights)
"${kubectl[@]}" create role reader --verb=get,list,watch --resource='*.*' >/dev/null
"${kubectl[@]}" create rolebinding reader --role=reader --user=alice >/dev/null

"$OURO" cluster --kubeconfig "$E2E_KUBECONFIGS/alice.yaml" --namespace e2e-rights --watch --format ndjson \
  --only OURO-K8S-0001 >out 2>err &
watch=$!
watching() { grep -q '"event":"watching"' out; }
eventually 30 watching
"${kubectl[@]}" delete rolebinding reader >/dev/null
# A watch that is open is not checked again; the next one is.
"$E2E_CONTROL" restart kube-apiserver
named() { grep -F forbidden out err | grep -q pods; }
eventually 60 named
if kill -INT "$watch" 2>/dev/null; then :; fi
code=0
wait "$watch" || code=$?
[ $code -ne 1 ] || fail "exit code 1 without a finding"
python3 - <<'PY'
import json
told = [json.loads(line) for line in open("out")]
last = told[-1]
assert last["event"] == "ended", last
assert last["verdict"] != "clean" and last["not_examined"] > 0, last
assert any("forbidden" in problem for problem in last["problems"]), last
PY
