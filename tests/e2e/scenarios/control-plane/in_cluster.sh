# Inside a pod there is no kubeconfig: the service account's files and two environment variables say where the
# server is. The token is read again when it has been replaced, in the middle of a watch, too.
. "$E2E_PRELUDE"
namespace e2e-in-cluster
kubectl=("$KUBECTL" -n e2e-in-cluster)
account=/var/run/secrets/kubernetes.io/serviceaccount
clear() {
  rm -rf /run/secrets
  remove_namespaces
}
trap clear EXIT
pod() {
  "${kubectl[@]}" create -f - >/dev/null <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  containers:
  - {name: app, image: ouro.local/busybox:1, securityContext: {privileged: $2}}
YAML
}
# token NAME: a token that the server takes only as long as the Secret of this name exists.
token() { "${kubectl[@]}" create token ouro --bound-object-kind Secret --bound-object-name "$1"; }
"${kubectl[@]}" create serviceaccount ouro >/dev/null
"${kubectl[@]}" create role reader --verb=get,list,watch --resource='*.*' >/dev/null
"${kubectl[@]}" create rolebinding reader --role=reader --serviceaccount=e2e-in-cluster:ouro >/dev/null
"${kubectl[@]}" create secret generic first >/dev/null
"${kubectl[@]}" create secret generic other >/dev/null
mkdir -p $account
cp "$E2E_KUBECONFIGS/../pki/ca.crt" $account/ca.crt
printf e2e-in-cluster >$account/namespace
token first >$account/token

ouro=(env -u KUBECONFIG KUBERNETES_SERVICE_HOST=10.123.0.1 KUBERNETES_SERVICE_PORT=6443 "$OURO" cluster
  --namespace e2e-in-cluster --only OURO-K8S-0001 --format ndjson)
pod bad true
code=0
"${ouro[@]}" >out 2>err || code=$?
[ $code -eq 1 ] || { cat err out; fail "exit code $code, 1 is expected"; }
expect OURO-K8S-0001 out
! grep -qF "$(cat $account/token)" out err || fail "the token was printed"

"${ouro[@]}" --watch >out 2>err &
watch=$!
listed() { grep -q OURO-K8S-0001 out; }
eventually 20 listed
# Replaced as the kubelet does it; the old token ends with its Secret, the connection with its server.
token other >$account/token.new
mv $account/token.new $account/token
"${kubectl[@]}" delete secret first >/dev/null
"$E2E_CONTROL" restart kube-apiserver
pod late true
told() { grep -F '"late"' out | grep -q '"new"'; }
eventually 60 told
kill -INT $watch
code=0
wait $watch || code=$?
[ $code -eq 1 ] || { cat err; fail "exit code $code after an interrupt"; }
