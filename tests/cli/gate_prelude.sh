# What the scenarios of the gate share: a report with two vulnerabilities, and a call at a fixed time.
gate_report() {
  cat > report.json <<'JSON'
{"schema":"ouro/finding/v1","run":{"started":"2026-11-20T00:00:00Z"},"findings":[
{"id":"aa11aa11aa11aa11aa11aa11aa11aa11","class":"vuln","check":"CVE-2026-1","severity":"high","resource":{"kind":"Deployment","namespace":"shop","name":"web"},"package":{"purl":"pkg:deb/debian/openssl@1.1.1k","name":"openssl","version":"1.1.1k"},"vuln":{"id":"CVE-2026-1","fixed_in":"1.1.1n"}},
{"id":"bb22bb22bb22bb22bb22bb22bb22bb22","class":"vuln","check":"CVE-2026-2","severity":"high","resource":{"kind":"Deployment","namespace":"shop","name":"cart"},"vuln":{"id":"CVE-2026-2"}}
],"problems":[],"summary":{"not_examined":0}}
JSON
}
# gate TIME ARGS…
gate() {
  local now=$1
  shift
  run gate --input report.json --actor ana --now "$now" "$@"
}
