// What is to be delivered, where, by whom: the second input of a decision beside the findings.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/setting_reader.h"

namespace ouro::gate {

// Fields that are empty are unknown.
struct Subject {
  std::string application;
  std::string environment;
  std::string cluster;
  std::string namespace_name;
  std::string branch;
  std::string image;                 // reference or digest
  std::string operation = "deploy";  // "deploy", "rollback", "restart", "delete", …
  std::vector<std::string> roles;    // of the person or machine that asks
  std::string actor;                 // who asks; recorded, not judged
  std::map<std::string, std::string> labels;

  bool operator==(const Subject&) const = default;
};

// Reads a map with application, environment, cluster, namespace, branch, image, operation, roles,
// actor, labels; unknown keys are kInvalid with the nearest known one.
Result<Subject> ReadSubject(const io::SettingReader& map);

// Canonical JSON: members in a fixed order, empty ones left out.
void AppendSubject(std::string& out, const Subject& subject);

// "shop to prod (deploy)", for people; "the findings" where nothing is known.
std::string SubjectTitle(const Subject& subject);

}  // namespace ouro::gate
