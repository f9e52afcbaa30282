#include <doctest.h>

#include <mutex>
#include <string>
#include <vector>

#include "kube/client.h"
#include "kube/client_fixture.h"
#include "kube/watch_event.h"

namespace ouro::kube {
namespace {

std::string Event(const std::string& type, const std::string& name, const std::string& version) {
  return fmt::format(
      R"({{"type":"{}","object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{}","namespace":"shop","uid":"u-{}","resourceVersion":"{}"}}}}}})"
      "\n",
      type, name, name, version);
}

StubAnswer Stream(std::vector<std::string> pieces, bool stall = false) {
  StubAnswer answer;
  answer.headers = {"Content-Type: application/json"};
  answer.pieces = std::move(pieces);
  answer.stall = stall;
  answer.pause_ms = 5;
  return answer;
}

// Everything a watch tells, as words.
struct Story {
  std::string text;
  WatchHandler Handler() {
    WatchHandler handler;
    handler.event = [this](size_t, const WatchEvent& event) -> Status {
      static const char* const kNames[] = {"added", "modified", "deleted", "bookmark"};
      text += fmt::format("{}:{}@{} ", kNames[static_cast<int>(event.type)], event.name,
                          event.resource_version);
      if (event.initial_events_end) text += "(initial end) ";
      return {};
    };
    handler.trouble = [this](size_t, const Error& error) {
      text += fmt::format("trouble:{} ", ErrorCodeName(error.code));
    };
    handler.connected = [this](size_t) { text += "connected "; };
    handler.end = [this](size_t, const WatchEnd& end) -> std::optional<std::string> {
      static const char* const kReasons[] = {"stopped", "expired", "failed"};
      text += fmt::format("{}@{} ", kReasons[static_cast<int>(end.reason)], end.resource_version);
      return std::nullopt;
    };
    return handler;
  }
};

void WatchOne(Client& client, const WatchHandler& handler, const WatchOptions& options) {
  const ApiResource pods = PodResource();
  const WatchJob job = {&pods, options};
  client.WatchMany(std::span<const WatchJob>(&job, 1), handler);
}

TEST_CASE("Watch: lines that are split and joined, bookmarks, resume at the last version, expiry") {
  int asked = 0;
  std::vector<std::string> versions;
  const StubServer server([&](const StubRequest& request) {
    CHECK(request.query.at("watch") == "true");
    CHECK(request.query.at("allowWatchBookmarks") == "true");
    CHECK(std::stoi(request.query.at("timeoutSeconds")) >= 300);
    CHECK(request.path == "/api/v1/namespaces/shop/pods");
    versions.push_back(request.query.at("resourceVersion"));
    ++asked;
    if (asked == 1) {
      const std::string one = Event("ADDED", "a", "11");
      return Stream({one.substr(0, 10), one.substr(10, 60),
                     one.substr(70) + Event("MODIFIED", "b", "12") + Event("DELETED", "a", "13")});
    }
    if (asked == 2) return Stream({Event("BOOKMARK", "", "20")});
    return Stream(
        {R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})"
         "\n"});
  });
  ClientFixture fixture(server.url());
  Story story;
  WatchOptions options;
  options.name_space = "shop";
  options.resource_version = "10";
  WatchOne(*fixture.client, story.Handler(), options);
  CHECK(story.text == "connected added:a@11 modified:b@12 deleted:a@13 bookmark:@20 expired@20 ");
  CHECK(versions == std::vector<std::string>{"10", "13", "20"});
}

