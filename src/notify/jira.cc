// Tickets in Jira by its REST API, version 2, which Jira Cloud and the server product both have. A
// ticket carries the label "ouro-<id of the issue>": Jira itself remembers which ticket belongs to
// which issue, so that nothing is made twice when an answer was lost, and the way back needs no
// table.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "io/tree.h"
#include "notify/sender.h"

namespace ouro::notify {
namespace {

constexpr std::string_view kLabel = "ouro";
constexpr std::string_view kLabelPrefix = "ouro-";
constexpr size_t kSummarySize = 250;         // Jira: 255 characters
constexpr size_t kDescriptionSize = 30'000;  // Jira: 32,767 characters
constexpr int kPageSize = 100;
constexpr int kPageCount = static_cast<int>(kTicketCount) / kPageSize;

std::string Front(std::string_view text, size_t size) {
  if (text.size() <= size) return std::string(text);
  return std::string(text.substr(0, ValidUtf8Prefix(text.substr(0, size))));
}

std::string UrlEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

// An answer of Jira as a tree.
struct Document {
  io::Tree tree;
  io::KeyTable keys;
  io::NodeView root;
};

tl::unexpected<SendFailure> Strange(std::string_view what) {
  return tl::unexpected<SendFailure>(SendFailure{
      Error{ErrorCode::kRemote, fmt::format("Jira's answer cannot be understood: {}", what), {}}});
}

class Jira {
 public:
  static tl::expected<Jira, SendFailure> Create(Sender& sender, const Channel& channel) {
    auto token = sender.Resolve(channel.secret);
    if (!token) return tl::unexpected<SendFailure>(std::move(token).error());
    return Jira(sender, channel, *std::move(token));
  }

  // Method and path below /rest/api/2, with a body of JSON or none.
  SendResult Ask(std::string_view method, std::string_view path, std::string body = {}) {
    io::HttpRequest request;
    request.method = method;
    request.url = channel_.url + "/rest/api/2" + std::string(path);
    request.headers = {"Accept: application/json"};
    if (!body.empty()) request.headers.emplace_back("Content-Type: application/json");
    const std::string& user = channel_.jira.user;
    const std::string credential = user.empty()
                                       ? "Bearer " + token_.Reveal()
                                       : "Basic " + EncodeBase64(user + ":" + token_.Reveal());
    request.secret_headers.emplace_back("Authorization: " + credential);
    request.body = std::move(body);
    return sender_.Exchange(channel_, std::move(request),
                            {token_, io::Secret(credential.substr(6))});
  }

  // The latest ticket with this label; nullopt: there is none.
  tl::expected<std::optional<Ticket>, SendFailure> Find(std::string_view label) {
    auto tickets = Search(fmt::format("project = \"{}\" AND labels = \"{}\" ORDER BY created DESC",
                                      channel_.jira.project, label),
                          1, 1);
    if (!tickets) return tl::unexpected<SendFailure>(std::move(tickets).error());
    if (tickets->empty()) return std::optional<Ticket>();
    return std::optional<Ticket>(std::move(tickets->front()));
  }

  tl::expected<std::vector<Ticket>, SendFailure> Search(std::string_view jql, int page_size,
                                                        int page_count);
  SendResult Create(std::string_view label, std::string_view summary, std::string_view description,
                    std::string_view severity);
  SendResult Comment(const std::string& key, std::string_view text) {
    return Ask("POST", "/issue/" + UrlEncode(key) + "/comment",
               "{\"body\":" + Quoted(Front(text, kDescriptionSize)) + "}");
  }
  // Runs the transition of that name; one that is not offered now is passed over.
  SendResult Transition(const std::string& key, std::string_view name);

 private:
  Jira(Sender& sender, const Channel& channel, io::Secret token)
      : sender_(sender), channel_(channel), token_(std::move(token)) {}

  SendResult SearchPage(std::string_view jql, int page_size, size_t start, std::string_view token);

