# What the serve scenarios share. `start_server ARGS…` starts the webhook on a free port with a fresh
# certificate in pki/ and sets $port and $server; its log is in serve.log. `python` runs a program that
# may import serve_client. The server is ended with the scenario.
CLIENT_FOLDER=$(dirname "$2")
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true' EXIT

python() { PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$CLIENT_FOLDER PORT=$port python3 "$@"; }
logs() { grep -qF -- "$1" serve.log || { cat serve.log; fail "the log lacks: $1"; }; }
# Waits until the log has this line so often.
await_log() {
  local i
  for i in $(seq 100); do
    [ "$(grep -cF -- "$1" serve.log)" -lt "${2:-1}" ] || return 0
    sleep 0.1
  done
  cat serve.log
  fail "the log lacks after ten seconds: $1"
}
start_server() {
  [ -e pki ] || "$OURO" serve certificate --out pki --names localhost >/dev/null
  "$OURO" serve --admission --listen 127.0.0.1:0 --certificate pki/tls.crt --key pki/tls.key "$@" \
    2>serve.log &
  server=$!
  await_log "listening address="
  port=$(sed -n 's/.*listening address=127.0.0.1:\([0-9]*\).*/\1/p' serve.log)
}
# Ends the server by a signal and expects this exit code.
stop_server() {
  kill "-$1" "$server"
  code=0
  wait "$server" || code=$?
  server=
  same "$code" "$2"
}
