# Credentials that a program hands out: one that is good, one that the server no longer takes (asked for again,
# once), one that is expired already, a program that fails, hangs on, or is not there. Never a token in sight.
. "$E2E_PRELUDE"
good=$(awk '/token:/ { print $2 }' "$E2E_KUBECONFIGS/admin.yaml")
mkdir plugin
cat >plugin/credential <<'SH'
#!/bin/bash
# credential FILE: counts its calls; the n-th line of FILE is the n-th answer, the last one stays.
calls=$(($(cat "$1.calls" 2>/dev/null || echo 0) + 1))
echo "$calls" >"$1.calls"
lines=$(wc -l <"$1")
line=$(sed -n "$((calls < lines ? calls : lines))p" "$1")
[ "$line" != fail ] || { echo "the vault is sealed" >&2; exit 7; }
echo "$line"
SH
chmod +x plugin/credential
# exec_user FILE [COMMAND]: a kubeconfig whose user is the plugin with that file.
exec_user() {
  cat >"$1.yaml" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: e2e
  cluster: {server: "$E2E_SERVER", certificate-authority: $E2E_KUBECONFIGS/../pki/ca.crt}
users:
- name: plugin
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ${2:-$PWD/plugin/credential}
      args: ["$PWD/$1"]
      interactiveMode: Never
      installHint: ask the platform team for the credential helper
contexts:
- {name: e2e, context: {cluster: e2e, user: plugin}}
current-context: e2e
YAML
}
answer() {  # answer TOKEN EXPIRY
  printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"%s"}}\n' "$@"
}
later=$(date -u -d '+1 hour' +%FT%TZ)
before=$(date -u -d '-1 hour' +%FT%TZ)
code=
cluster() {
  code=0
  "$OURO" cluster --kubeconfig "$1.yaml" --namespace default --format json >out 2>err || code=$?
  ! grep -qF "$good" out err || fail "$1: a token was printed"
}
refused() { [ "$code" = 2 ] || [ "$code" = 3 ] || { head -c 500 out; fail "$1: exit code $code"; }; }

answer "$good" "$later" >fresh
exec_user fresh
cluster fresh
[ "$code" -le 1 ] || { cat err; fail "a good credential: exit code $code"; }
[ "$(cat fresh.calls)" = 1 ] || fail "the program ran $(cat fresh.calls) times for one run"

{ answer no-longer-known "$later"; answer "$good" "$later"; } >revoked
exec_user revoked
cluster revoked
[ "$code" -le 1 ] || { cat err; fail "after a 401 it did not ask again: exit code $code"; }
[ "$(cat revoked.calls)" = 2 ] || fail "the program ran $(cat revoked.calls) times"

answer no-longer-known "$before" >expired
exec_user expired
cluster expired
refused expired
expect expired err
[ "$(cat expired.calls)" -le 3 ] || fail "the program ran $(cat expired.calls) times for a hopeless credential"

echo fail >failing
exec_user failing
cluster failing
refused failing
expect "the vault is sealed" err

answer "$good" "$later" >missing
exec_user missing credential-helper-that-is-not-here
cluster missing
refused missing
expect "ask the platform team" err
