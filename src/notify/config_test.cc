#include "notify/config.h"

#include <doctest.h>

#include <cstdio>
#include <fstream>
#include <string>

#include <unistd.h>

#include "base/limits.h"
#include "notify/event.h"

namespace ouro::notify {
namespace {

constexpr const char* kAll = R"(
profile: default
notify:
  url: https://ouro.example/
  channels:
    - name: mail
      kind: email
      server: mail.example:465
      tls: tls
      user: ouro
      password: {env: MAIL_PASSWORD}
      from: ouro@example.org
      to: [security@example.org, ops@example.org]
      group: owner
      rate: 5/10m
      tries: 3
      timeout: 20s
      when: {severity: high, namespaces: ["shop-*"], events: [issue.opened, issue.resolved]}
    - {name: chat, kind: slack, url: {file: slack.url}}
    - {name: hook, kind: webhook, url: "http://127.0.0.1:1/x", secret: {env: HOOK_KEY}}
    - name: tickets
      kind: jira
      url: https://jira.example/
      token: {env: JIRA_TOKEN}
      project: SEC
      statuses: {In Review: fix_proposed}
      priorities: {critical: Highest}
)";

std::string Refusal(const std::string& channel) {
  const Result<Config> config =
      ReadConfigText("notify:\n  channels:\n    - " + channel + "\n", "ouro.yaml");
  if (config) return "accepted";
  CHECK(config.error().where.starts_with("ouro.yaml:"));
  return config.error().message;
}

}  // namespace

