// Examples of a check file. Short forms save writing whole objects: `container` stands in a Pod of
// its own, `pod` is the spec of a Pod,
// `rule` the only rule of a ClusterRole; `object` and `objects` are written in place.
#include <fmt/format.h>

#include "rules/check_reader.h"

namespace ouro::rules {
namespace {

// Puts a member before those of a JSON map.
std::string WithMember(std::string_view map_json, std::string_view key, std::string_view value) {
  const std::string_view inner = map_json.substr(1, map_json.size() - 2);
  return fmt::format("{{\"{}\":{}{}{}}}", key, value, inner.empty() ? "" : ",", inner);
}

constexpr std::string_view kDefaultName = "\"web\"";
constexpr std::string_view kDefaultImage = "\"registry.example/web:1.0\"";

}  // namespace

Status CheckReader::CheckExamples(CheckParts& out, io::NodeView value) {
  if (!value.IsMap()) return Bad(value, "examples must be a map with pass and fail");
  for (const auto& [name, list] : value.Members()) {
    if (name != "pass" && name != "fail") return Bad(list, "examples has only pass and fail");
    OURO_TRY_STATUS(ReadExamples(out.check.examples, list, name == "pass"));
  }
  return {};
}

Status CheckReader::ReadExamples(std::vector<Example>& out, io::NodeView list, bool pass) {
  static constexpr Key<ExampleParts> kKeys[] = {
      {"yaml", &CheckReader::ExampleText},
      {"name", &CheckReader::ExampleName},
      {"as", &CheckReader::ExampleAs},
      {"at", &CheckReader::ExampleAt},
      {"count", &CheckReader::ExampleCount},
      {"kubernetes", &CheckReader::ExampleKubernetes},
      {"container", &CheckReader::ExampleContainer},
      {"pod", &CheckReader::ExamplePod},
      {"annotations", &CheckReader::ExampleAnnotations},
      {"rule", &CheckReader::ExampleRule},
      {"object", &CheckReader::ExampleObject},
      {"objects", &CheckReader::ExampleObjects},
  };
  if (!list.IsList()) return Bad(list, "examples.pass and examples.fail must be lists");
  for (const auto& item : list.Children()) {
    ExampleParts parts;
    if (item.IsString()) {
      parts.example.yaml = std::string(item.Text());
    } else {
      OURO_TRY_STATUS(ReadMap<ExampleParts>(item, "an example", kKeys, parts));
      FinishExample(parts);
    }
    parts.example.pass = pass;
    parts.example.line = tree_.PositionOf(tree_.node(item.index()).start).line;
    if (TrimSpace(parts.example.yaml).empty()) {
      return Bad(item, "an example needs yaml, container, pod, object or objects");
    }
    if (pass && (parts.example.count != 0 || !parts.example.at.empty())) {
      return Bad(item, "count and at belong to failing examples");
    }
    out.push_back(std::move(parts.example));
  }
  return {};
}

void CheckReader::FinishExample(ExampleParts& parts) const {
  const bool has_pod =
      !parts.container_json.empty() || !parts.spec_json.empty() || !parts.annotations_json.empty();
  if (has_pod) {
    std::string container = parts.container_json;
    if (container.empty()) {
      container = WithMember(WithMember("{}", "image", kDefaultImage), "name", kDefaultName);
    }
    std::string spec = parts.spec_json.empty() ? "{}" : parts.spec_json;
    if (!parts.spec_has_containers) {
      spec = WithMember(spec, "containers", "[" + container + "]");
    }
    const std::string annotations =
        parts.annotations_json.empty() ? ""
                                       : fmt::format(",\"annotations\":{}", parts.annotations_json);
    parts.objects.push_back(fmt::format(
        R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"example"{}}},"spec":{}}})",
        annotations, spec));
  }
  for (const auto& object : parts.objects) {
    if (!parts.example.yaml.empty()) parts.example.yaml += "\n---\n";
    parts.example.yaml += object;
  }
}

Status CheckReader::ExampleText(ExampleParts& out, io::NodeView value) {
  OURO_TRY(out.example.yaml, ReadText(value, "yaml"));
  return {};
}

Status CheckReader::ExampleName(ExampleParts& out, io::NodeView value) {
  OURO_TRY(out.example.name, ReadText(value, "name"));
  return {};
}

Status CheckReader::ExampleAs(ExampleParts& out, io::NodeView value) {
  OURO_TRY(out.example.alias, ReadText(value, "as"));
  return {};
}

Status CheckReader::ExampleAt(ExampleParts& out, io::NodeView value) {
  OURO_TRY(out.example.at, ReadText(value, "at"));
  return {};
}

Status CheckReader::ExampleCount(ExampleParts& out, io::NodeView value) {
  if (value.type() != io::NodeType::kInt || tree_.node(value.index()).integer < 1) {
    return Bad(value, "count must be a whole number above 0");
  }
  out.example.count = tree_.node(value.index()).integer;
  return {};
}

Status CheckReader::ExampleKubernetes(ExampleParts& out, io::NodeView value) {
  OURO_TRY(const std::string text, ReadText(value, "kubernetes"));
  const auto minor = StartsWith(text, "1.") ? ParseInt64(text.substr(2)) : std::nullopt;
  if (!minor || *minor < 0 || *minor > 1000) {
    return Bad(value, "kubernetes must be a version such as \"1.29\"");
  }
  out.example.kubernetes_minor = static_cast<int>(*minor);
  return {};
}

Status CheckReader::ExampleContainer(ExampleParts& out, io::NodeView value) {
  if (!value.IsMap()) return Bad(value, "container must be a map");
  OURO_TRY(out.container_json, ReadJson(value));
  if (!value.Get("image")) {
    out.container_json = WithMember(out.container_json, "image", kDefaultImage);
  }
  if (!value.Get("name")) out.container_json = WithMember(out.container_json, "name", kDefaultName);
  return {};
}

Status CheckReader::ExamplePod(ExampleParts& out, io::NodeView value) {
  if (!value.IsMap()) return Bad(value, "pod must be a map: the spec of a Pod");
  OURO_TRY(out.spec_json, ReadJson(value));
  out.spec_has_containers = value.Get("containers").exists();
  return {};
}

Status CheckReader::ExampleAnnotations(ExampleParts& out, io::NodeView value) {
  if (!value.IsMap()) return Bad(value, "annotations must be a map");
  OURO_TRY(out.annotations_json, ReadJson(value));
  return {};
}

Status CheckReader::ExampleRule(ExampleParts& out, io::NodeView value) {
  OURO_TRY(const std::string rule, ReadJson(value));
  out.objects.push_back(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",)"
                        R"("metadata":{"name":"example"},"rules":[)" +
                        rule + "]}");
  return {};
}

Status CheckReader::ExampleObject(ExampleParts& out, io::NodeView value) {
  OURO_TRY(std::string json, ReadJson(value));
  out.objects.push_back(std::move(json));
  return {};
}

Status CheckReader::ExampleObjects(ExampleParts& out, io::NodeView value) {
  if (!value.IsList()) return Bad(value, "objects must be a list");
  for (const auto& item : value.Children()) OURO_TRY_STATUS(ExampleObject(out, item));
  return {};
}

}  // namespace ouro::rules
