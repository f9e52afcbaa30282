#include "notify/sender.h"

#include <doctest.h>

#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "io/http_client_stub.h"
#include "io/tree.h"
#include "io/yaml_scalar.h"
#include "notify/signature.h"
#include "notify/smtp_stub.h"
#include "notify/ticket_sync.h"

namespace ouro::notify {
namespace {

constexpr UnixSeconds kNow = 1'790'000'000;
constexpr std::string_view kId = "0e972a076368be2f1386c60ef363c32d";

Environment Secrets() {
  return [](const std::string& name) -> std::optional<std::string> {
    if (name == "KEY") return "hook-key-1234";
    if (name == "TOKEN") return "jira-token-5678";
    if (name == "PASSWORD") return "mail-password-9";
    if (name.starts_with("http")) return name;  // an address as its own variable
    return std::nullopt;
  };
}

Letter OneIssue(EventType type = EventType::kIssueOpened) {
  IssueLine line;
  line.type = type;
  line.issue.id = kId;
  line.issue.title = "Container <runs> & is privileged — „ja“";
  line.issue.check = "OURO-K8S-0001";
  line.issue.severity = model::Severity::kCritical;
  line.issue.priority = 90;
  line.issue.resource.kind = "Deployment";
  line.issue.resource.namespace_name = "shop";
  line.issue.resource.name = "payment";
  line.issue.resource.container = "api";
  line.issue.owner = "team-shop";
  line.url = "https://ouro.example/issues/x";
  Letter letter;
  letter.delivery = std::string(32, 'd');
  letter.time = kNow;
  letter.subject = "critical opened: Container — privileged";
  letter.issues.push_back(line);
  return letter;
}

Channel Webhook(const std::string& url) {
  Channel channel;
  channel.name = "hook";
  channel.kind = ChannelKind::kWebhook;
  channel.secret_url.env = url;
  channel.secret.env = "KEY";
  channel.timeout_ms = 5'000;
  return channel;
}

Channel Mail(int port) {
  Channel channel;
  channel.name = "mail";
  channel.kind = ChannelKind::kEmail;
  channel.email.host = "127.0.0.1";
  channel.email.port = port;
  channel.email.tls = io::MailTls::kNone;
  channel.email.from = "ouro@example.org";
  channel.email.to = {"a@example.org", "b@example.org"};
  channel.timeout_ms = 5'000;
  return channel;
}

std::string Header(const std::string& message, std::string_view name) {
  const std::string unfolded = ReplaceAll(message, "\r\n ", " ");
  const size_t at = unfolded.find(std::string(name) + ": ");
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 2;
  return unfolded.substr(begin, unfolded.find("\r\n", begin) - begin);
}

// A Jira with one project: keeps what was posted, finds tickets by label.
struct FakeJira {
  std::string found = R"({"issues":[]})";  // answer to a search
  bool new_search = false;                 // /search is gone
  int create_status = 201;
  io::StubServer server{[this](const io::StubRequest& request) { return Answer(request); }};

