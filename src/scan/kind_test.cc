#include <doctest.h>

#include "scan/source.h"

namespace ouro::scan {
namespace {

TEST_CASE("names tell most") {
  CHECK(HintOfName("a/deploy.yaml") == NameHint::kYaml);
  CHECK(HintOfName("a/DEPLOY.YML") == NameHint::kYaml);
  CHECK(HintOfName("a.json") == NameHint::kJson);
  CHECK(HintOfName("main.go") == NameHint::kOther);
  CHECK(HintOfName("a.yaml/README") == NameHint::kUnknown);
  CHECK(HintOfName("x/Dockerfile") == NameHint::kDockerfile);
  CHECK(HintOfName("x/Dockerfile.alpine") == NameHint::kDockerfile);
  CHECK(HintOfName("x/web.Dockerfile") == NameHint::kDockerfile);
  CHECK(HintOfName("x/Containerfile") == NameHint::kDockerfile);
}

TEST_CASE("content decides where the name does not") {
  CHECK(DetectKind("deploy", "# c\n---\napiVersion: v1\n") == FileKind::kManifest);
  CHECK(DetectKind("deploy", "kind: Pod\n") == FileKind::kManifest);
  CHECK(DetectKind("README", "Use apiVersion: v1\n") == FileKind::kOther);
  CHECK(DetectKind("x", "{\n  \"kind\": \"Pod\", \"apiVersion\": \"v1\"}") == FileKind::kManifest);
  CHECK(DetectKind("package.json", "{\"name\":\"x\"}") == FileKind::kOther);
  CHECK(DetectKind("a.json", "{\"apiVersion\":\"v1\"}") == FileKind::kManifest);
  CHECK(DetectKind("a.json", "{\"\\u0061piVersion\":\"v1\"}") == FileKind::kManifest);
  CHECK(DetectKind("deploy.yaml.tpl", "apiVersion: v1\nkind: {{ .Kind }}\n") ==
        FileKind::kTemplated);
  CHECK(DetectKind("deploy.yaml.tpl", "apiVersion: v1\nkind: Pod\n") == FileKind::kManifest);
}

TEST_CASE("template marks stand outside quotes and comments") {
  CHECK(FindTemplateMark("a: {{ .Values.x }}\n") == 3u);
  CHECK(FindTemplateMark("a: b\n{{- if .Values.x }}\n") == 5u);
  CHECK(FindTemplateMark("{% if x %}\n") == 0u);
  CHECK_FALSE(FindTemplateMark("a: \"{{ $labels.pod }}\"\n"));
  CHECK_FALSE(FindTemplateMark("a: '{{ x }}'\nb: [\"{{y}}\"]\n"));
  CHECK_FALSE(FindTemplateMark("# {{ x }}\na: b # {{ y }}\n"));
  CHECK(FindTemplateMark("a: it's {{ x }}\n") == 8u);
  CHECK_FALSE(FindTemplateMark("a: \"\\\" {{ x }}\"\n"));
  CHECK_FALSE(FindTemplateMark("a: {b: {}}\n"));
}

TEST_CASE("actions of Helm are told from marks of other programs") {
  for (const std::string_view text :
       {"web-{{ .Release.Name }}", "x{{- .Values.a.b -}}", "{{ include \"x\" . }}-y",
        "{{ (.Values.x) }}", "a {{ $.Values.x }}", "{{ toYaml .Values.x }}"}) {
    CAPTURE(text);
    CHECK(HasTemplateAction(text));
  }
  for (const std::string_view text :
       {"echo {{inputs.parameters.message}}", "{{ $labels.pod }}", "{{workflow.name}}", "{{item}}",
        "{{ .Labels }}", "{{ with $labels.cluster -}} x {{- end }}", "{{ template \"a\" . }}",
        "{{ .ValuesX }}", "{ {.Values} }"}) {
    CAPTURE(text);
    CHECK_FALSE(HasTemplateAction(text));
  }
}

}  // namespace
}  // namespace ouro::scan
