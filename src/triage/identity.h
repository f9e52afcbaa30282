// What is the same finding, the same issue, the same observation. The rules are those of
// docs/formats/identity.md: a tagged, length-prefixed tuple of the class's subject is hashed;
// severity, text, line, version of tool or package, pod name, replica and image digest never enter
// it.
#pragma once

#include <string>
#include <string_view>

#include "model/finding.h"

namespace ouro::triage {

// Completes a finding of another tool: one spelling of the check, its concept from the catalogue, a
// pod or replica set of the live state becomes its owner. Idempotent. Call it before the ids are
// made.
void Classify(model::Finding& finding);

// Identity of a finding: one rule's word on one subject; 32 hexadecimal digits.
//   misconfig, rbac, netpol, runtime about an object: class, concept (else check), check, group,
//   kind,
//     namespace, name, container, field path with list items by name
//   vuln: vulnerability, package without version (OS packages: source package), lineage
//   secret: detector, hash of the value, lineage; the file where the hash is unknown
//   bench: check, role of the node (else the host)
//   probe: check, host, port and path of the endpoint without its query
//   licence: check, package without version, lineage
//   everything else about no object: check, file, hash of the code where the tool gives it, lineage
// Lineage is what outlives a rebuild: application, and image repository, else object, else
// repository.
std::string Fingerprint(const model::Finding& finding);

// Identity of the issue: the root cause that findings of several rules, tools and stages share.
// With a concept: concept, object (no namespace is "default" for what lives in one) and container
// where the concept is about containers. Without: as the finding, but a vulnerability, a secret and
// a licence without the tool that saw it.
std::string IssueId(const model::Finding& finding);

// Identity of one observation: one raw finding of one report. Place, message and versions count,
// severity does not.
std::string ObservationKey(const model::Finding& finding);

// The owner that a pod or replica set name of the live state tells: "web-7d4b9c6f5d-x2x7q" of a Pod
// and "web-7d4b9c6f5d" of a ReplicaSet → Deployment "web". False when the name does not look
// generated.
bool OwnerOfGeneratedName(std::string_view kind, std::string_view name, std::string& owner_kind,
                          std::string& owner_name);

// "registry.example:5000/shop/api:1.2@sha256:…" → "registry.example:5000/shop/api"; names without
// registry are Docker Hub's: "nginx" → "docker.io/library/nginx".
std::string ImageRepository(std::string_view reference);

}  // namespace ouro::triage
