# What a user may not see is named, with the server's own sentence, and the verdict is never "clean". Where
# nothing can be seen, or the server cannot be trusted, there is an error and no verdict at all.
. "$E2E_PRELUDE"
namespace e2e-access
"$KUBECTL" create configmap some -n e2e-access >/dev/null

# cluster USER ARGS…: ouro cluster as the user; code, out and err are its answer.
code=
cluster() {
  code=0
  "$OURO" cluster --kubeconfig "$E2E_KUBECONFIGS/$1.yaml" "${@:2}" >out 2>err || code=$?
}
report() { python3 -c 'import json, sys; j = json.load(open("out")); print(eval(sys.argv[1]))' "$1"; }
no_verdict() {
  [ "$code" = 2 ] || [ "$code" = 3 ] || fail "$1: exit code $code"
  ! grep -qiE 'clean|no finding' out || { cat out; fail "$1: it looks like a clean report"; }
}

# May list pods only: everything else is a problem by name.
# Pods that other scenarios left behind may not decide here.
cluster pods-only --format json --fail-on never
[ "$code" = 0 ] || { cat err out; fail "exit code $code for a user who may list pods only"; }
[ "$(report 'j["summary"]["not_examined"] > 0')" = True ] || fail "nothing counts as not examined"
[ "$(report 'j["summary"]["decision"] != "clean"')" = True ] || fail "the verdict is clean"
for kind in deployments clusterroles; do
  [ "$(report "any('$kind' in p['message'] and 'forbidden' in p['message'] for p in j['problems'])")" = True ] ||
    { report 'j["problems"]'; fail "no problem says that $kind are forbidden"; }
done
[ "$(report 'not any("pods is forbidden" in p["message"] for p in j["problems"])')" = True ] ||
  fail "pods are called forbidden"
cluster pods-only
expect forbidden out
# Where the policy says that incomplete blocks, it does.
printf 'policy:\n  incomplete: block\n' >strict.yaml
cluster pods-only --config strict.yaml --fail-on never
[ "$code" = 3 ] || { cat err; fail "exit code $code with incomplete: block"; }

# May see nothing; is not known; talks to a server with a certificate of somebody else.
cluster alice
[ "$code" != 1 ] || fail "alice: exit code 1"
expect forbidden <(cat out err)
cluster nobody
no_verdict nobody
expect 401 err
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=other -keyout other.key \
  -out other.crt 2>/dev/null
sed "s#certificate-authority: .*#certificate-authority: $PWD/other.crt#; s#\.\./pki#$E2E_KUBECONFIGS/../pki#" \
  "$E2E_KUBECONFIGS/files.yaml" >other.yaml
code=0
"$OURO" cluster --kubeconfig other.yaml >out 2>err || code=$?
no_verdict "a server that cannot be trusted"
expect certificate err
! grep -qF "$(awk '/token:/ { print $2 }' "$E2E_KUBECONFIGS/nobody.yaml")" out err ||
  fail "a token was printed"
