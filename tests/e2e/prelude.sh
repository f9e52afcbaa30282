# What a scenario may use: . "$E2E_PRELUDE". README.md says which variables are set.

fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIP: $*" >&2; exit 77; }

# eventually SECONDS COMMAND…: waits until the command succeeds; shows its last output if it never does.
eventually() {
  local end=$((SECONDS + $1)) out
  shift
  until out=$("$@" 2>&1); do
    [ "$SECONDS" -lt "$end" ] || { echo "$out" >&2; fail "never succeeded: $*"; }
    sleep 0.1
  done
}

# as USER ARGS…: kubectl as alice, pods-only, certificate, files or nobody.
as() {
  local user=$1
  shift
  "$KUBECTL" --kubeconfig "$E2E_KUBECONFIGS/$user.yaml" "$@"
}

# expect TEXT FILE: the file must contain the text.
expect() { grep -qF -- "$1" "$2" || { head -c 2000 "$2" >&2; fail "$2 lacks: $1"; }; }

# namespace NAME: creates a namespace, ready for pods, that goes away, with all in it, when the scenario ends.
# A scenario that needs a trap of its own calls remove_namespaces in it.
e2e_namespaces=()
remove_namespaces() {
  [ ${#e2e_namespaces[@]} -eq 0 ] ||
    "$KUBECTL" delete namespace --ignore-not-found --wait=false "${e2e_namespaces[@]}" >/dev/null
}
namespace() {
  "$KUBECTL" create namespace "$1" >/dev/null
  e2e_namespaces+=("$1")
  trap remove_namespaces EXIT
  # The server refuses pods without it; the controller that makes it may still be finding the server again.
  "$KUBECTL" create serviceaccount default -n "$1" >/dev/null 2>&1 ||
    "$KUBECTL" get serviceaccount default -n "$1" >/dev/null
}