  io::StubAnswer Answer(const io::StubRequest& request) const {
    io::StubAnswer answer;
    const bool search = request.path == "/rest/api/2/search";
    if (search && new_search) answer.status = 410;
    if ((search && !new_search) || request.path == "/rest/api/2/search/jql") answer.body = found;
    if (request.path == "/rest/api/2/issue") {
      answer.status = create_status;
      answer.body = R"({"id":"1","key":"SEC-12"})";
    }
    if (request.path.ends_with("/transitions") && request.method == "GET") {
      answer.body = R"({"transitions":[{"id":"4","name":"Start"},{"id":"7","name":"Close it"}]})";
    }
    if (request.path == "/rest/api/2/project/SEC") answer.body = "{}";
    return answer;
  }
  Channel channel() const {
    Channel channel;
    channel.name = "tickets";
    channel.kind = ChannelKind::kJira;
    channel.url = server.url();
    channel.secret.env = "TOKEN";
    channel.jira.project = "SEC";
    channel.jira.close_transition = "close it";
    channel.jira.priorities = {{"critical", "Highest"}};
    channel.timeout_ms = 5'000;
    return channel;
  }
  void Holds(std::string_view category) {
    found =
        fmt::format(R"({{"issues":[{{"key":"SEC-12","fields":{{"status":{{"name":"X",)"
                    R"("statusCategory":{{"key":"{}"}}}},"labels":["a","ouro","ouro-{}"]}}}}]}})",
                    category, kId);
  }
  std::vector<std::string> Posted() const {
    std::vector<std::string> posted;
    for (const io::StubRequest& request : server.requests()) {
      if (request.method == "POST") posted.push_back(request.path + " " + request.body);
    }
    return posted;
  }
};

}  // namespace

TEST_CASE("a webhook is signed and names its delivery") {
  io::StubServer server([](const io::StubRequest&) { return io::StubAnswer{}; });
  const SendResult sent = Sender(Secrets()).Send(Webhook(server.url() + "/hook"), OneIssue());
  REQUIRE(sent);
  REQUIRE(server.requests().size() == 1);
  const io::StubRequest request = server.requests()[0];
  CHECK(request.path == "/hook");
  CHECK(request.headers.at("content-type") == "application/json");
  CHECK(request.headers.at("ouro-delivery") == std::string(32, 'd'));
  CHECK(CheckWebhookSignature("hook-key-1234", request.headers.at("ouro-signature"), request.body,
                              kNow + 10, 300));
  CHECK(request.body == WebhookBody(OneIssue()));
  CHECK(request.body.find(R"("event":"issue.opened","id":"0e97)") != std::string::npos);
  CHECK(request.body.find("hook-key") == std::string::npos);
}

TEST_CASE("answers of a receiver are for now or for good, and errors hold no secret") {
  struct Row {
    int status;
    bool permanent;
    ErrorCode code;
  };
  for (const Row& row : {Row{400, true, ErrorCode::kRemote}, Row{401, true, ErrorCode::kDenied},
                         Row{404, true, ErrorCode::kRemote}, Row{408, false, ErrorCode::kRemote},
                         Row{429, false, ErrorCode::kRemote}, Row{500, false, ErrorCode::kRemote},
                         Row{503, false, ErrorCode::kRemote}, Row{302, true, ErrorCode::kRemote}}) {
    CAPTURE(row.status);
    io::StubServer server([&](const io::StubRequest& request) {
      io::StubAnswer answer;
      answer.status = row.status;
      answer.headers = {"Retry-After: 120"};
      // An answer that repeats what it was sent.
      answer.body = "bad request to " + request.path + " with hook-key-1234\n";
      return answer;
    });
    const SendResult sent =
        Sender(Secrets()).Send(Webhook(server.url() + "/services/T0/SECRETPATH"), OneIssue());
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().permanent == row.permanent);
    CHECK(sent.error().error.code == row.code);
    CHECK(sent.error().status == row.status);
    CHECK(sent.error().retry_after_seconds == 120);
    const std::string text = sent.error().error.ToString();
    CHECK(text.starts_with("channel hook: "));
    CHECK(text.find("SECRETPATH") == std::string::npos);
    CHECK(text.find("hook-key") == std::string::npos);
  }
}

TEST_CASE("what cannot be reached or asked is no crash and no leak") {
  Sender sender(Secrets());
  for (const char* url : {"http://127.0.0.1:1/SECRETPATH", "http://bad host/SECRETPATH",
                          "http://user:SECRETPATH@127.0.0.1/"}) {
    CAPTURE(url);
    const SendResult sent = sender.Send(Webhook(url), OneIssue());
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().error.ToString().find("SECRETPATH") == std::string::npos);
  }
  Channel channel = Webhook("http://127.0.0.1:1/");
  channel.secret.env = "MISSING";
  const SendResult sent = sender.Send(channel, OneIssue());
  REQUIRE_FALSE(sent.has_value());
  CHECK(sent.error().error.ToString().find("$MISSING") != std::string::npos);
  CHECK_FALSE(sent.error().permanent);
  // A receiver that says nothing.
  io::StubServer silent([](const io::StubRequest&) {
    io::StubAnswer answer;
    answer.stall = true;
    return answer;
  });
  channel = Webhook(silent.url());
  channel.timeout_ms = 200;
  const SendResult stalled = sender.Send(channel, OneIssue());
  REQUIRE_FALSE(stalled.has_value());
  CHECK(stalled.error().error.code == ErrorCode::kTimeout);
  CHECK_FALSE(stalled.error().permanent);
}

