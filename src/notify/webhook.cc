// The generic webhook (docs/formats/notify.md): JSON, signed with its time.
#include <fmt/format.h>

#include "base/text.h"
#include "notify/sender.h"
#include "notify/signature.h"

namespace ouro::notify {
namespace {

void AppendText(std::string& out, std::string_view key, std::string_view value) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
  AppendJsonString(out, value);
}

void AppendList(std::string& out, std::string_view key, const std::vector<std::string>& values) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":[", key);
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, values[i]);
  }
  out += ']';
}

void AppendIssue(std::string& out, const IssueLine& line) {
  const store::Issue& issue = line.issue;
  fmt::format_to(std::back_inserter(out), "{{\"event\":\"{}\"", EventTypeName(line.type));
  AppendText(out, "id", issue.id);
  AppendText(out, "title", issue.title);
  AppendText(out, "severity", model::SeverityName(issue.severity));
  fmt::format_to(std::back_inserter(out), ",\"priority\":{}", issue.priority);
  AppendText(out, "status", store::IssueStatusName(issue.status));
  AppendText(out, "check", issue.check);
  AppendText(out, "concept", issue.concept_name);
  AppendText(out, "vuln", issue.vuln);
  AppendText(out, "kind", issue.resource.kind);
  AppendText(out, "namespace", issue.resource.namespace_name);
  AppendText(out, "name", issue.resource.name);
  AppendText(out, "container", issue.resource.container);
  AppendText(out, "owner", issue.owner);
  AppendList(out, "applications", issue.applications);
  AppendList(out, "environments", issue.environments);
  AppendList(out, "clusters", issue.clusters);
  AppendText(out, "first_seen", FormatRfc3339(issue.first_seen));
  if (issue.sla_due > 0) AppendText(out, "due", FormatRfc3339(issue.sla_due));
  if (!line.url.empty()) AppendText(out, "url", line.url);
  out += '}';
}

}  // namespace

std::string WebhookBody(const Letter& letter) {
  std::string out = "{\"schema\":\"ouro/notification/v1\"";
  AppendText(out, "delivery", letter.delivery);
  AppendText(out, "time", FormatRfc3339(letter.time));
  AppendText(out, "subject", letter.subject);
  out += ",\"events\":[";
  for (size_t i = 0; i < letter.events.size(); ++i) {
    if (i > 0) out += ',';
    out += EventJson(letter.events[i]);
  }
  out += "],\"issues\":[";
  for (size_t i = 0; i < letter.issues.size(); ++i) {
    if (i > 0) out += ',';
    AppendIssue(out, letter.issues[i]);
  }
  return out + fmt::format("],\"omitted\":{}}}", letter.omitted);
}

SendResult SendWebhook(Sender& sender, const Channel& channel, const Letter& letter) {
  auto key = sender.Resolve(channel.secret);
  if (!key) return tl::unexpected<SendFailure>(std::move(key).error());
  std::vector<io::Secret> hide = {*key};
  io::HttpRequest request;
  request.method = "POST";
  request.url = channel.url;
  if (!channel.secret_url.empty()) {
    auto url = sender.Resolve(channel.secret_url);
    if (!url) return tl::unexpected<SendFailure>(std::move(url).error());
    request.url = url->Reveal();
    hide.push_back(*std::move(url));
  }
  request.body = WebhookBody(letter);
  request.headers = {
      "Content-Type: application/json", "Ouro-Delivery: " + letter.delivery,
      "Ouro-Signature: " + WebhookSignature(key->Reveal(), letter.time, request.body)};
  SendResult sent = sender.Exchange(channel, std::move(request), hide);
  return sent ? SendResult("accepted") : sent;
}

}  // namespace ouro::notify
