# A real node runs real pods: a Deployment becomes ready, its logs can be read, a command can be run in it,
# and what a pod's securityContext asks for is what its process has.
. "$E2E_PRELUDE"
namespace e2e-workload
kubectl=("$KUBECTL" -n e2e-workload)
"${kubectl[@]}" apply -f - >/dev/null <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: web
        image: ouro.local/busybox:1
        imagePullPolicy: Never
        command: [sh, -c, "echo started as $(id -u); mkdir /data/www; echo hello >/data/www/index.html; exec httpd -f -p 8080 -h /data/www"]
        readinessProbe: {httpGet: {path: /index.html, port: 8080}, periodSeconds: 1}
        securityContext:
          readOnlyRootFilesystem: true
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, emptyDir: {}}]
YAML
"${kubectl[@]}" rollout status deployment/web --timeout=120s >rollout
"${kubectl[@]}" logs deployment/web >logs 2>&1
expect "started as 1000" logs

"${kubectl[@]}" exec deployment/web -- cat /proc/self/status >status
grep -qE '^CapEff:[[:space:]]+0000000000000000$' status || fail "capabilities were not dropped"
grep -qE '^NoNewPrivs:[[:space:]]+1$' status || fail "privileges may grow"
grep -qE '^Seccomp:[[:space:]]+2$' status || fail "no seccomp filter"

# Pods reach each other by address.
first=$("${kubectl[@]}" get pods -l app=web -o jsonpath='{.items[0].status.podIP}')
other=$("${kubectl[@]}" get pods -l app=web -o jsonpath='{.items[1].metadata.name}')
"${kubectl[@]}" exec "$other" -- sh -c "printf 'GET /index.html HTTP/1.0\r\n\r\n' | nc $first 8080" >page
expect hello page
"${kubectl[@]}" delete deployment web --wait=true >/dev/null
gone() { [ -z "$("${kubectl[@]}" get pods -o name)" ]; }
eventually 60 gone
