# The runner counts what happened and leaves nothing behind: no process, no control group, no mount and no
# file, whether it ends by itself, is told to end, or is killed.
. "$E2E_ROOT/tests/e2e/prelude.sh"
# limit: 600
export TMPDIR=$E2E_DIR/tmp E2E_LOGS=$E2E_DIR/logs
mkdir -p "$TMPDIR" quick/control-plane slow/control-plane pod/node
command -v containerd >/dev/null || skip "no containerd, so that no node can run"
runner=$E2E_ROOT/tests/e2e/run
scenario() { cat >"$1/control-plane/$2.sh"; }

scenario quick a_passes <<<'"$KUBECTL" get namespace default'
scenario quick b_fails <<<'false; true'
scenario quick c_skips <<<'. "$E2E_PRELUDE"; skip "for a good reason"'
scenario quick d_hangs <<'SH'
# limit: 3
. "$E2E_PRELUDE"
namespace cleared-although-out-of-time
sleep 100
SH
scenario quick e_leaves_a_namespace <<<'"$KUBECTL" create namespace forgotten'
scenario quick f_leaves_the_server_stopped <<<'"$E2E_CONTROL" stop kube-apiserver'
scenario quick g_forgets_a_process <<<'sleep 1000 & "$KUBECTL" get namespace default'
scenario slow waits <<<'touch "$E2E_DIR/../began"; sleep 1000'
cat >pod/node/waits.sh <<'SH'
"$KUBECTL" create --validate=false -f - <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: sleeper, namespace: default}
spec:
  containers:
  - {name: app, image: ouro.local/busybox:1, imagePullPolicy: Never, command: [sleep, "1000"]}
YAML
"$KUBECTL" wait --for=condition=Ready pod/sleeper --timeout=60s
touch "$E2E_DIR/../began"
sleep 1000
SH

mounts() { cut -d' ' -f3- /proc/self/mountinfo | sort; }
mounts >mounts.before
began() { ls "$TMPDIR"/ouro-e2e.*/began; }
processes_gone() { ! pgrep -f "$TMPDIR/ouro-e2e"; }
groups() { find /sys/fs/cgroup -maxdepth 2 -name "$1"; }
nothing_left() {
  eventually 10 processes_gone
  [ -z "$(ls -A "$TMPDIR")" ] || fail "files are left: $(ls -A "$TMPDIR")"
  mounts | cmp -s mounts.before - || fail "mounts are left: $(mounts | comm -13 mounts.before -)"
}

# Killed without a chance to clear away, while a pod runs: its processes end with it, and the next run
# removes the rest.
"$runner" --scenarios pod >out 2>&1 &
eventually 180 began
name=$(basename "$(ls -d "$TMPDIR"/ouro-e2e.*)")
[ -n "$(groups "$name")" ] || fail "the pod is in no control group of its run"
kill -KILL $!
eventually 10 processes_gone

# Ends by itself.
code=0
"$runner" --control-plane-only --scenarios quick >out 2>&1 || code=$?
cat out
[ $code -eq 1 ] || fail "exit code $code, 1 is expected"
expect "e2e: 2 passed, 4 failed, 1 skipped" out
expect "for a good reason" out
expect "not done after 3 s" out
! grep -q cleared-although out || fail "a scenario out of time could not clear away"
expect "it left behind: Namespace/forgotten" out
expect "it left these servers stopped: kube-apiserver" out
[ -z "$(groups "$name")" ] || fail "control groups of the killed run are left: $(groups "$name")"
grep -qE '^ok +control-plane/g_forgets_a_process' out || fail "g_forgets_a_process did not pass"
[ -s "$E2E_LOGS/kube-apiserver.log" ] || fail "no logs of the servers are left of a failed run"
nothing_left

# Told to end: says so, fails, clears away.
"$runner" --control-plane-only --scenarios slow >out 2>&1 &
running=$!
eventually 120 began
kill -TERM $running
code=0
wait $running || code=$?
[ $code -eq 143 ] || fail "exit code $code, 143 is expected"
expect "interrupted" out
expect "e2e: 0 passed, 1 failed, 0 skipped" out
nothing_left
