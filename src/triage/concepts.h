// The concept catalogue: which rules of different tools mean the same thing. The data is
// catalogue/concepts.csv, embedded into the program; catalogue/README.md explains its columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::triage {

// What an issue of the concept is about.
enum class ConceptSubject : uint8_t {
  kContainer,  // one container of an object
  kObject,     // an object; a container that some tool names does not count
  kHost        // a node or the control plane
};

struct Concept {
  std::string_view name;   // "privileged"
  std::string_view group;  // "pod", "rbac", …
  ConceptSubject subject = ConceptSubject::kObject;
  std::vector<std::string_view> hints;  // lower case
};

// By name; null when the catalogue has none. Valid for ever. Thread-safe; the catalogue is read on
// first use.
const Concept* FindConcept(std::string_view name);

// The concept of a rule ("checkov:CKV_K8S_16"); null when nobody knows. Where a tool's rule covers
// several concepts, the first whose hint occurs in `evidence` (message, field and JSON path; any
// case) is taken, else the first.
const Concept* ConceptOfRule(std::string_view check, std::string_view evidence);

// One spelling for a rule that a tool has spelt in several ways over its versions:
// "trivy:AVD-KSV-0017" and "trivy:KSV017" → "trivy:KSV-0017". Others stay as they are.
std::string CanonicalRule(std::string_view check);

// All rules of the catalogue that mean the concept, in its order; empty for an unknown one.
std::vector<std::string_view> RulesOfConcept(std::string_view name);

}  // namespace ouro::triage