TEST_CASE("Slack is told in blocks, and nothing in them is markup of others") {
  io::StubServer server([](const io::StubRequest&) {
    io::StubAnswer answer;
    answer.body = "ok";
    return answer;
  });
  Channel channel = Webhook(server.url() + "/services/x");
  channel.kind = ChannelKind::kSlack;
  REQUIRE(Sender(Secrets()).Send(channel, OneIssue()));
  const std::string body = server.requests()[0].body;
  CHECK(body.find("Container &lt;runs&gt; &amp; is privileged") != std::string::npos);
  CHECK(body.find("<https://ouro.example/issues/x|Container") != std::string::npos);
  io::Tree tree;
  io::KeyTable keys;
  REQUIRE(io::ReadJson(body, {}, keys, tree));
  CHECK(io::NodeView(tree, keys, tree.roots()[0].node).Get("blocks").Children().size() == 2);
  // Slack takes 50 blocks.
  Letter many = OneIssue();
  many.issues.resize(200, many.issues[0]);
  many.omitted = 5;
  const std::string large = SlackBody(many);
  REQUIRE(io::ReadJson(large, {}, keys, tree));
  const io::NodeView root(tree, keys, tree.roots()[0].node);
  CHECK(root.Get("blocks").Children().size() <= 50);
  CHECK(root.Get("text").Text().find("and 161 more") != std::string_view::npos);
}

TEST_CASE("mail arrives whole, for every recipient") {
  SmtpStub server;
  const SendResult sent = Sender(Secrets()).Send(Mail(server.port()), OneIssue());
  INFO((sent ? "" : sent.error().error.ToString()));
  REQUIRE(sent);
  const std::vector<std::string> commands = server.commands();
  const auto said = [&](std::string_view command) {
    return std::any_of(commands.begin(), commands.end(),
                       [&](const std::string& line) { return line.starts_with(command); });
  };
  CHECK(said("MAIL FROM:<ouro@example.org>"));
  CHECK(said("RCPT TO:<a@example.org>"));
  CHECK(said("RCPT TO:<b@example.org>"));
  REQUIRE(server.messages().size() == 1);
  const std::string message = server.messages()[0];
  CHECK(Header(message, "Date") == "Mon, 21 Sep 2026 14:13:20 +0000");
  CHECK(Header(message, "Message-ID") == "<" + std::string(32, 'd') + "@example.org>");
  CHECK(Header(message, "To") == "<a@example.org>, <b@example.org>");
  const std::string subject = Header(message, "Subject");
  REQUIRE(subject.starts_with("=?utf-8?B?"));
  std::string decoded;
  REQUIRE(io::DecodeBase64(subject.substr(10, subject.find("?=") - 10), decoded));
  CHECK(decoded.starts_with("[ouro] critical opened"));
  std::string body;
  REQUIRE(
      io::DecodeBase64(ReplaceAll(message.substr(message.find("\r\n\r\n") + 4), "\r\n", ""), body));
  CHECK(body == ReplaceAll(LetterText(OneIssue()), "\n", "\r\n"));
  size_t line_begin = 0;
  for (size_t end = message.find("\r\n"); end != std::string::npos;
       end = message.find("\r\n", line_begin)) {
    CHECK(end - line_begin <= 78);
    line_begin = end + 2;
  }
}