TEST_CASE("channels of every kind are read") {
  const Result<Config> config = ReadConfigText(kAll, "ouro.yaml");
  INFO((config ? "" : config.error().ToString()));
  REQUIRE(config);
  CHECK(config->url == "https://ouro.example");
  REQUIRE(config->channels.size() == 4);
  const Channel& mail = config->channels[0];
  CHECK(mail.kind == ChannelKind::kEmail);
  CHECK(mail.email.host == "mail.example");
  CHECK(mail.email.port == 465);
  CHECK(mail.email.tls == io::MailTls::kTls);
  CHECK(mail.email.password.env == "MAIL_PASSWORD");
  CHECK(mail.email.to.size() == 2);
  CHECK(mail.group == GroupBy::kOwner);
  CHECK(mail.rate_count == 5);
  CHECK(mail.rate_seconds == 600);
  CHECK(mail.tries == 3);
  CHECK(mail.timeout_ms == 20'000);
  CHECK(mail.when.severity_min == model::Severity::kHigh);
  CHECK(mail.when.events ==
        std::vector<EventType>{EventType::kIssueOpened, EventType::kIssueResolved});
  CHECK(config->Find("chat")->secret_url.file == "slack.url");
  CHECK(config->Find("hook")->group == GroupBy::kChannel);
  const Channel& tickets = *config->Find("tickets");
  CHECK(tickets.url == "https://jira.example");
  CHECK(tickets.group == GroupBy::kIssue);
  CHECK(tickets.when.severity_min == model::Severity::kHigh);
  CHECK(tickets.jira.statuses.at("in review") == "fix_proposed");
  CHECK(config->Find("nobody") == nullptr);
  CHECK(ReadConfigText("profile: all\n", "x")->channels.empty());
  CHECK(ReadConfigText("", "x")->channels.empty());
  CHECK(ReadConfigText("notify:\n", "x")->channels.empty());
}

TEST_CASE("a secret does not stand in the configuration, nor in the refusal") {
  for (const char* channel :
       {"{name: a, kind: slack, url: https://hooks.example/services/SECRET-TOKEN}",
        "{name: a, kind: webhook, url: http://a, secret: SECRET-TOKEN}",
        "{name: a, kind: jira, url: http://a, project: A, token: SECRET-TOKEN}",
        "{name: a, kind: email, server: a, from: a@b, to: a@b, user: u, password: SECRET-TOKEN}"}) {
    CAPTURE(channel);
    const std::string refusal = Refusal(channel);
    CHECK(refusal.find("{env: NAME} or {file: PATH}") != std::string::npos);
    CHECK(refusal.find("SECRET") == std::string::npos);
  }
}

TEST_CASE("what is wrong is named") {
  struct Row {
    const char* channel;
    const char* says;
  };
  const Row rows[] = {
      {"{name: a}", "`kind` is one of email"},
      {"{kind: pigeon, name: a}", "one of email, slack"},
      {"{kind: slack, name: a, url: {env: X}, sever: 1}", "unknown key \"sever\""},
      {"{kind: slack, name: a, url: {env: X}, project: P}", "unknown key \"project\""},
      {"{kind: slack, name: a}", "a slack channel has `url`"},
      {"{kind: slack, url: {env: X}}", "`name` has letters"},
      {"{kind: slack, name: \"a b\", url: {env: X}}", "`name` has letters"},
      {"{kind: slack, name: a, url: {env: X, file: f}}", "{env: NAME} or {file: PATH}"},
      {"{kind: slack, name: a, url: {envi: X}}", "did you mean env?"},
      {"{kind: slack, name: a, url: {env: X}, rate: 5}", "such as 30/1h"},
      {"{kind: slack, name: a, url: {env: X}, rate: 5/2d}", "at most a day"},
      {"{kind: slack, name: a, url: {env: X}, rate: 0/1h}", "such as 30/1h"},
      {"{kind: slack, name: a, url: {env: X}, tries: 0}", "from 1 to 100"},
      {"{kind: slack, name: a, url: {env: X}, timeout: 1h}", "from 1s to 5m"},
      {"{kind: slack, name: a, url: {env: X}, group: planet}", "one of channel"},
      {"{kind: slack, name: a, url: {env: X}, when: {severity: grave}}", "critical, high"},
      {"{kind: slack, name: a, url: {env: X}, when: {events: [lunch]}}", "issue.opened"},
      {"{kind: slack, name: a, url: {env: X}, when: {namespace: [a]}}", "did you mean namespaces?"},
      {"{kind: webhook, name: a, url: http://a}", "has `secret`"},
      {"{kind: webhook, name: a, url: ftp://a, secret: {env: X}}", "http or https"},
      {"{kind: email, name: a, from: a@b, to: a@b}", "has `server`"},
      {"{kind: email, name: a, server: a:99999, from: a@b, to: a@b}", "HOST:PORT"},
      {"{kind: email, name: a, server: a, from: a, to: a@b}", "an address"},
      {"{kind: email, name: a, server: a, from: a@b, to: \"a@b\\r\\nBcc: x@y\"}", "an address"},
      {"{kind: email, name: a, server: a, from: a@b, to: a@b, user: u}", "belong together"},
      {"{kind: email, name: a, server: a, tls: none, user: u, password: {env: X}, from: a@b, to: "
       "a@b}",
       "not sent with `tls: none`"},
      {"{kind: jira, name: a, url: http://a, token: {env: X}}", "`project`"},
      {"{kind: jira, name: a, url: http://a, token: {env: X}, project: 'S\" OR 1'}", "is the key"},
      {"{kind: jira, name: a, url: http://a, token: {env: X}, project: S, statuses: {Done: "
       "resolved}}",
       "one of triaged"},
      {"{kind: jira, name: a, url: http://a, token: {env: X}, project: S, priorities: {grave: "
       "High}}",
       "a map from critical"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.channel);
    const std::string refusal = Refusal(row.channel);
    CAPTURE(refusal);
    CHECK(refusal.find(row.says) != std::string::npos);
  }
  CHECK_FALSE(
      ReadConfigText("notify: {channels: [{kind: slack, name: a, url: {env: X}}, {kind: slack, "
                     "name: a, url: {env: X}}]}",
                     "x"));
  CHECK_FALSE(ReadConfigText("notify: {chanels: []}", "x"));
  CHECK_FALSE(ReadConfigText("notify: {url: here}", "x"));
}

TEST_CASE("secrets come from the environment or a file, and are not told") {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "GOOD") return "s3cret";
    if (name == "EMPTY") return "";
    if (name == "LINES") return "a\nb";
    return std::nullopt;
  };
  CHECK(ResolveSecret({"GOOD", ""}, environment)->Reveal() == "s3cret");
  CHECK(ResolveSecret({}, environment)->empty());
  CHECK(ResolveSecret({"EMPTY", ""}, environment).error().code == ErrorCode::kNotFound);
  CHECK(ResolveSecret({"GONE", ""}, environment).error().ToString().starts_with("$GONE: "));
  CHECK(ResolveSecret({"LINES", ""}, environment).error().code == ErrorCode::kInvalid);
  const std::string path = "/tmp/ouro_notify_secret_" + std::to_string(getpid());
  std::ofstream(path) << "from a file\r\n";
  CHECK(ResolveSecret({"", path}, environment)->Reveal() == "from a file");
  std::ofstream(path) << std::string(static_cast<size_t>(limits::kNotifySecretSizeBytes) + 1, 'x');
  CHECK(ResolveSecret({"", path}, environment).error().code == ErrorCode::kLimit);
  std::remove(path.c_str());
  CHECK(ResolveSecret({"", path}, environment).error().code == ErrorCode::kNotFound);
}

TEST_CASE("events go to JSON and back") {
  Event event;
  event.type = EventType::kIssueReopened;
  event.time = 1'790'000'000;
  event.issues = {"0e972a076368be2f1386c60ef363c32d", "x\"y"};
  event.subject = "trivy nginx:1.25";
  event.text = "two\nlines";
  CHECK(ReadEvent(EventJson(event)).value() == event);
  for (int i = 0; i < kEventTypeCount; ++i) {
    const EventType type = static_cast<EventType>(i);
    CHECK(ParseEventType(EventTypeName(type)) == type);
  }
  for (const char* wrong :
       {"", "[]", "{}", R"({"schema":"ouro/event/v1"})",
        R"({"schema":"ouro/event/v1","event":"lunch","time":"2026-01-01"})",
        R"({"schema":"ouro/event/v1","event":"test","time":"soon"})",
        R"({"schema":"ouro/event/v1","event":"test","time":"2026-01-01","issues":[1]})",
        R"({"schema":"ouro/event/v2","event":"test","time":"2026-01-01"})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ReadEvent(wrong));
  }
}

}  // namespace ouro::notify
