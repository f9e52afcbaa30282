# Servers can be stopped, killed and started again by a scenario; what was stored is still there.
. "$E2E_PRELUDE"
namespace e2e-restart
"$KUBECTL" create configmap kept --from-literal=key=value -n e2e-restart >/dev/null

"$E2E_CONTROL" stop kube-apiserver
! "$KUBECTL" get namespaces --request-timeout=5s 2>answer || fail "a stopped server answered"
expect refused answer
"$E2E_CONTROL" start kube-apiserver
"$KUBECTL" get configmap kept -n e2e-restart >/dev/null

"$E2E_CONTROL" kill kube-apiserver
"$E2E_CONTROL" check | grep -qx kube-apiserver || fail "a killed server is not noticed"
"$E2E_CONTROL" start kube-apiserver
[ "$("$KUBECTL" get configmap kept -n e2e-restart -o jsonpath='{.data.key}')" = value ]
