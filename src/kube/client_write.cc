// Dry runs, access reviews, and the few writes that change something on the server.

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "kube/api_status.h"
#include "kube/client_state.h"
#include "kube/json_cursor.h"

namespace ouro::kube {
namespace {

std::string Query(const WriteOptions& options, bool dry_run = true) {
  std::string query = dry_run ? "?dryRun=All&fieldManager=" : "?fieldManager=";
  query += EscapeUrl(options.field_manager);
  if (!options.field_validation.empty()) {
    query += "&fieldValidation=" + EscapeUrl(options.field_validation);
  }
  return query;
}

Result<WriteAnswer> Write(Client::State& state, Call call) {
  // A dry run may be repeated, but a refusal by a broken webhook (500) is its answer.
  call.reads = false;
  const std::string method = call.method;
  const std::string path = call.path;
  OURO_TRY(io::HttpResponse response, state.Run(std::move(call)));
  WriteAnswer answer;
  answer.http_status = response.status;
  answer.accepted = response.status >= 200 && response.status < 300;
  answer.warnings = WarningsOf(response);
  if (answer.accepted) {
    answer.object = std::move(response.body);
    return answer;
  }
  // An answer of the API server is a Status; anything else comes from something in between. What it
  // said of the credential or of its load is about the asker, not about the object.
  answer.status = ReadApiStatus(response.body);
  const bool about_asker = response.status == 401 || response.status == 429;
  if (about_asker || answer.status.code == 0) {
    return tl::unexpected<Error>(state.Explain(response, method, path));
  }
  return answer;
}

void AppendMember(std::string& json, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  if (json.back() != '{') json += ',';
  AppendJsonString(json, key);
  json += ':';
  AppendJsonString(json, text);
}

void AppendList(std::string& json, const std::vector<std::string>& texts) {
  json += '[';
  for (const std::string& text : texts) {
    if (json.back() != '[') json += ',';
    AppendJsonString(json, text);
  }
  json += ']';
}

void AppendQuestion(std::string& json, const AccessQuestion& question) {
  if (json.back() != '{') json += ',';
  if (!question.path.empty()) {
    json += "\"nonResourceAttributes\":{";
    AppendMember(json, "verb", question.verb);
    AppendMember(json, "path", question.path);
  } else {
    json += "\"resourceAttributes\":{";
    AppendMember(json, "verb", question.verb);
    AppendMember(json, "group", question.group);
    AppendMember(json, "resource", question.resource);
    AppendMember(json, "subresource", question.subresource);
    AppendMember(json, "namespace", question.name_space);
    AppendMember(json, "name", question.name);
  }
  json += '}';
}

Result<AccessAnswer> Review(Client::State& state, std::string_view kind, std::string_view plural,
                            const std::string& spec) {
  Call call;
  call.method = "POST";
  call.path = fmt::format("/apis/authorization.k8s.io/v1/{}", plural);
  call.content_type = "application/json";
  call.body = fmt::format(
      "{{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"{}\",\"spec\":{}}}", kind, spec);
  OURO_TRY(const io::HttpResponse response, state.RunToSuccess(std::move(call)));
  const auto status = JsonMember(response.body, "status");
  const auto allowed = JsonMember(status.value_or(""), "allowed");
  if (!allowed) return Fail(ErrorCode::kParse, "the answer is no access review with a status");
  AccessAnswer answer;
  answer.allowed = *allowed == "true";
  answer.denied = JsonMember(*status, "denied").value_or("") == "true";
  const auto text = [&](std::string_view key) {
    return Printable(JsonText(JsonMember(*status, key).value_or("")).value_or(""));
  };
  answer.reason = text("reason");
  answer.evaluation_error = text("evaluationError");
  return answer;
}

}  // namespace

Result<WriteAnswer> Client::DryRunApply(const ApiResource& resource, std::string_view name_space,
                                        std::string_view name, std::string_view object,
                                        const WriteOptions& options) {
  Call call;
  call.method = "PATCH";
  call.path = resource.ObjectPath(name_space, name) + Query(options);
  if (options.force) call.path += "&force=true";
  call.content_type = "application/apply-patch+yaml";  // JSON is YAML
  call.body = object;
  return Write(*state_, std::move(call));
}

Result<WriteAnswer> Client::DryRunCreate(const ApiResource& resource, std::string_view name_space,
                                         std::string_view object, const WriteOptions& options) {
  Call call;
  call.method = "POST";
  call.path = resource.CollectionPath(name_space) + Query(options);
  call.content_type = "application/json";
  call.body = object;
  return Write(*state_, std::move(call));
}

Result<WriteAnswer> Client::DryRunUpdate(const ApiResource& resource, std::string_view name_space,
                                         std::string_view name, std::string_view object,
                                         const WriteOptions& options) {
  Call call;
  call.method = "PUT";
  call.path = resource.ObjectPath(name_space, name) + Query(options);
  call.content_type = "application/json";
  call.body = object;
  return Write(*state_, std::move(call));
}

Result<WriteAnswer> Client::CreateObject(const ApiResource& resource, std::string_view name_space,
                                         std::string_view object, const WriteOptions& options) {
  Call call;
  call.method = "POST";
  call.path = resource.CollectionPath(name_space) + Query(options, false);
  call.content_type = "application/json";
  call.body = object;
  return Write(*state_, std::move(call));
}

Status Client::DeleteObject(const ApiResource& resource, std::string_view name_space,
                            std::string_view name) {
  Call call;
  call.method = "DELETE";
  call.path = resource.ObjectPath(name_space, name) + "?propagationPolicy=Background";
  OURO_TRY_STATUS(state_->RunToSuccess(std::move(call)));
  return {};
}

Result<AccessAnswer> Client::MayI(const AccessQuestion& question) {
  std::string spec = "{";
  AppendQuestion(spec, question);
  spec += '}';
  return Review(*state_, "SelfSubjectAccessReview", "selfsubjectaccessreviews", spec);
}

Result<AccessAnswer> Client::MaySubject(const AccessSubject& subject,
                                        const AccessQuestion& question) {
  std::string spec = "{";
  AppendMember(spec, "user", subject.user);
  AppendMember(spec, "uid", subject.uid);
  if (!subject.groups.empty()) {
    spec += spec.back() == '{' ? "\"groups\":" : ",\"groups\":";
    AppendList(spec, subject.groups);
  }
  if (!subject.extra.empty()) {
    spec += spec.back() == '{' ? "\"extra\":{" : ",\"extra\":{";
    for (const auto& [key, values] : subject.extra) {
      if (spec.back() != '{') spec += ',';
      AppendJsonString(spec, key);
      spec += ':';
      AppendList(spec, values);
    }
    spec += '}';
  }
  AppendQuestion(spec, question);
  spec += '}';
  return Review(*state_, "SubjectAccessReview", "subjectaccessreviews", spec);
}

}  // namespace ouro::kube
