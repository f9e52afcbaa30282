# The environment is what the other scenarios take it for: a real API server with users and rights,
# pod security, custom resources with rules, admission policies and server-side dry-run.
. "$E2E_PRELUDE"
namespace e2e-environment

# The server and its version; every way to log in.
"$KUBECTL" version -o json >version.json
python3 - version.json <<'PY'
import json, sys
version = json.load(open(sys.argv[1]))["serverVersion"]
assert (version["major"], version["minor"]) == ("1", "33"), version
assert version["gitVersion"].startswith("v1.33."), version
PY
for user in admin certificate files; do
  as "$user" auth can-i '*' '*' >answer || fail "$user is not the administrator"
  expect yes answer
done
! as nobody get pods 2>answer || fail "an unknown token was let in"
expect Unauthorized answer

# Rights: alice has none, pods-only exactly one.
! as alice get pods -n e2e-environment 2>answer || fail "alice could list pods"
expect 'pods is forbidden: User "alice" cannot list resource "pods"' answer
as pods-only get pods --all-namespaces >/dev/null
! as pods-only get secrets -n e2e-environment 2>answer || fail "pods-only could list secrets"
expect forbidden answer

pod() {  # pod NAME PRIVILEGED
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: e2e-environment}
spec:
  containers:
  - {name: app, image: ouro.local/busybox:1, securityContext: {privileged: $2}}
YAML
}
# Dry-run answers with the stored form, defaults included, and stores nothing.
pod tried false | "$KUBECTL" create --dry-run=server -o jsonpath='{.spec.terminationGracePeriodSeconds}' -f - >answer
expect 30 answer
! "$KUBECTL" get pod tried -n e2e-environment 2>/dev/null || fail "a dry run left a pod"

# Pod security of the namespace.
"$KUBECTL" label namespace e2e-environment pod-security.kubernetes.io/enforce=baseline >/dev/null
! pod secured true | "$KUBECTL" create --dry-run=server -f - 2>answer || fail "baseline let a privileged pod in"
expect 'violates PodSecurity "baseline:latest": privileged' answer
"$KUBECTL" label namespace e2e-environment pod-security.kubernetes.io/enforce- >/dev/null

# A kind of our own, with a rule in its schema.
clear() {
  "$KUBECTL" delete --ignore-not-found crd/lamps.e2e.ouro.dev validatingadmissionpolicy/e2e-environment \
    validatingadmissionpolicybinding/e2e-environment >/dev/null
  remove_namespaces
}
trap clear EXIT
"$KUBECTL" apply -f - >/dev/null <<'YAML'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.e2e.ouro.dev}
spec:
  group: e2e.ouro.dev
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {watts: {type: integer}}
            x-kubernetes-validations: [{rule: self.watts < 100, message: too bright}]
YAML
"$KUBECTL" wait --for=condition=Established crd/lamps.e2e.ouro.dev --timeout=30s >/dev/null
lamp() {
  printf '{"apiVersion":"e2e.ouro.dev/v1","kind":"Lamp","metadata":{"name":"l","namespace":"e2e-environment"},"spec":{"watts":%s}}' "$1"
}
lamp_is_served() { lamp 40 | "$KUBECTL" create --dry-run=server -f -; }
eventually 20 lamp_is_served
! lamp 400 | "$KUBECTL" create -f - 2>answer || fail "the schema's rule did not hold"
expect "too bright" answer

# An admission policy written by hand.
"$KUBECTL" apply -f - >/dev/null <<'YAML'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: e2e-environment}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
  validations:
  - expression: "!object.spec.containers.exists(c, has(c.securityContext) && c.securityContext.?privileged.orValue(false))"
    message: written by hand, denies privileged
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: e2e-environment}
spec:
  policyName: e2e-environment
  validationActions: [Deny]
  matchResources:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: e2e-environment}}
YAML
denied() {
  pod bad true | "$KUBECTL" create --dry-run=server -f - 2>answer && return 1
  grep -qF "written by hand, denies privileged" answer
}
eventually 30 denied
pod good false | "$KUBECTL" create --dry-run=server -f - >/dev/null

# Everything stands in the audit log.
audited() { grep -F '"user":{"username":"alice"' "$E2E_AUDIT" | grep -cF '"code":403' >/dev/null; }
eventually 10 audited