TEST_CASE("Watch: 410 as the answer; the handler lists again and goes on") {
  std::vector<std::string> versions;
  ClientFixture* fixture_of = nullptr;
  const StubServer server([&](const StubRequest& request) {
    if (!request.query.contains("watch")) {
      return JsonAnswer(R"({"kind":"PodList","metadata":{"resourceVersion":"50"},"items":[]})");
    }
    versions.push_back(request.query.at("resourceVersion"));
    if (versions.size() == 1) return StatusAnswer(410, "Expired", "too old");
    return Stream({Event("ADDED", "a", "51")}, true);
  });
  ClientFixture fixture(server.url());
  fixture_of = &fixture;
  Story story;
  WatchHandler handler = story.Handler();
  handler.end = [&](size_t, const WatchEnd& end) -> std::optional<std::string> {
    if (end.reason != WatchEnd::Reason::kExpired) return std::nullopt;
    story.text += "expired ";
    return fixture_of->client->List(PodResource(), {}, [](std::string&) -> Status { return {}; })
        .value()
        .resource_version;
  };
  handler.event = [&](size_t, const WatchEvent& event) -> Status {
    story.text += fmt::format("added:{}", event.uid);
    fixture.stop = true;
    return {};
  };
  WatchOptions options;
  options.resource_version = "1";
  WatchOne(*fixture.client, handler, options);
  CHECK(story.text == "expired connected added:u-a");
  CHECK(versions == std::vector<std::string>{"1", "50"});
}

TEST_CASE("Watch: an outage is told once, and the watch goes on where it was") {
  int asked = 0;
  std::string last_version;
  const StubServer server([&](const StubRequest& request) {
    ++asked;
    last_version = request.query.at("resourceVersion");
    if (asked == 1) {
      StubAnswer answer = Stream({Event("ADDED", "a", "11"), "{\"type\":\"ADD"});
      answer.cut = true;  // in the middle of a line
      return answer;
    }
    if (asked == 2) {
      StubAnswer answer;
      answer.no_answer = true;
      return answer;
    }
    if (asked == 3) return StatusAnswer(503, "ServiceUnavailable", "starting");
    if (asked == 4) return StatusAnswer(403, "Forbidden", "not yet");  // its authorizer still reads
    return Stream({Event("ADDED", "b", "12")}, true);
  });
  ClientFixture fixture(server.url());
  Story story;
  WatchHandler handler = story.Handler();
  const auto tell = handler.event;
  handler.event = [&](size_t job, const WatchEvent& event) -> Status {
    if (event.name == "b") fixture.stop = true;
    return tell(job, event);
  };
  WatchOptions options;
  options.resource_version = "10";
  WatchOne(*fixture.client, handler, options);
  CHECK(story.text == "connected added:a@11 trouble:io connected added:b@12 stopped@12 ");
  CHECK(last_version == "11");
  CHECK(fixture.slept_ms > 500);
}

TEST_CASE("Watch: what will not get better ends it") {
  struct Row {
    int status;
    const char* text;
  };
  for (const Row& row : {Row{403, "failed@1 "}, Row{404, "failed@1 "}, Row{401, "failed@1 "},
                         Row{400, "failed@1 "}}) {
    CAPTURE(row.status);
    const StubServer server(
        [&](const StubRequest&) { return StatusAnswer(row.status, "R", "no"); });
    ClientFixture fixture(server.url());
    Story story;
    WatchOptions options;
    options.resource_version = "1";
    WatchOne(*fixture.client, story.Handler(), options);
    CHECK(story.text == row.text);
  }
}

TEST_CASE("Watch: the handler's error ends that watch alone") {
  const StubServer server([](const StubRequest& request) {
    const std::string version = request.query.at("resourceVersion");
    return Stream({Event("ADDED", "v" + version, "5")}, true);
  });
  ClientFixture fixture(server.url());
  const ApiResource pods = PodResource();
  std::vector<WatchJob> jobs = {{&pods, {}}, {&pods, {}}};
  jobs[0].options.resource_version = "1";
  jobs[1].options.resource_version = "2";
  std::string text;
  WatchHandler handler;
  handler.event = [&](size_t job, const WatchEvent& event) -> Status {
    text += fmt::format("{}:{} ", job, event.name);
    if (job == 0) return Fail(ErrorCode::kInvalid, "mine");
    return {};
  };
  handler.end = [&](size_t job, const WatchEnd& end) -> std::optional<std::string> {
    text += fmt::format("end{}:{} ", job, end.error.message);
    if (job == 0) {
      // The other one stays open until the program is interrupted.
      std::thread([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        fixture.stop = true;
      }).detach();
    }
    return std::nullopt;
  };
  fixture.client->WatchMany(jobs, handler);
  CHECK(text.find("0:v1 end0:mine ") != std::string::npos);
  CHECK(text.find("1:v2 ") != std::string::npos);
  CHECK(text.ends_with("end1: "));
}

