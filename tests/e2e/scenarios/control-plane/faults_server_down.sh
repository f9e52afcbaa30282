# A server that is not there, and one that takes connections and never says a word, give an error that names the
# server, within a minute, and no verdict.
. "$E2E_PRELUDE"
clear() {
  kill -CONT "$(cat "$E2E_RUN/pids/kube-apiserver")" 2>/dev/null || true
  "$E2E_CONTROL" start kube-apiserver
}
trap clear EXIT
no_verdict() {  # no_verdict WHAT
  local code=0 began=$SECONDS
  timeout 100 "$OURO" cluster >out 2>err || code=$?
  [ "$code" = 2 ] || [ "$code" = 3 ] || { cat err; fail "$1: exit code $code"; }
  expect "10.123.0.1:6443" err
  [ ! -s out ] || { cat out; fail "$1: there is a report without a server"; }
  [ $((SECONDS - began)) -le 60 ] || fail "$1: it took $((SECONDS - began)) s to say so"
}
kill -STOP "$(cat "$E2E_RUN/pids/kube-apiserver")"
no_verdict "a silent server"
"$E2E_CONTROL" kill kube-apiserver
no_verdict "a server that is gone"