  Sender& sender_;
  const Channel& channel_;
  io::Secret token_;
  bool new_search_ = false;  // /search is gone, /search/jql is there
};

tl::expected<std::unique_ptr<Document>, SendFailure> Read(const std::string& text) {
  auto document = std::make_unique<Document>();
  const Status read = io::ReadJson(text, {}, document->keys, document->tree);
  if (!read || document->tree.roots().size() != 1) return Strange("no JSON");
  document->root = io::NodeView(document->tree, document->keys, document->tree.roots()[0].node);
  if (!document->root.IsMap()) return Strange("no JSON object");
  return document;
}

// Jira Cloud has replaced /search by /search/jql, the server product has only the former.
SendResult Jira::SearchPage(std::string_view jql, int page_size, size_t start,
                            std::string_view token) {
  const std::string query =
      fmt::format("?jql={}&fields=status,labels&maxResults={}", UrlEncode(jql), page_size);
  if (!new_search_) {
    SendResult old = Ask("GET", fmt::format("/search{}&startAt={}", query, start));
    const bool gone = !old && (old.error().status == 404 || old.error().status == 410);
    if (!gone) return old;
    new_search_ = true;
  }
  const std::string next = token.empty() ? "" : "&nextPageToken=" + UrlEncode(token);
  return Ask("GET", "/search/jql" + query + next);
}

Ticket ReadTicket(const io::NodeView& node) {
  Ticket ticket;
  ticket.key = node.Get("key").Text();
  const io::NodeView fields = node.Get("fields");
  ticket.status = fields.Get("status").Get("name").Text();
  ticket.category = fields.Get("status").Get("statusCategory").Get("key").Text();
  for (const io::NodeView& label : fields.Get("labels").Children()) {
    if (StartsWith(label.Text(), kLabelPrefix)) {
      ticket.issue = label.Text().substr(kLabelPrefix.size());
    }
  }
  return ticket;
}

tl::expected<std::vector<Ticket>, SendFailure> Jira::Search(std::string_view jql, int page_size,
                                                            int page_count) {
  std::vector<Ticket> tickets;
  std::string token;
  for (int page = 0; page < page_count; ++page) {
    const SendResult text = SearchPage(jql, page_size, tickets.size(), token);
    if (!text) return tl::unexpected<SendFailure>(text.error());
    auto document = Read(*text);
    if (!document) return tl::unexpected<SendFailure>(std::move(document).error());
    const io::NodeView issues = (*document)->root.Get("issues");
    if (!issues.IsList()) return Strange("\"issues\" is missing");
    const std::vector<io::NodeView> nodes = issues.Children();
    for (const io::NodeView& node : nodes) {
      tickets.push_back(ReadTicket(node));
      if (tickets.back().key.empty()) return Strange("a ticket without key");
    }
    token = (*document)->root.Get("nextPageToken").Text();
    const bool more = new_search_ ? !token.empty() : static_cast<int>(nodes.size()) == page_size;
    if (!more) break;
  }
  return tickets;
}

SendResult Jira::Create(std::string_view label, std::string_view summary,
                        std::string_view description, std::string_view severity) {
  const JiraSettings& jira = channel_.jira;
  std::string body = "{\"fields\":{\"project\":{\"key\":" + Quoted(jira.project) +
                     "},\"issuetype\":{\"name\":" + Quoted(jira.issue_type) +
                     "},\"summary\":" + Quoted(Front(Printable(summary), kSummarySize)) +
                     ",\"description\":" + Quoted(Front(description, kDescriptionSize)) +
                     ",\"labels\":[" + Quoted(kLabel) + "," + Quoted(label);
  for (const std::string& further : jira.labels) body += "," + Quoted(further);
  body += "]";
  if (const auto found = jira.priorities.find(std::string(severity));
      found != jira.priorities.end()) {
    body += ",\"priority\":{\"name\":" + Quoted(found->second) + "}";
  }
  SendResult text = Ask("POST", "/issue", body + "}}");
  if (!text) return text;
  auto document = Read(*text);
  if (!document) return tl::unexpected<SendFailure>(std::move(document).error());
  const std::string key((*document)->root.Get("key").Text());
  if (key.empty()) return Strange("the new ticket has no key");
  return key + " created";
}

SendResult Jira::Transition(const std::string& key, std::string_view name) {
  const std::string path = "/issue/" + UrlEncode(key) + "/transitions";
  SendResult text = Ask("GET", path);
  if (!text) return text;
  auto document = Read(*text);
  if (!document) return tl::unexpected<SendFailure>(std::move(document).error());
  for (const io::NodeView& node : (*document)->root.Get("transitions").Children()) {
    if (!EqualsIgnoreCase(node.Get("name").Text(), name)) continue;
    return Ask("POST", path, "{\"transition\":{\"id\":" + Quoted(node.Get("id").Text()) + "}}");
  }
  return std::string();
}

// What a ticket says of an issue, in Jira's own notation without any: a text of others must not
// become markup.
std::string Description(const IssueLine& line) {
  const store::Issue& issue = line.issue;
  std::string out =
      fmt::format("{}\n{}\n\nSeverity: {}\nPriority: {}\nCheck: {}\n", Printable(issue.title),
                  ResourceText(issue), model::SeverityName(issue.severity), issue.priority,
                  Printable(issue.check));
  if (!issue.vuln.empty()) out += "Vulnerability: " + Printable(issue.vuln) + "\n";
  if (!issue.owner.empty()) out += "Owner: " + Printable(issue.owner) + "\n";
  if (issue.sla_due > 0) out += "Due: " + FormatRfc3339(issue.sla_due) + "\n";
  out += line.url.empty() ? "\nouro findings explain " + issue.id : "\n" + line.url;
  return "{noformat}\n" + ReplaceAll(out, "{noformat}", "(noformat)") + "\n{noformat}";
}

SendResult ChangeTicket(Jira& jira, const JiraSettings& settings, const IssueLine& line,
                        const Ticket& ticket) {
  const bool is_done = ticket.category == "done";
  std::string_view transition;
  if (line.type == EventType::kIssueOpened) return ticket.key + " is there already";
  if (line.type == EventType::kIssueResolved && !is_done) transition = settings.close_transition;
  if (line.type == EventType::kIssueReopened && is_done) transition = settings.reopen_transition;
  if (!transition.empty()) {
    const SendResult moved = jira.Transition(ticket.key, transition);
    if (!moved) return moved;
  }
  std::string text;
  if (line.type == EventType::kIssueResolved) {
    text = "ouro: no scan sees this issue any more; it is resolved.";
  } else if (line.type == EventType::kIssueReopened) {
    text = "ouro: this issue is there again.";
  } else {
    text = "ouro: this issue is overdue since " + FormatRfc3339(line.issue.sla_due) + ".";
  }
  const SendResult commented = jira.Comment(ticket.key, text);
  return commented ? SendResult(ticket.key + " commented") : commented;
}

SendResult SendIssue(Jira& jira, const Channel& channel, const IssueLine& line) {
  const std::string label = std::string(kLabelPrefix) + line.issue.id;
  auto ticket = jira.Find(label);
  if (!ticket) return tl::unexpected<SendFailure>(std::move(ticket).error());
  if (*ticket) return ChangeTicket(jira, channel.jira, line, **ticket);
  if (line.type == EventType::kIssueResolved) return "no ticket to close";
  return jira.Create(label, fmt::format("{} ({})", line.issue.title, ResourceText(line.issue)),
                     Description(line), model::SeverityName(line.issue.severity));
}

SendResult SendEvent(Jira& jira, const Channel& channel, const Letter& letter, const Event& event,
                     size_t index) {
  if (event.type == EventType::kTest) {
    // Asks, and leaves no ticket behind.
    const SendResult project = jira.Ask("GET", "/project/" + UrlEncode(channel.jira.project));
    return project ? SendResult("project " + channel.jira.project + " is there") : project;
  }
  const std::string label = fmt::format("{}{}-{}", kLabelPrefix, letter.delivery, index);
  auto ticket = jira.Find(label);
  if (!ticket) return tl::unexpected<SendFailure>(std::move(ticket).error());
  if (*ticket) return (*ticket)->key + " is there already";
  const std::string subject = fmt::format("{} {}", EventTypeName(event.type), event.subject);
  return jira.Create(
      label, subject,
      "{noformat}\n" + ReplaceAll(event.text, "{noformat}", "(noformat)") + "\n{noformat}", "high");
}

}  // namespace

SendResult SendJira(Sender& sender, const Channel& channel, const Letter& letter) {
  auto jira = Jira::Create(sender, channel);
  if (!jira) return tl::unexpected<SendFailure>(std::move(jira).error());
  std::string receipt;
  for (const IssueLine& line : letter.issues) {
    const SendResult sent = SendIssue(*jira, channel, line);
    if (!sent) return sent;
    receipt += (receipt.empty() ? "" : ", ") + *sent;
  }
  for (size_t i = 0; i < letter.events.size(); ++i) {
    const SendResult sent = SendEvent(*jira, channel, letter, letter.events[i], i);
    if (!sent) return sent;
    receipt += (receipt.empty() ? "" : ", ") + *sent;
  }
  return receipt;
}

tl::expected<std::vector<Ticket>, SendFailure> Sender::Tickets(const Channel& channel, int days) {
  auto jira = Jira::Create(*this, channel);
  if (!jira) return tl::unexpected<SendFailure>(std::move(jira).error());
  auto tickets = jira->Search(
      fmt::format("project = \"{}\" AND labels = \"{}\" AND updated >= -{}d ORDER BY updated DESC",
                  channel.jira.project, kLabel, days),
      kPageSize, kPageCount);
  if (!tickets) {
    tickets.error().error.where = "channel " + channel.name;
    return tickets;
  }
  std::erase_if(*tickets, [](const Ticket& ticket) { return ticket.issue.size() != 32; });
  return tickets;
}

std::string IssueStatusOf(const JiraSettings& jira, const Ticket& ticket) {
  const auto named = jira.statuses.find(LowerAscii(ticket.status));
  if (named != jira.statuses.end()) return named->second;
  if (ticket.category == "indeterminate") return "in_progress";
  return ticket.category == "done" ? "fixed_unverified" : "";
}

}  // namespace ouro::notify