TEST_CASE("Watch: garbage on the stream is trouble, not silence") {
  int asked = 0;
  const StubServer server([&](const StubRequest&) {
    if (++asked == 1) return Stream({"<html>not an event</html>\n"}, true);
    return Stream({Event("ADDED", "a", "2")}, true);
  });
  ClientFixture fixture(server.url());
  Story story;
  WatchHandler handler = story.Handler();
  const auto tell = handler.event;
  handler.event = [&](size_t job, const WatchEvent& event) -> Status {
    fixture.stop = true;
    return tell(job, event);
  };
  WatchOptions options;
  options.resource_version = "1";
  WatchOne(*fixture.client, handler, options);
  CHECK(story.text == "connected trouble:parse connected added:a@2 stopped@2 ");
}

TEST_CASE("Watch: initial events") {
  const StubServer server([](const StubRequest& request) {
    CHECK(request.query.at("sendInitialEvents") == "true");
    CHECK(request.query.at("resourceVersionMatch") == "NotOlderThan");
    CHECK_FALSE(request.query.contains("resourceVersion"));
    return Stream(
        {Event("ADDED", "a", "3"),
         R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}})"
         "\n"},
        true);
  });
  ClientFixture fixture(server.url());
  WatchOptions options;
  options.send_initial_events = true;
  bool end_seen = false;
  const WatchEnd end =
      fixture.client->Watch(PodResource(), options, [&](const WatchEvent& event) -> Status {
        end_seen = event.initial_events_end;
        if (end_seen) fixture.stop = true;
        return {};
      });
  CHECK(end_seen);
  CHECK(end.reason == WatchEnd::Reason::kStopped);
  CHECK(end.resource_version == "9");
}

TEST_CASE("Watch: an event arrives within a moment") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer = Stream({Event("ADDED", "a", "2"), Event("ADDED", "b", "3")}, true);
    answer.pause_ms = 300;
    return answer;
  });
  ClientFixture fixture(server.url());
  WatchOptions options;
  options.resource_version = "1";
  std::vector<std::chrono::steady_clock::time_point> at;
  fixture.client->Watch(PodResource(), options, [&](const WatchEvent&) -> Status {
    at.push_back(std::chrono::steady_clock::now());
    if (at.size() == 2) fixture.stop = true;
    return {};
  });
  REQUIRE(at.size() == 2);
  CHECK(at[1] - at[0] < std::chrono::milliseconds(1000));
  CHECK(at[1] - at[0] > std::chrono::milliseconds(100));
}

TEST_CASE("ParseWatchLine: broken lines") {
  for (const char* line : {"", "{}", "[]", R"({"type":"ADDED"})", R"({"type":"OTHER","object":{}})",
                           R"({"object":{}})", R"({"type":"ADDED","object":[]})",
                           R"({"type":"ADDED","object":{"metadata":{"name":"a"})"}) {
    CAPTURE(line);
    CHECK_FALSE(ParseWatchLine(line));
  }
  const auto odd =
      ParseWatchLine(R"({"object":{"metadata":{"name":5,"uid":null}},"type":"MODIFIED"})");
  REQUIRE(odd);
  CHECK(odd->event.name.empty());
}

}  // namespace
}  // namespace ouro::kube