TEST_CASE("a mail server may refuse for now or for good") {
  struct Row {
    const char* word;
    const char* reply;
    bool permanent;
  };
  for (const Row& row :
       {Row{"RCPT", "550 no such user", true}, Row{"RCPT", "450 greylisted", false},
        Row{"MAIL", "530 authenticate first", true}, Row{".", "552 too large", true},
        Row{".", "451 later", false}}) {
    CAPTURE(row.reply);
    SmtpStub server(SmtpStub::Replies{{row.word, row.reply}});
    const SendResult sent = Sender(Secrets()).Send(Mail(server.port()), OneIssue());
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().permanent == row.permanent);
    CHECK(sent.error().error.code == ErrorCode::kRemote);
    CHECK(sent.error().error.message.find(std::string(row.reply).substr(0, 3)) !=
          std::string::npos);
  }
}

TEST_CASE("a password never goes over a connection in the clear") {
  SmtpStub server(SmtpStub::Replies{{"EHLO", "250-stub\r\n250 AUTH PLAIN LOGIN"}});
  Channel channel = Mail(server.port());
  channel.email.tls = io::MailTls::kStartTls;
  channel.email.user = "ouro";
  channel.email.password.env = "PASSWORD";
  // The server offers no STARTTLS.
  const SendResult sent = Sender(Secrets()).Send(channel, OneIssue());
  REQUIRE_FALSE(sent.has_value());
  CHECK(sent.error().error.ToString().find("does not offer TLS") != std::string::npos);
  CHECK(sent.error().error.ToString().find("mail-password") == std::string::npos);
  channel.email.tls = io::MailTls::kNone;
  CHECK_FALSE(Sender(Secrets()).Send(channel, OneIssue()));
  for (const std::string& command : server.commands()) {
    CHECK_FALSE(command.starts_with("AUTH"));
    CHECK_FALSE(command.starts_with("MAIL"));
  }
}

TEST_CASE("addresses cannot bring headers or commands of their own") {
  io::MailRequest request;
  request.host = "127.0.0.1";
  request.port = 1;
  request.from = "a@b";
  request.recipients = {"c@d>\r\nRCPT TO:<e@f"};
  CHECK(io::SendMail(request).error().permanent);
  CHECK(io::SendMail(request).error().error.code == ErrorCode::kInvalid);
  Letter letter = OneIssue();
  letter.subject = "a\r\nBcc: e@f";
  CHECK(EmailMessage(Mail(1).email, letter).find("\nBcc") == std::string::npos);
}

TEST_CASE("an issue becomes a ticket once") {
  FakeJira jira;
  const SendResult sent = Sender(Secrets()).Send(jira.channel(), OneIssue());
  INFO((sent ? "" : sent.error().error.ToString()));
  REQUIRE(sent);
  CHECK(*sent == "SEC-12 created");
  const auto requests = jira.server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].headers.at("authorization") == "Bearer jira-token-5678");
  CHECK(requests[0].query.at("jql") ==
        fmt::format("project = \"SEC\" AND labels = \"ouro-{}\" ORDER BY created DESC", kId));
  CHECK(requests[1].body.find(fmt::format(R"("labels":["ouro","ouro-{}"])", kId)) !=
        std::string::npos);
  CHECK(requests[1].body.find(R"("priority":{"name":"Highest"})") != std::string::npos);
  CHECK(requests[1].body.find("(Deployment shop/payment, container api)") != std::string::npos);
  // The answer was lost and the message comes again: the ticket is found.
  jira.Holds("new");
  CHECK(*Sender(Secrets()).Send(jira.channel(), OneIssue()) == "SEC-12 is there already");
  CHECK(jira.Posted().size() == 1);
}

TEST_CASE("what happens to the issue happens to the ticket") {
  FakeJira jira;
  jira.Holds("indeterminate");
  Sender sender(Secrets());
  REQUIRE(sender.Send(jira.channel(), OneIssue(EventType::kIssueResolved)));
  std::vector<std::string> posted = jira.Posted();
  REQUIRE(posted.size() == 2);
  CHECK(posted[0] == R"(/rest/api/2/issue/SEC-12/transitions {"transition":{"id":"7"}})");
  CHECK(posted[1].find("/rest/api/2/issue/SEC-12/comment") == 0);
  CHECK(posted[1].find("resolved") != std::string::npos);
  // Without a transition for it a returned issue is a comment; one without ticket gets one.
  REQUIRE(sender.Send(jira.channel(), OneIssue(EventType::kIssueReopened)));
  posted = jira.Posted();
  REQUIRE(posted.size() == 3);
  CHECK(posted[2].find("there again") != std::string::npos);
  jira.found = R"({"issues":[]})";
  CHECK(*sender.Send(jira.channel(), OneIssue(EventType::kIssueReopened)) == "SEC-12 created");
  CHECK(*sender.Send(jira.channel(), OneIssue(EventType::kIssueResolved)) == "no ticket to close");
  CHECK(jira.Posted().size() == 4);
}

