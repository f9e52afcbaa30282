// Incoming webhooks of Slack: a text for notifications and blocks for the message
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
#include <fmt/format.h>

#include "base/text.h"
#include "notify/sender.h"

namespace ouro::notify {
namespace {

constexpr size_t kSectionSize = 2'900;  // Slack: 3,000 characters a section
constexpr size_t kSectionCount = 45;    // Slack: 50 blocks a message

// Slack's control characters (its "Formatting text for app surfaces").
std::string Escape(std::string_view text) {
  return ReplaceAll(ReplaceAll(ReplaceAll(text, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

std::string IssueText(const IssueLine& line) {
  const store::Issue& issue = line.issue;
  const std::string title = Escape(Printable(issue.title));
  std::string out = fmt::format(
      "*{} {}*: {}", model::SeverityName(issue.severity), IssueWord(line.type),
      line.url.empty() ? title : fmt::format("<{}|{}>", line.url, ReplaceAll(title, "|", "¦")));
  if (const std::string resource = ResourceText(issue); !resource.empty()) {
    out += "\n" + Escape(resource);
  }
  out += fmt::format("\n{} · priority {}", Escape(Printable(issue.check)), issue.priority);
  if (!issue.owner.empty()) out += " · owner " + Escape(Printable(issue.owner));
  return out;
}

class Blocks {
 public:
  // False: no room any more.
  bool Add(std::string_view text) {
    if (count_ >= kSectionCount) return false;
    ++count_;
    if (text.size() > kSectionSize) {
      text = text.substr(0, ValidUtf8Prefix(text.substr(0, kSectionSize)));
    }
    if (count_ > 1) out_ += ',';
    out_ += "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":";
    AppendJsonString(out_, text);
    out_ += "}}";
    return true;
  }
  const std::string& text() const { return out_; }

 private:
  std::string out_;
  size_t count_ = 0;
};

}  // namespace

std::string SlackBody(const Letter& letter) {
  Blocks blocks;
  blocks.Add("*" + Escape(letter.subject) + "*");
  for (const Event& event : letter.events) {
    blocks.Add(fmt::format("*{}* {}\n{}", EventTypeName(event.type), Escape(event.subject),
                           Escape(event.text)));
  }
  int64_t omitted = letter.omitted;
  for (const IssueLine& line : letter.issues) {
    if (!blocks.Add(IssueText(line))) ++omitted;
  }
  std::string out = "{\"text\":";
  AppendJsonString(out,
                   Escape(omitted > 0 ? fmt::format("{} (and {} more)", letter.subject, omitted)
                                      : letter.subject));
  return out + ",\"blocks\":[" + blocks.text() + "]}";
}

SendResult SendSlack(Sender& sender, const Channel& channel, const Letter& letter) {
  auto url = sender.Resolve(channel.secret_url);
  if (!url) return tl::unexpected<SendFailure>(std::move(url).error());
  io::HttpRequest request;
  request.method = "POST";
  request.url = url->Reveal();
  request.headers = {"Content-Type: application/json"};
  request.body = SlackBody(letter);
  SendResult sent = sender.Exchange(channel, std::move(request), {*url});
  return sent ? SendResult("accepted") : sent;
}

}  // namespace ouro::notify
