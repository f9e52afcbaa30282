#include "gate/subject.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "gate/json_object.h"

namespace ouro::gate {
namespace {

struct TextField {
  std::string_view key;
  std::string Subject::* field;
};
constexpr std::array kTextFields = {
    TextField{"application", &Subject::application},
    TextField{"environment", &Subject::environment},
    TextField{"cluster", &Subject::cluster},
    TextField{"namespace", &Subject::namespace_name},
    TextField{"branch", &Subject::branch},
    TextField{"image", &Subject::image},
    TextField{"operation", &Subject::operation},
    TextField{"actor", &Subject::actor},
};

Result<bool> ReadTextField(const io::SettingReader& member, Subject& subject) {
  for (const TextField& row : kTextFields) {
    if (row.key != member.key()) continue;
    OURO_TRY(subject.*row.field, member.Text());
    return true;
  }
  return false;
}

}  // namespace

Result<Subject> ReadSubject(const io::SettingReader& map) {
  Subject subject;
  OURO_TRY(const auto members, map.Members());
  for (const io::SettingReader& member : members) {
    if (member.IsNull()) continue;
    OURO_TRY(const bool known, ReadTextField(member, subject));
    if (known) continue;
    if (member.key() == "roles") {
      OURO_TRY(subject.roles, member.TextList());
    } else if (member.key() == "labels") {
      OURO_TRY(const auto labels, member.Members());
      for (const io::SettingReader& label : labels) {
        OURO_TRY(subject.labels[std::string(label.key())], label.Text());
      }
    } else {
      std::vector<std::string_view> known_keys = {"roles", "labels"};
      for (const TextField& row : kTextFields) known_keys.push_back(row.key);
      return member.Unknown(known_keys);
    }
  }
  if (subject.operation.empty()) subject.operation = "deploy";
  return subject;
}

void AppendSubject(std::string& out, const Subject& subject) {
  JsonObject object(out, '{');
  for (const TextField& row : kTextFields) object.TextIf(row.key, subject.*row.field);
  object.TextsIf("roles", subject.roles);
  if (!subject.labels.empty()) {
    object.Next("labels");
    JsonObject labels(out, '{');
    for (const auto& [key, value] : subject.labels) labels.Text(key, value);
    labels.End();
  }
  object.End();
}

std::string SubjectTitle(const Subject& subject) {
  std::string out = subject.application;
  if (out.empty()) out = subject.image;
  if (out.empty() && !subject.namespace_name.empty()) out = "namespace " + subject.namespace_name;
  if (out.empty()) out = "the findings";
  if (!subject.environment.empty()) out += " to " + subject.environment;
  if (!subject.cluster.empty()) out += " in " + subject.cluster;
  if (subject.operation != "deploy") out += fmt::format(" ({})", subject.operation);
  return out;
}

}  // namespace ouro::gate