TEST_CASE("both searches of Jira are known") {
  FakeJira jira;
  jira.new_search = true;
  jira.Holds("done");
  Channel channel = jira.channel();
  channel.jira.user = "bot@example.org";
  Sender sender(Secrets());
  CHECK(*sender.Send(channel, OneIssue()) == "SEC-12 is there already");
  CHECK(jira.server.requests()[0].headers.at("authorization").starts_with("Basic "));
  const auto tickets = sender.Tickets(channel, 7);
  REQUIRE(tickets);
  REQUIRE(tickets->size() == 1);
  CHECK((*tickets)[0] == Ticket{"SEC-12", std::string(kId), "X", "done"});
}

TEST_CASE("a refusal of Jira tells no token, and strange answers are refused") {
  FakeJira jira;
  jira.create_status = 400;
  const SendResult refused = Sender(Secrets()).Send(jira.channel(), OneIssue());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().permanent);
  CHECK(refused.error().error.ToString().find("jira-token") == std::string::npos);
  for (const char* strange :
       {"", "no json", "[]", "{}", R"({"issues":{}})", R"({"issues":[{}]})"}) {
    CAPTURE(strange);
    jira.found = strange;
    const SendResult sent = Sender(Secrets()).Send(jira.channel(), OneIssue());
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().error.message.find("cannot be understood") != std::string::npos);
  }
}

TEST_CASE("a test asks Jira for its project and leaves no ticket") {
  FakeJira jira;
  Letter letter;
  letter.events.push_back({EventType::kTest, kNow, {}, "", ""});
  CHECK(*Sender(Secrets()).Send(jira.channel(), letter) == "project SEC is there");
  CHECK(jira.Posted().empty());
}

TEST_CASE("a ticket moves its issue, within bounds") {
  JiraSettings jira;
  jira.statuses = {{"in review", "fix_proposed"}};
  using store::IssueStatus;
  struct Row {
    const char* status;
    const char* category;
    IssueStatus now;
    int64_t reopened;
    std::optional<IssueStatus> wanted;
  };
  for (const Row& row : {
           Row{"Doing", "indeterminate", IssueStatus::kNew, 0, IssueStatus::kInProgress},
           Row{"In Review", "indeterminate", IssueStatus::kInProgress, 0,
               IssueStatus::kFixProposed},
           Row{"Closed", "done", IssueStatus::kInProgress, 0, IssueStatus::kFixedUnverified},
           Row{"Open", "new", IssueStatus::kTriaged, 0, std::nullopt},
           Row{"Doing", "indeterminate", IssueStatus::kInProgress, 0, std::nullopt},
           Row{"Closed", "done", IssueStatus::kRiskAccepted, 0, std::nullopt},
           Row{"Doing", "indeterminate", IssueStatus::kFalsePositive, 0, std::nullopt},
           Row{"Doing", "indeterminate", IssueStatus::kResolved, 0, std::nullopt},
           Row{"Closed", "done", IssueStatus::kNew, 1, std::nullopt},
           Row{"Doing", "indeterminate", IssueStatus::kNew, 1, IssueStatus::kInProgress},
       }) {
    CAPTURE(row.status);
    store::Issue issue;
    issue.status = row.now;
    issue.reopened = row.reopened;
    const TicketChange change =
        ChangeFromTicket(jira, {"SEC-1", "", row.status, row.category}, issue);
    CHECK(change.status == row.wanted);
    CHECK_FALSE(change.reason.empty());
  }
}

}  // namespace ouro::notify
