# What every scenario may use. `run ARGS…` calls the program and keeps its answer in the files out and
# err beside the working folder and its exit code in $code; the other functions look at those.
OUT=$PWD/../out
ERR=$PWD/../err
code=0

run() {
  code=0
  "$OURO" "$@" >"$OUT" 2>"$ERR" || code=$?
}
fail() {
  echo "FAILED: $*"
  echo "exit code: $code"
  echo "stdout:"; head -c 800 "$OUT"
  echo "stderr:"; head -c 800 "$ERR"
  exit 1
}
exits() { [ "$code" -eq "$1" ] || fail "exit code $1 is expected"; }
says() { grep -qF -- "$1" "$OUT" || fail "stdout lacks: $1"; }
silent_about() { ! grep -qF -- "$1" "$OUT" || fail "stdout has: $1"; }
errs() { grep -qF -- "$1" "$ERR" || fail "stderr lacks: $1"; }
one_error_line() { [ "$(wc -l <"$ERR")" -eq 1 ] || fail "one line on stderr is expected"; }
no_errors() { [ ! -s "$ERR" ] || fail "stderr is not empty"; }
same() { [ "$1" = "$2" ] || fail "$1 is not $2"; }

# Value of a Python expression over the JSON report in $OUT, called j.
json() { python3 -c 'import json,sys; j=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$OUT" "$1"; }
json_is() { local value; value=$(json "$1") || fail "$1 cannot be evaluated"; same "$value" "$2"; }
# Sum rule of the report: every file and object is in exactly one class.
conserved() {
  json_is 'sum(j["summary"][k] for k in ("files_examined","files_excluded","files_failed","files_skipped")) == j["summary"]["files"]' True
  json_is 'sum(j["summary"][k] for k in ("objects_examined","objects_excluded","objects_failed")) == j["summary"]["objects"]' True
}

# A pod that runs a privileged container (OURO-K8S-0001, critical) and is otherwise good.
bad_pod() {
  cat <<YAML
apiVersion: v1
kind: Pod
metadata:
  name: ${1:-web}
  namespace: shop
spec:
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example/app@sha256:0000000000000000000000000000000000000000000000000000000000000000
    securityContext:
      privileged: true
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
YAML
}
good_pod() { bad_pod "$@" | sed 's/privileged: true/privileged: false/'; }
