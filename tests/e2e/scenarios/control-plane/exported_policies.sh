#!/usr/bin/env bash
# Every exportable check as a ValidatingAdmissionPolicy of the real API server: all are accepted, none
# gets a type-checking warning, and each says of every object what `ouro scan` says of its file, in
# the same words. Then one of them denies a privileged pod, and a change that makes a good one privileged.
# limit: 900
set -euo pipefail
. "$E2E_PRELUDE"

minor=$("$KUBECTL" version -o json | python3 -c \
  'import json, re, sys; print(re.sub(r"\D", "", json.load(sys.stdin)["serverVersion"]["minor"]))')
mkdir work && cd work # no ouro.yaml of anybody's above it
remove_policies() {
  for file in policies.yaml deny.yaml; do
    [ ! -f "$file" ] || "$KUBECTL" delete --ignore-not-found -f "$file" >/dev/null
  done
}
namespace exported-policies
trap 'remove_policies; remove_namespaces' EXIT

"$OURO" rule export --as vap --profile all --kubernetes-version "1.$minor" --action warn \
  --output policies.yaml 2>refused.txt
cat refused.txt
"$KUBECTL" apply -f policies.yaml >applied.txt
count=$(grep -c '^validatingadmissionpolicy.admissionregistration' applied.txt)
[ "$count" -ge 40 ] || fail "only $count policies were exported"

# The controller manager type-checks every policy against the schemas of the kinds it matches.
type_checked() {
  "$KUBECTL" get -f policies.yaml -o json | python3 -c '
import json, sys
items = [i for i in json.load(sys.stdin)["items"] if i["kind"] == "ValidatingAdmissionPolicy"]
waiting = [i["metadata"]["name"] for i in items if "typeChecking" not in i.get("status", {})]
warnings = [(i["metadata"]["name"], w["fieldRef"], w["warning"]) for i in items
            for w in i.get("status", {}).get("typeChecking", {}).get("expressionWarnings") or []]
for warning in warnings:
    print(*warning)
sys.exit("not yet checked: " + " ".join(waiting) if waiting else 0)'
}
# A policy works a moment after it was written; the last one answers for all.
cat >probe.yaml <<YAML
{apiVersion: v1, kind: Pod, metadata: {name: probe, namespace: exported-policies},
 spec: {containers: [{name: app, image: registry.example/app:1, securityContext: {privileged: true}}]}}
YAML
warns() { "$KUBECTL" create --dry-run=server -f probe.yaml 2>&1 | grep -q "container app runs privileged"; }
eventually 30 warns

python3 "$E2E_ROOT/tests/e2e/exported_policies.py" "$minor" policies.yaml exported-policies

# One policy after the other, which takes the controller about a second each.
eventually 300 type_checked
type_checked >warnings.txt
[ ! -s warnings.txt ] || { cat warnings.txt >&2; fail "type checking warns"; }

# Deny, on request only.
remove_policies
"$OURO" rule export OURO-K8S-0001 --as vap --action deny --kubernetes-version "1.$minor" >deny.yaml
"$KUBECTL" apply -f deny.yaml >/dev/null
denied() { ! "$KUBECTL" create --dry-run=server -f probe.yaml >denied.txt 2>&1; }
eventually 30 denied
expect "container app runs privileged" denied.txt
sed 's/privileged: true/privileged: false/' probe.yaml >good.yaml
"$KUBECTL" create -f good.yaml >/dev/null
"$KUBECTL" label pod probe -n exported-policies tier=front >/dev/null
"$KUBECTL" create deployment shop -n exported-policies --image=registry.example/shop:1 >/dev/null
change='{"spec":{"template":{"spec":{"containers":[{"name":"shop","securityContext":{"privileged":true}}]}}}}'
if "$KUBECTL" patch deployment shop -n exported-policies -p "$change" 2>patched.txt; then
  fail "the change was not denied"
fi
expect "container shop runs privileged" patched.txt
echo "$count policies accepted without a type-checking warning"
